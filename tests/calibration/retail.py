"""How often audits of Online Retail's real days have a highlight: every window of the second year, through `sextant batch`.

    python3 tests/calibration/retail.py BINARY MODEL DATA [--every 1] [--days 7,28]

Needs DuckDB. Each window ends on a day of the second year and is compared with the period before. It is asked as it is
and, from a copy of the extract, with the prices of two fifths of the products 40 % lower throughout the window. Printed:
the windows with a highlight, and those in which revenue is notable or major.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from datetime import date, timedelta

import duckdb

FIRST, LAST = date(2010, 12, 10), date(2011, 12, 8)
METRICS = ["revenue", "orders", "average_order_value", "customers", "return_rate"]


class Batch:
    def __init__(self, binary, model, data):
        command = [binary, "batch", "--models", model, "--data", data]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def audit(self, metrics, first, last):
        arguments = {"metric_names": metrics, "time_range": f"{first}..{last}", "comparison": "previous_period",
                     "dimensions": [], "as_of": str(last)}
        self.process.stdin.write(json.dumps({"id": 0, "tool": "audit_performance", "arguments": arguments}) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if "result" not in answer:
            sys.exit(f"refused: {answer}")
        return answer["result"]


def fallen(data, folder, first, last):
    """The extract with the prices of two fifths of the products 40 % lower from `first` to `last`."""
    for name in sorted(os.listdir(data)):
        if not name.endswith(".parquet"):
            continue
        path = os.path.join(folder, name)
        duckdb.sql(f"""
            COPY (SELECT * REPLACE (CASE WHEN CAST(invoice_ts AS DATE) BETWEEN DATE '{first}' AND DATE '{last}'
                                          AND hash(upper(stock_code)) % 5 < 2
                                         THEN round(unit_price * 0.6, 2) ELSE unit_price END AS unit_price)
                  FROM '{os.path.join(data, name)}') TO '{path}.tmp' (FORMAT parquet)""")
        os.replace(path + ".tmp", path)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("model")
    parser.add_argument("data")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--every-fall", type=int, default=14)
    parser.add_argument("--days", default="7,28")
    given = parser.parse_args()
    print("| days | windows with a highlight | windows with the fall | revenue told | any highlight |")
    print("|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        fallen(given.data, folder, FIRST, FIRST)
        real, changed = (Batch(given.binary, given.model, data) for data in (given.data, folder))
        for days in map(int, given.days.split(",")):
            counts = dict.fromkeys(("windows", "told", "falls", "found", "any"), 0)
            ends = [FIRST + timedelta(days=d) for d in range((LAST - FIRST).days + 1)]
            for at, last in enumerate(ends[:: given.every]):
                first = last - timedelta(days=days - 1)
                counts["windows"] += 1
                counts["told"] += bool(real.audit(METRICS, first, last)["highlights"])
                if at % given.every_fall == 0:
                    fallen(given.data, folder, first, last)
                    answer = changed.audit(METRICS, first, last)
                    counts["falls"] += 1
                    counts["any"] += bool(answer["highlights"])
                    levels = {m["name"]: m["significance"]["level"] for m in answer["metrics"]}
                    counts["found"] += levels["revenue"] in ("notable", "major")
            told = f"{counts['told']} of {counts['windows']} ({100 * counts['told'] / counts['windows']:.1f} %)"
            print(f"| {days} | {told} | {counts['falls']} | {counts['found']} | {counts['any']} |", flush=True)


if __name__ == "__main__":
    main()
