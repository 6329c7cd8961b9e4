#!/usr/bin/env python3
"""Sends the requests of the performance yardstick to the built binary, unedited: each is answered by the commerce model,
or refused as `not-supported-yet` by the name of what is missing.

    python3 tests/data/yardstick.py target/debug/sextant REQUESTS.json
"""
import json
import subprocess
import sys


def main():
    binary, path = sys.argv[1:3]
    requests = json.load(open(path, encoding="utf-8"))
    lines = "".join(json.dumps({"id": name, **request}) + "\n" for name, request in requests.items())
    run = subprocess.run(
        [binary, "batch", "--models", "semantic-models/commerce", "--data", "fixtures/commerce"],
        input=lines, capture_output=True, text=True, check=False,
    )
    failed = answered = refused = 0
    for line in run.stdout.splitlines():
        answer = json.loads(line)
        code = answer.get("error", {}).get("code")
        answered += code is None
        refused += code == "not-supported-yet"
        if code not in (None, "not-supported-yet"):
            failed += 1
            print(answer["id"], json.dumps(answer["error"])[:300])
        elif code:
            print(answer["id"], "refused:", answer["error"]["message"])
    missing = len(requests) - answered - refused - failed
    print(f"{answered} answered, {refused} refused by name")
    print(f"{answered + refused} passed, {failed + missing} failed")
    return 1 if failed or missing else 0


if __name__ == "__main__":
    sys.exit(main())
