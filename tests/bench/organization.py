#!/usr/bin/env python3
"""A whole organisation scanned, beside its floor and its peers, in one run against the fake AWS of tests/fake_aws.

    python3 -m venv /tmp/bench && /tmp/bench/bin/pip install -r tests/bench/requirements.txt
    cargo build --release --bin natwise --example fake-aws && /tmp/bench/bin/python tests/bench/organization.py

100 accounts, 17 Regions, 3 VPCs in each; every answer takes 50 ms, and EC2's and CloudWatch's token buckets throttle.
Client and server share this machine. What is scanned is checked against what the fake holds. A script with boto3 that
makes the same calls one after the other, and Cloud Custodian's c7n-org with policies over the same resources, run on a
sample of the accounts; their time is scaled to all. At last ten times the accounts are scanned.
Ends with 1 when something is wrong or a limit is missed, with 2 when something is not installed.
"""

import argparse
import json
import math
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "tests/e2e"))
from fake import Fake  # noqa: E402

HOURS = 720
DATAPOINTS, QUERIES, METRICS, ACCOUNTS_PAGE = 100_800, 500, 500, 20
# What is to hold: of the floor's time, of the least number of calls; how many times faster than each peer; MB; and for
# more accounts, how much more than in proportion.
FLOOR, CALLS, BOTO3, C7N, MEMORY_MB, GROWTH = 1.5, 1.05, 20, 1, 300, 1.1
CLEAN = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}


class Checks:
    """What was held and what was missed."""

    def __init__(self):
        self.missed = []

    def hold(self, name, value, limit, unit="x", least=False):
        fine = value >= limit if least else value <= limit
        print(f"  {name}: {value:.2f} {unit}; {'at least' if least else 'at most'} {limit} is to hold: {'holds' if fine else 'MISSED'}")
        if not fine:
            self.missed.append(name)


def run(words, environment, **options):
    """Wall seconds, CPU seconds and peak MB of a command, with all that it started, and its output."""
    start = time.perf_counter()
    process = subprocess.Popen([str(word) for word in words], env=environment, stdout=subprocess.PIPE, **options)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    if status:
        raise SystemExit(f"{words[0]} failed: {output.decode()[-2000:]}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, output.decode()


def cpu_of(process):
    """CPU seconds of a process that runs."""
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def cpu_of_all():
    """CPU seconds of everything on this machine, since it was started."""
    user, nice, system, _, _, *others = pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:8]
    return sum(map(int, (user, nice, system, *others))) / os.sysconf("SC_CLK_TCK")


def start(arguments, accounts):
    options = {"regions": arguments.regions, "vpcs": arguments.vpcs, "latency": f"{arguments.latency}ms"}
    return Fake(arguments.fake, accounts=accounts, throttle="ec2", **options)


def pages(items, size):
    return max(1, math.ceil(items / size))


def least_calls(truth):
    """The fewest calls that read all this, by operation: each listing once, on pages as large as AWS allows."""
    calls = {"ListAccounts": pages(len(truth["accounts"]), ACCOUNTS_PAGE), "GetCallerIdentity": 1}

    def add(operation, count=1):
        calls[operation] = calls.get(operation, 0) + count

    for account, facts in truth["accounts"].items():
        if facts["status"] != "ACTIVE":
            continue
        if account != truth["management_account"]:
            add("AssumeRole")
        add("DescribeRegions")
        for part in facts["regions"].values():
            items = part["items"]
            for operation in ("DescribeNatGateways", "DescribeVpcEndpoints", "DescribeVpcs", "DescribeSubnets"):
                add(operation, pages(items[operation], 1000))
            add("DescribeRouteTables", pages(items["DescribeRouteTables"], 100))
            add("DescribeAvailabilityZones")
            add("DescribePrefixLists")
            interfaces = [it for it in part["vpc_endpoints"].values() if it["type"] == "Interface"]
            gateways = len(part["nat_gateways"])
            add("ListMetrics", 2)
            if gateways:
                add("DescribeFlowLogs", pages(items["DescribeFlowLogs"], 1000))
            if interfaces:
                add("DescribeSecurityGroups", pages(items["DescribeSecurityGroups"], 1000))
            series = 5 * gateways + len(interfaces)
            add("GetMetricData", math.ceil(series / min(QUERIES, DATAPOINTS // HOURS)))
            if part["vpcs_at_transit_gateway"]:
                add("DescribeTransitGatewayAttachments", pages(items["DescribeTransitGatewayAttachments"], 1000))
                add("DescribeTransitGatewayVpcAttachments")
                add("SearchTransitGatewayRoutes", items["SearchTransitGatewayRoutes"])
    return calls


def chain(truth, calls):
    """The longest chain of calls of which each needs the answer of the one before, as names."""
    listing = [f"{calls['ListAccounts']} pages of ListAccounts"]
    last = [*listing, "AssumeRole", "DescribeRegions", "route tables and gateways", "VPCs, subnets and metrics"]
    longest = calls["ListAccounts"] + len(last) - 1
    first = ["GetCallerIdentity", "DescribeRegions", "route tables", "attachments", "transit gateway routes"]
    return (longest, last) if longest >= len(first) else (len(first), first)


def buckets(served):
    """Seconds that the fullest token bucket needs to admit its calls: burst and refill as published."""
    waits = [0]
    rates = {"GetMetricData": (50, 50), "ListMetrics": (25, 25)}
    for regions in served["accounts"].values():
        for part in regions.values():
            calls = {name: it["calls"] for name, it in part["operations"].items()}
            others = ("AssumeRole", "GetCallerIdentity", "ListAccounts", *rates)
            waits.append((sum(count for name, count in calls.items() if name not in others) - 100) / 20)
            waits += [(calls.get(name, 0) - burst) / rate for name, (burst, rate) in rates.items()]
    waits.append((served["operations"]["AssumeRole"]["calls"] - 600) / 600)
    return max(waits)


def is_right(folder, truth):
    """Whether the snapshots hold what there is, with every byte of every gateway."""
    wrong = []
    for account, facts in truth["accounts"].items():
        for region, part in facts["regions"].items():
            (scan,) = json.loads((folder / account / f"{region}.json").read_text())["regions"]
            found = {it["nat_gateway_id"] for it in scan["nat_gateways"]}
            endpoints = {it["vpc_endpoint_id"] for it in scan["vpc_endpoints"]}
            metered = {it["nat_gateway_id"] for it in scan["metrics"]["nat_gateways"]}
            expected = set(part["nat_gateways"])
            if (found, endpoints, metered) != (expected, set(part["vpc_endpoints"]), expected) or scan.get("gaps"):
                wrong.append(f"{account} {region}")
    for place in wrong[:5]:
        print(f"  {place} is not what it is to be")
    return not wrong


def scan(arguments, fake, folder):
    """A scan of everything: wall, CPU, memory, and the server's CPU and counts."""
    words = [arguments.natwise, "scan", "--org", "--role-name", "audit", "--all-regions", "--last", "30d", "-q"]
    environment = {**CLEAN, **fake.environment, "HOME": str(folder.parent)}
    before, before_all = cpu_of(fake.process), cpu_of_all()
    wall, cpu, memory, _ = run([*words, "-o", f"{folder}/"], environment)
    server = cpu_of(fake.process) - before
    others = cpu_of_all() - before_all - cpu - server
    if others > wall / 10:
        print(f"  others took {others:.1f} s of CPU meanwhile: times are longer for it, and no limit allows for that")
    return wall, cpu, memory, server, fake.served()


def measure_natwise(arguments, folder, checks):
    with start(arguments, arguments.accounts) as fake:
        truth = fake.truth()
        wall, cpu, memory, server, served = scan(arguments, fake, folder)
        if not is_right(folder, truth):
            checks.missed.append("what was scanned")
    total, cores = served["total"], os.cpu_count()
    print(f"natwise: {wall:.1f} s wall, {cpu:.1f} s CPU, {memory:.0f} MB at most, {served['most_in_flight']} requests at once at most")
    least = least_calls(truth)
    print(f"  {total['calls']} calls, {total['attempts']} requests, {total['throttled']} throttled, {total['duplicates']} asked twice")
    for name in sorted(least.keys() | served["operations"].keys()):
        made = served["operations"].get(name, {"calls": 0})["calls"]
        if made != least.get(name, 0):
            print(f"    {name}: {made}, {least.get(name, 0)} needed")
    length, links = chain(truth, least)
    latency = length * arguments.latency / 1000
    bucket = max(0, buckets(served))
    processors = (cpu + server) / cores
    print("floor:")
    print(f"  longest chain {latency:.2f} s: {length} answers of {arguments.latency} ms, each needing the one before: {', '.join(links)}")
    print(f"  token buckets {bucket:.2f} s: the most calls beyond a bucket's burst, at its refill, in one account and Region")
    print(f"  processors {processors:.2f} s: {cpu:.1f} s of natwise and {server:.1f} s of the fake on {cores} cores (measured)")
    floor = max(latency + bucket, processors)
    print(f"  the larger of the first two and the third: {floor:.2f} s")
    checks.hold("of the floor's time", wall / floor, FLOOR)
    checks.hold("of the least calls", total["calls"] / sum(least.values()), CALLS)
    checks.hold("peak memory", memory, MEMORY_MB, "MB")
    if total["duplicates"]:
        checks.missed.append("calls made twice")
    return wall, memory


def sample(truth, count):
    """Accounts spread over all, none with more to it than others have."""
    active = [id for id, facts in truth["accounts"].items() if facts["status"] == "ACTIVE"][1:]
    return active[:: max(1, len(active) // count)][:count]


def measure_peers(arguments, wall, work, checks):
    with start(arguments, arguments.accounts) as fake:
        accounts = sample(fake.truth(), arguments.sample)
        scale = arguments.accounts / len(accounts)
        environment = {**CLEAN, **fake.environment}
        script = [sys.executable, HERE / "peers/boto3_scan.py", "audit", *accounts]
        took, _, memory, output = run(script, environment)
        calls = json.loads(output)["calls"]
        print(f"boto3, one call after the other: {took:.1f} s for {len(accounts)} accounts ({calls} calls, {memory:.0f} MB), so {took * scale:.0f} s for all")
        checks.hold("boto3's time by natwise's", took * scale / wall, BOTO3, least=True)
        fake.reset()
        took, calls = custodian(fake, accounts, environment, work)
        print(f"c7n-org: {took:.1f} s for {len(accounts)} accounts ({calls} calls), so {took * scale:.0f} s for all")
        checks.hold("c7n-org's time by natwise's", took * scale / wall, C7N, least=True)


def custodian(fake, accounts, environment, work):
    """Cloud Custodian over the same resources, with as many processes as it takes by itself."""
    truth = fake.truth()["accounts"]
    known = [
        {"account_id": id, "name": id, "role": f"arn:aws:iam::{id}:role/audit", "regions": list(truth[id]["regions"])}
        for id in accounts
    ]
    (work / "accounts.yml").write_text(json.dumps({"accounts": known}))
    words = [pathlib.Path(sys.executable).parent / "c7n-org", "run", "-c", work / "accounts.yml", "-s", work / "c7n"]
    words += ["-u", HERE / "peers/c7n_policies.yml", "--region", "all"]
    took, _, _, _ = run(words, environment, stderr=subprocess.DEVNULL, cwd=work)
    return took, fake.served()["total"]["calls"]


def measure_growth(arguments, wall, memory, folder, checks):
    """More accounts take no more memory, and time in proportion."""
    with start(arguments, arguments.accounts * arguments.times) as fake:
        more_wall, cpu, more_memory, _, served = scan(arguments, fake, folder)
    total = served["total"]
    print(f"{arguments.times} times the accounts: {more_wall:.1f} s wall, {cpu:.1f} s CPU, {more_memory:.0f} MB, {total['calls']} calls, {total['throttled']} throttled")
    checks.hold("time for each account", more_wall / wall / arguments.times, GROWTH)
    checks.hold("memory", more_memory / memory, GROWTH)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--accounts", type=int, default=100)
    parser.add_argument("--regions", type=int, default=17)
    parser.add_argument("--vpcs", type=int, default=3)
    parser.add_argument("--latency", type=int, default=50, help="milliseconds")
    parser.add_argument("--sample", type=int, default=2, help="accounts that the peers read; 0: no peers")
    parser.add_argument("--times", type=int, default=10, help="times the accounts, at last; 0: not at all")
    parser.add_argument("--natwise", default=ROOT / "target/release/natwise")
    parser.add_argument("--fake", default=ROOT / "target/release/examples/fake-aws")
    parser.add_argument("--work", type=pathlib.Path, help="a folder for the snapshots. Default: a temporary one")
    arguments = parser.parse_args()
    for program in (arguments.natwise, arguments.fake):
        if not pathlib.Path(program).is_file():
            print(f"{program} is missing: cargo build --release --bin natwise --example fake-aws", file=sys.stderr)
            return 2
    if arguments.sample and not shutil.which("c7n-org", path=pathlib.Path(sys.executable).parent):
        print("c7n-org is missing: pip install -r tests/bench/requirements.txt", file=sys.stderr)
        return 2
    checks = Checks()
    with tempfile.TemporaryDirectory(dir=arguments.work) as work:
        work = pathlib.Path(work)
        print(f"{arguments.accounts} accounts, {arguments.regions} Regions, {arguments.vpcs} VPCs, {arguments.latency} ms, throttled:")
        wall, memory = measure_natwise(arguments, work / "all", checks)
        if arguments.sample:
            measure_peers(arguments, wall, work, checks)
        if arguments.times:
            shutil.rmtree(work / "all")
            measure_growth(arguments, wall, memory, work / "more", checks)
    if checks.missed:
        print(f"missed: {', '.join(checks.missed)}")
    return 1 if checks.missed else 0


if __name__ == "__main__":
    sys.exit(main())
