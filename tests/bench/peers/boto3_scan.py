"""The calls of `natwise scan --org`, one after the other, as a script with boto3 would make them.

Usage: boto3_scan.py ROLE ACCOUNT…   Reads these accounts (of the organisation, which is listed first as natwise does),
prints as JSON how many calls that took, and the bytes that the NAT gateways processed.
"""

import datetime
import json
import sys

import boto3

NAT_METRICS = ["BytesInFromSource", "BytesInFromDestination", "BytesOutToDestination", "BytesOutToSource"]
HOURS = 30 * 24
DATAPOINTS = 100_800
END = datetime.datetime.now(datetime.timezone.utc).replace(minute=0, second=0, microsecond=0)
START = END - datetime.timedelta(hours=HOURS)

calls = 0


def count(**_):
    global calls
    calls += 1


def client(session, service, region):
    client = session.client(service, region_name=region)
    client.meta.events.register("before-send", lambda **_: count())
    return client


def pages(client, operation, key, **parameters):
    paginator = client.get_paginator(operation)
    return [item for page in paginator.paginate(**parameters) for item in page.get(key, [])]


def metric_queries(gateways, endpoints):
    def query(index, namespace, metric, statistic, dimensions):
        dimensions = [{"Name": name, "Value": value} for name, value in dimensions]
        metric = {"Namespace": namespace, "MetricName": metric, "Dimensions": dimensions}
        return {"Id": f"m{index}", "MetricStat": {"Metric": metric, "Period": 3600, "Stat": statistic}}

    wanted = []
    for gateway in gateways:
        own = [("NatGatewayId", gateway["NatGatewayId"])]
        wanted += [("AWS/NATGateway", metric, "Sum", own) for metric in NAT_METRICS]
        wanted.append(("AWS/NATGateway", "ActiveConnectionCount", "Maximum", own))
    for endpoint in endpoints:
        if endpoint["VpcEndpointType"] == "Interface":
            names = {"Endpoint Type": "VpcEndpointType", "Service Name": "ServiceName"}
            names.update({"VPC Endpoint Id": "VpcEndpointId", "VPC Id": "VpcId"})
            own = [(name, endpoint[key]) for name, key in names.items()]
            wanted.append(("AWS/PrivateLinkEndpoints", "BytesProcessed", "Sum", own))
    return [query(index, *it) for index, it in enumerate(wanted)]


def metrics(cloudwatch, queries):
    sums = {}
    step = DATAPOINTS // HOURS
    for first in range(0, len(queries), step):
        batch = queries[first : first + step]
        window = {"StartTime": START, "EndTime": END, "MaxDatapoints": DATAPOINTS, "ScanBy": "TimestampAscending"}
        for result in pages(cloudwatch, "get_metric_data", "MetricDataResults", MetricDataQueries=batch, **window):
            sums[result["Id"]] = sums.get(result["Id"], 0) + sum(result["Values"])
    return sums


def region(session, name):
    """Everything that natwise reads of a Region; returns the bytes that its gateways processed."""
    ec2, cloudwatch = client(session, "ec2", name), client(session, "cloudwatch", name)
    gateways = pages(ec2, "describe_nat_gateways", "NatGateways", MaxResults=1000)
    endpoints = pages(ec2, "describe_vpc_endpoints", "VpcEndpoints", MaxResults=1000)
    tables = pages(ec2, "describe_route_tables", "RouteTables", MaxResults=100)
    for namespace, metric in (("AWS/NATGateway", NAT_METRICS[2]), ("AWS/PrivateLinkEndpoints", "BytesProcessed")):
        pages(cloudwatch, "list_metrics", "Metrics", Namespace=namespace, MetricName=metric)
    pages(ec2, "describe_vpcs", "Vpcs", MaxResults=1000)
    pages(ec2, "describe_subnets", "Subnets", MaxResults=1000)
    ec2.describe_availability_zones()
    pages(ec2, "describe_prefix_lists", "PrefixLists", MaxResults=1000)
    if gateways:
        pages(ec2, "describe_flow_logs", "FlowLogs", MaxResults=1000)
    groups = sorted({group["GroupId"] for endpoint in endpoints for group in endpoint.get("Groups", [])})
    if groups:
        filters = [{"Name": "group-id", "Values": groups}]
        pages(ec2, "describe_security_groups", "SecurityGroups", Filters=filters, MaxResults=1000)
    routes = [route for table in tables for route in table["Routes"] if route.get("DestinationCidrBlock") == "0.0.0.0/0"]
    transit = sorted({route["TransitGatewayId"] for route in routes if "TransitGatewayId" in route})
    if transit:
        filters = [{"Name": "transit-gateway-id", "Values": transit}]
        attachments = pages(ec2, "describe_transit_gateway_attachments", "TransitGatewayAttachments", Filters=filters)
        pages(ec2, "describe_transit_gateway_vpc_attachments", "TransitGatewayVpcAttachments", Filters=filters)
        known = {it["Association"]["TransitGatewayRouteTableId"] for it in attachments if "Association" in it}
        for table in sorted(known):
            filters = [{"Name": "state", "Values": ["active", "blackhole"]}]
            ec2.search_transit_gateway_routes(TransitGatewayRouteTableId=table, Filters=filters)
    queries = metric_queries(gateways, endpoints)
    sums = metrics(cloudwatch, queries) if queries else {}
    return sum(sums[it["Id"]] for it in queries if it["MetricStat"]["Metric"]["MetricName"] in NAT_METRICS[:2])


def main():
    role, *accounts = sys.argv[1:]
    base = boto3.Session()
    pages(client(base, "organizations", "us-east-1"), "list_accounts", "Accounts")
    sts = client(base, "sts", "us-east-1")
    own = sts.get_caller_identity()["Account"]
    processed = 0
    for account in accounts:
        session = base
        if account != own:
            arn = f"arn:aws:iam::{account}:role/{role}"
            keys = sts.assume_role(RoleArn=arn, RoleSessionName="peer")["Credentials"]
            session = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
        regions = client(session, "ec2", "us-east-1").describe_regions()["Regions"]
        processed += sum(region(session, it["RegionName"]) for it in regions)
    json.dump({"calls": calls, "processed": int(processed)}, sys.stdout)


if __name__ == "__main__":
    main()
