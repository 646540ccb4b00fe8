"""Which way the traffic goes decides what is wrong, and where: every topology is built in the emulator and read back."""

import json

import pytest
from world import GB, OPEN_POLICY, WINDOW, SmallVpc


def found(report, rule):
    return [finding for finding in report["findings"] if finding["rule"] == rule]


def services(findings):
    return sorted(finding["service"] for finding in findings)


def well_built(region, traffic=True):
    """A VPC with nothing to find: a NAT gateway in each zone, both gateway endpoints on every table that leads to one,
    a busy interface endpoint in every zone that only the VPC may enter, and narrow policies."""
    vpc = region.vpc("well-built", "10.20.0.0/16")
    public = [vpc.subnet(zone) for zone in "abc"]
    private = [vpc.subnet(zone) for zone in "abc"]
    vpc.route_table(*public).to_internet()
    gateways = [vpc.nat_gateway(subnet) for subnet in public]
    tables = [vpc.route_table(subnet).to(nat) for subnet, nat in zip(private, gateways)]
    vpc.gateway_endpoint("s3", *tables)
    vpc.gateway_endpoint("dynamodb", *tables)
    endpoint = vpc.interface_endpoint("sqs", *private, groups=[vpc.private_https()])
    if traffic:
        for nat in gateways:
            nat.carries(up=200 * GB, down=800 * GB)
        endpoint.carries(4000 * GB)
    return vpc


def test_a_well_built_vpc_gives_no_finding(natwise, account):
    well_built(account.region())

    report = natwise.audit(account)

    assert report["findings"] == []
    assert report["skipped"] == []
    assert report["totals"]["monthly_usd"]["saving_high"] == 0
    assert len(report["nat_gateways"]) == 3


def test_an_empty_account_gives_no_finding_and_costs_nothing(natwise, account):
    report = natwise.audit(account)

    assert (report["findings"], report["nat_gateways"], report["endpoints"]) == ([], [], [])
    assert report["totals"]["window_usd"]["total"] == 0


def test_a_vpc_without_a_nat_gateway_misses_no_gateway_endpoint(natwise, account):
    vpc = account.region().vpc()
    vpc.subnet("a")
    public = vpc.subnet("b")
    vpc.route_table(public).to_internet()

    assert natwise.audit(account)["findings"] == []


def test_a_missing_gateway_endpoint_names_the_vpc_and_its_tables(natwise, account):
    small = SmallVpc(account.region())
    small.nat.carries(up=100 * GB)

    report = natwise.audit(account)

    missing = found(report, "missing-gateway-endpoint")
    assert services(missing) == ["dynamodb", "s3"]
    for finding in missing:
        assert finding["vpc_id"] == small.vpc.id
        assert finding["resources"] == [small.vpc.id, small.table.id]
        assert finding["basis"] == "bounded"
        (command,) = finding["remedy"]["commands"]
        assert command.startswith("aws ec2 create-vpc-endpoint ")
        assert small.public_table.id not in command


def test_the_main_table_counts_for_subnets_without_an_association(natwise, account):
    small = SmallVpc(account.region())
    small.nat.carries(up=100 * GB)
    small.vpc.gateway_endpoint("s3", small.table)
    small.vpc.gateway_endpoint("dynamodb", small.table)
    small.vpc.subnet("a")  # On the main table, as nothing else is said.
    main = small.vpc.main_table().to(small.nat)

    findings = found(natwise.audit(account), "gateway-endpoint-not-associated")

    assert services(findings) == ["dynamodb", "s3"]
    assert all(main.id in finding["resources"] for finding in findings)
    assert not any(small.table.id in finding["resources"] for finding in findings)


def test_a_table_that_leads_nowhere_need_not_be_associated(natwise, account):
    small = SmallVpc(account.region())
    small.nat.carries(up=100 * GB)
    small.vpc.route_table(small.vpc.subnet("a"))  # Isolated: it has a local route only.
    small.vpc.gateway_endpoint("s3", small.table)
    small.vpc.gateway_endpoint("dynamodb", small.table)

    assert natwise.audit(account)["findings"] == []


def test_three_zones_on_one_gateway_cross_zones(natwise, account):
    small = SmallVpc(account.region(), zones="abc")
    small.nat.carries(up=5_000 * GB, down=20_000 * GB)
    small.vpc.gateway_endpoint("s3", small.table)
    small.vpc.gateway_endpoint("dynamodb", small.table)

    (finding,) = natwise.audit(account)["findings"]

    assert finding["rule"] == "cross-az-nat-gateway"
    assert small.nat.id in finding["resources"]


def test_the_gateway_endpoint_belongs_into_the_spoke_not_into_the_egress_vpc(natwise, account):
    region = account.region()
    hub = region.transit_gateway()
    egress = region.vpc("egress", "10.0.0.0/16")
    public, inner = egress.subnet("a"), egress.subnet("a")
    egress.route_table(public).to_internet().to(hub, "10.0.0.0/8")
    nat = egress.nat_gateway(public).carries(up=100 * GB, down=900 * GB)
    egress.route_table(inner).to(nat)
    spoke = region.vpc("spoke", "10.1.0.0/16")
    clients = [spoke.subnet("a"), spoke.subnet("b")]
    tables = [spoke.route_table(subnet).to(hub) for subnet in clients]
    to_egress, to_spoke = hub.attach(egress, inner), hub.attach(spoke, *clients)
    hub.route(hub.route_table(to_spoke), "0.0.0.0/0", to_egress)
    hub.route(hub.route_table(to_egress), "10.1.0.0/16", to_spoke)

    report = natwise.audit(account)

    missing = found(report, "missing-gateway-endpoint")
    assert services(missing) == ["dynamodb", "s3"]
    for finding in missing:
        assert finding["vpc_id"] == spoke.id
        assert set(finding["resources"]) == {spoke.id, *map(str, tables)}
        assert egress.id not in finding["remedy"]["commands"][0]
        assert finding["monthly_usd"]["saving_high"] > 0


def test_behind_a_transit_gateway_of_another_account_nothing_is_called_free_of_nat(natwise, account):
    region = account.region()
    hub = region.transit_gateway()
    spoke = region.vpc("spoke", "10.1.0.0/16")
    subnet = spoke.subnet("a")
    table = spoke.route_table(subnet).to(hub)
    hub.attach(spoke, subnet)
    for operation in ("SearchTransitGatewayRoutes", "DescribeTransitGatewayAttachments"):
        account.refuse(operation)

    report = natwise.audit(account)

    missing = found(report, "missing-gateway-endpoint")
    assert services(missing) == ["dynamodb", "s3"]
    for finding in missing:
        assert finding["resources"] == [spoke.id, table.id]
        assert finding["monthly_usd"]["saving_high"] is None, "what is not visible has no price"
        assert "not visible" in finding["detail"]


def test_an_s3_interface_endpoint_shadows_the_free_one(natwise, account):
    small = SmallVpc(account.region())
    small.nat.carries(up=GB)
    small.vpc.gateway_endpoint("s3", small.table)
    small.vpc.gateway_endpoint("dynamodb", small.table)
    endpoint = small.vpc.interface_endpoint("s3", small.private[0], groups=[small.vpc.private_https()])
    endpoint.carries(1000 * GB)

    findings = natwise.audit(account)["findings"]

    (finding,) = [finding for finding in findings if finding["rule"] == "s3-interface-shadows-gateway"]
    assert finding["resources"][0] == endpoint.id


@pytest.mark.parametrize(
    "fault, rule",
    [
        ({"policy": OPEN_POLICY}, "endpoint-full-access-policy"),
        ({"admits": [(443, 443, "0.0.0.0/0")]}, "endpoint-security-group"),
        ({"admits": [(443, 443, "10.0.0.0/16"), (22, 22, "10.0.0.0/16")]}, "endpoint-security-group"),
        ({"admits": [(443, 443, "192.168.0.0/16")]}, "endpoint-security-group"),
        ({"admits": []}, "endpoint-security-group"),
        ({"zones": 1}, "interface-endpoint-single-az"),
        ({"private_dns": False}, "interface-endpoint-private-dns-off"),
        ({"bytes": None}, "idle-interface-endpoint"),
        ({"bytes": 5 * GB}, "underused-interface-endpoint"),
    ],
    ids=["policy", "anywhere", "other-port", "not-the-clients", "nobody", "one-zone", "private-dns", "idle", "underused"],
)
def test_each_fault_of_an_interface_endpoint_is_found_alone(natwise, account, fault, rule):
    small = SmallVpc(account.region(), zones="ab")
    small.nat.carries(up=100 * GB)
    small.vpc.gateway_endpoint("s3", small.table)
    small.vpc.gateway_endpoint("dynamodb", small.table)
    group = small.vpc.security_group("clients", *fault.get("admits", [(443, 443, small.vpc.cidr)]))
    endpoint = small.vpc.interface_endpoint(
        "sqs", *small.private[:fault.get("zones", 2)], groups=[group],
        **{option: fault[option] for option in ("policy", "private_dns") if option in fault},
    )
    if fault.get("bytes", True):
        endpoint.carries(fault.get("bytes", 2000 * GB))

    report = natwise.audit(account)

    assert [finding["rule"] for finding in report["findings"]] == [rule]
    assert endpoint.id in report["findings"][0]["resources"]
    assert natwise("explain", rule).stdout


def test_traffic_to_a_service_above_its_break_even_wants_an_endpoint(natwise, account):
    small = SmallVpc(account.region())
    small.nat.carries(up=1000 * GB, down=9000 * GB)
    small.vpc.gateway_endpoint("s3", small.table)
    small.vpc.gateway_endpoint("dynamodb", small.table)

    def pays_off(share):
        return found(natwise.audit(account, "--assume", f"ecr.api={share}"), "interface-endpoint-pays-off")

    # The break-even of one zone is 208.6 GB of a month: here 2.06% of 10,000 GB in 720 hours.
    assert pays_off("1%") == []
    (finding,) = pays_off("50%")
    assert finding["service"] == "ecr.api"
    assert finding["basis"] == "assumed"


def test_an_idle_gateway_that_nothing_points_to_says_so(natwise, account):
    small = SmallVpc(account.region())
    small.vpc.gateway_endpoint("s3", small.table)
    small.vpc.gateway_endpoint("dynamodb", small.table)
    small.nat.carries(up=GB)
    lonely = small.vpc.nat_gateway(small.public[0]).carries(0)

    (finding,) = natwise.audit(account)["findings"]

    assert (finding["rule"], finding["resources"]) == ("idle-nat-gateway", [lonely.id])


def test_what_is_refused_becomes_a_gap_with_its_action(natwise, account):
    small = SmallVpc(account.region())
    small.nat.carries(up=100 * GB)
    small.vpc.gateway_endpoint("s3", small.table)
    account.refuse("DescribeSubnets", message="You are not authorized to perform: ec2:DescribeSubnets")

    report = natwise.audit(account)

    (gap,) = report["gaps"]
    assert (gap["account_id"], gap["region"], gap["operation"]) == (account.id, "us-east-1", "DescribeSubnets")
    assert gap["code"] == "UnauthorizedOperation"
    assert not report["scope"]["complete"]
    assert report["skipped"], "rules that need subnets cannot have been applied"
    table = natwise("audit", *WINDOW.options, account=account).stdout
    assert "ec2:DescribeSubnets" in table


@pytest.mark.parametrize("operation", ["ListMetrics", "GetMetricData"])
def test_refused_metrics_leave_bytes_unknown_and_hours_known(natwise, account, operation):
    small = SmallVpc(account.region())
    small.nat.carries(0)
    account.refuse(operation, code="AccessDenied", message="not authorized to perform this")

    report = natwise.audit(account)

    assert [gap["operation"] for gap in report["gaps"]] in ([operation], [operation] * 2)
    if operation == "GetMetricData":
        assert report["nat_gateways"][0]["bytes"] is None
        assert not found(report, "idle-nat-gateway")
    assert report["nat_gateways"][0]["window_usd"]["hours"] > 0


def test_only_reading_calls_are_made_and_the_policy_allows_each(natwise, account):
    """Least privilege, shown: with everything refused but what `iam-policy` lists, nothing is missing."""
    well_built(account.region())
    policy = json.loads(natwise("iam-policy").stdout)
    allowed = {action.split(":")[1] for statement in policy["Statement"] for action in statement["Action"]}
    assert allowed

    report = natwise.audit(account, "-v")
    log = natwise("audit", "-v", *WINDOW.options, account=account).stderr

    assert report["gaps"] == []
    called = {word.split('"')[1] for word in log.split() if word.startswith('operation="')}
    assert {"DescribeNatGateways", "GetMetricData"} <= called
    assert called <= allowed
