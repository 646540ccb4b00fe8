"""Markdown, CSV, XLSX and FOCUS: read by other programs, they say what the JSON says, and hostile text stays text."""

import csv
import html
import io
import json
import os
import re
import shutil
import subprocess
import zipfile
from datetime import datetime, timezone

import cmarkgfm
import duckdb
import openpyxl
import pytest
from cmarkgfm.cmark import Options

from conftest import NATWISE, ROOT

TABLES = ("findings", "nat-gateways", "endpoints", "accounts")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
HOSTILE = [
    '=HYPERLINK("http://evil.example","x")',
    "+1+1",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    "＝1+1",
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "[click](javascript:alert(1)) ![x](https://evil.example/x.png)",
    "https://evil.example www.evil.example a@evil.example",
    "@octocat #1 GH-1 owner/repo#1 deadbeef0 :smile: $x$",
    "a | b || c \\| d",
    "``` \n# owned\n\n- item\n| a | b |\n|---|---|\n",
    "`a``b```c````d",
    "ends with \\",
    "_x0041_ \u0000\u001b]0;owned\u0007\u202e\ufffe &lt; &#64;",
    "x" * 40_000,
]


def snapshot():
    return json.loads((ROOT / "src" / "demo" / "account.json").read_text())


@pytest.fixture
def hostile(tmp_path):
    """The demo with other names, and with ids that go on where ids end."""
    account = snapshot()
    used = set()
    for offset, kind in ((0, "nat_gateways"), (-8, "vpc_endpoints"), (0, "vpcs"), (0, "subnets")):
        for count, row in enumerate(row for region in account["regions"] for row in region.get(kind, [])):
            name = HOSTILE[(count + offset) % len(HOSTILE)]
            row.setdefault("tags", {})["Name"] = name
            if kind != "subnets":
                used.add(name)
    assert used == set(HOSTILE)
    text = json.dumps(account)
    parts = account["regions"]
    ids = {row[key] for part in parts for kind, key in (
        ("nat_gateways", "nat_gateway_id"),
        ("route_tables", "route_table_id"),
        ("vpc_endpoints", "vpc_endpoint_id"),
        ("vpcs", "vpc_id"),
    ) for row in part.get(kind, [])}
    for index, name in enumerate(sorted(ids)):
        bad = HOSTILE[index % (len(HOSTILE) - 1)] + f" {index}"
        # Half of them start with what is hostile, half end with it.
        bad = bad if index % 2 else f"{name} {bad}"
        text = text.replace(json.dumps(name), json.dumps(bad))
    file = tmp_path / "hostile.json"
    file.write_text(text)
    return file


@pytest.fixture
def unseen(tmp_path):
    """The demo without the answer to one call."""
    account = snapshot()
    part = next(part for part in account["regions"] if part["region"] == "us-east-1")
    part["gaps"] = [
        {
            "account_id": "111122223333",
            "region": "us-east-1",
            "operation": "DescribeVpcEndpoints",
            "code": "UnauthorizedOperation",
            "message": "You are not authorized\nto perform this \u001b[31moperation.",
            "iam_action": "ec2:DescribeVpcEndpoints",
        }
    ]
    part["vpc_endpoints"] = []
    file = tmp_path / "unseen.json"
    file.write_text(json.dumps(account))
    return file


def table(natwise, which, *arguments, form="csv"):
    option = ("--table", which) if form == "csv" else ()
    done = natwise("audit", *(arguments or ("--demo",)), "--format", form, *option, text=False)
    assert done.returncode == 0, done.stderr
    rows = list(csv.reader(io.StringIO(done.stdout.decode(), newline=""), strict=True))
    assert len({len(row) for row in rows}) == 1, "rows of one length"
    return [dict(zip(rows[0], row)) for row in rows[1:]]


def total(rows, column):
    return sum(float(row[column]) for row in rows if row[column] != "")


def near(value):
    return pytest.approx(value, abs=0.005)


# CSV


def test_csv_has_every_row_and_the_figures_of_the_json(natwise, demo):
    findings = table(natwise, "findings", "--demo", "--top", "1")
    assert len(findings) == len(demo["findings"]) > 10
    for row, finding in zip(findings, demo["findings"]):
        assert row["rule"] == finding["rule"] and row["basis"] == finding["basis"]
        assert row["title"] == finding["title"] and row["remedy"] == finding["remedy"]["kind"]
        assert row["commands"].split("\n") == finding["remedy"]["commands"] or not finding["remedy"]["commands"]
        for column in ("current", "saving_low", "saving_high"):
            figure = row[f"monthly_{column}_usd"]
            assert (float(figure) if figure else None) == finding["monthly_usd"][column]
        known = finding["monthly_usd"]["saving_high"] is not None
        assert row["money"] == ("known" if known else "none" if row["basis"] == "configuration" else "unknown")
    month = demo["totals"]["monthly_usd"]
    assert total(findings, "monthly_adds_low_usd") == near(month["saving_low"])
    assert total(findings, "monthly_adds_high_usd") == near(month["saving_high"])
    assert total(findings, "monthly_saving_high_usd") > month["saving_high"], "two findings claim one dollar"
    gateways, endpoints = table(natwise, "nat-gateways"), table(natwise, "endpoints")
    window = demo["totals"]["window_usd"]
    assert total(gateways, "window_hours_usd") == near(window["nat_hours"])
    assert total(gateways, "window_data_usd") == near(window["nat_data"])
    assert total(gateways, "window_addresses_usd") == near(window["other"])
    assert total(endpoints, "window_hours_usd") == near(window["endpoint_hours"])
    assert total(endpoints, "window_data_usd") == near(window["endpoint_data"])
    known = total(gateways, "monthly_known_usd") + total(endpoints, "monthly_known_usd")
    assert known == near(month["current"])
    for row, gateway in zip(gateways, demo["nat_gateways"], strict=True):
        processed = gateway["bytes"] and gateway["bytes"]["processed"]
        assert row["processed_bytes"] == ("" if processed is None else str(processed))
        assert row["monthly_usd"] == "" or float(row["monthly_usd"]) == gateway["monthly_usd"]
        assert (row["monthly_usd"] == "") == (gateway["monthly_usd"] is None) == (row["unknown"] != "")


def test_another_engine_reads_the_same_sums(natwise, demo, tmp_path):
    for which in TABLES:
        done = natwise("audit", "--demo", "--format", "csv", "--table", which, "-o", tmp_path / f"{which}.csv")
        assert done.returncode == 0

    def one(query):
        return duckdb.sql(query.replace("DIR", str(tmp_path))).fetchall()[0]

    month, window = demo["totals"]["monthly_usd"], demo["totals"]["window_usd"]
    low, high, count = one(
        "SELECT sum(monthly_adds_low_usd), sum(monthly_adds_high_usd), count(*) FROM read_csv('DIR/findings.csv')"
    )
    assert (low, high, count) == (near(month["saving_low"]), near(month["saving_high"]), len(demo["findings"]))
    hours, data = one("SELECT sum(window_hours_usd), sum(window_data_usd) FROM read_csv('DIR/nat-gateways.csv')")
    assert (hours, data) == (near(window["nat_hours"]), near(window["nat_data"]))
    hours, data = one("SELECT sum(window_hours_usd), sum(window_data_usd) FROM read_csv('DIR/endpoints.csv')")
    assert (hours, data) == (near(window["endpoint_hours"]), near(window["endpoint_data"]))


def test_the_columns_are_stable(natwise):
    """Scripts name them: add to the end of this list, never change it."""
    expected = (ROOT / "tests" / "e2e" / "csv_columns.json").read_text()
    assert {which: list(table(natwise, which)[0]) for which in TABLES} == json.loads(expected)


def test_table_is_for_csv_only(natwise):
    for arguments in ((), ("--format", "json"), ("--format", "xlsx", "-o", "x")):
        done = natwise("audit", "--demo", "--table", "endpoints", *arguments)
        assert done.returncode == 2 and "--table" in done.stderr and "csv" in done.stderr and done.stdout == ""
    both = natwise("audit", "--demo", "--table", "endpoints", "--format", "csv", "--format", "json", "-o", "report.json")
    assert both.returncode == 0 and both.stdout.startswith("account_id,")


def test_no_cell_is_a_formula(natwise, hostile):
    number = re.compile(r"-?\d+(\.\d+)?")
    quoted = 0
    for which in (*TABLES, "focus"):
        for row in table(natwise, which, "--snapshot", hostile, form="focus" if which == "focus" else "csv"):
            for column, cell in row.items():
                assert not cell.startswith(FORMULA) or number.fullmatch(cell), (which, column, cell[:40])
                assert not set("\x00\x1b\x07\u202e\t\r") & set(cell), (which, column)
                assert column in ("commands", "notes") or "\n" not in cell, (which, column)
                quoted += cell.startswith("'")
    assert quoted > 10


# XLSX


@pytest.fixture
def workbook(natwise, tmp_path):
    def make(*arguments):
        file = tmp_path / "report.xlsx"
        done = natwise("audit", *(arguments or ("--demo",)), "--format", "xlsx", "-o", file)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        return file

    return make


def summary(book):
    """The summary's figures by their labels."""
    return {row[0]: row[1] for row in book["Summary"].iter_rows(values_only=True) if isinstance(row[1], (int, float))}


def expected(report):
    window, month = report["totals"]["window_usd"], report["totals"]["monthly_usd"]
    processed = sum(row["bytes"]["processed"] for row in report["nat_gateways"] if row["bytes"])
    carried = sum(row["bytes"] or 0 for row in report["endpoints"])
    figures = {
        "NAT gateway hours": window["nat_hours"],
        "NAT gateway data": window["nat_data"],
        "NAT gateway addresses": window["other"],
        "Endpoint hours": window["endpoint_hours"],
        "Endpoint data": window["endpoint_data"],
        "Total": window["total"],
        "Cost, as far as known": month["current"],
        "Waste, at least": month["saving_low"],
        "Waste, at most": month["saving_high"],
        "NAT gateways, as far as known": processed / 2**30,
        "the same by days": processed / 2**30,
        "Endpoints, as far as known": carried / 2**30,
    }
    if month["ended"]:
        figures["of it for gateways deleted since"] = month["ended"]
    return {label: near(figure) for label, figure in figures.items() if figure is not None}


def test_the_workbook_says_what_the_json_says(workbook, demo):
    file = workbook()
    stored = openpyxl.load_workbook(file, data_only=True)
    assert stored.sheetnames == ["Summary", "NAT gateways", "Endpoints", "Findings", "Daily"]
    assert summary(stored) == expected(demo)
    end = datetime.fromisoformat(demo["window"]["end"])
    assert stored.properties.created.replace(tzinfo=timezone.utc) == end
    rows = {"NAT gateways": "nat_gateways", "Endpoints": "endpoints", "Findings": "findings"}
    for title, key in rows.items():
        sheet = stored[title]
        assert sheet.max_row == len(demo[key]) + 1
        assert sheet.freeze_panes == "A2" and sheet.auto_filter.ref.startswith("A1:")
    daily = list(stored["Daily"].iter_rows(min_row=2, values_only=True))
    days = [(day, row["nat_gateway_id"], b) for row in demo["nat_gateways"] for day, b in row["daily_bytes"].items()]
    assert len(daily) == len(days) > 50
    for (date, _, _, gateway, _, amount), (day, nat, count) in zip(daily, days):
        assert date.date().isoformat() == day and gateway == nat
        assert amount == ("unknown" if count is None else pytest.approx(count / 2**30))
    header = {cell.value: cell.column for cell in stored["NAT gateways"][1]}
    month = stored["NAT gateways"].cell(2, header["Month"])
    assert month.number_format == "$#,##0.00" and month.value == near(demo["nat_gateways"][0]["monthly_usd"])
    assert stored["NAT gateways"].cell(2, header["Processed"]).number_format == '#,##0.0 "GB"'
    formulas = openpyxl.load_workbook(file)
    assert {sheet.title for sheet in formulas for row in sheet.iter_rows() for c in row if c.data_type == "f"} == {"Summary"}
    sums = [row[1] for row in formulas["Summary"].iter_rows(values_only=True) if str(row[1]).startswith("=")]
    assert len(sums) == 12 and all("SUM(" in formula for formula in sums)


def recalculated(file, folder):
    """The workbook as LibreOffice computes it: the stored results are taken out first."""
    bare, out = folder / "bare.xlsx", folder / "out"
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(bare, "w", zipfile.ZIP_DEFLATED) as new:
        removed = 0
        for entry in old.infolist():
            content = old.read(entry)
            if entry.filename.startswith("xl/worksheets/sheet"):
                text, count = re.subn(r"(</f>)<v>[^<]*</v>", r"\1", content.decode())
                content, removed = text.encode(), removed + count
            new.writestr(entry.filename, content)
        assert removed == 12
    soffice = shutil.which("soffice")
    assert soffice, "tests/run installs it"
    profile = f"-env:UserInstallation=file://{folder}/profile"
    command = [soffice, profile, "--headless", "--convert-to", "xlsx", "--outdir", out, bare]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180)
    assert (out / "bare.xlsx").is_file(), done.stdout + done.stderr
    return openpyxl.load_workbook(out / "bare.xlsx", data_only=True)


def test_libreoffice_comes_to_the_same_totals(workbook, demo, natwise, unseen, tmp_path):
    assert summary(recalculated(workbook(), tmp_path)) == expected(demo)
    # Some costs of another account are not known: those sums pass over.
    report = natwise.json("audit", "--snapshot", unseen)
    assert summary(recalculated(workbook("--snapshot", unseen), tmp_path)) == expected(report)


def test_text_in_a_workbook_is_text(workbook, hostile, tmp_path):
    file = workbook("--snapshot", hostile)
    book = openpyxl.load_workbook(file)
    names = set()
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.hyperlink is None
                assert cell.data_type != "f" or sheet.title == "Summary"
                if isinstance(cell.value, str):
                    assert len(cell.value.encode("utf-16-le")) <= 2 * 32_767
                    names.add(cell.value)
    assert '=HYPERLINK("http://evil.example","x")' in names and "+1+1" in names
    assert any(name.startswith(r"_x0041_ \u{0}\u{1b}]0;owned") for name in names)
    # LibreOffice opens it as well, and finds the same.
    stored = summary(openpyxl.load_workbook(file, data_only=True))
    assert summary(recalculated(file, tmp_path)) == {label: near(figure) for label, figure in stored.items()}


def test_a_workbook_is_not_for_a_terminal(home):
    import pty

    leader, follower = pty.openpty()
    env = {"PATH": "/usr/bin:/bin", "TERM": "xterm"}
    command = [NATWISE, "audit", "--demo", "--format", "xlsx"]
    done = subprocess.run(command, stdout=follower, stderr=subprocess.PIPE, env=env, text=True, timeout=60)
    assert done.returncode == 2 and "-o FILE" in done.stderr
    device = [*command, "-o", os.ttyname(follower)]
    done = subprocess.run(device, capture_output=True, env=env, text=True, timeout=60)
    assert done.returncode == 2 and "-o FILE" in done.stderr
    os.close(follower)
    os.close(leader)
    piped = subprocess.run(command, capture_output=True, env=env, timeout=60)
    assert piped.returncode == 0 and piped.stdout.startswith(b"PK")


# Markdown


def page(text):
    """What GitHub makes of it; raw HTML is let through, so that it would be seen."""
    return cmarkgfm.github_flavored_markdown_to_html(text, options=Options.CMARK_OPT_UNSAFE)


OURS = {"h1", "h2", "h3", "p", "strong", "em", "ul", "li", "code", "pre", "table", "thead", "tbody", "tr", "th", "td"}


def test_markdown_says_it_all(natwise, demo):
    text = natwise("audit", "--demo", "--format", "markdown").stdout
    rendered = page(text)
    month, window = demo["totals"]["monthly_usd"], demo["totals"]["window_usd"]
    plain = html.unescape(re.sub("<[^>]+>", "", rendered))
    for figure in (month["current"], month["saving_low"], month["saving_high"], window["total"], window["nat_data"]):
        assert f"${figure:,.2f}" in plain
    assert rendered.count("<h3>") == len(demo["findings"]) and rendered.count("<table>") == 3
    rows = len(demo["nat_gateways"]) + len(demo["endpoints"]) + 6 + 3
    assert rendered.count("<tr>") == rows
    blocks = [html.unescape(block) for block in re.findall(r'<pre lang="sh"><code>(.*?)\n?</code></pre>', rendered, re.S)]
    commands = [finding["remedy"]["commands"] for finding in demo["findings"] if finding["remedy"]["commands"]]
    assert blocks == ["\n".join(lines) for lines in commands], "commands can be copied as they are"
    for finding in demo["findings"]:
        assert re.sub(r"\s+", " ", finding["title"]) in plain
        assert all(note in plain for note in finding["remedy"]["notes"])
    assert "Complete: no" in plain and "unknown" in plain
    for unknown in demo["totals"]["unknown"]:
        assert unknown["resource"] in plain and unknown["reason"] in plain
    assert set(re.findall(r"</?(\w+)", rendered)) <= OURS


def test_markdown_shows_so_many_rows(natwise):
    text = natwise("audit", "--demo", "--format", "markdown", "--top", "2").stdout
    assert text.count("\n### ") == 2 and "more: `--top 0`" in text
    everything = natwise("audit", "--demo", "--format", "markdown", "--top", "0").stdout
    assert "more: `--top 0`" not in everything and len(everything) > len(text)


def test_markdown_shows_what_was_not_seen(natwise, unseen):
    text = natwise("audit", "--snapshot", unseen, "--format", "markdown").stdout
    plain = html.unescape(re.sub("<[^>]+>", "", page(text)))
    assert "1 call(s) failed" in plain.split("Findings")[0]
    assert "DescribeVpcEndpoints" in plain and "Allow ec2:DescribeVpcEndpoints" in plain and "\x1b" not in text
    assert "Rules that could not be applied" in plain and "missing-gateway-endpoint" in plain


def test_hostile_text_cannot_do_anything_in_markdown(natwise, hostile, demo):
    text = natwise("audit", "--snapshot", hostile, "--format", "markdown", "--top", "0").stdout
    rendered = page(text)
    assert set(re.findall(r"</?([a-zA-Z]\w*)", rendered)) <= OURS, "no links, images or HTML"
    report = natwise.json("audit", "--snapshot", hostile)
    assert rendered.count("<h1>") == 1 and rendered.count("<table>") == 3 and rendered.count("<ol>") == 0
    assert rendered.count("<h3>") == len(report["findings"]) == len(demo["findings"])
    assert rendered.count("<tr>") == len(report["nat_gateways"]) + len(report["endpoints"]) + 6 + 3
    for line in re.findall(r"<tr>(.*?)</tr>", rendered, re.S):
        assert len(re.findall(r"<t[hd]\b", line)) in (2, 7, 8)
    # What GitHub and chats look for after the Markdown was read, they look for outside of code only.
    loose = html.unescape(re.sub(r"<(code)\b.*?</\1>", "", rendered, flags=re.S))
    loose = re.sub("<[^>]+>", "", loose)
    for pattern in (r"@\w", r"#\d", r"GH-\d", r"https?:", r"www\.", r":\w+:", r"<", r"\bdeadbeef", r"[\x00-\x09\x0b-\x1f\u202e]"):
        assert not re.search(pattern, loose), (pattern, re.search(".{40}" + pattern, loose))
    inside = html.unescape("".join(re.findall(r"<code>(.*?)</code>", rendered, re.S)))
    assert "<script>alert(1)</script>" in inside and "@octocat" in inside, "it is shown"


# FOCUS

SPEC = json.loads((ROOT / "tests" / "e2e" / "focus_1_2.json").read_text())["columns"]
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
DECIMAL = re.compile(r"-?\d+(\.\d+)?")


def check_focus(rows):
    for row in rows:
        columns = list(row)
        ours = [column for column in columns if column not in SPEC]
        assert set(SPEC) <= set(columns) and all(column.startswith("x_") for column in ours)
        assert columns[-len(ours) :] == ours, "custom columns come last"
        for column, rule in SPEC.items():
            cell = row[column]
            if cell == "":
                assert rule["nulls"], f"{column} must not be null"
                continue
            assert cell.strip() != ""
            if rule["type"] == "Decimal":
                assert DECIMAL.fullmatch(cell), (column, cell)
            if rule["type"] == "Date/Time":
                assert TIME.fullmatch(cell), (column, cell)
            assert cell in rule.get("values", [cell]), (column, cell)
        # Rules across columns.
        assert row["ChargeCategory"] == "Adjustment"
        assert row["ConsumedQuantity"] == "", "null unless the category is Usage"
        assert (row["PricingQuantity"] == "") == (row["PricingUnit"] == "") and row["SkuPriceDetails"] == ""
        assert row["BilledCost"] == row["EffectiveCost"] == row["ContractedCost"] == row["PricingCurrencyEffectiveCost"]
        assert row["BillingPeriodStart"] <= row["ChargePeriodStart"] < row["ChargePeriodEnd"] <= row["BillingPeriodEnd"]
        assert row["RegionName"] and row["SubAccountName"] and row["ResourceType"]
        assert row["ResourceName"] != row["ResourceId"]


def test_focus_rows_are_as_published(natwise, demo):
    rows = table(natwise, "", "--demo", form="focus")
    check_focus(rows)
    assert len(rows) == len(demo["plan"]) > 5
    start, end = demo["window"]["start"], demo["window"]["end"]
    for row, step in zip(rows, demo["plan"]):
        finding = demo["findings"][step["finding"]]
        assert row["x_natwise_rule"] == finding["rule"] and row["x_basis"] == finding["basis"]
        assert row["SubAccountId"] == finding["account_id"] and row["RegionId"] == finding["region"]
        assert any(row["ResourceId"].endswith("/" + resource) for resource in finding["resources"])
        assert row["ResourceId"].startswith(f"arn:aws:ec2:{finding['region']}:{finding['account_id']}:")
        assert (row["ChargePeriodStart"], row["ChargePeriodEnd"]) == (start, end)
        assert float(row["x_saving_low_usd"]) == step["saving_low"]
    month = demo["totals"]["monthly_usd"]
    assert total(rows, "x_saving_low_usd") == near(month["saving_low"])
    assert total(rows, "x_saving_high_usd") == near(month["saving_high"])
    share = demo["window"]["hours"] / 730
    assert total(rows, "EffectiveCost") == near(month["saving_low"] * share)
    assert total(rows, "x_possible_cost_usd") == near(month["saving_high"] * share)
    assert total(rows, "ListCost") == near(total(rows, "BilledCost"))


def test_focus_tells_list_cost_from_what_is_paid(natwise):
    rows = table(natwise, "", "--demo", "--discount", "20%", form="focus")
    check_focus(rows)
    assert total(rows, "EffectiveCost") == near(total(rows, "ListCost") * 0.8) and total(rows, "ListCost") > 1


def test_focus_of_a_hostile_account(natwise, hostile):
    check_focus(table(natwise, "", "--snapshot", hostile, form="focus"))


# All of them


@pytest.mark.parametrize("form", ["markdown", "csv", "xlsx", "focus"])
def test_two_runs_write_the_same_bytes(natwise, form, tmp_path):
    first = natwise("audit", "--demo", "--format", form, text=False)
    second = natwise("audit", "--demo", "--format", form, text=False, env={"TZ": "Asia/Tokyo", "COLUMNS": "60"})
    assert first.returncode == 0 and first.stdout == second.stdout and len(first.stdout) > 1_000


@pytest.mark.parametrize("form", ["markdown", "csv", "focus"])
def test_text_formats_stop_at_a_closed_pipe(home, form):
    command = f"{NATWISE} audit --demo --format {form} | head -n 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, env={"PATH": "/usr/bin:/bin"})
    assert done.returncode == 0 and done.stderr == "" and done.stdout.count("\n") == 1
