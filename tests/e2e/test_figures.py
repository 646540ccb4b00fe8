"""The figures: what the emulated account is known to hold comes out to the byte and to the cent."""

import json
from datetime import timedelta

import pytest

from world import END, GB, HOURS, NAT_METRICS, START, WINDOW


def gateway(report, nat):
    return next(row for row in report["nat_gateways"] if row["nat_gateway_id"] == nat)


def endpoint(report, vpce):
    return next(row for row in report["endpoints"] if row["vpc_endpoint_id"] == vpce)


def rules(report):
    return {finding["rule"] for finding in report["findings"]}


def test_each_byte_that_entered_is_billed_once(emulator, live):
    world = emulator.world()
    nat = world.vpc().nat()
    world.nat_bytes(nat, up=1_024 * GB, down=4_096 * GB)
    row = gateway(live.json("audit", *WINDOW), nat)
    assert row["bytes"] == {
        "in_from_source": 1_024 * GB,
        "in_from_destination": 4_096 * GB,
        "out_to_destination": 1_024 * GB,
        "out_to_source": 4_096 * GB,
        "processed": 5_120 * GB,
    }
    # Not $46.08 (uploads alone), nor $460.80 (all four metrics).
    assert row["window_usd"]["data"] == pytest.approx(230.40, abs=1e-6)
    assert row["window_usd"]["hours"] == pytest.approx(HOURS * 0.045, abs=1e-6)
    assert row["window_usd"]["addresses"] == pytest.approx(HOURS * 0.005, abs=1e-6)
    assert row["hours"] == HOURS


def test_a_gateway_an_address_and_five_thousand_gigabytes(emulator, live):
    world = emulator.world()
    nat = world.vpc().nat()
    # 5,000 GB in a month of 730 hours.
    total = 5_000 * GB * HOURS // 730
    world.nat_bytes(nat, up=total // 5, down=total - total // 5)
    report = live.json("audit", *WINDOW)
    assert gateway(report, nat)["monthly_usd"] == pytest.approx(261.50, abs=1e-6)
    assert report["totals"]["monthly_usd"]["current"] == pytest.approx(261.50, abs=1e-6)


def test_an_endpoint_in_three_zones_bills_three_hours_an_hour(emulator, live):
    vpc = emulator.world().vpc()
    subnets = [vpc.subnet(zone) for zone in "abc"]
    vpce = vpc.interface_endpoint("sqs", subnets, vpc.https_group())
    report = live.json("audit", *WINDOW)
    row = endpoint(report, vpce)
    assert row["monthly_usd"] == pytest.approx(21.90, abs=1e-6)
    assert row["window_usd"]["hours"] == pytest.approx(3 * HOURS * 0.01, abs=1e-6)
    assert row["bytes"] == 0, "no datapoint over a window that it wholly existed in is zero"
    assert row["availability_zones"] == ["us-east-1a", "us-east-1b", "us-east-1c"]
    assert "idle-interface-endpoint" in rules(report)


def test_two_petabytes_by_tiers_over_all_endpoints_of_a_region(emulator, live):
    world = emulator.world()
    vpc = world.vpc()
    subnet, group = vpc.subnet(), vpc.https_group()
    one, other = (vpc.interface_endpoint(service, [subnet], group) for service in ("sqs", "logs"))
    world.endpoint_bytes(vpc.id, one, "sqs", 1_500_000 * GB)
    world.endpoint_bytes(vpc.id, other, "logs", (2 * 1_048_576 - 1_500_000) * GB)
    totals = live.json("audit", *WINDOW)["totals"]["window_usd"]
    assert totals["endpoint_data"] == pytest.approx(16_777.216, abs=1e-5)


def test_a_gateway_made_in_the_window_pays_for_its_own_hours(emulator, live):
    world = emulator.world()
    made = START + timedelta(days=16)
    nat = world.vpc().nat(since=made)
    world.nat_bytes(nat, up=0, down=360 * GB, first=made)
    report = live.json("audit", *WINDOW)
    row = gateway(report, nat)
    assert row["hours"] == 360
    assert row["window_usd"]["hours"] == pytest.approx(360 * 0.045, abs=1e-6)
    # A month at that rate: 32.85 + 3.65 + 730 GB x 0.045
    assert row["monthly_usd"] == pytest.approx(69.35, abs=1e-6)
    assert any(nat == note["resource"] and "360 of the window's 744" in note["message"] for note in report["notes"])


def test_a_started_hour_counts_whole(emulator, live):
    nat = emulator.world().vpc().nat(since=END - timedelta(hours=10, minutes=30))
    assert gateway(live.json("audit", *WINDOW), nat)["hours"] == 11


def test_a_gateway_deleted_in_the_window_pays_until_then_and_is_no_finding(emulator, live):
    world = emulator.world()
    vpc = world.vpc()
    gone = vpc.nat(until=START + timedelta(days=2))
    world.nat_bytes(gone, up=GB, down=10 * GB, last=START + timedelta(days=2))
    report = live.json("audit", *WINDOW)
    row = gateway(report, gone)
    assert (row["state"], row["hours"], row["bytes"]["processed"]) == ("deleted", 48, 11 * GB)
    assert row["window_usd"]["hours"] == pytest.approx(48 * 0.045, abs=1e-6)
    assert row["window_usd"]["addresses"] == pytest.approx(48 * 0.005, abs=1e-6)
    assert report["findings"] == []


def test_a_gateway_made_after_the_window_cost_nothing_in_it(emulator, live):
    emulator.world().vpc().nat(since=END + timedelta(hours=1))
    report = live.json("audit", *WINDOW)
    assert [row["hours"] for row in report["nat_gateways"]] in ([], [0])
    assert report["totals"]["window_usd"]["total"] == 0
    assert report["findings"] == []


def test_the_window_starts_inside_and_ends_outside(emulator, live):
    world = emulator.world()
    nat = world.vpc().nat()
    hour = timedelta(hours=1)
    points = [(START - hour, 1), (START, 10), (END - hour / 2, 100), (END, 1_000)]
    for metric in NAT_METRICS:
        world.put("AWS/NATGateway", metric, [("NatGatewayId", nat)], points)
    assert gateway(live.json("audit", *WINDOW), nat)["bytes"]["processed"] == 2 * 110


def test_a_private_gateway_has_no_address_to_pay_for(emulator, live):
    world = emulator.world()
    nat = world.vpc().nat(private=True)
    world.nat_bytes(nat, up=GB, down=GB)
    row = gateway(live.json("audit", *WINDOW), nat)
    assert row["connectivity_type"] == "private"
    assert row["window_usd"]["addresses"] == 0
    assert row["window_usd"]["total"] == pytest.approx(HOURS * 0.045 + 2 * 0.045, abs=1e-6)


def test_a_gateway_endpoint_is_free_and_a_young_endpoint_not_yet_idle(emulator, live):
    world = emulator.world()
    vpc = world.vpc()
    free = vpc.gateway_endpoint("s3", [vpc.main_table])
    young = vpc.interface_endpoint("sqs", [vpc.subnet()], vpc.https_group(), since=START + timedelta(days=1))
    report = live.json("audit", *WINDOW)
    row = endpoint(report, free)
    assert (row["type"], row["monthly_usd"], row["window_usd"]["total"]) == ("Gateway", 0, 0)
    assert endpoint(report, young)["hours"] == HOURS - 24
    assert "idle-interface-endpoint" not in rules(report)


def test_each_region_has_its_own_prices(emulator, live):
    # An hour costs what a gigabyte does: 0.048 in Ireland, 0.093 in São Paulo.
    hour = {"us-east-1": 0.045, "eu-west-1": 0.048, "sa-east-1": 0.093}
    for region in hour:
        emulator.world(region).vpc().nat()
    report = live.json("audit", *WINDOW, *(word for region in hour for word in ("--region", region)))
    assert report["scope"]["regions"] == sorted(hour)
    costs = {row["region"]: row["window_usd"]["hours"] for row in report["nat_gateways"]}
    assert costs == {region: pytest.approx(HOURS * usd, abs=1e-6) for region, usd in hour.items()}


def test_the_default_window_is_the_last_thirty_days(emulator, live):
    window = live.json("audit")["window"]
    assert window["hours"] == 720
    assert window["end"] >= (END + timedelta(days=8)).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_no_datapoint_is_unknown_and_published_zeros_are_idle(emulator, live):
    world = emulator.world()
    vpc = world.vpc()
    silent, unknown = vpc.nat("a"), vpc.nat("b")
    world.nat_silence(silent)
    report = live.json("audit", *WINDOW)
    assert gateway(report, silent)["bytes"]["processed"] == 0
    row = gateway(report, unknown)
    assert row["bytes"] is None and row["window_usd"]["data"] is None and row["window_usd"]["total"] is None
    assert row["window_usd"]["hours"] == pytest.approx(33.48, abs=1e-6)
    idle = [finding for finding in report["findings"] if finding["rule"] == "idle-nat-gateway"]
    assert [finding["resources"][0] for finding in idle] == [silent]
    assert idle[0]["basis"] == "metered"
    assert idle[0]["monthly_usd"] == {"current": 36.5, "saving_low": 36.5, "saving_high": 36.5}
    assert report["totals"]["partial"] is True
    assert [row["resource"] for row in report["totals"]["unknown"]] == [unknown]


def test_a_region_without_prices_is_unknown_never_free(emulator, live):
    world = emulator.world("mx-central-1")
    nat = world.vpc().nat()
    world.nat_bytes(nat, up=GB, down=GB)
    report = live.json("audit", *WINDOW, "--region", "mx-central-1")
    row = gateway(report, nat)
    assert row["window_usd"] == {"hours": None, "data": None, "addresses": 3.72, "total": None}
    assert row["monthly_usd"] is None
    reasons = {row["reason"] for row in report["totals"]["unknown"]}
    assert reasons == {"no price for nat_gateway_hour in mx-central-1", "no price for nat_gateway_gb in mx-central-1"}
    assert report["totals"]["window_usd"]["nat_data"] is None
    missing = next(f for f in report["findings"] if f["rule"] == "missing-gateway-endpoint") if rules(report) & {"missing-gateway-endpoint"} else None
    assert missing is None, "no subnet uses that gateway"
    # A price file fills the hole.
    file = live.home / "prices.csv"
    file.write_text("region,product,usd\nmx-central-1,nat_gateway_hour,0.05\nmx-central-1,nat_gateway_gb,0.06\n")
    row = gateway(live.json("audit", *WINDOW, "--region", "mx-central-1", "--prices", file), nat)
    assert row["window_usd"] == {"hours": 37.2, "data": 0.12, "addresses": 3.72, "total": 41.04}


def test_a_discount_is_taken_off(emulator, live):
    world = emulator.world()
    nat = world.vpc().nat()
    world.nat_bytes(nat, up=0, down=1_000 * GB)
    report = live.json("audit", *WINDOW, "--discount", "8%")
    assert gateway(report, nat)["window_usd"]["data"] == pytest.approx(45 * 0.92, abs=1e-6)
    assert report["prices"]["discount"] == 0.08


def test_an_audit_of_the_snapshot_is_the_audit_of_the_account(emulator, live, tmp_path):
    world = emulator.world()
    vpc = world.vpc(name="prod\n\u202e$(reboot)")
    nat = vpc.nat(name="nat '\"")
    world.nat_bytes(nat, up=7 * GB, down=11 * GB)
    table, subnet = vpc.private(nat)
    vpce = vpc.interface_endpoint("kms", [subnet], vpc.https_group())
    world.endpoint_bytes(vpc.id, vpce, "kms", GB)
    file = tmp_path / "snapshot.json"
    assert live("scan", *WINDOW, "-o", file).returncode == 0
    for form in ("json", "table"):
        direct = live("audit", *WINDOW, "--format", form)
        assert direct.returncode == 0, direct.stderr
        assert live("audit", "--snapshot", file, "--format", form).stdout == direct.stdout
        assert live("audit", "--snapshot", "-", "--format", form, stdin=file.read_text()).stdout == direct.stdout
    snapshot = json.loads(file.read_text())
    assert snapshot["schema"] == "natwise.snapshot/1"
    assert "very-secret-key" not in file.read_text()


def test_what_aws_may_add_one_day_survives_the_snapshot(emulator, live, tmp_path):
    world = emulator.world()
    vpc = world.vpc()
    vpc.nat()
    file = tmp_path / "snapshot.json"
    assert live("scan", *WINDOW, "-o", file).returncode == 0
    snapshot = json.loads(file.read_text())
    snapshot["regions"][0]["nat_gateways"][0].update(state="hibernating", availability_mode="galactic")
    snapshot["regions"][0]["something_new"] = [1, 2, 3]
    row = json.loads(live("audit", "--snapshot", "-", "--format", "json", stdin=json.dumps(snapshot)).stdout)["nat_gateways"][0]
    assert row["state"] == "hibernating"
