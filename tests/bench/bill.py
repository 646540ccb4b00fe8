#!/usr/bin/env python3
"""Reading bills beside DuckDB, in one run: a Cost and Usage Report 2.0 of about 1 GB, as CSV, gzip and Parquet.

    python3 -m venv /tmp/bench && /tmp/bench/bin/pip install -r tests/bench/requirements.txt
    cargo build --release && /tmp/bench/bin/python tests/bench/bill.py

Both answer the same question with two threads, in a process of their own and in turn: what was used and what it cost by
account, usage type, resource and type of line. natwise reads an account's snapshot and computes its costs on top. Wall
and CPU time are medians, memory is the peak. Ends with 1 when the answers differ, natwise is slower, or it takes more
memory for eight files than for one.
"""

import argparse
import importlib.util
import json
import pathlib
import statistics
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

from attribute import HERE, ROOT, run

FILES = 8
LINES = 200_000
KINDS = ("csv", "gz", "parquet")
# What a bill of any size may take, and what eight files may take more than one.
MEMORY_MB, GROWTH = 256, 1.3


def generate(work, scale):
    """Eight bills of a world each, renamed to be one's files."""

    def one(at):
        folder = work / f"world-{at}"
        if not (folder / "done").exists():
            words = [sys.executable, ROOT / "tests/tools/make_bill.py", folder, "--seed", at + 1]
            words += ["--bulk", int(LINES * scale), "--forms", "cur2", "--parts", 1]
            subprocess.run([str(word) for word in words], check=True)
            for kind in KINDS:
                (work / kind).mkdir(parents=True, exist_ok=True)
                for file in (folder / "cur2" / kind).iterdir():
                    file.rename(work / kind / file.name.replace("bill-0", f"bill-{at}"))
            (folder / "done").touch()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(one, range(FILES)))


def answers(tool, output):
    if tool == "duckdb":
        return {name: [Decimal(value) for value in row] for name, row in json.loads(output).items()}
    rates = json.loads(output)["reconciliation"]["rates"]
    names = {"RegionalNatGateway-Hours": "USE1-RegionalNatGateway-Hours"}
    rows = {row["usage_type"]: [Decimal(str(row["billed_quantity"])), Decimal(str(row["effective_cost"]))] for row in rates}
    return {names.get(name, name): row for name, row in rows.items()}


def command(tool, arguments, kind, files):
    work = pathlib.Path(arguments.work)
    if tool == "duckdb":
        return [sys.executable, HERE / "peers" / "bill_duckdb.py", work / kind, kind]
    snapshot = work / "world-0" / "snapshot.json"
    return [arguments.natwise, "audit", "--snapshot", snapshot, "--format", "json", "--threads", "2", "--bill", *files]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--scale", type=float, default=1.0, help="of about 1 GB of text")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--work", default="target/bench-bill", help="where the bills are kept")
    parser.add_argument("--natwise", default=ROOT / "target/release/natwise")
    arguments = parser.parse_args()
    if not importlib.util.find_spec("duckdb"):
        print("duckdb is missing: pip install -r tests/bench/requirements.txt", file=sys.stderr)
        return 2
    work = pathlib.Path(arguments.work)
    generate(work, arguments.scale)
    fine = True
    for kind in KINDS:
        files = sorted((work / kind).iterdir())
        print(f"{kind}: {len(files)} files, {sum(file.stat().st_size for file in files) / 1e6:.0f} MB")
        runs, said = {"natwise": [], "duckdb": []}, {}
        for _ in range(arguments.runs):
            for tool in runs:
                *figures, output = run(command(tool, arguments, kind, files))
                runs[tool].append(figures)
                said[tool] = answers(tool, output)
        one = run(command("natwise", arguments, kind, files[:1]))[2]
        ours, theirs = (
            [statistics.median(one_run[i] for one_run in runs[tool]) for i in range(3)] for tool in ("natwise", "duckdb")
        )
        for tool, (wall, cpu, memory) in (("natwise", ours), ("duckdb", theirs)):
            print(f"  {tool:8} {wall:6.2f} s wall {cpu:6.2f} s CPU {memory:6.0f} MB")
        print(f"  one file takes natwise {one:.0f} MB")
        same = said["natwise"].keys() == said["duckdb"].keys() and all(
            abs(a - b) < Decimal("0.000001") for name, row in said["duckdb"].items() for a, b in zip(row, said["natwise"][name])
        )
        ratio = theirs[0] / ours[0]
        holds = same and ratio >= 1 and ours[2] <= MEMORY_MB and ours[2] <= one * GROWTH
        print(f"  {ratio:.1f}x of DuckDB, answers {'agree' if same else 'DIFFER'}: {'holds' if holds else 'MISSED'}")
        fine &= holds
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
