#!/usr/bin/env python3
"""Makes the example account of `natwise audit --demo`: one snapshot (natwise.snapshot/1) on standard output.

    python3 tests/tools/make_demo.py > src/demo/account.json

Nothing but the standard library; the same bytes on every run and machine (seeded, integers only). All of it is made
up: ids are random, public addresses are from the documentation ranges of RFC 5737 and RFC 3849. Prefix lists, zone
ids and service names are those of the real Regions.

Example Corp, account 111122223333, October 2026. What is in it, and which rule it is for:

us-east-1
  prod            3 zonal NAT gateways, 60 TB a month; no S3 gateway endpoint (missing-gateway-endpoint); DynamoDB's
                  misses the main table and zone c's (gateway-endpoint-not-associated); a dual-stack subnet with DNS64
                  (dns64-through-nat). Interface endpoints: logs and bedrock-runtime (made in mid-window) are worth
                  it; sqs too, but in one zone (interface-endpoint-single-az); secretsmanager and kms are not
                  (underused-interface-endpoint), kms's group admits 0.0.0.0/0 (endpoint-security-group); athena is
                  idle (idle-interface-endpoint), sts too, with private DNS off (interface-endpoint-private-dns-off);
                  a vendor's; a partner's that waits for acceptance (endpoint-not-available); GuardDuty's own. Some
                  have the default policy (endpoint-full-access-policy).
  dev             one NAT gateway for three zones, above break-even (cross-az-nat-gateway); an S3 interface endpoint
                  beside the gateway endpoint (s3-interface-shadows-gateway), its group admits all ports; a NAT
                  gateway for a load test, made and deleted in the window.
  poc-2024        a forgotten NAT gateway that still stands in a route table (idle-nat-gateway).
  payments        a spoke: its default route leads to a transit gateway (missing-gateway-endpoint for S3 behind it).
  network-egress  the NAT gateway behind that transit gateway, shared by two zones, rightly below break-even. Nothing
                  wrong here: a gateway endpoint in this VPC would do nothing for the spokes.
eu-west-1
  prod-eu         well built, no finding: a regional NAT gateway in three zones, both gateway endpoints on every table
                  that has subnets, a busy interface endpoint in three zones, narrow policies and security groups.
ap-southeast-2
  apac            one NAT gateway for two zones, below break-even too; an interface endpoint in a Region whose endpoint
                  hour the price book does not have: its cost is unknown.

The one rule that cannot fire here is interface-endpoint-pays-off, which needs --assume.
"""

import datetime
import json
import random
import sys

ACCOUNT = "111122223333"
START = datetime.datetime(2026, 10, 1, tzinfo=datetime.timezone.utc)
HOURS = 744
GIB = 1 << 30

# Every id and every number comes from here, in the order of the text below: an insertion changes what follows it.
RNG = random.Random(20261001)


def new_id(prefix):
    """An id as EC2 gives them out: 17 hexadecimal digits, the first one 0."""
    return f"{prefix}-0{RNG.getrandbits(64):016x}"


def tags(name, **more):
    return {"tags": dict(sorted({"Name": name, **more}.items()))}


# --- Load -----------------------------------------------------------------------------------------------------------

# Weight of each hour of the day (UTC) and of each day of the week (Monday first), in percent of a busy one.
US_OFFICE = [38, 31, 26, 22, 20, 19, 19, 22, 28, 37, 48, 60, 72, 84, 93, 98, 100, 100, 97, 92, 84, 72, 59, 47]
US_NIGHTLY = [52, 46, 61, 88, 96, 99, 91, 64, 41, 44, 51, 61, 70, 78, 84, 88, 90, 91, 88, 84, 78, 70, 63, 57]
EU_OFFICE = [20, 18, 17, 17, 19, 27, 44, 68, 87, 97, 100, 98, 92, 95, 97, 92, 82, 69, 58, 50, 43, 36, 29, 24]
APAC_OFFICE = [96, 100, 98, 91, 94, 95, 88, 76, 62, 51, 43, 36, 30, 26, 23, 21, 20, 21, 24, 31, 43, 58, 76, 89]
WORKDAYS_ONLY = [7, 6, 6, 6, 5, 5, 5, 6, 8, 12, 21, 44, 71, 90, 100, 99, 96, 98, 97, 88, 63, 38, 22, 12]

CUSTOMERS_WEEK = [100, 100, 99, 98, 95, 66, 62]
OFFICE_WEEK = [97, 100, 100, 98, 90, 12, 9]


def weights(day, week, noise):
    """Relative load of each hour of the window: the hour of the day, the day of the week, some growth, and noise."""
    result = []
    for hour in range(HOURS):
        when = START + datetime.timedelta(hours=hour)
        jitter = 1000 + RNG.randrange(-noise, noise + 1) + RNG.randrange(-noise, noise + 1)
        result.append(day[when.hour] * week[when.weekday()] * (100_000 + 12 * hour) * jitter)
    return result


def share_out(gigabytes, weight, first=0, last=HOURS):
    """Bytes by hour that come to so many gigabytes; none outside of first..last."""
    whole = sum(weight[first:last])
    live = range(first, last)
    return [gigabytes * GIB * weight[hour] // whole if hour in live else None for hour in range(HOURS)]


def a_hair_less(series):
    """What leaves a gateway of what entered: all but a few lost packets, and what is in flight."""
    return [value if value is None else value - value // RNG.randrange(40_000, 400_000) for value in series]


def trim(series):
    """Nothing is written past the last datapoint."""
    end = max((hour for hour, value in enumerate(series) if value is not None), default=-1)
    return series[: end + 1]


def nat_metrics(nat, up_gb, down_gb, day, week, connections, zone=None, noise=90, first=0, last=HOURS):
    up = share_out(up_gb, weights(day, week, noise), first, last)
    down_weight = weights(day, week, noise)
    down = share_out(down_gb, down_weight, first, last)
    peak = max(down_weight)
    active = [
        None if value is None else max(1, connections * (weight // 1000) // (peak // 1000) + RNG.randrange(-3, 4))
        for value, weight in zip(down, down_weight)
    ]
    return {
        "nat_gateway_id": nat,
        **({"availability_zone": zone} if zone else {}),
        "bytes_in_from_source": trim(up),
        "bytes_in_from_destination": trim(down),
        "bytes_out_to_destination": trim(a_hair_less(up)),
        "bytes_out_to_source": trim(a_hair_less(down)),
        "active_connection_count": trim(active),
    }


def silent_nat_metrics(nat):
    """A gateway that nobody uses publishes zeros, hour by hour."""
    names = [
        "bytes_in_from_source",
        "bytes_in_from_destination",
        "bytes_out_to_destination",
        "bytes_out_to_source",
        "active_connection_count",
    ]
    return {"nat_gateway_id": nat, **{name: [0] * HOURS for name in names}}


def endpoint_metrics(endpoint, series=()):
    """An endpoint publishes only while it carries something: a silent one has an entry, since CloudWatch was asked,
    and no series."""
    entry = {
        "vpc_endpoint_id": endpoint["vpc_endpoint_id"],
        "endpoint_type": endpoint["endpoint_type"],
        "service_name": endpoint["service_name"],
        "vpc_id": endpoint["vpc_id"],
    }
    return {**entry, "bytes_processed": trim(list(series))} if series else entry


def now_and_then(megabytes, percent_of_hours=100, hours_of_day=range(24)):
    """Bytes of something that is used in some hours only."""
    used = [RNG.randrange(100) < percent_of_hours and hour % 24 in hours_of_day for hour in range(HOURS)]
    weight = [RNG.randrange(400, 1600) if yes else 0 for yes in used]
    whole = sum(weight)
    return [(megabytes << 20) * w // whole if w else None for w in weight]


# --- Network --------------------------------------------------------------------------------------------------------


class Region:
    """One Region of the account; `scan` is what the snapshot holds of it."""

    def __init__(self, name, zones, prefix_lists):
        self.name = name
        self.zones = sorted(zones)
        self.lists = {service: pl for service, (pl, _) in prefix_lists.items()}
        self.scan = {
            "account_id": ACCOUNT,
            "region": name,
            "nat_gateways": [],
            "vpc_endpoints": [],
            "route_tables": [],
            "vpcs": [],
            "subnets": [],
            "availability_zones": [
                {"name": zone, "zone_id": zone_id, "zone_type": "availability-zone"}
                for zone, zone_id in sorted(zones.items())
            ],
            "security_groups": [],
            "prefix_lists": [
                {"prefix_list_id": pl, "name": f"com.amazonaws.{name}.{service}", "cidrs": cidrs}
                for service, (pl, cidrs) in sorted(prefix_lists.items(), key=lambda item: item[1][0])
            ],
            "transit_gateway_attachments": [],
            "transit_gateway_route_tables": [],
            "flow_logs": [],
            "metrics": {"nat_gateways": [], "endpoints": []},
        }
        self.zone_ids = zones

    def vpc(self, name, cidr, ipv6=None, **more):
        vpc_id = new_id("vpc")
        self.scan["vpcs"].append(
            {
                "vpc_id": vpc_id,
                "owner_id": ACCOUNT,
                "cidr_blocks": [cidr],
                **({"ipv6_cidr_blocks": [ipv6]} if ipv6 else {}),
                "is_default": False,
                **tags(name, **more),
            }
        )
        return Vpc(self, vpc_id, name, cidr, ipv6)

    def finish(self):
        """The scan as the collector writes it: metrics by id, nothing empty."""
        metrics = self.scan["metrics"]
        metrics["nat_gateways"].sort(key=lambda m: (m["nat_gateway_id"], m.get("availability_zone", "")))
        metrics["endpoints"].sort(key=lambda m: m["vpc_endpoint_id"])
        return {key: value for key, value in self.scan.items() if value != []}


class Vpc:
    def __init__(self, region, vpc_id, name, cidr, ipv6):
        self.region, self.id, self.name, self.cidr, self.ipv6 = region, vpc_id, name, cidr, ipv6
        self.igw = new_id("igw")

    def subnet(self, name, zone, cidr, dns64=False):
        zone = self.region.name + zone
        subnet_id = new_id("subnet")
        self.region.scan["subnets"].append(
            {
                "subnet_id": subnet_id,
                "vpc_id": self.id,
                "owner_id": ACCOUNT,
                "availability_zone": zone,
                "availability_zone_id": self.region.zone_ids[zone],
                "cidr_block": cidr,
                "enable_dns64": dns64,
                **tags(f"{self.name}-{name}"),
            }
        )
        return subnet_id

    def table(self, name, subnets=(), routes=(), main=False):
        """A route table; gateway endpoints add their own routes to it."""
        table = {
            "route_table_id": new_id("rtb"),
            "vpc_id": self.id,
            "owner_id": ACCOUNT,
            "routes": [
                {"destination_cidr": block, "gateway_id": "local", "state": "active"}
                for block in (self.cidr, self.ipv6)
                if block
            ]
            + [{"destination_cidr": cidr, **target, "state": "active"} for cidr, target in routes],
            "associations": ([{"main": True}] if main else [])
            + [{"main": False, "subnet_id": subnet} for subnet in subnets],
            **tags(f"{self.name}-{name}"),
        }
        self.region.scan["route_tables"].append(table)
        return table

    def to_internet(self):
        return [("0.0.0.0/0", {"gateway_id": self.igw})]

    def nat(self, name, subnet, public_ip, private_ip, created, deleted=None):
        nat = new_id("nat")
        self.region.scan["nat_gateways"].append(
            {
                "nat_gateway_id": nat,
                "vpc_id": self.id,
                "subnet_id": subnet,
                "state": "deleted" if deleted else "available",
                "availability_mode": "zonal",
                "connectivity_type": "public",
                "create_time": created,
                **({"delete_time": deleted} if deleted else {}),
                "addresses": [
                    {
                        "allocation_id": new_id("eipalloc"),
                        "public_ip": public_ip,
                        "private_ip": private_ip,
                        "network_interface_id": new_id("eni"),
                    }
                ],
                **tags(f"{self.name}-{name}"),
            }
        )
        return nat

    def regional_nat(self, name, addresses, created):
        """A regional gateway has no subnet, an address in each zone, and a route table of its own."""
        nat = new_id("nat")
        table = self.table(f"{name}-egress", routes=self.to_internet())
        self.region.scan["nat_gateways"].append(
            {
                "nat_gateway_id": nat,
                "vpc_id": self.id,
                "subnet_id": None,
                "state": "available",
                "availability_mode": "regional",
                "connectivity_type": "public",
                "create_time": created,
                "addresses": [
                    {"allocation_id": new_id("eipalloc"), "public_ip": ip, "availability_zone": zone}
                    for zone, ip in addresses
                ],
                "route_table_id": table["route_table_id"],
                **tags(f"{self.name}-{name}"),
            }
        )
        return nat

    def group(self, name, rules):
        """A security group: (protocol, first port, last port, blocks)."""
        group = new_id("sg")
        ingress = []
        for protocol, first, last, cidrs in rules:
            ports = {} if first is None else {"from_port": first, "to_port": last}
            ingress.append({"protocol": protocol, **ports, "cidrs": list(cidrs)})
        self.region.scan["security_groups"].append({"security_group_id": group, "name": name, "ingress": ingress})
        return group

    def gateway_endpoint(self, service, tables, created, policy):
        """A gateway endpoint, and its route in each associated table."""
        endpoint = new_id("vpce")
        for table in tables:
            route = {
                "destination_prefix_list_id": self.region.lists[service],
                "gateway_id": endpoint,
                "state": "active",
            }
            table["routes"].append(route)
        self.region.scan["vpc_endpoints"].append(
            {
                "vpc_endpoint_id": endpoint,
                "endpoint_type": "Gateway",
                "vpc_id": self.id,
                "service_name": f"com.amazonaws.{self.region.name}.{service}",
                "state": "available",
                "creation_timestamp": created,
                "owner_id": ACCOUNT,
                "requester_managed": False,
                "private_dns_enabled": False,
                "route_table_ids": [table["route_table_id"] for table in tables],
                "policy_document": policy,
                **tags(f"{self.name}-{service}"),
            }
        )

    def interface_endpoint(self, service, subnets, group, created, policy=None, series=(), **other):
        """An interface endpoint and its metrics. A service with dots in front is a full name."""
        name = other.pop("name", f"{self.name}-{service}")
        label = other.pop("labels", None) or tags(name)
        full = service if service.startswith("com.") else f"com.amazonaws.{self.region.name}.{service}"
        endpoint = {
            "vpc_endpoint_id": new_id("vpce"),
            "endpoint_type": "Interface",
            "vpc_id": self.id,
            "service_name": full,
            "state": "available",
            "creation_timestamp": created,
            "owner_id": ACCOUNT,
            "requester_managed": False,
            "private_dns_enabled": True,
            **other,
            "subnet_ids": list(subnets),
            "security_group_ids": [group],
            **({"policy_document": policy} if policy else {}),
            **label,
        }
        self.region.scan["vpc_endpoints"].append(endpoint)
        self.region.scan["metrics"]["endpoints"].append(endpoint_metrics(endpoint, series))

    def flow_log(self, bucket, interval):
        self.region.scan["flow_logs"].append(
            {
                "flow_log_id": new_id("fl"),
                "resource_id": self.id,
                "traffic_type": "ALL",
                "log_destination_type": "s3",
                "log_destination": f"arn:aws:s3:::{bucket}/vpc/",
                "log_format": FLOW_LOG_FORMAT,
                "file_format": "parquet",
                "hive_compatible_partitions": True,
                "per_hour_partition": True,
                "max_aggregation_interval": interval,
                "deliver_logs_status": "SUCCESS",
            }
        )


FLOW_LOG_FORMAT = " ".join(
    "${%s}" % field
    for field in (
        "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action "
        "log-status vpc-id subnet-id az-id pkt-srcaddr pkt-dstaddr pkt-src-aws-service pkt-dst-aws-service "
        "flow-direction traffic-path"
    ).split()
)


def compact(value):
    return json.dumps(value, separators=(",", ":"))


# The policy that AWS gives an endpoint when nobody writes one, laid out as the API returns it.
DEFAULT_POLICY = json.dumps(
    {"Statement": [{"Action": "*", "Effect": "Allow", "Principal": "*", "Resource": "*"}]}, indent=2
)
OUR_ORGANISATION = compact(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "OnlyOurOrganisation",
                "Effect": "Allow",
                "Principal": "*",
                "Action": "*",
                "Resource": "*",
                "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-exampleorgid"}},
            }
        ],
    }
)


def https_from(*cidrs):
    return [("tcp", 443, 443, cidrs)]


# --- us-east-1 ------------------------------------------------------------------------------------------------------


def us_east_1():
    region = Region(
        "us-east-1",
        {
            "us-east-1a": "use1-az4",
            "us-east-1b": "use1-az6",
            "us-east-1c": "use1-az1",
            "us-east-1d": "use1-az2",
            "us-east-1e": "use1-az3",
            "us-east-1f": "use1-az5",
        },
        {
            "s3": (
                "pl-63a5400a",
                ["3.5.0.0/19", "16.15.192.0/18", "16.182.0.0/16", "18.34.0.0/19", "52.216.0.0/15", "54.231.0.0/16"],
            ),
            "dynamodb": ("pl-02cd2c6b", ["3.218.180.0/22", "52.94.0.0/22", "52.119.224.0/21", "52.119.232.0/21"]),
        },
    )
    prod(region)
    dev(region)
    poc(region)
    hub_and_spoke(region)
    return region.finish()


def prod(region):
    vpc = region.vpc("prod", "10.20.0.0/16", "2001:db8:1f18:4a00::/56", Environment="production", CostCenter="4100")
    zones = "abc"
    public = [vpc.subnet(f"public-{z}", z, f"10.20.{4 * i}.0/22") for i, z in enumerate(zones)]
    app = [vpc.subnet(f"app-{z}", z, f"10.20.{32 + 16 * i}.0/20") for i, z in enumerate(zones)]
    data = [vpc.subnet(f"data-{z}", z, f"10.20.{96 + 4 * i}.0/22") for i, z in enumerate(zones)]
    # No association of its own, so it uses the main table.
    vpc.subnet("batch-a", "a", "10.20.128.0/20")
    pilot = vpc.subnet("ipv6-pilot-c", "c", "10.20.160.0/22", dns64=True)
    nats = [
        vpc.nat(f"nat-{z}", public[i], f"192.0.2.{17 + i}", f"10.20.{4 * i}.212", f"2021-06-14T09:4{i}:27Z")
        for i, z in enumerate(zones)
    ]
    eigw = new_id("eigw")
    public_table = vpc.table("public", public, vpc.to_internet() + [("::/0", {"gateway_id": vpc.igw})])
    private = [
        vpc.table(
            f"private-{z}",
            [app[i], data[i]] + ([pilot] if z == "c" else []),
            [("0.0.0.0/0", {"nat_gateway_id": nats[i]})]
            + ([("64:ff9b::/96", {"nat_gateway_id": nats[i]}), ("::/0", {"other_target": eigw})] if z == "c" else []),
        )
        for i, z in enumerate(zones)
    ]
    vpc.table("main", [], [("0.0.0.0/0", {"nat_gateway_id": nats[0]})], main=True)
    vpc.gateway_endpoint("dynamodb", [public_table, private[0], private[1]], "2021-09-02T15:20:11Z", DEFAULT_POLICY)
    vpc.flow_log("example-corp-flow-logs-us-east-1", 60)

    metrics = region.scan["metrics"]["nat_gateways"]
    metrics.append(nat_metrics(nats[0], 3_610, 21_240, US_NIGHTLY, CUSTOMERS_WEEK, 8_700))
    metrics.append(nat_metrics(nats[1], 3_320, 16_180, US_OFFICE, CUSTOMERS_WEEK, 7_900))
    metrics.append(nat_metrics(nats[2], 2_870, 14_230, US_OFFICE, CUSTOMERS_WEEK, 7_200))

    group = vpc.group("prod-endpoints", https_from("10.20.0.0/16"))
    open_group = vpc.group("kms-endpoint-temp", https_from("0.0.0.0/0"))
    load = lambda gigabytes, first=0: share_out(gigabytes, weights(US_OFFICE, CUSTOMERS_WEEK, 70), first)
    vpc.interface_endpoint("logs", app, group, "2022-02-08T11:05:52Z", OUR_ORGANISATION, load(9_380))
    made = (datetime.datetime(2026, 10, 14, 13, tzinfo=datetime.timezone.utc) - START) // datetime.timedelta(hours=1)
    vpc.interface_endpoint(
        "bedrock-runtime", app, group, "2026-10-14T13:22:41Z", OUR_ORGANISATION, load(610, first=made)
    )
    vpc.interface_endpoint("sqs", app[:1], group, "2023-03-21T08:17:30Z", OUR_ORGANISATION, load(694))
    vpc.interface_endpoint(
        "secretsmanager", app, group, "2022-02-08T11:07:19Z", OUR_ORGANISATION, now_and_then(3_270, 16)
    )
    vpc.interface_endpoint("kms", app, open_group, "2022-05-30T16:44:03Z", DEFAULT_POLICY, now_and_then(8_410, 25))
    vpc.interface_endpoint("athena", app[:2], group, "2024-07-11T13:38:26Z", DEFAULT_POLICY)
    vpc.interface_endpoint(
        "sts", app, group, "2022-02-08T11:09:44Z", OUR_ORGANISATION, private_dns_enabled=False
    )
    vendor = f"com.amazonaws.vpce.us-east-1.{new_id('vpce-svc')}"
    nightly = now_and_then(413 << 10, hours_of_day=range(2, 5))
    vpc.interface_endpoint(
        vendor, app[:2], group, "2024-01-16T10:02:58Z", series=nightly, name="prod-vendor-analytics"
    )
    partner = f"com.amazonaws.vpce.us-east-1.{new_id('vpce-svc')}"
    vpc.interface_endpoint(
        partner,
        app[:2],
        group,
        "2026-09-22T14:51:07Z",
        name="prod-partner-settlement",
        state="pendingAcceptance",
        private_dns_enabled=False,
    )
    guardduty = vpc.group(f"GuardDutyManagedSecurityGroup-{vpc.id}", https_from("10.20.0.0/16"))
    guardduty_policy = compact(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Action": "*", "Resource": "*", "Effect": "Allow", "Principal": "*"},
                {
                    "Condition": {"StringNotEquals": {"aws:PrincipalAccount": ACCOUNT}},
                    "Action": "*",
                    "Resource": "*",
                    "Effect": "Deny",
                    "Principal": "*",
                },
            ],
        }
    )
    vpc.interface_endpoint(
        "guardduty-data",
        app,
        guardduty,
        "2024-11-05T07:31:40Z",
        guardduty_policy,
        now_and_then(6_480),
        requester_managed=True,
        labels={"tags": {"GuardDutyManaged": "true"}},
    )


def dev(region):
    vpc = region.vpc("dev", "10.40.0.0/16", Environment="development", CostCenter="4200")
    zones = "abc"
    public = [vpc.subnet(f"public-{z}", z, f"10.40.{i}.0/24") for i, z in enumerate(zones)]
    private = [vpc.subnet(f"private-{z}", z, f"10.40.{16 + 16 * i}.0/20") for i, z in enumerate(zones)]
    nat = vpc.nat("nat", public[0], "198.51.100.24", "10.40.0.87", "2023-01-19T14:12:36Z")
    load_test = vpc.nat(
        "loadtest-nat", public[1], "198.51.100.61", "10.40.1.140", "2026-10-22T07:58:03Z", "2026-10-31T23:27:45Z"
    )
    vpc.table("default", main=True)
    public_table = vpc.table("public", public, vpc.to_internet())
    # As Terraform's vpc module makes it with single_nat_gateway = true.
    private_table = vpc.table("private", private, [("0.0.0.0/0", {"nat_gateway_id": nat})])
    vpc.gateway_endpoint("s3", [public_table, private_table], "2023-01-19T14:15:02Z", OUR_ORGANISATION)
    vpc.gateway_endpoint("dynamodb", [public_table, private_table], "2023-01-19T14:15:03Z", OUR_ORGANISATION)
    group = vpc.group("dev-allow-all-internal", [("-1", None, None, ["10.40.0.0/16"])])
    vpc.interface_endpoint(
        "s3",
        private,
        group,
        "2025-05-06T12:40:18Z",
        DEFAULT_POLICY,
        share_out(1_840, weights(WORKDAYS_ONLY, OFFICE_WEEK, 120)),
        private_dns_only_for_inbound_resolver_endpoint=False,
    )
    metrics = region.scan["metrics"]["nat_gateways"]
    metrics.append(nat_metrics(nat, 490, 4_120, WORKDAYS_ONLY, OFFICE_WEEK, 940, noise=140))
    first = (datetime.datetime(2026, 10, 22, 7, tzinfo=datetime.timezone.utc) - START) // datetime.timedelta(hours=1)
    metrics.append(nat_metrics(load_test, 47, 131, WORKDAYS_ONLY, OFFICE_WEEK, 820, noise=240, first=first))


def poc(region):
    vpc = region.vpc("poc-2024", "10.60.0.0/16", Environment="sandbox")
    public = vpc.subnet("public-b", "b", "10.60.0.0/24")
    private = vpc.subnet("private-b", "b", "10.60.16.0/20")
    nat = vpc.nat("nat", public, "198.51.100.99", "10.60.0.33", "2024-04-25T16:33:50Z")
    vpc.table("default", main=True)
    vpc.table("public", [public], vpc.to_internet())
    table = vpc.table("private", [private], [("0.0.0.0/0", {"nat_gateway_id": nat})])
    vpc.gateway_endpoint("s3", [table], "2024-04-25T16:34:08Z", OUR_ORGANISATION)
    vpc.gateway_endpoint("dynamodb", [table], "2024-04-25T16:34:09Z", OUR_ORGANISATION)
    region.scan["metrics"]["nat_gateways"].append(silent_nat_metrics(nat))


def hub_and_spoke(region):
    gateway = new_id("tgw")
    to_gateway = {"transit_gateway_id": gateway}
    spoke = region.vpc("payments", "10.80.0.0/16", Environment="production", CostCenter="4300")
    app = [spoke.subnet(f"app-{z}", z, f"10.80.{16 * i}.0/20") for i, z in enumerate("ab")]
    landing = [spoke.subnet(f"tgw-{z}", z, f"10.80.255.{16 * i}/28") for i, z in enumerate("ab")]
    spoke.table("default", landing, main=True)
    app_table = spoke.table("app", app, [("0.0.0.0/0", to_gateway)])
    spoke.gateway_endpoint("dynamodb", [app_table], "2025-02-13T09:25:47Z", OUR_ORGANISATION)

    egress = region.vpc("network-egress", "10.250.0.0/22", Environment="network", CostCenter="4000")
    public = [egress.subnet(f"public-{z}", z, f"10.250.{i}.0/24") for i, z in enumerate("ab")]
    arrival = [egress.subnet(f"tgw-{z}", z, f"10.250.3.{16 * i}/28") for i, z in enumerate("ab")]
    nat = egress.nat("nat", public[0], "203.0.113.40", "10.250.0.19", "2025-01-28T10:03:14Z")
    egress.table("default", main=True)
    egress.table("public", public, egress.to_internet() + [("10.80.0.0/16", to_gateway)])
    egress.table("tgw", arrival, [("0.0.0.0/0", {"nat_gateway_id": nat})])

    attachments = {}
    for vpc, subnets in ((spoke, landing), (egress, arrival)):
        attachments[vpc.name] = {
            "attachment_id": new_id("tgw-attach"),
            "transit_gateway_id": gateway,
            "resource_type": "vpc",
            "resource_id": vpc.id,
            "resource_owner_id": ACCOUNT,
            "state": "available",
            "subnet_ids": subnets,
            "route_table_id": new_id("tgw-rtb"),
        }
    region.scan["transit_gateway_attachments"] = list(attachments.values())

    def routes_of(name, destination, target):
        return {
            "route_table_id": attachments[name]["route_table_id"],
            "routes": [
                {
                    "destination_cidr": destination,
                    "attachment_ids": [attachments[target]["attachment_id"]],
                    "state": "active",
                }
            ],
        }

    region.scan["transit_gateway_route_tables"] = [
        routes_of("payments", "0.0.0.0/0", "network-egress"),
        routes_of("network-egress", "10.80.0.0/16", "payments"),
    ]
    region.scan["metrics"]["nat_gateways"].append(
        nat_metrics(nat, 352, 1_431, US_OFFICE, CUSTOMERS_WEEK, 640)
    )


# --- eu-west-1 ------------------------------------------------------------------------------------------------------


def eu_west_1():
    region = Region(
        "eu-west-1",
        {"eu-west-1a": "euw1-az2", "eu-west-1b": "euw1-az3", "eu-west-1c": "euw1-az1"},
        {
            "s3": ("pl-6da54004", ["3.5.64.0/21", "3.5.72.0/23", "52.92.0.0/17", "52.218.0.0/17"]),
            "dynamodb": ("pl-6fa54006", ["52.94.5.0/24", "52.94.24.0/23", "52.94.26.0/23", "52.119.240.0/21"]),
        },
    )
    vpc = region.vpc("prod-eu", "10.120.0.0/16", Environment="production", CostCenter="4100")
    zones = "abc"
    public = [vpc.subnet(f"public-{z}", z, f"10.120.{4 * i}.0/22") for i, z in enumerate(zones)]
    private = [vpc.subnet(f"private-{z}", z, f"10.120.{32 + 16 * i}.0/20") for i, z in enumerate(zones)]
    nat = vpc.regional_nat(
        "nat", [(f"eu-west-1{z}", f"203.0.113.{131 + i}") for i, z in enumerate(zones)], "2026-02-03T08:55:12Z"
    )
    vpc.table("default", main=True)
    public_table = vpc.table("public", public, vpc.to_internet())
    private_table = vpc.table("private", private, [("0.0.0.0/0", {"nat_gateway_id": nat})])
    vpc.gateway_endpoint("s3", [public_table, private_table], "2023-10-10T07:12:31Z", OUR_ORGANISATION)
    vpc.gateway_endpoint("dynamodb", [public_table, private_table], "2023-10-10T07:12:33Z", OUR_ORGANISATION)
    vpc.flow_log("example-corp-flow-logs-eu-west-1", 600)
    group = vpc.group("prod-eu-endpoints", https_from("10.120.0.0/16"))
    load = share_out(1_930, weights(EU_OFFICE, CUSTOMERS_WEEK, 70))
    vpc.interface_endpoint("logs", private, group, "2023-10-10T07:14:50Z", OUR_ORGANISATION, load)
    for zone, up, down in (("a", 61, 377), ("b", 54, 352), ("c", 50, 328)):
        region.scan["metrics"]["nat_gateways"].append(
            nat_metrics(nat, up, down, EU_OFFICE, CUSTOMERS_WEEK, 380, zone=f"eu-west-1{zone}")
        )
    return region.finish()


# --- ap-southeast-2 -------------------------------------------------------------------------------------------------


def ap_southeast_2():
    region = Region(
        "ap-southeast-2",
        {"ap-southeast-2a": "apse2-az3", "ap-southeast-2b": "apse2-az1", "ap-southeast-2c": "apse2-az2"},
        {
            "s3": ("pl-6ca54005", ["3.5.164.0/22", "3.5.168.0/23", "16.12.74.0/24", "52.95.128.0/21"]),
            "dynamodb": ("pl-62a5400b", ["35.71.97.0/24", "52.94.13.0/24"]),
        },
    )
    vpc = region.vpc("apac", "10.160.0.0/16", Environment="production", CostCenter="4400")
    public = vpc.subnet("public-a", "a", "10.160.0.0/24")
    private = [vpc.subnet(f"private-{z}", z, f"10.160.{16 + 16 * i}.0/20") for i, z in enumerate("ab")]
    nat = vpc.nat("nat", public, "203.0.113.201", "10.160.0.54", "2025-06-17T01:48:20Z")
    vpc.table("default", main=True)
    vpc.table("public", [public], vpc.to_internet())
    table = vpc.table("private", private, [("0.0.0.0/0", {"nat_gateway_id": nat})])
    vpc.gateway_endpoint("s3", [table], "2025-06-17T01:50:02Z", OUR_ORGANISATION)
    vpc.gateway_endpoint("dynamodb", [table], "2025-06-17T01:50:04Z", OUR_ORGANISATION)
    group = vpc.group("apac-endpoints", https_from("10.160.0.0/16"))
    vpc.interface_endpoint(
        "ssmmessages", private, group, "2025-06-18T23:10:39Z", OUR_ORGANISATION, now_and_then(6_150, 21)
    )
    region.scan["metrics"]["nat_gateways"].append(
        nat_metrics(nat, 64, 557, APAC_OFFICE, CUSTOMERS_WEEK, 290, noise=120)
    )
    return region.finish()


def main():
    end = START + datetime.timedelta(hours=HOURS)
    instant = "%Y-%m-%dT%H:%M:%SZ"
    snapshot = {
        "schema": "natwise.snapshot/1",
        "generated_by": "natwise 0.1.0",
        "window": {"start": START.strftime(instant), "end": end.strftime(instant), "hours": HOURS},
        "regions": [ap_southeast_2(), eu_west_1(), us_east_1()],
    }
    json.dump(snapshot, sys.stdout, separators=(",", ":"))
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
