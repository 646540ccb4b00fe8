#!/usr/bin/env python3
"""Flow-log attribution beside its peers, in one run: natwise, DuckDB, Polars and chDB on generated logs of about 1 GB.

    python3 -m venv /tmp/bench && /tmp/bench/bin/pip install -r tests/bench/requirements.txt
    cargo build --release && /tmp/bench/bin/python tests/bench/attribute.py --ip-ranges ip-ranges.json

Each tool does the same job in a process of its own with two threads, in turn, and is checked against the generator's
truth: by gateway, client, class of service, Region and direction through the prefix match (`v2`: without the client).
Wall and CPU time are medians, memory is the peak; what counts are the ratios. Ends with 1 when a sum is wrong or a
ratio is missed, with 2 when a tool is missing.
"""

import argparse
import gzip
import importlib.util
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# Records, records in a file, options of the generator.
SETS = {
    "v5": (5_000_000, 625_000, ["--format", "v5"]),
    "v2": (12_000_000, 1_500_000, ["--format", "v2"]),
    "parquet": (5_000_000, 625_000, ["--format", "v5", "--out-format", "parquet"]),
    "one": (3_600_000, 3_600_000, ["--format", "v5"]),
    "shuffled": (5_000_000, 625_000, ["--format", "v5"]),
}
# How many times faster than DuckDB and than the best of the others; by wall time where one file is all there is.
HELD = {"v5": (5.5, 3.5), "v2": (5, 3), "parquet": (4, 2.7), "one": (5, 3), "shuffled": (3.3, 2.3)}
PEERS = ["duckdb", "polars", "chdb"]
MEMORY_MB = 128


def generate(folder, job, scale, ranges):
    records, per_file, options = SETS[job]
    if (folder / "truth.json").exists():
        return
    command = [sys.executable, ROOT / "tests/tools/gen_flow_logs.py", folder, "--jobs", "2", *options]
    command += ["--records", int(records * scale), "--records-per-file", int(per_file * scale)]
    command += ["--ip-ranges", ranges] if ranges else []
    subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL)
    if job == "shuffled":
        for file in folder.rglob("*.log.gz"):
            header, *lines = gzip.decompress(file.read_bytes()).split(b"\n")
            random.Random(1).shuffle(lines)
            file.write_bytes(gzip.compress(b"\n".join([header, *filter(None, lines), b""]), 6))


def expected(folder, job):
    truth = json.loads((folder / "truth.json").read_text())
    enis = {nat["nat_id"]: nat["eni"] for nat in truth["nat"]}
    sums = {}
    for nat, services in truth["by_nat_service"].items():
        for service, volume in services.items():
            for direction, key in (("upload", "out"), ("download", "in")):
                sums[f"{enis[nat]} {service} {direction}"] = volume[key]
    if job == "v2":
        for nat, services in truth["unsolicited"].items():
            for service, volume in services.items():
                sums[f"{enis[nat]} {service} download"] = sums.get(f"{enis[nat]} {service} download", 0) + volume
    return truth, {key: volume for key, volume in sums.items() if volume}


def command(tool, folder, job, truth, arguments):
    if tool != "natwise":
        return [sys.executable, HERE / "peers" / f"{tool}_peer.py", folder, job]
    gateways = [word for nat in truth["nat"] for word in ("--nat", f"{nat['eni']}={nat['private_ip']}")]
    words = [arguments.natwise, "attribute", folder / "AWSLogs", "--ip-ranges", folder / "ip-ranges.json"]
    return [*words, "--threads", "2", "--format", "json", *gateways]


def natwise_sums(text):
    names = {"s3": "S3", "dynamodb": "DYNAMODB", "internet": "INTERNET", "private": "PRIVATE"}
    sums = {}
    for flow in json.loads(text)["flows"]:
        key = f"{flow['nat']} {names.get(flow['service'], 'AWS')} {flow['direction']}"
        sums[key] = sums.get(key, 0) + flow["bytes"]
    return {key: volume for key, volume in sums.items() if volume}


def run(words):
    """Wall seconds, CPU seconds, peak MB and output of a command."""
    start = time.perf_counter()
    process = subprocess.Popen([str(word) for word in words], stdout=subprocess.PIPE)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    if status:
        raise SystemExit(f"{words[0]} failed")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, output.decode()


def measure(job, arguments):
    folder = pathlib.Path(arguments.work) / job
    generate(folder, job, arguments.scale, arguments.ip_ranges)
    truth, right = expected(folder, job)
    runs = {tool: [] for tool in arguments.tools}
    wrong = []
    for _ in range(arguments.runs):
        for tool in arguments.tools:
            wall, cpu, memory, output = run(command(tool, folder, job, truth, arguments))
            runs[tool].append((wall, cpu, memory))
            sums = natwise_sums(output) if tool == "natwise" else json.loads(output)
            off = sum(abs(sums.get(key, 0) - right.get(key, 0)) for key in sums.keys() | right.keys())
            if off and tool not in wrong:
                wrong.append(tool)
                print(f"  {tool} is off by {off} of {sum(right.values())} bytes ({off / sum(right.values()):.1e})")
    medians = {tool: [statistics.median(run[i] for run in all_runs) for i in range(3)] for tool, all_runs in runs.items()}
    for tool, (wall, cpu, memory) in medians.items():
        ratio = "" if tool == "natwise" else f"  {wall / medians['natwise'][0]:5.1f}x wall {cpu / medians['natwise'][1]:5.1f}x CPU"
        print(f"  {tool:8} {wall:6.2f} s wall {cpu:6.2f} s CPU {memory:6.0f} MB{ratio}")
    return medians, "natwise" in wrong


def judge(job, medians):
    """Whether the ratios hold."""
    ours = medians["natwise"]
    fine = ours[2] <= MEMORY_MB
    for held, tools in zip(HELD[job], (["duckdb"], ["polars", "chdb"])):
        walls = [medians[tool][0] for tool in tools if tool in medians]
        if walls:
            ratio = min(walls) / ours[0]
            verdict = "holds" if ratio >= held else "MISSED"
            fine &= ratio >= held
            print(f"  {ratio:.1f}x of {' and '.join(tools)}; {held}x is to hold: {verdict}")
    return fine


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--scale", type=float, default=1.0, help="of about 1 GB of text each")
    parser.add_argument("--jobs", default=",".join(SETS))
    parser.add_argument("--tools", default=",".join(["natwise", *PEERS]))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--work", default="target/bench-flow-logs", help="where the logs are kept")
    parser.add_argument("--natwise", default=ROOT / "target/release/natwise")
    parser.add_argument("--ip-ranges", help="a real ip-ranges.json; without it one is made up")
    arguments = parser.parse_args()
    arguments.tools = arguments.tools.split(",")
    for tool in set(arguments.tools) & set(PEERS):
        # Not imported: a child's peak memory is never less than its parent's was.
        if not importlib.util.find_spec(tool):
            print(f"{tool} is missing: pip install -r tests/bench/requirements.txt", file=sys.stderr)
            return 2
    fine = True
    for job in arguments.jobs.split(","):
        print(f"{job}:")
        medians, is_wrong = measure(job, arguments)
        fine &= judge(job, medians) and not is_wrong
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
