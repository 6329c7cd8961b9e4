// JSON-RPC lines on standard input to POSTs of Streamable HTTP, their answers to lines on standard output.
//
// Requests are in flight side by side, and each answer is written when it comes. The end of input waits for all of
// them. A request that fails on the way is answered with a JSON-RPC error under its own id, so that no caller waits.

import { events, lines } from "./lines.js";

const PARSE_ERROR = -32700;
const INVALID_REQUEST = -32600;
const INTERNAL_ERROR = -32603;

const VERSION_KEY = "io.modelcontextprotocol/protocolVersion";
/** Which parameter a method's `Mcp-Name` header repeats. */
const NAMED_BY = {
  "tools/call": "name",
  "prompts/get": "name",
  "resources/read": "uri",
  "resources/subscribe": "uri",
  "resources/unsubscribe": "uri",
};

/** Carries messages until the input ends; gives the exit status. */
export async function bridge({ url, key, input, output, say }) {
  const carrier = new Carrier({ url, key, output, say });
  for await (const line of lines(input)) carrier.take(line);
  await carrier.finished();
  return 0;
}

class Carrier {
  constructor({ url, key, output, say }) {
    Object.assign(this, { url, key, output, say });
    /** The revision that `initialize` settled; none in the era without it. */
    this.version = null;
    /** Resolves once a begun `initialize` is answered: what follows it needs its revision. */
    this.ready = Promise.resolve();
    this.work = new Set();
    /** By the id of a request in flight, what aborts it. */
    this.aborts = new Map();
  }

  take(line) {
    if (line.trim() === "") return;
    let message;
    try {
      message = JSON.parse(line);
    } catch (fault) {
      this.write(failure(null, PARSE_ERROR, `the line is not JSON: ${fault.message}`));
      return;
    }
    if (message === null || typeof message !== "object" || Array.isArray(message)) {
      this.write(failure(null, INVALID_REQUEST, "one JSON-RPC message a line: this is not an object"));
      return;
    }
    if (message.method === "notifications/cancelled" && this.aborts.has(message.params?.requestId)) {
      // Hanging up is how a request over HTTP is cancelled; a cancelled request has no answer.
      this.aborts.get(message.params.requestId).abort();
      return;
    }
    const before = this.ready;
    const done = before.then(() => this.carry(line, message)).finally(() => this.work.delete(done));
    this.work.add(done);
    if (message.method === "initialize") this.ready = done;
  }

  async finished() {
    while (this.work.size > 0) await Promise.all(this.work);
  }

  /** One message there, and what comes back. Never throws. */
  async carry(line, message) {
    const isRequest = message.id !== undefined && typeof message.method === "string";
    const abort = new AbortController();
    if (isRequest) this.aborts.set(message.id, abort);
    try {
      const answered = await this.post(line, message, abort.signal);
      if (isRequest && !answered) this.write(failure(message.id, INTERNAL_ERROR, "the server answered without a result"));
    } catch (fault) {
      if (abort.signal.aborted) return;
      const text = `${this.url.origin}${this.url.pathname}: ${reason(fault)}`;
      if (isRequest) this.write(failure(message.id, INTERNAL_ERROR, text));
      else this.say(text);
    } finally {
      if (isRequest) this.aborts.delete(message.id);
    }
  }

  /** Whether an answer to the message was written. */
  async post(line, message, signal) {
    const response = await fetch(this.url, {
      method: "POST",
      headers: this.headers(message),
      body: line,
      redirect: "manual",
      signal,
    });
    const type = response.headers.get("content-type") ?? "";
    if (response.ok && type.startsWith("text/event-stream")) {
      let answered = false;
      for await (const data of events(response.body)) answered = this.relay(data, message) || answered;
      return answered;
    }
    const text = await response.text();
    if (type.startsWith("application/json") && isRpc(text)) return this.relay(text, message);
    if (response.ok) return false;
    throw new Error(refusal(response.status));
  }

  /** Writes what the server said, in its own bytes; whether it is the answer to the message. */
  relay(text, message) {
    const answer = JSON.parse(text);
    if (answer.method !== undefined) {
      this.write(answer, text);
      return false;
    }
    if (message.id === undefined) {
      if (answer.error) this.say(`${message.method}: ${answer.error.message}`);
      return true;
    }
    if (message.method === "initialize" && answer.result) this.version = answer.result.protocolVersion ?? null;
    // A body that the server could not read has no id in its error.
    if (answer.id === null || answer.id === undefined) this.write({ ...answer, id: message.id });
    else this.write(answer, text);
    return true;
  }

  headers(message) {
    const headers = { "Content-Type": "application/json", Accept: "application/json, text/event-stream" };
    if (this.key) headers.Authorization = `Bearer ${this.key}`;
    const own = message.params?._meta?.[VERSION_KEY];
    const version = typeof own === "string" ? own : this.version;
    if (message.method !== "initialize" && version) headers["MCP-Protocol-Version"] = encoded(version);
    if (typeof own === "string" && typeof message.method === "string") {
      headers["Mcp-Method"] = encoded(message.method);
      const name = message.params[NAMED_BY[message.method]];
      if (typeof name === "string") headers["Mcp-Name"] = encoded(name);
    }
    return headers;
  }

  /** One line: the text as it came, so that numbers keep their digits, unless it spans several. */
  write(message, text = "\n") {
    this.output.write(`${/[\r\n]/.test(text) ? JSON.stringify(message) : text}\n`);
  }
}

/** A value as a header carries it: Base64 in its marks where plain text would not survive. */
function encoded(value) {
  const isPlain = /^[\x20-\x7e]*$/.test(value) && !/^[ ]|[ ]$|^=\?base64\?.*\?=$/.test(value);
  return isPlain ? value : `=?base64?${Buffer.from(value, "utf8").toString("base64")}?=`;
}

function isRpc(text) {
  try {
    return JSON.parse(text)?.jsonrpc === "2.0";
  } catch {
    return false;
  }
}

function failure(id, code, message) {
  return { jsonrpc: "2.0", id, error: { code, message } };
}

function refusal(status) {
  if (status === 401 || status === 403) return `the server does not let this caller in (${status}); see SEXTANT_API_KEY`;
  if (status === 404 || status === 405) return `no MCP endpoint is there (${status}); see SEXTANT_URL`;
  if (status >= 300 && status < 400) return `the server is elsewhere (${status}); name its new address in SEXTANT_URL`;
  return `the server answered with status ${status}`;
}

/** Why a call failed, from the innermost cause: `connect ECONNREFUSED 127.0.0.1:8080`. */
function reason(fault) {
  let inner = fault;
  while (inner.cause instanceof Error) inner = inner.cause;
  if (inner.errors?.length) inner = inner.errors[0];
  return inner.message || inner.code || "no answer";
}
