// The bridge against a server of the test's own that notes what it is sent.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { PassThrough } from "node:stream";
import { after, before, test } from "node:test";

import { bridge } from "../src/bridge.js";
import { endpoint } from "../src/endpoint.js";

let server;
let origin;
let seen = [];
let hangUps = 0;

before(async () => {
  server = createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const text = Buffer.concat(chunks).toString();
      const message = JSON.parse(text);
      seen.push({ url: request.url, headers: request.headers, message, text });
      respond(message, response);
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${server.address().port}`;
});

after(() => server.close());

function respond(message, response) {
  const json = (status, text) => response.writeHead(status, { "Content-Type": "application/json" }).end(text);
  const result = (value) => json(200, `{"jsonrpc":"2.0","id":${JSON.stringify(message.id)},"result":${value}}`);
  switch (message.method) {
    case "initialize":
      return result('{"protocolVersion":"2025-06-18"}');
    case "slow":
      return setTimeout(() => result('"slow"'), 150);
    case "hang":
      return response.on("close", () => (hangUps += 1));
    case "digits":
      return result("[0.10,1e-7,12345678901234567890]");
    case "events":
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      response.write('event: message\ndata: {"jsonrpc":"2.0","method":"notifications/progress"}\n\n: still here\n\n');
      return response.end(`data: {"jsonrpc":"2.0",\ndata: "id":${JSON.stringify(message.id)},"result":"done"}\n\n`);
    case "refused":
      return json(400, '{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"no"}}');
    case "status":
      return response.writeHead(message.params.status, { Location: "http://192.0.2.1/" }).end("<html>");
    case "empty":
      return response.writeHead(202).end();
    default:
      return message.id === undefined ? response.writeHead(202).end() : result('"fine"');
  }
}

/** What is written for these lines, as JSON and as it stands, and what people are told. */
async function carry(messages, { url = origin, key } = {}) {
  seen = [];
  const input = new PassThrough();
  const output = new PassThrough();
  const told = [];
  const written = [];
  output.on("data", (chunk) => written.push(chunk));
  const running = bridge({ url: endpoint(url, key), key, input, output, say: (text) => told.push(text) });
  input.end(messages.map((message) => (typeof message === "string" ? message : JSON.stringify(message))).join("\n"));
  const status = await running;
  const text = Buffer.concat(written).toString();
  const raw = text.split("\n").slice(0, -1);
  assert.ok(text === "" || text.endsWith("\n"));
  return { status, raw, told, answers: raw.map((line) => JSON.parse(line)) };
}

const request = (id, method, params) => ({ jsonrpc: "2.0", id, method, params });

test("answers are written as they come, each under its id, and the end waits for all", async () => {
  const { status, answers } = await carry([request(1, "slow"), request("two", "quick"), request(3, "quick")]);
  assert.equal(status, 0);
  assert.deepEqual(answers.map((answer) => answer.id).sort(), [1, 3, "two"]);
  assert.equal(answers.at(-1).result, "slow");
});

test("what follows initialize carries the revision that it settled", async () => {
  await carry([request(1, "initialize", { protocolVersion: "2025-11-25" }), { jsonrpc: "2.0", method: "notifications/initialized" }, request(2, "tools/list")]);
  assert.deepEqual(
    seen.map(({ message, headers }) => [message.method, headers["mcp-protocol-version"]]),
    [["initialize", undefined], ["notifications/initialized", "2025-06-18"], ["tools/list", "2025-06-18"]],
  );
  assert.ok(seen.every(({ url, headers }) => url === "/mcp" && /application\/json.*text\/event-stream/.test(headers.accept)));
  assert.ok(seen.every(({ headers }) => headers["mcp-method"] === undefined && headers.authorization === undefined));
});

test("requests of the current revision carry its headers", async () => {
  const meta = { _meta: { "io.modelcontextprotocol/protocolVersion": "2026-07-28" } };
  await carry([request(1, "tools/call", { name: "get_metrics", ...meta }), request(2, "resources/read", { uri: "metric://größe", ...meta }), request(3, "tools/list", meta)]);
  const of = (id) => seen.find(({ message }) => message.id === id).headers;
  assert.deepEqual([of(1)["mcp-method"], of(1)["mcp-name"], of(1)["mcp-protocol-version"]], ["tools/call", "get_metrics", "2026-07-28"]);
  assert.equal(of(2)["mcp-name"], `=?base64?${Buffer.from("metric://größe").toString("base64")}?=`);
  assert.deepEqual([of(3)["mcp-method"], of(3)["mcp-name"]], ["tools/list", undefined]);
});

test("the bytes of messages are left alone in both directions", async () => {
  const line = '{"jsonrpc":"2.0","id":7, "method":"digits","params":{"a":0.10,"b":"\u2028x"}}';
  const { raw } = await carry([line]);
  assert.equal(seen[0].text, line);
  assert.deepEqual(raw, ['{"jsonrpc":"2.0","id":7,"result":[0.10,1e-7,12345678901234567890]}']);
});

test("a stream of events is relayed event by event", async () => {
  const { answers } = await carry([request(1, "events")]);
  assert.deepEqual(answers.map(({ method, id, result }) => method ?? [id, result]), ["notifications/progress", [1, "done"]]);
});

test("whatever goes wrong is an error under the request's id", async () => {
  const { answers } = await carry([
    request(1, "refused"),
    request(2, "status", { status: 401 }),
    request(3, "status", { status: 307 }),
    request(4, "status", { status: 502 }),
    request(5, "empty"),
    "{not json",
    "[]",
    "",
  ]);
  const of = (id) => answers.find((answer) => answer.id === id).error;
  assert.equal(of(1).code, -32600);
  assert.match(of(2).message, /SEXTANT_API_KEY/);
  assert.match(of(3).message, /elsewhere/);
  assert.match(of(4).message, /status 502/);
  assert.match(of(5).message, /without a result/);
  assert.deepEqual(answers.filter(({ id }) => id === null).map(({ error }) => error.code).sort(), [-32600, -32700]);
  assert.equal(answers.length, 7);
});

test("a server that is not there is an error too, and a notification's failure is told", async () => {
  const nowhere = "http://127.0.0.1:9";
  const { answers, told } = await carry([request(1, "tools/list"), { jsonrpc: "2.0", method: "notifications/x" }], { url: nowhere });
  assert.equal(answers.length, 1);
  assert.match(answers[0].error.message, /127\.0\.0\.1:9\/mcp: .+/);
  assert.equal(told.length, 1);
});

test("a cancelled request is hung up and not answered", async () => {
  const input = new PassThrough();
  const output = new PassThrough();
  let text = "";
  output.on("data", (chunk) => (text += chunk));
  const running = bridge({ url: endpoint(origin), input, output, say: () => {} });
  const before = hangUps;
  seen = [];
  input.write(`${JSON.stringify(request(1, "hang"))}\n`);
  while (seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  input.end(JSON.stringify({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } }));
  assert.equal(await running, 0);
  assert.equal(text, "");
  while (hangUps === before) await new Promise((resolve) => setTimeout(resolve, 5));
});

test("a key goes with every message, and only where it is safe", async () => {
  await carry([request(1, "tools/list")], { key: "sextant_oat_x" });
  assert.equal(seen[0].headers.authorization, "Bearer sextant_oat_x");
  assert.equal(endpoint("https://example.com/", "k").href, "https://example.com/mcp");
  assert.equal(endpoint("http://[::1]:1/a/mcp/", "k").pathname, "/a/mcp");
  for (const [url, key] of [["http://example.com", "k"], ["https://u:p@example.com"], ["ftp://x"], ["x"], ["https://x", "a\nb"]]) {
    assert.throws(() => endpoint(url, key), (fault) => fault.status === 2 && !fault.message.includes(key ?? "u:p"), url);
  }
});
