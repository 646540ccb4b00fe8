"""Audit, do what it says with the real AWS CLI, audit again: what was advised is gone, everything else as it was."""

import pytest
from world import GB, OPEN_POLICY, SmallVpc

FIXABLE = {"missing-gateway-endpoint", "gateway-endpoint-not-associated"}


@pytest.fixture
def faulty(account):
    """Two VPCs: one without gateway endpoints, one whose endpoints miss tables, the main one included; with faults
    besides that no route table mends."""
    region = account.region()
    none = SmallVpc(region, name="none", cidr="10.1.0.0/16")
    none.nat.carries(up=100 * GB, down=300 * GB)
    some = SmallVpc(region, name="some", cidr="10.2.0.0/16")
    some.nat.carries(up=200 * GB, down=100 * GB)
    some.vpc.subnet("a")
    some.vpc.main_table().to(some.nat)
    second = some.vpc.route_table(some.vpc.subnet("a")).to(some.nat)
    some.vpc.gateway_endpoint("s3", some.table)
    some.vpc.gateway_endpoint("dynamodb", some.table, second)
    idle = SmallVpc(region, name="idle", cidr="10.3.0.0/16")
    idle.nat.carries(0)
    for service in ("s3", "dynamodb"):
        idle.vpc.gateway_endpoint(service, idle.table)
    idle.vpc.interface_endpoint("kms", idle.private[0], groups=[idle.vpc.private_https()], policy=OPEN_POLICY)
    return account


def fixable(report):
    return [finding for finding in report["findings"] if finding["rule"] in FIXABLE]


def others(report):
    return [finding for finding in report["findings"] if finding["rule"] not in FIXABLE]


@pytest.mark.parametrize("routes", ["routes-follow", "routes-lag"])
def test_the_printed_commands_end_the_findings(natwise, shell, faulty, routes):
    before = natwise.audit(faulty)
    assert {(finding["rule"], finding["service"]) for finding in fixable(before)} == {
        (rule, service) for rule in FIXABLE for service in ("s3", "dynamodb")
    }
    assert {finding["rule"] for finding in others(before)} >= {"idle-nat-gateway", "endpoint-full-access-policy"}

    for finding in fixable(before):
        assert finding["remedy"]["commands"]
        for command in finding["remedy"]["commands"]:
            shell(command, faulty)
    if routes == "routes-follow":
        # moto changes an endpoint's list of tables without adding the routes, AWS does both.
        assert faulty.region().sync_routes() > 0
    after = natwise.audit(faulty)

    assert fixable(after) == []
    repaired = {finding["vpc_id"] for finding in fixable(before)}
    new = [finding for finding in others(after) if finding not in others(before)]
    # An endpoint made by the advice has AWS's default policy, and saying so is right.
    assert {finding["rule"] for finding in new} <= {"endpoint-full-access-policy"}
    assert {finding["vpc_id"] for finding in new} <= repaired
    assert [finding for finding in others(after) if finding not in new] == others(before)
    assert after["totals"]["monthly_usd"]["current"] == before["totals"]["monthly_usd"]["current"]
    assert after["totals"]["monthly_usd"]["saving_high"] < before["totals"]["monthly_usd"]["saving_high"]


def test_where_a_list_and_the_routes_disagree_the_report_says_so(natwise, shell, faulty):
    for finding in fixable(natwise.audit(faulty)):
        for command in finding["remedy"]["commands"]:
            shell(command, faulty)

    lagging = natwise("audit", account=faulty).stdout
    faulty.region().sync_routes()
    in_step = natwise("audit", account=faulty).stdout

    assert "has no route to it" in " ".join(lagging.split())
    assert "has no route to it" not in " ".join(in_step.split())


def test_each_command_names_its_region_and_needs_no_configuration(natwise, shell, account):
    small = SmallVpc(account.region("eu-west-1"))
    small.nat.carries(up=100 * GB)
    report = natwise.audit(account, "--region", "eu-west-1")

    for finding in fixable(report):
        for command in finding["remedy"]["commands"]:
            shell(command, account, env={"AWS_REGION": None, "AWS_DEFAULT_REGION": None})

    assert fixable(natwise.audit(account, "--region", "eu-west-1")) == []
