"""`--flow-logs insights:…` against a small CloudWatch Logs that evaluates the queries: the same figures as from files."""

import gzip
import json
import os
import re
import signal
import subprocess
from datetime import datetime, timezone

import pytest

from conftest import CLEAN, NATWISE, ROOT
from logs_insights import MOST_ROWS, Condition, LogsInsights, evaluate, written
from test_flow_logs import V2, generate

GROUP = "/vpc/flow-logs"
HOUR = 3600
# A Thursday, at midnight.
DAY = 1_791_417_600
PKT = "interface-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr bytes start end action log-status"
NAT = ("--nat", "eni-nat=10.0.0.220")


def time(second):
    return datetime.fromtimestamp(second, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def window(start, end):
    return ("--from", time(start), "--to", time(end))


@pytest.fixture
def cloud():
    """Log groups of records, in any format, until the test is over."""
    running = []

    def start(lines, fields, group=GROUP, **options):
        at = fields.split().index("start")
        events = [(int(line.split(" ")[at]) * 1000, line) for line in lines]
        running.append(LogsInsights(group, events, fields == V2, **options))
        return running[-1]

    yield start
    for fake in running:
        fake.close()


def both(natwise, tmp_path, fake, lines, fields, *arguments):
    """What the records tell as files, and in the log group."""
    file = tmp_path / "flow.log"
    file.write_text("\n".join([fields, *lines]) + "\n")
    custom = () if fields == V2 else ("--log-format", fields)
    # What a small log group costs is always allowed.
    asked = natwise.json("attribute", f"insights:{GROUP}", *custom, *arguments, env=fake.environment)
    return natwise.json("attribute", file, *arguments), asked


def same(files, asked, statistics=("counted", "other_legs", "rejected", "nodata", "skipdata", "outside_window")):
    assert asked["flows"] == files["flows"]
    assert asked["sources"] == files["sources"]
    assert asked["gateways"] == files["gateways"]
    assert {key: asked["statistics"][key] for key in statistics} == {key: files["statistics"][key] for key in statistics}
    assert files["flows"]


def generated(folder, fields):
    """Generated records over a day and more, each cut at its hour's end, without lines that are none."""
    truth, arguments = generate(folder, "--fields", fields)
    names = fields.split()
    start, end, size = names.index("start"), names.index("end"), len(names)
    lines = []
    for file in sorted(folder.rglob("*.log.gz")):
        for line in gzip.decompress(file.read_bytes()).decode(errors="replace").splitlines()[1:]:
            words = line.split(" ")
            if len(words) == size and words[start].isdigit() and words[end].isdigit():
                later = len(lines) % 30 * HOUR
                edge = int(words[start]) // HOUR * HOUR + HOUR
                words[end] = str(min(int(words[end]), edge) + later)
                words[start] = str(int(words[start]) + later)
                lines.append(" ".join(words))
    return lines, arguments


@pytest.mark.parametrize(
    "fields", [V2, PKT, f"version account-id az-id vpc-id {PKT} traffic-path"], ids=["default", "pkt", "custom"]
)
def test_the_same_figures_as_from_files(natwise, tmp_path, cloud, fields):
    lines, arguments = generated(tmp_path / "logs", fields)
    at = fields.split().index("start")
    times = [int(line.split(" ")[at]) for line in lines]
    first, last = min(times) // HOUR * HOUR, max(times) // HOUR * HOUR
    fake = cloud(lines, fields)
    # Without the first and the last hour: what those hold is not asked for, where files count what they have no bytes of.
    files, asked = both(natwise, tmp_path, fake, lines, fields, *arguments, *window(first + HOUR, last))
    same(files, asked, ("counted",))
    files, asked = both(natwise, tmp_path, fake, lines, fields, *arguments, *window(first, last + HOUR))
    same(files, asked)
    assert asked["statistics"]["skipdata"] and asked["statistics"]["rejected"] and asked["statistics"]["other_legs"]
    assert all(len(query["rows"]) < MOST_ROWS for query in fake.queries.values())


def dense(seconds, pairs, legs=True):
    """Uploads of as many pairs of addresses, spread over some seconds, every byte on both legs."""
    for number in range(pairs):
        client = f"10.0.{1 + number // 200 % 100}.{number % 200}"
        host = f"52.{number // 60000}.{number // 250 % 240}.{number % 250}"
        start = DAY + number * seconds // pairs
        yield f"eni-nat {client} 10.0.0.220 {client} {host} {number} {start} {start} ACCEPT OK"
        if legs:
            yield f"eni-nat 10.0.0.220 {host} 10.0.0.220 {host} {number} {start} {start} ACCEPT OK"


@pytest.mark.parametrize(
    ("seconds", "pairs", "smallest"),
    [(3 * HOUR, 33_000, 1800), (60, 12_000, 60), (1, 21_000, 60)],
    ids=["by time", "by addresses", "in one second"],
)
def test_what_has_too_many_rows_is_asked_again_in_pieces(natwise, tmp_path, cloud, seconds, pairs, smallest):
    lines = list(dense(seconds, pairs, legs=seconds > 60))
    fake = cloud(lines, PKT)
    end = DAY + max(seconds, HOUR)
    files, asked = both(
        natwise, tmp_path, fake, lines, PKT, *NAT, *window(DAY, end), "--top", "0", "--max-cost", "100"
    )
    same(files, asked)
    assert sum(flow["bytes"] for flow in asked["flows"]) == sum(range(pairs))
    cut_off = [query for query in fake.queries.values() if len(query["rows"]) == MOST_ROWS]
    assert cut_off, "the test is of no use"
    assert min(query["span"] for query in fake.queries.values()) == smallest


def test_what_nobody_knows_the_price_of_is_not_read_unless_any_is_allowed(natwise, cloud):
    fake = cloud(list(dense(60, 10)), PKT)
    fake.environment["AWS_REGION"] = "mx-central-1"
    done = ask(natwise, fake, "--max-cost", "1000")
    assert done.returncode == 2 and "what that costs is not known" in done.stderr and "--max-cost any" in done.stderr
    assert not fake.queries
    done = ask(natwise, fake, "--max-cost", "any")
    assert done.returncode == 0 and fake.queries and "at an unknown price" in done.stderr


def test_what_a_query_reads_beyond_the_estimate_is_not_read(natwise, cloud):
    lines = list(dense(60, 12_000, legs=False))
    fake = cloud(lines, PKT)
    # The metric says less than there is.
    fake.incoming = 100
    done = ask(natwise, fake, "--max-cost", "0.000003")
    assert done.returncode == 2 and "too many rows" in done.stderr and "629.15 KiB that were allowed" in done.stderr
    assert len(fake.queries) < 4 and ask(natwise, fake).returncode == 0


def test_regional_gateways_and_nat64(natwise, tmp_path, cloud):
    fields = f"resource-id {PKT}"
    lines = [
        f"nat-1 - 10.0.1.5 203.0.113.5 10.0.1.5 203.0.113.5 1000 {DAY} {DAY + 60} ACCEPT OK",
        f"nat-1 - 198.51.100.7 203.0.113.5 198.51.100.7 203.0.113.5 1000 {DAY} {DAY + 60} ACCEPT OK",
        f"nat-1 - 203.0.113.5 10.0.1.5 203.0.113.5 10.0.1.5 300 {DAY + 61} {DAY + 99} ACCEPT OK",
        f"nat-2 - 203.0.113.5 10.0.1.5 203.0.113.5 10.0.1.5 300 {DAY + 61} {DAY + 99} ACCEPT OK",
        f"- eni-nat 2600:1f18::5 64:ff9b::cb00:7105 2600:1f18::5 64:ff9b::cb00:7105 70 {DAY} {DAY + 60} ACCEPT OK",
        f"- eni-nat 10.0.1.6 10.0.0.220 - - 50 {DAY} {DAY + 60} ACCEPT OK",
    ]
    fake = cloud(lines, fields)
    gateways = ("--nat", "nat-1=198.51.100.7", *NAT)
    files, asked = both(natwise, tmp_path, fake, lines, fields, *gateways, *window(DAY, DAY + HOUR))
    same(files, asked)
    assert sum(flow["bytes"] for flow in asked["flows"]) == 1370


def test_a_record_across_an_hour_belongs_to_the_hour_it_starts_in(natwise, tmp_path, cloud):
    # Half of the first is before the window, half of the second after it.
    lines = [
        f"eni-nat 10.0.1.5 10.0.0.220 10.0.1.5 203.0.113.5 {size} {DAY + HOUR * hour - 30} {DAY + HOUR * hour + 30} ACCEPT OK"
        for hour, size in ((0, 6000), (1, 600))
    ]
    fake = cloud(lines, PKT)
    files, asked = both(natwise, tmp_path, fake, lines, PKT, *NAT, *window(DAY, DAY + HOUR))
    assert sum(flow["bytes"] for flow in files["flows"]) == 3000 + 300
    assert sum(flow["bytes"] for flow in asked["flows"]) == 600


def test_a_record_at_an_edge_is_in_one_piece_only(natwise, tmp_path, cloud):
    starts = (DAY - 1, DAY, DAY + HOUR - 1, DAY + HOUR, DAY + 2 * HOUR - 1, DAY + 2 * HOUR)
    lines = [f"eni-nat 10.0.1.5 10.0.0.220 10.0.1.5 203.0.113.5 {1 << n} {at} {at} ACCEPT OK" for n, at in enumerate(starts)]
    fake = cloud(lines, PKT)
    files, asked = both(natwise, tmp_path, fake, lines, PKT, *NAT, *window(DAY, DAY + 2 * HOUR))
    same(files, asked, ("counted",))
    assert sum(flow["bytes"] for flow in asked["flows"]) == 2 + 4 + 8 + 16


ONE = [f"eni-nat 10.0.1.5 10.0.0.220 10.0.1.5 203.0.113.5 6000 {DAY} {DAY + 30} ACCEPT OK"]


def ask(natwise, fake, *arguments, group=GROUP, fields=PKT, hours=1):
    span = window(DAY, DAY + hours * HOUR)
    custom = ("--log-format", fields) if fields else ()
    return natwise("attribute", f"insights:{group}", *custom, *NAT, *span, *arguments, env=fake.environment)


def test_the_cost_comes_first_and_what_was_read_last(natwise, cloud):
    fake = cloud(ONE, PKT, retention=14)
    done = ask(natwise, fake)
    assert done.returncode == 0, done.stderr
    first, *_, last = done.stderr.splitlines()
    size = len(ONE[0])
    assert first.startswith(f"natwise: CloudWatch Logs Insights of {GROUP} in us-east-1: {3 * size} B, at most $0")
    assert re.fullmatch(rf"natwise: 2 queries read {2 * size} B, \$0.*", last)
    assert [name for name, _ in fake.requests][:3] == ["DescribeLogGroups", "GetMetricData", "StartQuery"]
    assert ask(natwise, fake, "--quiet").stderr == ""


def test_what_costs_more_than_is_allowed_is_not_asked(natwise, cloud):
    fake = cloud(ONE, PKT)
    fake.incoming = 1 << 40
    done = ask(natwise, fake)
    assert done.returncode == 2 and "at most $15.36" in done.stderr and "--max-cost" in done.stderr
    assert not fake.of("StartQuery")
    assert ask(natwise, fake, "--max-cost", "15.36").returncode == 0
    # What is not known may be more.
    fake.incoming = None
    fake.requests.clear()
    done = ask(natwise, fake)
    assert done.returncode == 2 and "unknown number of bytes" in done.stderr and "IncomingBytes" in done.stderr
    assert not fake.of("StartQuery")


def test_what_is_older_than_the_log_group_keeps_is_said(natwise, cloud):
    old = "--from", "2026-01-01T00:00:00Z", "--to", "2026-01-01T01:00:00Z"
    fake = cloud(ONE, PKT, retention=14)
    fake.incoming = 5
    done = natwise("attribute", f"insights:{GROUP}", "--log-format", PKT, *NAT, *old, env=fake.environment)
    assert "keeps 14 days" in done.stderr


def test_throttled_starts_are_tried_again(natwise, cloud):
    fake = cloud(ONE, PKT)
    fake.faults["StartQuery"] = [(400, "LimitExceededException")] * 3 + [(400, "ThrottlingException")]
    done = ask(natwise, fake)
    assert done.returncode == 0, done.stderr
    assert len(fake.of("StartQuery")) == 2 + 4


@pytest.mark.parametrize(
    ("status", "words"),
    [("Failed", "ended as Failed"), ("Timeout", "60 minutes"), ("Cancelled", "somebody stopped it")],
)
def test_a_query_that_does_not_succeed_is_an_error(natwise, cloud, status, words):
    fake = cloud(ONE, PKT)
    fake.ends = status
    done = ask(natwise, fake)
    assert done.returncode == 2 and words in done.stderr and GROUP in done.stderr and not done.stdout


@pytest.mark.parametrize("group", ["/vpc/flow", "arn:aws:logs:us-east-1:111122223333:log-group:/other"])
def test_there_is_no_such_log_group(natwise, cloud, group):
    done = ask(natwise, cloud(ONE, PKT), group=group)
    assert done.returncode == 2 and "there is no such log group in us-east-1" in done.stderr


def test_a_log_group_of_another_account_is_asked_by_its_arn(natwise, cloud):
    fake = cloud(ONE, PKT)
    arn = f"arn:aws:logs:us-east-1:111122223333:log-group:{GROUP}"
    done = ask(natwise, fake, group=f"{arn}:*")
    assert done.returncode == 0, done.stderr
    assert fake.of("StartQuery")[0]["logGroupIdentifiers"] == [arn]


@pytest.mark.parametrize("operation", ["StartQuery", "GetQueryResults"])
def test_access_denied_names_the_action(natwise, cloud, operation):
    fake = cloud(ONE, PKT)
    fake.faults[operation] = [(400, "AccessDeniedException")]
    done = ask(natwise, fake)
    assert done.returncode == 2 and "AccessDeniedException: You may not." in done.stderr
    assert f"logs:{operation}" in done.stderr


def test_a_log_group_that_may_not_be_looked_up_may_be_asked(natwise, cloud):
    fake = cloud(ONE, PKT)
    fake.faults["DescribeLogGroups"] = [(400, "AccessDeniedException")]
    done = ask(natwise, fake)
    assert done.returncode == 0 and "could not be looked up" in done.stderr and "logs:DescribeLogGroups" in done.stderr


def test_records_of_another_format_are_told(natwise, cloud):
    fake = cloud(ONE, PKT)
    done = ask(natwise, fake, fields=None)
    assert done.returncode == 2 and "not records of the 14 fields" in done.stderr and "--log-format" in done.stderr
    assert ONE[0] in done.stderr
    # Of the right format, but of other gateways: nothing is wrong.
    other = [ONE[0].replace("eni-nat", "eni-other")]
    done = ask(natwise, cloud(other, PKT), "--format", "json")
    assert done.returncode == 0 and json.loads(done.stdout)["flows"] == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--nat", "nat-1=198.51.100.7", *window(DAY, DAY + HOUR)), "resource-id"),
        (window(DAY, DAY + HOUR), "gateways that are known"),
        (NAT, "--last"),
        (("--log-format", "srcaddr dstaddr bytes", *NAT, *window(DAY, DAY + HOUR)), "no interface-id"),
    ],
)
def test_what_cannot_be_asked_is_said(natwise, cloud, arguments, words):
    fake = cloud(ONE, PKT)
    done = natwise("attribute", f"insights:{GROUP}", *arguments, env=fake.environment)
    assert done.returncode == 2 and words in done.stderr and not fake.of("StartQuery")


def account(**changes):
    """The demo account with a flow log of a custom format in the log group, one of its gateways, and a client of it."""
    demo = json.loads((ROOT / "src" / "demo" / "account.json").read_text())
    region = next(scan for scan in demo["regions"] if scan["nat_gateways"])
    nat = region["nat_gateways"][0]
    region["flow_logs"] = [
        {
            "flow_log_id": "fl-1",
            "resource_id": nat["vpc_id"],
            "traffic_type": "ALL",
            "log_destination_type": "cloud-watch-logs",
            "log_group_name": GROUP,
            "log_format": " ".join(f"${{{name}}}" for name in PKT.split()),
            "max_aggregation_interval": 60,
        }
    ]
    subnet = next(subnet for subnet in region["subnets"] if subnet["vpc_id"] == nat["vpc_id"])
    client = subnet["cidr_block"].split("/")[0].rsplit(".", 1)[0] + ".77"
    return {**demo, **changes}, region, nat["addresses"][0], client


def upload(nat, client, start):
    eni, own = nat["network_interface_id"], nat["private_ip"]
    return f"{eni} {client} {own} {client} 203.0.113.5 6000 {start} {start + 30} ACCEPT OK"


def test_the_flow_logs_of_a_snapshot_tell_the_format(natwise, tmp_path, cloud):
    snapshot, region, nat, client = account(window={"start": time(DAY), "end": time(DAY + HOUR)})
    fake = cloud([upload(nat, client, DAY)], PKT)
    file = tmp_path / "snapshot.json"
    file.write_text(json.dumps(snapshot))
    span = window(DAY, DAY + HOUR)
    result = natwise.json("attribute", f"insights:{GROUP}", "--snapshot", file, *span, env=fake.environment)
    assert sum(flow["bytes"] for flow in result["flows"]) == 6000
    # A snapshot's window is the window of an audit.
    report = natwise.json("audit", "--snapshot", file, "--flow-logs", f"insights:{GROUP}", env=fake.environment)
    assert report["flow_logs"]["statistics"]["counted"] == 1, report["flow_logs"]
    # Two flow logs of one format write the same records, which nothing tells apart.
    region["flow_logs"].append({**region["flow_logs"][0], "flow_log_id": "fl-2"})
    file.write_text(json.dumps(snapshot))
    done = natwise("attribute", f"insights:{GROUP}", "--snapshot", file, *span, env=fake.environment)
    assert done.returncode == 2 and "fl-1, fl-2" in done.stderr and "twice" in done.stderr


def test_a_sample_reads_its_hours_only(natwise, tmp_path, cloud):
    snapshot, _, nat, client = account()
    start, end = (int(datetime.fromisoformat(snapshot["window"][edge].replace("Z", "+00:00")).timestamp()) for edge in ("start", "end"))
    lines = [upload(nat, client, second) for second in range(start, end, HOUR)]
    fake = cloud(lines, PKT)
    file = tmp_path / "snapshot.json"
    file.write_text(json.dumps(snapshot))
    report = natwise.json(
        *("audit", "--snapshot", file, "--flow-logs", f"insights:{GROUP}", "--sample", "1h/day"), env=fake.environment
    )
    row = next(row for row in report["nat_gateways"] if row["coverage"])
    hours = row["coverage"]["sampled_hours"]
    assert hours == report["flow_logs"]["statistics"]["counted"] and 0 < hours < len(lines) / 12
    assert len(fake.of("GetMetricData")) == 1
    # Once for the counts, once for the sums.
    assert sum(query["span"] for query in fake.queries.values()) == 2 * hours * HOUR


def test_ctrl_c_stops_the_queries(cloud, home):
    fake = cloud(ONE, PKT)
    fake.ends = "Running"
    command = ["attribute", f"insights:{GROUP}", "--log-format", PKT, *NAT, *window(DAY, DAY + 9 * HOUR)]
    environment = {**CLEAN, **fake.environment, "HOME": str(home), "AWS_EC2_METADATA_DISABLED": "true"}
    process = subprocess.Popen([NATWISE, *command], env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    assert fake.started.wait(30)
    # Its id has to be on its way back before it can be stopped.
    while not fake.of("GetQueryResults"):
        assert process.poll() is None
    os.kill(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 2 and b"interrupted" in err and out == b""
    assert fake.stopped and set(fake.stopped) == set(fake.queries)


# ---- the fake itself ------------------------------------------------------------------------


def test_the_evaluator_reads_the_language_as_documented():
    event = {"a": "5", "b": "ACCEPT", "c": "10.0.0.4"}
    for text, expected in [
        ('b = "ACCEPT" and a >= 5', True),
        ('b != "ACCEPT" or a - 2 <= 3', True),
        ('b in ["REJECT", "ACCEPT"] and (a = 4 or c like /[0-4]$/)', True),
        ("c not like /[0-4]$/", False),
        ("d = 1 or d != 1 or d like /x/", False),
    ]:
        assert Condition(text).holds(event) is expected, text
    events = [(DAY * 1000, f"x {n % 2} 20000000") for n in range(4)] + [(DAY * 1000, "y")]
    query = 'parse @message "* * *" as p, q, r\n| filter p = "x"\n| stats sum(r) as s, count(*) as n by bin(1h), q\n| limit 1'
    assert evaluate(query, events, False) == [
        [
            {"field": "bin(1h)", "value": "2026-10-08 00:00:00.000"},
            {"field": "q", "value": "0"},
            {"field": "s", "value": "4.0E7"},
            {"field": "n", "value": "2"},
        ]
    ]
    assert written(12345678) == "1.2345678E7" and written(9999999) == "9999999"


# ---- what it needs ---------------------------------------------------------------------------


def statements(natwise, *arguments):
    done = natwise("iam-policy", *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["Statement"]


def test_the_policy_lists_what_each_place_needs(natwise):
    plain = natwise("iam-policy").stdout
    assert natwise("iam-policy", "--flow-logs", "a/folder").stdout == plain
    found = statements(
        natwise,
        *("--flow-logs", "s3://flow-logs/AWSLogs/", f"insights:{GROUP}"),
        *("--flow-logs", "athena:logs.flow", "--logs-region", "us-east-1", "--workgroup", "finops"),
        *("--output-location", "s3://results/natwise/", "--logs-role-arn", "arn:aws:iam::111122223333:role/logs"),
    )
    assert found[0] == json.loads(plain)["Statement"][0]
    assert len({statement["Sid"] for statement in found}) == len(found)
    assert all(re.fullmatch("[A-Za-z0-9]+", statement["Sid"]) for statement in found)
    allowed = {}
    for statement in found[1:]:
        assert statement["Effect"] == "Allow"
        resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
        for action in statement["Action"]:
            allowed.setdefault(action, set()).update(resources)
    log_group = f"arn:aws:logs:us-east-1:*:log-group:{GROUP}"
    assert allowed["s3:GetObject"] == {"arn:aws:s3:::flow-logs/AWSLogs/*", "arn:aws:s3:::results/natwise/*"}
    assert allowed["s3:ListBucket"] == {"arn:aws:s3:::flow-logs", "arn:aws:s3:::results"}
    assert allowed["s3:PutObject"] == {"arn:aws:s3:::results/natwise/*"}
    assert allowed["logs:StartQuery"] == {log_group, f"{log_group}:*"}
    assert allowed["athena:StartQueryExecution"] == {"arn:aws:athena:us-east-1:*:workgroup/finops"}
    assert "arn:aws:glue:us-east-1:*:table/logs/flow" in allowed["glue:GetTable"]
    assert allowed["sts:AssumeRole"] == {"arn:aws:iam::111122223333:role/logs"}
    assert [s["Action"] for s in statements(natwise, "--flow-logs", "s3://flow-logs/")[1:]] == [
        ["s3:ListBucket"], ["s3:GetObject"], ["kms:Decrypt"]
    ]
    keys = next(statement for statement in found if statement["Action"] == ["kms:Decrypt"])
    assert keys["Condition"] == {"StringLike": {"kms:ViaService": ["s3.*.amazonaws.com"]}}


def test_every_call_of_insights_is_in_the_policy(natwise, cloud):
    fake = cloud(ONE, PKT)
    ask(natwise, fake)
    made = {name for name, _ in fake.requests} | {"StopQuery"}
    actions = {action for statement in statements(natwise, "--flow-logs", f"insights:{GROUP}") for action in statement["Action"]}
    assert made <= {action.split(":")[1] for action in actions} and len(made) == 5


def test_a_policy_cannot_be_narrowed_to_what_is_not_named(natwise):
    done = natwise("iam-policy", "--flow-logs", "auto")
    assert done.returncode == 2 and "name the places" in done.stderr
    done = natwise("iam-policy", "--flow-logs", "athena:a.b", "--output-location", "results")
    assert done.returncode == 2 and "--output-location" in done.stderr
