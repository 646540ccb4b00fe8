"""A scan that takes metrics over from earlier snapshots: the snapshot of a full scan."""

import json
from datetime import timedelta

import pytest

from conftest import Runs
from fake import Fake
from test_org_faults import parts
from world import END, GB, START, WINDOW

DAY = "%Y-%m-%d"
# A window that ends five days before the other one: all but its last three hours are known then.
EARLIER = ("--from", START.strftime(DAY), "--to", (END - timedelta(days=5)).strftime(DAY))
KNOWN = 26 * 24 - 3


@pytest.fixture
def account(emulator):
    world = emulator.world()
    vpc = world.vpc()
    world.busy, world.idle = vpc.nat("a"), vpc.nat("a")
    world.nat_bytes(world.busy, up=100 * GB, down=400 * GB)
    world.nat_silence(world.idle)
    _, subnet = vpc.private(world.busy, "a")
    endpoint = vpc.interface_endpoint("sqs", [subnet], vpc.https_group())
    world.endpoint_bytes(vpc.id, endpoint, "sqs", 31 * GB)
    return world


def scanned(done, path=None):
    """A snapshot, but for when it was made."""
    assert done.returncode == 0, done.stderr
    snapshot = json.loads(path.read_text() if path else done.stdout)
    assert snapshot.pop("scanned_at")
    return snapshot


def test_a_file_is_brought_up_to_date(account, live, tmp_path):
    file = tmp_path / "snapshot.json"
    first = live("scan", *EARLIER, "-o", file, "--since-last")
    assert first.returncode == 0 and "0 series-hours of metrics are from earlier snapshots" in first.stderr
    full = scanned(live("scan", *WINDOW))
    # What changes in hours that are known is not seen, and what changes in the last three of them is.
    late = START + timedelta(hours=KNOWN)
    for hour in (START + timedelta(hours=12), late):
        account.put("AWS/NATGateway", "BytesInFromSource", [("NatGatewayId", account.idle)], [(hour, 5)])
    done = live("scan", *WINDOW, f"--since-last={file}")
    assert f"{11 * KNOWN} series-hours of metrics are from earlier snapshots" in done.stderr
    (gateway,) = [m for m in full["regions"][0]["metrics"]["nat_gateways"] if m["nat_gateway_id"] == account.idle]
    assert gateway["bytes_in_from_source"][KNOWN] is None
    gateway["bytes_in_from_source"][KNOWN] = 5
    assert scanned(done) == full
    # The file itself is what --since-last means without a place.
    assert scanned(live("scan", *WINDOW, "-o", file, "--since-last"), file) == full


def test_a_folder_is_brought_up_to_date(account, live, tmp_path):
    folder = tmp_path / "snapshots"
    into = ("-o", f"{folder}/", "--since-last", "--region", "us-east-1", "--region", "eu-west-1")
    assert live("scan", *EARLIER, *into).returncode == 0
    done = live("scan", *WINDOW, *into)
    assert f"{11 * KNOWN} series-hours" in done.stderr, done.stderr
    full = scanned(live("scan", *WINDOW))
    assert scanned(done, folder / "123456789012" / "us-east-1.json") == full
    # From a folder into a file, under other names too.
    assert scanned(live("scan", *WINDOW, f"--since-last={folder}")) == full
    done = live("scan", *WINDOW, f"--since-last={folder}", "--redact")
    assert scanned(done) == scanned(live("scan", *WINDOW, "--redact"))
    assert f"{11 * (31 * 24 - 3)} series-hours" in done.stderr, done.stderr


def test_a_redacted_folder_is_brought_up_to_date(account, live, tmp_path):
    into = ("-o", f"{tmp_path / 'snapshots'}/", "--since-last", "--redact")
    assert live("scan", *EARLIER, *into).returncode == 0
    done = live("scan", *WINDOW, *into)
    assert f"{11 * KNOWN} series-hours" in done.stderr, done.stderr
    (path,) = (tmp_path / "snapshots").glob("*/us-east-1.json")
    assert scanned(done, path) == scanned(live("scan", *WINDOW, "--redact"))


def test_earlier_snapshots_that_are_none_are_refused_or_asked_for_anew(account, live, tmp_path):
    for arguments in (("--since-last",), ("--since-last", "-o", "-")):
        done = live("scan", *WINDOW, *arguments)
        assert done.returncode == 2 and "--since-last=PATH" in done.stderr
    done = live("scan", *WINDOW, f"--since-last={tmp_path / 'none.json'}")
    assert done.returncode == 2 and "none.json" in done.stderr
    bad = tmp_path / "bad.json"
    bad.write_text('{"schema": "natwise.snapshot/1", ')
    assert live("scan", *WINDOW, f"--since-last={bad}").returncode == 2
    assert bad.read_text(), "it is not touched"

    folder = tmp_path / "snapshots"
    (folder / "123456789012").mkdir(parents=True)
    (folder / "123456789012" / "us-east-1.json").write_text(bad.read_text())
    done = live("scan", *WINDOW, f"--since-last={folder}")
    assert "natwise: 0 series-hours" in done.stderr
    assert scanned(done) == scanned(live("scan", *WINDOW))


def test_an_organisation_is_brought_up_to_date_with_fewer_calls(home, tmp_path):
    def scan(name, start, end, *arguments):
        aws.reset()
        organisation = ("--org", "--role-name", "audit", "--all-regions", "-o", f"{tmp_path / name}/")
        done = live("scan", *organisation, "--from", start, "--to", end, *arguments)
        assert done.returncode == 0, done.stderr
        return done, aws.served()["operations"]["GetMetricData"]["calls"]

    with Fake(accounts=2, regions=1, vpcs=40) as aws:
        live = Runs(home, aws.environment)
        scan("since", "2026-09-01", "2026-10-01")
        done, some = scan("since", "2026-09-03", "2026-10-02", "--since-last")
        _, all_of_them = scan("full", "2026-09-03", "2026-10-02")
    since, full = parts(tmp_path / "since"), parts(tmp_path / "full")
    assert since == full and len(full) == 2
    metrics = [scan["regions"][0].get("metrics", {}) for scan in full.values()]
    series = sum(5 * len(it.get("nat_gateways", [])) + len(it.get("endpoints", [])) for it in metrics)
    assert f"{series * (28 * 24 - 3)} series-hours" in done.stderr, done.stderr
    assert some < all_of_them
