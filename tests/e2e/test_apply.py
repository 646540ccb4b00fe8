"""The forms that apply fixes: read by the real parsers and linters, run by the real AWS CLI, and never by accident."""

import json
import pathlib
import re
import shlex
import subprocess
import sys

import hcl2
import pytest
import yaml

from test_fixes import FREE, leaky, of  # noqa: F401 (a fixture)
from world import GB, WINDOW, restricted_policy

HERE = pathlib.Path(__file__).resolve().parent
BIN = pathlib.Path(sys.executable).parent
DEMO = HERE.parent.parent / "src" / "demo" / "account.json"
PROVIDER = json.loads((HERE / "data" / "terraform-aws.json").read_text())["arguments"]
META = {"provider", "count", "for_each", "lifecycle", "depends_on"}
TYPES = {"string": str, "number": (int, float), "bool": bool, "list": list, "map": dict}


def write(natwise, form, *arguments):
    done = natwise("audit", *arguments, "--format", form)
    assert done.returncode == 0, done.stderr
    return done.stdout


def value(text):
    """What an HCL string is, once its escapes are undone; anything else as it is."""
    if isinstance(text, list):
        return [value(item) for item in text]
    if not (isinstance(text, str) and text.startswith('"')):
        return text
    inner = re.sub(r"\\U([0-9a-fA-F]{8})", lambda m: chr(int(m[1], 16)), text[1:-1])
    return json.loads(f'"{inner}"').replace("$${", "${").replace("%%{", "%{")


def plain(blocks):
    """Blocks of one kind as {label: body}."""
    return {value(label): body for block in blocks for label, body in block.items() if not label.startswith("__")}


def terraform(text):
    """All resources of a file: (type, name, body)."""
    parsed = hcl2.loads(text)
    found = []
    for block in parsed.get("resource", []):
        for kind, named in plain([block]).items():
            found.extend((kind, name, body) for name, body in plain([named]).items())
    return parsed, found


def documents(text):
    """The templates of a file, as text: each from its --- on."""
    return [part for part in re.split(r"(?m)^---\n", text)[1:]]


def commands_of(script):
    """What bash makes of a script: it must be able to read it."""
    done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def uncommented(script):
    """The script with every commented step taken in."""
    return re.sub(r"(?m)^#(?=(step_\d+\(\) \{|    .*|\})$)", "", script)


def lint(script, tmp_path):
    file = tmp_path / "fixes.sh"
    file.write_text(script)
    done = subprocess.run([BIN / "shellcheck", file], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def check_arguments(resources):
    for kind, name, body in resources:
        known = PROVIDER[kind]
        given = {key for key in body if not key.startswith("__")}
        assert given - META <= set(known), (kind, name, given - META - set(known))
        required = {key for key, argument in known.items() if argument["required"]}
        assert required <= given, (kind, name, required - given)
        for key in given - META:
            is_expression = isinstance(body[key], str) and body[key].startswith("${")
            if known[key]["type"] in TYPES and not is_expression:
                assert isinstance(body[key], TYPES[known[key]["type"]]), (kind, name, key, body[key])


# The demo account: everything at once.


def test_terraform_is_read_and_names_only_what_the_provider_knows(natwise, demo):
    text = write(natwise, "terraform", "--demo", "--assume", "sqs=20%")
    parsed, resources = terraform(text)
    check_arguments(resources)
    kinds = {kind for kind, _, _ in resources}
    assert {"aws_vpc_endpoint", "aws_security_group", "aws_vpc_endpoint_route_table_association"} <= kinds
    names = [(kind, name) for kind, name, _ in resources]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for _, name in names)
    declared = set(plain(parsed["variable"]))
    assert set(re.findall(r"\bvar\.(\w+)", text)) == declared, "blocks in comments need theirs too"
    for group in (body for kind, _, body in resources if kind == "aws_security_group"):
        (ingress,) = group["ingress"]
        assert (ingress["from_port"], ingress["to_port"], value(ingress["protocol"])) == (443, 443, "tcp")
        assert "0.0.0.0/0" not in value(ingress["cidr_blocks"])
    for provider in parsed["provider"]:
        for body in plain([provider]).values():
            assert value(body["allowed_account_ids"]) == demo["scope"]["accounts"]


def test_every_change_is_in_every_form_and_removals_only_in_comments(natwise, demo):
    changes = [change for finding in demo["findings"] for change in finding["remedy"]["changes"]]
    assert {"delete-endpoint", "delete-nat-gateway"} <= {change["action"] for change in changes}
    for form in ("terraform", "cloudformation", "cli", "console"):
        text = write(natwise, form, "--demo")
        live = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
        for change in changes:
            named = {**change, "endpoint": change.get("endpoint", {}).get("vpc_endpoint_id")}
            ids = re.findall(r"\b(?:rtb|nat|sg|vpce|subnet|eipalloc)-[0-9a-f]+", json.dumps(named))
            assert ids and all(id in text for id in ids), (form, change)
        if form == "console":
            continue
        for word in ("delete-nat-gateway ", "delete-route ", "release-address", "--policy-document", "revoke-security"):
            run = [line for line in live.splitlines() if word in line]
            assert run == [] or form == "cli" and all("--group-id" in line for line in run), (form, run)
        assert "aws_vpc_endpoint_policy" not in live


def test_cloudformation_passes_its_linter(natwise, tmp_path):
    text = write(natwise, "cloudformation", "--demo", "--assume", "sqs=20%")
    parts = documents(text)
    assert parts
    kinds = set()
    for number, part in enumerate(parts):
        template = yaml.safe_load(part)
        kinds |= {resource["Type"] for resource in template["Resources"].values()}
        file = tmp_path / f"{number}.yaml"
        file.write_text(part)
        done = subprocess.run([BIN / "cfn-lint", file], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout
    assert {"AWS::EC2::VPCEndpoint", "AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupIngress"} <= kinds
    assert [document for document in yaml.safe_load_all(text) if document] == [yaml.safe_load(part) for part in parts]


def test_the_script_passes_shellcheck_with_and_without_its_comments(natwise, tmp_path):
    script = write(natwise, "cli", "--demo", "--assume", "sqs=20%")
    lint(script, tmp_path)
    whole = uncommented(script)
    assert whole.count("\nstep_") > script.count("\nstep_")
    commands_of(whole)
    lint(whole, tmp_path)


def test_the_console_names_each_step_once(natwise, demo):
    text = write(natwise, "console", "--demo")
    numbers = [int(number) for number in re.findall(r"(?m)^(\d+)\. ", text)]
    assert numbers == list(range(1, len(numbers) + 1))
    for finding in demo["findings"]:
        assert finding["rule"] in text
    links = re.findall(r"https://\S+", text)
    assert links
    for link in links:
        assert re.fullmatch(r"https://[a-z0-9-]+\.console\.aws\.amazon\.com/vpcconsole/home\?region=[a-z0-9-]+#[\w:=-]+", link)


# The script against the emulated account.


@pytest.fixture
def bash(home, shell):
    """Runs a script with the real AWS CLI."""

    def run(script, *options, **settings):
        (home / "fixes.sh").write_text(script)
        words = [f"{key}={item}" for key, item in settings.items()] + ["bash", "fixes.sh", *options]
        return shell(shlex.join(["env", *words]))

    return run


def state(world):
    """All that the script could change."""
    ec2 = world.ec2
    endpoints = [e for e in ec2.describe_vpc_endpoints()["VpcEndpoints"] if e["State"] != "deleted"]
    for endpoint in endpoints:
        endpoint["RouteTableIds"] = sorted(endpoint.get("RouteTableIds", []))
    groups = ec2.describe_security_groups()["SecurityGroups"]
    tables = ec2.describe_route_tables()["RouteTables"]
    return json.loads(json.dumps([endpoints, groups, tables, ec2.describe_nat_gateways()["NatGateways"]], default=str))


def test_the_script_ends_the_findings_and_takes_it_back(leaky, live, bash):  # noqa: F811
    world, vpc, _, _, _ = leaky
    before = state(world)
    script = write(live, "cli", *WINDOW)
    assert len(of(live.json("audit", *WINDOW), *FREE)) == 2

    dry = bash(script)
    assert dry.returncode == 0, dry.stderr
    assert "nothing was changed" in dry.stdout and "create-vpc-endpoint" in dry.stdout
    assert state(world) == before

    done = bash(script, "--apply")
    assert done.returncode == 0, done.stderr
    after = state(world)
    assert after != before
    assert of(live.json("audit", *WINDOW), *FREE) == []

    again = bash(script, "--apply")
    assert again.returncode == 0, again.stderr
    assert "\nNothing to do.\n" in again.stdout and "   $" not in again.stdout
    assert state(world) == after

    # The way back, shown first.
    shown = bash(script, "--rollback", "--dry-run")
    assert shown.returncode == 0 and "--remove-route-table-ids" in shown.stdout, shown.stderr
    assert state(world) == after
    undone = bash(script, "--rollback")
    assert undone.returncode == 0, (undone.stdout, undone.stderr)
    assert state(world) == before
    twice = bash(script, "--rollback")
    assert twice.returncode == 0 and "\nNothing to do.\n" in twice.stdout, twice.stderr
    assert state(world) == before


def test_a_rollback_leaves_what_others_made(leaky, live, bash):  # noqa: F811
    world, vpc, _, covered, _ = leaky
    script = write(live, "cli", *WINDOW)
    vpc.gateway_endpoint("dynamodb", [covered])
    before = state(world)
    assert bash(script, "--rollback").returncode == 0
    assert state(world) == before
    assert bash(script, "--apply").returncode == 0
    assert len(state(world)[0]) == 2, "there is one already: no second one is made"


def test_settings_decide_what_is_paid_or_felt(emulator, live, bash):
    """Interface endpoints and their groups, zones, private DNS and default routes: made, not made twice, taken back."""
    world = emulator.world()
    vpc = world.vpc()
    nats = {zone: vpc.nat(zone) for zone in "ab"}
    for nat in nats.values():
        world.nat_bytes(nat, up=2_000 * GB, down=8_000 * GB)
    subnets = [vpc.private(nats["a"], zone)[1] for zone in "ab"]
    group = vpc.https_group("192.168.0.0/16")
    logs = vpc.interface_endpoint("logs", subnets[:1], group, private_dns=False, policy=restricted_policy())
    world.endpoint_bytes(vpc.id, logs, "logs", 900 * GB)
    audit = (*WINDOW, "--assume", "sqs=10%")
    script = write(live, "cli", *audit)
    before = state(world)
    settings = {
        "NATWISE_ENDPOINT_ZONES": "yes",
        "NATWISE_DEFAULT_ROUTES": "yes",
        "NATWISE_INTERFACE_ENDPOINTS": "no",
    }

    without = bash(script, "--apply", NATWISE_INTERFACE_ENDPOINTS="no")
    assert without.returncode == 0, without.stderr
    for setting in ("INTERFACE_ENDPOINTS", "ENDPOINT_ZONES", "DEFAULT_ROUTES", "PRIVATE_DNS"):
        assert f"left out: NATWISE_{setting}=yes includes it" in without.stdout
    assert len(state(world)[0]) == 3, "two gateway endpoints more"
    found = {finding["rule"] for finding in live.json("audit", *audit)["findings"]}
    assert "interface-endpoint-pays-off" in found and "endpoint-security-group" not in found

    done = bash(script, "--apply", **{**settings, "NATWISE_INTERFACE_ENDPOINTS": "yes"})
    assert done.returncode == 0, done.stderr
    report = live.json("audit", *audit)
    assert of(report, *FREE, "interface-endpoint-pays-off", "interface-endpoint-single-az", "cross-az-nat-gateway") == []
    assert of(report, "endpoint-security-group") == []
    made = next(e for e in state(world)[0] if e["ServiceName"].endswith(".sqs"))
    own = next(g for g in state(world)[1] if g["GroupId"] == made["Groups"][0]["GroupId"])
    (permission,) = own["IpPermissions"]
    assert (permission["FromPort"], permission["ToPort"]) == (443, 443)
    assert [block["CidrIp"] for block in permission["IpRanges"]] == [vpc.cidr]

    after = state(world)
    again = bash(script, "--apply", **{**settings, "NATWISE_INTERFACE_ENDPOINTS": "yes"})
    assert again.returncode == 0 and "\nNothing to do.\n" in again.stdout, (again.stdout, again.stderr)
    assert state(world) == after
    undone = bash(script, "--rollback")
    assert undone.returncode == 0, (undone.stdout, undone.stderr)
    assert state(world) == before


def test_another_account_s_steps_are_skipped(leaky, live, bash):  # noqa: F811
    world, *_ = leaky
    script = write(live, "cli", *WINDOW).replace("123456789012", "999988887777")
    before = state(world)
    done = bash(script, "--apply")
    assert done.returncode == 0, done.stderr
    assert "skipped: it is in account 999988887777, and these credentials are of account 123456789012" in done.stdout
    assert state(world) == before


def test_a_step_that_cannot_be_looked_at_stops_no_other(leaky, live, bash):  # noqa: F811
    world, vpc, _, _, _ = leaky
    script = write(live, "cli", *WINDOW)
    s3 = next(e for e in state(world)[0] if e["ServiceName"].endswith(".s3"))
    world.ec2.delete_vpc_endpoints(VpcEndpointIds=[s3["VpcEndpointId"]])
    done = bash(script, "--apply")
    assert done.returncode == 1
    assert "could not be looked at" in done.stderr
    assert any(e["ServiceName"].endswith(".dynamodb") for e in state(world)[0])


def test_a_script_that_is_asked_for_something_else_does_nothing(leaky, live, bash):  # noqa: F811
    world, *_ = leaky
    script = write(live, "cli", *WINDOW)
    before = state(world)
    assert bash(script, "--force").returncode == 2
    assert "Usage:" in bash(script, "--help").stdout
    assert state(world) == before


# Names that would be more than names.

HOSTILE = (
    "x\n# y",
    "'; touch pwned; '",
    '"; touch pwned; "',
    "$(touch pwned)",
    "`touch pwned`",
    "${var.x}",
    "%{ if true }x%{ endif }",
    "\n---\nResources: {}",
    "\u202egnp.exe",
    "a\\",
    "\u2028}\nresource \"x\" \"y\" {",
    "END\nEND\ntouch pwned\n",
    "yes",
    "2012-10-17",
    "<<EOT",
    "\U000e0001tag",
    "*/ x /*",
    "- a: b",
    "!Ref x",
    "a\r\nb\tc\u0085d",
)


def hostile_snapshot(tmp_path):
    """The example account with every id, name and policy made hostile; still one id for one thing."""
    text = DEMO.read_text()
    names = {}
    for found in sorted(set(re.findall(r'"((?:vpc|vpce|rtb|sg|subnet|nat|eipalloc)-[0-9a-f]+)"', text))):
        prefix = found.split("-")[0]
        names[found] = f"{prefix}-{HOSTILE[len(names) % len(HOSTILE)]}-{len(names)}"
    text = re.sub(
        r'"((?:vpc|vpce|rtb|sg|subnet|nat|eipalloc)-[0-9a-f]+)"', lambda m: json.dumps(names[m[1]]), text
    )
    snapshot = json.loads(text)
    for number, scan in enumerate(part for part in snapshot["regions"]):
        for kind in ("vpcs", "subnets", "nat_gateways", "vpc_endpoints", "route_tables"):
            for index, item in enumerate(scan.get(kind, [])):
                item["tags"] = {"Name": HOSTILE[(index + number) % len(HOSTILE)] * 3}
    file = tmp_path / "hostile.json"
    file.write_text(json.dumps(snapshot))
    return file


def strings(node):
    """All strings in a parsed value."""
    if isinstance(node, dict):
        for key, item in node.items():
            yield from strings(key)
            yield from strings(item)
    elif isinstance(node, list):
        for item in node:
            yield from strings(item)
    elif isinstance(node, str):
        yield node


@pytest.fixture
def hostile(natwise, tmp_path):
    file = hostile_snapshot(tmp_path)
    arguments = ("--snapshot", file, "--assume", "sqs=20%")
    report = natwise.json("audit", *arguments)
    changes = [change for finding in report["findings"] for change in finding["remedy"]["changes"]]
    assert len(changes) > 20
    return arguments, changes


def made(changes, action):
    return [change for change in changes if change["action"] == action]


def test_hostile_names_are_values_in_terraform(natwise, hostile):
    arguments, changes = hostile
    text = write(natwise, "terraform", *arguments)
    assert not re.search("[\u202e\u2028\u0085\U000e0001\r]", text), "nothing unseen"
    _, resources = terraform(text)
    check_arguments(resources)
    names = [(kind, name) for kind, name, _ in resources]
    assert len(names) == len(set(names)) and all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for _, name in names)
    gateways = [body for kind, _, body in resources if value(body.get("vpc_endpoint_type")) == "Gateway" and "route_table_ids" in body]
    wanted = {(c["vpc_id"], c["service_name"], tuple(c["route_table_ids"])) for c in made(changes, "create-gateway-endpoint")}
    got = {(value(b["vpc_id"]), value(b["service_name"]), tuple(value(b["route_table_ids"]))) for b in gateways}
    assert got == wanted
    pairs = {(value(b["vpc_endpoint_id"]), value(b["route_table_id"])) for k, _, b in resources if k.endswith("_route_table_association")}
    assert pairs == {
        (c["endpoint"]["vpc_endpoint_id"], table) for c in made(changes, "associate-route-tables") for table in c["route_table_ids"]
    }


def test_hostile_names_are_values_in_cloudformation(natwise, hostile):
    arguments, changes = hostile
    text = write(natwise, "cloudformation", *arguments)
    assert not re.search("[\u202e\u2028\u0085\U000e0001\r]", text), "nothing unseen"
    got = set()
    for document in yaml.safe_load_all(text):
        for name, resource in ((document or {}).get("Resources") or {}).items():
            assert re.fullmatch("[A-Za-z0-9]+", name)
            properties = resource["Properties"]
            assert all(isinstance(item, str) for item in properties.get("RouteTableIds", []))
            if "RouteTableIds" in properties:
                got.add((properties["VpcId"], properties["ServiceName"], tuple(properties["RouteTableIds"])))
    wanted = {(c["vpc_id"], c["service_name"], tuple(c["route_table_ids"])) for c in made(changes, "create-gateway-endpoint")}
    assert got == wanted


AWS_STUB = """#!{python}
import json, os, sys
with open(os.environ["CALLS"], "a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
if "get-caller-identity" in sys.argv:
    print(os.environ["ACCOUNT"])
if "--vpc-endpoint-ids" in sys.argv:
    print(sys.argv[sys.argv.index("--vpc-endpoint-ids") + 1].replace("\\n", " "))
if "describe-vpc-attribute" in sys.argv:
    print(True)
"""


def test_hostile_names_are_words_in_the_script(natwise, hostile, tmp_path):
    arguments, changes = hostile
    script = write(natwise, "cli", *arguments)
    assert not re.search("[\u202e\u2028\u0085\U000e0001\r]", script), "nothing unseen"
    whole = uncommented(script)
    for text in (script, whole):
        commands_of(text)
        lint(text, tmp_path)
    # Every command, the commented ones too, run by an `aws` that only writes down its words.
    stub = tmp_path / "bin" / "aws"
    stub.parent.mkdir()
    stub.write_text(AWS_STUB.format(python=sys.executable))
    stub.chmod(0o755)
    (tmp_path / "whole.sh").write_text(whole)
    calls = tmp_path / "calls"
    environment = {"PATH": f"{stub.parent}:/usr/bin:/bin", "CALLS": str(calls), "ACCOUNT": "111122223333", "LC_ALL": "C.UTF-8"}
    settings = dict.fromkeys(("NATWISE_ENDPOINT_ZONES", "NATWISE_PRIVATE_DNS", "NATWISE_DEFAULT_ROUTES"), "yes")
    for option in ("--apply", "--rollback"):
        done = subprocess.run(
            ["bash", "whole.sh", option], cwd=tmp_path, env={**environment, **settings}, capture_output=True, text=True
        )
        assert done.returncode == 0, (done.stdout[-2000:], done.stderr)
    assert not (tmp_path / "pwned").exists()
    ran = [json.loads(line) for line in calls.read_text().splitlines()]
    creations = {tuple(call) for call in ran if call[1] == "create-vpc-endpoint" and "Gateway" in call}
    for change in made(changes, "create-gateway-endpoint"):
        assert any({change["vpc_id"], change["service_name"], *change["route_table_ids"]} <= set(call) for call in creations)
    policies = [call[call.index("--policy-document") + 1] for call in ran if "--policy-document" in call]
    for change in made(changes, "set-endpoint-policy"):
        assert change["policy"] in policies and change["before"] in policies


def test_hostile_names_are_text_on_the_console_page(natwise, hostile):
    arguments, _ = hostile
    text = write(natwise, "console", *arguments)
    assert not re.search("[\u202e\u2028\u0085\U000e0001\r\t]", text)
    assert not re.search(r"(?m)^(---|# y|touch pwned|resource )", text)
    for link in re.findall(r"https://\S+", text):
        assert re.fullmatch(r"https://[a-z0-9-]+\.console\.aws\.amazon\.com/vpcconsole/home\?region=[a-z0-9-]+#[\w:=-]+", link)
