#!/usr/bin/env python3
"""Asks the built binary the requests of a file of checks and compares its rows with the hand-written SQL's.

    python3 tests/data/engine_checks.py target/debug/sextant tests/data/commerce_checks.json semantic-models/commerce fixtures/commerce

The kept rows are DuckDB's; duckdb_checks.py holds them to it. Exact numbers must be equal, doubles to 12 digits.
"""
import json
import subprocess
import sys


def same(kind, got, want):
    if got is None or want is None:
        return got is None and want is None
    if kind == "double":
        return abs(float(got) - float(want)) <= 1e-12 * max(1.0, abs(float(want)))
    if kind == "exact":
        return abs(float(got) - float(want)) <= 5e-15 * max(1.0, abs(float(want)))
    return str(got) == str(want)


def difference(check, answer):
    if "error" in answer:
        return json.dumps(answer["error"])[:400]
    result = answer["result"]
    columns = [column["name"] for column in result["columns"]]
    missing = [name for name in check["columns"] if name not in columns]
    if missing:
        return f"no column {missing} among {columns}"
    places = [columns.index(name) for name in check["columns"]]
    rows = [[row[place] for place in places] for row in result["rows"]]
    if len(rows) != len(check["rows"]):
        return f"{len(rows)} rows, wanted {len(check['rows'])}"
    for got, want in zip(rows, check["rows"]):
        if not all(same(kind, g, w) for kind, g, w in zip(check["kinds"], got, want)):
            return f"got {got}, wanted {want}"
    return None


def main():
    binary, path, models, data = sys.argv[1:5]
    checks = json.load(open(path, encoding="utf-8"))
    checks = checks["checks"] if isinstance(checks, dict) else checks
    lines = "".join(
        json.dumps({"id": check["name"], "tool": check["tool"], "arguments": check["arguments"]}) + "\n" for check in checks
    )
    run = subprocess.run(
        [binary, "batch", "--models", models, "--data", data], input=lines, capture_output=True, text=True, check=False
    )
    sys.stderr.write(run.stderr)
    answers = [json.loads(line) for line in run.stdout.splitlines()]
    failed = 0
    for i, check in enumerate(checks):
        why = difference(check, answers[i]) if i < len(answers) else "no answer"
        if why:
            failed += 1
            print("DIFFERS", check["name"], "--", why)
    print(f"{len(checks) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
