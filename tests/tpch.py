#!/usr/bin/env python3
"""Asks the 22 queries of TPC-H of the built binary and of DuckDB, over the same generated files, and compares.

    python tests/tpch.py target/debug/sextant [SCALE]

The queries are tests/tpch/q01.sql to q22.sql with the parameters that the specification validates by, the tables the
datasets of tests/tpch/model. tpchgen-cli writes the data below target/tpch. Rows and columns are compared in order:
texts, dates and exact numbers are equal to the last digit, doubles within 1e-9 of their size. No query's answer may be empty.
"""

import datetime
import decimal
import json
import pathlib
import subprocess
import sys
import time

import duckdb

HERE = pathlib.Path(__file__).parent / "tpch"
TABLES = ["lineitem", "orders", "customer", "part", "supplier", "partsupp", "nation", "region"]
NEAR = 1e-9


def generate(scale: str) -> pathlib.Path:
    """The folder of the data, which is made once: the generator draws the same rows every time."""
    folder = pathlib.Path("target/tpch") / scale
    if not all((folder / f"{table}.parquet").exists() for table in TABLES):
        folder.mkdir(parents=True, exist_ok=True)
        tool = pathlib.Path(sys.executable).parent / "tpchgen-cli"
        subprocess.run([tool, "parquet", "-s", scale, "-o", folder, "--overwrite"], check=True)
    return folder


def same(got, want) -> bool:
    """Numbers of an answer are texts with every digit."""
    if got is None or want is None:
        return got is None and want is None
    if isinstance(want, (int, decimal.Decimal)):
        return decimal.Decimal(got) == want
    if isinstance(want, float):
        return abs(float(got) - want) <= NEAR * abs(want)
    return got == (want.isoformat() if isinstance(want, datetime.date) else want)


def difference(got: list, want: list):
    if not want or all(value is None for row in want for value in row):
        return "nothing to compare: the answer is empty"
    if len(got) != len(want):
        return f"{len(got)} rows, DuckDB has {len(want)}"
    for at, (have, wanted) in enumerate(zip(got, want)):
        if len(have) != len(wanted) or not all(map(same, have, wanted)):
            return f"row {at + 1} is {have}, DuckDB has {[str(value) for value in wanted]}"
    return None


def main() -> int:
    binary, scale = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "0.02"
    data = generate(scale)
    queries = {path.stem: path.read_text(encoding="utf-8") for path in sorted(HERE.glob("q*.sql"))}
    lines = [
        json.dumps({"id": name, "tool": "sql", "arguments": {"query": query, "number_format": "string"}})
        for name, query in queries.items()
    ]
    command = [binary, "batch", "--models", HERE / "model", "--data", data]
    began = time.monotonic()
    run = subprocess.run(command, input="\n".join(lines) + "\n", capture_output=True, text=True, check=False)
    spent = time.monotonic() - began
    sys.stderr.write(run.stderr)
    answers = {answer["id"]: answer for answer in map(json.loads, run.stdout.splitlines())}

    connection = duckdb.connect()
    for table in TABLES:
        connection.execute(f"CREATE VIEW {table} AS SELECT * FROM '{data}/{table}.parquet'")
    equal = rows = 0
    for name, query in queries.items():
        answer = answers.get(name, {"error": "no answer"})
        if "error" in answer:
            why = json.dumps(answer["error"])
        else:
            got = answer["result"]["rows"]
            why = difference(got, connection.execute(query).fetchall())
            rows += len(got)
        equal += why is None
        if why:
            print(f"DIFFERS {name}: {why}")
    print(f"TPC-H at scale {scale}: {equal} of 22 equal, {rows} rows, answered in {spent:.1f} s")
    return 0 if equal == len(queries) == 22 else 1


if __name__ == "__main__":
    sys.exit(main())
