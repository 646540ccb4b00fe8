"""What an account does not let natwise see: the run goes on, the report says what is missing, and nothing is made up."""

import pytest

from test_bad_input import refused
from world import GB, WINDOW


@pytest.fixture
def leaky(emulator):
    """A busy NAT gateway and no gateway endpoint, an idle one, and an idle interface endpoint."""
    world = emulator.world()
    vpc = world.vpc()
    busy, idle = vpc.nat("a"), vpc.nat("a")
    world.nat_bytes(busy, up=100 * GB, down=400 * GB)
    world.nat_silence(idle)
    _, subnet = vpc.private(busy, "a")
    vpc.interface_endpoint("sqs", [subnet], vpc.https_group())
    return emulator


def rules(report):
    return {finding["rule"] for finding in report["findings"]}


EC2 = [
    "DescribeNatGateways",
    "DescribeVpcEndpoints",
    "DescribeRouteTables",
    "DescribeVpcs",
    "DescribeSubnets",
    "DescribeSecurityGroups",
    "DescribeAvailabilityZones",
    "DescribePrefixLists",
    "DescribeFlowLogs",
]


@pytest.mark.parametrize("operation", EC2)
def test_a_refused_call_is_a_gap_that_names_its_action(leaky, live, operation):
    whole = live.json("audit", *WINDOW)
    leaky.refuse(operation, message=f"You are not authorized\nto perform: ec2:{operation}\u202e")
    report = live.json("audit", *WINDOW)
    (gap,) = report["gaps"]
    assert (gap["region"], gap["operation"], gap["code"]) == ("us-east-1", operation, "UnauthorizedOperation")
    assert report["scope"]["complete"] is False
    assert rules(report) <= rules(whole), "less was seen, so no more can be wrong"
    assert report["totals"]["monthly_usd"]["current"] <= whole["totals"]["monthly_usd"]["current"]
    done = live("audit", *WINDOW)
    assert done.returncode == 0 and f"ec2:{operation}" in done.stdout and "\u202e" not in done.stdout + done.stderr
    assert live("audit", *WINDOW, "--strict").returncode == 2


@pytest.mark.parametrize(
    ("operation", "rule"),
    [
        ("DescribeNatGateways", "idle-nat-gateway"),
        ("DescribeVpcEndpoints", "missing-gateway-endpoint"),
        ("DescribeVpcEndpoints", "idle-interface-endpoint"),
        ("DescribeRouteTables", "missing-gateway-endpoint"),
        ("DescribeSubnets", "missing-gateway-endpoint"),
        ("DescribeSecurityGroups", "endpoint-security-group"),
        ("GetMetricData", "idle-nat-gateway"),
        ("GetMetricData", "idle-interface-endpoint"),
    ],
)
def test_a_rule_without_its_data_is_skipped_and_not_applied(leaky, live, operation, rule):
    leaky.refuse(operation)
    report = live.json("audit", *WINDOW)
    assert rule in {skipped["rule"] for skipped in report["skipped"]}
    assert rule not in rules(report)


def test_without_metrics_bytes_are_unknown_and_hours_are_not(leaky, live):
    leaky.refuse("GetMetricData", code="AccessDenied", message="no")
    report = live.json("audit", *WINDOW)
    assert {gap["operation"] for gap in report["gaps"]} == {"GetMetricData"}
    assert [row["bytes"] for row in report["nat_gateways"]] == [None, None]
    assert all(row["window_usd"]["hours"] > 0 and row["window_usd"]["data"] is None for row in report["nat_gateways"])
    assert report["totals"]["partial"] is True


def test_without_the_list_of_metrics_gateways_are_still_measured(leaky, live):
    whole = live.json("audit", *WINDOW)
    leaky.refuse("ListMetrics", code="AccessDenied", message="no")
    report = live.json("audit", *WINDOW)
    assert {gap["operation"] for gap in report["gaps"]} == {"ListMetrics"}
    assert report["nat_gateways"] == whole["nat_gateways"]


def test_a_region_that_is_not_enabled_is_a_gap_beside_the_others(leaky, live):
    leaky.refuse("*", code="OptInRequired", status=401, message="You are not subscribed", region="ap-east-1")
    report = live.json("audit", *WINDOW, "--region", "us-east-1", "--region", "ap-east-1")
    assert {gap["region"] for gap in report["gaps"]} == {"ap-east-1"}
    assert {row["region"] for row in report["nat_gateways"]} == {"us-east-1"}
    assert report["scope"]["complete"] is False
    refused(live("audit", *WINDOW, "--region", "ap-east-1"), "ap-east-1")


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("RequestExpired", 400),
        ("ExpiredToken", 403),
        ("ExpiredTokenException", 403),
        ("InvalidClientTokenId", 403),
        ("AuthFailure", 401),
        ("UnauthorizedOperation", 403),
    ],
)
def test_when_every_call_is_refused_there_is_no_report(leaky, live, tmp_path, code, status):
    leaky.refuse("*", code=code, status=status, message="The security token included in the request is expired")
    refused(live("audit", *WINDOW), code)
    refused(live("audit", *WINDOW, "--format", "json"), code)
    file = tmp_path / "snapshot.json"
    refused(live("scan", *WINDOW, "-o", file), code)
    assert not file.exists()


def test_a_transit_gateway_of_another_account_is_not_called_free_of_nat(emulator, live):
    world = emulator.world()
    spoke = world.vpc()
    tgw, _ = world.transit_gateway()
    table = spoke.table()
    subnet = spoke.subnet("a", table)
    spoke.route(table, "0.0.0.0/0", TransitGatewayId=tgw)
    world.ec2.create_transit_gateway_vpc_attachment(TransitGatewayId=tgw, VpcId=spoke.id, SubnetIds=[subnet])
    for operation in ("SearchTransitGatewayRoutes", "DescribeTransitGatewayAttachments"):
        emulator.refuse(operation)
    report = live.json("audit", *WINDOW)
    missing = [finding for finding in report["findings"] if finding["rule"] == "missing-gateway-endpoint"]
    assert {finding["service"] for finding in missing} == {"s3", "dynamodb"}
    for finding in missing:
        assert finding["resources"] == [spoke.id, table]
        assert finding["monthly_usd"] == {"current": None, "saving_low": None, "saving_high": None}
        assert "not visible" in finding["detail"]
