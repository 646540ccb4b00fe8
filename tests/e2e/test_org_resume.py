"""A scan that is killed goes on where it was, and comes to what an undisturbed one comes to."""

import json
import os
import random
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from conftest import CLEAN, NATWISE, Runs
from fake import Fake
from test_org_faults import WINDOW, parts

KILLS = 50


@pytest.fixture(scope="module")
def aws():
    with Fake(accounts=4, regions=4, vpcs=3, latency="10ms..40ms") as aws:
        yield aws


def command(folder, *more):
    return ("scan", "--org", "--role-name", "audit", "--all-regions", *WINDOW, "-o", f"{folder}/", *more)


@pytest.fixture(scope="module")
def undisturbed(aws, tmp_path_factory):
    home = tmp_path_factory.mktemp("undisturbed")
    started = time.monotonic()
    done = Runs(home, aws.environment)(*command(home / "scan"))
    assert done.returncode == 0, done.stderr
    return parts(home / "scan"), time.monotonic() - started


def test_killed_at_random_moments(aws, undisturbed, tmp_path):
    whole, seconds = undisturbed
    moments = random.Random(6)

    def kill(index, after):
        folder = tmp_path / str(index)
        environment = {**CLEAN, **aws.environment, "HOME": str(tmp_path)}
        process = subprocess.Popen(
            [NATWISE, *command(folder)], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(after)
        process.send_signal(signal.SIGKILL)
        killed = process.wait() == -signal.SIGKILL
        before = len(list(folder.glob("*/*.json")))
        done = Runs(tmp_path, aws.environment)(*command(folder))
        assert done.returncode == 0, done.stderr
        assert parts(folder) == whole, f"killed after {after:.3f} s"
        names = {path.name for path in folder.iterdir() if path.is_file()}
        assert names == {"scan.json", ".lock"}, names
        manifest = json.loads((folder / "scan.json").read_text())
        assert manifest["finished_at"]
        assert {(id, region) for id, it in manifest["accounts"].items() for region in it["regions"]} == set(whole)
        return killed, before

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        after = [moments.uniform(0.0, seconds * 1.2) for _ in range(KILLS)]
        results = list(pool.map(kill, range(KILLS), after))
    assert sum(killed for killed, _ in results) >= KILLS / 2, "most runs were over before they were killed"
    assert any(0 < before < len(whole) for _, before in results), "no run was killed half way"


def test_what_is_there_is_not_asked_again(aws, undisturbed, tmp_path):
    whole, _ = undisturbed
    live = Runs(tmp_path, aws.environment)
    assert live(*command(tmp_path / "scan")).returncode == 0
    missing = sorted(whole)[5]
    (tmp_path / "scan" / missing[0] / f"{missing[1]}.json").unlink()
    torn = sorted(whole)[9]
    path = tmp_path / "scan" / torn[0] / f"{torn[1]}.json"
    path.write_bytes(path.read_bytes()[:40])
    aws.reset()
    done = live(*command(tmp_path / "scan"))
    assert done.returncode == 0 and f"{len(whole) - 2} were there already" in done.stderr, done.stderr
    assert parts(tmp_path / "scan") == whole
    asked = {
        (account, region)
        for account, regions in aws.served()["accounts"].items()
        for region, served in regions.items()
        if "DescribeNatGateways" in served["operations"]
    }
    assert asked == {missing, torn}
    # Too old is as good as missing.
    time.sleep(1)
    aws.reset()
    assert live(*command(tmp_path / "scan", "--max-age", "1s")).returncode == 0
    assert len(aws.served()["operations"]["DescribeNatGateways"]) >= 1
    assert parts(tmp_path / "scan") == whole


def test_interrupted_politely(aws, undisturbed, tmp_path):
    whole, seconds = undisturbed
    environment = {**CLEAN, **aws.environment, "HOME": str(tmp_path)}
    process = subprocess.Popen(
        [NATWISE, *command(tmp_path / "scan")], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    time.sleep(seconds / 2)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 2 and "the same command goes on from there" in errors, errors
    assert Runs(tmp_path, aws.environment)(*command(tmp_path / "scan")).returncode == 0
    assert parts(tmp_path / "scan") == whole


def test_two_runs_in_one_folder(aws, undisturbed, tmp_path):
    environment = {**CLEAN, **aws.environment, "HOME": str(tmp_path)}
    first = subprocess.Popen(
        [NATWISE, *command(tmp_path / "scan")], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while not (tmp_path / "scan" / "scan.json").exists():
        time.sleep(0.01)
    second = Runs(tmp_path, aws.environment)(*command(tmp_path / "scan"))
    assert second.returncode == 2 and "another run is writing" in second.stderr, second.stderr
    assert first.wait(60) == 0
    assert parts(tmp_path / "scan") == undisturbed[0]
