"""The figures of an audit against what was put into the account, to the cent and the byte."""

from datetime import timedelta
from decimal import Decimal

import pytest
from contract import close
from world import GB, HOUR, LONG_AGO, MIDNIGHT, MONTH, WINDOW, SmallVpc, Window

NAT_HOUR = NAT_GB = Decimal("0.045")
ADDRESS_HOUR = Decimal("0.005")
ENDPOINT_HOUR = ENDPOINT_GB = Decimal("0.01")


def only(rows):
    assert len(rows) == 1
    return rows[0]


def rules(report):
    return [finding["rule"] for finding in report["findings"]]


def test_processed_bytes_are_what_entered_from_both_sides(natwise, account):
    nat = SmallVpc(account.region()).nat
    instants = WINDOW.instants()
    for metric, value in {
        "BytesInFromSource": 1_000_003,
        "BytesInFromDestination": 20_000_009,
        "BytesOutToDestination": 1_000_001,
        "BytesOutToSource": 19_999_999,
        "ActiveConnectionCount": 3,
    }.items():
        nat.publishes(metric, [(instant, value) for instant in instants])

    gateway = only(natwise.audit(account)["nat_gateways"])

    assert gateway["bytes"] == {
        "in_from_source": 30 * 1_000_003,
        "in_from_destination": 30 * 20_000_009,
        "out_to_destination": 30 * 1_000_001,
        "out_to_source": 30 * 19_999_999,
        "processed": 30 * 21_000_012,
    }
    close(gateway["window_usd"]["data"], 30 * 21_000_012 * NAT_GB / GB)


def test_a_gateway_costs_its_hours_its_address_and_its_gigabytes(natwise, account):
    nat = SmallVpc(account.region()).nat
    nat.carries(up=3 * GB + 1, down=500 * GB + 12345)

    report = natwise.audit(account)

    gateway = only(report["nat_gateways"])
    assert gateway["nat_gateway_id"] == nat.id
    assert gateway["account_id"] == account.id
    assert gateway["hours"] == 720
    assert (gateway["state"], gateway["availability_mode"]) == ("available", "zonal")
    assert (gateway["connectivity_type"], gateway["availability_zones"]) == ("public", ["us-east-1a"])
    data = (503 * GB + 12346) * NAT_GB / GB
    close(gateway["window_usd"]["hours"], 720 * NAT_HOUR)
    close(gateway["window_usd"]["addresses"], 720 * ADDRESS_HOUR)
    close(gateway["window_usd"]["data"], data)
    close(gateway["window_usd"]["total"], 720 * (NAT_HOUR + ADDRESS_HOUR) + data)
    close(gateway["monthly_usd"], (720 * (NAT_HOUR + ADDRESS_HOUR) + data) * 730 / 720)
    totals = report["totals"]
    close(totals["window_usd"]["total"], gateway["window_usd"]["total"])
    close(totals["monthly_usd"]["current"], gateway["monthly_usd"])
    assert report["scope"] == {"accounts": [account.id], "regions": ["us-east-1"], "complete": True}


def test_five_terabytes_cost_230_40_whichever_way_they_went(natwise, account):
    SmallVpc(account.region()).nat.carries(up=1024 * GB, down=4096 * GB)

    data = only(natwise.audit(account)["nat_gateways"])["window_usd"]["data"]

    # Uploads alone would be 46.08, all four metrics together 460.80, decimal gigabytes 247.39.
    assert data == Decimal("230.4")


def test_a_gateway_an_address_and_5000_gb_are_261_50_a_month(natwise, account):
    SmallVpc(account.region()).nat.carries(up=1000 * GB, down=4000 * GB, during=MONTH)

    report = natwise.audit(account, window=MONTH)

    assert only(report["nat_gateways"])["monthly_usd"] == Decimal("261.5")
    assert report["totals"]["window_usd"] == {
        "nat_hours": Decimal("32.85"),
        "nat_data": 225,
        "endpoint_hours": 0,
        "endpoint_data": 0,
        "other": Decimal("3.65"),
        "total": Decimal("261.5"),
    }


def test_an_endpoint_in_three_zones_is_21_90_a_month(natwise, account):
    vpc = account.region().vpc()
    subnets = [vpc.subnet(zone) for zone in "abc"]
    endpoint = vpc.interface_endpoint("sqs", *subnets, groups=[vpc.private_https()]).carries(10 * GB, during=MONTH)

    report = natwise.audit(account, window=MONTH)

    row = only(report["endpoints"])
    assert row["vpc_endpoint_id"] == endpoint.id
    assert (row["type"], row["service_name"]) == ("Interface", "com.amazonaws.us-east-1.sqs")
    assert row["availability_zones"] == ["us-east-1a", "us-east-1b", "us-east-1c"]
    assert (row["hours"], row["bytes"]) == (730, 10 * GB)
    assert row["window_usd"] == {"hours": Decimal("21.9"), "data": Decimal("0.1"), "total": 22}
    assert row["monthly_usd"] == 22


def test_a_gateway_endpoint_is_free(natwise, account):
    small = SmallVpc(account.region())
    small.vpc.gateway_endpoint("s3", small.table)
    small.nat.carries(up=GB)

    row = only(natwise.audit(account)["endpoints"])

    assert (row["type"], row["monthly_usd"], row["window_usd"]["total"]) == ("Gateway", 0, 0)


def test_a_gateway_made_in_the_window_is_charged_for_its_own_hours(natwise, account):
    made = WINDOW.end - timedelta(hours=100, minutes=30)
    nat = SmallVpc(account.region(), created=made).nat
    nat.carries(down=10 * GB, during=Window(WINDOW.end - 96 * HOUR, 96))

    gateway = only(natwise.audit(account)["nat_gateways"])

    assert gateway["hours"] == 101, "a started hour counts whole"
    close(gateway["window_usd"]["hours"], 101 * NAT_HOUR)
    close(gateway["window_usd"]["addresses"], 101 * ADDRESS_HOUR)
    close(gateway["monthly_usd"], (101 * (NAT_HOUR + ADDRESS_HOUR) + 10 * NAT_GB) * 730 / 101)


def test_a_gateway_deleted_in_the_window_is_charged_until_then(natwise, account):
    small = SmallVpc(account.region())
    gone = small.vpc.nat_gateway(small.public[0], deleted=WINDOW.start + 48 * HOUR)
    gone.carries(down=10 * GB, during=Window(WINDOW.start, 48))
    small.nat.carries(down=GB)

    report = natwise.audit(account)

    row = {row["nat_gateway_id"]: row for row in report["nat_gateways"]}[gone.id]
    assert (row["state"], row["hours"], row["bytes"]["processed"]) == ("deleted", 48, 10 * GB)
    close(row["window_usd"]["hours"], 48 * NAT_HOUR)
    assert not [finding for finding in report["findings"] if gone.id in finding["resources"]]


def test_a_gateway_made_after_the_window_cost_nothing_in_it(natwise, account):
    SmallVpc(account.region(), created=WINDOW.end + HOUR)

    report = natwise.audit(account)

    assert [row["hours"] for row in report["nat_gateways"]] in ([], [0])
    assert report["totals"]["window_usd"]["total"] == 0
    assert "idle-nat-gateway" not in rules(report)


def test_the_window_starts_inside_and_ends_outside(natwise, account):
    nat = SmallVpc(account.region()).nat
    for metric in ("BytesInFromSource", "BytesInFromDestination", "BytesOutToDestination", "BytesOutToSource"):
        before, first, last, after = WINDOW.start - HOUR, WINDOW.start, WINDOW.end - HOUR, WINDOW.end
        nat.publishes(metric, [(before, 1), (first, 10), (last + HOUR / 2, 100), (after, 1000)])

    gateway = only(natwise.audit(account)["nat_gateways"])

    assert gateway["bytes"]["processed"] == 2 * 110


def test_a_private_gateway_has_no_address_to_pay_for(natwise, account):
    vpc = account.region().vpc()
    nat = vpc.nat_gateway(vpc.subnet("b"), private=True).carries(up=GB)

    gateway = only(natwise.audit(account)["nat_gateways"])

    assert gateway["nat_gateway_id"] == nat.id
    assert gateway["connectivity_type"] == "private"
    assert gateway["window_usd"]["addresses"] == 0
    close(gateway["window_usd"]["total"], 720 * NAT_HOUR + NAT_GB)


def test_a_region_without_a_price_is_unknown_and_never_free(natwise, account):
    small = SmallVpc(account.region("mx-central-1"), zones="a")
    small.nat.carries(up=GB)
    small.vpc.interface_endpoint("sqs", small.private[0], groups=[small.vpc.private_https()]).carries(GB)

    report = natwise.audit(account, "--region", "mx-central-1")

    money = only(report["nat_gateways"])["window_usd"]
    assert (money["hours"], money["data"], money["total"]) == (None, None, None)
    assert only(report["nat_gateways"])["monthly_usd"] is None
    assert only(report["endpoints"])["window_usd"]["hours"] is None
    assert report["totals"]["window_usd"]["nat_hours"] is None
    table = natwise("audit", *WINDOW.options, "--region", "mx-central-1", account=account).stdout
    assert "unknown" in table
    assert "nat_gateway_hour" in table, "the missing row is named"


def test_a_price_file_fills_what_is_missing(natwise, account, tmp_path):
    SmallVpc(account.region("mx-central-1")).nat.carries(up=GB)
    prices = tmp_path / "prices.csv"
    prices.write_text("region,product,usd\nmx-central-1,nat_gateway_hour,0.05\nmx-central-1,nat_gateway_gb,0.06\n")

    report = natwise.audit(account, "--region", "mx-central-1", "--prices", prices)

    money = only(report["nat_gateways"])["window_usd"]
    assert (money["hours"], money["data"]) == (36, Decimal("0.06"))


def test_a_discount_is_taken_off_everything(natwise, account):
    SmallVpc(account.region()).nat.carries(up=1000 * GB)

    full = natwise.audit(account)
    less = natwise.audit(account, "--discount", "8%")

    assert less["prices"]["discount"] == Decimal("0.08")
    close(less["totals"]["window_usd"]["total"], full["totals"]["window_usd"]["total"] * Decimal("0.92"))


def test_a_gateway_without_datapoints_is_unknown_and_not_idle(natwise, account):
    SmallVpc(account.region())

    report = natwise.audit(account)

    gateway = only(report["nat_gateways"])
    assert (gateway["bytes"], gateway["window_usd"]["data"]) == (None, None)
    close(gateway["window_usd"]["hours"], 720 * NAT_HOUR)
    assert "idle-nat-gateway" not in rules(report)


def test_a_gateway_that_published_zeros_is_idle(natwise, account):
    small = SmallVpc(account.region())
    small.nat.carries(0)

    report = natwise.audit(account, window=WINDOW)

    assert only(report["nat_gateways"])["bytes"]["processed"] == 0
    finding = only([finding for finding in report["findings"] if finding["rule"] == "idle-nat-gateway"])
    assert finding["resources"][0] == small.nat.id
    assert finding["basis"] == "metered"
    assert small.table.id in finding["resources"] or small.table.id in finding["detail"]
    # 730 h × (0.045 + 0.005)
    assert finding["monthly_usd"]["saving_low"] == Decimal("36.5")
    assert report["totals"]["monthly_usd"]["saving_high"] == Decimal("36.5")


def test_an_endpoint_without_datapoints_is_idle_once_it_existed_all_along(natwise, account):
    region = account.region()
    for cidr, created in (("10.0.0.0/16", LONG_AGO), ("10.1.0.0/16", WINDOW.start + 24 * HOUR)):
        vpc = region.vpc(cidr=cidr)
        vpc.interface_endpoint("sqs", vpc.subnet("a"), groups=[vpc.private_https()], created=created)

    report = natwise.audit(account)

    volumes = {row["hours"]: row["bytes"] for row in report["endpoints"]}
    assert volumes[720] == 0
    idle = [finding for finding in report["findings"] if finding["rule"] == "idle-interface-endpoint"]
    assert [finding["vpc_id"] for finding in idle] == [
        row["vpc_id"] for row in report["endpoints"] if row["hours"] == 720
    ]
    assert only(idle)["monthly_usd"]["saving_low"] == Decimal("7.3")


@pytest.mark.parametrize("share, saving", [("60%", "135"), ("0%", "0"), ("100%", "225"), ("12.5%", "28.125")])
def test_a_declared_share_makes_the_saving_exact(natwise, account, share, saving):
    SmallVpc(account.region()).nat.carries(up=1000 * GB, down=4000 * GB, during=MONTH)

    report = natwise.audit(account, "--assume", f"s3={share}", window=MONTH)

    missing = [finding for finding in report["findings"] if finding["rule"] == "missing-gateway-endpoint"]
    s3 = only([finding for finding in missing if finding["service"] == "s3"])
    assert s3["basis"] == "assumed"
    assert s3["monthly_usd"]["saving_low"] == s3["monthly_usd"]["saving_high"] == Decimal(saving)


def test_savings_that_are_bounded_by_the_same_bytes_count_once(natwise, account):
    SmallVpc(account.region()).nat.carries(up=1000 * GB, down=4000 * GB, during=MONTH)

    report = natwise.audit(account, window=MONTH)

    missing = [finding for finding in report["findings"] if finding["rule"] == "missing-gateway-endpoint"]
    assert sorted(finding["service"] for finding in missing) == ["dynamodb", "s3"]
    for finding in missing:
        assert finding["basis"] == "bounded"
        assert (finding["monthly_usd"]["saving_low"], finding["monthly_usd"]["saving_high"]) == (0, 225)
    assert report["totals"]["monthly_usd"]["saving_low"] == 0
    assert report["totals"]["monthly_usd"]["saving_high"] == 225


def test_every_enabled_region_is_added_up(natwise, account):
    for name in ("us-east-1", "eu-west-1", "sa-east-1"):
        SmallVpc(account.region(name)).nat.carries(up=100 * GB)

    report = natwise.audit(account, "--region", "us-east-1", "--region", "eu-west-1", "--region", "sa-east-1")

    assert report["scope"]["regions"] == ["eu-west-1", "sa-east-1", "us-east-1"]
    hours = {row["region"]: row["window_usd"]["hours"] for row in report["nat_gateways"]}
    # Hour and gigabyte cost the same in each of these: 0.048 in Ireland, 0.093 in São Paulo.
    assert hours == {"us-east-1": Decimal("32.4"), "eu-west-1": Decimal("34.56"), "sa-east-1": Decimal("66.96")}


def test_all_regions_finds_what_the_configured_one_does_not_have(natwise, account):
    SmallVpc(account.region("eu-west-1")).nat.carries(up=GB)

    report = natwise.audit(account, "--all-regions", timeout=180)

    assert [row["region"] for row in report["nat_gateways"]] == ["eu-west-1"]
    assert len(report["scope"]["regions"]) > 15
    assert report["gaps"] == []


def test_the_default_window_is_the_last_thirty_days(natwise, account):
    SmallVpc(account.region())

    report = natwise.audit(account, window=None)

    assert report["window"]["hours"] == 720
    assert report["window"]["end"] >= (MIDNIGHT - HOUR).strftime("%Y-%m-%dT%H:%M:%SZ")
