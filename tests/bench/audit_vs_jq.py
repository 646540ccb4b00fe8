#!/usr/bin/env python3
"""Times `natwise audit --snapshot FILE --format json` beside `jq . FILE`, and its memory, as the account grows.

Each VPC has 3 NAT gateways, 12 route tables and 6 endpoints with 30 days of hourly series (tests/bench/audit.rs).
Usage: python3 tests/bench/audit_vs_jq.py [VPCS...]     default: 10 100 1000; the file of 10,000 VPCs has 1.5 GB
"""

import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
NATWISE = ROOT / "target" / "release" / "natwise"
RUNS = 3


def timed(command):
    """Wall seconds and peak memory in MB of one run."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, command
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def main():
    sizes = [int(size) for size in sys.argv[1:]] or [10, 100, 1_000]
    jq = shutil.which("jq")
    if not jq:
        sys.exit("jq is missing: it is what natwise is measured against")
    subprocess.run(["cargo", "build", "--release", "--locked"], cwd=ROOT, check=True)
    folder = ROOT / "target" / "bench-data"
    folder.mkdir(parents=True, exist_ok=True)
    print(f"{'VPCs':>6} {'file MB':>8} {'natwise s':>10} {'MB':>6} {'jq s':>8} {'MB':>6} {'jq / natwise':>13} {'ms / VPC':>9}")
    for size in sizes:
        file = folder / f"{size}.json"
        if not file.exists():
            write = ["cargo", "bench", "--quiet", "--bench", "audit", "--", "--write", str(size), str(file)]
            subprocess.run(write, cwd=ROOT, check=True)
        ours, theirs = [], []
        for _ in range(RUNS if size <= 1_000 else 1):
            ours.append(timed([NATWISE, "audit", "--snapshot", file, "--format", "json"]))
            theirs.append(timed([jq, ".", file]))
        wall, jq_wall = (statistics.median(run[0] for run in runs) for runs in (ours, theirs))
        memory, jq_memory = (max(run[1] for run in runs) for runs in (ours, theirs))
        megabytes = file.stat().st_size / 1e6
        print(
            f"{size:>6} {megabytes:>8.1f} {wall:>10.3f} {memory:>6.0f} {jq_wall:>8.3f} {jq_memory:>6.0f}"
            f" {jq_wall / wall:>13.1f} {1000 * wall / size:>9.2f}"
        )


if __name__ == "__main__":
    main()
