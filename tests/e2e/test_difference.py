"""Two windows compared, and months in a row: to the cent, from whatever they are read, and in every form."""

import copy
import csv
import io
import json
import re
import shutil
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from conftest import ROOT
from test_html import BROWSER, FLAGS, Seen
from world import GB, START

MID, END = START + timedelta(days=15), START + timedelta(days=30)
DEMO = ROOT / "src" / "demo" / "account.json"
HOSTILE = '</style><script>window.pwned = 1</script>"><img src=x onerror="window.pwned = 2"> | @all [x](javascript:a) \u202e\x1b[31m\n=1+1'


def monthly(gigabytes):
    """What they cost through a NAT gateway of us-east-1, for 730 hours of a window of 360."""
    return gigabytes * Decimal("0.045") * 730 / 360


def exact(text):
    return json.loads(text, parse_float=Decimal)


def window(first, last):
    return ("--from", first.strftime("%Y-%m-%d"), "--to", last.strftime("%Y-%m-%d"))


def flow_log(snapshot, folder, first, services):
    """What a gateway's interface recorded: gigabytes a day to some addresses, on both legs."""
    [part] = snapshot["regions"]
    [nat] = part["nat_gateways"]
    [address, *_] = nat["addresses"]
    eni, gateway = address["network_interface_id"], address["private_ip"]
    lines = ["version interface-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr bytes start end action log-status"]
    for day in range(15):
        second = int((first + timedelta(days=day, hours=12)).timestamp()) + 60
        for remote, gigabytes in services.items():
            tail = f"{gigabytes * GB} {second} {second + 59} ACCEPT OK"
            lines.append(f"5 {eni} {remote} {gateway} {remote} {gateway} {tail}")
            lines.append(f"5 {eni} {gateway} 10.0.2.5 {remote} 10.0.2.5 {tail}")
    folder.mkdir()
    (folder / "a.log").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture
def doubled(live, emulator, tmp_path):
    """Fifteen days, then fifteen in which all traffic doubled and a gateway endpoint took S3's: snapshots and logs."""
    world = emulator.world()
    vpc = world.vpc()
    nat = vpc.nat()
    table, _ = vpc.private(nat)
    world.nat_bytes(nat, 0, 2250 * GB, first=START, last=MID)
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    assert live("scan", *window(START, MID), "-o", old).returncode == 0
    vpc.gateway_endpoint("s3", [table])
    world.nat_bytes(nat, 0, 1500 * GB, first=MID, last=END)
    assert live("scan", *window(MID, END), "-o", new).returncode == 0
    logs = [
        flow_log(json.loads(old.read_text()), tmp_path / "old-logs", START, {"52.216.10.1": 100, "203.0.113.5": 50}),
        flow_log(json.loads(new.read_text()), tmp_path / "new-logs", MID, {"203.0.113.5": 100}),
    ]
    return old, new, logs


def report(natwise, folder, snapshot, *arguments):
    file = folder / f"{snapshot.stem}-report-{len(arguments)}.json"
    done = natwise("audit", "--snapshot", snapshot, *arguments, "--format", "json", "-o", file)
    assert done.returncode == 0, done.stderr
    return file


def test_growth_and_a_fix_are_told_apart_to_the_cent(natwise, doubled, tmp_path):
    old, new, logs = doubled
    then, now = (report(natwise, tmp_path, snapshot, "--flow-logs", log) for snapshot, log in zip((old, new), logs))
    done = natwise("diff", then, now, "--format", "json")
    assert done.returncode == 0, done.stderr
    difference = exact(done.stdout)
    effects = {effect["cause"]: effect for effect in difference["effects"]}
    assert effects["fix"]["monthly_usd"] == -monthly(1500) and effects["fix"]["basis"] == "measured"
    assert effects["traffic"]["monthly_usd"] == monthly(750)
    assert set(effects) == {"fix", "traffic"}
    assert difference["then"]["window_usd"]["nat_data"] == 2250 * Decimal("0.045")
    [fixed] = [finding for finding in difference["findings"] if finding["status"] == "fixed"]
    assert (fixed["rule"], fixed["service"]) == ("missing-gateway-endpoint", "s3")
    saved = fixed["realised"]
    assert saved["saving_low"] == saved["saving_high"] == monthly(1500)
    assert saved["assumed_at_traffic_of_now"] == monthly(3000)
    table = natwise("diff", then, now).stdout
    assert "-136.88" in table and "+68.44" in table and "$136.88 a month saved by one fix" in table
    markdown = natwise("diff", then, now, "--format", "markdown").stdout
    assert "| fixes |" in markdown and "| -136.88 |" in markdown

    # Without the logs of one side, nobody knows.
    for pair in ((old, new), (old, now), (then, new)):
        difference = exact(natwise("diff", *pair, "--format", "json").stdout)
        [effect] = difference["effects"]
        assert (effect["cause"], effect["basis"]) == ("fix-or-traffic", "bounded")
        assert effect["monthly_usd"] == -monthly(750)
        [fixed] = [finding for finding in difference["findings"] if finding["status"] == "fixed"]
        assert fixed["realised"]["saving_low"] == 0 and fixed["realised"]["saving_high"] > 0


def demo():
    return json.loads(DEMO.read_text())


def later(snapshot, days=31):
    """The same account in a window some days later or earlier, of the same length."""
    moved = copy.deepcopy(snapshot)
    for edge in ("start", "end"):
        when = datetime.fromisoformat(moved["window"][edge].replace("Z", "+00:00")) + timedelta(days=days)
        moved["window"][edge] = when.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    return moved


def changed():
    """The demo's account with a gateway and an endpoint less, other bytes, and a Region that was not scanned."""
    snapshot = later(demo())
    snapshot["regions"] = [part for part in snapshot["regions"] if part["region"] != "ap-southeast-2"]
    [part] = [part for part in snapshot["regions"] if part["region"] == "us-east-1"]
    idle = "nat-00aaa5055560c2546"
    part["nat_gateways"] = [nat for nat in part["nat_gateways"] if nat["nat_gateway_id"] != idle]
    part["metrics"]["nat_gateways"] = [row for row in part["metrics"]["nat_gateways"] if row["nat_gateway_id"] != idle]
    gone = next(endpoint for endpoint in part["vpc_endpoints"] if endpoint["service_name"].endswith(".secretsmanager"))
    part["vpc_endpoints"].remove(gone)
    part["metrics"]["endpoints"] = [row for row in part["metrics"]["endpoints"] if row["vpc_endpoint_id"] != gone["vpc_endpoint_id"]]
    for row in part["metrics"]["nat_gateways"]:
        row["bytes_in_from_source"] = [None if volume is None else volume * 2 for volume in row["bytes_in_from_source"]]
    return snapshot


@pytest.fixture
def sides(tmp_path):
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_text(json.dumps(demo()))
    new.write_text(json.dumps(changed()))
    return old, new


def test_everything_adds_up_to_the_millionth_of_a_dollar(natwise, sides):
    difference = exact(natwise("diff", *sides, "--format", "json").stdout)
    change = difference["monthly_usd"]
    total = sum(effect["monthly_usd"] for effect in difference["effects"])
    assert total == change["change"] == change["now"] - change["then"]
    rows = difference["nat_gateways"] + difference["endpoints"]
    assert sum(row["change_monthly_usd"] for row in rows) == total
    for row in rows:
        assert sum(effect["monthly_usd"] for effect in row["effects"]) == row["change_monthly_usd"]
    # By hand, from the reports: dollars of the windows, as long as each other.
    for side, summary in zip(sides, (difference["then"], difference["now"])):
        report = natwise.json("audit", "--snapshot", side)
        window_usd = Decimal(str(report["totals"]["window_usd"]["total"]))
        assert summary["window_usd"]["total"] == window_usd
        assert abs(summary["monthly_usd"]["total"] - window_usd * 730 / 744) < Decimal("0.000002")
    assert abs(change["then"] - difference["then"]["monthly_usd"]["total"]) < Decimal("0.0001")


def test_what_was_not_scanned_is_not_removed(natwise, sides):
    difference = exact(natwise("diff", *sides, "--format", "json").stdout)
    rows = difference["nat_gateways"] + difference["endpoints"]
    for row in rows:
        assert (row["status"] == "not-comparable") == (row["region"] == "ap-southeast-2"), row["id"]
    parts = {(part["region"], part["side"], part["reason"]) for part in difference["not_comparable"]}
    assert parts == {("ap-southeast-2", "now", "not scanned")}
    change = difference["monthly_usd"]
    [effect] = [effect for effect in difference["effects"] if effect["cause"] == "not-comparable"]
    assert change["comparable_change"] == change["change"] - effect["monthly_usd"] and effect["basis"] == "unknown"
    statuses = {finding["status"] for finding in difference["findings"] if finding["region"] == "ap-southeast-2"}
    assert statuses <= {"not-comparable"}
    [idle] = [finding for finding in difference["findings"] if finding["rule"] == "idle-nat-gateway" and finding["status"] == "fixed"]
    assert idle["realised"]["basis"] == "metered" and idle["realised"]["saving_low"] > 30
    for text in (natwise("diff", *sides).stdout, natwise("diff", *sides, "--format", "markdown").stdout):
        assert "not scanned now" in text and "ap-southeast-2" in text


def test_snapshots_reports_and_folders_say_the_same(natwise, sides, tmp_path):
    old, new = sides
    expected = natwise("diff", old, new, "--format", "json").stdout
    reports = [report(natwise, tmp_path, side) for side in sides]
    folders = []
    for side in sides:
        # One file for each Region, and one report for each.
        snapshot = json.loads(side.read_text())
        parts, told = tmp_path / f"{side.stem}-parts", tmp_path / f"{side.stem}-told"
        parts.mkdir(), told.mkdir()
        for part in snapshot["regions"]:
            (parts / f"{part['region']}.json").write_text(json.dumps({**snapshot, "regions": [part]}))
        folders.append(parts)
        shutil.copy(report(natwise, tmp_path, side), told / "report.json")
        folders.append(told)
    old_parts, old_told, new_parts, new_told = folders
    for then, now in [reports, (old, reports[1]), (reports[0], new), (old_parts, new_parts), (old_told, new_parts), (old_told, new_told)]:
        done = natwise("diff", then, now, "--format", "json")
        assert done.returncode == 0, done.stderr
        assert done.stdout == expected, (then, now)
    piped = natwise("diff", "-", new, "--format", "json", stdin=reports[0].read_text())
    assert piped.stdout == expected
    assert natwise("diff", old, "-", "--format", "json", stdin=new.read_text()).stdout == expected
    assert natwise("diff", "/dev/stdin", new, "--format", "json", stdin=old.read_text()).stdout == expected, "a pipe"
    same = exact(natwise("diff", old, reports[0], "--format", "json").stdout)
    assert same["effects"] == [] and same["monthly_usd"]["change"] == 0 and same["realised_saving"] is None
    assert {finding["status"] for finding in same["findings"]} == {"same"}


def test_reports_of_parts_are_one_side(natwise, sides, tmp_path):
    snapshot = json.loads(sides[0].read_text())
    folder = tmp_path / "reports"
    folder.mkdir()
    for part in snapshot["regions"]:
        file = tmp_path / f"{part['region']}.json"
        file.write_text(json.dumps({**snapshot, "regions": [part]}))
        shutil.move(report(natwise, tmp_path, file), folder / file.name)
    whole, parts = (exact(natwise("diff", side, sides[1], "--format", "json").stdout) for side in (sides[0], folder))
    assert whole["monthly_usd"] == parts["monthly_usd"] and whole["effects"] == parts["effects"]


def test_prices_are_those_of_the_options_for_snapshots(natwise, sides, tmp_path):
    old, new = sides
    dear = report(natwise, tmp_path, old)
    difference = exact(natwise("diff", dear, old, "--discount", "10%", "--format", "json").stdout)
    [effect] = difference["effects"]
    assert effect["cause"] == "price"
    assert abs(effect["monthly_usd"] + difference["monthly_usd"]["then"] / 10) < Decimal("0.001")
    assert "less 10%" in natwise("diff", dear, old, "--discount", "10%").stdout


def test_a_rise_can_be_an_error(natwise, sides):
    rise = exact(natwise("diff", *sides, "--format", "json").stdout)["monthly_usd"]["comparable_change"]
    assert rise > 1
    for limit, code in ((rise - 1, 1), (rise, 1), (rise + 1, 0)):
        assert natwise("diff", *sides, "--fail-on", limit).returncode == code, limit
    assert natwise("diff", *reversed(sides), "--fail-on", "1").returncode == 0


def test_what_cannot_be_compared_is_said(natwise, sides, tmp_path):
    old, new = sides
    told = report(natwise, tmp_path, old).read_text()
    (tmp_path / "cut.json").write_text(told[: len(told) // 2])
    (tmp_path / "text.json").write_text("hello")
    (tmp_path / "empty.json").write_text("")
    (tmp_path / "other.json").write_text('{"a": 1}')
    (tmp_path / "traffic.json").write_text('{"schema": "natwise.traffic/1", "flows": []}')
    (tmp_path / "later.json").write_text('{"schema": "natwise.report/2"}')
    (tmp_path / "scan.json").write_text('{"schema": "natwise.scan/1"}')
    (tmp_path / "huge.json").write_text(re.sub(r'"monthly_usd": [0-9.]+', '"monthly_usd": 1e300', told).replace('"total": ', '"total": 1e300, "was": ', 1))
    (tmp_path / "nothing").mkdir()
    both = tmp_path / "both"
    both.mkdir()
    (both / "a.json").write_text(told)
    (both / "b.json").write_text(old.read_text())
    twice = tmp_path / "twice"
    twice.mkdir()
    for name in ("a.json", "b.json"):
        (twice / name).write_text(told)
    cases = {
        "cut.json": "truncated",
        "text.json": "not JSON",
        "empty.json": "empty",
        "other.json": "not a report",
        "traffic.json": "has no costs of a window",
        "later.json": "another version of natwise",
        "scan.json": "name the folder",
        "huge.json": "a number that no report has",
        "nothing": "neither a snapshot nor a report",
        "both": "both snapshots and reports",
        "twice": "in more than one",
        "missing.json": "cannot read",
    }
    for name, words in cases.items():
        for pair in ((tmp_path / name, new), (new, tmp_path / name)):
            done = natwise("diff", *pair)
            assert (done.returncode, done.stdout) == (2, ""), name
            assert words in done.stderr and "panicked" not in done.stderr, (name, done.stderr)
    done = natwise("diff", "-", "-")
    assert done.returncode == 2 and "one side only" in done.stderr
    assert "the other way round" in natwise("diff", new, old).stderr


def test_several_forms_at_once(natwise, sides, tmp_path):
    html, text = tmp_path / "difference.html", tmp_path / "difference.md"
    done = natwise("diff", *sides, "--format", "html", "-o", html, "--format", "markdown", "-o", text, "--format", "json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["schema"] == "natwise.difference/1"
    assert html.read_text().startswith("<!doctype html>") and text.read_text().startswith("# NAT")


def matches(value, schema, root):
    """Enough of JSON Schema for what natwise publishes: no unknown keys, no missing ones, and the right types."""
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rsplit("/", 1)[1]] | {key: of for key, of in schema.items() if key != "$ref"}
    if "anyOf" in schema or "oneOf" in schema:
        return any(matches(value, option, root) for option in schema.get("anyOf", schema.get("oneOf")))
    if "const" in schema:
        return value == schema["const"]
    if "enum" in schema:
        return value in schema["enum"]
    kinds = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "number": (int, float), "null": type(None)}
    allowed = schema.get("type", list(kinds))
    allowed = [allowed] if isinstance(allowed, str) else allowed
    if not any(isinstance(value, kinds[kind]) for kind in allowed):
        return False
    if isinstance(value, dict) and "properties" in schema:
        known = schema["properties"]
        return set(value) == set(known) and all(matches(value[key], known[key], root) for key in value)
    return not isinstance(value, list) or all(matches(item, schema.get("items", {}), root) for item in value)


def months(folder):
    """Three windows: a snapshot, a folder of parts, and a report; and a file that is none."""
    folder.mkdir()
    first, third = later(demo(), -31), later(changed(), 0)
    (folder / "b-first.json").write_text(json.dumps(first))
    second = folder / "october"
    second.mkdir()
    snapshot = demo()
    for part in snapshot["regions"]:
        (second / f"{part['region']}.json").write_text(json.dumps({**snapshot, "regions": [part]}))
    (folder / "traffic.json").write_text('{"schema": "natwise.traffic/1"}')
    (folder / "notes.txt").write_text("not JSON, and not looked at")
    return third


def test_months_in_a_row(natwise, tmp_path):
    folder = tmp_path / "months"
    third = tmp_path / "third.json"
    third.write_text(json.dumps(months(folder)))
    shutil.copy(report(natwise, tmp_path, third), folder / "a-third.json")
    done = natwise("history", folder, "--format", "json")
    assert done.returncode == 0 and "traffic.json" in done.stderr, done.stderr
    history = exact(done.stdout)
    assert history["schema"] == "natwise.history/1" and history["left_out"] == ["traffic.json"]
    rows = history["windows"]
    assert [row["source"] for row in rows] == ["b-first.json", "october", "a-third.json"]
    assert rows[0]["change_monthly_usd"] is None
    for before, row in zip(rows, rows[1:]):
        difference = exact(natwise("diff", folder / before["source"], folder / row["source"], "--format", "json").stdout)
        assert row["monthly_usd"] == difference["now"]["monthly_usd"]
        not_seen = {part["region"] for part in difference["not_comparable"]}
        both = [of for of in difference["nat_gateways"] + difference["endpoints"] if of["region"] not in not_seen]
        assert row["change_monthly_usd"] == sum(of["change_monthly_usd"] for of in both) != 0
    assert rows[2]["remarks"] == ["lacks what the one before has: 111122223333 ap-southeast-2"]

    table = natwise("history", folder).stdout
    assert "█" in table and "To know before comparing" in table
    assert all(row["window"]["start"][:10] in table for row in rows)
    lines = list(csv.DictReader(io.StringIO(natwise("history", folder, "--format", "csv").stdout)))
    assert [Decimal(line["monthly_total_usd"]) for line in lines] == [row["monthly_usd"]["total"] for row in rows]
    assert [line["change_monthly_usd"] and Decimal(line["change_monthly_usd"]) for line in lines] == ["", *(row["change_monthly_usd"] for row in rows[1:])]
    assert natwise("history", folder, "--format", "markdown").stdout.count("\n| 2026-") == 3

    # A month twice, and one that is broken.
    shutil.copy(folder / "b-first.json", folder / "c-again.json")
    rows = json.loads(natwise("history", folder, "--format", "json").stdout)["windows"]
    assert rows[1]["source"] == "c-again.json" and rows[1]["remarks"] == ["the same window as b-first.json"]
    assert rows[1]["change_monthly_usd"] is None
    (folder / "broken.json").write_text('{"schema": "natwise.report/1", ')
    done = natwise("history", folder)
    assert done.returncode == 2 and "broken.json" in done.stderr and done.stdout == ""
    (folder / "broken.json").write_text('{"a": ')
    done = natwise("history", folder)
    assert done.returncode == 2 and "broken.json is broken" in done.stderr
    for nothing in (tmp_path / "none", folder / "traffic.json"):
        assert natwise("history", nothing).returncode == 2


def test_a_scan_of_an_organisation_is_one_month(natwise, sides, tmp_path):
    old, new = sides
    whole = tmp_path / "scan"
    snapshot = json.loads(old.read_text())
    for part in snapshot["regions"]:
        place = whole / part["account_id"]
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{part['region']}.json").write_text(json.dumps({**snapshot, "regions": [part]}))
    [account] = {part["account_id"] for part in snapshot["regions"]}
    regions = sorted(part["region"] for part in snapshot["regions"])
    manifest = {
        "schema": "natwise.scan/1", "generated_by": "natwise", "window": snapshot["window"],
        "started_at": "2026-11-01T00:00:00Z", "finished_at": "2026-11-01T01:00:00Z",
        "accounts": {account: {"regions": regions, "gaps": []}}, "gaps": [],
    }
    (whole / "scan.json").write_text(json.dumps(manifest))
    expected = exact(natwise("diff", old, new, "--format", "json").stdout)
    done = natwise("diff", whole, new, "--format", "json")
    assert done.returncode == 0, done.stderr
    assert exact(done.stdout)["effects"] == expected["effects"]
    history = json.loads(natwise("history", whole, "--format", "json").stdout)
    assert [row["source"] for row in history["windows"]] == ["scan"]


def test_the_schemas_are_published_and_hold(natwise, sides, tmp_path):
    folder = tmp_path / "months"
    months(folder)
    for of, output in (
        ("difference", natwise("diff", *sides, "--format", "json").stdout),
        ("history", natwise("history", folder, "--format", "json").stdout),
    ):
        done = natwise("schema", of)
        assert done.returncode == 0, done.stderr
        schema = json.loads(done.stdout)
        assert matches(json.loads(output), schema, schema), of
        assert not matches(json.loads(output) | {"more": 1}, schema, schema)


@pytest.fixture
def hostile(natwise, tmp_path):
    """Reports whose every text is hostile, as a file can be that somebody sent."""
    files = []
    for name, snapshot in (("old", demo()), ("new", changed())):
        file = tmp_path / f"{name}.json"
        file.write_text(json.dumps(snapshot))
        told = json.loads(report(natwise, tmp_path, file).read_text())
        for rows in ("nat_gateways", "endpoints", "findings"):
            for index, row in enumerate(told[rows]):
                for key in {"name", "title", "basis", "state", "service_name", "type"} & set(row):
                    row[key] = HOSTILE
                for key in {"nat_gateway_id", "vpc_endpoint_id"} & set(row):
                    row[key] = f"{row[key]}{HOSTILE}"
                if "rule" in row and index % 2:
                    row["rule"] = HOSTILE
        for account in told["accounts"]:
            account["account_id"] = account["account_id"] + HOSTILE
        told["prices"]["as_of"] = told["prices"]["source"] = told["generated_by"] = HOSTILE
        file.write_text(json.dumps(told))
        files.append(file)
    return files


def test_hostile_names_are_text_in_every_form(natwise, hostile, tmp_path):
    folder = tmp_path / "months"
    folder.mkdir()
    shutil.copy(hostile[0], folder / "<b>a\u202e@all.json")
    shutil.copy(hostile[1], folder / "=1+1.json")
    for form in ("table", "markdown", "html"):
        for arguments in (("diff", *hostile), ("history", folder)):
            done = natwise(*arguments, "--format", form, "--color", "never")
            assert done.returncode == 0, done.stderr
            assert not set("\u202e\x1b\x00") & set(done.stdout + done.stderr), (form, arguments[0])
            if form == "markdown":
                outside = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", done.stdout)
                assert "<" not in outside and "@" not in outside and "](" not in outside
            if form == "html":
                assert "<script" not in done.stdout and "<img" not in done.stdout
    sheet = natwise("history", folder, "--format", "csv").stdout
    assert all(not row["source"].startswith(("=", "<b>a\u202e")) for row in csv.DictReader(io.StringIO(sheet)))


@pytest.fixture(scope="module")
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=FLAGS)
        yield browser
        browser.close()


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_pages_in_a_browser(natwise, hostile, sides, tmp_path, chromium, width):
    folder = tmp_path / "months"
    folder.mkdir()
    for index, side in enumerate((*hostile, *sides)):
        shutil.copy(side, folder / f"{index}.json")
    pages = [("diff", *hostile), ("diff", *sides), ("history", folder)]
    for number, arguments in enumerate(pages):
        file = tmp_path / f"page-{number}.html"
        assert natwise(*arguments, "--format", "html", "-o", file).returncode == 0
        page = chromium.new_page(viewport={"width": width, "height": 800})
        seen = Seen(page)
        page.goto(file.as_uri())
        assert page.locator("script, img").count() == 0
        assert page.evaluate("window.pwned") is None
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        bars = page.locator(".bar rect")
        assert bars.count() >= 3 and all(box["width"] >= 0 for box in (bar.bounding_box() for bar in bars.all()[:3]))
        if arguments[0] == "diff":
            told = json.loads(natwise(*arguments, "--format", "json").stdout)
            moved = [row for row in told["nat_gateways"] if row["status"] != "same"]
            assert page.locator("#gateways .rows > tbody > tr").count() == len(moved)
            assert f"${told['monthly_usd']['now']:,.2f}" in page.locator("#answer").inner_text()
        # Readable by everybody, light and dark.
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            results = Axe().run(page).response
            serious = [v for v in results["violations"] if v["impact"] in ("serious", "critical")]
            assert [(v["id"], v["nodes"][0]["html"][:200], v["nodes"][0]["failureSummary"]) for v in serious] == []
        page.emulate_media(color_scheme="light")
        if width == 1280:
            pictures = ROOT / "target" / "html-report"
            pictures.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=pictures / f"difference-{number}.png", full_page=True)
        page.close()
        seen.check(file)
