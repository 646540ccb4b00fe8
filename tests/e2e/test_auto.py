"""`--flow-logs auto`: the account's own flow logs, wherever they are."""

import json

import pytest

from logs_insights import LogsInsights
from test_flow_logs import ELSEWHERE, GB, S3, V5, Scene
from world import START, WINDOW

# A format with the account, as AWS's guides have it.
FIELDS = V5.replace("version ", "version account-id ")
FORMAT = " ".join(f"${{{field}}}" for field in FIELDS.split())
REMOTES = {S3: 2 * GB, ELSEWHERE: GB}


@pytest.fixture
def scene(emulator):
    return Scene(emulator.world())


def log_to(scene, **options):
    made = scene.world.ec2.create_flow_logs(
        ResourceType="VPC", ResourceIds=[scene.vpc.id], TrafficType="ALL", LogFormat=FORMAT, **options
    )
    assert not made.get("Unsuccessful"), made
    return made["FlowLogIds"][0]


def key(log, hour="1200"):
    folder = f"AWSLogs/123456789012/vpcflowlogs/us-east-1/{START:%Y/%m/%d}"
    return f"{folder}/123456789012_vpcflowlogs_us-east-1_{log}_{START:%Y%m%d}T{hour}Z_0a1b2c3d.log"


def apart_from_advice(report):
    return {name: value for name, value in report.items() if name not in ("flow_log_advice", "flow_logs")}


def test_a_bucket_is_found_and_only_the_flow_log_that_was_chosen_is_read(live, emulator, scene, tmp_path):
    client = emulator.client("s3")
    client.create_bucket(Bucket="flow-logs")
    chosen = log_to(scene, LogDestinationType="s3", LogDestination="arn:aws:s3:::flow-logs")
    file = scene.log(tmp_path / "day.log", 1, REMOTES, FIELDS)
    client.put_object(Bucket="flow-logs", Key=key(chosen), Body=file.read_bytes())
    client.put_object(Bucket="flow-logs", Key=key("fl-0123456789abcdef0"), Body=file.read_bytes())
    # The scan of the second run sees the flow log too, so that both audits are of the same account.
    here = live.json("audit", *WINDOW, "--flow-logs", file)
    done = live("audit", *WINDOW, "--flow-logs", "auto", "--format", "json")
    there = json.loads(done.stdout)
    assert apart_from_advice(there) == apart_from_advice(here)
    assert there["flow_logs"]["statistics"]["files"] == 1 and there["flow_logs"]["statistics"]["counted"]
    assert f"s3://flow-logs/AWSLogs/123456789012/vpcflowlogs/us-east-1/ for 1 NAT gateway(s), by {chosen}" in done.stderr
    # The advice of a report without flow logs names it.
    [advice] = live.json("audit", *WINDOW)["flow_log_advice"]
    assert advice["flow_log_id"] == chosen and "--flow-logs auto" in advice["message"]
    assert advice["commands"] == ["natwise audit --flow-logs s3://flow-logs/AWSLogs/"]


def test_a_log_group_is_asked_where_no_bucket_has_them(live, natwise, scene, tmp_path):
    log_to(
        scene, LogDestinationType="cloud-watch-logs", LogGroupName="/vpc/mine",
        DeliverLogsPermissionArn="arn:aws:iam::123456789012:role/flow",
    )
    file = scene.log(tmp_path / "day.log", 1, REMOTES, FIELDS)
    snapshot = tmp_path / "account.json"
    assert live("scan", *WINDOW, "-o", snapshot).returncode == 0
    account = json.loads(snapshot.read_text())
    [log] = account["regions"][0]["flow_logs"]
    # The emulator's cannot deliver, for want of a role.
    log["deliver_logs_status"] = "SUCCESS"
    snapshot.write_text(json.dumps(account))
    lines = file.read_text().splitlines()[1:]
    start = FIELDS.split().index("start")
    fake = LogsInsights("/vpc/mine", [(int(line.split(" ")[start]) * 1000, line) for line in lines], False)
    try:
        here = natwise.json("audit", "--snapshot", snapshot, "--flow-logs", file)
        done = natwise("audit", "--snapshot", snapshot, "--flow-logs", "auto", "--format", "json", env=fake.environment)
        assert done.returncode == 0, done.stderr
        there = json.loads(done.stdout)
    finally:
        fake.close()
    assert there["nat_gateways"] == here["nat_gateways"] and there["findings"] == here["findings"]
    assert "insights:/vpc/mine (us-east-1) for 1 NAT gateway(s)" in done.stderr


def test_where_nothing_records_the_gateway_that_is_said(live, natwise, scene):
    done = live("audit", *WINDOW, "--flow-logs", "auto")
    assert done.returncode == 2 and "no flow log of this account records a NAT gateway" in done.stderr
    done = natwise("attribute", "auto", "--nat", "eni-0a=10.0.0.9", "--last", "1d")
    assert done.returncode == 2 and "auto reads the flow logs of a scanned account" in done.stderr
