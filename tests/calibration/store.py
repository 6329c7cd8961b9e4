"""How often audits cry wolf, and how often they find a fall: measured through `sextant batch`.

    python3 tests/calibration/store.py BINARY SEED [--audits 1000] [--days 7,28] [--noise 5,10,20]

Each audit has a store of its own, of ten metrics by day, device and channel: a week's season, a mild trend, 26 weeks of
history and noise on each day of each metric. It is asked twice: as it is, and with one metric's desktop, which holds
40 % of it, fallen by 40 % throughout the window. Printed for each cell, with numerators:

- unchanged audits with any highlight;
- falls whose metric is notable or major;
- falls whose first driver is the desktop.

SEED is any text; the commit that froze the code keeps it from being chosen.
"""

import argparse
import json
import math
import os
import random
import subprocess
import sys
import tempfile
from datetime import date, timedelta

METRICS = [f"m{i}" for i in range(10)]
DEVICES = {"desktop": 0.40, "mobile": 0.35, "tablet": 0.25}
CHANNELS = {"search": 0.5, "email": 0.3, "direct": 0.2}
HISTORY = 182
END = date(2026, 11, 15)
FALL = 0.40
# Each cell of a day strays a little from its part of the day's total, which keeps its own noise.
CELL_NOISE = 0.05

MODEL = """
version: 1
name: store
calendar: {timezone: UTC, week_start: monday}
datasets:
  - name: days
    source: {csv: days.csv}
    columns:
      - {name: day, type: date}
      - {name: device, type: text}
      - {name: channel, type: text}
%s
    time: day
    dimensions:
      - {name: day, type: time, granularity: day}
      - {name: device}
      - {name: channel}
    metrics:
%s
audit: {metrics: [%s], dimensions: [device, channel]}
"""


def model():
    columns = "\n".join(f"      - {{name: {m}, type: integer}}" for m in METRICS)
    metrics = "\n".join(f"      - {{name: {m}, type: simple, agg: sum, expr: {m}, direction: up}}" for m in METRICS)
    return MODEL % (columns, metrics, ", ".join(METRICS))


def store(rng, days, noise):
    """The cells of a store: by day, device and channel, the ten values; and where the window starts."""
    count = HISTORY + days
    first = END - timedelta(days=count - 1)
    totals = []
    for _ in METRICS:
        level = math.exp(rng.uniform(math.log(3e5), math.log(3e7)))
        season = [math.exp(rng.gauss(0, 0.15)) for _ in range(7)]
        trend = rng.uniform(-0.10, 0.20) / count
        totals.append([level * season[(first + timedelta(days=d)).weekday()] * (1 + trend * d)
                       * max(0.05, 1 + rng.gauss(0, noise)) for d in range(count)])
    cells = []
    weights = [(device, channel, w * v) for device, w in DEVICES.items() for channel, v in CHANNELS.items()]
    for d in range(count):
        parts = [[w * max(0.05, 1 + rng.gauss(0, CELL_NOISE)) for _, _, w in weights] for _ in METRICS]
        sums = [sum(p) for p in parts]
        text = (first + timedelta(days=d)).isoformat()
        for at, (device, channel, _) in enumerate(weights):
            values = [round(totals[m][d] * parts[m][at] / sums[m]) for m in range(len(METRICS))]
            cells.append((d, text, device, channel, values))
    return cells, count - days


def write(folder, cells, fallen=None, start=0):
    """Puts the extract in place; the desktop's values of the metric `fallen` are 40 % lower from day `start` on."""
    lines = ["day,device,channel," + ",".join(METRICS)]
    for d, text, device, channel, values in cells:
        if fallen is not None and d >= start and device == "desktop":
            values = list(values)
            values[fallen] = round(values[fallen] * (1 - FALL))
        lines.append(f"{text},{device},{channel}," + ",".join(map(str, values)))
    path = os.path.join(folder, "days.csv")
    with open(path + ".tmp", "w") as file:
        file.write("\n".join(lines) + "\n")
    os.replace(path + ".tmp", path)


class Batch:
    def __init__(self, binary, folder):
        with open(os.path.join(folder, "model.yml"), "w") as file:
            file.write(model())
        command = [binary, "batch", "--models", folder, "--data", folder]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def audit(self, days):
        arguments = {"time_range": f"{END - timedelta(days=days - 1)}..{END}", "comparison": "previous_period",
                     "as_of": f"{END + timedelta(days=1)}T06:00:00Z"}
        line = json.dumps({"id": 0, "tool": "audit_performance", "arguments": arguments})
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        if "result" not in answer:
            sys.exit(f"refused: {answer}")
        return answer["result"]


def cell(binary, seed, audits, days, noise):
    quiet = found = placed = 0
    with tempfile.TemporaryDirectory() as folder:
        batch = Batch(binary, folder)
        for number in range(audits):
            rng = random.Random(f"{seed} {days} {noise} {number}")
            cells, start = store(rng, days, noise)
            write(folder, cells)
            quiet += bool(batch.audit(days)["highlights"])
            fallen = rng.randrange(len(METRICS))
            write(folder, cells, fallen, start)
            metric = next(m for m in batch.audit(days)["metrics"] if m["name"] == METRICS[fallen])
            found += metric["significance"]["level"] in ("notable", "major")
            first = (metric["drivers"] or [{}])[0]
            placed += (first.get("dimension"), first.get("value")) == ("device", "desktop")
        batch.process.stdin.close()
        batch.process.wait()
    return quiet, found, placed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("seed")
    parser.add_argument("--audits", type=int, default=1000)
    parser.add_argument("--days", default="7,28")
    parser.add_argument("--noise", default="5,10,20")
    given = parser.parse_args()
    print("| days | noise | unchanged with a highlight | falls found | first driver |")
    print("|---|---|---|---|---|", flush=True)
    for days in map(int, given.days.split(",")):
        for noise in map(int, given.noise.split(",")):
            counts = cell(given.binary, given.seed, given.audits, days, noise / 100)
            shown = " | ".join(f"{n} of {given.audits} ({100 * n / given.audits:.1f} %)" for n in counts)
            print(f"| {days} | {noise} % | {shown} |", flush=True)


if __name__ == "__main__":
    main()
