// Where the binary is: named, in a package for this platform, on the PATH, or where cargo installs.

import { accessSync, constants, statSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";

import { Refusal } from "./endpoint.js";

const NOT_FOUND = 127;
const FILE = process.platform === "win32" ? "sextant.exe" : "sextant";

/** The path of the binary. `SEXTANT_BIN`, when set, is the only place looked at. */
export function find(environment, places = {}) {
  const named = environment.SEXTANT_BIN;
  if (named) {
    if (isProgram(named)) return named;
    throw new Refusal(`SEXTANT_BIN is ${named}, which is not a program that may be run`, NOT_FOUND);
  }
  const platform = `@sextant/mcp-server-${process.platform}-${process.arch}`;
  const candidates = [
    packaged(platform, places.resolve ?? createRequire(import.meta.url).resolve),
    ...(environment.PATH ?? "").split(delimiter).filter(Boolean).map((directory) => join(directory, FILE)),
    join(environment.CARGO_HOME || join(places.home ?? homedir(), ".cargo"), "bin", FILE),
  ];
  const found = candidates.find((candidate) => candidate && isProgram(candidate));
  if (found) return found;
  throw new Refusal(
    `no sextant binary: not in the package ${platform}, on the PATH, or in cargo's bin directory. ` +
      "Build it with `cargo install --path crates/sextant` in a clone of the repository, " +
      "name it in SEXTANT_BIN, or name a running server in SEXTANT_URL.",
    NOT_FOUND,
  );
}

/** The binary of an optional package, whose `package.json` stands beside `bin/`. */
function packaged(name, resolve) {
  try {
    return join(dirname(resolve(`${name}/package.json`)), "bin", FILE);
  } catch {
    return null;
  }
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
