"""Flow logs in S3 through the real program: the same answer as from disk, from no more than the window's objects."""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import urllib.request
from datetime import datetime, timedelta, timezone

import boto3
import pytest

from conftest import CLEAN, NATWISE, Runs
from test_flow_logs import Scene
from world import START
from world import WINDOW as MONTH

TOOLS = pathlib.Path(__file__).resolve().parent.parent / "tools"
WINDOW = ("--from", "2026-01-05T06:00Z", "--to", "2026-01-05T08:00Z")
ALL = ("--from", "2026-01-05T00:00Z", "--to", "2026-01-07T00:00Z")
NAMED = re.compile(r"_(\d{8}T\d{4}Z)_")


def generate(folder, *options):
    command = [sys.executable, TOOLS / "gen_flow_logs.py", folder, "--records-per-file", "150", "--jobs", "2", *options]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    truth = json.loads((folder / "truth.json").read_text())
    return [word for nat in truth["nat"] for word in ("--nat", f"{nat['eni']}={nat['private_ip']}")]


def hive(key):
    """A key of AWS's plain layout in the Hive-compatible one, by the hour."""
    root, account, service, region, year, month, day, name = key.split("/")
    hour = NAMED.search(name)[1][9:11]
    return (
        f"{root}/aws-account-id={account}/aws-service={service}/aws-region={region}/year={year}/month={month}/day={day}"
        f"/hour={hour}/{name}"
    )


@pytest.fixture(scope="session")
def logs(tmp_path_factory):
    """500 files: text in the plain layout, Parquet of another account in the Hive-compatible one; and who the gateways are."""
    top = tmp_path_factory.mktemp("logs")
    nats = generate(top / "text", "--format", "v5", "--records", "37500", "--seed", "1")
    parquet = ("--out-format", "parquet", "--account", "210987654321", "--region", "eu-west-1")
    nats += generate(top / "parquet", "--format", "v5", "--records", "37500", "--seed", "2", *parquet)
    keys = {}
    for kind in ("text", "parquet"):
        for path in sorted((top / kind / "AWSLogs").rglob("*_vpcflowlogs_*")):
            key = path.relative_to(top / kind).as_posix()
            keys[hive(key) if kind == "parquet" else key] = path
    assert len(keys) == 500
    # As they would be on disk after `aws s3 sync`.
    for key, path in keys.items():
        target = top / "disk" / key
        target.parent.mkdir(parents=True, exist_ok=True)
        target.hardlink_to(path)
    ranges = ["--ip-ranges", top / "text" / "ip-ranges.json"]
    return top / "disk", keys, [*ranges, "--top", "0", *nats]


def put(client, bucket, keys, prefix=""):
    for key, path in keys.items():
        client.put_object(Bucket=bucket, Key=prefix + key, Body=path.read_bytes())


@pytest.fixture
def whole(emulator, logs):
    """A bucket with all of them."""
    client = emulator.client("s3")
    client.create_bucket(Bucket="flow-logs")
    put(client, "flow-logs", logs[1])
    return client


@pytest.fixture
def bucket(emulator, logs):
    """A bucket with those of the window and an hour more on either side."""
    client = emulator.client("s3")
    client.create_bucket(Bucket="flow-logs")
    put(client, "flow-logs", {key: logs[1][key] for key in in_window(logs[1], "20260105T0445Z", "20260105T0930Z")})
    return client


def asked(emulator, operation=None):
    requests = json.loads(urllib.request.urlopen(emulator.url + "/natwise/s3", timeout=30).read())
    return [request for request in requests if operation in (None, request["operation"])]


def in_window(keys, start="20260105T0545Z", end="20260105T0830Z"):
    return sorted(key for key in keys if start <= NAMED.search(key)[1] <= end)


def apart_from_places(result):
    """What must be the same however many files of other hours were read: SKIPDATA counts in whichever it is met."""
    gateways = [{name: part for name, part in gateway.items() if name != "skipdata"} for gateway in result["gateways"]]
    return {**{name: part for name, part in result.items() if name != "statistics"}, "gateways": gateways}


def test_all_500_objects_give_what_the_same_files_give(live, emulator, whole, logs):
    disk, keys, gateways = logs
    here = live.json("attribute", disk, *gateways, *ALL)
    there = live.json("attribute", "s3://flow-logs", *gateways, *ALL)
    assert there == here
    assert here["statistics"]["files"] == 500 and len(here["flows"]) > 100
    assert sorted(request["key"] for request in asked(emulator, "GetObject")) == sorted(keys)


def test_only_the_objects_of_the_window_are_fetched(live, emulator, whole, logs):
    disk, keys, gateways = logs
    here = live.json("attribute", disk, *gateways, *WINDOW)
    assert asked(emulator) == []
    done = live("attribute", "s3://flow-logs/", *gateways, *WINDOW, "--format", "json")
    assert done.returncode == 0, done.stderr
    there = json.loads(done.stdout)
    assert apart_from_places(there) == apart_from_places(here)
    fetched = sorted(request["key"] for request in asked(emulator, "GetObject"))
    assert fetched == in_window(keys) and len(fetched) == 2 * 34
    listed = {request["prefix"] for request in asked(emulator, "ListObjectsV2")}
    base = "AWSLogs/aws-account-id=210987654321/aws-service=vpcflowlogs/"
    day = base + "aws-region=eu-west-1/year=2026/month=01/day=05/"
    assert listed == {
        "AWSLogs/",
        "AWSLogs/123456789012/vpcflowlogs/",
        "AWSLogs/123456789012/vpcflowlogs/us-east-1/2026/01/05/",
        base,
        day,
        *(f"{day}hour={hour}/" for hour in ("05", "06", "07", "08")),
    }
    # Every request is one for which a requester would pay, whoever does.
    assert {request["payer"] for request in asked(emulator) if request["operation"] != "HeadBucket"} == {"requester"}
    assert re.search(r"reading 68 flow-log files of s3://flow-logs in us-east-1: .* at most \$0\.\d+", done.stderr)
    assert re.search(r"for 9 LIST and 68 GET requests.* nothing inside us-east-1", done.stderr)
    size = sum(keys[key].stat().st_size for key in fetched)
    assert f"read {size / 1024:.2f} KiB of s3://flow-logs in 68 GET requests" in done.stderr


@pytest.mark.parametrize(
    ("prefix", "count"),
    [
        ("AWSLogs", 68),
        ("AWSLogs/123456789012", 34),
        ("AWSLogs/aws-account-id=210987654321/", 34),
        ("AWSLogs/123456789012/vpcflowlogs/us-east-1/2026/01/0", 34),
        ("AWSLogs/aws-account-id=210987654321/aws-service=vpcflowlogs/aws-region=eu-west-1/year=2026/month=01/day=05/hour=07", 12),
    ],
)
def test_a_prefix_narrows_it(live, emulator, bucket, logs, prefix, count):
    live.json("attribute", f"s3://flow-logs/{prefix}", *logs[2], *WINDOW)
    assert len(asked(emulator, "GetObject")) == count


def test_two_prefixes_of_a_bucket_read_what_they_share_once(live, emulator, bucket, logs):
    live.json("attribute", "s3://flow-logs", "s3://flow-logs/AWSLogs/123456789012/", *logs[2], *WINDOW)
    assert len(asked(emulator, "GetObject")) == 68


def test_logs_without_the_layout_are_found_by_their_names(live, emulator, logs):
    disk, keys, gateways = logs
    client = emulator.client("s3")
    client.create_bucket(Bucket="copies")
    for key in in_window(keys)[:10] + sorted(keys)[-5:]:
        client.put_object(Bucket="copies", Key="mine/" + key.rsplit("/", 1)[1], Body=keys[key].read_bytes())
    client.put_object(Bucket="copies", Key="mine/notes.json", Body=b"{}")
    live.json("attribute", "s3://copies/mine", *gateways, *WINDOW)
    assert len(asked(emulator, "GetObject")) == 10


def test_unrelated_keys_beside_the_days_are_not_listed(live, emulator, bucket, logs):
    folder = "AWSLogs/123456789012/vpcflowlogs/us-east-1/"
    for i in range(1200):
        bucket.put_object(Bucket="flow-logs", Key=f"{folder}junk-{i}.log.gz", Body=b"")
        bucket.put_object(Bucket="flow-logs", Key=f"aaa-junk-{i}", Body=b"")
    live.json("attribute", "s3://flow-logs", *logs[2], *WINDOW)
    assert len(asked(emulator, "ListObjectsV2")) == 9
    assert len(asked(emulator, "GetObject")) == 68


def test_a_copy_of_a_file_is_not_counted_twice(live, emulator, bucket, logs):
    disk, keys, gateways = logs
    before = live.json("attribute", "s3://flow-logs", *gateways, *WINDOW)
    key = in_window(keys)[3]
    bucket.put_object(Bucket="flow-logs", Key=key.replace("/05/", "/05/06/"), Body=keys[key].read_bytes())
    after = live.json("attribute", "s3://flow-logs", *gateways, *WINDOW)
    assert after["flows"] == before["flows"]
    assert ["the same file as s3://flow-logs/" in fault["problem"] for fault in after["faults"]] == [True]


def test_where_a_second_reading_is_needed_each_object_is_fetched_twice(live, emulator, tmp_path):
    """Two flow logs recorded the same gateways: which one counts in which hour is known after the first reading."""
    gateways = generate(tmp_path / "logs", "--format", "v5", "--records", "6000", "--dup-flow-log")
    logs = sorted({path.name.split("_")[3] for path in (tmp_path / "logs").rglob("*.log.gz")})
    # Each of them was off for an hour.
    for log, hour in zip(logs, ("T00", "T01")):
        for path in (tmp_path / "logs").rglob(f"*_{log}_20260105{hour}*"):
            path.unlink()
    files = sorted((tmp_path / "logs" / "AWSLogs").rglob("*.log.gz"))
    client = emulator.client("s3")
    client.create_bucket(Bucket="twice")
    put(client, "twice", {path.relative_to(tmp_path / "logs").as_posix(): path for path in files})
    words = [*gateways, "--top", "0", *ALL]
    here = live.json("attribute", tmp_path / "logs" / "AWSLogs", *words)
    assert here["statistics"]["duplicates"] > 0 and len(files) == 56
    for threads in ("1", "5"):
        before = len(asked(emulator, "GetObject"))
        assert live.json("attribute", "s3://twice/", *words, "--threads", threads) == here
        fetched = [request["key"] for request in asked(emulator, "GetObject")[before:]]
        assert sorted(fetched) == sorted(2 * [path.relative_to(tmp_path / "logs").as_posix() for path in files])


def test_an_audit_reads_them_too(live, emulator, tmp_path):
    scene = Scene(emulator.world())
    file = scene.log(tmp_path / "october.log", 31, {"52.216.10.1": 3 << 30, "203.0.113.5": 2 << 30})
    client = emulator.client("s3")
    client.create_bucket(Bucket="flow-logs")
    client.put_object(Bucket="flow-logs", Key="mine/october.log", Body=file.read_bytes())
    here = live.json("audit", *MONTH, "--flow-logs", file)
    assert live.json("audit", *MONTH, "--flow-logs", "s3://flow-logs/mine/") == here
    assert "measured (partial)" in {finding["basis"] for finding in here["findings"]}


def test_of_a_sample_only_its_hours_are_fetched(live, emulator, tmp_path):
    scene = Scene(emulator.world())
    noons = scene.log(tmp_path / "noons.log", 31, {"52.216.10.1": 3 << 30, "203.0.113.5": 2 << 30}).read_text().splitlines()
    client = emulator.client("s3")
    client.create_bucket(Bucket="flow-logs")
    disk = tmp_path / "disk"
    for hour in range(31 * 24):
        time = START + timedelta(hours=hour)
        name = f"123456789012_vpcflowlogs_us-east-1_fl-1_{time:%Y%m%dT%H%MZ}_a.log"
        path = disk / f"AWSLogs/123456789012/vpcflowlogs/us-east-1/{time:%Y/%m/%d/%H}" / name
        path.parent.mkdir(parents=True)
        day = hour // 24
        lines = noons[1 + 4 * day : 5 + 4 * day] if time.hour == 12 else []
        path.write_text("\n".join([noons[0], *lines]) + "\n")
        client.put_object(Bucket="flow-logs", Key=path.relative_to(disk).as_posix(), Body=path.read_bytes())
    here = live.json("audit", *MONTH, "--sample", "2h/day", "--flow-logs", disk)
    there = live.json("audit", *MONTH, "--sample", "2h/day", "--flow-logs", "s3://flow-logs")
    files = [report["flow_logs"]["statistics"].pop("files") for report in (here, there)]
    assert there == here and files[0] == 744
    # Sixty-two hours or so, and the file after each, which may hold its last minutes.
    fetched = {request["key"] for request in asked(emulator, "GetObject")}
    hours = here["nat_gateways"][0]["coverage"]["sampled_hours"]
    assert hours <= len(fetched) == files[1] <= 2 * hours < 150


def test_requester_pays(live, emulator, bucket, logs):
    bucket.put_bucket_request_payment(Bucket="flow-logs", RequestPaymentConfiguration={"Payer": "Requester"})
    live.json("attribute", "s3://flow-logs", *logs[2], *WINDOW)
    assert len(asked(emulator, "GetObject")) == 68


def test_a_bucket_of_another_region_is_followed(live, emulator, logs):
    client = emulator.client("s3", "eu-central-1")
    client.create_bucket(Bucket="flow-logs", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    put(client, "flow-logs", {key: logs[1][key] for key in in_window(logs[1])})
    done = live("attribute", "s3://flow-logs", *logs[2], *WINDOW)
    assert done.returncode == 0, done.stderr
    assert "of s3://flow-logs in eu-central-1" in done.stderr
    assert [request["region"] for request in asked(emulator, "HeadBucket")] == ["us-east-1"]
    assert {request["region"] for request in asked(emulator, "GetObject")} == {"eu-central-1"}


def refused(live, *arguments):
    done = live("attribute", *arguments)
    assert done.returncode == 2 and done.stdout == "", done
    return done.stderr


def test_no_such_bucket(live, emulator, logs):
    assert "there is no bucket flow-logs-of-nobody" in refused(live, "s3://flow-logs-of-nobody/x", *logs[2], *WINDOW)


def test_no_window(live, emulator, logs):
    assert "give --last, --month, or --from and --to" in refused(live, "s3://flow-logs", *logs[2])


def test_an_empty_prefix_says_what_was_looked_for(live, emulator, bucket, logs):
    error = refused(live, "s3://flow-logs/elsewhere/", *logs[2], *WINDOW)
    assert "no flow log from 2026-01-05T06:00:00Z to 2026-01-05T08:00:00Z in s3://flow-logs/elsewhere/" in error
    assert "AWSLogs/ACCOUNT/vpcflowlogs/REGION/YYYY/MM/DD/ of 2026/01/05" in error
    error = refused(live, "s3://flow-logs", *logs[2], "--from", "2026-03-01", "--to", "2026-03-03")
    assert "it has AWSLogs/, but in its folders of 2026/02/28 to 2026/03/03 is nothing of that time" in error
    assert asked(emulator, "GetObject") == []


def test_who_may_not_list_is_told_the_action(live, emulator, bucket, logs):
    emulator.refuse("HeadBucket", code="", message="")
    emulator.refuse("ListObjectsV2", code="AccessDenied", message="User: me is not authorized to perform: s3:ListBucket")
    error = refused(live, "s3://flow-logs", *logs[2], *WINDOW)
    assert "no access to s3://flow-logs (AccessDenied: User: me" in error and "allow s3:ListBucket" in error


def test_who_may_list_but_not_head_reads(live, emulator, bucket, logs):
    emulator.refuse("HeadBucket", code="", message="")
    live.json("attribute", "s3://flow-logs", *logs[2], *WINDOW)


def test_who_may_not_get_is_told_the_action_and_not_refused_for_every_object(live, emulator, bucket, logs):
    emulator.refuse("GetObject", code="AccessDenied", message="User: me is not authorized to perform: s3:GetObject")
    error = refused(live, "s3://flow-logs", *logs[2], *ALL)
    assert "no flow log could be read: s3://flow-logs/AWSLogs/" in error and "allow s3:GetObject" in error
    assert len(asked(emulator, "GetObject")) < 60


def test_a_key_that_may_not_be_used(live, emulator, bucket, logs):
    message = "User: me is not authorized to perform: kms:Decrypt on the resource associated with this ciphertext"
    emulator.refuse("GetObject", code="AccessDenied", message=message)
    error = refused(live, "s3://flow-logs", *logs[2], *WINDOW)
    assert "encrypted with a KMS key" in error and "allow kms:Decrypt" in error


def test_above_the_most_that_may_be_spent_nothing_is_read(live, emulator, bucket, logs):
    error = refused(live, "s3://flow-logs", *logs[2], *WINDOW, "--max-cost", "0.00005")
    assert "reading 68 flow-log files" in error and "more than --max-cost $0.00005: nothing was read" in error
    # Nor is more listed than may be spent.
    error = refused(live, "s3://flow-logs", *logs[2], *WINDOW, "--max-cost", "0.000011")
    assert re.search(r"[3-5] LIST requests for s3://flow-logs/ in us-east-1: 0 B, at most \$0.0001", error), error
    assert asked(emulator, "GetObject") == []


OTHER = "210987654321"


@pytest.fixture
def of_another_account(emulator, logs):
    """A bucket that only another account may read."""
    role = f"arn:aws:iam::{OTHER}:role/logs"
    keys = emulator.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    client = boto3.client(
        "s3",
        region_name="us-east-1",
        endpoint_url=emulator.url,
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )
    client.create_bucket(Bucket="central-logs")
    put(client, "central-logs", {key: logs[1][key] for key in in_window(logs[1])})
    return role


def test_a_bucket_of_another_account_is_read_by_a_role(live, emulator, of_another_account, logs):
    error = refused(live, "s3://central-logs", *logs[2], *WINDOW)
    assert "no access to s3://central-logs" in error and "--logs-role-arn" in error
    there = live.json("attribute", "s3://central-logs", *logs[2], *WINDOW, "--logs-role-arn", of_another_account)
    here = live.json("attribute", logs[0], *logs[2], *WINDOW)
    assert apart_from_places(there) == apart_from_places(here)


def test_a_bucket_of_another_account_is_read_by_a_profile(live, home, emulator, of_another_account, logs):
    (home / "config").write_text(
        f"[profile logs]\nregion = us-east-1\nrole_arn = {of_another_account}\nsource_profile = mine\n[profile mine]\n"
    )
    (home / "credentials").write_text("[mine]\naws_access_key_id = test\naws_secret_access_key = very-secret-key\n")
    live.json("attribute", "s3://central-logs", *logs[2], *WINDOW, "--logs-profile", "logs")
    assert len(asked(emulator, "GetObject")) == 68


class Local:
    """Folders served as buckets."""

    def __init__(self, root, *options):
        command = [sys.executable, TOOLS / "s3_server.py", root, *options]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=CLEAN)
        self.url = f"http://127.0.0.1:{self.process.stdout.readline().decode().strip()}"
        self.environment = {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "very-secret-key",
            "AWS_REGION": "us-east-1",
        }

    def requests(self):
        return json.loads(urllib.request.urlopen(self.url + "/-/requests", timeout=30).read())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="session")
def served(logs, tmp_path_factory):
    root = tmp_path_factory.mktemp("served")
    (root / "flow-logs").symlink_to(logs[0])
    return root


def test_broken_off_downloads_are_resumed(home, natwise, served, logs):
    disk, keys, gateways = logs
    here = natwise.json("attribute", disk, *gateways, *WINDOW)
    # A checksum of the whole object says nothing of a part.
    with Local(served, "--cut", "2", "--checksum", "right") as server:
        there = Runs(home, server.environment).json("attribute", "s3://flow-logs", *gateways, *WINDOW)
        requests = server.requests()
    assert apart_from_places(there) == apart_from_places(here)
    for key in in_window(keys):
        size = keys[key].stat().st_size
        half = size // 2
        starts = [None, f"bytes={half}-", f"bytes={half + (size - half) // 2}-"]
        assert [start for name, start in requests if name == key] == starts, key


def test_an_object_that_arrives_damaged_is_a_fault(home, served, logs):
    with Local(served, "--checksum", "wrong") as server:
        result = Runs(home, server.environment).json("attribute", "s3://flow-logs", *logs[2], *WINDOW)
        assert len(server.requests()) == 68
    assert len(result["faults"]) == 68
    assert {fault["problem"].split(":")[0] for fault in result["faults"]} == {"it arrived damaged"}


def test_a_download_that_never_gets_on_is_a_fault(home, natwise, tmp_path, logs):
    disk, keys, gateways = logs
    key = in_window(keys)[0]
    folder = tmp_path / "served" / "flow-logs" / pathlib.Path(key).parent
    folder.mkdir(parents=True)
    (folder / pathlib.Path(key).name).write_bytes(keys[key].read_bytes())
    with Local(tmp_path / "served", "--stuck") as server:
        result = Runs(home, server.environment).json("attribute", "s3://flow-logs", *gateways, *WINDOW)
        assert len(server.requests()) == 5
    [fault] = result["faults"]
    assert "the download broke off 5 times at byte" in fault["problem"] and fault["partly_read"]


PEAK = """
import os, sys
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(child, 0)
sys.stderr.write(f"{usage.ru_maxrss}\\n")
sys.exit(os.waitstatus_to_exitcode(status))
"""


def test_memory_does_not_grow_with_the_objects(home, tmp_path, logs):
    """Forty objects of 24 MB each: fewer than 128 MB in all are ever there."""
    disk, keys, gateways = logs
    folder = tmp_path / "served" / "flow-logs" / "AWSLogs" / "123456789012" / "vpcflowlogs" / "us-east-1" / "2026/01/05"
    folder.mkdir(parents=True)
    name = "123456789012_vpcflowlogs_us-east-1_fl-0{:02}_20260105T0600Z_0000000{}.log"
    header = "version interface-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr bytes start end action log-status\n"
    line = "5 eni-other 10.0.0.1 10.0.0.2 10.0.0.1 10.0.0.2 5 1767592800 1767592810 ACCEPT OK\n"
    with open(folder / name.format(0, 0), "w") as file:
        file.write(header)
        file.write(line * 290_000)
    for number in range(1, 40):
        (folder / name.format(number, 0)).hardlink_to(folder / name.format(0, 0))
    with Local(tmp_path / "served") as server:
        environment = {**CLEAN, "HOME": str(home), "AWS_EC2_METADATA_DISABLED": "true", **server.environment}
        command = ["attribute", "s3://flow-logs", *WINDOW, "--nat", "eni-1=10.0.0.220", "--max-cost", "5", "--format", "json"]
        # By way of a small process: the peak of a child is never less than its parent's was, and pytest is large.
        done = subprocess.run(
            [sys.executable, "-S", "-c", PEAK, NATWISE, *command], env=environment, capture_output=True, text=True, timeout=120
        )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["statistics"]["records"] == 40 * 290_000
    peak = int(done.stderr.splitlines()[-1])
    assert 0 < peak < 128 << 10, f"{peak >> 10} MiB"


def test_ctrl_c_ends_it_while_objects_are_read(home, served, logs):
    with Local(served, "--latency", "400") as server:
        environment = {**CLEAN, "HOME": str(home), "AWS_EC2_METADATA_DISABLED": "true", **server.environment}
        command = ["attribute", "s3://flow-logs", *map(str, logs[2]), *ALL, "--threads", "1"]
        process = subprocess.Popen([NATWISE, *command], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        deadline = time.monotonic() + 60
        while not server.requests():
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)
    assert (process.returncode, out) == (2, b"")
    assert b"interrupted; nothing was written" in err


def test_several_buckets_are_priced_together(live, emulator, bucket, logs):
    client = emulator.client("s3")
    client.create_bucket(Bucket="more-logs")
    start = datetime(2026, 1, 5, 6, tzinfo=timezone.utc) + timedelta(minutes=5)
    name = f"AWSLogs/999988887777/vpcflowlogs/us-east-1/2026/01/05/999988887777_vpcflowlogs_us-east-1_fl-9_{start:%Y%m%dT%H%MZ}_a.log"
    client.put_object(Bucket="more-logs", Key=name, Body=b"version interface-id bytes\n")
    done = live("attribute", "s3://flow-logs", "s3://more-logs", *logs[2], *WINDOW)
    assert done.returncode == 0, done.stderr
    assert "reading flow logs of 2 buckets" in done.stderr and "of s3://more-logs in us-east-1" in done.stderr

