#!/usr/bin/env python3
"""Plants named bugs in a copy of the sources, one at a time; each must turn a test red.

    mutants.py                 all bugs; fails when one of them survives
    mutants.py NAME...         these bugs
    mutants.py --half          every other bug, the other half after the next commit
    mutants.py --write         all bugs, and writes docs/mutants.md
    mutants.py --list          names and what they plant

The copy lies in target/mutants, so the tree is never touched. It is built once with every bug
behind a switch, `SEXTANT_MUTANT=name`, and its tests run once for each. The pages of the bug's
topic run first, then all pages; the oracle is asked only about bugs that no page sees. Golden
answers and plans are filled anew in the copy: a bug is caught by a second source (hand-written
SQL, a law, an expected refusal, the oracle), never by bytes that have changed.
"""
import json
import os
import re
import shutil
import subprocess
import sys

from mutants_list import MUTANTS

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
COPY = os.path.join(ROOT, "target", "mutants", "tree")
SCRATCH = os.path.join(ROOT, "target", "mutants", "scratch")
DOCS = os.path.join(ROOT, "docs", "mutants.md")
MARK = re.compile("«(.*?)»", re.S)
FAILED = re.compile(r"^test (\S+)\s+\.\.\. FAILED", re.M)
# Worlds of the oracle that a bug is given, twenty questions each.
WORLDS = 15
SECONDS = 600


def edits():
    """{file: [(start, end, text)]} of every bug; each place must stand in its file exactly once."""
    switches, problems = {}, []
    for name, mutant in MUTANTS.items():
        for path, place, new in mutant["edits"]:
            text = open(os.path.join(ROOT, path)).read()
            marked = MARK.search(place)
            plain = MARK.sub(lambda m: m.group(1), place)
            if text.count(plain) != 1:
                problems.append(f"{name}: {path} holds this {text.count(plain)} times, not once:\n    {plain}")
                continue
            start = text.index(plain) + marked.start()
            at = (start, start + len(marked.group(1)))
            on = f'std::env::var_os("SEXTANT_MUTANT").is_some_and(|name| name == "{name}")'
            place = switches.setdefault(path, {}).setdefault(at, [marked.group(1)])
            place.append(f"if {on} {{ {new} }} else ")
    found = {}
    for path, places in switches.items():
        found[path] = [(*at, f"std::convert::identity({''.join(news)}{{ {old} }})") for at, (old, *news) in sorted(places.items())]
        if any(end > start for (_, end, _), (start, _, _) in zip(found[path], found[path][1:])):
            problems.append(f"two bugs overlap in {path}")
    if problems:
        sys.exit("the list of bugs is older than the sources:\n" + "\n".join(problems))
    return found


def copy_tree(planted):
    """Brings the copy up to date; files that are the same keep their time, so little is built."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    paths = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    wanted = {path for path in paths if path and os.path.isfile(os.path.join(ROOT, path))}
    for path in sorted(wanted):
        content = open(os.path.join(ROOT, path), "rb").read()
        if path == "Cargo.toml":
            # Its own version gives the copy its own artifacts beside those of the tree.
            content = re.sub(rb'(?m)^version = ".*"$', b'version = "0.0.0"', content, count=1)
        if path == "Cargo.lock" and os.path.exists(os.path.join(COPY, path)):
            continue
        if path in planted:
            text = content.decode()
            for start, end, new in reversed(planted[path]):
                text = text[:start] + new + text[end:]
            content = text.encode()
        target = os.path.join(COPY, path)
        if os.path.exists(target) and open(target, "rb").read() == content:
            continue
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "wb") as f:
            f.write(content)
    for folder, _, names in os.walk(COPY):
        for name in names:
            path = os.path.join(folder, name)
            if os.path.relpath(path, COPY) not in wanted:
                os.remove(path)


def build():
    """The test binary of the copy. It shares the build folder, so dependencies are not built again."""
    command = ["cargo", "test", "-p", "sextant-tests", "--test", "all", "--no-run"]
    command += ["--message-format", "json-render-diagnostics"]
    environment = dict(os.environ, CARGO_TARGET_DIR=os.path.join(ROOT, "target"))
    built = subprocess.run(command, cwd=COPY, env=environment, stdout=subprocess.PIPE, text=True)
    if built.returncode != 0:
        sys.exit("the copy with all bugs does not build")
    messages = [json.loads(line) for line in built.stdout.splitlines() if line.startswith("{")]
    binaries = [m["executable"] for m in messages if m.get("executable") and m["target"]["name"] == "all"]
    return binaries[-1]


def run(binary, arguments, **variables):
    """Names of the tests that fail; a run that hangs or dies is a failed test of its own."""
    os.makedirs(SCRATCH, exist_ok=True)
    environment = {**os.environ, "TMPDIR": SCRATCH, **variables}
    environment = {name: value for name, value in environment.items() if value is not None}
    try:
        done = subprocess.run([binary, *arguments], cwd=os.path.join(COPY, "tests"), env=environment,
                              capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return ["(no end)"]
    failed = sorted(set(FAILED.findall(done.stdout)))
    return failed if failed or done.returncode == 0 else ["(the tests end early)"]


def pages(binary, name, topic=""):
    return run(binary, ["cases::" + topic], SEXTANT_MUTANT=name, UPDATE="1")


def caught_by(binary, name, red):
    """The tests that see a bug, of those that are green without it."""
    for topic in (MUTANTS[name]["topic"] + "/", ""):
        found = [test for test in pages(binary, name, topic) if test not in red]
        if found:
            return found
    return asked_of_oracle(binary, name)


def asked_of_oracle(binary, name):
    """The first world in which the engine and the oracle differ for the bug alone."""
    for world in range(WORLDS):
        failed = run(binary, ["oracle::"], SEXTANT_MUTANT=name, WORLD=str(world))
        if failed and not run(binary, ["oracle::"], SEXTANT_MUTANT=None, WORLD=str(world)):
            return [f"{test} (world {world})" for test in failed]
    return []


def document(caught):
    lines = [
        "# Planted bugs",
        "",
        "A test that cannot fail proves nothing. `tests/mutants.py` plants the bugs below in a copy of the",
        "sources, one at a time, and runs the tests; a bug that no test sees fails the run. Golden answers do",
        "not count: what catches a bug is SQL written by hand and run by DuckDB, a law, an expected refusal or",
        "the naive oracle. `tests/mutants.py --write` writes this page.",
        "",
        "| Bug | What is planted | Where | Caught by |",
        "| --- | --- | --- | --- |",
    ]
    for name, tests in caught.items():
        mutant = MUTANTS[name]
        where = ", ".join(sorted({f"`{path.removeprefix('crates/')}`" for path, _, _ in mutant["edits"]}))
        shown = ", ".join(f"`{test.removeprefix('cases::')}`" for test in tests[:3])
        more = f" and {len(tests) - 3} more" if len(tests) > 3 else ""
        lines.append(f"| {name} | {mutant['plants']} | {where} | {shown}{more} |")
    with open(DOCS, "w") as f:
        f.write("\n".join(lines) + "\n")


def commits():
    counted = subprocess.run(["git", "rev-list", "--count", "HEAD"], cwd=ROOT, check=True, capture_output=True, text=True)
    return int(counted.stdout)


def main():
    arguments = sys.argv[1:]
    if "--list" in arguments:
        for name, mutant in MUTANTS.items():
            print(f"{name}: {mutant['plants']}")
        return 0
    write = "--write" in arguments
    names = [a for a in arguments if not a.startswith("--")] or list(MUTANTS)
    if "--half" in arguments:
        names = names[commits() % 2::2]
    unknown = [name for name in names if name not in MUTANTS]
    if unknown or (write and len(names) != len(MUTANTS)):
        sys.exit(f"no bug is named {', '.join(unknown)}" if unknown else "--write runs all bugs")
    copy_tree(edits())
    binary = build()
    red = pages(binary, None)
    for test in red:
        print(f"red without a bug: {test}")
    caught, survivors = {}, []
    for name in names:
        tests = caught_by(binary, name, red)
        caught[name] = tests
        if not tests:
            survivors.append(name)
        print(f"{name}: {f'{len(tests)} red, {tests[0]}' if tests else 'SURVIVES'}", flush=True)
    if write and not survivors:
        document(caught)
    shutil.rmtree(SCRATCH, ignore_errors=True)
    print(f"{len(names)} bugs planted, {len(names) - len(survivors)} caught, {len(survivors)} survive")
    return 1 if survivors or red else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
