// The MCP endpoint that SEXTANT_URL means.

/** A fault of the configuration: what is wrong, and the exit status. */
export class Refusal extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

const USAGE = 2;

/**
 * The endpoint of an address: `/mcp` where it names no path. A key leaves this machine only encrypted, and only as a
 * header value.
 */
export function endpoint(text, key) {
  const url = parse(text);
  if (!url || !["http:", "https:"].includes(url.protocol)) {
    throw new Refusal(`SEXTANT_URL is not an address of http or https; for example http://127.0.0.1:8080`, USAGE);
  }
  if (url.username || url.password) {
    throw new Refusal("SEXTANT_URL carries a password; put the key into SEXTANT_API_KEY", USAGE);
  }
  if (key && /[^\x21-\x7e]/.test(key)) {
    throw new Refusal("SEXTANT_API_KEY holds spaces, line ends or other characters that no key has", USAGE);
  }
  if (key && url.protocol === "http:" && !isLocal(url.hostname)) {
    throw new Refusal("SEXTANT_API_KEY would be sent unencrypted; use https, or an address of this machine", USAGE);
  }
  url.hash = "";
  url.pathname = url.pathname.replace(/\/+$/, "") || "/mcp";
  return url;
}

function parse(text) {
  try {
    return new URL(text);
  } catch {
    return null;
  }
}

function isLocal(host) {
  return host === "localhost" || host === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(host);
}
