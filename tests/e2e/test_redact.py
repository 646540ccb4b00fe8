"""A snapshot that leaves the company: nothing of its owner in it, the same dollars."""

import json
import re
import stat

import pytest

from world import GB, WINDOW, restricted_policy

ACCOUNT = "123456789012"
KEY = "00112233445566778899aabbccddeeff" * 2


@pytest.fixture
def company(emulator):
    """An account with a name on everything."""
    world = emulator.world()
    vpc = world.vpc(cidr="10.77.0.0/16", name="acme-prod")
    busy, idle = vpc.nat("a", name="acme-nat"), vpc.nat("b", name="acme-standby")
    world.nat_bytes(busy, up=100 * GB, down=400 * GB)
    world.nat_silence(idle)
    table, subnet = vpc.private(busy, "a")
    vpc.route(table, "198.51.100.0/24", NatGatewayId=idle)
    vpc.gateway_endpoint("s3", [vpc.public_table])
    sqs = vpc.interface_endpoint("sqs", [subnet], vpc.https_group(name="acme-endpoints"))
    vpc.interface_endpoint("logs", [subnet], vpc.https_group("0.0.0.0/0", name="acme-open"), policy=restricted_policy())
    world.endpoint_bytes(vpc.id, sqs, "sqs", GB)
    world.ec2.create_flow_logs(
        ResourceIds=[vpc.id],
        ResourceType="VPC",
        TrafficType="ALL",
        LogDestinationType="cloud-watch-logs",
        LogGroupName="acme-flow",
        DeliverLogsPermissionArn=f"arn:aws:iam::{ACCOUNT}:role/acme-flow",
    )
    emulator.refuse("DescribeAvailabilityZones", message=f"arn:aws:iam::{ACCOUNT}:user/acme lacks the zones")
    return world


@pytest.fixture
def key(tmp_path):
    path = tmp_path / "key"
    path.write_text(KEY + "\n")
    path.chmod(0o600)
    return path


def money(report):
    """Everything that is counted, priced or judged, and none of the words."""
    findings = [(f["rule"], f["vpc_id"], f["service"], f["resources"], f["monthly_usd"]) for f in report["findings"]]
    gateways = [(n["nat_gateway_id"], n["bytes"], n["window_usd"], n["monthly_usd"]) for n in report["nat_gateways"]]
    endpoints = [(e["vpc_endpoint_id"], e["bytes"], e["window_usd"], e["monthly_usd"]) for e in report["endpoints"]]
    return report["totals"], findings, gateways, endpoints, report["plan"]


def test_a_redacted_snapshot_has_the_same_dollars_and_nothing_of_its_owner(company, live, tmp_path, key):
    plain, redacted = tmp_path / "plain.json", tmp_path / "redacted.json"
    assert live("scan", *WINDOW, "-o", plain).returncode == 0
    done = live("scan", *WINDOW, "-o", redacted, "--redact", "--redact-key", key)
    assert done.returncode == 0, done.stderr
    addresses = company.ec2.describe_nat_gateways()["NatGateways"]
    public = [address["PublicIp"] for nat in addresses for address in nat["NatGatewayAddresses"]]
    secrets = ["acme", ACCOUNT, "10.77.", "198.51.100.", "lacks the zones", KEY, *public]
    assert all(secret in plain.read_text() for secret in secrets if secret != KEY)
    for secret in secrets:
        assert secret not in redacted.read_text() + done.stdout + done.stderr, secret

    before, after = (live.json("audit", "--snapshot", path) for path in (plain, redacted))
    assert money(after) == money(before)
    assert len(after["findings"]) > 3 and after["totals"]["monthly_usd"]["current"] > 0
    (account,) = after["scope"]["accounts"]
    assert re.fullmatch(r"\d{12}", account) and account != ACCOUNT
    (gap,) = after["gaps"]
    assert gap["operation"] == "DescribeAvailabilityZones" and gap["code"] == "UnauthorizedOperation"

    formats = ["table", "html", "markdown", "csv", "focus", "terraform", "cloudformation", "cli", "console", "xlsx"]
    for name in formats:
        audit = live("audit", "--snapshot", redacted, "--format", name, "-o", tmp_path / name)
        assert audit.returncode == 0, audit.stderr
        assert [secret for secret in secrets if secret.encode() in (tmp_path / name).read_bytes()] == [], name
    assert f":{account}:natgateway/" in (tmp_path / "focus").read_text()


def test_the_key_is_made_once_for_its_owner_and_decides(company, live, home, tmp_path):
    def account(*options, **environment):
        done = live("scan", *WINDOW, "--redact", *options, env=environment)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)["regions"][0]["account_id"], done.stderr

    place = home / ".local" / "state" / "natwise" / "redaction.key"
    first, said = account()
    assert str(place) in said
    made = place.read_text().strip()
    assert re.fullmatch(r"[0-9a-f]{64}", made) and made not in said
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    second, said = account()
    assert second == first and "key" not in said
    assert account("--redact-key", place)[0] == first

    elsewhere, _ = account(XDG_STATE_HOME=str(tmp_path / "state"))
    assert elsewhere != first and (tmp_path / "state" / "natwise" / "redaction.key").is_file()
    assert account(XDG_STATE_HOME="not/absolute")[0] == first
    named, _ = account("--redact-key", tmp_path / "new" / "key")
    assert named not in (first, elsewhere) and (tmp_path / "new" / "key").is_file()


def test_a_key_that_others_can_read_is_warned_of(company, live, key):
    key.chmod(0o644)
    done = live("scan", *WINDOW, "--redact", "--redact-key", key)
    assert done.returncode == 0 and f"chmod 600 {key}" in done.stderr and KEY not in done.stderr
    assert "chmod" not in live("-q", "scan", *WINDOW, "--redact", "--redact-key", key).stderr


@pytest.mark.parametrize("content", ["", "0123", "x" * 64, "0" * 63, "0" * 65, KEY + KEY])
def test_a_bad_key_is_refused_before_anything_is_asked(live, key, content):
    key.write_text(content)
    done = live("scan", *WINDOW, "--redact", "--redact-key", key, env={"AWS_ENDPOINT_URL": "http://127.0.0.1:9"})
    assert done.returncode == 2 and "64 hexadecimal digits" in done.stderr and done.stdout == ""
    assert not content or content not in done.stderr


def test_a_key_goes_only_with_redaction(live, key):
    assert live("scan", *WINDOW, "--redact-key", key).returncode == 2


def test_a_folder_is_redacted_from_its_names_on_and_goes_on_under_the_same_key(company, live, tmp_path, key):
    folder = tmp_path / "snapshots"
    scan = ("scan", *WINDOW, "--region", "us-east-1", "--region", "eu-west-1", "-o", f"{folder}/")
    redact = ("--redact", "--redact-key", key)
    assert live(*scan, *redact).returncode == 0
    files = [path for path in folder.rglob("*") if path.is_file()]
    text = " ".join(str(path.relative_to(folder)) + path.read_text() for path in files)
    assert ACCOUNT not in text and "acme" not in text and len(files) > 2
    manifest = json.loads((folder / "scan.json").read_text())
    (account,) = manifest["accounts"]
    one = json.loads(live("scan", *WINDOW, *redact).stdout)["regions"][0]
    assert one["account_id"] == account
    assert json.loads((folder / account / "us-east-1.json").read_text())["regions"] == [one]

    again = live(*scan, *redact)
    assert "1 were there already" in again.stderr, again.stderr
    for other in ((), ("--redact",)):
        done = live(*scan, *other)
        assert done.returncode == 2 and "choose another folder" in done.stderr
