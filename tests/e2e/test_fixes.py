"""The closed loop: what natwise prints is run by the real AWS CLI, and the findings are gone; and what it must not say."""

import pytest

from world import GB, WINDOW, restricted_policy

FREE = ("missing-gateway-endpoint", "gateway-endpoint-not-associated")


def of(report, *rules):
    return [finding for finding in report["findings"] if finding["rule"] in rules]


@pytest.fixture
def leaky(emulator):
    """Two tables and the main one lead to a NAT gateway; an S3 endpoint knows one of them, DynamoDB has none."""
    world = emulator.world()
    vpc = world.vpc()
    nat = vpc.nat("a")
    world.nat_bytes(nat, up=100 * GB, down=900 * GB)
    covered, _ = vpc.private(nat, "a")
    missed, _ = vpc.private(nat, "a")
    vpc.route(vpc.main_table, "0.0.0.0/0", NatGatewayId=nat)
    vpc.subnet("a", name="on the main table")
    vpc.gateway_endpoint("s3", [covered], policy=restricted_policy())
    return world, vpc, nat, covered, missed


@pytest.mark.parametrize("routes_follow", [False, True])
def test_the_printed_commands_end_the_findings(leaky, live, shell, routes_follow):
    world, vpc, nat, covered, missed = leaky
    before = live.json("audit", *WINDOW)
    s3, dynamodb = of(before, "gateway-endpoint-not-associated")[0], of(before, "missing-gateway-endpoint")[0]
    assert (s3["service"], dynamodb["service"]) == ("s3", "dynamodb")
    assert set(s3["resources"][1:]) == {missed, vpc.main_table}, "the main table serves subnets without an association"
    assert set(dynamodb["resources"][1:]) == {covered, missed, vpc.main_table}
    month = 1_000 * 730 / 744 * 0.045
    for finding in (s3, dynamodb):
        assert finding["basis"] == "bounded"
        assert finding["monthly_usd"]["saving_low"] == 0
        assert finding["monthly_usd"]["saving_high"] == pytest.approx(month, abs=1e-6)
    # Both are bounded by the same bytes, which can be saved once.
    assert before["totals"]["monthly_usd"]["saving_high"] == pytest.approx(month, abs=1e-6)

    for finding in of(before, *FREE):
        for command in finding["remedy"]["commands"]:
            done = shell(command)
            assert done.returncode == 0, (command, done.stderr)
    if routes_follow:
        world.sync_routes()
    after = live.json("audit", *WINDOW)
    assert of(after, *FREE) == []
    others = lambda report: {f["rule"] for f in report["findings"] if f["rule"] not in FREE}
    assert others(after) - others(before) <= {"endpoint-full-access-policy"}, "the new endpoint has the default policy"
    # Where the endpoint's list and the tables' routes disagree the report says so.
    disagree = [note for note in after["notes"] if "no route to it" in note["message"]]
    assert bool(disagree) is not routes_follow


def test_a_command_names_its_region(emulator, live, shell):
    world = emulator.world("eu-west-1")
    vpc = world.vpc()
    nat = vpc.nat()
    world.nat_bytes(nat, up=GB, down=GB)
    vpc.private(nat)
    audit = ("audit", *WINDOW, "--region", "eu-west-1")
    for finding in of(live.json(*audit), *FREE):
        for command in finding["remedy"]["commands"]:
            done = shell(command)  # whose default is us-east-1
            assert done.returncode == 0, (command, done.stderr)
    assert of(live.json(*audit), *FREE) == []


def test_a_declared_share_is_the_saving(leaky, live):
    report = live.json("audit", *WINDOW, "--assume", "s3=60%", "--assume", "dynamodb=10%")
    month = 1_000 * 730 / 744 * 0.045
    by_service = {finding["service"]: finding for finding in of(report, *FREE)}
    for service, share in (("s3", 0.6), ("dynamodb", 0.1)):
        money = by_service[service]["monthly_usd"]
        assert by_service[service]["basis"] == "assumed"
        assert money["saving_low"] == money["saving_high"] == pytest.approx(share * month, abs=1e-6)
    totals = report["totals"]["monthly_usd"]
    assert totals["saving_low"] == totals["saving_high"] == pytest.approx(0.7 * month, abs=1e-6)


def test_an_interface_endpoint_that_pays_off_can_be_made_as_printed(emulator, live, shell):
    world = emulator.world()
    vpc = world.vpc()
    nat = vpc.nat("a")
    world.nat_bytes(nat, up=2_000 * GB, down=8_000 * GB)
    for zone in "abc":
        vpc.private(nat, zone)
    # 1,000 GB x 0.035 - 3 x 7.30 = 13.10, in a month of 730 hours
    assume = ("--assume", "sqs=10%")
    finding = of(live.json("audit", *WINDOW, *assume), "interface-endpoint-pays-off")[0]
    gigabytes = 1_000 * 730 / 744
    assert finding["monthly_usd"]["saving_low"] == pytest.approx(gigabytes * 0.035 - 21.90, abs=1e-5)
    # Below the break-even of three zones, above that of one.
    one_zone = of(live.json("audit", *WINDOW, "--assume", "sqs=3%"), "interface-endpoint-pays-off")[0]
    assert one_zone["monthly_usd"]["saving_low"] == pytest.approx(0.3 * gigabytes * 0.035 - 7.30, abs=1e-5)
    assert of(live.json("audit", *WINDOW, "--assume", "sqs=2%"), "interface-endpoint-pays-off") == []
    for command in finding["remedy"]["commands"]:
        done = shell(command)
        assert done.returncode == 0, (command, done.stderr)
    after = live.json("audit", *WINDOW, *assume)
    assert of(after, "interface-endpoint-pays-off") == []
    made = next(row for row in after["endpoints"] if row["type"] == "Interface")
    assert made["availability_zones"] == ["us-east-1a", "us-east-1b", "us-east-1c"]
    assert of(after, "endpoint-security-group") == []


def hub_and_spoke(emulator, with_route=True):
    world = emulator.world()
    hub, spoke = world.vpc("10.0.0.0/16", "hub"), world.vpc("10.1.0.0/16", "spoke")
    nat = hub.nat("a")
    world.nat_bytes(nat, up=100 * GB, down=900 * GB)
    _, inside = hub.private(nat, "a")
    tgw, routes = world.transit_gateway()
    table = spoke.table()
    subnet = spoke.subnet("a", table)
    attach = lambda vpc, subnet: world.ec2.create_transit_gateway_vpc_attachment(
        TransitGatewayId=tgw, VpcId=vpc.id, SubnetIds=[subnet]
    )["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"]
    hub_attachment, _ = attach(hub, inside), attach(spoke, subnet)
    for cidr in ["10.0.0.0/16"] + ["0.0.0.0/0"] * with_route:
        world.ec2.create_transit_gateway_route(
            DestinationCidrBlock=cidr, TransitGatewayRouteTableId=routes, TransitGatewayAttachmentId=hub_attachment
        )
    spoke.route(table, "0.0.0.0/0", TransitGatewayId=tgw)
    return hub, spoke, nat, table


def test_the_endpoint_belongs_into_the_spoke(emulator, live):
    hub, spoke, nat, table = hub_and_spoke(emulator)
    report = live.json("audit", *WINDOW)
    finding = next(f for f in of(report, "missing-gateway-endpoint") if f["service"] == "s3" and f["vpc_id"] == spoke.id)
    assert finding["resources"] == [spoke.id, table]
    assert nat in finding["detail"] and hub.id in finding["detail"]
    assert f"--vpc-id {spoke.id}" in finding["remedy"]["commands"][0]
    # Each gigabyte pays the NAT gateway and the transit gateway: 0.045 + 0.02.
    assert finding["monthly_usd"]["saving_high"] == pytest.approx(1_000 * 730 / 744 * 0.065, abs=1e-6)
    # In the egress VPC only the transit gateway's own subnet leads to the NAT gateway: an endpoint there does nothing.
    assert [f for f in of(report, *FREE) if f["vpc_id"] == hub.id] == []
    totals = report["totals"]["monthly_usd"]
    assert totals["saving_high"] <= totals["current"]


def test_a_transit_gateway_without_a_default_route_leads_to_no_nat(emulator, live):
    _, spoke, _, _ = hub_and_spoke(emulator, with_route=False)
    report = live.json("audit", *WINDOW)
    assert [f for f in of(report, *FREE) if f["vpc_id"] == spoke.id] == []


def test_nothing_is_found_where_nothing_is_wrong(emulator, live):
    world = emulator.world()
    vpc = world.vpc(name="well built")
    policy = restricted_policy()
    tables, subnets = [], []
    for zone in "abc":
        nat = vpc.nat(zone)
        world.nat_bytes(nat, up=200 * GB, down=800 * GB)
        table, subnet = vpc.private(nat, zone)
        tables.append(table)
        subnets.append(subnet)
    vpc.gateway_endpoint("s3", tables, policy)
    vpc.gateway_endpoint("dynamodb", tables, policy)
    logs = vpc.interface_endpoint("logs", subnets, vpc.https_group(), policy=policy)
    world.endpoint_bytes(vpc.id, logs, "logs", 3_000 * GB)
    report = live.json("audit", *WINDOW)
    assert report["findings"] == []
    assert report["totals"]["monthly_usd"]["saving_high"] == 0
    assert report["scope"]["complete"] is True and report["totals"]["partial"] is False
    verdict = next(row["verdict"] for row in report["endpoints"] if row["vpc_endpoint_id"] == logs)
    assert verdict["decision"] == "keep"
    # 3 zones x 208.571 GB
    assert verdict["break_even_gb"] == pytest.approx(625.714286, abs=1e-6)
    table = live("audit", *WINDOW)
    assert "Findings: none" in table.stdout and "none found" in table.stdout


def test_third_party_endpoints_are_never_advised_away(emulator, live):
    vpc = emulator.world().vpc()
    name = "com.amazonaws.vpce.us-east-1.vpce-svc-0123456789abcdef0"
    vpc.interface_endpoint(name, [vpc.subnet("a")], vpc.https_group())
    report = live.json("audit", *WINDOW)
    assert of(report, "idle-interface-endpoint", "underused-interface-endpoint") == []
    assert report["endpoints"][0]["verdict"]["decision"] == "not-judged"


def test_s3_express_is_not_s3(emulator, live):
    world = emulator.world()
    vpc = world.vpc()
    nat = vpc.nat()
    table, _ = vpc.private(nat)
    vpc.gateway_endpoint("s3express", [table])
    services = {f["service"] for f in of(live.json("audit", *WINDOW), "missing-gateway-endpoint")}
    assert services == {"s3", "dynamodb"}


def test_endpoint_security_groups(emulator, live, shell):
    vpc = emulator.world().vpc()
    subnet = vpc.subnet("a")
    fine = vpc.https_group(name="fine")
    for service, group in (
        ("kms", vpc.https_group("192.168.0.0/16", name="elsewhere")),
        ("sqs", vpc.https_group("0.0.0.0/0", name="anywhere")),
        ("sns", vpc.https_group(name="all ports", ports=(0, 65535))),
        ("sts", fine),
    ):
        vpc.interface_endpoint(service, [subnet], group, policy=restricted_policy())
    found = {f["service"]: f for f in of(live.json("audit", *WINDOW), "endpoint-security-group")}
    assert set(found) == {"kms", "sqs", "sns"}
    assert "Nothing admits port 443 from 10.0.0.0/16" in found["kms"]["detail"]
    assert "from anywhere (0.0.0.0/0)" in found["sqs"]["detail"]
    assert "tcp 0-65535" in found["sns"]["detail"]
    for service in ("kms", "sqs"):
        for command in found[service]["remedy"]["commands"]:
            assert shell(command).returncode == 0, command
    after = {f["service"] for f in of(live.json("audit", *WINDOW), "endpoint-security-group")}
    assert after == {"sns"}


def test_configuration_remedies_run_as_printed(emulator, live, shell):
    """Endpoint policy, private DNS, zones, idle gateways and endpoints: each command is accepted and ends its finding."""
    world = emulator.world()
    vpc = world.vpc()
    idle = vpc.nat("a")
    world.nat_silence(idle)
    busy = vpc.nat("a")
    world.nat_bytes(busy, up=GB, down=GB)
    vpc.route(vpc.main_table, "0.0.0.0/0", NatGatewayId=idle)
    subnets = [vpc.private(busy, zone)[1] for zone in "ab"]
    group = vpc.https_group()
    one_zone = vpc.interface_endpoint("logs", subnets[:1], group, private_dns=False)
    world.endpoint_bytes(vpc.id, one_zone, "logs", 900 * GB)
    vpc.interface_endpoint("sqs", subnets, group)
    before = live.json("audit", *WINDOW)
    repaired = (
        "endpoint-full-access-policy",
        "interface-endpoint-private-dns-off",
        "interface-endpoint-single-az",
        "idle-interface-endpoint",
        "idle-nat-gateway",
    )
    assert {f["rule"] for f in of(before, *repaired)} == set(repaired)
    idle_finding = of(before, "idle-nat-gateway")[0]
    assert vpc.main_table in idle_finding["detail"], "it says which table still points to it"
    for finding in of(before, *repaired):
        for command in finding["remedy"]["commands"]:
            done = shell(command)
            assert done.returncode == 0, (command, done.stderr)
    after = {f["rule"] for f in of(live.json("audit", *WINDOW), *repaired)}
    # moto accepts a change of an endpoint's private DNS and does not make it.
    assert after <= {"interface-endpoint-private-dns-off"}
