"""Bad input gets a clear error: exit code 2, one line on stderr that says what to do, nothing on stdout, nothing lost."""

import json

import pytest

SNAPSHOT = {
    "schema": "natwise.snapshot/1",
    "generated_by": "natwise 0.1.0",
    "window": {"start": "2026-10-01T00:00:00Z", "end": "2026-11-01T00:00:00Z"},
    "regions": [{"account_id": "111122223333", "region": "us-east-1"}],
}
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "very-secret-key"}


def refused(done, *words):
    assert done.returncode == 2, (done.stdout, done.stderr)
    assert done.stdout == ""
    for word in words:
        assert word in done.stderr, done.stderr
    assert "panicked" not in done.stderr and "RUST_BACKTRACE" not in done.stderr
    assert "very-secret-key" not in done.stderr


def test_no_credentials(natwise):
    refused(natwise("audit", "--region", "us-east-1"), "no AWS credentials", "--profile")


def test_no_region(natwise):
    refused(natwise("audit", env=KEYS), "no Region", "--region", "--all-regions")


def test_unknown_profile(natwise):
    (natwise.home / "config").write_text("[profile known]\nregion = us-east-1\n")
    refused(natwise("audit", "--profile", "unknown", "--region", "us-east-1"), '"unknown"', "known")


def test_nobody_answers(natwise):
    done = natwise("audit", "--region", "us-east-1", "--endpoint-url", "http://127.0.0.1:9", env=KEYS)
    refused(done, "nothing could be read")


@pytest.mark.parametrize(
    ("window", "word"),
    [
        (("--from", "2999-01-01", "--to", "2999-02-01"), "future"),
        (("--month", "2999-01"), "future"),
        (("--from", "2026-10-02", "--to", "2026-10-02"), "empty"),
        (("--from", "2026-10-02", "--to", "2026-10-01"), "reversed"),
        (("--from", "2020-01-01", "--to", "2020-02-01"), "455 days"),
        (("--last", "9999d"), "455 days"),
        (("--last", "0d"), "empty"),
        (("--last", "soon"), "--last"),
        (("--month", "2026-13"), "--month"),
        (("--from", "2026-10-01T00:30Z", "--to", "2026-10-02"), "whole hour"),
        (("--from", "yesterday"), "--from"),
        (("--to", "2026-10-02"), "--from"),
        (("--last", "3d", "--month", "2026-10"), "--month"),
    ],
)
def test_windows(natwise, window, word):
    for command in ("audit", "scan"):
        refused(natwise(command, "--region", "us-east-1", *window, env=KEYS), word)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "empty"),
        ("   \n", "empty"),
        (json.dumps(SNAPSHOT)[:-20], "truncated"),
        ("not json", "not JSON"),
        ("\x00\x01\x02", "not JSON"),
        ("[]", "not a snapshot"),
        ("{}", "not a snapshot"),
        (json.dumps(SNAPSHOT | {"schema": "natwise.snapshot/2"}), "another version"),
        (json.dumps(SNAPSHOT | {"schema": "natwise.report/1"}), "natwise.report/1"),
        (json.dumps(SNAPSHOT | {"window": {"start": "2026-11-01T00:00:00Z", "end": "2026-10-01T00:00:00Z"}}), "reversed"),
        (json.dumps(SNAPSHOT | {"regions": [{"account_id": 5, "region": "us-east-1"}]}), "not a snapshot"),
        (json.dumps(SNAPSHOT | {"regions": SNAPSHOT["regions"] * 2}), "more than one"),
        ("[" * 100_000, "snapshot"),
    ],
)
def test_snapshots(natwise, tmp_path, text, word):
    file = tmp_path / "snapshot.json"
    file.write_text(text)
    refused(natwise("audit", "--snapshot", file), word)
    refused(natwise("audit", "--snapshot", "-", stdin=text), word)


def test_snapshots_that_do_not_fit_together(natwise, tmp_path):
    one, other = tmp_path / "one.json", tmp_path / "other.json"
    one.write_text(json.dumps(SNAPSHOT))
    other.write_text(json.dumps(SNAPSHOT))
    refused(natwise("audit", "--snapshot", one, "--snapshot", other), "111122223333", "us-east-1", "more than one")
    window = {"start": "2026-09-01T00:00:00Z", "end": "2026-10-01T00:00:00Z"}
    regions = [{"account_id": "444455556666", "region": "us-east-1"}]
    other.write_text(json.dumps(SNAPSHOT | {"window": window, "regions": regions}))
    refused(natwise("audit", "--snapshot", one, "--snapshot", other), "different windows")
    other.write_text(json.dumps(SNAPSHOT | {"regions": regions}))
    report = natwise.json("audit", "--snapshot", one, "--snapshot", other)
    assert report["scope"]["accounts"] == ["111122223333", "444455556666"]


def test_a_snapshot_that_is_not_there(natwise, tmp_path):
    refused(natwise("audit", "--snapshot", tmp_path / "nowhere.json"), "nowhere.json")
    refused(natwise("audit", "--snapshot", tmp_path), str(tmp_path))


@pytest.mark.parametrize(
    ("shares", "word"),
    [
        (["s3=101%"], "100%"),
        (["s3=60%", "dynamodb=50%"], "110%"),
        (["s4=10%"], '"s4"'),
        (["s3"], "SERVICE=PERCENT%"),
        (["s3=0.6"], "SERVICE=PERCENT%"),
        (["s3=-5%"], "0%"),
        (["s3=ten%"], "SERVICE=PERCENT%"),
        (["s3=1%", "s3=2%"], "twice"),
    ],
)
def test_assumed_shares(natwise, shares, word):
    refused(natwise("audit", "--demo", *(item for share in shares for item in ("--assume", share))), word)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("region,product,usd\nus-eest-1,nat_gateway_gb,0.04\n", 'line 2: unknown Region "us-eest-1"'),
        ("region,product,usd\nus-east-1,nat_gateway_bg,0.04\n", 'line 2: unknown product "nat_gateway_bg"'),
        ("region,product,usd\nus-east-1,nat_gateway_gb,-0.04\n", "negative"),
        ("region,product,usd\nus-east-1,nat_gateway_gb,free\n", "not a decimal"),
        ("region,product,usd\nus-east-1,nat_gateway_gb,\n", "not a decimal"),
        ("region,product\nus-east-1,nat_gateway_gb\n", "usd"),
        ("region,product,usd\n", "no prices"),
        ("", "prices.csv"),
        ("region,product,unit,usd\nus-east-1,nat_gateway_gb,hour,1\n", "per GB"),
        ("region,product,tier_from,tier_to,usd\nus-east-1,interface_endpoint_gb,0,5,1\n", "upper edge"),
        ("region,product,usd\nus-east-1,nat_gateway_gb,1,2,3\n", "prices.csv"),
    ],
)
def test_price_files(natwise, tmp_path, text, word):
    file = tmp_path / "prices.csv"
    file.write_text(text)
    refused(natwise("audit", "--demo", "--prices", file), word)
    refused(natwise("prices", "--prices", file), word)


def test_the_price_book_reads_what_it_writes(natwise, tmp_path):
    file = tmp_path / "prices.csv"
    file.write_text(natwise("prices", "--format", "csv").stdout)
    plain, again = natwise.json("audit", "--demo"), natwise.json("audit", "--demo", "--prices", file)
    assert again["prices"]["source"] == "embedded, overridden by prices.csv"
    assert again["totals"] == plain["totals"]


@pytest.mark.parametrize("discount", ["100%", "8", "-1%", "x%"])
def test_discounts(natwise, discount):
    refused(natwise("audit", "--demo", f"--discount={discount}"), "percentage")


def test_outputs_that_cannot_be_written(natwise, tmp_path):
    refused(natwise("audit", "--demo", "-o", tmp_path / "nowhere" / "report"), "cannot write")
    refused(natwise("audit", "--demo", "-o", tmp_path), "folder")
    # It is known before anything is scanned.
    done = natwise("scan", "--region", "us-east-1", "-o", tmp_path / "nowhere" / "snapshot", env=KEYS)
    refused(done, "cannot write")


@pytest.mark.parametrize(
    "arguments",
    [
        ("audit", "--demo", "--snapshot", "x"),
        ("audit", "--demo", "--region", "us-east-1"),
        ("audit", "--demo", "--last", "3d"),
        ("audit", "--snapshot", "x", "--profile", "y"),
        ("audit", "--snapshot", "x", "--month", "2026-10"),
        ("audit", "--region", "us-east-1", "--all-regions"),
        ("audit", "--region", "Virginia"),
        ("audit", "--demo", "--fail-on", "-1"),
        ("audit", "--demo", "--format", "pdf"),
        ("audit", "--demo", "--no-such-option"),
        ("explain", "no-such-rule"),
        ("prices", "--region", "us-eest-1"),
        ("nothing",),
        (),
    ],
)
def test_usage(natwise, arguments):
    refused(natwise(*arguments))


def test_a_hostile_snapshot_is_only_data(natwise, tmp_path):
    """Absurd values neither panic nor hang, and still give a report."""
    huge = 2**64 - 2
    window = {"start": "1900-01-01T00:00:00Z", "end": "2100-01-01T00:00:00Z"}
    series = [huge, huge, None, huge]
    region = {
        "account_id": "",
        "region": "x" * 10_000,
        "nat_gateways": [
            {
                "nat_gateway_id": "nat-1\u0000$(touch pwned)",
                "vpc_id": "",
                "subnet_id": None,
                "state": "available",
                "availability_mode": "regional",
                "connectivity_type": "public",
                "create_time": "1950-06-01T00:00:00Z",
                "addresses": [{"allocation_id": "eip", "availability_zone": "z" * 1_000}] * 100,
                "tags": {"Name": "\u202e\u001b]0;owned\u0007" * 1_000},
            }
        ],
        "route_tables": [
            {
                "route_table_id": "",
                "vpc_id": "",
                "owner_id": None,
                "routes": [{"destination_cidr": "0.0.0.0/0", "nat_gateway_id": "nat-1\u0000$(touch pwned)", "state": "active"}],
                "associations": [{"main": True}, {"main": True}, {"subnet_id": ""}],
            }
        ],
        "metrics": {
            "nat_gateways": [
                {
                    "nat_gateway_id": "nat-1\u0000$(touch pwned)",
                    "availability_zone": "z" * 1_000,
                    "bytes_in_from_source": series,
                    "bytes_in_from_destination": series,
                }
            ]
        },
    }
    file = tmp_path / "hostile.json"
    file.write_text(json.dumps(SNAPSHOT | {"window": window, "regions": [region]}))
    for form in ("table", "json"):
        done = natwise("audit", "--snapshot", file, "--format", form)
        assert done.returncode == 0, done.stderr
        if form == "table":
            assert not any(c in done.stdout for c in "\u202e\u001b\u0007\u0000")
