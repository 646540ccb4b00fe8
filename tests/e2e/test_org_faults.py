"""Every fault in one call, one Region, one account and everywhere: what is not struck is complete and correct, the gap is
named, nothing hangs past the deadline, nothing panics, nothing is half-written, and no secret is shown."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from conftest import Runs
from fake import SECRETS, Fake

WINDOW = ("--from", "2026-10-01", "--to", "2026-10-04")
# An account may take so long; with what it takes to start and end, no run takes more than twice as long and a bit.
DEADLINE = 10
CALL = "DescribeSubnets"

LASTING = {
    "throttled": {"kind": "throttle"},
    "500 in the service's words": {"kind": "error", "status": 500, "code": "InternalError", "message": "We are sorry."},
    "503 with nothing in it": {"kind": "http", "status": 503},
    "502 of a proxy": {"kind": "http", "status": 502, "body": True},
    "connection reset": {"kind": "reset"},
    "half a body": {"kind": "half-body"},
    "malformed": {"kind": "malformed"},
    "endless pages": {"kind": "endless-pages"},
    "the same page token": {"kind": "repeated-page"},
    "slow drip": {"kind": "drip", "ms": 400},
    "late by a minute": {"kind": "delay", "ms": 60_000},
    "never answered": {"kind": "silence"},
    "clock hours off": {"kind": "clock-skew", "hours": 3},
    "not enabled": {"kind": "disabled-region"},
    "refused": {"kind": "error", "status": 403, "code": "UnauthorizedOperation", "message": "You may not."},
}
PASSING = {
    name: {**LASTING[name], "times": 2}
    for name in ("throttled", "500 in the service's words", "503 with nothing in it", "connection reset", "half a body")
}


@pytest.fixture(scope="module")
def fakes():
    fakes = [Fake(accounts=4, regions=3, vpcs=3) for _ in range(4)]
    yield fakes
    for fake in fakes:
        fake.close()


def scan(aws, home, folder, *more):
    started = time.monotonic()
    done = Runs(home, aws.environment)(
        *("scan", "--org", "--role-name", "audit", "--all-regions", "-vvv", *WINDOW),
        *("--timeout", f"{DEADLINE}s", "-o", f"{folder}/", *more),
        timeout=DEADLINE * 6,
    )
    done.seconds = time.monotonic() - started
    return done


def parts(folder):
    """Every part's snapshot, but for when it was made; all of them whole."""
    parts = {}
    for path in folder.glob("*/*"):
        assert path.suffix == ".json", f"{path} is left over"
        snapshot = json.loads(path.read_text())
        assert snapshot.pop("scanned_at")
        parts[path.parent.name, path.stem] = snapshot
    return parts


def no_secret_in(folder, done):
    outputs = [done.stdout, done.stderr, *(path.read_text() for path in folder.rglob("*") if path.is_file())]
    for secret in SECRETS:
        assert not any(secret in output for output in outputs), f"{secret} is shown"


def gaps_of(folder, account):
    """The gaps of an account and its parts."""
    manifest = json.loads((folder / "scan.json").read_text())
    parts = [json.loads(part.read_text())["regions"][0] for part in sorted((folder / account).glob("*.json"))]
    of_parts = [gap for part in parts for gap in part.get("gaps", [])]
    of_account = manifest["accounts"].get(account, {}).get("gaps", [])
    return of_parts + of_account + manifest.get("gaps", [])


def audit(home, folder):
    done = Runs(home)("audit", "--snapshot", folder, "--format", "json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def undisturbed(fakes, tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    fakes[0].reset()
    done = scan(fakes[0], folder, folder / "scan")
    assert done.returncode == 0, done.stderr
    found = parts(folder / "scan")
    assert len(found) == 4 * 3
    assert not any("gaps" in part["regions"][0] for part in found.values())
    return found


def scopes(undisturbed):
    account, region = sorted(undisturbed)[-1]
    return [
        {"account": account, "region": region, "operation": CALL},
        {"account": account, "region": region},
        {"account": account},
        {},
    ]


@pytest.mark.parametrize("fault", LASTING)
def test_lasting(fault, fakes, undisturbed, tmp_path):
    account, region = sorted(undisturbed)[-1]

    def run(aws, scope):
        folder = tmp_path / "-".join(scope or ["everything"])
        aws.reset()
        aws.faults([{**LASTING[fault], **scope}])
        return folder, scan(aws, tmp_path, folder)

    with ThreadPoolExecutor(len(fakes)) as pool:
        results = list(pool.map(run, fakes, scopes(undisturbed)))
    for scope, (folder, done) in zip(scopes(undisturbed), results):
        where = f"{fault}, {list(scope) or 'everything'}: {done.stderr[-2000:]}"
        assert "panicked" not in done.stderr, where
        # The organisation's lists and then its accounts have a deadline each; four scans at once write all they do down.
        assert done.seconds < 5 * DEADLINE, where
        no_secret_in(folder, done)
        found = parts(folder)
        gaps = gaps_of(folder, account)
        if scope == {}:
            assert all("gaps" in part["regions"][0] for part in found.values()), where
            continue
        assert done.returncode == 0, where
        struck = {key for key in undisturbed if key[0] == account and scope.get("region", key[1]) == key[1]}
        for key, part in undisturbed.items():
            if key not in struck:
                assert found[key] == part, f"{key}: {where}"
        assert gaps, where
        if "operation" in scope:
            assert {gap["operation"] for gap in gaps} == {CALL}, where
            one, whole = found[account, region]["regions"][0], undisturbed[account, region]["regions"][0]
            for key, value in whole.items():
                if key != "subnets":
                    assert one[key] == value, f"{key}: {where}"
        else:
            assert all(gap["account_id"] == account for gap in gaps), where
        report = audit(tmp_path, folder)
        assert report["scope"]["complete"] is False
        named = {(gap["operation"], gap["code"], gap["region"]) for gap in report["gaps"]}
        assert named == {(gap["operation"], gap["code"], gap["region"]) for gap in gaps}, where


@pytest.mark.parametrize("fault", PASSING)
def test_passing(fault, fakes, undisturbed, tmp_path):
    def run(aws, scope):
        folder = tmp_path / "-".join(scope or ["everything"])
        aws.reset()
        aws.faults([{**PASSING[fault], **scope}])
        return folder, scan(aws, tmp_path, folder)

    with ThreadPoolExecutor(len(fakes)) as pool:
        results = list(pool.map(run, fakes, scopes(undisturbed)))
    for scope, (folder, done) in zip(scopes(undisturbed), results):
        where = f"{fault}, {list(scope) or 'everything'}: {done.stderr[-2000:]}"
        assert done.returncode == 0, where
        assert parts(folder) == undisturbed, where
        no_secret_in(folder, done)


def test_a_role_that_is_refused(fakes, undisturbed, tmp_path):
    account, _ = sorted(undisturbed)[-1]
    fakes[0].reset()
    fakes[0].faults([{"kind": "refuse-role", "account": account}])
    done = scan(fakes[0], tmp_path, tmp_path / "scan")
    assert done.returncode == 0, done.stderr
    manifest = json.loads((tmp_path / "scan" / "scan.json").read_text())
    [gap] = manifest["accounts"][account]["gaps"]
    assert (gap["operation"], gap["code"], gap["iam_action"]) == ("AssumeRole", "AccessDenied", "sts:AssumeRole")
    assert parts(tmp_path / "scan") == {key: part for key, part in undisturbed.items() if key[0] != account}


@pytest.mark.parametrize("whose", ["one account's", "the caller's"])
def test_credentials_that_expire_half_way(whose, fakes, undisturbed, tmp_path):
    account, _ = sorted(undisturbed)[-1]
    fakes[0].reset()
    management = sorted(undisturbed)[0][0]
    whom = account if whose == "one account's" else management
    fakes[0].faults([{"kind": "expire", "nth": 20, "times": 1, "account": whom}])
    done = scan(fakes[0], tmp_path, tmp_path / "scan")
    assert done.returncode == 0 and "panicked" not in done.stderr, done.stderr
    found = parts(tmp_path / "scan")
    manifest = json.loads((tmp_path / "scan" / "scan.json").read_text())
    codes = {gap["code"] for entry in manifest["accounts"].values() for gap in entry.get("gaps", [])}
    codes |= {gap["code"] for part in found.values() for gap in part["regions"][0].get("gaps", [])}
    assert codes and codes <= {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}, codes
    for key, part in found.items():
        if "gaps" not in part["regions"][0]:
            assert part == undisturbed[key]
    # With good credentials the same command mends what is missing, and asks for nothing else.
    fakes[0].reset()
    again = scan(fakes[0], tmp_path, tmp_path / "scan")
    assert again.returncode == 0 and parts(tmp_path / "scan") == undisturbed
    whole = sum("gaps" not in part["regions"][0] for part in found.values())
    assert f"{whole} were there already" in again.stderr, again.stderr


def test_gaps_are_an_error_under_strict_and_nothing_read_always(fakes, undisturbed, tmp_path):
    fakes[0].reset()
    fakes[0].faults([{"kind": "throttle", **scopes(undisturbed)[0]}])
    assert scan(fakes[0], tmp_path, tmp_path / "scan", "--strict").returncode == 2
    fakes[0].faults([{"kind": "refuse-role"}, {"kind": "error", "status": 403, "code": "AccessDenied"}])
    done = scan(fakes[0], tmp_path, tmp_path / "nothing")
    assert done.returncode == 2 and "AccessDenied" in done.stderr
