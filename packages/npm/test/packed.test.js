// The package as people get it: packed, started by npx, against the built binary (SEXTANT_TEST_BIN, else the debug
// build of this repository), here and as a bridge to a server.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

const here = dirname(dirname(fileURLToPath(import.meta.url)));
const root = dirname(dirname(here));
const binary = resolve(process.env.SEXTANT_TEST_BIN ?? join(root, "target/debug/sextant"));
const home = mkdtempSync(join(tmpdir(), "sextant-packed-"));
const npm = { npm_config_cache: join(home, "cache"), npm_config_offline: "true", npm_config_update_notifier: "false" };
const commerce = { SEXTANT_MODELS: join(root, "semantic-models/commerce"), SEXTANT_DATA: join(root, "fixtures/commerce") };

let tarball;
let server;
let url;

before(async () => {
  assert.ok(existsSync(binary), `${binary} is not built`);
  const packed = spawnSync("npm", ["pack", "--json", "--pack-destination", home], { cwd: here, env: { ...process.env, ...npm }, encoding: "utf8" });
  assert.equal(packed.status, 0, packed.stderr);
  const said = JSON.parse(packed.stdout);
  const [{ filename, files }] = Array.isArray(said) ? said : Object.values(said);
  tarball = join(home, filename);
  const sources = ["bridge", "endpoint", "find", "lines", "local"].map((name) => `src/${name}.js`);
  assert.deepEqual(files.map((file) => file.path).sort(), ["LICENSE", "README.md", "bin/mcp-server.js", "package.json", ...sources]);
  server = spawn(binary, ["serve", "--http", "127.0.0.1:0", "--auth", "none"], { env: { ...process.env, ...commerce }, stdio: ["ignore", "ignore", "pipe"] });
  url = await new Promise((resolve, reject) => {
    let text = "";
    server.on("exit", () => reject(new Error(`the server ended: ${text}`)));
    server.stderr.on("data", (chunk) => {
      text += chunk;
      const found = /listening on (http:\/\/[^ ]+)/.exec(text);
      if (found) resolve(found[1]);
    });
  });
});

after(() => {
  server?.removeAllListeners("exit").kill();
  rmSync(home, { recursive: true, force: true });
});

/** What `npx` of the packed package says to these messages, line by line. */
function npx(messages, environment, args = []) {
  const { SEXTANT_URL, SEXTANT_API_KEY, SEXTANT_BIN, SEXTANT_MODELS, SEXTANT_DATA, ...rest } = process.env;
  const input = messages.map((message) => `${JSON.stringify(message)}\n`).join("");
  const ended = spawnSync("npx", ["-y", `file:${tarball}`, ...args], { cwd: home, env: { ...rest, ...npm, ...environment }, input, encoding: "utf8", timeout: 120_000 });
  const lines = ended.stdout.split("\n");
  assert.equal(lines.pop(), "", "standard output ends with a line");
  const answers = lines.map((line) => {
    const answer = JSON.parse(line);
    assert.equal(answer.jsonrpc, "2.0", line);
    return answer;
  });
  return { status: ended.status, said: ended.stderr, answers, of: (id) => answers.find((answer) => answer.id === id) };
}

const request = (id, method, params) => ({ jsonrpc: "2.0", id, method, params });
const question = { metric_names: ["net_sales", "blended_roas"], time_range: "last_7_days", as_of: "2026-11-20T09:00:00-05:00", max_bytes: 100_000 };

const settled = [
  request(1, "initialize", { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "test", version: "1" } }),
  { jsonrpc: "2.0", method: "notifications/initialized" },
  request(2, "tools/list", {}),
  request("three", "tools/call", { name: "get_metrics", arguments: question }),
  request(4, "tools/call", { name: "get_metrics", arguments: { metric_names: ["net_sale"] } }),
  request(5, "no/such/method", {}),
];

const meta = {
  _meta: {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": { name: "test", version: "1" },
    "io.modelcontextprotocol/clientCapabilities": {},
  },
};
const current = [
  request(1, "server/discover", { ...meta }),
  request(2, "tools/list", { ...meta }),
  request("three", "tools/call", { name: "get_metrics", arguments: question, ...meta }),
];

function check({ status, said, answers, of }, count) {
  assert.equal(status, 0, said);
  assert.equal(answers.length, count, JSON.stringify(answers));
  assert.ok(of(2).result.tools.length >= 3);
  const result = of("three").result;
  assert.equal(result.isError, false);
  assert.equal(result.content[0].text, JSON.stringify(result.structuredContent));
  return result.content[0].text;
}

test("npx speaks to the binary and to a server alike, with nothing but JSON-RPC", () => {
  const local = npx(settled, { SEXTANT_BIN: binary, ...commerce });
  assert.equal(local.of(1).result.serverInfo.name, "sextant");
  const remote = npx(settled, { SEXTANT_URL: url });
  assert.equal(remote.of(1).result.serverInfo.name, "sextant");
  assert.equal(check(remote, 5), check(local, 5), "the same bytes both ways");
  for (const { of } of [local, remote]) {
    assert.equal(of(4).result.isError, true);
    assert.equal(of(5).error.code, -32601);
  }
});

test("the era without a handshake works both ways", () => {
  const local = npx(current, { SEXTANT_BIN: binary, ...commerce });
  const remote = npx(current, { SEXTANT_URL: `${url}/mcp` });
  assert.ok(local.of(1).result && remote.of(1).result, JSON.stringify(remote.of(1)));
  assert.equal(check(remote, 3), check(local, 3));
});

test("arguments go on to the binary", () => {
  const { status, of } = npx([settled[0]], { SEXTANT_BIN: binary }, ["--models", commerce.SEXTANT_MODELS, "--data", commerce.SEXTANT_DATA]);
  assert.equal(status, 0);
  assert.equal(of(1).result.serverInfo.name, "sextant");
});

test("what cannot work says why on standard error, with a status of its own", () => {
  const PATH = [dirname(process.execPath), "/usr/bin", "/bin"].join(delimiter);
  const absent = npx([settled[0]], { PATH, CARGO_HOME: join(home, "none") });
  assert.deepEqual([absent.status, absent.answers], [127, []], absent.said);
  assert.match(absent.said, /no sextant binary.*cargo install.*SEXTANT_URL/s);
  const wrong = npx([settled[0]], { SEXTANT_URL: "127.0.0.1:8080" });
  assert.deepEqual([wrong.status, wrong.answers], [2, []]);
  const nobody = npx([settled[0]], { SEXTANT_URL: "http://127.0.0.1:9" });
  assert.equal(nobody.status, 0);
  assert.match(nobody.of(1).error.message, /127\.0\.0\.1:9/);
  const faulty = npx([settled[0]], { SEXTANT_BIN: binary, SEXTANT_MODELS: join(home, "none") });
  assert.deepEqual([faulty.status, faulty.answers], [3, []], "the binary's own status");
});

test("versions and names agree with the registry's file", () => {
  const json = (path) => JSON.parse(readFileSync(join(root, path), "utf8"));
  const [own, registry] = [json("packages/npm/package.json"), json("server.json")];
  assert.equal(registry.packages[0].identifier, own.name);
  assert.equal(registry.name, own.mcpName);
  const printed = spawnSync(binary, ["--version"], { encoding: "utf8" }).stdout.trim();
  assert.equal(printed, `sextant ${own.version}`);
});
