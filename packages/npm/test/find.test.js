// Where the binary is looked for, in which order.

import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { test } from "node:test";

import { find } from "../src/find.js";

const home = mkdtempSync(join(tmpdir(), "sextant-find-"));
const file = process.platform === "win32" ? "sextant.exe" : "sextant";

function program(directory, mode = 0o755) {
  mkdirSync(join(home, directory), { recursive: true });
  const path = join(home, directory, file);
  writeFileSync(path, "");
  chmodSync(path, mode);
  return path;
}

const nothing = () => {
  throw new Error("no such package");
};

test("named, packaged, on the PATH, in cargo's directory: in that order", () => {
  const [named, onPath, cargo, packaged] = ["named", "path", ".cargo/bin", "package/bin"].map((directory) => program(directory));
  const resolve = (name) => (name.startsWith("@sextant/mcp-server-") ? join(home, "package/package.json") : nothing());
  const PATH = [join(home, "empty"), join(home, "path")].join(delimiter);
  assert.equal(find({ SEXTANT_BIN: named, PATH }, { home, resolve }), named);
  assert.equal(find({ PATH }, { home, resolve }), packaged);
  assert.equal(find({ PATH }, { home, resolve: nothing }), onPath);
  assert.equal(find({ PATH: "" }, { home, resolve: nothing }), cargo);
  assert.equal(find({ CARGO_HOME: join(home, ".cargo") }, { home: "/nowhere", resolve: nothing }), cargo);
});

test("nowhere, or a file that is no program, is refused with what to do", () => {
  const text = program("text", 0o644);
  const refused = (environment, pattern) =>
    assert.throws(() => find(environment, { home: "/nowhere", resolve: nothing }), (fault) => fault.status === 127 && pattern.test(fault.message));
  refused({ PATH: "" }, /cargo install .*SEXTANT_BIN.*SEXTANT_URL/s);
  refused({ SEXTANT_BIN: join(home, "absent"), PATH: join(home, "path") }, /SEXTANT_BIN is .*absent/);
  if (process.platform !== "win32") refused({ SEXTANT_BIN: text }, /not a program/);
});
