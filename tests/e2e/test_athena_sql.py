"""Flow logs as a table of Athena: the statement, run by another engine over the same logs, comes to the same figures as
natwise does with the files, to the byte, through the real program and the wire protocol."""

import gzip
import json
import signal
import subprocess

import pytest
import sqlglot

from athena import TEXT, Athena, Table, transpile, wait_for
from conftest import CLEAN, NATWISE, Runs
from test_flow_logs import generate

DAY = ("--from", "2026-01-05T00:00Z", "--to", "2026-01-06T00:00Z")
V2 = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
PLACE = "AWSLogs/123456789012/vpcflowlogs/us-east-1/2026/01/05"
# What the statement cannot tell, as it does not look at other interfaces' records, or depends on the engine.
NOT_TOLD = ("files", "records", "other_interfaces", "malformed", "nodata")


@pytest.fixture
def athena():
    fake = Athena()
    yield fake
    fake.close()


@pytest.fixture
def asking(home, athena):
    return Runs(home, athena.environment)


def files(folder):
    return sorted(file for file in folder.rglob("*") if file.is_file() and "vpcflowlogs" in file.name)


def day_of(path):
    return path.split("/us-east-1/")[1].rsplit("/", 1)[0]


PROJECTED = {
    "partitions": {"region": ("string", lambda path: "us-east-1"), "day": ("string", day_of)},
    "parameters": {
        "storage.location.template": "s3://logs/AWSLogs/123456789012/vpcflowlogs/${region}/${day}",
        "projection.enabled": "true",
        "projection.day.type": "date",
        "projection.day.format": "yyyy/MM/dd",
        "projection.region.type": "enum",
        "projection.region.values": "us-east-1,eu-west-1",
    },
}


def both(natwise, asking, athena, folder, table, *options, exact=()):
    """The same question to the files and to the table; the answers."""
    athena.tables["flow"] = table
    local = natwise.json("attribute", folder, "--top", "0", *options)
    remote = asking.json("attribute", "athena:logs.flow", "--top", "0", *options)
    for answer in (local, remote):
        answer.pop("accounts", None)
        answer.pop("faults")
        answer.pop("other_files", None)
        kept = answer["statistics"]
        for name in NOT_TOLD:
            if name not in exact:
                kept.pop(name)
    return local, remote


@pytest.mark.parametrize(
    "options",
    [
        ("--format", "v5"),
        ("--format", "v2"),
        ("--format", "v5", "--malformed", "0.002"),
        ("--format", "v2", "--malformed", "0.002"),
        ("--format", "v5", "--dup-flow-log"),
        ("--format", "v5", "--out-format", "parquet"),
        ("--format", "v2", "--out-format", "parquet"),
    ],
    ids=lambda options: "-".join(option.strip("-") for option in options),
)
def test_a_table_tells_what_its_files_tell(natwise, asking, athena, tmp_path, options):
    _, gateways = generate(tmp_path / "logs", *options)
    found = files(tmp_path / "logs")
    with (gzip.open(found[0], "rt") if found[0].suffix == ".gz" else open(found[0], "rb")) as file:
        fields = file.readline().split() if found[0].suffix == ".gz" else None
    table = Table(found, fields, **PROJECTED)
    windows = (DAY, ("--from", "2026-01-05T00:00Z", "--to", "2026-01-05T01:00Z"))
    for window in windows:
        gateways = [word for word in gateways if word not in ("--top", "0")]
        local, remote = both(natwise, asking, athena, tmp_path / "logs" / "AWSLogs", table, *gateways, *window)
        assert remote == local
        assert local["flows"] and sum(flow["bytes"] for flow in local["flows"]) > 1_000_000
        assert ("--dup-flow-log" in options) == (local["statistics"]["duplicates"] > 0)
    assert athena.asked("StartQueryExecution")[0]["QueryExecutionContext"] == {"Catalog": "AwsDataCatalog", "Database": "logs"}


def write(folder, fields, lines, log="fl-0a1b2c3d", number=0):
    place = folder / PLACE
    place.mkdir(parents=True, exist_ok=True)
    file = place / f"123456789012_vpcflowlogs_us-east-1_{log}_20260105T0000Z_{number:08x}.log.gz"
    with gzip.open(file, "wt") as out:
        out.write("\n".join([fields, *lines]) + "\n")
    return file


# 2026-01-05T00:00Z
NOON = 1767571200
EXACT = ("malformed", "nodata")


def test_awss_own_rows(natwise, asking, athena, tmp_path):
    fields = "instance-id interface-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr bytes start end action log-status"
    rows = [
        ("10.0.1.5 10.0.0.220 10.0.1.5 203.0.113.5", 1001),
        ("10.0.0.220 203.0.113.5 10.0.0.220 203.0.113.5", 1001),
        ("203.0.113.5 10.0.0.220 203.0.113.5 10.0.0.220", 70007),
        ("10.0.0.220 10.0.1.5 203.0.113.5 10.0.1.5", 70007),
    ]
    lines = [f"- eni-1235b8ca123456789 {ends} {size} {NOON + 60} {NOON + 119} ACCEPT OK" for ends, size in rows]
    lines.append(f"i-0 eni-1111aaaa2222bbbb3 10.0.1.5 203.0.113.5 10.0.1.5 203.0.113.5 5 {NOON} {NOON + 9} ACCEPT OK")
    lines.append(f"- eni-1235b8ca123456789 - - - - - {NOON} {NOON + 58} - NODATA")
    lines.append(f"- eni-1235b8ca123456789 - - - - - {NOON} {NOON + 58} - SKIPDATA")
    lines.append(f"- eni-1235b8ca123456789 10.0.1.5 10.0.0.220 10.0.1.5 1.1.1.1 77 {NOON} {NOON + 58} REJECT OK")
    table = Table([write(tmp_path, fields, lines)], fields.split(), **PROJECTED)
    for nat in ("eni-1235b8ca123456789=10.0.0.220", "eni-1235b8ca123456789"):
        local, remote = both(natwise, asking, athena, tmp_path, table, "--nat", nat, *DAY, exact=EXACT)
        assert remote == local
        [gateway] = remote["gateways"]
        assert (gateway["upload"], gateway["download"], gateway["skipdata"]) == (1001, 70007, 1)
        told = remote["statistics"]
        assert (told["rejected"], told["nodata"], told["skipdata"], told["other_legs"], told["counted"]) == (1, 1, 1, 2, 2)


def test_a_regional_gateways_rows(natwise, asking, athena, tmp_path):
    fields = "resource-id instance-id interface-id subnet-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr bytes start end action log-status"
    ends = [
        ("10.0.1.5 203.0.113.5 10.0.1.5 203.0.113.5", 11),
        ("107.22.182.139 203.0.113.5 107.22.182.139 203.0.113.5", 11),
        ("203.0.113.5 107.22.182.139 203.0.113.5 107.22.182.139", 500),
        ("203.0.113.5 10.0.1.5 203.0.113.5 10.0.1.5", 500),
        ("2600:1f18::5 64:ff9b::cb00:7105 2600:1f18::5 64:ff9b::cb00:7105", 3),
        ("64:ff9b::cb00:7105 2600:1f18::5 64:ff9b::cb00:7105 2600:1f18::5", 9),
    ]
    lines = [f"nat-1234567890abcdef - - - {pair} {size} {NOON} {NOON + 59} ACCEPT OK" for pair, size in ends]
    lines.append(f"nat-other - - - {ends[0][0]} 999 {NOON} {NOON + 59} ACCEPT OK")
    table = Table([write(tmp_path, fields, lines)], fields.split(), **PROJECTED)
    for nat in ("nat-1234567890abcdef=107.22.182.139", "nat-1234567890abcdef"):
        local, remote = both(natwise, asking, athena, tmp_path, table, "--nat", nat, *DAY, exact=EXACT)
        assert remote == local
        [gateway] = remote["gateways"]
        assert (gateway["upload"], gateway["download"]) == (14, 509)
        assert remote["statistics"]["other_legs"] == 2


def test_records_across_hours_and_windows(natwise, asking, athena, tmp_path):
    """Bytes that no number of seconds divides, up to the largest that records may have."""
    fields = "interface-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr bytes start end action log-status"
    lines = []
    for number, size in enumerate((1, 7, 1000003, 999999999999999999, 123456789012345678, 1000000000000000000)):
        for start, end in (
            (NOON - 100, NOON + 200),
            (NOON + 3500, NOON + 3700),
            (NOON + 3599, NOON + 3600),
            (NOON + 7200, NOON + 7200),
            (NOON - 86000, NOON + 400),
            (NOON + 3000, NOON + 3000 + 86400),
            (NOON + 3000, NOON + 3000 + 86401),
            (NOON + 9000, NOON + 8999),
            (NOON - 3600, NOON),
            (NOON + 10800, NOON + 10900),
            (NOON + 10700, NOON + 10800),
        ):
            lines.append(f"eni-1 10.0.1.{number} 10.0.0.220 10.0.1.{number} 1.1.1.{number} {size} {start} {end} ACCEPT OK")
    table = Table([write(tmp_path, fields, lines)], fields.split(), **PROJECTED)
    window = ("--from", "2026-01-05T00:00Z", "--to", "2026-01-05T03:00Z")
    for options in (window, ("--from", "2026-01-05T01:00Z", "--to", "2026-01-05T02:00Z"), DAY):
        local, remote = both(natwise, asking, athena, tmp_path, table, "--nat", "eni-1=10.0.0.220", *options, exact=EXACT)
        assert remote == local
        assert remote["statistics"]["malformed"] > 0 and remote["gateways"][0]["hours"] > 0
        if options != DAY:
            assert remote["statistics"]["outside_window"] > 0


def test_secondary_addresses_and_every_leg_there_is(natwise, asking, athena, tmp_path):
    """All pairs of telling addresses, with and without the packets' own, against gateways of every kind."""
    pool = ["10.0.1.5", "10.0.0.220", "10.0.0.221", "203.0.113.5", "8.8.8.8", "2600:1f18::5", "64:ff9b::808:808", "fd00::1"]
    fields = "interface-id resource-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr bytes start end action log-status"
    lines, size = [], 1
    for who in ("eni-1 -", "eni-2 -", "eni-3 nat-zonal", "- nat-1", "- nat-2"):
        for source in pool:
            for destination in pool:
                packets = [(a, b) for a in pool for b in pool] if who != "- nat-2" else [(source, destination)]
                for a, b in [*packets, ("-", "-"), (source, "-"), ("-", destination), ("not", "an-address")]:
                    size += 1
                    lines.append(f"{who} {source} {destination} {a} {b} {size} {NOON + size % 3000} {NOON + size % 3000 + 59} ACCEPT OK")
    table = Table([write(tmp_path, fields, lines)], fields.split(), **PROJECTED)
    nats = ("eni-1=10.0.0.220,10.0.0.221", "eni-2=10.0.0.220", "eni-3", "nat-1=203.0.113.5", "nat-2")
    nats = [word for nat in nats for word in ("--nat", nat)]
    for clients in ((), ("--client-cidr", "10.0.0.0/16", "--client-cidr", "2600:1f18::/56"), ("--client-cidr", "8.0.0.0/7")):
        local, remote = both(natwise, asking, athena, tmp_path, table, *nats, *clients, *DAY, exact=EXACT)
        assert remote == local
        assert remote["statistics"]["counted"] > 1000 and remote["statistics"]["malformed"] > 300


def test_addresses_are_read_alike(natwise, asking, athena, tmp_path):
    odd = (
        "1.2.3.4 01.2.3.4 1.2.3 1.2.3.4.5 1.2.3.256 1.2.3.4. :: ::1 1:: 1::2 1:2:3:4:5:6:7:8 1:2:3:4:5:6:7:: ::2:3:4:5:6:7:8 "
        "1::3:4:5:6:7:8 1:2:3:4:5:6:7 1:2:3:4:5:6:7:8:9 1::2::3 :1:2:3:4:5:6:7 12345::1 g::1 FD00::A fd00:0:0:0:0:0:0:000a "
        "fd12:3456:789a:1::1 fe80::1 fc00:: fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 64:ff9b:0:0:0:0:1.2.3 64:FF9B:0::0102:0304 64:ff9b:0:0:1::"
    ).split()
    fields = "interface-id srcaddr dstaddr bytes start end action log-status"
    lines = []
    for number, address in enumerate(odd):
        size = 1 << number
        lines.append(f"eni-1 10.0.0.220 {address} {size} {NOON} {NOON + 59} ACCEPT OK")
        lines.append(f"eni-2 10.0.1.1 {address} {size} {NOON} {NOON + 59} ACCEPT OK")
    table = Table([write(tmp_path, fields, lines)], fields.split(), **PROJECTED)
    nats = ("--nat", "eni-1=10.0.0.220", "--nat", "eni-2")
    local, remote = both(natwise, asking, athena, tmp_path, table, *nats, *DAY, exact=EXACT)
    assert remote == local
    assert 10 < remote["statistics"]["malformed"] < 40


def test_lines_that_are_none(natwise, asking, athena, tmp_path):
    good = f"2 123456789012 eni-1 10.0.0.220 1.1.1.1 1 2 6 1 1000 {NOON} {NOON + 59} ACCEPT OK"
    words = good.split()
    change = lambda index, word: " ".join([*words[:index], word, *words[index + 1 :]])
    lines = [good, *[" ".join(words[:count]) for count in range(3, 14)]]
    lines += [change(index, word) for index in (9, 10, 11) for word in ("-", "x", "-5", "1" * 19, "1" * 18, "007")]
    lines += [change(index, word) for index in (12, 13) for word in ("-", "ok", "REJECT", "NODATA", "SKIPDATA", "ACCEPT")]
    lines += [change(3, ""), change(12, ""), change(13, ""), change(0, "5")]
    table = Table([write(tmp_path, V2, lines)], V2.split(), **PROJECTED)
    local, remote = both(natwise, asking, athena, tmp_path, table, "--nat", "eni-1=10.0.0.220", *DAY, exact=EXACT)
    assert remote == local


def test_hours_that_tell_clients_only_have_no_bytes(natwise, asking, athena, tmp_path):
    lines = [
        f"2 123456789012 eni-1 {ends} 1 2 6 1 1000 {NOON + hour * 3600} {NOON + hour * 3600 + 59} ACCEPT OK"
        for hour, ends in ((3, "10.0.0.220 1.1.1.1"), (3, "10.0.1.5 10.0.0.220"), (7, "10.0.1.5 10.0.0.220"))
    ]
    table = Table([write(tmp_path, V2, lines)], V2.split(), **PROJECTED)
    local, remote = both(natwise, asking, athena, tmp_path, table, "--nat", "eni-1=10.0.0.220", *DAY, exact=EXACT)
    assert remote == local
    assert (remote["gateways"][0]["hours"], remote["gateways"][0]["upload"]) == (1, 1000)


def test_two_flow_logs_of_one_gateway_count_once(natwise, asking, athena, tmp_path):
    line = f"2 123456789012 eni-1 10.0.0.220 1.1.1.1 1 2 6 1 1000 {NOON} {NOON + 59} ACCEPT OK"
    found = [write(tmp_path, V2, [line, line], log="fl-1"), write(tmp_path, V2, [line], log="fl-2", number=1)]
    table = Table(found, V2.split(), **PROJECTED)
    local, remote = both(natwise, asking, athena, tmp_path, table, "--nat", "eni-1=10.0.0.220", *DAY, exact=EXACT)
    assert remote == local
    assert remote["gateways"][0]["flow_logs"] == {"fl-1": 0, "fl-2": 1}


def test_two_flow_logs_that_share_some_hours(natwise, asking, athena, tmp_path):
    """The one with less is left out where both have records, and only there; that takes a second question, by hour."""
    line = lambda hour, size: f"2 123456789012 eni-1 10.0.0.220 1.1.1.1 1 2 6 1 {size} {NOON + hour * 3600} {NOON + hour * 3600 + 59} ACCEPT OK"
    first = write(tmp_path, V2, [line(hour, 1000 + hour) for hour in range(0, 6)], log="fl-1")
    second = write(tmp_path, V2, [line(hour, 7 + hour) for hour in range(4, 9)], log="fl-2", number=1)
    table = Table([first, second], V2.split(), **PROJECTED)
    local, remote = both(natwise, asking, athena, tmp_path, table, "--nat", "eni-1=10.0.0.220", *DAY, exact=EXACT)
    assert remote == local
    [gateway] = remote["gateways"]
    assert (gateway["flow_logs"], gateway["hours"]) == ({"fl-1": 0, "fl-2": 2}, 9)
    assert gateway["upload"] == sum(1000 + hour for hour in range(6)) + 13 + 14 + 15
    assert len(athena.asked("StartQueryExecution")) == 2


def test_names_by_dns_are_those_of_the_hour(natwise, asking, athena, tmp_path):
    lines = [
        f"2 123456789012 eni-1 10.0.0.220 3.5.0.{n % 3} 1 2 6 1 {1000 + n} {NOON + n * 1700} {NOON + n * 1700 + 600} ACCEPT OK" for n in range(40)
    ]
    table = Table([write(tmp_path / "logs", V2, lines)], V2.split(), **PROJECTED)
    queries = tmp_path / "queries.log"
    rows = []
    for hour, name in ((0, "sqs"), (5, "kms"), (9, "sqs"), (15, "logs")):
        answer = [{"Rdata": "3.5.0.1", "Type": "A", "Class": "IN"}]
        row = {"version": "1.100000", "account_id": "123456789012", "region": "us-east-1", "vpc_id": "vpc-1", "rcode": "NOERROR"}
        row |= {"query_timestamp": f"2026-01-05T{hour:02}:00:00Z", "query_name": f"{name}.us-east-1.amazonaws.com."}
        row |= {"query_type": "A", "query_class": "IN", "answers": answer, "srcaddr": "10.0.1.5", "srcport": "1", "transport": "UDP"}
        rows.append(json.dumps(row))
    queries.write_text("\n".join(rows))
    ranges = tmp_path / "ip-ranges.json"
    prefix = {"ip_prefix": "3.5.0.0/24", "region": "us-east-1", "service": "AMAZON", "network_border_group": "us-east-1"}
    document = {"syncToken": "1", "createDate": "2026-10-01-00-00-00", "ipv6_prefixes": [], "prefixes": [prefix]}
    ranges.write_text(json.dumps(document))
    options = ("--nat", "eni-1=10.0.0.220", "--resolver-logs", queries, "--ip-ranges", ranges)
    local, remote = both(natwise, asking, athena, tmp_path / "logs", table, *options, *DAY, exact=EXACT)
    assert {"sqs", "kms", "logs", "aws"} >= {flow["service"] for flow in local["flows"]} > {"sqs"}
    total = lambda answer: sum(flow["bytes"] for flow in answer["flows"])
    assert total(remote) == total(local) and remote["gateways"] == local["gateways"]
    # A record across an hour's end has its name by the hour of each part here, by its first hour in a file.
    shift = lambda answer: {flow["service"]: flow["bytes"] for flow in answer["flows"]}
    assert sum(abs(shift(remote)[name] - size) for name, size in shift(local).items()) <= 4 * 1040


def test_an_audit_of_a_table(natwise, asking, athena, tmp_path):
    """Region by Region, with a zonal and a regional gateway, whole or a sample of its hours."""
    account = json.loads((NATWISE.parent.parent.parent / "src" / "demo" / "account.json").read_text())
    snapshot = tmp_path / "snapshot.json"
    snapshot.write_text(json.dumps(account))
    october = 1790812800
    fields = "resource-id interface-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr bytes start end action log-status"
    lines = []
    for hour in range(744):
        for minute in (0, 15, 55):
            second = october + hour * 3600 + minute * 60
            size = 1_000_000 + hour * 1009 + minute
            lines += [
                f"- eni-0436a069bcc1c9813 10.20.1.{hour % 200} 10.20.0.212 10.20.1.{hour % 200} 52.216.0.{hour % 9} {size} {second} {second + 599} ACCEPT OK",
                f"nat-05c98f5f1d7e4da50 - 203.0.113.131 8.8.8.8 203.0.113.131 8.8.8.8 {size} {second} {second + 59} ACCEPT OK",
                f"nat-05c98f5f1d7e4da50 - 8.8.8.8 10.40.1.9 8.8.8.8 10.40.1.9 {size} {second} {second + 59} ACCEPT OK",
            ]
    log = write(tmp_path / "logs", fields, lines)
    athena.tables["flow"] = Table([log], fields.split(), parameters={"location": "s3://logs/AWSLogs/"})
    for options in ((), ("--sample", "6h/day")):
        local = natwise.json("audit", "--snapshot", snapshot, "--flow-logs", tmp_path / "logs", *options)
        remote = asking.json("audit", "--snapshot", snapshot, "--flow-logs", "athena:logs.flow", *options)
        for answer in (local, remote):
            for name in ("statistics", "files", "accounts"):
                (answer["flow_logs"] or {}).pop(name, None)
        assert remote == local
        assert any(traffic["bytes"] for nat in remote["nat_gateways"] for traffic in nat["traffic"])


def test_names_of_older_guides_and_numbers_as_text(natwise, asking, athena, tmp_path):
    lines = [f"2 123456789012 eni-1 10.0.0.220 1.1.1.{n} 1 2 6 1 {n}000 {NOON} {NOON + 59} ACCEPT OK" for n in range(9)]
    names = "version account interfaceid SourceAddress destinationaddress sourceport destinationport protocol numpackets numbytes starttime endtime action logstatus"
    kinds = {"numbytes": "string", "starttime": "string", "endtime": "int"}
    table = Table([write(tmp_path, V2, lines)], V2.split(), names=names.split(), kinds=kinds)
    table.parameters["location"] = "s3://logs/AWSLogs/"
    local, remote = both(natwise, asking, athena, tmp_path, table, "--nat", "eni-1=10.0.0.220", *DAY, exact=EXACT)
    assert remote == local and remote["gateways"][0]["upload"] == 36000


HIVE = "AWSLogs/aws-account-id=123456789012/aws-service=vpcflowlogs/aws-region=us-east-1/year=2026/month=01"


@pytest.mark.parametrize("number", [False, True], ids=["texts", "numbers"])
def test_hive_compatible_tables(natwise, asking, athena, tmp_path, number):
    found = []
    for day in range(1, 10):
        start = NOON + (day - 5) * 86400
        lines = [
            f"2 123456789012 eni-1 10.0.0.220 1.1.{n}.1 1 2 6 1 {1000 + n * day} {start + n * 5400 - 300} {start + n * 5400 + 299} ACCEPT OK"
            for n in range(16)
        ]
        file = write(tmp_path / "flat", V2, lines, number=day)
        place = tmp_path / "logs" / HIVE / f"day={day:02}"
        place.mkdir(parents=True)
        found.append(file.rename(place / file.name))
    part = lambda name: lambda path: path.split(f"/{name}=")[1].split("/")[0]
    whole = lambda name: lambda path: int(part(name)(path))
    partitions = {name: ("string", part(name)) for name in ("aws-account-id", "aws-service", "aws-region")}
    partitions |= {name: ("int", whole(name)) if number else ("string", part(name)) for name in ("year", "month", "day")}
    table = Table(found, V2.split(), partitions=partitions, parameters={"location": "s3://logs/AWSLogs"})
    athena.objects = {f"logs/{HIVE}/day={day:02}/x.log.gz": 1 << 20 + day for day in range(1, 10)}
    athena.objects[f"logs/{HIVE.replace('123456789012', '9')}/day=05/x.log.gz"] = 1 << 20
    window = ("--from", "2026-01-04T00:00Z", "--to", "2026-01-07T00:00Z")
    local, remote = both(natwise, asking, athena, tmp_path / "logs", table, "--nat", "eni-1=10.0.0.220", *window, exact=EXACT)
    kept = ("counted", "other_legs", "duplicates")
    for answer in (local, remote):
        answer["statistics"] = {name: answer["statistics"][name] for name in kept}
    assert remote == local and remote["gateways"][0]["hours"] == 72
    # Only the folders of the window's days, of every account there is.
    days = lambda prefix: prefix.split("day=")[1].strip("/") if "day=" in prefix else None
    assert {days(prefix) for prefix in athena.asked("ListObjectsV2")} == {None, "03", "04", "05", "06", "07"}
    [statement] = [body["QueryString"] for body in athena.asked("StartQueryExecution")]
    told = table.connection.execute(transpile(statement.split("SELECT\n    kind")[0] + "SELECT distinct started FROM record")).fetchall()
    assert {(started + 300 - NOON) // 86400 + 5 for [started] in told} == {3, 4, 5, 6, 7}


# The wire protocol.


@pytest.fixture
def simple(tmp_path, athena):
    lines = [f"2 123456789012 eni-1 10.0.0.220 1.1.{n % 250}.{n // 250} 1 2 6 1 {n} {NOON} {NOON + 59} ACCEPT OK" for n in range(2500)]
    athena.tables["flow"] = Table([write(tmp_path, V2, lines)], V2.split(), **PROJECTED)
    athena.objects = {f"logs/{PLACE}/a.log.gz": 50 << 20, "logs/AWSLogs/123456789012/vpcflowlogs/us-east-1/2025/01/05/b": 1 << 50}
    return ("attribute", "athena:logs.flow", "--nat", "eni-1=10.0.0.220", *DAY)


def test_pages_are_put_together(asking, athena, simple):
    athena.polls = 2
    done = asking(*simple, "--format", "json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["gateways"][0]["upload"] == sum(range(2500))
    assert len(athena.asked("GetQueryResults")) == 3
    assert len(athena.asked("GetQueryExecution")) == 3
    # Cost first: only the window's partitions; then what was read.
    assert "Athena query of logs.flow in us-east-1: 50.00 MiB, at most $0.0003" in done.stderr
    assert "natwise: Athena read 11.77 MiB, $0.0001 at list price" in done.stderr
    days = [f"{region}/2026/01/{day}" for region in ("eu-west-1", "us-east-1") for day in ("04", "05", "06")]
    assert sorted(prefix.split("/vpcflowlogs/")[1] for prefix in athena.asked("ListObjectsV2")) == days
    [started] = athena.asked("StartQueryExecution")
    assert started["WorkGroup"] == "primary" and "ResultConfiguration" not in started
    assert transpile(started["QueryString"])


def test_what_costs_too_much_is_not_asked(asking, athena, simple):
    athena.objects[f"logs/{PLACE}/c.log.gz"] = 1 << 40
    done = asking(*simple)
    assert done.returncode == 2 and "that is more than --max-cost $1" in done.stderr
    assert "at most $5.01" in done.stderr and "StartQueryExecution" not in athena.names()
    assert asking(*simple, "--max-cost", "6").returncode == 0
    # A workgroup's limit is one too.
    athena.workgroup["Configuration"]["BytesScannedCutoffPerQuery"] = 1 << 30
    done = asking(*simple)
    assert done.returncode == 0 and "ends a query that reads more than 1.00 GiB" in done.stderr


def test_a_bucket_that_cannot_be_listed_leaves_the_workgroups_limit(asking, athena, simple):
    athena.refuse("ListObjectsV2", "AccessDenied", "Access Denied")
    done = asking(*simple)
    assert done.returncode == 2 and "s3://logs could not be listed (AccessDenied: Access Denied)" in done.stderr
    assert "what that costs is not known" in done.stderr and "StartQueryExecution" not in athena.names()
    athena.workgroup["Configuration"]["BytesScannedCutoffPerQuery"] = 100 << 30
    done = asking(*simple)
    assert done.returncode == 0 and "100.00 GiB, at most $0.4883" in done.stderr


def test_throttled_once_is_no_failure(asking, athena, simple):
    for operation in ("StartQueryExecution", "GetQueryExecution", "GetQueryResults"):
        athena.refuse(operation, "TooManyRequestsException", "Rate exceeded", times=1)
    done = asking(*simple)
    assert done.returncode == 0, done.stderr
    tokens = {body["ClientRequestToken"] for body in athena.asked("StartQueryExecution")}
    assert len(tokens) == 1 and len(athena.asked("StartQueryExecution")) == 2


@pytest.mark.parametrize(
    ("end", "said"),
    [
        ({"State": "FAILED", "StateChangeReason": "SYNTAX_ERROR: line 1:8: boo"}, "failed: SYNTAX_ERROR: line 1:8: boo"),
        (
            {"State": "FAILED", "StateChangeReason": "HIVE_METASTORE_ERROR: Partition not found: day=2026/01/05"},
            "run MSCK REPAIR TABLE or ALTER TABLE",
        ),
        ({"State": "CANCELLED", "StateChangeReason": "by an administrator"}, "was cancelled: by an administrator"),
        ({"State": "FAILED", "AthenaError": {"ErrorMessage": "Query exhausted resources"}}, "shorten the window"),
    ],
)
def test_a_query_that_fails_says_why(asking, athena, simple, end, said):
    athena.end = end
    done = asking(*simple)
    assert (done.returncode, done.stdout) == (2, "") and said in done.stderr
    assert "StopQueryExecution" not in athena.names()


@pytest.mark.parametrize("moment", ["GetQueryExecution", "StartQueryExecution"])
def test_ctrl_c_cancels_the_query(home, athena, simple, moment):
    """Also one whose id is not known yet, for the answer is still on its way: the same token asked again tells it."""
    athena.polls = 1 << 30
    athena.hold = 10 if moment == "StartQueryExecution" else 0
    environment = {**CLEAN, "HOME": str(home), "AWS_EC2_METADATA_DISABLED": "true", **athena.environment}
    process = subprocess.Popen(
        [NATWISE, *simple], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
    )
    wait_for(lambda: athena.asked(moment))
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 2 and out == "" and "interrupted" in err
    assert "what it had read by then is billed" in err
    [stopped] = athena.asked("StopQueryExecution")
    assert athena.queries[stopped["QueryExecutionId"]]["stopped"] and len(athena.queries) == 1


def test_workgroups_prescribe_the_place(asking, athena, simple):
    mine = ("--output-location", "s3://mine/x")
    # One that can be chosen.
    assert asking(*simple, *mine).returncode == 0
    assert athena.asked("StartQueryExecution")[-1]["ResultConfiguration"] == {"OutputLocation": "s3://mine/x"}
    athena.workgroup["Configuration"]["EnforceWorkGroupConfiguration"] = True
    done = asking(*simple, *mine, "--workgroup", "team")
    assert done.returncode == 2
    assert 'workgroup "team" writes its results to s3://results/' in done.stderr and "s3://mine/x out" in done.stderr
    assert asking(*simple, "--workgroup", "team").returncode == 0
    assert athena.asked("StartQueryExecution")[-1]["WorkGroup"] == "team"
    athena.workgroup["Configuration"] = {}
    done = asking(*simple)
    assert done.returncode == 2 and "has no place for results" in done.stderr
    athena.workgroup["Configuration"] = {"ManagedQueryResultsConfiguration": {"Enabled": True}}
    assert asking(*simple).returncode == 0
    athena.workgroup = {"State": "DISABLED"}
    assert "is disabled" in asking(*simple).stderr
    athena.refuse("GetWorkGroup", "AccessDeniedException", "You may not.")
    assert asking(*simple).returncode == 0


def test_tables_that_cannot_be_asked(asking, athena, simple):
    metadata = athena.tables["flow"].metadata()
    athena.tables["flow"] = {**metadata, "Columns": [c for c in metadata["Columns"] if c["Name"] != "bytes"]}
    done = asking(*simple)
    assert done.returncode == 2 and "athena:logs.flow" in done.stderr
    assert "the table has no column for bytes: it has version, account_id, interface_id" in done.stderr
    athena.refuse("GetTableMetadata", "MetadataException", "EntityNotFoundException: Table flow not found")
    done = asking(*simple)
    assert done.returncode == 2 and "Table flow not found" in done.stderr
    athena.refuse("GetTableMetadata", "AccessDeniedException", "no")
    assert "IAM action to allow: athena:GetTableMetadata" in asking(*simple).stderr
    done = asking("attribute", "athena:logs.flow", *DAY)
    assert done.returncode == 2 and "which interfaces are NAT gateways" in done.stderr
    assert "StartQueryExecution" not in athena.names()


# What is printed.


def test_sql_is_printed_for_the_table_or_for_the_guides(natwise, asking, athena, simple):
    done = asking(*simple, "--print-sql")
    assert done.returncode == 0 and done.stdout.startswith("-- The bytes of NAT gateways")
    assert '"day" BETWEEN \'2026/01/04\' AND \'2026/01/06\'' in done.stdout
    assert athena.names() == ["GetTableMetadata"]
    for dialect in ("athena", "trino"):
        [statement] = sqlglot.parse(done.stdout, read=dialect)
        assert statement.key == "select"
    away = natwise(*simple, "--print-sql")
    assert away.returncode == 0 and "there are no AWS credentials" in away.stderr and "as AWS's guide makes it" in away.stderr
    # This table is as the guide makes it.
    assert away.stdout == done.stdout
    hostile = natwise("attribute", "athena:lo\"gs.fl'ow; DROP TABLE x", "--nat", "eni-1=10.0.0.1", *DAY, "--print-sql")
    [statement] = sqlglot.parse(hostile.stdout, read="athena")
    assert [table.name for table in statement.find_all(sqlglot.exp.Table) if table.db] == ["fl'ow; DROP TABLE x"]
    assert "--print-sql shows the statement for an Athena table" in natwise("attribute", "x", *DAY, "--print-sql").stderr


@pytest.mark.parametrize("prefix", ["AWSLogs/123456789012/", "it's\\a `prefix`/AWSLogs/123456789012/vpcflowlogs/eu-west-1"])
def test_ddl_is_sql(natwise, prefix):
    done = natwise("attribute", f"s3://my-logs/{prefix}", "--print-ddl")
    assert done.returncode == 0, done.stderr
    [statement] = [tree for tree in sqlglot.parse(done.stdout, read="athena") if tree]
    assert statement.key == "create" and statement.args["kind"] == "TABLE"
    columns = [column.name for column in statement.this.expressions]
    assert columns[:4] == ["version", "account_id", "interface_id", "srcaddr"]
    location = statement.find(sqlglot.exp.LocationProperty).this.name
    assert location == f"s3://my-logs/{prefix.split('AWSLogs/')[0]}AWSLogs/"
    custom = natwise("attribute", f"s3://my-logs/{prefix}", "--print-ddl", "--log-format", "${interface-id} ${pkt-srcaddr} ${bytes}")
    assert "`pkt_srcaddr` string,\n  `bytes` bigint\n)" in custom.stdout


def test_ddl_follows_the_flow_logs_own_layout(natwise, demo, tmp_path):
    log = {"flow_log_id": "fl-1", "resource_id": "vpc-1", "traffic_type": "ALL", "log_destination_type": "s3"}
    layout = {"file_format": "parquet", "hive_compatible_partitions": True, "per_hour_partition": True}
    log |= {"log_destination": "arn:aws:s3:::my-logs/a/", "log_format": "${interface-id} ${bytes}", "max_aggregation_interval": 60}
    snapshot = tmp_path / "snapshot.json"
    account = json.loads((NATWISE.parent.parent.parent / "src" / "demo" / "account.json").read_text())
    account["regions"][0]["flow_logs"] = [log | layout]
    snapshot.write_text(json.dumps(account))
    done = natwise("attribute", "s3://my-logs/a/", "--print-ddl", "--snapshot", snapshot)
    assert done.returncode == 0, done.stderr
    assert "STORED AS PARQUET" in done.stdout and "`hour` string" in done.stdout and "`aws-account-id` string" in done.stdout
    account["regions"][0]["flow_logs"] = []
    snapshot.write_text(json.dumps(account))
    done = natwise("attribute", "s3://my-logs/a/", "--print-ddl", "--snapshot", snapshot)
    assert done.returncode == 0 and "none of the snapshot's flow logs" in done.stderr
    assert f"'projection.accid.values' = '{account['regions'][0]['account_id']}'" in done.stdout
    done = natwise("attribute", "s3://my-logs/a/", "--print-ddl")
    assert done.returncode == 2 and "which accounts have flow logs" in done.stderr
