"""Flow logs through the real program: generated ones against their truth, and an audit's figures by hand."""

import gzip
import ipaddress
import json
import pathlib
import random
import subprocess
import sys
from collections import defaultdict
from datetime import timedelta

import duckdb
import jsonschema
import pyarrow
import pyarrow.parquet
import pytest

from world import START, WINDOW

GENERATOR = pathlib.Path(__file__).resolve().parent.parent / "tools" / "gen_flow_logs.py"
GB = 1 << 30
V5 = "version interface-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr bytes start end action log-status"
V2 = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
OTHER_ACCOUNT = "2 999988887777 eni-other 10.9.0.1 10.9.0.2 1 2 6 1 5 1790000000 1790000001 ACCEPT OK"


def generate(folder, *options):
    command = [sys.executable, GENERATOR, folder, "--records", "30000", "--records-per-file", "5000", "--jobs", "2"]
    subprocess.run([*command, *options], check=True, stdout=subprocess.DEVNULL)
    truth = json.loads((folder / "truth.json").read_text())
    gateways = [word for nat in truth["nat"] for word in ("--nat", f"{nat['eni']}={nat['private_ip']}")]
    return truth, ["--ip-ranges", folder / "ip-ranges.json", "--top", "0", *gateways]


def classes(truth, with_unsolicited):
    """The generator's truth: bytes by gateway, class of service and direction."""
    sums = defaultdict(int)
    for nat, services in truth["by_nat_service"].items():
        for service, volume in services.items():
            sums[nat, service, "upload"] += volume["out"]
            sums[nat, service, "download"] += volume["in"]
    for nat, services in truth["unsolicited"].items() if with_unsolicited else ():
        for service, volume in services.items():
            sums[nat, service, "download"] += volume
    return {key: volume for key, volume in sums.items() if volume}


def told(result, truth):
    names = {"s3": "S3", "dynamodb": "DYNAMODB", "internet": "INTERNET", "private": "PRIVATE"}
    ids = {nat["eni"]: nat["nat_id"] for nat in truth["nat"]}
    sums = defaultdict(int)
    for flow in result["flows"]:
        sums[ids[flow["nat"]], names.get(flow["service"], "AWS"), flow["direction"]] += flow["bytes"]
    return {key: volume for key, volume in sums.items() if volume}


def clients(result, truth):
    ids = {nat["eni"]: nat["nat_id"] for nat in truth["nat"]}
    sums = defaultdict(int)
    for source in result["sources"]:
        sums[ids[source["nat"]], source["address"]] += source["upload"] + source["download"]
    return sums


def true_clients(truth):
    return {
        (nat, address): sum(volume["out"] + volume["in"] for volume in services.values())
        for nat, sources in truth["by_nat_source"].items()
        for address, services in sources.items()
    }


@pytest.mark.parametrize(
    "options",
    [
        ("--format", "v5"),
        ("--format", "v2"),
        ("--format", "v5", "--gz-members", "3", "--malformed", "0.002"),
        ("--format", "v5", "--dup-flow-log"),
        ("--format", "v2", "--dup-flow-log", "--out-format", "text"),
        ("--format", "v5", "--out-format", "parquet"),
        ("--format", "v2", "--out-format", "parquet", "--row-group", "1000"),
    ],
    ids=lambda options: "-".join(option.strip("-") for option in options),
)
def test_generated_logs_are_attributed_to_the_byte(natwise, tmp_path, options):
    truth, gateways = generate(tmp_path / "logs", *options)
    result = natwise.json("attribute", tmp_path / "logs" / "AWSLogs", *gateways)
    schema = json.loads(natwise("schema", "traffic").stdout)
    jsonschema.validate(result, schema)
    assert result["schema"] == "natwise.traffic/1"
    is_v2 = "v2" in options
    assert told(result, truth) == classes(truth, with_unsolicited=is_v2)
    assert clients(result, truth) == true_clients(truth)
    assert all((source["service"] is None) == is_v2 for source in result["sources"])
    s = result["statistics"]
    assert s["records"] == sum(count for name, count in s.items() if name not in ("files", "records"))
    assert s["skipdata"] == truth["skipdata_on_nat"] * (2 if "--dup-flow-log" in options else 1)
    assert (s["duplicates"] > 0) == ("--dup-flow-log" in options)
    assert result["faults"] == []


CLASS_OF_REMOTE = """
    with remotes as (
        select distinct remote, split_part(remote, '.', 1)::bigint * 16777216 + split_part(remote, '.', 2)::bigint * 65536
                                + split_part(remote, '.', 3)::bigint * 256 + split_part(remote, '.', 4)::bigint as number
        from legs where remote is not null and not contains(remote, ':')
    ), named as (
        select remote, case when bool_or(service = 'S3') then 'S3' when bool_or(service = 'DYNAMODB') then 'DYNAMODB' else 'AWS' end as class
        from remotes join ranges on number between first and last group by all
    )
    select eni, direction, coalesce(class, 'INTERNET'), sum(bytes)::bigint from legs left join named using (remote) where remote is not null group by all"""


def legs_in_sql(files, fields, nats, is_v2):
    """The legs that count, by the reference's rules, in another language and engine."""
    own = " union all ".join(f"select '{nat['eni']}' as eni, '{nat['private_ip']}' as own" for nat in nats)
    if files[0].suffix == ".parquet":
        logs = f"read_parquet({[str(file) for file in files]})"
    else:
        columns = ", ".join(f"'{field.replace('-', '_')}': 'VARCHAR'" for field in fields)
        logs = (
            f"read_csv({[str(file) for file in files]}, delim=' ', header=true, quote='', escape='', nullstr='-', "
            f"ignore_errors=true, auto_detect=false, columns={{{columns}}})"
        )
    inside = "regexp_matches({}, '^(10|192[.]168|172[.](1[6-9]|2[0-9]|3[01]))[.]')".format
    legs = (
        # Where to, by the gateway's outer side; and who, by its inner one.
        f"""select eni, 'upload' as direction, null as client, dstaddr as remote, bytes from own where srcaddr = own and not {inside('dstaddr')}
        union all select eni, 'download', null, srcaddr, bytes from own where dstaddr = own and not {inside('srcaddr')}
        union all select eni, 'upload', srcaddr, null, bytes from own where dstaddr = own and {inside('srcaddr')}
        union all select eni, 'download', dstaddr, null, bytes from own where srcaddr = own and {inside('dstaddr')}"""
        if is_v2
        else """select eni, 'upload' as direction, pkt_srcaddr as client, pkt_dstaddr as remote, bytes from own
          where dstaddr = own and pkt_dstaddr <> own
        union all select eni, 'download', pkt_dstaddr, pkt_srcaddr, bytes from own where srcaddr = own and pkt_srcaddr <> own"""
    )
    return f"""with own as (
        select * exclude (bytes), try_cast(bytes as bigint) as bytes from {logs} join ({own}) on interface_id = eni
        where action = 'ACCEPT' and log_status = 'OK'
    ) select * from ({legs}) where bytes is not null"""


@pytest.mark.parametrize(
    "options",
    [
        ("--format", "v2"),
        ("--format", "v5"),
        ("--format", "v5", "--malformed", "0.01", "--gz-members", "2"),
        ("--format", "v5", "--out-format", "parquet"),
        ("--format", "v2", "--out-format", "parquet"),
    ],
    ids=lambda options: "-".join(option.strip("-") for option in options),
)
def test_sql_over_the_same_files_comes_to_the_same_byte(natwise, tmp_path, options):
    truth, gateways = generate(tmp_path / "logs", *options)
    files = sorted([*tmp_path.rglob("*.log.gz"), *tmp_path.rglob("*.parquet")])
    is_v2 = "v2" in options
    fields = None if files[0].suffix == ".parquet" else gzip.open(files[0], "rt").readline().split()
    db = duckdb.connect()
    db.execute(f"create table legs as {legs_in_sql(files, fields, truth['nat'], is_v2)}")
    db.execute("create table ranges (first bigint, last bigint, service varchar)")
    nets = json.loads((tmp_path / "logs" / "ip-ranges.json").read_text())["prefixes"]
    rows = [(ipaddress.ip_network(net["ip_prefix"]), net["service"]) for net in nets]
    db.executemany(
        "insert into ranges values (?, ?, ?)",
        [(int(net[0]), int(net[-1]), service) for net, service in rows],
    )
    result = natwise.json("attribute", tmp_path / "logs" / "AWSLogs", *gateways)
    names = {"s3": "S3", "dynamodb": "DYNAMODB", "internet": "INTERNET"}
    by_class = defaultdict(int)
    for flow in result["flows"]:
        by_class[flow["nat"], flow["direction"], names.get(flow["service"], "AWS")] += flow["bytes"]
    in_sql = {tuple(key): volume for *key, volume in db.execute(CLASS_OF_REMOTE).fetchall() if volume}
    assert in_sql and in_sql == {key: volume for key, volume in by_class.items() if volume}
    by_client = defaultdict(int)
    for source in result["sources"]:
        for direction in ("upload", "download"):
            by_client[source["nat"], direction, source["address"]] += source[direction]
    rows = db.execute("select eni, direction, client, sum(bytes)::bigint from legs where client is not null group by all").fetchall()
    in_sql = {tuple(key): volume for *key, volume in rows if volume}
    assert in_sql and in_sql == {key: volume for key, volume in by_client.items() if volume}


def test_a_damaged_parquet_file_is_named_and_nothing_else_is_said(natwise, tmp_path):
    """Its decoder may fail as it likes: that is a fault of the file, on a line of the result."""
    truth, gateways = generate(tmp_path / "logs", "--format", "v5", "--out-format", "parquet")
    whole = sorted(tmp_path.rglob("*.parquet"))[0].read_bytes()
    footer = int.from_bytes(whole[-8:-4], "little")
    randomly = random.Random(1)
    file = tmp_path / "damaged.log.parquet"
    for _ in range(60):
        damaged = bytearray(whole)
        for _ in range(3):
            damaged[randomly.randrange(len(whole) - 8 - footer, len(whole) - 8)] = randomly.choice([0, 1, 0x7F, 0x80, 0xFF])
        file.write_bytes(damaged)
        done = natwise("attribute", file, *gateways, "--format", "json")
        assert done.returncode in (0, 2) and "panicked" not in done.stderr, done.stderr
    for kept in (4, 100, len(whole) // 2, len(whole) - 1):
        file.write_bytes(whole[:kept])
        done = natwise("attribute", file, *gateways)
        assert done.returncode == 2 and "damaged.log.parquet" in done.stderr and "panicked" not in done.stderr
        assert done.stdout == ""


def test_parquet_of_another_account_is_said(live, scene, tmp_path):
    """Its records are of no gateway, so that none of them is read but for the account."""
    columns = {name.replace("-", "_"): [value] for name, value in zip(V2.split(), OTHER_ACCOUNT.split())}
    for name in ("packets", "bytes", "start", "end"):
        columns[name] = [int(columns[name][0])]
    log = tmp_path / "other.parquet"
    pyarrow.parquet.write_table(pyarrow.table(columns), log)
    snapshot = tmp_path / "account.json"
    assert live("scan", *WINDOW, "-o", snapshot).returncode == 0
    table = live("attribute", log, "--snapshot", snapshot, env={"COLUMNS": "120"}).stdout
    assert "of account 999988887777, the snapshot of 123456789012" in table


def test_every_kind_of_file_in_one_call(natwise, tmp_path):
    truth, gateways = generate(tmp_path / "logs", "--format", "v5")
    files = sorted((tmp_path / "logs").rglob("*.log.gz"))
    whole = natwise.json("attribute", *files, *gateways)
    # One of them unpacked; and all of them, one behind the other, through standard input.
    plain = tmp_path / files[0].name.removesuffix(".gz")
    plain.write_bytes(gzip.decompress(files[0].read_bytes()))
    assert natwise.json("attribute", plain, *files[1:], *gateways)["flows"] == whole["flows"]
    stdin = b"".join(file.read_bytes() for file in files)
    done = natwise("attribute", "-", *gateways, "--format", "json", stdin=stdin, text=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["flows"] == whole["flows"]
    table = natwise("attribute", *files, *gateways).stdout
    assert "Bytes by service, each counted once" in table and "dynamodb" in table
    one_thread = natwise.json("attribute", *files, *gateways, "--threads", "1")
    assert one_thread == natwise.json("attribute", *files, *gateways, "--threads", "7")


def test_a_file_that_was_cut_short_is_named_and_the_rest_counted(natwise, tmp_path):
    truth, gateways = generate(tmp_path / "logs", "--format", "v5")
    file = sorted((tmp_path / "logs").rglob("*.log.gz"))[0]
    packed = file.read_bytes()
    file.write_bytes(packed[: len(packed) // 2])
    (file.parent / "README.md").write_text("not a flow log")
    (file.parent / "empty.log").write_text("")
    result = natwise.json("attribute", tmp_path / "logs" / "AWSLogs", *gateways)
    [fault] = result["faults"]
    assert fault["file"] == str(file) and fault["partly_read"]
    assert result["other_files"] == 1 and result["statistics"]["files"] == 7
    assert 0 < sum(told(result, truth).values()) < sum(classes(truth, False).values())
    table = natwise("attribute", tmp_path / "logs" / "AWSLogs", *gateways)
    assert table.returncode == 0 and "read in part" in table.stdout
    assert natwise("attribute", tmp_path / "logs" / "AWSLogs", *gateways, "--strict").returncode == 2


@pytest.mark.parametrize(
    "arguments, words",
    [
        (("/nowhere",), "No such file"),
        (("EMPTY",), "no flow log could be read"),
        (("LOG",), "--snapshot FILE, or --nat"),
        (("LOG", "--nat", "10.0.0.1"), "is not an interface and its addresses"),
        (("LOG", "--nat", "eni-1=10.0.0.300"), "is not an address"),
        (("NO_BYTES", "--nat", "eni-1"), "its records have no bytes"),
        (("NO_HEADER", "--nat", "eni-1"), "--log-format"),
        (("NO_HEADER", "--nat", "eni-1", "--log-format", "hello"), "not a list of flow-log fields"),
        (("LOG", "--nat", "eni-1", "--ip-ranges", "LOG"), "address ranges"),
        (("LOG", "--nat", "eni-1", "--resolver-logs", "EMPTY"), "no Resolver query log"),
        (("LOG", "--nat", "eni-1", "--from", "2026-10-02", "--to", "2026-10-01"), "window"),
    ],
)
def test_bad_input_is_said(natwise, tmp_path, arguments, words):
    (tmp_path / "empty").mkdir()
    files = {"LOG": f"{V2}\n", "NO_BYTES": "interface-id srcaddr dstaddr\n", "NO_HEADER": "eni-1 10.0.0.1 10.0.0.2 5\n"}
    paths = {"EMPTY": tmp_path / "empty"}
    for name, content in files.items():
        paths[name] = tmp_path / f"{name}.log"
        paths[name].write_text(content)
    done = natwise("attribute", *(paths.get(argument, argument) for argument in arguments))
    assert done.returncode == 2 and words in done.stderr, done.stderr
    assert done.stdout == ""


def test_gateways_that_records_name_themselves(natwise, tmp_path):
    log = tmp_path / "v11.log"
    log.write_text(
        "interface-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr bytes start end action log-status interface-type resource-id\n"
        "eni-1 10.0.1.5 10.0.0.220 10.0.1.5 203.0.113.5 700 1790000000 1790000060 ACCEPT OK nat_gateway -\n"
        "eni-2 10.0.1.5 10.0.0.9 10.0.1.5 10.0.0.9 9999 1790000000 1790000060 ACCEPT OK vpc_endpoint -\n"
        "- 203.0.113.5 10.0.1.5 203.0.113.5 10.0.1.5 300 1790000000 1790000060 ACCEPT OK regional_nat_gateway nat-1234567890abcdef\n"
    )
    result = natwise.json("attribute", log)
    rows = {(flow["nat"], flow["direction"]): flow["bytes"] for flow in result["flows"]}
    assert rows == {("eni-1", "upload"): 700, ("nat-1234567890abcdef", "download"): 300}


class Scene:
    """A VPC with one NAT gateway that carried 200 GB, in equal parts on each day, and the logs of it."""

    def __init__(self, world):
        self.world = world
        self.vpc = world.vpc()
        self.nat = self.vpc.nat()
        self.table, self.subnet = self.vpc.private(self.nat)
        world.nat_bytes(self.nat, 0, 200 * GB)
        described = world.ec2.describe_nat_gateways(NatGatewayIds=[self.nat])["NatGateways"][0]
        address = described["NatGatewayAddresses"][0]
        self.eni, self.address = address["NetworkInterfaceId"], address["PrivateIp"]
        subnet = world.ec2.describe_subnets(SubnetIds=[self.subnet])["Subnets"][0]
        self.client = subnet["CidrBlock"].replace("0/24", "77")

    def log(self, path, days, remotes, header=V5):
        """Each day's noon: bytes by remote address, downloaded."""
        lines = [header] if header else []
        for day in range(days):
            second = int((START + timedelta(days=day, hours=12)).timestamp())
            for remote, volume in remotes.items():
                for source, target, peer, client in (
                    (remote, self.address, remote, self.address),
                    (self.address, self.client, remote, self.client),
                ):
                    fields = {
                        "version": 5, "account-id": "123456789012", "interface-id": self.eni, "srcaddr": source,
                        "dstaddr": target, "pkt-srcaddr": peer, "pkt-dstaddr": client, "bytes": volume, "start": second,
                        "end": second + 59, "action": "ACCEPT", "log-status": "OK",
                    }
                    lines.append(" ".join(str(fields.get(name, 0)) for name in (header or V2).split()))
        path.write_text("\n".join(lines) + "\n")
        return path


# In the embedded ranges: S3 of us-east-1, S3 of eu-west-1, AMAZON of us-east-1 only.
S3, S3_ELSEWHERE, ELSEWHERE = "52.216.10.1", "52.218.10.1", "203.0.113.5"


@pytest.fixture
def scene(emulator):
    return Scene(emulator.world())


def missing(report, service="s3"):
    [finding] = [f for f in report["findings"] if f["rule"] == "missing-gateway-endpoint" and f["service"] == service] or [None]
    return finding


def test_an_audit_with_flow_logs_is_measured(live, scene, tmp_path):
    daily = 200 * GB // 31
    remotes = {S3: daily // 2, S3_ELSEWHERE: daily // 4, ELSEWHERE: daily - daily // 2 - daily // 4}
    logs = scene.log(tmp_path / "a.log", 31, remotes)
    report = live.json("audit", *WINDOW, "--flow-logs", logs)
    [row] = report["nat_gateways"]
    assert {(t["service"], t["region"]) for t in row["traffic"]} == {("s3", "us-east-1"), ("s3", "eu-west-1"), ("internet", None)}
    assert sum(t["bytes"] for t in row["traffic"]) == row["bytes"]["processed"] == 200 * GB
    assert row["coverage"]["share"] == pytest.approx(1, abs=1e-6)
    finding = missing(report)
    assert finding["basis"] == "measured"
    # Half of 200 GB in 744 hours, at 0.045, by month.
    expected = 100 * 0.045 * 730 / 744
    assert finding["monthly_usd"]["saving_low"] == finding["monthly_usd"]["saving_high"] == pytest.approx(expected, abs=1e-4)
    assert missing(report, "dynamodb") is None, "flow logs prove that nobody uses it"
    assert report["flow_log_advice"] == []
    # The same from a snapshot, byte for byte.
    snapshot = tmp_path / "account.json"
    assert live("scan", *WINDOW, "-o", snapshot).returncode == 0
    again = live("audit", "--snapshot", snapshot, "--flow-logs", logs, "--format", "json").stdout
    assert json.loads(again) == report
    table = live("audit", "--snapshot", snapshot, "--flow-logs", logs, env={"COLUMNS": "200"}).stdout
    assert "NAT traffic by service, as flow logs show it" in table and "(100%), in 31 of 31 hours" in table


def test_partial_logs_scale_shares_and_say_so(live, scene, tmp_path):
    daily = 200 * GB // 31
    most = live.json("audit", *WINDOW, "--flow-logs", scene.log(tmp_path / "a.log", 28, {S3: daily // 2, ELSEWHERE: daily // 2}))
    [row] = most["nat_gateways"]
    assert row["coverage"]["share"] == pytest.approx(28 / 31, abs=1e-6)
    assert {t["bytes"] for t in row["traffic"]} == {100 * GB}
    assert all(t["logged_bytes"] == 28 * (daily // 2) for t in row["traffic"])
    assert missing(most)["basis"] == "measured"
    few = live.json("audit", *WINDOW, "--flow-logs", scene.log(tmp_path / "b.log", 10, {S3: daily // 2, ELSEWHERE: daily // 2}))
    finding = missing(few)
    assert finding["basis"] == "measured (partial)"
    low, high = (float(finding["monthly_usd"][end]) for end in ("saving_low", "saving_high"))
    month = 0.045 * 730 / 744 / GB
    seen = 10 * (daily // 2)
    assert low == pytest.approx(seen * month, abs=1e-4)
    assert high == pytest.approx((seen + 200 * GB - 2 * seen) * month, abs=1e-4)
    assert any("saw only 32.3% of its bytes" in note["message"] for note in few["notes"])


def test_a_sample_says_how_sure_it_is(live, scene, natwise, tmp_path):
    daily = 200 * GB // 31
    logs = scene.log(tmp_path / "a.log", 31, {S3: daily // 2, ELSEWHERE: daily - daily // 2})
    report = live.json("audit", *WINDOW, "--flow-logs", logs, "--sample", "2h/day")
    [row] = report["nat_gateways"]
    # CloudWatch's total, whatever was read of the logs.
    assert sum(t["bytes"] for t in row["traffic"]) == row["bytes"]["processed"] == 200 * GB
    assert all(t["basis"] == "measured (sampled)" and t["bytes_low"] <= t["bytes"] <= t["bytes_high"] for t in row["traffic"])
    assert 55 <= row["coverage"]["sampled_hours"] <= 70 and row["coverage"]["metered_bytes"] == 200 * GB
    finding = missing(report)
    assert finding["basis"] == "measured (sampled)" and "with 95% confidence" in finding["detail"]
    money, truth = finding["monthly_usd"], 100 * 0.045 * 730 / 744
    assert money["saving_low"] < truth < money["saving_high"]
    again = live.json("audit", *WINDOW, "--flow-logs", logs, "--sample", "2h/day")
    assert again["findings"] == report["findings"], "the same hours in every run"
    table = live("audit", *WINDOW, "--flow-logs", logs, "--sample", "2h/day", env={"COLUMNS": "200"}).stdout
    assert "hours were sampled" in table and "measured (sampled)" in table
    for words, says in ((("audit", "--demo", "--flow-logs", logs, "--sample", "25h/day"), "from 1h/day to 23h/day"),
                        (("attribute", logs, "--nat", "eni-0a=10.0.0.9", "--sample", "2h/day"), "use it with natwise audit")):
        failed = natwise(*words)
        assert failed.returncode == 2 and says in failed.stderr, failed.stderr


def test_names_from_resolver_logs_let_an_endpoint_pay_off(live, scene, tmp_path):
    daily = 200 * GB // 31
    ranges = tmp_path / "ip-ranges.json"
    ranges.write_text(json.dumps({
        "syncToken": "1", "createDate": "2026-10-01-00-00-00", "ipv6_prefixes": [],
        "prefixes": [{"ip_prefix": "198.51.100.0/24", "region": "us-east-1", "service": "AMAZON", "network_border_group": "us-east-1"}],
    }))
    scene.world.nat_bytes(scene.nat, 0, 200 * GB)
    logs = scene.log(tmp_path / "a.log", 31, {"198.51.100.7": daily * 2})
    without = live.json("audit", *WINDOW, "--flow-logs", logs, "--ip-ranges", ranges)
    assert [t["service"] for t in without["nat_gateways"][0]["traffic"]] == ["aws"]
    assert any("--resolver-logs" in note["message"] for note in without["notes"])
    assert not [f for f in without["findings"] if f["rule"] == "interface-endpoint-pays-off"]
    queries = tmp_path / "queries"
    queries.mkdir()
    lines = []
    for day in range(31):
        when = (START + timedelta(days=day, hours=11)).strftime("%Y-%m-%dT%H:%M:%SZ")
        lines.append(json.dumps({
            "version": "1.100000", "account_id": "123456789012", "region": "us-east-1", "vpc_id": scene.vpc.id,
            "query_timestamp": when, "query_name": "sqs.us-east-1.amazonaws.com.", "query_type": "A", "query_class": "IN",
            "rcode": "NOERROR", "answers": [{"Rdata": "198.51.100.7", "Type": "A", "Class": "IN"}],
            "srcaddr": scene.client, "srcport": "55822", "transport": "UDP", "srcids": {},
        }))
    (queries / "a.log.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    named = live.json("audit", *WINDOW, "--flow-logs", logs, "--ip-ranges", ranges, "--resolver-logs", queries)
    [row] = named["nat_gateways"][0]["traffic"]
    assert (row["service"], row["region"], row["named_by"], row["bytes"]) == ("sqs", "us-east-1", "dns", 400 * GB)
    [finding] = [f for f in named["findings"] if f["rule"] == "interface-endpoint-pays-off"]
    assert (finding["service"], finding["basis"]) == ("sqs", "measured")
    month = 730 / 744
    expected = 400 * month * (0.045 - 0.01) - 7.30
    assert finding["monthly_usd"]["saving_low"] == pytest.approx(expected, abs=1e-3)


def test_logs_of_clients_where_the_gateway_has_none(live, scene, tmp_path):
    second = int((START + timedelta(hours=12)).timestamp())
    log = tmp_path / "clients.log"
    rows = [(S3, scene.client, 700), (scene.client, ELSEWHERE, 300), ("10.0.0.9", scene.client, 5_000)]
    log.write_text(f"{V2}\n" + "".join(
        f"2 123456789012 eni-client {source} {target} 443 5000 6 1 {volume} {second} {second + 59} ACCEPT OK\n"
        for source, target, volume in rows
    ))
    snapshot = tmp_path / "account.json"
    assert live("scan", *WINDOW, "-o", snapshot).returncode == 0
    result = live.json("attribute", log, "--snapshot", snapshot)
    assert [(row["nat"], row["method"]) for row in result["gateways"]] == [(scene.nat, "client-interfaces")]
    rows = {(flow["service"], flow["direction"]): flow["bytes"] for flow in result["flows"]}
    assert rows == {("s3", "download"): 700, ("internet", "upload"): 300}
    assert result["sources"][0]["subnet_id"] == scene.subnet


def test_logs_of_another_account_are_said(live, scene, tmp_path):
    log = tmp_path / "other.log"
    log.write_text(f"{V2}\n{OTHER_ACCOUNT}\n")
    snapshot = tmp_path / "account.json"
    assert live("scan", *WINDOW, "-o", snapshot).returncode == 0
    table = live("attribute", log, "--snapshot", snapshot, env={"COLUMNS": "120"}).stdout
    assert "of account 999988887777, the snapshot of 123456789012" in table and "in no record" in table
    report = live.json("audit", "--snapshot", snapshot, "--flow-logs", log)
    assert report["flow_logs"]["unseen"] == [scene.nat] and missing(report)["basis"] == "bounded"


def test_a_gateway_without_a_flow_log_comes_with_the_command_for_one(live, scene, shell):
    report = live.json("audit", *WINDOW)
    [advice] = report["flow_log_advice"]
    assert advice["nat_gateway_id"] == scene.nat and "No flow log records it" in advice["message"]
    assert 0 < advice["day_usd_low"] < advice["day_usd_high"]
    scene.world.emulator.client("s3").create_bucket(Bucket="natwise-flow-logs")
    done = shell(advice["commands"][0].replace("BUCKET", "natwise-flow-logs"))
    assert done.returncode == 0 and '"Unsuccessful": []' in done.stdout, done.stderr + done.stdout
    [advice] = live.json("audit", *WINDOW)["flow_log_advice"]
    assert advice["flow_log_id"].startswith("fl-") and "--flow-logs" in advice["message"]


def test_hostile_file_names_are_shown_as_text(natwise, tmp_path):
    file = tmp_path / "a\x1b[31m\u202eb.log"
    file.write_bytes(b"\x00\xff\n" * 10)
    good = tmp_path / "good.log"
    good.write_text(f"{V2}\n2 123456789012 eni-1 10.0.0.1 203.0.113.5 1 2 6 1 5 1790000000 1790000001 ACCEPT OK\n")
    table = natwise("attribute", file, good, "--nat", "eni-1=10.0.0.1")
    assert table.returncode == 0
    assert "\x1b" not in table.stdout and "\u202e" not in table.stdout
