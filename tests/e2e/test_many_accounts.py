"""Two accounts in one report: a hub whose NAT gateway also carries a spoke's traffic, scanned apart and audited together."""

import csv
import io
import json

import boto3
import openpyxl
import pytest
from cmarkgfm import github_flavored_markdown_to_html

import contract
from conftest import Runs
from test_tables import HOSTILE
from world import GB, WINDOW, World

HUB, SPOKE = "123456789012", "222222222222"
HOSTILE_NAME = '=cmd|\' /C calc\'!A0<script>alert(1)</script>|`x`\u001b[31m\u202e'


class Account:
    """The emulated AWS as another account: with credentials of a role in it."""

    def __init__(self, emulator, account):
        role = f"arn:aws:iam::{account}:role/audit"
        keys = emulator.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
        self.emulator, self.keys = emulator, keys
        self.environment = dict(
            emulator.environment,
            AWS_ACCESS_KEY_ID=keys["AccessKeyId"],
            AWS_SECRET_ACCESS_KEY=keys["SecretAccessKey"],
            AWS_SESSION_TOKEN=keys["SessionToken"],
        )

    def post(self, *arguments):
        return self.emulator.post(*arguments)

    def client(self, service, region="us-east-1"):
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.emulator.url,
            aws_access_key_id=self.keys["AccessKeyId"],
            aws_secret_access_key=self.keys["SecretAccessKey"],
            aws_session_token=self.keys["SessionToken"],
        )


def private_network(vpc, transit_gateway):
    """A subnet whose way out is a transit gateway."""
    table = vpc.table()
    subnet = vpc.subnet("a", table)
    vpc.route(table, "0.0.0.0/0", TransitGatewayId=transit_gateway)
    return table, subnet


@pytest.fixture
def organisation(emulator, home, tmp_path):
    """The folder of a scan of both accounts."""
    hub = emulator.world()
    egress = hub.vpc(name="egress")
    nat = egress.nat("a")
    hub.nat_bytes(nat, up=100 * GB, down=400 * GB)
    table, arrival = egress.private(nat, "a")
    tgw, tgw_table = hub.transit_gateway()
    # The way back to the spokes, by which a scan of the hub alone knows of the transit gateway.
    egress.route(table, "10.0.0.0/8", TransitGatewayId=tgw)
    attachment = hub.ec2.create_transit_gateway_vpc_attachment(
        TransitGatewayId=tgw, VpcId=egress.id, SubnetIds=[arrival]
    )["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"]
    hub.ec2.create_transit_gateway_route(
        TransitGatewayRouteTableId=tgw_table, DestinationCidrBlock="0.0.0.0/0", TransitGatewayAttachmentId=attachment
    )

    other = Account(emulator, SPOKE)
    spoke = World(other, "us-east-1")
    vpc = spoke.vpc("10.1.0.0/16", name="spoke")
    # The transit gateway is shared with the spoke, which the emulator cannot do: one of the spoke's own stands for it.
    stand_in, _ = spoke.transit_gateway()
    spoke_table, spoke_subnet = private_network(vpc, stand_in)
    spoke.ec2.create_transit_gateway_vpc_attachment(TransitGatewayId=stand_in, VpcId=vpc.id, SubnetIds=[spoke_subnet])

    folder = tmp_path / "scan"
    parts = {}
    for account, environment in ((HUB, emulator.environment), (SPOKE, other.environment)):
        done = Runs(home, environment)("scan", *WINDOW)
        assert done.returncode == 0, done.stderr
        parts[account] = json.loads(done.stdout.replace(stand_in, tgw))
        assert parts[account]["regions"][0]["account_id"] == account
    # Its owner lists the spoke's attachment with its route table, the spoke lists it without.
    (seen,) = parts[SPOKE]["regions"][0]["transit_gateway_attachments"]
    parts[HUB]["regions"][0]["transit_gateway_attachments"].append({**seen, "route_table_id": tgw_table})
    del seen["route_table_id"]
    # The emulator does not say where a route leads.
    ((route,),) = [it["routes"] for it in parts[HUB]["regions"][0]["transit_gateway_route_tables"]]
    route["attachment_ids"] = [attachment]
    parts[SPOKE]["regions"][0].pop("transit_gateway_route_tables")
    parts[SPOKE]["regions"][0]["account_name"] = HOSTILE_NAME
    for account, part in parts.items():
        (folder / account).mkdir(parents=True)
        (folder / account / "us-east-1.json").write_text(json.dumps(part))
    write_manifest(folder, {account: {"regions": ["us-east-1"]} for account in parts}, parts[HUB]["window"])
    return {"folder": folder, "nat": nat, "egress": egress.id, "vpc": vpc.id, "table": spoke_table, "tgw": tgw}


def write_manifest(folder, accounts, window):
    manifest = {"schema": "natwise.scan/1", "generated_by": "a test", "window": window, "accounts": accounts}
    manifest["finished_at"] = "2026-11-01T00:00:00Z"
    (folder / "scan.json").write_text(json.dumps(manifest))


def test_a_spokes_traffic_is_priced_once_and_belongs_to_both_stories(organisation, natwise):
    report = natwise.json("audit", "--snapshot", organisation["folder"])
    assert report["scope"] == {"accounts": [HUB, SPOKE], "regions": ["us-east-1"], "complete": True}
    # The gateway's row names the spoke.
    (gateway,) = report["nat_gateways"]
    (user,) = gateway["used_by"]
    assert (user["account_id"], user["vpc_id"], user["vpc_name"]) == (SPOKE, organisation["vpc"], "spoke")
    assert (user["transit_gateway_id"], user["certain"]) == (organisation["tgw"], True)
    # The spoke's finding names the gateway, and whose it is.
    missing = [f for f in report["findings"] if f["rule"] == "missing-gateway-endpoint" and f["account_id"] == SPOKE]
    assert {finding["service"] for finding in missing} == {"s3", "dynamodb"}
    for finding in missing:
        assert finding["resources"] == [organisation["vpc"], organisation["table"]]
        assert organisation["nat"] in finding["title"]
        assert f"{organisation['egress']} in account {HUB}" in finding["detail"]
    # 500 GB cost once, and are saved once.
    assert report["totals"]["window_usd"]["nat_data"] == pytest.approx(500 * 0.045)
    month = report["totals"]["monthly_usd"]
    assert month["saving_high"] <= month["current"]


def test_accounts_come_to_the_totals(organisation, natwise):
    report = natwise.json("audit", "--snapshot", organisation["folder"])
    names = {row["account_id"]: row["account_name"] for row in report["accounts"]}
    assert names == {HUB: None, SPOKE: HOSTILE_NAME}
    month = report["totals"]["monthly_usd"]
    for rows in (report["accounts"], [region for row in report["accounts"] for region in row["regions"]]):
        for key in ("current", "saving_low", "saving_high", "ended"):
            assert sum(row["monthly_usd"][key] for row in rows) == pytest.approx(month[key], abs=1e-5)
        for key in ("nat_gateways", "endpoints", "findings"):
            assert sum(row[key] for row in rows) == len(report[key])
    costs = {row["account_id"]: row["monthly_usd"]["current"] for row in report["accounts"]}
    assert costs == {HUB: month["current"], SPOKE: 0}


def test_a_folder_and_its_files_make_one_report(organisation, natwise, tmp_path):
    folder = organisation["folder"]
    whole = natwise("audit", "--snapshot", folder, "--format", "json")
    contract.check(whole.stdout)
    files = [argument for account in (SPOKE, HUB) for argument in ("--snapshot", folder / account / "us-east-1.json")]
    assert natwise("audit", *files, "--format", "json").stdout == whole.stdout
    (folder / "scan.json").unlink()
    assert natwise("audit", "--snapshot", folder, "--format", "json").stdout == whole.stdout
    done = natwise("audit", "--snapshot", folder, "--snapshot", folder / HUB / "us-east-1.json")
    assert done.returncode == 2 and "more than one" in done.stderr and done.stdout == ""


def test_what_was_not_scanned_is_a_gap(organisation, natwise):
    folder = organisation["folder"]
    window = json.loads((folder / "scan.json").read_text())["window"]
    refused = {"account_id": "333333333333", "region": None, "operation": "AssumeRole", "code": "AccessDenied", "message": "no"}
    accounts = {
        HUB: {"regions": ["us-east-1", "eu-west-1"]},
        "333333333333": {"regions": None, "gaps": [refused]},
        "444444444444": {"regions": None},
    }
    write_manifest(folder, accounts, window)
    done = natwise("audit", "--snapshot", folder, "--format", "json")
    assert "left out 1 snapshot" in done.stderr and f"{SPOKE}/us-east-1" in done.stderr
    report = json.loads(done.stdout)
    gaps = {(gap["account_id"], gap["region"], gap["code"]) for gap in report["gaps"]}
    assert gaps == {
        (HUB, "eu-west-1", "NotScanned"),
        ("333333333333", None, "AccessDenied"),
        ("444444444444", None, "NotScanned"),
    }
    assert report["scope"]["complete"] is False and report["accounts"][0]["complete"] is False
    assert len(report["nat_gateways"]) == 1
    assert natwise("audit", "--snapshot", folder, "--strict").returncode == 2


def test_every_form_shows_accounts_and_no_name_does_harm(organisation, natwise):
    run = lambda *arguments: natwise("audit", "--snapshot", organisation["folder"], *arguments)
    table = run().stdout
    assert "By account and Region" in table and SPOKE in table and "used by 1 other VPC" in table
    assert "\u001b" not in table and "\u202e" not in table
    markdown = run("--format", "markdown").stdout
    section = markdown.split("## By account and Region")[1].split("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    assert len(rows) == 4 and "\u202e" not in section and "<script>" not in github_flavored_markdown_to_html(section)
    page = run("--format", "html").stdout
    assert 'id="accounts-section"' in page and "<script>alert" not in page and "\u202e" not in page
    rows = list(csv.DictReader(io.StringIO(run("--format", "csv", "--table", "accounts").stdout)))
    assert [row["account_id"] for row in rows] == [HUB, SPOKE]
    assert rows[1]["account_name"].startswith("'=cmd") and "\u001b" not in rows[1]["account_name"]
    gateways = list(csv.DictReader(io.StringIO(run("--format", "csv", "--table", "nat-gateways").stdout)))
    assert gateways[0]["used_by"] == f"{SPOKE}/{organisation['vpc']}"


def test_the_workbook_has_a_sheet_of_accounts(organisation, natwise, tmp_path):
    file = tmp_path / "report.xlsx"
    done = natwise("audit", "--snapshot", organisation["folder"], "--format", "xlsx", "-o", file)
    assert done.returncode == 0, done.stderr
    sheet = openpyxl.load_workbook(file)["Accounts"]
    rows = list(sheet.iter_rows(values_only=True))
    assert [row[0] for row in rows[1:]] == [HUB, SPOKE]
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_folder_can_hold_any_name(natwise, tmp_path, name):
    """Names of accounts and Regions in a manifest lead nowhere."""
    window = {"start": "2026-10-01T00:00:00Z", "end": "2026-11-01T00:00:00Z", "hours": 744}
    write_manifest(tmp_path, {name: {"regions": [name, "../../etc/passwd"]}}, window)
    done = natwise("audit", "--snapshot", tmp_path, "--format", "json")
    assert done.returncode == 0, done.stderr
    assert [gap["code"] for gap in json.loads(done.stdout)["gaps"]] == ["NotScanned"] * 2
