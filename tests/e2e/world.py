"""Builds AWS accounts in the emulator, in the words of a topology:

    region = account.region("us-east-1")
    vpc = region.vpc("prod")
    public, private = vpc.subnet("a"), vpc.subnet("a")
    vpc.route_table(public).to_internet()
    nat = vpc.nat_gateway(public)
    vpc.route_table(private).to(nat)
    nat.carries(up=GB, down=4 * GB, during=window)

Everything goes through the wire, as a customer's own calls would. What is made existed since long before any window,
unless `created` says otherwise.
"""

import itertools
import json
import urllib.request
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import boto3
from botocore.config import Config

GB = 1 << 30
HOUR = timedelta(hours=1)
MIDNIGHT = datetime.now(timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
LONG_AGO = MIDNIGHT - timedelta(days=400)

NAT_METRICS = ("BytesInFromSource", "BytesInFromDestination", "BytesOutToDestination", "BytesOutToSource")
OPEN_POLICY = None  # What AWS gives an endpoint that was made without a policy.
OWN_BUCKETS_ONLY = {
    "Version": "2012-10-17",
    "Statement": [{
        "Effect": "Allow",
        "Principal": "*",
        "Action": "*",
        "Resource": "*",
        "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-example1234"}},
    }],
}


@dataclass(frozen=True)
class Window:
    """Whole hours in UTC, the end exclusive."""

    start: datetime
    hours: int

    @property
    def end(self):
        return self.start + self.hours * HOUR

    @property
    def options(self):
        return ["--from", iso(self.start), "--to", iso(self.end)]

    def instants(self):
        """Noon of each whole day in it, or its middle when it is shorter: few points, as moto is slow with many."""
        days = self.hours // 24
        if not days:
            return [self.start + self.hours // 2 * HOUR]
        return [self.start + timedelta(days=day, hours=12) for day in range(days)]


# 30 days that ended 9 days ago: hourly datapoints of it are still kept, and it is all past. 730 hours make a month.
WINDOW = Window(MIDNIGHT - timedelta(days=39), 720)
MONTH = Window(MIDNIGHT - timedelta(days=39), 730)


def iso(instant):
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


class Account:
    """An account of its own: the emulator tells accounts apart by the role whose credentials sign a call."""

    numbers = itertools.count(100000000001)

    def __init__(self, emulator):
        self.emulator = emulator
        self.id = str(next(self.numbers))
        self.regions = {}
        sts = self.client("sts", "us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
        role = sts.assume_role(RoleArn=f"arn:aws:iam::{self.id}:role/natwise", RoleSessionName="e2e")["Credentials"]
        self.credentials = {
            "aws_access_key_id": role["AccessKeyId"],
            "aws_secret_access_key": role["SecretAccessKey"],
            "aws_session_token": role["SessionToken"],
        }
        self.environment = {
            **{name.upper(): value for name, value in self.credentials.items()},
            "AWS_ENDPOINT_URL": emulator.url,
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def client(self, service, region, **credentials):
        config = Config(retries={"max_attempts": 1}, connect_timeout=5, read_timeout=60)
        credentials = credentials or self.credentials
        return boto3.client(service, region_name=region, endpoint_url=self.emulator.url, config=config, **credentials)

    def region(self, name="us-east-1"):
        if name not in self.regions:
            self.regions[name] = Region(self, name)
        return self.regions[name]

    def refuse(self, operation, code="UnauthorizedOperation", status="403 Forbidden", message="You are not authorized."):
        """From now on the emulator answers the operation ("*": every one) with an error."""
        fault = {"operation": operation, "code": code, "status": status, "message": message}
        self.bridge("faults", access_key=self.credentials["aws_access_key_id"], **fault)

    def bridge(self, path, **document):
        request = urllib.request.Request(f"{self.emulator.url}/bridge/{path}", json.dumps(document).encode())
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 200


class Region:
    def __init__(self, account, name):
        self.account, self.name = account, name
        self.ec2 = account.client("ec2", name)
        self.cloudwatch = account.client("cloudwatch", name)

    def vpc(self, name=None, cidr="10.0.0.0/16"):
        return Vpc(self, name, cidr)

    def transit_gateway(self, name="hub"):
        return TransitGateway(self, name)

    def datapoints(self, namespace, metric, dimensions, points):
        dimensions = [{"Name": name, "Value": value} for name, value in dimensions.items()]
        data = [
            {"MetricName": metric, "Dimensions": dimensions, "Timestamp": instant, "Value": float(value)}
            for instant, value in points
        ]
        self.cloudwatch.put_metric_data(Namespace=namespace, MetricData=data)

    def sync_routes(self):
        """Adds the prefix-list routes of gateway endpoints to the tables they list, as AWS does by itself whenever an
        endpoint changes and moto only when it is made."""
        lists = {pl["PrefixListName"]: pl["PrefixListId"] for pl in self.ec2.describe_prefix_lists()["PrefixLists"]}
        tables = {it["RouteTableId"]: it["Routes"] for it in self.ec2.describe_route_tables()["RouteTables"]}
        added = 0
        for endpoint in self.ec2.describe_vpc_endpoints()["VpcEndpoints"]:
            for table in endpoint.get("RouteTableIds") or []:
                if any(route.get("GatewayId") == endpoint["VpcEndpointId"] for route in tables[table]):
                    continue
                self.ec2.create_route(
                    RouteTableId=table,
                    DestinationPrefixListId=lists[endpoint["ServiceName"]],
                    GatewayId=endpoint["VpcEndpointId"],
                )
                added += 1
        return added


class Resource:
    """Whatever has an id."""

    kind = None

    def __str__(self):
        return self.id

    def tags(self, name):
        if name is None:
            return {}
        return {"TagSpecifications": [{"ResourceType": self.kind, "Tags": [{"Key": "Name", "Value": name}]}]}


class Vpc(Resource):
    kind = "vpc"

    def __init__(self, region, name, cidr):
        self.region, self.ec2, self.cidr = region, region.ec2, cidr
        self.id = self.ec2.create_vpc(CidrBlock=cidr, **self.tags(name))["Vpc"]["VpcId"]
        self.ec2.modify_vpc_attribute(VpcId=self.id, EnableDnsHostnames={"Value": True})
        first, second = cidr.split(".")[:2]
        self.blocks = (f"{first}.{second}.{third}.0/24" for third in itertools.count())
        self.gateway = None

    def subnet(self, zone, name=None):
        return Subnet(self, zone, name)

    def route_table(self, *subnets, name=None):
        return RouteTable(self, subnets, name=name)

    def main_table(self):
        filters = [{"Name": "vpc-id", "Values": [self.id]}, {"Name": "association.main", "Values": ["true"]}]
        found = self.ec2.describe_route_tables(Filters=filters)["RouteTables"]
        return RouteTable(self, (), id=found[0]["RouteTableId"])

    def internet_gateway(self):
        if self.gateway is None:
            self.gateway = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
            self.ec2.attach_internet_gateway(VpcId=self.id, InternetGatewayId=self.gateway)
        return self.gateway

    def nat_gateway(self, subnet, name=None, created=LONG_AGO, deleted=None, private=False):
        return NatGateway(self, subnet, name, created, deleted, private)

    def gateway_endpoint(self, service, *tables, policy=OWN_BUCKETS_ONLY, created=LONG_AGO):
        where = {"RouteTableIds": [str(table) for table in tables]}
        return Endpoint(self, "Gateway", service, where, policy, created)

    def interface_endpoint(
        self, service, *subnets, groups=(), private_dns=True, policy=OWN_BUCKETS_ONLY, created=LONG_AGO
    ):
        where = {
            "SubnetIds": [str(subnet) for subnet in subnets],
            "SecurityGroupIds": [str(group) for group in groups],
            "PrivateDnsEnabled": private_dns,
        }
        return Endpoint(self, "Interface", service, where, policy, created)

    def security_group(self, name, *ingress):
        """Ingress: (first port, last port, CIDR)."""
        group = self.ec2.create_security_group(GroupName=name, Description="of an endpoint", VpcId=self.id)["GroupId"]
        for first, last, cidr in ingress:
            rule = {"IpProtocol": "tcp", "FromPort": first, "ToPort": last, "IpRanges": [{"CidrIp": cidr}]}
            self.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
        return group

    def private_https(self):
        """A security group as an endpoint should have it: HTTPS from the VPC, and nothing else."""
        return self.security_group("endpoints", (443, 443, self.cidr))


class Subnet(Resource):
    kind = "subnet"

    def __init__(self, vpc, zone, name):
        self.vpc, self.zone = vpc, vpc.region.name + zone
        made = vpc.ec2.create_subnet(
            VpcId=vpc.id, CidrBlock=next(vpc.blocks), AvailabilityZone=self.zone, **self.tags(name)
        )
        self.id = made["Subnet"]["SubnetId"]


class RouteTable(Resource):
    kind = "route-table"

    def __init__(self, vpc, subnets, name=None, id=None):
        self.vpc = vpc
        self.id = id or vpc.ec2.create_route_table(VpcId=vpc.id, **self.tags(name))["RouteTable"]["RouteTableId"]
        for subnet in subnets:
            vpc.ec2.associate_route_table(RouteTableId=self.id, SubnetId=subnet.id)

    def to(self, target, cidr="0.0.0.0/0"):
        self.vpc.ec2.create_route(RouteTableId=self.id, DestinationCidrBlock=cidr, **target.as_target())
        return self

    def to_internet(self):
        gateway = self.vpc.internet_gateway()
        self.vpc.ec2.create_route(RouteTableId=self.id, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
        return self


class NatGateway(Resource):
    kind = "natgateway"

    def __init__(self, vpc, subnet, name, created, deleted, private):
        self.vpc = vpc
        if private:
            options = {"ConnectivityType": "private"}
        else:
            options = {"AllocationId": vpc.ec2.allocate_address(Domain="vpc")["AllocationId"]}
        made = vpc.ec2.create_nat_gateway(SubnetId=subnet.id, **options, **self.tags(name))
        self.id = made["NatGateway"]["NatGatewayId"]
        times = {"created": iso(created), **({"deleted": iso(deleted)} if deleted else {})}
        vpc.region.account.bridge("times", id=self.id, **times)

    def as_target(self):
        return {"NatGatewayId": self.id}

    def publishes(self, metric, points):
        self.vpc.region.datapoints("AWS/NATGateway", metric, {"NatGatewayId": self.id}, points)

    def carries(self, up=0, down=0, during=WINDOW):
        """Bytes from and to the clients over a window. None at all are published as zeros."""
        instants = during.instants()
        for metric, total in zip(NAT_METRICS, (up, down, up, down)):
            self.publishes(metric, list(zip(instants, spread(total, len(instants)))))
        connections = 7 if up or down else 0
        self.publishes("ActiveConnectionCount", [(instant, connections) for instant in instants])
        return self


class Endpoint(Resource):
    kind = "vpc-endpoint"

    def __init__(self, vpc, endpoint_type, service, where, policy, created):
        self.vpc, self.type = vpc, endpoint_type
        self.service = f"com.amazonaws.{vpc.region.name}.{service}"
        made = vpc.ec2.create_vpc_endpoint(
            VpcId=vpc.id,
            VpcEndpointType=endpoint_type,
            ServiceName=self.service,
            **({"PolicyDocument": json.dumps(policy)} if policy else {}),
            **where,
        )
        self.id = made["VpcEndpoint"]["VpcEndpointId"]
        vpc.region.account.bridge("times", id=self.id, created=iso(created))

    def carries(self, total, during=WINDOW):
        instants = during.instants()
        dimensions = {
            "Endpoint Type": self.type,
            "Service Name": self.service,
            "VPC Endpoint Id": self.id,
            "VPC Id": self.vpc.id,
        }
        points = list(zip(instants, spread(total, len(instants))))
        self.vpc.region.datapoints("AWS/PrivateLinkEndpoints", "BytesProcessed", dimensions, points)
        return self


class TransitGateway(Resource):
    kind = "transit-gateway"

    def __init__(self, region, name):
        self.ec2 = region.ec2
        made = self.ec2.create_transit_gateway(Description=name, **self.tags(name))
        self.id = made["TransitGateway"]["TransitGatewayId"]

    def as_target(self):
        return {"TransitGatewayId": self.id}

    def attach(self, vpc, *subnets):
        """An attachment with a route table of its own."""
        made = self.ec2.create_transit_gateway_vpc_attachment(
            TransitGatewayId=self.id, VpcId=vpc.id, SubnetIds=[subnet.id for subnet in subnets]
        )
        attachment = made["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"]
        return attachment

    def route_table(self, *attachments):
        """A route table for what enters by these attachments."""
        made = self.ec2.create_transit_gateway_route_table(TransitGatewayId=self.id)
        table = made["TransitGatewayRouteTable"]["TransitGatewayRouteTableId"]
        for attachment in attachments:
            self.ec2.associate_transit_gateway_route_table(
                TransitGatewayRouteTableId=table, TransitGatewayAttachmentId=attachment
            )
        return table

    def route(self, table, cidr, attachment):
        self.ec2.create_transit_gateway_route(
            TransitGatewayRouteTableId=table, DestinationCidrBlock=cidr, TransitGatewayAttachmentId=attachment
        )


def spread(total, parts):
    """Whole numbers that add up to the total, the remainder on the last."""
    share = total // parts
    return [share] * (parts - 1) + [total - share * (parts - 1)]


class SmallVpc:
    """The usual one: a public and a private subnet in each zone, and one NAT gateway, in the first zone, for all."""

    def __init__(self, region, zones="a", name="small", cidr="10.0.0.0/16", **gateway):
        self.region = region
        self.vpc = region.vpc(name, cidr)
        self.public = [self.vpc.subnet(zone) for zone in zones]
        self.private = [self.vpc.subnet(zone) for zone in zones]
        self.public_table = self.vpc.route_table(*self.public).to_internet()
        self.nat = self.vpc.nat_gateway(self.public[0], **gateway)
        self.table = self.vpc.route_table(*self.private).to(self.nat)
