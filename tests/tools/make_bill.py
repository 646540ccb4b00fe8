#!/usr/bin/env python3
"""Makes a bill of a known world: the snapshot of an account, AWS's bill of its month in every form, and what is true.

    python3 tests/tools/make_bill.py FOLDER [--forms cur2,legacy,focus10,focus12] [--files csv,gz,parquet] [--bulk N]

FOLDER then has `snapshot.json` (natwise.snapshot/1), `truth.json` and FORM/FILE/bill-N.… for each form and file. Nothing
of natwise is in here: usage types, prices and sums are written down or computed once more, in exact fractions.

What makes it hard: us-east-1's usage types without a prefix beside `USE1-…`, `EU-`, regional gateways beside zonal
ones, a gateway that was deleted and one the bill has not, other accounts and Regions, a discount from the 16th on, a
line of a negative quantity, taxes, credits, refunds, bundled discounts, and some thousand lines of other services for
each of ours, tags with commas, quotes and line breaks among them.
"""

import argparse
import csv
import gzip
import io
import json
import pathlib
import random
import zlib
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction

ACCOUNT, OTHER, PAYER = "111122223333", "444455556666", "999900001111"
START = datetime(2026, 10, 1, tzinfo=timezone.utc)
HOURS = 744
END = START + timedelta(hours=HOURS)
DISCOUNT_FROM = datetime(2026, 10, 16, tzinfo=timezone.utc)
# What is paid after the discount, and the digits of a bill.
PAID = Decimal("0.92")
DIGITS = Decimal("0.0000000001")
GIB = 1 << 30

# Product → unit, list price by Region, usage type without a prefix, whether us-east-1's has one, product code, operation.
PRICES = {
    "nat_hour": ("Hrs", {"us-east-1": "0.045", "eu-west-1": "0.048", "eu-central-1": "0.052", "ap-south-1": "0.056"}),
    "nat_gb": ("GB", {"us-east-1": "0.045", "eu-west-1": "0.048", "eu-central-1": "0.052", "ap-south-1": "0.056"}),
    "regional_hour": ("Hrs", {"us-east-1": "0.045", "eu-west-1": "0.048"}),
    "regional_gb": ("GB", {"us-east-1": "0.045", "eu-west-1": "0.048"}),
    "endpoint_hour": ("Hrs", {"us-east-1": "0.01", "eu-west-1": "0.011"}),
    "endpoint_gb": ("GB", {"us-east-1": "0.01", "eu-west-1": "0.01"}),
    "address_hour": ("Hrs", {"us-east-1": "0.005", "eu-west-1": "0.005", "eu-central-1": "0.005"}),
}
TYPES = {
    "nat_hour": ("NatGateway-Hours", False, "AmazonEC2", "NatGateway"),
    "nat_gb": ("NatGateway-Bytes", False, "AmazonEC2", "NatGateway"),
    "regional_hour": ("RegionalNatGateway-Hours", True, "AmazonEC2", "RegionalNatGateway"),
    "regional_gb": ("RegionalNatGateway-Bytes", True, "AmazonEC2", "RegionalNatGateway"),
    "endpoint_hour": ("VpcEndpoint-Hours", True, "AmazonVPC", "VpcEndpoint"),
    "endpoint_gb": ("VpcEndpoint-Bytes", True, "AmazonVPC", "VpcEndpoint"),
    "address_hour": ("PublicIPv4:InUseAddress", True, "AmazonVPC", ""),
}
PREFIX = {"us-east-1": "USE1", "eu-west-1": "EU", "eu-central-1": "EUC1", "ap-south-1": "APS3"}


def usage_type(product, region):
    name, always, _, _ = TYPES[product]
    return name if region == "us-east-1" and not always else f"{PREFIX[region]}-{name}"


# ── The world ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class World:
    """What there is: gateways and endpoints with their hours of life and bytes by hour."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.things = []
        self.nat("us-east-1", "nat-0a", zones=1)
        self.nat("us-east-1", "nat-0b", zones=1, born=300)
        self.nat("us-east-1", "nat-0r", zones=2, regional=True)
        self.nat("us-east-1", "nat-0idle", zones=1, gb=0)
        self.nat("eu-west-1", "nat-0e", zones=1)
        self.nat("eu-west-1", "nat-0f", zones=3, regional=True)
        self.nat("eu-central-1", "nat-0c", zones=1)
        self.endpoint("us-east-1", "vpce-0sqs", "sqs", zones=2)
        self.endpoint("us-east-1", "vpce-0kms", "kms", zones=1, gb=0)
        self.endpoint("eu-west-1", "vpce-0logs", "logs", zones=3)

    def hourly(self, gb, born):
        most = int(gb * GIB * 2 / HOURS)
        return [None if hour < born else self.random.randrange(most + 1) for hour in range(HOURS)]

    def nat(self, region, name, zones, regional=False, born=0, gb=3000):
        series = {f"{region}{'abc'[at]}": (self.hourly(gb / 6, born), self.hourly(gb, born)) for at in range(zones)}
        self.things.append({"kind": "nat", "region": region, "id": name, "zones": series, "regional": regional, "born": born})

    def endpoint(self, region, name, service, zones, gb=900):
        series = self.hourly(gb, 0) if gb else [None] * HOURS
        thing = {"kind": "endpoint", "region": region, "id": name, "service": service, "bytes": series}
        self.things.append({**thing, "zones": [f"{region}{'abc'[at]}" for at in range(zones)], "born": 0})

    def snapshot(self):
        regions = []
        for region in ("us-east-1", "eu-west-1", "eu-central-1"):
            things = [thing for thing in self.things if thing["region"] == region]
            regions.append({
                "account_id": ACCOUNT,
                "region": region,
                "vpcs": [{"vpc_id": f"vpc-{region}", "cidr_blocks": ["10.0.0.0/16"], "owner_id": ACCOUNT}],
                "subnets": [
                    {"subnet_id": f"subnet-{region}{z}", "vpc_id": f"vpc-{region}", "owner_id": ACCOUNT,
                     "availability_zone": f"{region}{z}", "cidr_block": f"10.0.{at}.0/24"} for at, z in enumerate("abc")
                ],
                "nat_gateways": [self.nat_row(thing) for thing in things if thing["kind"] == "nat"],
                "vpc_endpoints": [self.endpoint_row(thing) for thing in things if thing["kind"] == "endpoint"],
                "metrics": {
                    "nat_gateways": [row for thing in things if thing["kind"] == "nat" for row in self.nat_metrics(thing)],
                    "endpoints": [
                        {"vpc_endpoint_id": thing["id"], "vpc_id": f"vpc-{region}", "endpoint_type": "Interface",
                         "service_name": f"com.amazonaws.{region}.{thing['service']}", "bytes_processed": thing["bytes"]}
                        for thing in things if thing["kind"] == "endpoint"
                    ],
                },
            })
        window = {"start": text(START), "end": text(END), "hours": HOURS}
        return {"schema": "natwise.snapshot/1", "generated_by": "make_bill.py", "window": window, "regions": regions}

    def nat_row(self, thing):
        born = START + timedelta(hours=thing["born"]) if thing["born"] else datetime(2025, 1, 1, tzinfo=timezone.utc)
        addresses = [
            {"allocation_id": f"eipalloc-{thing['id']}-{at}", "public_ip": f"192.0.2.{at + 1}"}
            | ({"availability_zone": zone} if thing["regional"] else {"network_interface_id": f"eni-{thing['id']}"})
            for at, zone in enumerate(thing["zones"])
        ]
        mode = "regional" if thing["regional"] else "zonal"
        place = {} if thing["regional"] else {"subnet_id": f"subnet-{thing['region']}a"}
        return {"nat_gateway_id": thing["id"], "vpc_id": f"vpc-{thing['region']}", "state": "available",
                "availability_mode": mode, "connectivity_type": "public", "create_time": text(born),
                "addresses": addresses, **place}

    def nat_metrics(self, thing):
        for zone, (sent, received) in thing["zones"].items():
            row = {"nat_gateway_id": thing["id"], "bytes_in_from_source": sent, "bytes_in_from_destination": received,
                   "bytes_out_to_destination": sent, "bytes_out_to_source": received,
                   "active_connection_count": [None if value is None else 1 for value in sent]}
            yield row | ({"availability_zone": zone} if thing["regional"] else {})

    def endpoint_row(self, thing):
        return {"vpc_endpoint_id": thing["id"], "endpoint_type": "Interface", "vpc_id": f"vpc-{thing['region']}",
                "service_name": f"com.amazonaws.{thing['region']}.{thing['service']}", "state": "available",
                "creation_timestamp": "2025-01-01T00:00:00Z", "owner_id": ACCOUNT, "requester_managed": False,
                "private_dns_enabled": True, "subnet_ids": [f"subnet-{zone}" for zone in thing["zones"]]}


# ── The bill ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def text(instant):
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def line(product, region, resource, start, quantity, account=ACCOUNT, hours=1, kind="Usage", **more):
    """A line of ours: what it costs follows from its price and its time."""
    unit, prices = PRICES[product]
    _, _, code, operation = TYPES[product]
    rate = Decimal(prices[region])
    cost = (rate * quantity).quantize(DIGITS)
    net = (cost * PAID).quantize(DIGITS) if start >= DISCOUNT_FROM else cost
    return {
        "account": account, "start": start, "end": start + timedelta(hours=hours), "kind": kind, "code": code,
        "product": product, "usage_type": usage_type(product, region), "operation": operation, "region": region,
        "resource": resource, "unit": unit, "quantity": quantity, "rate": rate, "cost": cost, "net": net, "list": cost,
        "tags": {}, **more,
    }


def arn(region, name, account=ACCOUNT):
    kind = {"nat": "natgateway", "vpce": "vpc-endpoint", "eni": "network-interface", "eipalloc": "elastic-ip"}
    return f"arn:aws:ec2:{region}:{account}:{kind[name.split('-')[0]]}/{name}"


def ours(world):
    """The lines of what there is, and of what only the bill knows."""
    for thing in world.things:
        region, name = thing["region"], thing["id"]
        if name == "nat-0c":
            # The scan sees it, the bill has only its address.
            yield line("address_hour", region, arn(region, f"eni-{name}"), START, Decimal(HOURS), hours=HOURS)
            continue
        for hour in range(thing["born"], HOURS):
            start = START + timedelta(hours=hour)
            if thing["kind"] == "endpoint":
                yield line("endpoint_hour", region, arn(region, name), start, Decimal(len(thing["zones"])))
                count = thing["bytes"][hour]
                if count:
                    yield line("endpoint_gb", region, arn(region, name), start, gigabytes(count, Decimal("1.004")))
                continue
            hour_of, data_of = ("regional_hour", "regional_gb") if thing["regional"] else ("nat_hour", "nat_gb")
            yield line(hour_of, region, arn(region, name), start, Decimal(len(thing["zones"])))
            count = sum(sent[hour] + received[hour] for sent, received in thing["zones"].values())
            if count:
                # AWS counts some per mille more than CloudWatch shows.
                yield line(data_of, region, arn(region, name), start, gigabytes(count, Decimal("1.0013")))
        if thing["kind"] == "nat":
            for at, _ in enumerate(thing["zones"]):
                name_of = f"eipalloc-{name}-{at}" if thing["regional"] else f"eni-{name}"
                start = START + timedelta(hours=thing["born"])
                hours = HOURS - thing["born"]
                yield line("address_hour", region, arn(region, name_of), start, Decimal(hours), hours=hours)
    for hour in range(40):
        start = START + timedelta(hours=hour)
        yield line("nat_hour", "us-east-1", arn("us-east-1", "nat-0gone"), start, Decimal(1))
        yield line("nat_gb", "us-east-1", arn("us-east-1", "nat-0gone"), start, Decimal("12.3456789012").quantize(DIGITS))
        yield line("nat_hour", "ap-south-1", arn("ap-south-1", "nat-0far"), start, Decimal(1))
        yield line("nat_gb", "eu-west-1", arn("eu-west-1", "nat-0other", OTHER), start, Decimal("7.25"), account=OTHER)
    for at in range(50):
        # Addresses of machines, by the day.
        start = START + timedelta(days=at % 31)
        yield line("address_hour", "us-east-1", arn("us-east-1", f"eni-0machine{at}"), start, Decimal(24), hours=24)
    # What was counted too much is taken back by a line of a negative quantity.
    yield line("nat_gb", "us-east-1", arn("us-east-1", "nat-0a"), START + timedelta(days=3), Decimal("-1.5"))


def gigabytes(count, factor):
    return (Decimal(count) * factor / GIB).quantize(DIGITS)


def others_of_ours():
    """Lines of our usage types that are no usage."""
    for kind, cost, days in (
        ("Tax", "19.37", 0), ("Tax", "3.01", 0), ("Credit", "-25.5", 4), ("Refund", "-4.125", 9), ("BundledDiscount", "-0.75", 11)
    ):
        region = "us-east-1"
        start = START + timedelta(days=days)
        cost = Decimal(cost)
        yield line("nat_gb", region, "", start, Decimal(1), kind=kind) | {"cost": cost, "net": cost, "list": Decimal(0)}


SERVICES = [
    ("AmazonEC2", "BoxUsage:m5.large", "RunInstances", "Hrs", "instance/i-"),
    ("AmazonEC2", "EBS:VolumeUsage.gp3", "CreateVolume-Gp3", "GB-Mo", "volume/vol-"),
    ("AmazonEC2", "DataTransfer-Out-Bytes", "RunInstances", "GB", "instance/i-"),
    ("AmazonS3", "Requests-Tier2", "GetObject", "Requests", "bucket-"),
    ("AmazonS3", "TimedStorage-ByteHrs", "StandardStorage", "GB-Mo", "bucket-"),
    ("AWSLambda", "Lambda-GB-Second", "Invoke", "Second", "function:job-"),
    ("AmazonCloudWatch", "CW:Requests", "GetMetricData", "Metrics", ""),
    ("AmazonRDS", "InstanceUsage:db.r6g.large", "CreateDBInstance:0014", "Hrs", "db:main-"),
    ("AWSKMS", "KMS-Requests", "Decrypt", "Requests", "key/"),
    ("AmazonVPC", "VpcEndpoint-Prefix-Things", "Other", "GB", ""),
]
TAGS = [{}, {"team": "payments, cards"}, {"team": 'the "A" team', "env": "prod"}, {"note": "two\nlines, with \"quotes\""}]


def bulk(seed, lines):
    """Lines of other services."""
    rng = random.Random(seed)
    regions = list(PREFIX)
    for _ in range(lines):
        code, name, operation, unit, resource = SERVICES[rng.randrange(len(SERVICES))]
        region = regions[rng.randrange(4)]
        account = ACCOUNT if rng.random() < 0.7 else OTHER
        start = START + timedelta(hours=rng.randrange(HOURS))
        cost = Decimal(rng.randrange(10**9)) * DIGITS
        yield {
            "account": account, "start": start, "end": start + timedelta(hours=1), "kind": "Usage", "code": code,
            "product": None, "usage_type": name if region == "us-east-1" else f"{PREFIX[region]}-{name}",
            "operation": operation, "region": region, "unit": unit, "rate": Decimal("0.1"),
            "resource": f"arn:aws:x:{region}:{account}:{resource}{rng.getrandbits(64):016x}" if resource else "",
            "quantity": Decimal(rng.randrange(10**12)) * DIGITS, "cost": cost, "net": cost, "list": cost,
            "tags": TAGS[rng.randrange(len(TAGS))],
        }


# ── Its forms ─────────────────────────────────────────────────────────────────────────────────────────────────────────

TIME, NUMBER, WORDS, MAP = "time", "number", "words", "map"
CATEGORY = {"Usage": "Usage", "Tax": "Tax", "Credit": "Credit", "Refund": "Credit", "BundledDiscount": "Credit"}


def none(_):
    return None


def cur_columns(name, product_map):
    """The columns of a Cost and Usage Report; `name` writes those of a group as the form does."""
    def of(group, field, kind, value):
        return name(group, field), kind, value

    columns = [
        of("identity", "LineItemId", WORDS, lambda row: f"{zlib.crc32((text(row['start']) + row['resource']).encode()):052x}"),
        of("identity", "TimeInterval", WORDS, lambda row: f"{text(row['start'])}/{text(row['end'])}"),
        of("bill", "InvoiceId", WORDS, none),
        of("bill", "BillingEntity", WORDS, lambda row: "AWS"),
        of("bill", "BillType", WORDS, lambda row: "Anniversary"),
        of("bill", "PayerAccountId", WORDS, lambda row: PAYER),
        of("bill", "BillingPeriodStartDate", TIME, lambda row: START),
        of("bill", "BillingPeriodEndDate", TIME, lambda row: END),
        of("lineItem", "UsageAccountId", WORDS, lambda row: row["account"]),
        of("lineItem", "LineItemType", WORDS, lambda row: row["kind"]),
        of("lineItem", "UsageStartDate", TIME, lambda row: row["start"]),
        of("lineItem", "UsageEndDate", TIME, lambda row: row["end"]),
        of("lineItem", "ProductCode", WORDS, lambda row: row["code"]),
        of("lineItem", "UsageType", WORDS, lambda row: row["usage_type"]),
        of("lineItem", "Operation", WORDS, lambda row: row["operation"]),
        of("lineItem", "AvailabilityZone", WORDS, none),
        of("lineItem", "ResourceId", WORDS, lambda row: row["resource"]),
        of("lineItem", "UsageAmount", NUMBER, lambda row: row["quantity"]),
        of("lineItem", "NormalizationFactor", NUMBER, none),
        of("lineItem", "CurrencyCode", WORDS, lambda row: "USD"),
        of("lineItem", "UnblendedRate", WORDS, lambda row: str(row["rate"])),
        of("lineItem", "UnblendedCost", NUMBER, lambda row: row["cost"]),
        of("lineItem", "BlendedRate", WORDS, lambda row: str(row["rate"])),
        of("lineItem", "BlendedCost", NUMBER, lambda row: row["cost"]),
        of("lineItem", "LineItemDescription", WORDS,
           lambda row: f"${row['rate']} per {row['unit']} of {row['usage_type']}, by the \"list\""),
        of("lineItem", "LegalEntity", WORDS, lambda row: "Amazon Web Services, Inc."),
        of("pricing", "unit", WORDS, lambda row: row["unit"]),
        of("pricing", "publicOnDemandCost", NUMBER, lambda row: row["list"]),
        of("pricing", "publicOnDemandRate", WORDS, lambda row: str(row["rate"])),
        of("pricing", "term", WORDS, lambda row: "OnDemand"),
        of("reservation", "EffectiveCost", NUMBER, none),
        of("savingsPlan", "SavingsPlanEffectiveCost", NUMBER, none),
    ]
    if product_map:
        columns += [
            of("lineItem", "NetUnblendedCost", NUMBER, lambda row: row["net"]),
            of("lineItem", "UsageAccountName", WORDS, lambda row: "Example, Corp"),
            of("product", "", MAP, lambda row: {"region": row["region"], "product_name": row["code"]}),
            of("product", "RegionCode", WORDS, lambda row: row["region"]),
            of("resourceTags", "", MAP, lambda row: row["tags"]),
        ]
        fillers = 60
    else:
        columns += [
            of("product", "ProductName", WORDS, lambda row: row["code"]),
            of("product", "region", WORDS, lambda row: row["region"]),
            of("product", "usagetype", WORDS, lambda row: row["usage_type"]),
            of("resourceTags", "user:team", WORDS, lambda row: row["tags"].get("team")),
            of("resourceTags", "user:note", WORDS, lambda row: row["tags"].get("note")),
        ]
        fillers = 90
    # As many columns as a report has, of which a line fills few.
    return columns + [of("product", f"attribute{at}", WORDS, none) for at in range(fillers)]


def snake(group, field):
    words = "".join(f"_{c.lower()}" if c.isupper() else c for c in f"{group}/{field}")
    return words.replace("/_", "_").replace("/", "_").replace(":", "_").strip("_").replace("__", "_")


def focus_columns(version):
    columns = [
        ("AvailabilityZone", WORDS, none),
        ("BilledCost", NUMBER, lambda row: row["net"]),
        ("BillingAccountId", WORDS, lambda row: PAYER),
        ("BillingCurrency", WORDS, lambda row: "USD"),
        ("BillingPeriodEnd", TIME, lambda row: END),
        ("BillingPeriodStart", TIME, lambda row: START),
        ("ChargeCategory", WORDS, lambda row: CATEGORY[row["kind"]]),
        ("ChargeClass", WORDS, lambda row: "Correction" if row["kind"] == "Refund" else None),
        ("ChargeDescription", WORDS, lambda row: f"{row['usage_type']}, \"{row['operation']}\""),
        ("ChargePeriodEnd", TIME, lambda row: row["end"]),
        ("ChargePeriodStart", TIME, lambda row: row["start"]),
        ("ConsumedQuantity", NUMBER, lambda row: row["quantity"] if row["kind"] == "Usage" else None),
        ("ConsumedUnit", WORDS, lambda row: row["unit"]),
        ("ContractedCost", NUMBER, lambda row: row["net"]),
        ("EffectiveCost", NUMBER, lambda row: row["net"]),
        ("ListCost", NUMBER, lambda row: row["list"]),
        ("ListUnitPrice", NUMBER, lambda row: row["rate"]),
        ("PricingQuantity", NUMBER, lambda row: row["quantity"]),
        ("PricingUnit", WORDS, lambda row: row["unit"]),
        ("ProviderName", WORDS, lambda row: "AWS"),
        ("RegionId", WORDS, lambda row: row["region"]),
        ("ResourceId", WORDS, lambda row: row["resource"]),
        ("ServiceName", WORDS, lambda row: row["code"]),
        ("SkuId", WORDS, none),
        ("SubAccountId", WORDS, lambda row: row["account"]),
        ("Tags", MAP, lambda row: row["tags"]),
        ("x_Operation", WORDS, lambda row: row["operation"]),
        ("x_ServiceCode", WORDS, lambda row: row["code"]),
    ]
    meter = ("x_UsageType" if version == "1.0" else "SkuMeter", WORDS, lambda row: row["usage_type"])
    return [*columns, meter, *((f"x_Filler{at}", WORDS, none) for at in range(10))]


FORMS = {
    "cur2": cur_columns(snake, True),
    "legacy": cur_columns(lambda group, field: f"{group}/{field}", False),
    "focus10": focus_columns("1.0"),
    "focus12": focus_columns("1.2"),
}


def in_form(form, rows):
    """The lines as a form has them: a legacy report has no net costs here, but its discounts on lines of their own."""
    discounts = {}
    for row in rows:
        yield row
        if form == "legacy" and row["kind"] == "Usage" and row["net"] != row["cost"]:
            key = row["account"], row["product"], row["region"], row["resource"]
            before = discounts.setdefault(key, [row, Decimal(0)])
            before[1] += row["net"] - row["cost"]
    for row, cost in discounts.values():
        more = {"kind": "EdpDiscount", "quantity": Decimal(1), "cost": cost, "net": cost, "list": Decimal(0)}
        yield row | more | {"start": START, "end": END}


def cell(kind, value):
    if value is None or value == "":
        return ""
    if kind == TIME:
        return text(value)
    if kind == MAP:
        return json.dumps(value) if value else "{}"
    # As AWS writes them: never in scientific notation, but for legacy's smallest, which natwise must read too.
    return format(value, "f") if kind == NUMBER else value


def write_text(file, columns, rows):
    out = csv.writer(file, lineterminator="\n")
    out.writerow(name for name, _, _ in columns)
    for row in rows:
        out.writerow([cell(kind, value(row)) for _, kind, value in columns])


def write_parquet(path, columns, rows, codec="snappy", rows_at_once=100_000):
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {TIME: pa.timestamp("ms", "UTC"), NUMBER: pa.float64(), WORDS: pa.string(), MAP: pa.map_(pa.string(), pa.string())}
    # Parquet's reports have underscores, whichever they are.
    names = [name if "/" not in name else snake(*name.split("/", 1)) for name, _, _ in columns]
    schema = pa.schema([(name, types[kind]) for name, (_, kind, _) in zip(names, columns)])

    def plain(kind, value):
        if value is None or value == "":
            return None
        return float(value) if kind == NUMBER else list(value.items()) if kind == MAP else value

    with pq.ParquetWriter(path, schema, compression=codec) as writer:
        rows, left = iter(rows), True
        while left:
            group = [row for _, row in zip(range(rows_at_once), rows)]
            left = len(group) == rows_at_once
            arrays = [
                pa.array([plain(kind, value(row)) for row in group], types[kind]) for _, kind, value in columns
            ]
            writer.write_table(pa.table(arrays, schema=schema))


def write(folder, form, kind, rows, parts):
    """Writes a form's files; the lines are dealt to them in turn."""
    folder.mkdir(parents=True, exist_ok=True)
    columns = FORMS[form]
    rows = list(in_form(form, rows))
    for part in range(parts):
        mine = rows[part::parts]
        if kind == "parquet":
            write_parquet(folder / f"bill-{part}.snappy.parquet", columns, mine, "snappy" if part % 2 else "gzip")
            continue
        content = io.StringIO()
        write_text(content, columns, mine)
        data = content.getvalue().encode()
        if kind == "gz":
            (folder / f"bill-{part}.csv.gz").write_bytes(gzip.compress(data, 6))
        else:
            (folder / f"bill-{part}.csv").write_bytes(data)


# ── The truth ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def computed(world):
    """What CloudWatch's bytes and the hours come to, by Region, usage type and resource."""
    sums = {}

    def add(product, thing, quantity):
        key = thing["region"], usage_type(product, thing["region"]), thing["id"]
        sums[key] = sums.get(key, Fraction(0)) + quantity

    for thing in world.things:
        hours = HOURS - thing["born"]
        if thing["kind"] == "endpoint":
            add("endpoint_hour", thing, Fraction(hours * len(thing["zones"])))
            add("endpoint_gb", thing, Fraction(sum(filter(None, thing["bytes"])), GIB))
            continue
        count = sum(sum(filter(None, series)) for pair in thing["zones"].values() for series in pair)
        regional = thing["regional"]
        add("regional_hour" if regional else "nat_hour", thing, Fraction(hours * len(thing["zones"])))
        add("regional_gb" if regional else "nat_gb", thing, Fraction(count, GIB))
        add("address_hour", thing, Fraction(hours * len(thing["zones"])))
    return {key: value for key, value in sums.items() if value}


def truth(world, rows):
    usage = [row for row in rows if row["product"] and row["kind"] == "Usage"]
    resource = lambda row: row["resource"].rsplit("/", 1)[-1]
    owner = {f"eni-{t['id']}": t["id"] for t in world.things if t["kind"] == "nat"}
    owner |= {f"eipalloc-{t['id']}-{at}": t["id"] for t in world.things if t["kind"] == "nat" for at in range(3)}
    scanned = {thing["region"] for thing in world.things}
    by_type, by_resource, elsewhere, rates = {}, {}, {}, {}

    def add(sums, key, row):
        quantity, cost, listed = sums.get(key, (Fraction(0),) * 3)
        sums[key] = quantity + Fraction(row["quantity"]), cost + Fraction(row["net"]), listed + Fraction(row["list"])

    for row in usage:
        add(rates, (row["region"], row["usage_type"]), row)
        if row["account"] != ACCOUNT or row["region"] not in scanned:
            if row["product"] != "address_hour":
                add(elsewhere, (row["account"], row["region"], row["usage_type"]), row)
            continue
        add(by_type, (row["region"], row["usage_type"]), row)
        name = owner.get(resource(row), resource(row))
        if row["product"] != "address_hour" or name != resource(row):
            add(by_resource, (row["region"], row["usage_type"], name), row)
    by_scan = computed(world)
    types = {}
    for (region, name, _), quantity in by_scan.items():
        types[region, name] = types.get((region, name), Fraction(0)) + quantity
    number = lambda value: None if value is None else str(round(Decimal(value.numerator) / Decimal(value.denominator), 12))

    def compare(keys, billed, known, is_comparable):
        for key in sorted(keys):
            quantity, cost, _ = billed.get(key, (None,) * 3)
            of_scan = known.get(key)
            ratio = quantity / of_scan if quantity is not None and of_scan and is_comparable(key) else None
            yield {
                "key": list(key), "billed_quantity": number(quantity), "computed_quantity": number(of_scan),
                "ratio": number(ratio), "effective_cost": number(cost),
                "seen": "scan" if quantity is None else "bill" if of_scan is None else "both",
            }

    address = lambda key: "PublicIPv4" in key[1]
    others = {}
    for row in rows:
        if row["product"] and row["kind"] != "Usage":
            lines, cost = others.get(row["kind"], (0, Fraction(0)))
            others[row["kind"]] = lines + 1, cost + Fraction(row["net"])
    return {
        "usage": list(compare(by_type.keys() | types.keys(), by_type, types, lambda key: not address(key))),
        "resources": list(compare(by_resource.keys() | by_scan.keys(), by_resource, by_scan, lambda key: True)),
        "not_scanned": [
            {"key": list(key), "billed_quantity": number(quantity), "effective_cost": number(cost)}
            for key, (quantity, cost, _) in sorted(elsewhere.items())
        ],
        "rates": [
            {"key": list(key), "effective_rate": number(cost / quantity), "list_rate": number(listed / quantity),
             "discount": number(1 - cost / listed)}
            for key, (quantity, cost, listed) in sorted(rates.items())
        ],
        "other_lines": {kind: {"lines": lines, "cost": number(cost)} for kind, (lines, cost) in others.items()},
        "lines": len(rows), "ours": len([row for row in rows if row["product"]]),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--forms", default=",".join(FORMS))
    parser.add_argument("--files", default="csv,gz,parquet")
    parser.add_argument("--parts", type=int, default=2, help="files of each")
    parser.add_argument("--bulk", type=int, default=20_000, help="lines of other services")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    world = World(arguments.seed)
    rows = [*ours(world), *others_of_ours(), *bulk(arguments.seed, arguments.bulk)]
    random.Random(arguments.seed).shuffle(rows)
    arguments.folder.mkdir(parents=True, exist_ok=True)
    (arguments.folder / "snapshot.json").write_text(json.dumps(world.snapshot()))
    (arguments.folder / "truth.json").write_text(json.dumps(truth(world, rows), indent=1))
    for form in arguments.forms.split(","):
        for kind in arguments.files.split(","):
            write(arguments.folder / form / kind, form, kind, rows, arguments.parts)


if __name__ == "__main__":
    main()
