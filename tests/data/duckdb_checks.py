#!/usr/bin/env python3
"""Runs the hand-written SQL of a file of checks with DuckDB and compares its rows with those kept there.

    python3 tests/data/duckdb_checks.py tests/data/commerce_checks.json fixtures/commerce
    python3 tests/data/duckdb_checks.py --update tests/data/commerce_checks.json fixtures/commerce

A check holds a request (`tool`, `arguments`), the SQL that answers it from the raw files, and the rows with the kind
of each column: `exact` numbers, `double`s (compared to 12 digits), `text`, `time`, `boolean`. `{data}` in the SQL stands
for the directory of the files; `setup` is run once before all of them. With `--update` the rows are written into the file.
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


def kind(duckdb_type):
    """How a column is compared."""
    name = str(duckdb_type)
    if name in ("DOUBLE", "FLOAT"):
        return "double"
    if name.startswith("DECIMAL") or name.endswith("INT") or name == "INTEGER":
        return "exact"
    return {"VARCHAR": "text", "DATE": "time", "BOOLEAN": "boolean"}[name]


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


def written(value, indent="", key=None):
    """JSON text: lists of plain values stay on one line, except lines of SQL."""
    deeper = indent + " "
    if isinstance(value, dict):
        parts = [f"{deeper}{json.dumps(k)}: {written(v, deeper, k)}" for k, v in value.items()]
        return "{\n" + ",\n".join(parts) + f"\n{indent}}}"
    if isinstance(value, list) and (key in ("sql", "setup") or any(isinstance(item, (list, dict)) for item in value)):
        parts = [deeper + written(item, deeper) for item in value]
        return "[\n" + ",\n".join(parts) + f"\n{indent}]"
    return json.dumps(value, ensure_ascii=False)


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
        kinds = [kind(column[1]) for column in answer.description]
        rows = [[plain(cell) for cell in row] for row in answer.fetchall()]
        if arguments.update:
            check["columns"], check["kinds"], check["rows"] = columns, kinds, rows
        elif (columns, kinds) != (check["columns"], check["kinds"]) or not same_rows(rows, check["rows"]):
            different += 1
            print(f"{check['name']}: DuckDB gives {columns}\n  {rows}\nnot {check['columns']}\n  {check['rows']}")
    if arguments.update:
        with open(arguments.checks, "w", encoding="utf-8") as file:
            file.write(written(checks) + "\n")
    print(f"{len(checks['checks'])} checks, {different} different")
    sys.exit(1 if different else 0)


if __name__ == "__main__":
    main()
