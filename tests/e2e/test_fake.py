"""The fast fake AWS is as AWS's own SDK expects it, holds what it says it holds, and misbehaves where it is told to."""

import concurrent.futures

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError
from botocore.parsers import ResponseParserError

from fake import Fake
from world import END, START

ONCE = Config(retries={"total_max_attempts": 1}, read_timeout=3, max_pool_connections=150)


@pytest.fixture(scope="module")
def running():
    with Fake(accounts=24, suspended=2, regions=2, opted_in=1) as aws:
        yield aws


@pytest.fixture
def fake(running):
    running.reset()
    return running


def client(fake, service, region="us-east-1", credentials=None):
    keys = credentials or {"AccessKeyId": "AKIDMANAGEMENT", "SecretAccessKey": "secret"}
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=fake.url,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys.get("SessionToken"),
        config=ONCE,
    )


def assume(fake, account, role="audit", **more):
    arn = f"arn:aws:iam::{account}:role/{role}"
    return client(fake, "sts").assume_role(RoleArn=arn, RoleSessionName="test", **more)["Credentials"]


def listed(client, operation, key, **parameters):
    return [item for page in client.get_paginator(operation).paginate(**parameters) for item in page[key]]


def code(call, *arguments, **parameters):
    with pytest.raises(ClientError) as error:
        call(*arguments, **parameters)
    return error.value.response["Error"]["Code"]


def test_the_organisation_is_listed_in_pages_and_by_unit(fake):
    organizations = client(fake, "organizations")
    accounts = listed(organizations, "list_accounts", "Accounts")
    truth = fake.truth()["accounts"]
    assert {it["Id"]: it["Status"] for it in accounts} == {id: it["status"] for id, it in truth.items()}
    assert fake.served()["operations"]["ListAccounts"]["pages"] == 1
    (root,) = organizations.list_roots()["Roots"]
    units, below = [root["Id"]], []
    while units:
        parent = units.pop()
        below += listed(organizations, "list_accounts_for_parent", "Accounts", ParentId=parent)
        found = listed(organizations, "list_organizational_units_for_parent", "OrganizationalUnits", ParentId=parent)
        units += [unit["Id"] for unit in found]
    assert sorted(it["Id"] for it in below) == sorted(truth)


def test_a_member_holds_what_the_truth_says(fake):
    account = list(fake.truth()["accounts"])[1]
    credentials = assume(fake, account)
    times = [edge.strftime("%Y-%m-%dT%H:%M:%SZ") for edge in (START, END)]
    truth = fake.truth(*times)["accounts"][account]["regions"]
    regions = client(fake, "ec2", credentials=credentials).describe_regions()["Regions"]
    assert {region["RegionName"] for region in regions} == set(truth)
    for region, part in truth.items():
        ec2 = client(fake, "ec2", region, credentials)
        gateways = listed(ec2, "describe_nat_gateways", "NatGateways")
        assert sorted(it["NatGatewayId"] for it in gateways) == sorted(part["nat_gateways"])
        assert {it["VpcEndpointId"] for it in ec2.describe_vpc_endpoints()["VpcEndpoints"]} == set(part["vpc_endpoints"])
        shared = [it["VpcId"] for it in ec2.describe_vpcs()["Vpcs"] if it["OwnerId"] != account]
        assert shared == part["shared_vpcs"]
        cloudwatch = client(fake, "cloudwatch", region, credentials)
        for gateway, bytes in part["nat_gateways"].items():
            stat = {
                "Metric": {
                    "Namespace": "AWS/NATGateway",
                    "MetricName": "BytesInFromSource",
                    "Dimensions": [{"Name": "NatGatewayId", "Value": gateway}],
                },
                "Period": 3600,
                "Stat": "Sum",
            }
            window = {"StartTime": START, "EndTime": END, "MaxDatapoints": 500}
            queries = [{"Id": "up", "MetricStat": stat}]
            results = listed(cloudwatch, "get_metric_data", "MetricDataResults", MetricDataQueries=queries, **window)
            assert sum(sum(result["Values"]) for result in results) == bytes["upload"]


def test_a_role_is_refused_to_whom_it_does_not_know(fake):
    accounts = fake.truth()["accounts"]
    suspended = next(id for id, it in accounts.items() if it["status"] == "SUSPENDED")
    assert code(assume, fake, suspended) == "AccessDenied"
    assert code(assume, fake, list(accounts)[1], role="other") == "AccessDenied"
    with Fake(external_id="key", mfa_code="123456", session_seconds=0) as strict:
        account = list(strict.truth()["accounts"])[1]
        assert code(assume, strict, account, TokenCode="123456") == "AccessDenied"
        assert code(assume, strict, account, ExternalId="key") == "AccessDenied"
        expired = assume(strict, account, ExternalId="key", TokenCode="123456")
        assert code(client(strict, "ec2", credentials=expired).describe_vpcs) == "RequestExpired"


def test_a_region_that_is_off_knows_nobody(fake):
    assert code(client(fake, "ec2", "me-south-1").describe_vpcs) == "AuthFailure"
    regions = client(fake, "ec2").describe_regions(AllRegions=True)["Regions"]
    assert "me-south-1" in {it["RegionName"] for it in regions if it["OptInStatus"] == "not-opted-in"}


def test_buckets_empty_and_refill():
    with Fake(throttle="ec2") as fake, concurrent.futures.ThreadPoolExecutor(50) as pool:
        ec2 = client(fake, "ec2")

        def answered(_):
            try:
                return bool(ec2.describe_vpcs(MaxResults=5))
            except ClientError as error:
                assert error.response["Error"]["Code"] == "RequestLimitExceeded"
                return False

        answers = list(pool.map(answered, range(300)))
        # What refills meanwhile depends on how long it takes.
        assert 100 <= sum(answers) <= 200
        assert fake.served()["operations"]["DescribeVpcs"]["throttled"] == 300 - sum(answers)


def test_small_pages_hold_the_same():
    with Fake(page_size=2) as fake:
        gateways = listed(client(fake, "ec2"), "describe_nat_gateways", "NatGateways", MaxResults=100)
        truth = fake.truth()["accounts"]["310000000000"]["regions"]["us-east-1"]
        assert sorted(it["NatGatewayId"] for it in gateways) == sorted(truth["nat_gateways"])
        assert fake.served()["operations"]["DescribeNatGateways"]["pages"] == 2


def test_what_was_asked_twice_is_counted(fake):
    ec2 = client(fake, "ec2")
    fake.faults([{"kind": "throttle", "operation": "DescribeVpcs", "times": 1}])
    code(ec2.describe_vpcs)
    for _ in range(3):
        ec2.describe_vpcs()
    served = fake.served()["operations"]["DescribeVpcs"]
    # The first was not answered, so to ask again was right.
    assert served == {"calls": 4, "attempts": 4, "throttled": 1, "failed": 0, "pages": 0, "duplicates": 2}


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"kind": "throttle"}, "RequestLimitExceeded"),
        ({"kind": "error", "status": 500, "code": "InternalError"}, "InternalError"),
        ({"kind": "http", "status": 503}, "503"),
        ({"kind": "http", "status": 503, "body": True}, (ClientError, ResponseParserError)),
        ({"kind": "reset"}, ConnectionClosedError),
        ({"kind": "half-body"}, ResponseParserError),
        ({"kind": "malformed"}, ResponseParserError),
        ({"kind": "clock-skew", "hours": 5}, "RequestExpired"),
        ({"kind": "expire"}, "RequestExpired"),
        ({"kind": "disabled-region"}, "AuthFailure"),
        ({"kind": "silence"}, ReadTimeoutError),
    ],
    ids=lambda it: it["kind"] if isinstance(it, dict) else "",
)
def test_a_fault_strikes_what_it_is_meant_for(fake, fault, expected):
    fake.faults([{**fault, "region": "us-east-1", "operation": "DescribeVpcs", "nth": 2, "times": 1}])
    ec2 = client(fake, "ec2")
    ec2.describe_vpcs()
    client(fake, "ec2", "eu-west-1").describe_vpcs()
    if isinstance(expected, str):
        assert code(ec2.describe_vpcs) == expected
    else:
        with pytest.raises(expected):
            ec2.describe_vpcs()
    if fault["kind"] != "expire":
        ec2.describe_vpcs()
    ec2 = client(fake, "ec2", credentials={"AccessKeyId": "AKID2", "SecretAccessKey": "secret"})
    ec2.describe_vpcs()


def test_pages_that_do_not_end(fake):
    ec2 = client(fake, "ec2")
    for kind, count in (("endless-pages", 3), ("repeated-page", 1)):
        fake.faults([{"kind": kind}])
        tokens, token = [], {}
        for _ in range(3):
            token = {"NextToken": ec2.describe_vpcs(MaxResults=100, **token)["NextToken"]}
            tokens.append(token["NextToken"])
        assert len(set(tokens)) == count


def test_an_audit_finds_what_there_is(fake, natwise):
    natwise.environment = fake.environment
    report = natwise.json("audit", "--all-regions", "--last", "3d")
    window = report["window"]
    truth = fake.truth(window["start"], window["end"])["accounts"]["310000000000"]["regions"]
    found = {it["nat_gateway_id"]: it["bytes"]["processed"] for it in report["nat_gateways"]}
    expected = [(id, it["processed"]) for part in truth.values() for id, it in part["nat_gateways"].items()]
    assert found == dict(expected)
    assert {it["vpc_endpoint_id"] for it in report["endpoints"]} == {
        id for part in truth.values() for id in part["vpc_endpoints"]
    }
    assert report["gaps"] == [] and fake.served()["total"]["duplicates"] == 0
