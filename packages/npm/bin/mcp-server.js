#!/usr/bin/env node
// Standard output carries JSON-RPC and nothing else; what people should read goes to standard error.

import { bridge } from "../src/bridge.js";
import { endpoint } from "../src/endpoint.js";
import { find } from "../src/find.js";
import { run } from "../src/local.js";

const say = (text) => process.stderr.write(`sextant: ${text}\n`);

// A client that stops reading is no fault.
process.stdout.on("error", (fault) => process.exit(fault.code === "EPIPE" ? 0 : 1));

try {
  const { SEXTANT_URL: url, SEXTANT_API_KEY: key } = process.env;
  if (url) {
    process.exitCode = await bridge({ url: endpoint(url, key), key, input: process.stdin, output: process.stdout, say });
  } else {
    process.exitCode = await run(find(process.env), process.argv.slice(2), say);
  }
} catch (fault) {
  say(fault.message);
  process.exitCode = fault.status ?? 1;
}
