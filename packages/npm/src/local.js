// The binary as a child that owns this process's standard input and output.

import { spawn } from "node:child_process";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];

/** Runs `sextant serve --stdio` to its end and gives its exit status. Nothing here touches what it says. */
export function run(binary, args, say) {
  return new Promise((resolve) => {
    const child = spawn(binary, ["serve", "--stdio", ...args], { stdio: "inherit" });
    for (const signal of SIGNALS) process.on(signal, () => child.kill(signal));
    child.on("error", (fault) => {
      say(`${binary} does not start: ${fault.message}`);
      resolve(126);
    });
    child.on("exit", (status, signal) => {
      if (signal) say(`${binary} was ended by ${signal}`);
      resolve(status ?? 1);
    });
  });
}
