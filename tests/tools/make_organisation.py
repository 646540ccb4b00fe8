"""Writes a folder as `natwise scan --org -o FOLDER/` does, of an organisation that is made up: for measuring audits.

    make_organisation.py FOLDER [ACCOUNTS [REGIONS [VPCS [GATEWAYS]]]]

Each VPC has private and public subnets in three zones, NAT gateways with a month of hourly series, and three interface
endpoints; half of them miss a gateway endpoint. In one Region the VPCs of every tenth account are the spokes of an
eleventh's transit gateway.
"""

import json
import pathlib
import random
import sys

REGIONS = """us-east-1 us-east-2 us-west-1 us-west-2 ca-central-1 eu-west-1 eu-west-2 eu-west-3 eu-central-1 eu-north-1
    ap-south-1 ap-southeast-1 ap-southeast-2 ap-northeast-1 ap-northeast-2 ap-northeast-3 sa-east-1""".split()
ZONES = "abc"
HOURS = 744
WINDOW = {"start": "2026-10-01T00:00:00Z", "end": "2026-11-01T00:00:00Z", "hours": HOURS}
SERVICES = ("sqs", "logs", "kms")
# Enough different months that no two gateways of a VPC are alike; written out once, for there are millions of numbers.
SERIES = [
    json.dumps([random.Random(seed).randrange(scale) for _ in range(HOURS)])
    for seed, scale in enumerate([10**9, 10**10, 10**11, 10**6] * 8)
]


class Series:
    """A series in JSON already, for which a placeholder stands until the rest is written."""

    def __init__(self):
        self.texts = []

    def next(self, number):
        self.texts.append(SERIES[number % len(SERIES)])
        return f"@{len(self.texts) - 1}@"

    def write(self, value):
        pieces = json.dumps(value, separators=(",", ":")).split('"@')
        rest = (piece.partition('@"') for piece in pieces[1:])
        return pieces[0] + "".join(self.texts[int(number)] + text for number, _, text in rest) + "\n"


def vpc(scan, series, account, region, number, gateways, spoke):
    key = f"{account[-5:]}{REGIONS.index(region):02x}{number:02x}"
    vpc_id = f"vpc-{key}"
    scan["vpcs"].append({"vpc_id": vpc_id, "owner_id": account, "cidr_blocks": [f"10.{number}.0.0/16"],
                         "tags": {"Name": f"network {number} of {account}"}})
    public, private = [], []
    for index, zone in enumerate(ZONES):
        for kind, subnets in (("public", public), ("private", private)):
            subnets.append(f"subnet-{key}{kind[1]}{index}")
            scan["subnets"].append({"subnet_id": subnets[-1], "vpc_id": vpc_id, "owner_id": account,
                                    "availability_zone": region + zone, "availability_zone_id": f"use1-az{index + 1}",
                                    "cidr_block": f"10.{number}.{index * 2 + (kind == 'private')}.0/24"})
    for index in range(gateways):
        nat = f"nat-{key}{index}"
        scan["nat_gateways"].append({
            "nat_gateway_id": nat, "vpc_id": vpc_id, "subnet_id": public[index], "state": "available",
            "connectivity_type": "public", "availability_mode": "zonal", "create_time": "2026-01-01T00:00:00Z",
            "addresses": [{"allocation_id": f"eipalloc-{key}{index}", "public_ip": "203.0.113.1",
                           "private_ip": f"10.{number}.0.9", "network_interface_id": f"eni-{key}{index}"}],
            "tags": {"Name": f"nat {index}"}})
        metrics = ("bytes_in_from_source", "bytes_in_from_destination", "bytes_out_to_destination",
                   "bytes_out_to_source", "active_connection_count")
        scan["metrics"]["nat_gateways"].append(
            {"nat_gateway_id": nat} | {metric: series.next(number * 5 + i) for i, metric in enumerate(metrics)})
    out = {"nat_gateway_id": f"nat-{key}0"} if gateways and not spoke else {"transit_gateway_id": f"tgw-{region}"}
    tables = [("public", public, {"gateway_id": f"igw-{key}"})]
    tables += [(zone, [private[index]], out) for index, zone in enumerate(ZONES)]
    for name, subnets, target in tables:
        scan["route_tables"].append({
            "route_table_id": f"rtb-{key}{name}", "vpc_id": vpc_id, "owner_id": account, "tags": {},
            "routes": [{"destination_cidr": f"10.{number}.0.0/16", "gateway_id": "local", "state": "active"},
                       {"destination_cidr": "0.0.0.0/0", "state": "active", **target}],
            "associations": [{"main": False, "subnet_id": subnet} for subnet in subnets]})
    services = [(service, "Interface") for service in SERVICES] + [("s3", "Gateway")] * (number % 2)
    for service, kind in services:
        endpoint = f"vpce-{key}{service}"
        name = f"com.amazonaws.{region}.{service}"
        placed = {"subnet_ids": private} if kind == "Interface" else {"route_table_ids": [f"rtb-{key}a"]}
        scan["vpc_endpoints"].append({"vpc_endpoint_id": endpoint, "endpoint_type": kind, "vpc_id": vpc_id,
                                      "service_name": name, "state": "available", "private_dns_enabled": True,
                                      "creation_timestamp": "2026-01-01T00:00:00Z", "requester_managed": False} | placed)
        if kind == "Interface":
            scan["metrics"]["endpoints"].append({"vpc_endpoint_id": endpoint, "endpoint_type": kind, "vpc_id": vpc_id,
                                                 "service_name": name, "bytes_processed": series.next(number + 2)})
    return vpc_id, private


def part(account, region, vpcs, gateways, hub, spoke):
    series = Series()
    kinds = ("nat_gateways", "vpc_endpoints", "route_tables", "vpcs", "subnets", "transit_gateway_attachments")
    scan = {"account_id": account, "account_name": f"Account {account[-5:]}", "region": region}
    scan |= {kind: [] for kind in kinds} | {"metrics": {"nat_gateways": [], "endpoints": []}}
    for number in range(vpcs):
        vpc_id, private = vpc(scan, series, account, region, number, 0 if spoke else gateways, spoke)
        if spoke or (hub and number == 0):
            scan["transit_gateway_attachments"].append({
                "attachment_id": f"tgw-attach-{vpc_id}", "transit_gateway_id": f"tgw-{region}", "resource_type": "vpc",
                "resource_id": vpc_id, "resource_owner_id": account, "state": "available", "subnet_ids": private})
    snapshot = {"schema": "natwise.snapshot/1", "generated_by": "make_organisation.py", "window": WINDOW,
                "scanned_at": "2026-11-01T00:10:00Z", "regions": [scan]}
    return series.write(snapshot)


def main(folder, accounts=100, regions=len(REGIONS), vpcs=3, gateways=1):
    folder = pathlib.Path(folder)
    listed = {}
    for number in range(accounts):
        account = f"{100_000_000_000 + number}"
        (folder / account).mkdir(parents=True, exist_ok=True)
        for region in REGIONS[:regions]:
            shared = region == REGIONS[0]
            text = part(account, region, vpcs, gateways, shared and number == 0, shared and number % 10 == 1)
            (folder / account / f"{region}.json").write_text(text)
        listed[account] = {"name": f"Account {account[-5:]}", "regions": REGIONS[:regions]}
    manifest = {"schema": "natwise.scan/1", "generated_by": "make_organisation.py", "window": WINDOW,
                "finished_at": "2026-11-01T00:20:00Z", "accounts": listed}
    (folder / "scan.json").write_text(json.dumps(manifest) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
