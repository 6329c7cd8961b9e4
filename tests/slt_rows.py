"""Gives the rows of `query duckdb` records in tests/slt/<world>/*.slt, by DuckDB over the world's CSV files.

A comment `# check: SELECT ...` before a record is what DuckDB runs in its place; a statement over metrics needs one.

    python tests/slt_rows.py           fails where the rows that a file holds are not DuckDB's
    python tests/slt_rows.py --write   writes DuckDB's rows into the files
"""

import datetime
import decimal
import pathlib
import re
import sys

import duckdb

HERE = pathlib.Path(__file__).parent


def open_world(world: pathlib.Path) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("SET default_null_order = 'nulls_last'")
    model = (world / "model.yml").read_text()
    for block in re.split(r"\n  - name: ", model.split("\nrelationships:")[0])[1:]:
        name = block.split("\n", 1)[0].strip()
        columns = re.findall(r'- \{name: (\w+), type: "?([\w(), ]+?)"?\}', block.split("dimensions:")[0])
        types = ", ".join(f"'{column}': '{'DOUBLE' if kind == 'float' else kind}'" for column, kind in columns)
        path = world / f"{name}.csv"
        connection.execute(
            f"CREATE TABLE {name} AS SELECT * FROM read_csv('{path}', header=true, auto_detect=false, columns={{{types}}})"
        )
    return connection


def cell(value) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float, decimal.Decimal)):
        number = float("%.14e" % float(value))
        return str(int(number)) if number.is_integer() and abs(number) < 2**53 else repr(number)
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S")
    return str(value)


def main() -> int:
    writes, wrong = "--write" in sys.argv, 0
    for path in sorted(HERE.glob("slt/*/*.slt")):
        connection = open_world(HERE / "worlds" / path.parent.name)
        out, check = [], None
        lines = path.read_text().split("\n")
        at = 0
        while at < len(lines):
            line = lines[at]
            if line.startswith("# check: "):
                check = line[len("# check: "):]
            if not line.startswith("query duckdb"):
                out.append(line)
                at += 1
                if line.startswith(("query", "error ")):
                    check = None
                continue
            head, at, statement, have = line, at + 1, [], []
            while at < len(lines) and lines[at] and lines[at] != "----":
                statement.append(lines[at])
                at += 1
            if at < len(lines) and lines[at] == "----":
                at += 1
            while at < len(lines) and lines[at]:
                have.append(lines[at])
                at += 1
            rows = connection.execute(check or "\n".join(statement)).fetchall()
            given = [" | ".join(cell(value) for value in row) for row in rows]
            if "ordered" not in head:
                given.sort()
            if given != have:
                wrong += 1
                if not writes:
                    print(f"{path}: {statement}\n  has {have}\n  DuckDB gives {given}")
            out += [head, *statement, "----", *given]
            check = None
        if writes:
            path.write_text("\n".join(out))
    return 1 if wrong and not writes else 0


if __name__ == "__main__":
    sys.exit(main())
