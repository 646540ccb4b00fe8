"""What is printed: safe, of the right width, in the right place, with the right exit code."""

import json
import os
import re
import shlex
import subprocess
import unicodedata

import jsonschema
import pytest

import contract
from conftest import NATWISE, ROOT
from world import GB, WINDOW

RULES = list(contract.RULES)
# What an account's XML can carry; escape characters, which it cannot, come by snapshot.
HOSTILE = "prod\n\t\"'$(touch pwned)`touch pwned`;&|<b>\u202e\u2066" + "x" * 150


def width(text):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def test_the_demo_keeps_the_contract(natwise, demo):
    schema = json.loads(natwise("schema", "report").stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(demo, schema)
    shares = natwise.json("audit", "--demo", "--assume", "s3=60%", "--assume", "dynamodb=5%", "--assume", "ecr.dkr=5%")
    jsonschema.validate(shares, schema)
    assert {f["rule"] for f in demo["findings"]} | {"interface-endpoint-pays-off"} == set(RULES), "the demo shows all"
    assert "interface-endpoint-pays-off" in {f["rule"] for f in shares["findings"]}
    assert "eu-west-1" not in {f["region"] for f in demo["findings"]}, "it is well built"
    egress = {f["rule"] for f in demo["findings"] if f["vpc_name"] == "network-egress"}
    assert egress <= {"cross-az-nat-gateway"}, "a gateway endpoint would do nothing there"


def test_two_runs_are_alike(natwise):
    for form in ("table", "json"):
        assert natwise("audit", "--demo", "--format", form).stdout == natwise("audit", "--demo", "--format", form).stdout


def test_the_readme_shows_what_the_demo_prints(natwise):
    readme = (ROOT / "README.md").read_text()
    sample = readme.split("<!-- sample -->\n```text\n")[1].split("```\n<!-- end of sample -->")[0]
    printed = {line.rstrip() for line in natwise("audit", "--demo", env={"COLUMNS": "92"}).stdout.splitlines()}
    assert [line for line in sample.splitlines() if line != "[...]" and line not in printed] == []


@pytest.mark.parametrize("columns", [80, 100, 200])
def test_hostile_names_are_shown_as_text(emulator, live, columns):
    world = emulator.world()
    vpc = world.vpc(name=HOSTILE)
    nat = vpc.nat(name=HOSTILE)
    world.nat_silence(nat)
    vpc.private(nat)
    done = live("audit", *WINDOW, env={"COLUMNS": str(columns)})
    assert done.returncode == 0, done.stderr
    for c in done.stdout:
        assert c == "\n" or unicodedata.category(c) not in ("Cc", "Cf", "Zl", "Zp"), repr(c)
    assert r"prod\u{a}\u{9}" in done.stdout
    too_wide = [line for line in done.stdout.splitlines() if width(line) > columns]
    assert too_wide == []
    report = live.json("audit", *WINDOW)
    assert report["nat_gateways"][0]["name"] == HOSTILE


def too_wide(line, columns):
    """Wider than that although it could be broken: not so an option of a command and its one quoted value."""
    if width(line) <= columns:
        return False
    try:
        return len(shlex.split(line.removesuffix("\\"))) > 2
    except ValueError:
        return True


def test_names_of_ten_thousand_characters(demo, natwise, tmp_path):
    snapshot = json.loads((ROOT / "src" / "demo" / "account.json").read_text())
    for region in snapshot["regions"]:
        for kind in ("vpcs", "nat_gateways", "vpc_endpoints", "subnets"):
            for row in region.get(kind, []):
                row.setdefault("tags", {})["Name"] = "<script>\x1b]0;owned\x07" + "\u202e" * 10_000
    file = tmp_path / "snapshot.json"
    file.write_text(json.dumps(snapshot))
    done = natwise("audit", "--snapshot", file, env={"COLUMNS": "80"})
    assert done.returncode == 0
    assert not set("\u202e\x1b\x07") & set(done.stdout)
    assert [line for line in done.stdout.splitlines() if too_wide(line, 80)] == []


def test_hostile_ids_cannot_break_out_of_commands(natwise, tmp_path):
    text = (ROOT / "src" / "demo" / "account.json").read_text()
    snapshot = json.loads(text)
    ids = sorted({n["nat_gateway_id"] for r in snapshot["regions"] for n in r.get("nat_gateways", [])})
    ids += sorted({t["route_table_id"] for r in snapshot["regions"] for t in r.get("route_tables", [])})
    ids += sorted({e["vpc_endpoint_id"] for r in snapshot["regions"] for e in r.get("vpc_endpoints", [])})
    for index, name in enumerate(ids):
        hostile = f"{name}';touch pwned-{index};$(touch pwned-{index})`touch pwned-{index}`\n\"touch pwned"
        text = text.replace(f'"{name}"', json.dumps(hostile))
    file = tmp_path / "snapshot.json"
    file.write_text(text)
    report = natwise.json("audit", "--snapshot", file)
    commands = [command for finding in report["findings"] for command in finding["remedy"]["commands"]]
    assert len(commands) > 10
    fake = tmp_path / "bin"
    fake.mkdir()
    (fake / "aws").write_text("#!/bin/sh\nexit 0\n")
    (fake / "aws").chmod(0o755)
    work = tmp_path / "work"
    work.mkdir()
    for command in commands:
        done = subprocess.run(["sh", "-c", command], cwd=work, env={"PATH": f"{fake}:/usr/bin:/bin"}, capture_output=True)
        assert done.returncode == 0, command
    assert list(work.iterdir()) == []


def test_exit_codes(natwise, demo):
    low = demo["totals"]["monthly_usd"]["saving_low"]
    assert low > 1
    assert natwise("audit", "--demo", "--fail-on", str(low)).returncode == 1
    assert natwise("audit", "--demo", "--fail-on", f"${low - 1:.2f}").returncode == 1
    assert natwise("audit", "--demo", "--fail-on", str(low + 0.01)).returncode == 0
    assert natwise("audit", "--demo", "--fail-on", "0").returncode == 1
    assert natwise("audit", "--demo", "--strict").returncode == 0, "unknown prices are no gaps"


def test_gaps_are_errors_when_strict(natwise, tmp_path):
    snapshot = json.loads((ROOT / "src" / "demo" / "account.json").read_text())
    gap = {
        "account_id": "111122223333",
        "region": "us-east-1",
        "operation": "DescribeVpcEndpoints",
        "code": "UnauthorizedOperation",
        "message": "You are not authorized\nto perform this \u001b[31moperation.",
        "iam_action": "ec2:DescribeVpcEndpoints",
    }
    part = next(r for r in snapshot["regions"] if r["region"] == "us-east-1")
    part["gaps"] = [gap]
    part["vpc_endpoints"] = []
    file = tmp_path / "snapshot.json"
    file.write_text(json.dumps(snapshot))
    report = natwise.json("audit", "--snapshot", file)
    assert report["gaps"] == [gap] and report["scope"]["complete"] is False
    skipped = {row["rule"] for row in report["skipped"]}
    assert "missing-gateway-endpoint" in skipped and "idle-nat-gateway" not in skipped
    assert "missing-gateway-endpoint" not in {f["rule"] for f in report["findings"]}, "unknown is not absent"
    assert all("ec2:DescribeVpcEndpoints" in row["reason"] for row in report["skipped"])
    table = natwise("audit", "--snapshot", file, env={"COLUMNS": "80"}).stdout
    assert "Allow ec2:DescribeVpcEndpoints" in " ".join(table.split()) and "\x1b" not in table
    assert natwise("audit", "--snapshot", file).returncode == 0
    strict = natwise("audit", "--snapshot", file, "--strict")
    assert strict.returncode == 2 and "--strict" in strict.stderr and strict.stdout != ""


def test_a_closed_pipe_is_no_error(home):
    for form in ("table", "json"):
        command = f"{NATWISE} audit --demo --format {form} | head -n 1; exit ${{PIPESTATUS[0]}}"
        done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, env={"PATH": "/usr/bin:/bin"})
        assert done.returncode == 0 and done.stderr == "" and done.stdout.count("\n") == 1


def test_colour_only_where_it_is_wanted(natwise):
    assert "\x1b[" not in natwise("audit", "--demo").stdout
    assert "\x1b[" in natwise("audit", "--demo", "--color", "always").stdout
    assert "\x1b[" in natwise("audit", "--demo", "--color", "always", env={"NO_COLOR": "1"}).stdout
    assert "\x1b[" not in natwise("audit", "--demo", "--color", "never").stdout
    assert "\x1b[" not in natwise("audit", "--demo", "--color", "always", "--format", "json").stdout


@pytest.mark.parametrize("environment", [{}, {"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_colour_on_a_terminal(home, environment):
    """A real terminal: a pseudo-terminal of 90 columns."""
    import fcntl
    import pty
    import struct
    import termios

    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 90, 0, 0))
    env = {"PATH": "/usr/bin:/bin", "TERM": "xterm", **environment}
    process = subprocess.Popen([NATWISE, "audit", "--demo"], stdout=follower, stderr=follower, env=env)
    os.close(follower)
    output = b""
    try:
        while chunk := os.read(leader, 65_536):
            output += chunk
    except OSError:
        pass  # how Linux says that the other side is closed
    assert process.wait(timeout=30) == 0
    text = output.decode()
    assert ("\x1b[" in text) is not bool(environment)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    lines = plain.replace("\r", "").splitlines()
    assert [line for line in lines if too_wide(line, 90)] == []
    assert any(width(line) in range(80, 91) for line in lines)


def test_files_appear_complete_and_nothing_else_does(natwise, tmp_path):
    file = tmp_path / "report.json"
    done = natwise("audit", "--demo", "--format", "json", "-o", file)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    contract.check(file.read_text())
    assert os.listdir(tmp_path / ".") == ["report.json"] or sorted(os.listdir(tmp_path)) == ["home", "report.json"]
    # One that is there is replaced whole; through a link its target is.
    link = tmp_path / "link"
    link.symlink_to(file)
    assert natwise("audit", "--demo", "-o", link).returncode == 0
    assert link.is_symlink() and file.read_text().startswith("111122223333")


def test_an_interrupted_scan_leaves_nothing(emulator, home, tmp_path):
    import signal
    import socket

    silent = socket.socket()
    silent.bind(("127.0.0.1", 0))
    silent.listen()
    target = tmp_path / "out" / "snapshot.json"
    target.parent.mkdir()
    env = {**emulator.environment, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{silent.getsockname()[1]}", "HOME": str(home)}
    process = subprocess.Popen([NATWISE, "scan", "-o", target], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    silent.accept()  # it is waiting for an answer now
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=5)
    assert process.returncode == 2 and b"interrupted" in stderr
    assert list(target.parent.iterdir()) == []


def test_progress_and_logs_stay_off_stdout(emulator, live):
    emulator.world().vpc().nat()
    done = live("audit", "-v", *WINDOW, "--format", "json")
    contract.check(done.stdout)
    assert "DescribeNatGateways" in done.stderr and "attempts=1" in done.stderr
    assert "CloudWatch metrics read" in done.stderr
    assert "very-secret-key" not in done.stdout + done.stderr + live("scan", "-vvv", *WINDOW).stderr
    quiet = live("audit", "-q", *WINDOW)
    assert quiet.stderr == ""


def test_the_manuals(natwise):
    listed = natwise("explain").stdout.splitlines()
    assert [line.split()[0] for line in listed] == RULES
    for rule in RULES:
        manual = natwise("explain", rule).stdout
        assert manual.startswith(f"# {rule}\n") and "https://" in manual
        assert max(map(len, manual.splitlines())) <= 100


def test_the_policy_is_valid_and_only_reads(natwise):
    policy = json.loads(natwise("iam-policy").stdout)
    actions = [action for statement in policy["Statement"] for action in statement["Action"]]
    assert policy["Version"] == "2012-10-17" and len(actions) == len(set(actions)) > 10
    for action in actions:
        assert re.fullmatch(r"(ec2|cloudwatch|sts):(Describe|Get|List|Search)[A-Za-z]+", action), action


def test_the_readme_shows_the_policy(natwise):
    assert natwise("iam-policy").stdout in (ROOT / "README.md").read_text()


def test_every_call_of_a_scan_is_in_the_policy(emulator, live, natwise):
    world = emulator.world()
    vpc = world.vpc()
    nat = vpc.nat()
    _, subnet = vpc.private(nat)
    vpc.interface_endpoint("sqs", [subnet], vpc.https_group())
    made = set(re.findall(r'operation="(\w+)"', live("scan", "-v", *WINDOW).stderr))
    policy = json.loads(natwise("iam-policy").stdout)
    allowed = {action.split(":")[1] for action in policy["Statement"][0]["Action"]}
    assert len(made) > 8 and made <= allowed


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "elvish", "powershell"])
def test_completions(natwise, shell):
    done = natwise("completions", shell)
    assert done.returncode == 0 and "natwise" in done.stdout and "all-regions" in done.stdout


def test_prices(natwise):
    table = natwise("prices", "--region", "eu-west-1", env={"COLUMNS": "100"}).stdout
    assert "0.048" in table and "2026-09-03" in table and "[1]" in table
    assert "Unknown in mx-central-1" in natwise("prices", "--region", "mx-central-1").stdout
    rows = json.loads(natwise("prices", "--format", "json").stdout)
    files = [file for file in (ROOT / "pricing").glob("*.csv") if file.name != "regions.csv"]
    assert len(rows) == sum(len(file.read_text().splitlines()) - 1 for file in files) > 100
    assert all(row["source"] for row in rows)


def test_version_and_help(natwise):
    assert re.fullmatch(r"natwise \d+\.\d+\.\d+\n", natwise("--version").stdout)
    for command in ("audit", "scan", "explain", "prices", "iam-policy", "schema", "completions"):
        assert natwise(command, "--help").returncode == 0


def test_all_regions_are_those_enabled(emulator, live):
    for region in ("us-east-1", "eu-west-1"):
        world = emulator.world(region)
        world.nat_bytes(world.vpc().nat(), up=GB, down=GB)
    report = live.json("audit", "--all-regions", *WINDOW)
    assert {row["region"] for row in report["nat_gateways"]} == {"us-east-1", "eu-west-1"}
    assert len(report["scope"]["regions"]) >= 17 and "ap-east-1" not in report["scope"]["regions"]
