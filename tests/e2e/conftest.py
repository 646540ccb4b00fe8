"""An emulated AWS for the session, accounts in it, and the programs under test: natwise, and the real AWS CLI."""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import contract
import pytest
from world import WINDOW, Account

ROOT = Path(__file__).resolve().parents[2]
NATWISE = Path(os.environ.get("NATWISE_BIN", ROOT / "target" / "debug" / "natwise"))
VENV_BIN = Path(sys.executable).parent


def pytest_configure(config):
    if not NATWISE.is_file():
        raise pytest.UsageError(f"{NATWISE} does not exist: build natwise first, or call tests/run")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A test that does not run has not passed."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped: {report.longrepr}"


class Emulator:
    """The emulator's process; it ends when its standard input does, even if this process is killed."""

    def __init__(self, log):
        self.log = log
        command = [sys.executable, Path(__file__).with_name("emulator.py")]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log.open("wb"), text=True,
            env={"PATH": os.environ.get("PATH", ""), "HOME": str(log.parent)},
        )
        # It prints the port once it listens, or ends: either ends this read.
        port = self.process.stdout.readline().strip()
        if not port:
            self.stop()
            raise RuntimeError(f"the emulator did not start:\n{log.read_text()}")
        self.url = f"http://127.0.0.1:{port}"

    def stop(self):
        self.process.stdin.close()
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@pytest.fixture(scope="session")
def emulator(tmp_path_factory):
    emulator = Emulator(tmp_path_factory.mktemp("emulator") / "log")
    yield emulator
    emulator.stop()


@pytest.fixture
def account(emulator):
    """An empty account that no other test sees."""
    return Account(emulator)


@pytest.fixture(scope="session")
def new_account(emulator):
    """For accounts that several tests read, and none changes."""
    return lambda: Account(emulator)


@dataclass(frozen=True)
class Run:
    """What a program said and how it ended."""

    status: int
    stdout: str
    stderr: str


class Program:
    """Runs commands in an environment made from nothing: no credentials, configuration or terminal of ours."""

    def __init__(self, home):
        self.home = home
        (home / "empty").touch()

    def environment(self, account=None, **extra):
        environment = {
            "PATH": os.pathsep.join([str(VENV_BIN), os.environ.get("PATH", os.defpath)]),
            "HOME": str(self.home),
            "LC_ALL": "C.UTF-8",
            "AWS_CONFIG_FILE": str(self.home / "empty"),
            "AWS_SHARED_CREDENTIALS_FILE": str(self.home / "empty"),
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        environment.update(account.environment if account else {})
        environment.update(extra)
        return {name: value for name, value in environment.items() if value is not None}

    def run(self, command, account=None, env=None, stdin="", expect=0, cwd=None, timeout=60):
        done = subprocess.run(
            [str(word) for word in command], env=self.environment(account, **(env or {})), cwd=cwd or self.home,
            input=stdin.encode() if isinstance(stdin, str) else stdin, capture_output=True, timeout=timeout,
        )
        result = Run(done.returncode, done.stdout.decode(), done.stderr.decode())
        if expect is not None:
            assert result.status == expect, f"{command} ended with {result.status}:\n{result.stdout}\n{result.stderr}"
        return result


class Natwise(Program):
    """`natwise("audit", "--demo")`, and `natwise.audit(account)` for a report that is checked against the contract."""

    def __call__(self, *arguments, **how):
        result = self.run([NATWISE, *arguments], **how)
        assert "panicked" not in result.stderr
        return result

    def audit(self, account, *options, window=WINDOW, **how):
        options = [*options, *(window.options if window else [])]
        return load(self("audit", "--format", "json", *options, account=account, **how).stdout)


def load(text):
    """A report's JSON, once it has been checked."""
    report = json.loads(text, parse_float=Decimal)
    contract.check(report)
    return report


@pytest.fixture(scope="session")
def natwise(tmp_path_factory):
    return Natwise(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def shell(tmp_path_factory):
    """Runs a command line as a person would who pastes it, in a directory of its own; `aws` is the real AWS CLI."""
    program = Program(tmp_path_factory.mktemp("shell"))

    def run(line, account, **how):
        with tempfile.TemporaryDirectory(dir=program.home) as directory:
            result = program.run(["sh", "-c", line], account=account, cwd=directory, **how)
            assert os.listdir(directory) == [], f"{line} left something behind"
            return result

    return run
