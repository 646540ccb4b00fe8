"""Bills of a known world, in every form: what natwise says of them is what the generator knows, to six decimals."""

import csv
import gzip
import io
import json
import subprocess
import sys
from decimal import ROUND_HALF_EVEN, Decimal

import duckdb
import openpyxl
import pytest

from conftest import ROOT

FORMS = {"cur2": "cur-2.0", "legacy": "cur-legacy", "focus10": "focus-1.0", "focus12": "focus-1.2"}
FILES = ("csv", "gz", "parquet")
SIX = Decimal("0.000001")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bill")
    command = [sys.executable, ROOT / "tests" / "tools" / "make_bill.py", folder, "--bulk", "8000"]
    subprocess.run([str(word) for word in command], check=True)
    return folder


@pytest.fixture
def truth(world):
    # This one was seen with the prefix and without; natwise takes both, and has one name for it.
    text = (world / "truth.json").read_text()
    return json.loads(text.replace("USE1-RegionalNatGateway-Hours", "RegionalNatGateway-Hours"))


@pytest.fixture
def audit(natwise, world):
    def run(*bills, snapshot=None, **options):
        return natwise("audit", "--snapshot", snapshot or world / "snapshot.json", "--bill", *bills, **options)

    run.json = lambda *bills: natwise.json("audit", "--snapshot", world / "snapshot.json", "--bill", *bills)
    return run


def six(value):
    """A figure as the report has it."""
    return None if value is None else Decimal(str(value)).quantize(SIX, ROUND_HALF_EVEN)


def by_key(rows, *names):
    found = {tuple(row[name] for name in names): row for row in rows}
    assert len(found) == len(rows)
    return found


def agree(rows, expected, names, fields):
    rows = by_key(rows, *names)
    assert rows.keys() == {tuple(row["key"]) for row in expected}
    for row in expected:
        mine = rows[tuple(row["key"])]
        for field in fields:
            assert six(mine[field]) == six(row[field]), (row["key"], field)
    return rows


@pytest.mark.parametrize("files", FILES)
@pytest.mark.parametrize("form", FORMS)
def test_every_form_says_the_same(audit, world, truth, form, files):
    report = audit.json(world / form / files)
    found = report["reconciliation"]
    assert found["bill"]["forms"] == [FORMS[form]]
    assert found["bill"]["payers"] == ["999900001111"]
    assert found["bill"]["currency"] == "USD"
    assert found["bill"]["covers_window"] is True
    assert found["bill"]["faults"] == [] and found["bill"]["unrecognised"] == []
    statistics = found["bill"]["statistics"]
    # A legacy report here has its discounts on lines of their own.
    discounts = sum(row["lines"] for row in found["other_lines"] if row["class"] == "discount")
    assert (discounts > 0) == (form == "legacy")
    assert statistics["lines"] == truth["lines"] + discounts
    assert statistics["counted"] == truth["ours"] + discounts
    assert statistics["malformed"] == statistics["outside_window"] == statistics["pro_rata"] == 0

    compared = ("billed_quantity", "computed_quantity", "ratio", "effective_cost")
    usage = agree(found["usage"], truth["usage"], ("region", "usage_type"), compared)
    resources = agree(found["resources"], truth["resources"], ("region", "usage_type", "resource"), compared)
    for rows, expected in ((usage, truth["usage"]), (resources, truth["resources"])):
        assert {key: row["seen"] for key, row in rows.items()} == {tuple(row["key"]): row["seen"] for row in expected}
        assert all((row["ratio"] is None) == (row["reason"] is not None) for row in rows.values())
    names = ("account_id", "region", "usage_type")
    agree(found["not_scanned"], truth["not_scanned"], names, ("billed_quantity", "effective_cost"))
    rates = agree(found["rates"], truth["rates"], ("region", "usage_type"), ("effective_rate", "discount"))
    for row in truth["rates"]:
        # The price book has no row for one of them, the bill has its public price.
        mine = rates[tuple(row["key"])]
        assert six(mine["billed_list_rate"]) == six(row["list_rate"])
        assert mine["list_rate"] is None or six(mine["list_rate"]) == six(row["list_rate"])
    assert [key for key, row in rates.items() if row["list_rate"] is None] == [("us-east-1", "USE1-RegionalNatGateway-Bytes")]
    assert all(row["used"] for row in rates.values())
    assert any(0 < row["discount"] < 0.08 for row in rates.values()), "the discount began in the middle of the month"

    # FOCUS calls credits and refunds alike, but for those that correct an earlier period.
    classes = {"Tax": "tax", "Credit": "credit", "Refund": "refund", "BundledDiscount": "bundled-discount"}
    if form.startswith("focus"):
        classes |= {"Refund": "credit", "BundledDiscount": "credit"}
    sums = {}
    for kind, row in truth["other_lines"].items():
        lines, cost = sums.get(classes[kind], (0, Decimal(0)))
        sums[classes[kind]] = lines + row["lines"], cost + Decimal(row["cost"])
    others = {row["class"]: (row["lines"], Decimal(str(row["billed_cost"]))) for row in found["other_lines"]}
    others.pop("discount", None)
    assert others == sums


def test_the_measured_rates_are_the_prices(audit, natwise, world, truth):
    measured = audit.json(world / "cur2" / "csv")
    plain = natwise.json("audit", "--snapshot", world / "snapshot.json")
    assert plain["reconciliation"] is None and plain["prices"]["measured"] == 0
    assert measured["prices"]["measured"] == len(truth["rates"])
    assert f"{len(truth['rates'])} rates measured by bill 2 files in " in measured["prices"]["source"]
    rates = {tuple(row["key"]): Decimal(row["effective_rate"]) for row in truth["rates"]}
    for row in measured["nat_gateways"] + measured["endpoints"]:
        for charge in row["charges"]:
            key = row["region"], charge["usage_type"]
            if key in rates:
                assert charge["price_source"].startswith("measured by bill")
                assert charge["price_as_of"] == "2026-10-31"
                assert six(charge["unit_usd"]) == six(rates[key]), key
    # eu-central-1's gateway is not on the bill: its price is the list's.
    (other,) = (row for row in measured["nat_gateways"] if row["region"] == "eu-central-1")
    assert not other["charges"][0]["price_source"].startswith("measured")
    # The book has no price for one of them, the bill does.
    assert plain["totals"]["partial"] and not measured["totals"]["partial"]
    for name in ("nat_hours", "endpoint_hours", "endpoint_data"):
        assert 0.95 < measured["totals"]["window_usd"][name] / plain["totals"]["window_usd"][name] < 0.97, name
    savings = [(a["monthly_usd"]["current"], b["monthly_usd"]["current"]) for a, b in zip(
        sorted(measured["findings"], key=lambda row: (row["rule"], row["resources"])),
        sorted(plain["findings"], key=lambda row: (row["rule"], row["resources"])),
        strict=True,
    ) if a["monthly_usd"]["current"]]
    assert savings and all(0.9 < a / b <= 1 for a, b in savings)


def test_every_output_has_it(audit, world, truth):
    bill = world / "focus12" / "parquet"
    table = audit(bill).stdout
    assert "Bill      FOCUS 1.2: 10 of 12 usage types that can be compared agree within 1%" in table
    for word in ("The bill, beside what was computed", "USE1-RegionalNatGateway-Bytes", "nat-0gone", "444455556666 eu-west-1"):
        assert word in table, word
    markdown = audit(bill, "--format", "markdown").stdout
    assert "## The bill, beside what was computed" in markdown and "`nat-0gone`" in markdown
    page = audit(bill, "--format", "html").stdout
    assert '<section id="bill">' in page and "nat-0gone" in page
    rows = list(csv.DictReader(io.StringIO(audit(bill, "--format", "csv", "--table", "reconciliation").stdout)))
    assert {row["kind"] for row in rows} == {"usage", "resource", "not-scanned", "rate"}
    usage = {(row["region"], row["usage_type"]): row for row in rows if row["kind"] == "usage"}
    for row in truth["usage"]:
        mine = usage[tuple(row["key"])]
        assert six(mine["ratio"] or None) == six(row["ratio"])
    book = openpyxl.load_workbook(io.BytesIO(audit(bill, "--format", "xlsx", text=False).stdout), read_only=True)
    assert len(list(book["Bill"].rows)) == len(rows) + 1


def test_part_of_the_window(natwise, world, truth, tmp_path):
    """A window within the month: hours outside of it do not count, and lines across its edge in part."""
    snapshot = json.loads((world / "snapshot.json").read_text())
    snapshot["window"] = {"start": "2026-10-01T00:00:00Z", "end": "2026-10-08T12:00:00Z", "hours": 180}
    for region in snapshot["regions"]:
        for row in region["metrics"]["nat_gateways"] + region["metrics"]["endpoints"]:
            for name, values in row.items():
                if isinstance(values, list):
                    row[name] = values[:180]
    file = tmp_path / "week.json"
    file.write_text(json.dumps(snapshot))
    found = natwise.json("audit", "--snapshot", file, "--bill", world / "cur2" / "gz")["reconciliation"]
    statistics = found["bill"]["statistics"]
    assert statistics["outside_window"] > 0 and statistics["pro_rata"] > 0
    assert any("cross an edge of the window" in note for note in found["notes"])
    usage = by_key(found["usage"], "region", "usage_type")
    hours = usage["us-east-1", "NatGateway-Hours"]
    assert hours["computed_quantity"] == 360 and hours["billed_quantity"] == 400, "nat-0gone has 40 hours more"
    resources = by_key(found["resources"], "resource", "usage_type")
    assert resources["nat-0e", "EU-PublicIPv4:InUseAddress"]["ratio"] == 1, "a line of the month, by its part"
    lines = duckdb.sql(f"""
        SELECT sum(line_item_usage_amount) FROM read_csv('{world}/cur2/gz/*.csv.gz', all_varchar = false)
        WHERE line_item_usage_type = 'EU-NatGateway-Bytes' AND line_item_line_item_type = 'Usage'
          AND line_item_usage_account_id = 111122223333 AND line_item_usage_start_date < '2026-10-08 12:00:00'
    """).fetchall()[0]
    assert usage["eu-west-1", "EU-NatGateway-Bytes"]["billed_quantity"] == pytest.approx(float(lines[0]), abs=1e-5)


def test_a_bill_of_another_time_has_no_ratio(natwise, world, tmp_path):
    snapshot = json.loads((world / "snapshot.json").read_text())
    snapshot["window"] = {"start": "2026-09-20T00:00:00Z", "end": "2026-10-21T00:00:00Z", "hours": 744}
    file = tmp_path / "earlier.json"
    file.write_text(json.dumps(snapshot))
    found = natwise.json("audit", "--snapshot", file, "--bill", world / "cur2" / "csv")["reconciliation"]
    assert found["bill"]["covers_window"] is False
    assert all(row["ratio"] is None for row in found["usage"] + found["resources"])
    assert any("quantities cannot be compared" in note for note in found["notes"])
    assert any(row["used"] for row in found["rates"])


def lines_of(world):
    return list(csv.reader((world / "cur2" / "csv" / "bill-0.csv").open(newline="")))


def write(path, rows):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def column(rows, name):
    return rows[0].index(name)


def test_other_currencies_are_said_and_not_used(audit, world, tmp_path):
    rows = lines_of(world)
    at = column(rows, "line_item_currency_code")
    found = audit.json(write(tmp_path / "euro.csv", [rows[0], *([*r[:at], "EUR", *r[at + 1:]] for r in rows[1:])]))
    bill = found["reconciliation"]
    assert bill["bill"]["currency"] == "EUR" and found["prices"]["measured"] == 0
    assert all(row["reason"] == "the bill is not in USD" and row["discount"] is None for row in bill["rates"])
    assert any(row["effective_rate"] is not None for row in bill["rates"])
    mixed = [rows[0], *([*r[:at], "EUR" if n % 2 else "USD", *r[at + 1:]] for n, r in enumerate(rows[1:]))]
    bill = audit.json(write(tmp_path / "mixed.csv", mixed))["reconciliation"]
    assert bill["bill"]["currency"] is None
    assert all(row["effective_cost"] is None for row in bill["usage"] + bill["rates"])


def test_bad_lines_are_counted_and_good_ones_stay(audit, world, tmp_path):
    rows = lines_of(world)
    kind, amount = column(rows, "line_item_usage_type"), column(rows, "line_item_usage_amount")
    ours = next(row for row in rows if row[kind] == "EU-NatGateway-Bytes")
    bad = [[*ours[:amount], value, *ours[amount + 1:]] for value in ("many", "1e400", "--2")] + [ours[: kind + 1]]
    before = audit.json(write(tmp_path / "good.csv", rows))["reconciliation"]
    after = audit.json(write(tmp_path / "bad.csv", rows + bad))["reconciliation"]
    assert after["bill"]["statistics"]["malformed"] == 4
    assert after["bill"]["statistics"]["lines"] == before["bill"]["statistics"]["lines"] + 4
    assert after["usage"] == before["usage"]
    assert any("4 lines of our usage types make no sense" in note for note in after["notes"])


def test_unknown_regions_are_listed(audit, world, tmp_path):
    rows = lines_of(world)
    kind = column(rows, "line_item_usage_type")
    ours = next(row for row in rows if row[kind] == "EU-NatGateway-Bytes")
    moon = [*ours[:kind], "MOON1-NatGateway-Bytes", *ours[kind + 1:]]
    found = audit.json(write(tmp_path / "moon.csv", [*rows, moon]))["reconciliation"]
    (row,) = found["bill"]["unrecognised"]
    assert (row["usage_type"], row["lines"]) == ("MOON1-NatGateway-Bytes", 1)
    assert six(row["quantity"]) == six(ours[column(rows, "line_item_usage_amount")])


def test_what_is_cut_off_is_a_gap(audit, world, tmp_path):
    whole = (world / "cur2" / "gz" / "bill-0.csv.gz").read_bytes()
    (tmp_path / "bill-0.csv.gz").write_bytes(whole[: len(whole) // 2])
    report = audit.json(tmp_path / "bill-0.csv.gz")
    found = report["reconciliation"]
    (fault,) = found["bill"]["faults"]
    assert fault["partly_read"] is True
    assert found["bill"]["covers_window"] is False and all(row["ratio"] is None for row in found["usage"])
    (gap,) = report["gaps"]
    assert gap["operation"] == "ReadBill" and "bill-0.csv.gz" in gap["message"]
    assert report["scope"]["complete"] is False
    assert audit(tmp_path / "bill-0.csv.gz", "--strict").returncode == 2
    parquet = (world / "cur2" / "parquet" / "bill-0.snappy.parquet").read_bytes()
    (tmp_path / "cut.parquet").write_bytes(parquet[: len(parquet) // 2])
    done = audit(tmp_path / "cut.parquet")
    assert done.returncode == 2 and "cut.parquet: it is damaged" in done.stderr


@pytest.mark.parametrize("content, said", [
    (b"", "it is empty"),
    (b"a,b,c\n1,2,3\n", "it is no bill"),
    (b"PK\x03\x04zip", "ZIP archive"),
    (b"\x00\xff" * 5000, "it is no bill"),
    (b"x" * (5 << 20), "longer than 4 MB"),
    (b"BilledCost,ChargeCategory\n1,Usage\n", "without x_UsageType or SkuMeter, ChargePeriodStart"),
    (b"line_item_usage_type,line_item_line_item_type\nx,Usage\n", "CUR 2.0 export without line_item_usage_start_date"),
])
def test_what_is_no_bill_is_said(audit, tmp_path, content, said):
    file = tmp_path / "what.csv"
    file.write_bytes(content)
    done = audit(file)
    assert done.returncode == 2 and done.stdout == ""
    assert said in done.stderr and "what.csv" in done.stderr


def test_folders_with_other_files_and_without(audit, world, tmp_path):
    folder = tmp_path / "bills"
    folder.mkdir()
    (folder / "notes.csv").write_text("a,b\n1,2\n")
    (folder / "manifest.json").write_text("{}")
    (folder / "bill-0.csv").write_bytes((world / "cur2" / "csv" / "bill-0.csv").read_bytes())
    (folder / "bill-1.csv.gz").write_bytes(gzip.compress((world / "cur2" / "csv" / "bill-1.csv").read_bytes()))
    report = audit.json(folder)
    found = report["reconciliation"]
    assert found["bill"]["statistics"]["other_files"] == 1
    assert [fault["problem"].split(":")[0] for fault in found["bill"]["faults"]] == ["it is no bill"]
    assert found["usage"] == audit.json(world / "cur2" / "csv")["reconciliation"]["usage"]
    empty = tmp_path / "empty"
    empty.mkdir()
    done = audit(empty)
    assert done.returncode == 2 and "there is no bill in" in done.stderr
    done = audit(tmp_path / "missing.csv")
    assert done.returncode == 2 and "missing.csv" in done.stderr


def test_nothing_counts_twice(audit, world, tmp_path):
    done = audit(world / "cur2" / "csv", world / "focus10" / "csv")
    assert done.returncode == 2 and "two forms" in done.stderr
    for version in ("20261101T000000Z-a", "20261102T000000Z-b"):
        folder = tmp_path / version
        folder.mkdir()
        (folder / "bill-0.csv").write_bytes((world / "cur2" / "csv" / "bill-0.csv").read_bytes())
    done = audit(tmp_path)
    assert done.returncode == 2 and "two copies of one export" in done.stderr
    # The same file by two names of it is read once.
    once = audit.json(world / "cur2" / "csv")
    again = audit.json(world / "cur2" / "csv", world / "cur2" / "csv" / "bill-0.csv")
    assert again["reconciliation"]["usage"] == once["reconciliation"]["usage"]


def test_a_folder_of_snapshots_is_one_account(natwise, audit, world, tmp_path):
    """Parts that are audited one by one, each at the bill's rates, are compared as a whole."""
    snapshot = json.loads((world / "snapshot.json").read_text())
    folder = tmp_path / "parts"
    folder.mkdir()
    for part in snapshot["regions"]:
        (folder / f"{part['region']}.json").write_text(json.dumps({**snapshot, "regions": [part]}))
    whole = audit.json(world / "focus10" / "parquet")
    parts = natwise.json("audit", "--snapshot", folder, "--bill", world / "focus10" / "parquet")
    assert parts["reconciliation"] == whole["reconciliation"]
    assert parts["totals"] == whole["totals"]


def test_from_standard_input(audit, world):
    data = (world / "cur2" / "csv" / "bill-0.csv").read_text()
    piped = json.loads(audit("-", "--format", "json", stdin=data).stdout)["reconciliation"]
    named = audit.json(world / "cur2" / "csv" / "bill-0.csv")["reconciliation"]
    assert piped["usage"] == named["usage"]


def test_usage_errors(audit, natwise, world):
    assert audit(world / "cur2" / "csv", "--discount", "8%").returncode == 2
    done = natwise("audit", "--demo", "--format", "csv", "--table", "reconciliation")
    assert done.returncode == 2 and "--bill" in done.stderr


def test_hostile_texts_are_shown_as_text(audit, world, tmp_path):
    rows = lines_of(world)
    at, kind = column(rows, "line_item_resource_id"), column(rows, "line_item_usage_type")
    account = column(rows, "line_item_usage_account_id")
    ours = next(row for row in rows if row[kind] == "EU-NatGateway-Bytes")
    for name in ("<script>alert(1)</script>", "\x1b[31mred", "=1+1", "a|b`c"):
        rows.append([*ours[:at], name, *ours[at + 1:]])
        rows.append([*ours[:account], name, *ours[account + 1:]])
    bill = write(tmp_path / "hostile.csv", rows)
    assert "\x1b[31m" not in audit(bill).stdout + audit(bill, "--format", "csv", "--table", "reconciliation").stdout
    page = audit(bill, "--format", "html").stdout
    assert "<script>alert(1)" not in page
    rows = csv.reader(io.StringIO(audit(bill, "--format", "csv", "--table", "reconciliation").stdout))
    assert not any(cell.startswith("=") for row in rows for cell in row)
