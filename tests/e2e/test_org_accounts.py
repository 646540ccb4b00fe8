"""Whose accounts are scanned: organisations, units, files, roles, profiles; and that nothing is asked twice or missed."""

import json
import os
import pty
import subprocess
import termios
import time

import boto3
import pytest

from conftest import CLEAN, NATWISE, Runs
from fake import Fake
from test_org_faults import WINDOW, parts

ROLE = ("--role-name", "audit")


@pytest.fixture(scope="module")
def aws():
    with Fake(accounts=5, regions=2, vpcs=3, suspended=2) as aws:
        yield aws


@pytest.fixture
def live(aws, home):
    aws.reset()
    return Runs(home, aws.environment)


def active(aws, *window):
    """What there is to find, by account and Region."""
    accounts = aws.truth(*window)["accounts"]
    return {id: account["regions"] for id, account in accounts.items() if account["status"] == "ACTIVE"}


@pytest.fixture(scope="module")
def ids(aws):
    return sorted(active(aws))


def scan(live, tmp_path, *arguments):
    folder = tmp_path / "scan"
    done = live("scan", *WINDOW, "--all-regions", "-o", f"{folder}/", *arguments)
    assert done.returncode == 0, done.stderr
    return parts(folder)


def accounts(found):
    return sorted({account for account, _ in found})


def test_everything_is_found_and_nothing_asked_twice(aws, live, ids, tmp_path):
    found = scan(live, tmp_path, "--org", *ROLE)
    truth = active(aws)
    assert {(id, region) for id, regions in truth.items() for region in regions} == set(found)
    for (id, region), part in found.items():
        [scanned] = part["regions"]
        gateways = {gateway["nat_gateway_id"] for gateway in scanned.get("nat_gateways", [])}
        endpoints = {endpoint["vpc_endpoint_id"] for endpoint in scanned.get("vpc_endpoints", [])}
        assert gateways == set(truth[id][region]["nat_gateways"])
        assert endpoints == set(truth[id][region]["vpc_endpoints"])
        assert scanned["account_name"] == aws.truth()["accounts"][id]["name"]
    served = aws.served()
    assert served["total"]["duplicates"] == 0
    assert served["operations"]["AssumeRole"]["calls"] == len(ids) - 1, "the caller's own account needs no role"


def test_of_many_accounts_each_is_entered_once(home, tmp_path):
    with Fake(accounts=80, regions=3, vpcs=1) as aws:
        scan(Runs(home, aws.environment), tmp_path, "--org", *ROLE)
        served = aws.served()
    assert served["operations"]["AssumeRole"]["calls"] == 79
    assert served["total"]["duplicates"] == 0


def test_bytes_are_the_truth(aws, live, tmp_path):
    found = scan(live, tmp_path, "--org", *ROLE)
    [report] = [json.loads(live("audit", "--snapshot", tmp_path / "scan", "--format", "json").stdout)]
    window = next(iter(found.values()))["window"]
    bytes_of = {
        gateway: figures["processed"]
        for regions in active(aws, window["start"], window["end"]).values()
        for region in regions.values()
        for gateway, figures in region["nat_gateways"].items()
    }
    assert {row["nat_gateway_id"]: row["bytes"]["processed"] for row in report["nat_gateways"]} == bytes_of
    assert report["scope"]["complete"] and report["scope"]["accounts"] == accounts(found)


def test_a_live_audit_is_the_audit_of_the_folder(live, tmp_path):
    scan(live, tmp_path, "--org", *ROLE)
    of_folder = live("audit", "--snapshot", tmp_path / "scan", "--format", "json")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    at_once = live("audit", *WINDOW, "--all-regions", "--org", *ROLE, "--format", "json", env={"TMPDIR": str(scratch)})
    one_file = live("scan", *WINDOW, "--all-regions", "--org", *ROLE, "-o", tmp_path / "one.json")
    of_file = live("audit", "--snapshot", tmp_path / "one.json", "--format", "json")
    assert (of_folder.returncode, at_once.returncode, one_file.returncode) == (0, 0, 0), at_once.stderr
    assert of_folder.stdout == at_once.stdout == of_file.stdout
    assert list(scratch.iterdir()) == [], "what was scanned on the way is gone"


def test_units_names_and_ids_choose(aws, live, ids, tmp_path):
    one = ids[2]
    name = aws.truth()["accounts"][one]["name"]
    assert accounts(scan(live, tmp_path / "a", "--org", *ROLE, "--include", one)) == [one]
    assert accounts(scan(live, tmp_path / "b", "--org", *ROLE, "--include", name)) == [one]
    assert accounts(scan(live, tmp_path / "c", "--org", *ROLE, "--include", "*", "--exclude", "31*5838")) == [
        id for id in ids if not id.endswith("5838")
    ]
    others = accounts(scan(live, tmp_path / "d", "--org", *ROLE, "--exclude", one))
    assert others == [id for id in ids if id != one]
    client = boto3.client(
        "organizations", region_name="us-east-1", endpoint_url=aws.url, aws_access_key_id="AKIDMANAGEMENT", aws_secret_access_key="s"
    )
    [root] = client.list_roots()["Roots"]
    units = client.list_organizational_units_for_parent(ParentId=root["Id"])["OrganizationalUnits"]

    def below(parent):
        found = {it["Id"] for it in client.list_accounts_for_parent(ParentId=parent)["Accounts"] if it["Status"] == "ACTIVE"}
        for unit in client.list_organizational_units_for_parent(ParentId=parent)["OrganizationalUnits"]:
            found |= below(unit["Id"])
        return found

    for index, unit in enumerate(units):
        if below(unit["Id"]):
            assert accounts(scan(live, tmp_path / f"unit{index}", "--org", *ROLE, "--ou", unit["Id"])) == sorted(below(unit["Id"]))


def test_files_and_arns(live, ids, tmp_path):
    file = tmp_path / "accounts.csv"
    file.write_text(f"account_id,external_id\n# a comment\n{ids[1]}\narn:aws:iam::{ids[2]}:role/audit, \n")
    assert accounts(scan(live, tmp_path / "a", "--accounts", file, *ROLE)) == ids[1:3]
    arns = [word for id in ids[3:] for word in ("--role-arn", f"arn:aws:iam::{id}:role/audit")]
    assert accounts(scan(live, tmp_path / "b", *arns)) == ids[3:]
    for text, says in [
        ("123\n", "line 1"),
        ("", "no account"),
        (f"{ids[1]}\n{ids[1]}\n", "named twice"),
        ("arn:aws:iam::1:user/x\n", "not a role's ARN"),
        (b"\xff\xfe\n", "accounts.csv"),
    ]:
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        done = live("scan", "--accounts", file, *ROLE)
        assert done.returncode == 2 and says in done.stderr, done.stderr
    file.write_text(f"{ids[1]}\n")
    assert "--role-name" in live("scan", "--accounts", file).stderr


def test_profiles(home, aws, live, ids, tmp_path):
    profile = "[profile {0}]\nregion = us-east-1\naws_access_key_id = AKIA{1}\naws_secret_access_key = s\n"
    (home / "config").write_text(profile.format("a", ids[1]) + profile.format("b", ids[2]) + "[profile broken]\nregion = us-east-1\n")
    keyless = Runs(home, {**aws.environment, "AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None})
    assert accounts(scan(keyless, tmp_path / "a", "--profile", "a", "--profile", "b")) == ids[1:3]
    found = scan(keyless, tmp_path / "b", "--profile", "a", "--profile", "broken")
    assert accounts(found) == [ids[1]]
    manifest = json.loads((tmp_path / "b" / "scan" / "scan.json").read_text())
    assert "broken" in manifest["gaps"][0]["message"]


def test_roles_that_ask_for_more(home, tmp_path):
    with Fake(accounts=2, regions=1, vpcs=1, external_id="Kennwort-1") as aws:
        live = Runs(home, aws.environment)
        [_, other] = sorted(active(aws))
        refused = live("scan", "--all-regions", *WINDOW, "--role-arn", f"arn:aws:iam::{other}:role/audit")
        assert refused.returncode == 2 and "AccessDenied" in refused.stderr and "sts:AssumeRole" in refused.stderr
        assert accounts(scan(live, tmp_path / "a", "--org", *ROLE, "--external-id", "Kennwort-1")) == sorted(active(aws))
        file = tmp_path / "accounts.csv"
        file.write_text(f"{other},Kennwort-1\n")
        assert accounts(scan(live, tmp_path / "b", "--accounts", file, *ROLE)) == [other]


def test_a_profile_that_asks_for_a_code(home, tmp_path):
    with Fake(accounts=2, regions=1, vpcs=1, mfa_code="123456") as aws:
        [_, other] = sorted(active(aws))
        (home / "config").write_text(
            "[profile base]\naws_access_key_id = AKIDMANAGEMENT\naws_secret_access_key = s\n"
            f"[profile mfa]\nregion = us-east-1\nsource_profile = base\nrole_arn = arn:aws:iam::{other}:role/audit\n"
            "mfa_serial = arn:aws:iam::310000000000:mfa/me\n"
        )
        environment = {
            **CLEAN,
            **aws.environment,
            "HOME": str(home),
            "AWS_CONFIG_FILE": str(home / "config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(home / "credentials"),
        }
        command = [NATWISE, "scan", "--profile", "mfa", *WINDOW, "-o", str(tmp_path / "s.json")]
        # Nobody to ask: no terminal at all.
        done = subprocess.run(command, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL, start_new_session=True)
        assert done.returncode == 2 and "no terminal" in done.stderr, done.stderr

        def at_a_terminal(code):
            child, terminal = pty.fork()
            if child == 0:
                os.execve(NATWISE, [str(word) for word in command], environment)
            shown = b""
            while b"MFA code of" not in shown:
                shown += os.read(terminal, 4096)
            # Who types only after the prompt is there is slower than this.
            while termios.tcgetattr(terminal)[3] & termios.ECHO:
                time.sleep(0.01)
            os.write(terminal, code.encode() + b"\n")
            try:
                while more := os.read(terminal, 4096):
                    shown += more
            except OSError:
                pass  # The other end is closed.
            return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), shown.decode()

        status, shown = at_a_terminal("000000")
        assert status == 2 and "AccessDenied" in shown, shown
        status, shown = at_a_terminal("123456")
        assert status == 0 and "123456" not in shown, shown
        assert json.loads((tmp_path / "s.json").read_text())["regions"][0]["account_id"] == other


def test_partitions_stay_within_themselves(live, ids, tmp_path):
    arns = ("--role-arn", f"arn:aws:iam::{ids[1]}:role/audit")
    done = live("scan", *WINDOW, *arns, "--region", "us-east-1", "--region", "cn-north-1", "-o", f"{tmp_path}/s/")
    assert done.returncode == 0, done.stderr
    assert set(parts(tmp_path / "s")) == {(ids[1], "us-east-1")}
    [gap] = json.loads((tmp_path / "s" / "scan.json").read_text())["gaps"]
    assert (gap["region"], gap["code"]) == ("cn-north-1", "OtherPartition")


def test_what_does_not_go_together_is_said(live, tmp_path):
    for arguments, says in [
        (("--org",), "--role-name"),
        (("--role-name", "x"), "--org or --accounts"),
        (("--ou", "ou-1", "--role-name", "x"), "--org"),
        (("--include", "1"), "--org, --accounts or --role-arn"),
        (("--org", "--role-name", "no such {name}"), "not the name of a role"),
        (("--role-arn", "nonsense"), "not a role's ARN"),
        (("--external-id", "x"), "--external-id"),
        (("--org", "--role-name", "x", "--accounts", "f"), "cannot be used with"),
        (("--timeout", "soon"), "span of time"),
        (("--max-concurrency", "0"), "1..=4096"),
        (("--max-age", "1d", "-o", "file.json"), "-o FOLDER/"),
    ]:
        done = live("scan", *arguments, cwd=tmp_path)
        assert done.returncode == 2 and says in done.stderr, (arguments, done.stderr)
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "thesis.txt").write_text("mine")
    done = live("scan", "-o", foreign)
    assert done.returncode == 2 and "other files" in done.stderr


def test_no_organisation(home, tmp_path):
    fault = {"kind": "error", "status": 400, "code": "AWSOrganizationsNotInUseException", "service": "organizations", "message": "Your account is not a member of an organization."}
    with Fake(accounts=2, regions=1, faults=[fault]) as aws:
        done = Runs(home, aws.environment)("scan", "--org", *ROLE, "-o", f"{tmp_path}/s/")
        assert done.returncode == 2 and "AWSOrganizationsNotInUseException" in done.stderr, done.stderr


def test_the_table_of_calls(live, tmp_path):
    done = live("scan", *WINDOW, "--all-regions", "--org", *ROLE, "-o", f"{tmp_path}/s/")
    lines = [line.split() for line in done.stderr.splitlines()]
    rows = [line for line in lines if line and (line[0].isdigit() or line[0] == "all") and len(line) == 6]
    assert len(rows) == 6 and rows[-1][0] == "all"
    assert sum(int(row[1]) for row in rows[:-1]) == int(rows[-1][1])
    assert live("scan", *WINDOW, "--org", *ROLE, "-q", "-o", f"{tmp_path}/t/").stderr == ""


def test_policies_of_who_scans(natwise):
    policy = json.loads(natwise("iam-policy", "--org", "--role-name", "audit").stdout)
    by_sid = {statement["Sid"]: statement for statement in policy["Statement"]}
    assert by_sid["NatwiseRoles"] == {"Sid": "NatwiseRoles", "Effect": "Allow", "Action": ["sts:AssumeRole"], "Resource": "arn:*:iam::*:role/audit"}
    assert "organizations:ListAccounts" in by_sid["NatwiseAccounts"]["Action"]
    assert all(action.split(":")[0] in ("ec2", "cloudwatch", "sts") for action in by_sid["NatwiseReadOnly"]["Action"])
    assert "sts:AssumeRole" not in by_sid["NatwiseReadOnly"]["Action"]
