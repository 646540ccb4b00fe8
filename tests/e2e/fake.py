"""The fast fake AWS of tests/fake_aws: an organisation generated from a seed, faults on order, and counts.

    with Fake(accounts=4, regions=3, latency="5ms", throttle="ec2") as aws:
        aws.faults([{"kind": "throttle", "operation": "DescribeVpcs", "times": 3}])
        subprocess.run([NATWISE, "scan", ...], env={**CLEAN, **aws.environment})
        assert aws.served()["total"]["duplicates"] == 0

Options are those of the program (`target/debug/examples/fake-aws --help`) with underscores. The faults, their selectors
and parameters are in tests/fake_aws/fault.rs. The only role is `audit`, unless `role` says otherwise. Static keys are the
management account's; `AKIA` and twelve digits, whatever follows, are that account's.
"""

import json
import pathlib
import subprocess
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAM = ROOT / "target" / "debug" / "examples" / "fake-aws"
# What must never be in an output: the secret of the environment, and how secrets of assumed roles begin.
SECRETS = ("NeverShowThisSecretKey", "FakeSecret", "FakeSessionToken")


class Fake:
    """A running fake, from its creation until it is closed."""

    def __init__(self, program=PROGRAM, faults=None, **options):
        words = [str(program)]
        for name, value in options.items():
            words += [f"--{name.replace('_', '-')}", str(value)]
        if faults:
            words += ["--faults", json.dumps(faults)]
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        # It prints its address once it listens; if it cannot, it ends, and so does this line.
        self.url = self.process.stdout.readline().decode().strip()
        if not self.url:
            raise RuntimeError(f"the fake does not start: {' '.join(words)}")
        self.environment = {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "AKIDMANAGEMENT",
            "AWS_SECRET_ACCESS_KEY": SECRETS[0],
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def get(self, path):
        with urllib.request.urlopen(self.url + path, timeout=120) as answer:
            return json.load(answer)

    def post(self, path, body=None):
        data = json.dumps(body).encode() if body is not None else b""
        urllib.request.urlopen(urllib.request.Request(self.url + path, data=data, method="POST"), timeout=30).close()

    def served(self):
        """What was asked since the start or the last reset: `total`, `operations`, `accounts`, `most_in_flight`."""
        return self.get("/_fake/served")

    def truth(self, start=None, end=None):
        """What a complete scan must find; with the bytes of a window (`2026-10-01T00:00:00Z`), if one is given."""
        return self.get(f"/_fake/truth?start={start}&end={end}" if start else "/_fake/truth")

    def faults(self, orders):
        """From now on these faults, and no others."""
        self.post("/_fake/faults", orders)

    def reset(self):
        """Counts, token buckets and expired keys as at the start, and the faults too."""
        self.post("/_fake/reset")
