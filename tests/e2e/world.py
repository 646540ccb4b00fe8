"""Builds accounts in the emulated AWS, through the wire, so that a test reads as a topology."""

from datetime import datetime, timedelta, timezone

# 31 days that are over, and young enough for CloudWatch to have kept, whenever the tests run.
HOURS = 744
START = datetime.now(timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=40)
END = START + timedelta(hours=HOURS)
WINDOW = ("--from", START.strftime("%Y-%m-%d"), "--to", END.strftime("%Y-%m-%d"))
LONG_AGO = START - timedelta(days=365)
GB = 1 << 30

NAT_METRICS = ("BytesInFromSource", "BytesInFromDestination", "BytesOutToDestination", "BytesOutToSource")


def restricted_policy(account="123456789012"):
    return (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*",'
        '"Condition":{"StringEquals":{"aws:PrincipalAccount":"%s"}}}]}' % account
    )


def named(kind, name):
    return [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": name}]}] if name else []


class World:
    """One Region of the emulated account."""

    def __init__(self, emulator, region):
        self.emulator = emulator
        self.region = region
        self.ec2 = emulator.client("ec2", region)
        self.cloudwatch = emulator.client("cloudwatch", region)

    def vpc(self, cidr="10.0.0.0/16", name=None):
        return Vpc(self, cidr, name)

    def transit_gateway(self):
        """A transit gateway and its default route table, which moto associates every attachment with."""
        tgw = self.ec2.create_transit_gateway()["TransitGateway"]["TransitGatewayId"]
        of_gateway = [{"Name": "transit-gateway-id", "Values": [tgw]}]
        tables = self.ec2.describe_transit_gateway_route_tables(Filters=of_gateway)["TransitGatewayRouteTables"]
        return tgw, tables[0]["TransitGatewayRouteTableId"]

    def put(self, namespace, metric, dimensions, points, unit="Bytes"):
        data = [
            {
                "MetricName": metric,
                "Dimensions": [{"Name": name, "Value": value} for name, value in dimensions],
                "Timestamp": when,
                "Value": float(value),
                "Unit": unit,
            }
            for when, value in points
        ]
        for start in range(0, len(data), 500):
            self.cloudwatch.put_metric_data(Namespace=namespace, MetricData=data[start : start + 500])

    def days(self, total, first=START, last=END):
        """A total spread over the days, one point at each noon."""
        noons = [first + timedelta(days=day, hours=12) for day in range((last - first).days)]
        each, rest = divmod(total, len(noons))
        return [(noon, each + (rest if index == 0 else 0)) for index, noon in enumerate(noons)]

    def nat_bytes(self, gateway, up, down, **window):
        """What a gateway processed: each byte entered once and left once."""
        for metric, total in zip(NAT_METRICS, (up, down, up, down)):
            self.put("AWS/NATGateway", metric, [("NatGatewayId", gateway)], self.days(total, **window))
        self.put("AWS/NATGateway", "ActiveConnectionCount", [("NatGatewayId", gateway)], self.days(31 * 3), unit="Count")

    def nat_silence(self, gateway):
        """Published zeros: the gateway is there, and nobody uses it."""
        for metric in (*NAT_METRICS, "ActiveConnectionCount"):
            self.put("AWS/NATGateway", metric, [("NatGatewayId", gateway)], self.days(0))

    def endpoint_bytes(self, vpc, endpoint, service, total):
        dimensions = [
            ("Endpoint Type", "Interface"),
            ("Service Name", f"com.amazonaws.{self.region}.{service}"),
            ("VPC Endpoint Id", endpoint),
            ("VPC Id", vpc),
        ]
        self.put("AWS/PrivateLinkEndpoints", "BytesProcessed", dimensions, self.days(total))

    def existed(self, resource, since, until=None):
        times = {"created": since.isoformat(), **({"deleted": until.isoformat()} if until else {})}
        self.emulator.post("/natwise/times", {"id": resource, **times})

    def sync_routes(self):
        """AWS adds an endpoint's routes when a table is associated later; moto does so only at creation."""
        lists = {pl["PrefixListName"]: pl["PrefixListId"] for pl in self.ec2.describe_managed_prefix_lists()["PrefixLists"]}
        tables = {t["RouteTableId"]: t["Routes"] for t in self.ec2.describe_route_tables()["RouteTables"]}
        for endpoint in self.ec2.describe_vpc_endpoints()["VpcEndpoints"]:
            if endpoint["VpcEndpointType"] != "Gateway":
                continue
            for table in endpoint["RouteTableIds"]:
                if not any(route.get("GatewayId") == endpoint["VpcEndpointId"] for route in tables[table]):
                    self.ec2.create_route(
                        RouteTableId=table,
                        DestinationPrefixListId=lists[endpoint["ServiceName"]],
                        GatewayId=endpoint["VpcEndpointId"],
                    )


class Vpc:
    """A VPC with an internet gateway and one public subnet table."""

    def __init__(self, world, cidr, name):
        self.world, self.ec2, self.region = world, world.ec2, world.region
        self.cidr = cidr
        self.net = cidr.rsplit(".", 2)[0]
        self.subnets = 0
        self.id = self.ec2.create_vpc(CidrBlock=cidr, TagSpecifications=named("vpc", name))["Vpc"]["VpcId"]
        self.ec2.modify_vpc_attribute(VpcId=self.id, EnableDnsHostnames={"Value": True})
        igw = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.ec2.attach_internet_gateway(VpcId=self.id, InternetGatewayId=igw)
        self.public_table = self.table()
        self.route(self.public_table, "0.0.0.0/0", GatewayId=igw)
        tables = self.ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [self.id]}])["RouteTables"]
        self.main_table = next(t["RouteTableId"] for t in tables if any(a["Main"] for a in t["Associations"]))

    def subnet(self, zone="a", table=None, name=None):
        """A subnet; without a table it uses the main one."""
        block = f"{self.net}.{self.subnets}.0/24"
        self.subnets += 1
        subnet = self.ec2.create_subnet(
            VpcId=self.id,
            CidrBlock=block,
            AvailabilityZone=self.region + zone,
            TagSpecifications=named("subnet", name),
        )["Subnet"]["SubnetId"]
        if table:
            self.ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
        return subnet

    def table(self, name=None):
        tags = named("route-table", name)
        return self.ec2.create_route_table(VpcId=self.id, TagSpecifications=tags)["RouteTable"]["RouteTableId"]

    def route(self, table, cidr, **target):
        self.ec2.create_route(RouteTableId=table, DestinationCidrBlock=cidr, **target)

    def nat(self, zone="a", name=None, since=LONG_AGO, until=None, private=False):
        """A NAT gateway in a subnet of its own: a public one, with an address, unless it is to be private."""
        subnet = self.subnet(zone, None if private else self.public_table)
        if private:
            options = {"ConnectivityType": "private"}
        else:
            address = self.ec2.allocate_address(Domain="vpc")["AllocationId"]
            options = {"ConnectivityType": "public", "AllocationId": address}
        gateway = self.ec2.create_nat_gateway(SubnetId=subnet, **options, TagSpecifications=named("natgateway", name))[
            "NatGateway"
        ]["NatGatewayId"]
        self.world.existed(gateway, since, until)
        return gateway

    def private(self, gateway, zone="a"):
        """A private subnet with a table of its own that leads to a NAT gateway; returns the table and the subnet."""
        table = self.table()
        self.route(table, "0.0.0.0/0", NatGatewayId=gateway)
        return table, self.subnet(zone, table)

    def gateway_endpoint(self, service, tables, policy=None):
        options = {"PolicyDocument": policy} if policy else {}
        endpoint = self.ec2.create_vpc_endpoint(
            VpcId=self.id,
            VpcEndpointType="Gateway",
            ServiceName=f"com.amazonaws.{self.region}.{service}",
            RouteTableIds=tables,
            **options,
        )["VpcEndpoint"]["VpcEndpointId"]
        self.world.existed(endpoint, LONG_AGO)
        return endpoint

    def https_group(self, *cidrs, name="endpoints", ports=(443, 443)):
        group = self.ec2.create_security_group(GroupName=name, Description=name, VpcId=self.id)["GroupId"]
        for cidr in cidrs or (self.cidr,):
            permission = {"IpProtocol": "tcp", "FromPort": ports[0], "ToPort": ports[1], "IpRanges": [{"CidrIp": cidr}]}
            self.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
        return group

    def interface_endpoint(self, service, subnets, group, private_dns=True, policy=None, since=LONG_AGO):
        options = {"PolicyDocument": policy} if policy else {}
        name = service if "." in service and service.startswith("com.") else f"com.amazonaws.{self.region}.{service}"
        endpoint = self.ec2.create_vpc_endpoint(
            VpcId=self.id,
            VpcEndpointType="Interface",
            ServiceName=name,
            SubnetIds=subnets,
            SecurityGroupIds=[group],
            PrivateDnsEnabled=private_dns,
            **options,
        )["VpcEndpoint"]["VpcEndpointId"]
        self.world.existed(endpoint, since)
        return endpoint
