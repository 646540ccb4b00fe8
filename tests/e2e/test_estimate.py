"""`natwise estimate` on plans, against figures reckoned by hand and against AWS's own examples."""

import json
import re
from decimal import Decimal

import jsonschema
import pytest

EMBEDDED = "--embedded-prices"
ONE = """
[[vpc]]
name = "one"
region = "us-east-1"
availability_zones = ["a"]
[vpc.traffic.internet]
a = 5000
"""
PROD = """
[transit_gateway]
egress = true
shared_endpoints = true

[[vpc]]
name = "prod"
region = "us-east-1"
availability_zones = ["a", "b", "c"]

[vpc.traffic]
internet = { a = 1000, b = 0, c = 0 }
s3 = { a = 1000, b = 500, c = 0.5 }
sqs = { a = 300, b = 200, c = 100 }
"""
HOSTILE = "p`|\\u001b[31m\\n<b>\\u202e@octocat"


@pytest.fixture
def estimate(natwise, home):
    def run(plan, *arguments):
        file = home / "plan.toml"
        file.write_text(plan)
        return natwise("estimate", file, EMBEDDED, *arguments)

    return run


@pytest.fixture
def regional(home):
    """A price that the embedded book lacks."""
    file = home / "regional.csv"
    file.write_text("region,product,usd\nus-east-1,regional_nat_gateway_gb,0.045\n")
    return "--prices", file


@pytest.fixture
def priced(estimate, natwise):
    schema = json.loads(natwise("schema", "estimate").stdout)
    jsonschema.Draft202012Validator.check_schema(schema)

    def run(plan, *arguments):
        done = estimate(plan, "--format", "json", *arguments)
        assert done.returncode == 0, done.stderr
        report = json.loads(done.stdout, parse_float=Decimal)
        jsonschema.validate(json.loads(done.stdout), schema)
        assert report["schema"] == "natwise.estimate/1"
        return report

    return run


def costs(report):
    [region] = report["regions"]
    return {row["id"]: row["usd"] for row in region["architectures"]}


def test_the_example_month_of_one_gateway(priced, regional):
    """32.85 + 225.00 + 3.65; regional in one zone costs the same; nothing else can carry internet traffic."""
    assert costs(priced(ONE)) == {"nat-per-az/no-endpoints": Decimal("261.5"), "regional-nat/no-endpoints": None}
    report = priced(ONE, *regional)
    assert costs(report) == {"nat-per-az/no-endpoints": Decimal("261.5"), "regional-nat/no-endpoints": Decimal("261.5")}
    [region] = report["regions"]
    lines = {line["usage_type"]: line["usd"] for line in region["architectures"][0]["lines"]}
    assert lines == {"NatGateway-Hours": Decimal("32.85"), "NatGateway-Bytes": 225, "USE1-PublicIPv4:InUseAddress": Decimal("3.65")}


def test_a_plan_reckoned_by_hand(priced, regional):
    report = priced(PROD, *regional)
    found = costs(report)
    hour, address, interface, attachment = Decimal("32.85"), Decimal("3.65"), Decimal("7.3"), Decimal("36.5")
    nat, crossing, endpoint, transit = Decimal("0.045"), Decimal("0.02"), Decimal("0.01"), Decimal("0.02")
    gateways = 3 * (hour + address)
    everything = Decimal("3100.5")
    expected = {
        "nat-per-az/no-endpoints": gateways + everything * nat,
        "regional-nat/no-endpoints": gateways + everything * nat,
        "nat-per-az/gateway": gateways + 1600 * nat,
        "nat-per-az/interface-own-az": gateways + 1300 * nat + interface + 300 * endpoint,
        "nat-per-az/interface-one-az": gateways + 1000 * nat + interface + 600 * endpoint,
        "nat-per-az/shared-one-az": gateways + 1000 * nat + 2 * attachment + interface + 600 * (endpoint + transit),
        "single-nat/no-endpoints": hour + address + everything * nat + Decimal("800.5") * crossing,
        "single-nat/gateway": hour + address + 1600 * nat + 300 * crossing,
        "single-nat/interface-own-az": hour + address + 1100 * nat + 100 * crossing + 2 * interface + 500 * endpoint,
        "single-nat/interface-one-az": hour + address + 1000 * nat + interface + 600 * endpoint,
        "egress-nat-per-az/gateway": gateways + 2 * attachment + 1600 * (nat + transit),
        "egress-single-nat/interface-own-az": hour + address + 2 * attachment + 1100 * (nat + transit) + 2 * interface + 500 * endpoint,
        "egress-single-nat/gateway": hour + address + 2 * attachment + 1600 * (nat + transit),
    }
    assert {id: found[id] for id in expected} == expected
    [region] = report["regions"]
    assert region["cheapest"] == "single-nat/interface-one-az"
    assert report["cheapest_usd"] == expected["single-nat/interface-one-az"]
    for row in region["architectures"]:
        assert sum(line["usd"] for line in row["lines"]) == row["usd"]
        assert row["above_cheapest_usd"] == row["usd"] - report["cheapest_usd"]
        for line in row["lines"]:
            assert abs(line["quantity"] * line["rate_usd"] - line["usd"]) < Decimal("0.000001"), line
    assert [round(row["break_even_gb"], 1) for row in region["break_even"]] == [Decimal("208.6")] * 3
    assert not any(id.startswith("no-nat") for id in found)


def test_cost_against_traffic(priced, estimate):
    """Each point is the estimate of a plan with so many times the traffic."""
    plan = ONE.replace("internet", "sqs")
    [region] = priced(plan)["regions"]
    for point in region["by_traffic"]:
        assert point["gb"] == 5000 * point["factor"]
        assert point["usd"] == Decimal("7.3") + point["gb"] * Decimal("0.01") and point["cheapest"] == "no-nat/interface-own-az"
        assert point["usd_by_architecture"]["nat-per-az/no-endpoints"] == Decimal("36.5") + point["gb"] * Decimal("0.045")
    assert [point["factor"] for point in region["by_traffic"]] == [Decimal(f) for f in ("0.125", "0.25", "0.5", "1", "2", "4", "8")]
    bars = [line.count("█") for line in estimate(plan).stdout.splitlines() if "█" in line]
    assert len(bars) == 7 and bars == sorted(bars) and bars[-1] == 16


def test_no_nat_only_where_nothing_needs_it(priced):
    """Three zones of one endpoint are 21.90, as AWS's example."""
    report = priced(PROD.replace("a = 1000, b = 0, c = 0", "a = 0, b = 0, c = 0"))
    assert costs(report)["no-nat/interface-own-az"] == Decimal("21.9") + 6
    assert report["regions"][0]["cheapest"] == "no-nat/interface-one-az"


def test_tiers_are_those_of_the_sum(priced):
    """2 PB through endpoints: 10,485.76 + 6,291.456."""
    halves = "".join(
        f'[[vpc]]\nname = "{name}"\nregion = "us-east-1"\navailability_zones = ["a"]\n[vpc.traffic.logs]\na = 1048576\n'
        for name in "xy"
    )
    assert costs(priced(halves))["no-nat/interface-own-az"] == Decimal("10485.76") + Decimal("6291.456") + Decimal("14.6")


def test_months_growth_and_discount(priced):
    report = priced('growth = "10%"\nmonths = 2\n' + ONE, "--discount", "10%")
    [region] = report["regions"]
    first = [Decimal("0.9") * (Decimal("36.5") + 225), Decimal("0.9") * (Decimal("36.5") + Decimal("247.5"))]
    assert region["architectures"][0]["months_usd"] == first
    assert report["cheapest_usd"] == sum(first)
    assert (report["months"], report["growth"], report["prices"]["discount"]) == (2, Decimal("0.1"), Decimal("0.1"))


def test_an_unknown_price_is_not_nothing(priced, estimate, home):
    plan = PROD.replace("us-east-1", "mx-central-1")
    report = priced(plan)
    [region] = report["regions"]
    assert report["cheapest_usd"] is None and region["cheapest"] is None
    assert all(row["usd"] is None and row["unknown"] for row in region["architectures"])
    done = estimate(plan)
    assert "no price for nat_gateway_gb in mx-central-1" in done.stdout and "$0.00" not in done.stdout
    prices = home / "mine.csv"
    prices.write_text("region,product,usd\nmx-central-1,nat_gateway_hour,0.05\nmx-central-1,nat_gateway_gb,0.05\n")
    one = priced(ONE.replace("us-east-1", "mx-central-1"), "--prices", prices)
    assert costs(one) == {"nat-per-az/no-endpoints": 40 * Decimal("1.0") + Decimal("0.15") + 250, "regional-nat/no-endpoints": None}


@pytest.mark.parametrize(
    "change, complaint",
    [
        (("", "vpc = 1"), "plan"),
        (("name =", "nmae ="), "line 7: unknown field `nmae`"),
        (("egress =", "egres ="), "unknown field `egres`"),
        (("sqs =", "sqss ="), "did you mean sqs"),
        (("b = 200, ", ""), 'add "b" = 0'),
        (("us-east-1", "moon-1"), 'unknown Region "moon-1"'),
        (("b = 200", "b = -200"), "negative"),
        (("b = 200", "b = nan"), "a number of GB a month"),
        (("[transit_gateway]", "months = 3\n[transit_gateway]"), "add growth"),
        (('availability_zones = ["a", "b", "c"]', ""), "add availability_zones"),
    ],
)
def test_bad_plans_are_refused_by_what_is_wrong(estimate, change, complaint):
    plan = PROD.replace(*change) if change[0] else change[1]
    done = estimate(plan)
    assert done.returncode == 2 and done.stdout == ""
    assert complaint in done.stderr and "panicked" not in done.stderr


def test_what_is_no_plan_is_refused(natwise, home):
    for name, content in [("binary", b"\xff\xfe\x00"), ("long", b"#" * ((1 << 20) + 1)), ("deep", b"a=" + b"[" * 100_000)]:
        (home / name).write_bytes(content)
        done = natwise("estimate", home / name)
        assert done.returncode == 2 and "panicked" not in done.stderr and len(done.stderr) < 1000, done.stderr
    assert natwise("estimate", home / "none").returncode == 2


def test_hostile_names_are_shown_and_not_obeyed(estimate):
    plan = PROD.replace('name = "prod"', f'name = "{HOSTILE}"')
    plan = plan.replace('"a", "b"', f'"{HOSTILE}", "b"').replace("a = ", f'"{HOSTILE}" = ')
    for arguments in ([], ["--format", "markdown"]):
        done = estimate(plan, *arguments)
        assert done.returncode == 0, done.stderr
        assert "\x1b" not in done.stdout and "\u202e" not in done.stdout
        assert all(c.isprintable() or c == "\n" for c in done.stdout)
    rows = [line for line in done.stdout.splitlines() if "octocat" in line]
    assert rows and all(re.search(r"``[^\n]*@octocat``", row) for row in rows)
    assert {row.count(" | ") for row in rows} == {5}, "a name ends no cell"
    assert all("<b>" not in re.sub(r"(`+)[^\n]*?[^`]\1(?!`)", "", row) for row in rows), "all of it is code"
    bad = estimate(plan.replace("b = 200, ", ""))
    assert bad.returncode == 2 and "\x1b" not in bad.stderr and "\u202e" not in bad.stderr


def test_forms_and_places(estimate, natwise, home):
    table = estimate(PROD).stdout
    assert "Cheapest  $94.80 a month" in table and "single NAT gateway; endpoints: gateway, interface in one AZ" in table
    assert max(map(len, table.splitlines())) <= 100
    file = home / "plan.toml"
    narrow = natwise("estimate", file, EMBEDDED, env={"COLUMNS": "60"}).stdout
    assert max(map(len, narrow.splitlines())) <= 60
    out = home / "out.md"
    assert estimate(PROD, "--format", "markdown", "-o", out).stdout == ""
    assert "**The cheapest architecture costs $94.80 a month.**" in out.read_text()
    assert natwise("estimate", "-", EMBEDDED, stdin=PROD).stdout == table
    assert estimate(PROD).stdout == table
