#!/usr/bin/env python3
"""Runs emitted SQL where it is meant for and holds it to our answers.

    emitted_sql.py                   writes random worlds, runs their DuckDB statements, and their Postgres ones
    emitted_sql.py --folder FOLDER   over worlds that are written already
    emitted_sql.py --no-postgres     DuckDB only
    emitted_sql.py --worlds 40       so many worlds of twenty questions, instead of 6
    emitted_sql.py --commerce 100    so many questions about the commerce model, by the built binary

Each question is asked of the engine, with totals, and of the warehouse by its statement, over the same rows. Numbers
are equal to relative 1e-9, everything else is equal; the order of rows counts. Fails under 300 equal answers in
DuckDB, and at the first difference or error of a statement. Needs `duckdb`; Postgres from the machine (15), in a
folder of its own, with a socket and no port.
"""
import argparse
import collections
import datetime
import decimal
import glob
import json
import os
import pwd
import random
import re
import shutil
import subprocess
import sys
import tempfile

import duckdb
import yaml

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LEAST = 300
TYPES = {"text": "VARCHAR", "integer": "BIGINT", "float": "DOUBLE", "boolean": "BOOLEAN", "date": "DATE",
         "timestamp": "TIMESTAMP", "timestamp with zone": "TIMESTAMPTZ"}


def worlds(folder, count):
    environment = dict(os.environ, EMITTED=folder, WORLDS=str(count))
    command = ["cargo", "test", "-q", "-p", "sextant-tests", "--test", "all", "--", "emitted::statements_are_of_their_dialect"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


class Duck:
    """A model's files as tables of DuckDB."""

    def __init__(self, datasets, folder):
        self.connection = duckdb.connect()
        self.tables = {}
        for dataset in datasets:
            (kind, path), = dataset["source"].items()
            path = os.path.join(folder, path).replace("'", "''")
            types = {c["name"]: TYPES.get(c["type"]) or c["type"].upper() for c in dataset.get("columns") or []}
            if kind == "table":
                kind, path = "parquet", f"{path}/**/*.parquet"
            if kind == "parquet":
                relation = f"read_parquet('{path}', union_by_name = true)"
                stored = self.connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
                types = {row[0]: types.get(row[0], row[1].replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ")) for row in stored}
            elif kind == "jsonl":
                columns = ", ".join(f"'{name}': '{'VARCHAR' if t in ('DATE', 'TIMESTAMP', 'TIMESTAMPTZ') else t}'" for name, t in types.items())
                relation = f"read_json('{path}', format = 'newline_delimited', columns = {{{columns}}})"
            else:
                columns = ", ".join(f"'{name}': 'VARCHAR'" for name in types)
                relation = f"read_csv('{path}', header = true, columns = {{{columns}}}, delim = ',', quote = '\"', nullstr = '', auto_detect = false)"
            casts = ", ".join(f"CAST({quoted(name)} AS {t}) AS {quoted(name)}" for name, t in types.items())
            self.connection.execute(f"CREATE TABLE {quoted(dataset['name'])} AS SELECT {casts} FROM {relation}")
            self.tables[dataset["name"]] = types

    def rows(self, sql):
        """Columns and rows as text, in order."""
        names = [d[0] for d in self.connection.execute(f"DESCRIBE {sql}").fetchall()]
        casts = ", ".join(f"CAST(q.{quoted(name)} AS VARCHAR)" for name in names)
        self.connection.execute("SET TimeZone = 'UTC'")
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE answered AS {sql}")
        found = self.connection.execute(f"SELECT {casts} FROM answered AS q ORDER BY rowid").fetchall()
        return names, found


class Postgres:
    """A cluster of its own, a schema a world."""

    def __init__(self):
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
        if not found:
            raise RuntimeError("no PostgreSQL below /usr/lib/postgresql")
        binaries = found[-1]
        self.folder = tempfile.mkdtemp(prefix="pg")
        self.binaries = binaries
        self.user = "postgres" if os.getuid() == 0 else None
        if self.user:
            entry = pwd.getpwnam(self.user)
            os.chown(self.folder, entry.pw_uid, entry.pw_gid)
        self.run(["initdb", "-D", f"{self.folder}/data", "-U", "asks", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"])
        options = f"-k {self.folder} -c listen_addresses='' -c fsync=off -c full_page_writes=off"
        self.run(["pg_ctl", "-D", f"{self.folder}/data", "-o", options, "-l", f"{self.folder}/log", "-w", "start"])

    def run(self, command, **more):
        command = [os.path.join(self.binaries, command[0])] + command[1:]
        if self.user:
            command = ["setpriv", f"--reuid={self.user}", f"--regid={self.user}", "--clear-groups"] + command
        done = subprocess.run(command, capture_output=True, text=True, cwd=self.folder, **more)
        if done.returncode:
            raise RuntimeError(f"{command}: {done.stdout}{done.stderr}")
        return done.stdout

    def psql(self, script):
        flags = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-U", "asks", "-d", "postgres", "-f", "-"]
        return self.run(flags, input=script)

    def load(self, duck):
        """Moves a world's tables there."""
        script = ["DROP SCHEMA public CASCADE; CREATE SCHEMA public;"]
        for table, types in duck.tables.items():
            columns = ", ".join(f"{quoted(n)} {t.replace('DOUBLE', 'DOUBLE PRECISION').replace('VARCHAR', 'TEXT')}" for n, t in types.items())
            script.append(f"CREATE TABLE {quoted(table)} ({columns});")
            casts = ", ".join(f"CAST({quoted(n)} AS VARCHAR)" for n in types)
            rows = duck.connection.execute(f"SELECT {casts} FROM {quoted(table)}").fetchall()
            script.append(f"COPY {quoted(table)} FROM STDIN;")
            script += ["\t".join(copied(cell) for cell in row) for row in rows] + ["\\."]
        self.psql("\n".join(script) + "\n")

    def answers(self, statements):
        """Columns and rows of each statement, or its error; one round trip for all."""
        found = []
        script = ["SET TimeZone = 'UTC';", "SET client_min_messages = warning;"]
        for position, sql in enumerate(statements):
            script.append(f"\\echo ==={position}\n\\set ON_ERROR_STOP 0\nCREATE TEMP TABLE answered AS SELECT row_number() OVER () AS \"at \", q.* FROM ({sql}) AS q;")
            script.append("SELECT coalesce(json_agg(row_to_json(t) ORDER BY \"at \"), '[]') FROM answered AS t;")
            script.append("SELECT json_agg(attname ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'answered'::regclass AND attnum > 1;")
            script.append("DROP TABLE IF EXISTS answered;")
        flags = ["psql", "-X", "-q", "-A", "-t", "-h", self.folder, "-U", "asks", "-d", "postgres", "-f", "-"]
        command = [os.path.join(self.binaries, flags[0])] + flags[1:]
        if self.user:
            command = ["setpriv", f"--reuid={self.user}", f"--regid={self.user}", "--clear-groups"] + command
        done = subprocess.run(command, input="\n".join(script) + "\n", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        parts = re.split(r"^===\d+\n", done.stdout, flags=re.M)[1:]
        for part in parts:
            lines = part.strip().split("\n")
            if "ERROR" in part:
                found.append(RuntimeError(part[:600]))
                continue
            # json_agg breaks lines between rows.
            rows, names = json.loads("\n".join(lines[:-1]), parse_float=decimal.Decimal), json.loads(lines[-1])
            found.append((names, [[row[n] for n in names] for row in rows]))
        return found

    def close(self):
        self.run(["pg_ctl", "-D", f"{self.folder}/data", "-m", "immediate", "stop"])
        shutil.rmtree(self.folder, ignore_errors=True)


def copied(cell):
    if cell is None:
        return "\\N"
    return cell.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def plain(value, kind):
    """A cell of either side: None, a number, a moment of UTC, or a text."""
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if kind in ("number", "integer", "decimal", "float"):
        return float(value)
    text = str(value)
    if kind in ("timestamp", "instant"):
        text = text.replace(" ", "T")
        if re.search(r"[+-]\d\d$", text):
            text += ":00"
        moment = datetime.datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=datetime.timezone.utc)
        return moment.astimezone(datetime.timezone.utc).isoformat()
    return text


def kind_of(column):
    name = column["type"]
    if name.startswith("decimal") or name in ("integer", "float", "number"):
        return "number"
    return "timestamp" if name.startswith("timestamp") else name


def same(left, right):
    if isinstance(left, float) and isinstance(right, float):
        return left == right or abs(left - right) <= 1e-9 * max(abs(left), abs(right))
    return left == right


def reordered(answer, names, kinds, rows):
    """The rows in our order where they differ only among equal zeros: we put a zero with a sign before one without,
    a warehouse takes them as one."""
    shown = lambda row: [plain(cell, kind) for cell, kind in zip(row, kinds)]
    numbers = [at for at, kind in enumerate(kinds) if kind == "number"]
    have, want = [shown(row) for row in rows], [shown(row) for row in answer["rows"]]
    is_zero = lambda row: any(row[at] == 0 for at in numbers)
    moved = [(left, right) for left, right in zip(have, want) if not all(map(same, left, right))]
    if not moved or not all(is_zero(left) and is_zero(right) for left, right in moved):
        return rows
    key = lambda row: repr([round(cell, 6) + 0.0 if isinstance(cell, float) else cell for cell in row])
    if sorted(map(key, have)) != sorted(map(key, want)):
        return rows
    return sorted(rows, key=lambda row: [key(shown(other)) for other in answer["rows"]].index(key(shown(row))))


def difference(answer, names, rows):
    """What differs between our answer and a warehouse's rows; none where nothing does."""
    columns = answer["columns"]
    wanted = [column["name"] for column in columns]
    kinds = [kind_of(column) for column in columns]
    total = None
    if names and names[0] == "__total":
        flags = [str(row[0]).lower() in ("true", "t") for row in rows]
        if sum(flags) != 1 or not flags[0]:
            return f"totals: {flags}"
        total, rows, names = rows[0][1:], [row[1:] for row in rows[1:]], names[1:]
    if list(names) != wanted:
        return f"columns {list(names)}, wanted {wanted}"
    if len(rows) != len(answer["rows"]):
        return f"{len(rows)} rows, wanted {len(answer['rows'])}"
    rows = reordered(answer, wanted, kinds, rows)
    for at, (have, want) in enumerate(zip(rows, answer["rows"])):
        for name, kind, left, right in zip(wanted, kinds, have, want):
            left, right = plain(left, kind), plain(right, kind)
            if not same(left, right):
                return f"row {at}, {name}: {left!r}, wanted {right!r}"
    if total is not None:
        by_name = dict(zip(wanted, zip(total, kinds)))
        for metric in answer["metrics"]:
            parts = [("", metric["value"]), ("__previous", metric.get("previous"))]
            for suffix, value in parts:
                if metric["name"] + suffix in by_name:
                    have, kind = by_name[metric["name"] + suffix]
                    left, right = plain(have, kind), plain(value, kind)
                    if not same(left, right):
                        return f"total of {metric['name']}{suffix}: {left!r}, wanted {right!r}"
    return None


class Tally:
    def __init__(self, dialect):
        self.dialect = dialect
        self.equal = 0
        self.rows = 0
        self.refused = collections.Counter()
        self.wrong = []

    def add(self, world, line, outcome):
        question = json.dumps(line["question"])
        if isinstance(outcome, Exception):
            self.wrong.append(f"world {world}: {question}\n  {str(outcome)[:1500]}\n{line['statements'][self.dialect]['sql'] if SHOW else ''}")
            return
        fault = difference(line["answer"], *outcome)
        if fault:
            self.wrong.append(f"world {world}: {question}\n  {fault}\n{line['statements'][self.dialect]['sql'] if SHOW else ''}")
        else:
            self.equal += 1
            self.rows += len(outcome[1])

    def report(self):
        print(f"{self.dialect}: {self.equal} equal ({self.rows} rows), {len(self.wrong)} wrong, {sum(self.refused.values())} refused")
        for why, count in self.refused.most_common():
            print(f"  {count:4} {why}")
        for wrong in self.wrong[:8]:
            print(f"DIFFERS {wrong}")


SHOW = bool(os.environ.get("SHOW_SQL"))


def name_of(refusal):
    return re.sub(r"`[^`]*`", "`…`", refusal).replace(" is not written as SQL of", ":")


def commerce(folder, count):
    """Questions about the commerce model, each with its answer and its statements, by the built binary."""
    pick = random.Random(7)
    at = os.path.join(ROOT, "fixtures/commerce")
    plain = ["gross_sales", "net_sales", "orders", "aov", "returns", "discounts", "units_sold"]
    wide = plain + ["ad_spend", "sessions", "conversion_rate", "blended_roas", "impressions", "clicks"]
    ranges = ["last_7_days", "last_28_days", "2026-10", "2026-Q3", "last_4_weeks", "2026-11-01..2026-11-18", "this_month", None]
    requests = []
    for _ in range(count):
        of = pick.choice([plain, wide])
        groups = pick.sample(["channel", "country"] + (["category", "product"] if of is plain else []), pick.choice([0, 1, 1, 2]))
        if "category" in groups or "product" in groups:
            of = ["gross_sales", "discounts", "returns", "net_sales", "units_sold"]
        question = {"metric_names": pick.sample(of, pick.randint(1, 3)), "as_of": "2026-11-20T12:00:00-05:00", "number_format": "string"}
        question["group_by"] = groups
        when = pick.choice(ranges)
        if when:
            question["time_range"] = when
            if pick.random() < 0.4:
                question["comparison"] = pick.choice(["previous_period", "previous_year", "previous_month"])
        if pick.random() < 0.4:
            question["granularity"] = pick.choice(["day", "week", "month", "quarter", "fiscal_quarter"])
        if pick.random() < 0.3:
            question["where"] = [pick.choice(["country = 'US'", "channel in ('email', 'Paid Search') or country != 'DE'", "channel is not null", "not country = 'US'"])]
        if pick.random() < 0.2:
            question["limit"] = pick.randint(1, 5)
        if pick.random() < 0.2:
            question["having"] = [f"{question['metric_names'][0]} > 10"]
        if pick.random() < 0.3:
            question["timezone"] = pick.choice(["UTC", "Europe/Berlin", "Asia/Kolkata"])
        if pick.random() < 0.3:
            question["totals"] = False
        requests.append(question)
    lines = []
    for question in requests:
        lines.append({"tool": "get_metrics", "arguments": question})
        for dialect in DIALECTS:
            lines.append({"tool": "explain", "arguments": {"stage": "sql", "dialect": dialect, "arguments": question}})
    command = [os.path.join(ROOT, "target/debug/sextant"), "batch", "--models", os.path.join(ROOT, "semantic-models/commerce"), "--data", at]
    done = subprocess.run(command, input="".join(json.dumps(line) + "\n" for line in lines), stdout=subprocess.PIPE, text=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    found = []
    for position, question in enumerate(requests):
        answer, *shown = [one.get("result") or one for one in answers[position * 3:position * 3 + 3]]
        statements = {}
        for dialect, one in zip(DIALECTS, shown):
            statements[dialect] = {"sql": one["text"]} if "text" in one else {"refused": one["error"]["message"]}
        found.append({"question": question, "answer": answer, "statements": statements})
    datasets = []
    for path in sorted(glob.glob(os.path.join(ROOT, "semantic-models/commerce/*.yml"))):
        datasets += yaml.safe_load(open(path)).get("datasets") or []
    return Duck(datasets, at), found


DIALECTS = ["duckdb", "postgres"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder")
    parser.add_argument("--worlds", type=int, default=6)
    parser.add_argument("--commerce", type=int, default=300)
    parser.add_argument("--no-postgres", action="store_true")
    arguments = parser.parse_args()
    folder = arguments.folder or tempfile.mkdtemp(prefix="emitted")
    if not arguments.folder:
        worlds(folder, arguments.worlds)
    tallies = {dialect: Tally(dialect) for dialect in DIALECTS}
    postgres = None if arguments.no_postgres else Postgres()

    def run(world, duck, lines):
        if postgres:
            postgres.load(duck)
        asked = []
        for line in (line for line in lines if "error" not in line["answer"]):
            for dialect, tally in tallies.items():
                statement = line["statements"][dialect]
                if "refused" in statement:
                    tally.refused[name_of(statement["refused"])] += 1
                elif dialect == "postgres":
                    asked.append(line)
                else:
                    try:
                        tally.add(world, line, duck.rows(statement["sql"]))
                    except duckdb.Error as error:
                        tally.add(world, line, error)
        if postgres:
            outcomes = postgres.answers([line["statements"]["postgres"]["sql"] for line in asked])
            for line, outcome in zip(asked, outcomes, strict=True):
                tallies["postgres"].add(world, line, outcome)

    try:
        for path in sorted(glob.glob(f"{folder}/*/questions.jsonl")):
            at = os.path.dirname(path)
            datasets = json.load(open(os.path.join(at, "model.yml")))["datasets"]
            run(os.path.basename(at), Duck(datasets, at), [json.loads(line) for line in open(path)])
        if arguments.commerce:
            run("commerce", *commerce(folder, arguments.commerce))
    finally:
        if postgres:
            postgres.close()
    tallies["duckdb"].report()
    if postgres:
        tallies["postgres"].report()
    wrong = [wrong for tally in tallies.values() for wrong in tally.wrong]
    if wrong or tallies["duckdb"].equal < LEAST:
        sys.exit(f"{len(wrong)} differences, {tallies['duckdb'].equal} equal in DuckDB, wanted {LEAST}")


if __name__ == "__main__":
    main()
