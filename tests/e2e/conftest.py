"""Starts the emulated AWS once, gives each test an empty account in it, and runs the real program and AWS CLI."""

import json
import os
import pathlib
import subprocess
import sys
import urllib.request

import boto3
import pytest

import contract
from world import World

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
NATWISE = ROOT / "target" / "debug" / "natwise"
SCRUBBED = ("AWS_", "NATWISE_", "XDG_", "NO_COLOR", "COLUMNS", "CLICOLOR", "RUST_LOG")
# Nothing on this machine, credentials least of all, may leak into a test.
CLEAN = {key: value for key, value in os.environ.items() if not key.startswith(SCRUBBED)}


def pytest_configure(config):
    if not NATWISE.is_file():
        raise pytest.UsageError(f"{NATWISE} does not exist: tests/run builds it")


def pytest_sessionfinish(session, exitstatus):
    """A test that was skipped was not passed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter and reporter.stats.get("skipped"):
        session.exitstatus = 1


class Emulator:
    """The emulated AWS."""

    def __init__(self, url):
        self.url = url
        self.environment = {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "very-secret-key",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def post(self, path, body=None):
        data = json.dumps(body).encode() if body is not None else b""
        request = urllib.request.Request(self.url + path, data=data, method="POST")
        return urllib.request.urlopen(request, timeout=30).read()

    def refuse(self, operation, code="UnauthorizedOperation", status=403, message="You may not.", region="*"):
        """From now on, and until the test is over, this call fails; "*" is every one."""
        fault = {"operation": operation, "code": code, "status": f"{status} Refused", "message": message}
        self.post("/natwise/faults", {**fault, "region": region})

    def client(self, service, region="us-east-1"):
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.url,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def world(self, region="us-east-1"):
        return World(self, region)


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    log = tmp_path_factory.mktemp("emulator") / "log"
    with open(log, "wb") as file:
        process = subprocess.Popen(
            [sys.executable, HERE / "emulator.py"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=file, env=CLEAN
        )
    try:
        # It prints its port once it listens; if it cannot, it ends, and so does this line.
        port = process.stdout.readline().decode().strip()
        assert port, f"the emulator does not start: {log.read_text()}"
        yield Emulator(f"http://127.0.0.1:{port}")
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def emulator(server):
    """The emulated AWS with nothing in it, and the same ids in every run."""
    server.post("/moto-api/reset")
    server.post("/moto-api/seed?a=42")
    return server


class Runs:
    """Runs the program in an environment of its own."""

    def __init__(self, home, environment=None):
        self.home = home
        self.environment = environment or {}

    def __call__(self, *arguments, env=None, stdin=None, text=True, cwd=None, timeout=120):
        environment = dict(CLEAN)
        environment.update(
            HOME=str(self.home),
            AWS_CONFIG_FILE=str(self.home / "config"),
            AWS_SHARED_CREDENTIALS_FILE=str(self.home / "credentials"),
            AWS_EC2_METADATA_DISABLED="true",
        )
        environment.update(self.environment)
        environment.update(env or {})
        return subprocess.run(
            [NATWISE, *map(str, arguments)],
            input=stdin if stdin is not None else ("" if text else b""),
            capture_output=True,
            text=text,
            env={key: value for key, value in environment.items() if value is not None},
            cwd=cwd or self.home,
            timeout=timeout,
        )

    def json(self, *arguments, **options):
        done = self(*arguments, "--format", "json", **options)
        assert done.returncode == 0, done.stderr
        if arguments[0] == "audit":
            contract.check(done.stdout)
        return json.loads(done.stdout)


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "config").write_text("")
    (folder / "credentials").write_text("")
    return folder


@pytest.fixture
def natwise(home):
    """The program without an account."""
    return Runs(home)


@pytest.fixture
def live(home, emulator):
    """The program with the emulated account."""
    return Runs(home, emulator.environment)


@pytest.fixture
def shell(home, emulator):
    """A POSIX shell with the real AWS CLI, for commands exactly as natwise prints them."""

    def run(command):
        environment = dict(CLEAN, HOME=str(home), AWS_PAGER="", **emulator.environment)
        environment["PATH"] = f"{pathlib.Path(sys.executable).parent}:{environment['PATH']}"
        return subprocess.run(["sh", "-c", command], capture_output=True, text=True, env=environment, cwd=home, timeout=120)

    return run


@pytest.fixture
def demo(natwise):
    return natwise.json("audit", "--demo")
