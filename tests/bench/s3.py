#!/usr/bin/env python3
"""Flow logs from S3 beside the same files from disk: natwise reading generated logs of about 1 GB both ways, in turn.

    cargo build --release && /tmp/bench/bin/python tests/bench/s3.py    (its environment: see attribute.py)

The bucket is a folder that tests/tools/s3_server.py serves on the loopback device, so that the source is not the limit:
what is measured is what listing, fetching and handing over cost. One thread reads, which leaves a processor to the
server. Both answers must be the same. A debug build says nothing about throughput. Ends with 1 when the answers differ
or reading from S3 takes over a tenth longer.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TOOLS = ROOT / "tests/tools"
SETS = {
    "text": ["--format", "v5"],
    "parquet": ["--format", "v5", "--out-format", "parquet"],
}
# The generator's first record, and beyond its last.
WINDOW = ["--from", "2026-01-05", "--to", "2026-01-12"]
MEMORY_MB = 128
MOST = 1.10


def generate(folder, options, records, per_file):
    if not (folder / "truth.json").exists():
        command = [sys.executable, TOOLS / "gen_flow_logs.py", folder, "--jobs", "2", *options]
        command += ["--records", str(records), "--records-per-file", str(per_file)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return json.loads((folder / "truth.json").read_text())


def run(words, environment):
    """Wall seconds, CPU seconds, peak MB and output of a command."""
    start = time.perf_counter()
    process = subprocess.Popen([str(word) for word in words], stdout=subprocess.PIPE, env=environment)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    if status:
        raise SystemExit(f"{words[0]} failed")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, json.loads(output)


def measure(job, arguments):
    work = pathlib.Path(arguments.work).resolve()
    bucket = work / f"logs-{job}"
    truth = generate(bucket, SETS[job], int(5_000_000 * arguments.scale), int(arguments.per_file))
    size = sum(path.stat().st_size for path in (bucket / "AWSLogs").rglob("*_vpcflowlogs_*"))
    gateways = [word for nat in truth["nat"] for word in ("--nat", f"{nat['eni']}={nat['private_ip']}")]
    server = subprocess.Popen([sys.executable, TOOLS / "s3_server.py", work], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.stdout.readline().decode().strip()}",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        places = {"disk": bucket / "AWSLogs", "s3": f"s3://{bucket.name}/AWSLogs/"}
        words = [arguments.natwise, "--quiet", "attribute", "--ip-ranges", bucket / "ip-ranges.json", "--threads", "1"]
        words += [*WINDOW, "--format", "json", "--max-cost", "1000", *gateways]
        runs, answers = {place: [] for place in places}, {}
        for _ in range(arguments.runs):
            for place, where in places.items():
                *figures, answers[place] = run([*words, where], environment)
                runs[place].append(figures)
    finally:
        server.kill()
        server.wait()
    medians = {place: [statistics.median(run[i] for run in all_runs) for i in range(3)] for place, all_runs in runs.items()}
    print(f"{job}: {size / 1e6:.0f} MB in {answers['disk']['statistics']['files']} files")
    for place, (wall, cpu, memory) in medians.items():
        print(f"  {place:5} {wall:6.2f} s wall {cpu:6.2f} s CPU {memory:5.0f} MB, {size / 1e6 / wall:6.1f} MB/s")
    ratio = medians["s3"][0] / medians["disk"][0]
    same = answers["s3"] == answers["disk"]
    print(f"  S3 takes {ratio:.2f} times as long as disk ({MOST} is to hold); the answers are {'the same' if same else 'NOT THE SAME'}")
    return same and ratio <= MOST and medians["s3"][2] <= MEMORY_MB


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--scale", type=float, default=1.0, help="of about 1 GB of text each")
    parser.add_argument("--per-file", type=int, default=50_000, help="records in a file")
    parser.add_argument("--jobs", default=",".join(SETS))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--work", default="target/bench-s3", help="where the logs are kept")
    parser.add_argument("--natwise", default=ROOT / "target/release/natwise")
    arguments = parser.parse_args()
    return 0 if all([measure(job, arguments) for job in arguments.jobs.split(",")]) else 1


if __name__ == "__main__":
    sys.exit(main())
