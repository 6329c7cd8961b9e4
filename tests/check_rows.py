#!/usr/bin/env python3
"""Runs the hand-written SQL of case pages in DuckDB over the raw tables.

    check_rows.py            verifies: DuckDB still gives the rows that the pages hold
    check_rows.py --write    writes the rows into the pages
    check_rows.py [--write] PAGE...

A table is a CSV or JSON-lines block of the page, a file of its world, or, for `uses: commerce`,
a file under fixtures/commerce. Columns that the model declares have that type, all others are text.
Needs `duckdb` and `pyyaml`.
"""
import datetime
import decimal
import glob
import json
import os
import re
import sys
import tempfile

import duckdb
import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
FENCE = re.compile(r"^```([^\n`]+)\n(.*?)^```[ \t]*$", re.M | re.S)


def fingerprint(text):
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"


def duckdb_type(name):
    name = name.strip().lower()
    plain = {"text": "VARCHAR", "integer": "BIGINT", "float": "DOUBLE", "boolean": "BOOLEAN", "date": "DATE",
             "timestamp": "TIMESTAMP", "timestamp with zone": "TIMESTAMPTZ"}
    return plain.get(name) or name.upper()


def declared_types(model):
    """{source file stem: {column: DuckDB type}} of one model text."""
    found = {}
    for document in yaml.safe_load_all(model):
        for dataset in (document or {}).get("datasets") or []:
            source = dataset.get("source") or {}
            path = next((v for k, v in source.items() if k in ("csv", "jsonl", "parquet", "table")), dataset["name"])
            stem = path.split("/")[0].split(".")[0]
            found[stem] = {c["name"]: duckdb_type(c["type"]) for c in dataset.get("columns") or [] if "type" in c}
    return found


def load(connection, path, name, types):
    quoted = path.replace("'", "''")
    if path.endswith(".parquet"):
        connection.execute(f"CREATE OR REPLACE TABLE \"{name}\" AS SELECT * FROM read_parquet('{quoted}', union_by_name = true)")
        return
    if path.endswith(".jsonl"):
        relation = f"read_json('{quoted}', format = 'newline_delimited')"
    else:
        relation = f"read_csv('{quoted}', header = true, all_varchar = true, delim = ',', quote = '\"', nullstr = '')"
    columns = [row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()]
    casts = ", ".join(f'CAST("{c}" AS {types[c]}) AS "{c}"' if c in types else f'"{c}"' for c in columns)
    connection.execute(f"CREATE OR REPLACE TABLE \"{name}\" AS SELECT {casts} FROM {relation}")


def tables_of(text, blocks, connection):
    """Loads the tables of a page; gives the text that its rows depend on."""
    uses = next((line[6:].strip() for line in text.splitlines() if line.startswith("uses: ")), None)
    if uses == "commerce":
        model = "\n---\n".join(open(p).read() for p in sorted(glob.glob(f"{ROOT}/semantic-models/commerce/**/*.yml", recursive=True)))
        types = declared_types(model)
        data = f"{ROOT}/fixtures/commerce"
        for entry in sorted(os.listdir(data)):
            stem, path = entry.split(".")[0], os.path.join(data, entry)
            if os.path.isdir(path):
                first = sorted(os.listdir(path))[0]
                path = os.path.join(path, "*" + first[first.index("."):])
            if path.endswith((".csv", ".csv.gz", ".jsonl", ".parquet")):
                load(connection, path, stem, types.get(stem, {}))
        return ""
    if uses:
        folder = os.path.join(HERE, "worlds", uses)
        types, data = declared_types(open(os.path.join(folder, "model.yml")).read()), ""
        for entry in sorted(os.listdir(folder)):
            if entry.endswith((".csv", ".jsonl")):
                path = os.path.join(folder, entry)
                load(connection, path, entry.split(".")[0], types.get(entry.split(".")[0], {}))
                data += open(path).read()
        return data
    types = declared_types(dict(blocks)["yaml model"])
    data = ""
    with tempfile.TemporaryDirectory() as folder:
        for name, body in blocks:
            kind, _, table = name.partition(" ")
            if kind in ("csv", "jsonl"):
                path = os.path.join(folder, f"{table}.{kind}")
                with open(path, "w") as f:
                    f.write(body)
                load(connection, path, table, types.get(table, {}))
                data += body
    return data


def kind_of(type_name):
    name = str(type_name)
    if name in ("DOUBLE", "FLOAT"):
        return "double"
    if name.startswith("DECIMAL") or "INT" in name:
        return "exact"
    if name == "BOOLEAN":
        return "boolean"
    if name.startswith(("DATE", "TIMESTAMP")):
        return "time"
    return "text"


def cell(value, kind):
    if value is None:
        return "null"
    if kind == "double":
        return repr(float(value))
    if kind == "exact":
        text = format(decimal.Decimal(value), "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    if kind == "boolean":
        return "true" if value else "false"
    if isinstance(value, datetime.datetime):
        value = value.isoformat()
    return json.dumps(str(value), ensure_ascii=False).replace("|", "\\u007c")


def run(connection, sql, data):
    cursor = connection.execute(sql)
    columns = [(d[0], kind_of(d[1])) for d in cursor.description]
    lines = ["# " + fingerprint(sql.strip() + "\n" + data), " | ".join(f"{n}: {k}" for n, k in columns)]
    for row in cursor.fetchall():
        lines.append(" | ".join(cell(v, k) for v, (_, k) in zip(row, columns)))
    return "\n".join(lines) + "\n"


def check(path, write):
    """Problems of one page."""
    text = open(path).read()
    blocks = [(m.group(1).strip(), m.group(2)) for m in FENCE.finditer(text)]
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    data = tables_of(text, blocks, connection)
    problems, out, at = [], "", 0
    matches = list(FENCE.finditer(text))
    for i, match in enumerate(matches):
        name = match.group(1).strip()
        if name not in ("sql check", "sql totals"):
            continue
        rows_name = "text check rows" if name == "sql check" else "text totals rows"
        rows = run(connection, match.group(2), data)
        following = matches[i + 1] if i + 1 < len(matches) else None
        present = following is not None and following.group(1).strip() == rows_name
        if present and following.group(2) == rows:
            continue
        if not write:
            problems.append(f"{rows_name}: DuckDB gives\n{rows}")
            continue
        block = f"```{rows_name}\n{rows}```"
        if present:
            out += text[at:following.start()] + block
            at = following.end()
        else:
            out += text[at:match.end()] + "\n\n" + block
            at = match.end()
    if write and out:
        with open(path, "w") as f:
            f.write(out + text[at:])
    return problems


def main():
    arguments = sys.argv[1:]
    write = "--write" in arguments
    pages = [a for a in arguments if a != "--write"] or sorted(glob.glob(f"{HERE}/cases/**/*.md", recursive=True))
    failed = 0
    for page in pages:
        try:
            problems = check(page, write)
        except Exception as error:  # a page that cannot be run is one failed page, not the end of the run
            problems = [str(error)]
        for problem in problems:
            print(f"{os.path.relpath(page, ROOT)}: {problem}")
        failed += bool(problems)
    print(f"{len(pages)} pages checked by DuckDB {duckdb.__version__}, {failed} failed")
    return 1 if failed or not pages else 0


if __name__ == "__main__":
    sys.exit(main())
