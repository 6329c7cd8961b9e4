#!/usr/bin/env python3
"""Runs the hand-written SQL of a file of checks with DuckDB and compares its rows with those kept there.

    python3 tests/data/duckdb_checks.py tests/data/commerce_checks.json fixtures/commerce
    python3 tests/data/duckdb_checks.py --update tests/data/commerce_checks.json fixtures/commerce

A check holds a request (`tool`, `arguments`), the SQL that answers it from the raw files, and the rows. `{data}`
in the SQL stands for the directory of the files; `setup` is run once before all of them. Integers and decimals
are compared exactly, doubles to 12 digits. With `--update` the rows are written into the file.
"""
import argparse
import datetime
import decimal
import json
import math
import sys

import duckdb


def plain(value):
    """A cell as JSON: exact numbers stay exact, dates and moments become text."""
    if isinstance(value, decimal.Decimal):
        whole = value == value.to_integral_value()
        return int(value) if whole else float(value.normalize())
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value} is not a number of an answer")
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.isoformat()
    return value


def same(left, right):
    if isinstance(left, bool) or isinstance(right, bool) or not isinstance(left, (int, float)):
        return left == right
    if not isinstance(right, (int, float)):
        return False
    return math.isclose(left, right, rel_tol=1e-12, abs_tol=1e-12)


def same_rows(left, right):
    return len(left) == len(right) and all(
        len(a) == len(b) and all(same(x, y) for x, y in zip(a, b)) for a, b in zip(left, right)
    )


def written(checks):
    """The file's text: a row of an answer stays on one line."""
    text = json.dumps(checks, indent=1, ensure_ascii=False)
    out, inside = [], 0
    for line in text.split("\n"):
        stripped = line.strip()
        if inside == 0 and stripped == '"rows": [':
            inside = 1
            out.append(line)
        elif inside == 1 and stripped == "[":
            inside = 2
            out.append(line)
        elif inside == 2 and stripped in ("]", "],"):
            out[-1] += stripped
            inside = 1
        elif inside == 2:
            out[-1] += stripped.replace(",", ", ") if stripped == "," else (stripped + " " if stripped.endswith(",") else stripped)
        else:
            inside = 0 if inside == 1 and stripped in ("]", "],") else inside
            out.append(line)
    return "\n".join(out) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--update", action="store_true", help="write the rows into the file")
    parser.add_argument("checks")
    parser.add_argument("data")
    arguments = parser.parse_args()
    with open(arguments.checks, encoding="utf-8") as file:
        checks = json.load(file)

    connection = duckdb.connect()
    connection.execute("SET timezone = 'UTC'")
    for statement in checks["setup"]:
        connection.execute(statement.replace("{data}", arguments.data))
    different = 0
    for check in checks["checks"]:
        sql = "\n".join(check["sql"]).replace("{data}", arguments.data)
        answer = connection.execute(sql)
        columns = [column[0] for column in answer.description]
        rows = [[plain(cell) for cell in row] for row in answer.fetchall()]
        if arguments.update:
            check["columns"], check["rows"] = columns, rows
        elif columns != check["columns"] or not same_rows(rows, check["rows"]):
            different += 1
            print(f"{check['name']}: DuckDB gives {columns}\n  {rows}\nnot {check['columns']}\n  {check['rows']}")
    if arguments.update:
        with open(arguments.checks, "w", encoding="utf-8") as file:
            file.write(written(checks))
    print(f"{len(checks['checks'])} checks, {different} different")
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
