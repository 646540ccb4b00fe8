"""Each fault, put alone into an account that is otherwise well built, gives its finding and no other."""

import pytest

from world import GB, WINDOW, restricted_policy


def rules(report):
    return [finding["rule"] for finding in report["findings"]]


class Busy:
    """A VPC with nothing to find: a NAT gateway with traffic in each zone, and its gateway endpoints."""

    def __init__(self, emulator, zones="ab"):
        self.world = emulator.world()
        self.vpc = self.world.vpc()
        self.gateways, self.tables, self.subnets = [], [], []
        for zone in zones:
            nat = self.vpc.nat(zone)
            self.world.nat_bytes(nat, up=100 * GB, down=400 * GB)
            table, subnet = self.vpc.private(nat, zone)
            self.gateways.append(nat)
            self.tables.append(table)
            self.subnets.append(subnet)

    def with_gateway_endpoints(self):
        for service in ("s3", "dynamodb"):
            self.vpc.gateway_endpoint(service, self.tables, restricted_policy())
        return self


@pytest.fixture
def busy(emulator):
    return Busy(emulator).with_gateway_endpoints()


def test_without_a_fault_there_is_no_finding(busy, live):
    assert rules(live.json("audit", *WINDOW)) == []


def test_an_empty_account_costs_nothing(emulator, live):
    report = live.json("audit", *WINDOW)
    assert (report["nat_gateways"], report["endpoints"], report["findings"]) == ([], [], [])
    assert report["totals"]["window_usd"]["total"] == 0


def test_without_a_nat_gateway_no_gateway_endpoint_is_missed(emulator, live):
    vpc = emulator.world().vpc()
    vpc.subnet("a")
    vpc.subnet("b", vpc.public_table)
    assert rules(live.json("audit", *WINDOW)) == []


def test_a_table_without_a_way_out_need_not_be_associated(busy, live):
    busy.vpc.subnet("a", busy.vpc.table())
    assert rules(live.json("audit", *WINDOW)) == []


def test_an_unused_gateway_beside_busy_ones_is_the_only_idle_one(busy, live):
    lonely = busy.vpc.nat("a")
    busy.world.nat_silence(lonely)
    (finding,) = live.json("audit", *WINDOW)["findings"]
    assert (finding["rule"], finding["resources"][0]) == ("idle-nat-gateway", lonely)
    assert not set(busy.gateways) & set(finding["resources"])


def test_one_gateway_for_three_zones_crosses_them(emulator, live):
    world = emulator.world()
    vpc = world.vpc()
    nat = vpc.nat("a")
    # 60 TB a month, of which two thirds cross: far above the price of two more gateways.
    world.nat_bytes(nat, up=10_000 * GB, down=50_000 * GB)
    tables = [vpc.private(nat, zone)[0] for zone in "abc"]
    for service in ("s3", "dynamodb"):
        vpc.gateway_endpoint(service, tables, restricted_policy())
    (finding,) = live.json("audit", *WINDOW)["findings"]
    assert finding["rule"] == "cross-az-nat-gateway"
    assert nat in finding["resources"]


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        ("endpoint-full-access-policy", {"policy": None}),
        ("endpoint-security-group", {"admits": ("0.0.0.0/0",)}),
        ("endpoint-security-group", {"admits": ("192.168.0.0/16",)}),
        ("endpoint-security-group", {"ports": (22, 443)}),
        ("interface-endpoint-single-az", {"zones": 1}),
        ("interface-endpoint-private-dns-off", {"private_dns": False}),
        ("idle-interface-endpoint", {"bytes": None}),
        ("underused-interface-endpoint", {"bytes": 5 * GB}),
        ("s3-interface-shadows-gateway", {"service": "s3"}),
    ],
    ids=["policy", "anywhere", "not-the-clients", "other-port", "one-zone", "private-dns", "idle", "underused", "shadow"],
)
def test_each_fault_of_an_endpoint_is_found_alone(busy, live, natwise, rule, fault):
    service, total = fault.get("service", "sqs"), fault.get("bytes", 2_000 * GB)
    vpce = busy.vpc.interface_endpoint(
        service,
        busy.subnets[: fault.get("zones", 2)],
        busy.vpc.https_group(*fault.get("admits", ()), ports=fault.get("ports", (443, 443))),
        private_dns=fault.get("private_dns", True),
        policy=fault.get("policy", restricted_policy()),
    )
    if total is not None:
        busy.world.endpoint_bytes(busy.vpc.id, vpce, service, total)
    report = live.json("audit", *WINDOW)
    assert rules(report) == [rule]
    assert vpce in report["findings"][0]["resources"]


def test_a_missing_gateway_endpoint_names_only_tables_that_lead_to_a_nat_gateway(emulator, live):
    busy = Busy(emulator)
    isolated = busy.vpc.table()
    busy.vpc.subnet("a", isolated)
    findings = live.json("audit", *WINDOW)["findings"]
    assert [(finding["rule"], finding["service"]) for finding in findings] == [
        ("missing-gateway-endpoint", service) for service in ("dynamodb", "s3")
    ]
    for finding in findings:
        assert finding["resources"][0] == busy.vpc.id
        assert set(finding["resources"][1:]) == set(busy.tables)
        (command,) = finding["remedy"]["commands"]
        assert isolated not in command and busy.vpc.public_table not in command


def test_two_halves_of_the_internet_are_a_default_route(busy, live):
    table = busy.vpc.table()
    for half in ("0.0.0.0/1", "128.0.0.0/1"):
        busy.vpc.route(table, half, NatGatewayId=busy.gateways[0])
    busy.vpc.subnet("a", table)
    findings = live.json("audit", *WINDOW)["findings"]
    assert {(finding["rule"], table in finding["resources"]) for finding in findings} == {
        ("gateway-endpoint-not-associated", True)
    }
    assert len(findings) == 2


def test_a_nat_gateway_for_one_partner_only_carries_no_s3(busy, live):
    table = busy.vpc.table()
    busy.vpc.route(table, "198.51.100.0/24", NatGatewayId=busy.gateways[0])
    busy.vpc.subnet("a", table)
    assert rules(live.json("audit", *WINDOW)) == []


def test_a_nat_instance_is_no_nat_gateway(busy, live):
    subnet = busy.vpc.subnet("a")
    instance = busy.world.ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
    table = busy.vpc.table()
    busy.vpc.route(table, "0.0.0.0/0", NetworkInterfaceId=instance)
    busy.vpc.subnet("a", table)
    assert rules(live.json("audit", *WINDOW)) == []


def test_without_a_nat_gateway_no_endpoint_is_underused(emulator, live):
    world = emulator.world()
    vpc = world.vpc()
    subnets = [vpc.subnet(zone) for zone in "ab"]
    vpce = vpc.interface_endpoint("sqs", subnets, vpc.https_group(), policy=restricted_policy())
    world.endpoint_bytes(vpc.id, vpce, "sqs", 5 * GB)
    assert rules(live.json("audit", *WINDOW)) == []


def test_the_vpc_may_be_admitted_in_parts(busy, live):
    group = busy.vpc.https_group("10.0.0.0/17", "10.0.128.0/17")
    vpce = busy.vpc.interface_endpoint("sqs", busy.subnets, group, policy=restricted_policy())
    busy.world.endpoint_bytes(busy.vpc.id, vpce, "sqs", 2_000 * GB)
    assert rules(live.json("audit", *WINDOW)) == []


def test_an_s3_interface_endpoint_for_on_premises_is_no_fault(busy, live):
    group = busy.vpc.https_group()
    vpce = busy.vpc.interface_endpoint("s3", busy.subnets, group, private_dns=False, policy=restricted_policy())
    busy.world.endpoint_bytes(busy.vpc.id, vpce, "s3", 2_000 * GB)
    assert rules(live.json("audit", *WINDOW)) == []
