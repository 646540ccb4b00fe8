"""The HTML report in a real browser: what it shows, what it does, what it must not do."""

import ipaddress
import json
import re
import shutil
import statistics
import time
from datetime import datetime

import pypdf
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

from conftest import ROOT, Runs

BROWSER = shutil.which("chromium")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
]
PICTURES = ROOT / "target" / "html-report"
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 740}
SNAPSHOT = ROOT / "src" / "demo" / "account.json"
CHART = "echarts.getInstanceByDom(document.getElementById('chart-{}')).getOption()"


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=FLAGS)
        yield browser
        browser.close()


class Seen:
    """What a page did besides showing itself."""

    def __init__(self, page):
        self.messages, self.errors, self.requests = [], [], []
        page.on("console", lambda message: self.messages.append((message.type, message.text)))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("dialog", lambda dialog: self.errors.append(f"dialog: {dialog.message}"))
        page.on("request", lambda request: self.requests.append(request.url))

    def check(self, file):
        assert self.messages == [] and self.errors == []
        assert self.requests == [file.as_uri()], "nothing but the file itself is asked for"


@pytest.fixture
def open_page(browser):
    """Opens a report and waits until its script is done; whatever it did is checked in the end."""
    contexts, opened = [], []

    def open_page(file, viewport=DESKTOP, scripts=True, **options):
        context = browser.new_context(viewport=viewport, java_script_enabled=scripts, **options)
        contexts.append(context)
        page = context.new_page()
        seen = Seen(page)
        opened.append((seen, file))
        page.goto(file.as_uri())
        if scripts:
            page.wait_for_selector("html[data-ready=yes]", state="attached", timeout=60_000)
        return page

    yield open_page
    for context in contexts:
        context.close()
    for seen, file in opened:
        seen.check(file)


class Report:
    """One account's report, as HTML and as JSON."""

    def __init__(self, folder, *arguments):
        home = folder / "home"
        home.mkdir(parents=True)
        (home / "config").write_text("")
        (home / "credentials").write_text("")
        self.file, json_file = folder / "report.html", folder / "report.json"
        done = Runs(home)(
            "audit", *arguments, "--format", "html", "-o", self.file, "--format", "json", "-o", json_file, timeout=600
        )
        assert done.returncode == 0, done.stderr
        self.json = json.loads(json_file.read_text())
        self.text = self.file.read_text()


@pytest.fixture(scope="session")
def demo_report(tmp_path_factory):
    return Report(tmp_path_factory.mktemp("demo"), "--demo")


def of_snapshot(snapshot, folder, *arguments):
    folder.mkdir(exist_ok=True)
    file = folder / "snapshot.json"
    file.write_text(json.dumps(snapshot))
    return Report(folder / "of", "--snapshot", file, *arguments)


@pytest.fixture(scope="session")
def large_report(tmp_path_factory):
    """A thousand VPCs: the demo's account over and over, each time with other ids."""
    text = SNAPSHOT.read_text()
    demo = json.loads(text)
    [part] = [region for region in demo["regions"] if region["region"] == "us-east-1"]
    source = json.dumps(part)
    ids = re.compile(r"\b(vpc|subnet|rtb|nat|vpce|igw|eni|eipalloc|sg|fl)-([0-9a-f]{17})\b")
    whole = None
    for copy in range(-(-1000 // len(part["vpcs"]))):
        again = json.loads(ids.sub(lambda found: f"{found[1]}-{(int(found[2], 16) * 0x9E3779B97F4A7C15 + copy * 0xD1342543DE82EF95 >> 3) % 16**17:017x}", source))
        if whole is None:
            whole = again
        else:
            for kind, rows in again.items():
                if isinstance(rows, list) and kind not in ("prefix_lists", "availability_zones", "gaps"):
                    whole[kind] += rows
            for kind, rows in again["metrics"].items():
                whole["metrics"][kind] += rows
    folder = tmp_path_factory.mktemp("large")
    return of_snapshot({**demo, "regions": [whole]}, folder / "snapshot")


@pytest.fixture(scope="session")
def logged_report(tmp_path_factory):
    """The demo's account with flow logs: three quarters of what each gateway downloaded, a day of it missing."""
    snapshot = json.loads(SNAPSHOT.read_text())
    [part] = [region for region in snapshot["regions"] if region["region"] == "us-east-1"]
    start = int(datetime.fromisoformat(snapshot["window"]["start"].replace("Z", "+00:00")).timestamp())
    blocks = {subnet["subnet_id"]: ipaddress.ip_network(subnet["cidr_block"]) for subnet in part["subnets"] if subnet.get("cidr_block")}
    metered = {series["nat_gateway_id"]: series["bytes_in_from_destination"] for series in part["metrics"]["nat_gateways"]}
    remotes = {"52.216.10.1": 8, "52.218.10.1": 1, "203.0.113.5": 4, "52.119.224.10": 2}
    lines = ["version interface-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr bytes start end action log-status"]
    for nat in part["nat_gateways"]:
        users = [
            association["subnet_id"] for table in part["route_tables"] for association in table["associations"]
            if any(route.get("nat_gateway_id") == nat["nat_gateway_id"] for route in table["routes"]) and association.get("subnet_id") in blocks
        ]
        [address, *_] = nat["addresses"]
        eni, gateway = address["network_interface_id"], address["private_ip"]
        for hour, volume in enumerate(metered.get(nat["nat_gateway_id"], [])):
            if not volume or not users or 240 <= hour < 264:
                continue
            second = start + hour * 3600 + 60
            for index, (remote, share) in enumerate(remotes.items()):
                client = blocks[users[(hour + index) % len(users)]][5]
                tail = f"{volume * share // 20} {second} {second + 59} ACCEPT OK"
                lines.append(f"5 {eni} {remote} {gateway} {remote} {gateway} {tail}")
                lines.append(f"5 {eni} {gateway} {client} {remote} {client} {tail}")
    folder = tmp_path_factory.mktemp("logged")
    (folder / "a.log").write_text("\n".join(lines) + "\n")
    return of_snapshot(snapshot, folder / "snapshot", "--flow-logs", folder / "a.log")


def rows(page, name):
    return page.locator(f"[data-list={name}] > .scroll > table > tbody > tr")


def column(page, name, index):
    return [text.strip() for text in rows(page, name).locator(f"> td:nth-child({index})").all_inner_texts()]


def usd(value):
    return f"${value:,.2f}"


def span(low, high):
    return usd(low) if usd(low) == usd(high) else f"{usd(low)} to {usd(high)}"


def plan(report):
    return [step for step in report["plan"] if step["saving_high"] > 0]


def test_the_answer_is_on_top(open_page, demo_report):
    page = open_page(demo_report.file)
    month = demo_report.json["totals"]["monthly_usd"]
    answer = page.locator("#answer").inner_text()
    assert usd(month["current"]) in answer and span(month["saving_low"], month["saving_high"]) in answer
    steps = plan(demo_report.json)
    first = page.locator(".first li")
    assert first.count() == 3
    for index, step in enumerate(steps[:3]):
        assert f"saves {span(step['saving_low'], step['saving_high'])} a month" in first.nth(index).inner_text()
    low = sum(step["saving_low"] for step in steps)
    assert usd(low) == usd(month["saving_low"]), "no dollar twice"
    bases = {demo_report.json["findings"][step["finding"]]["basis"] for step in steps}
    assert set(page.locator(".bases tbody th").evaluate_all("cells => cells.map(cell => cell.firstChild.data.trim())")) == bases
    # What is unknown is said at once, and listed before any picture.
    unknown = demo_report.json["totals"]["unknown"]
    assert f"{len(unknown)} costs unknown" in answer
    assert rows(page, "unknown").count() == len(unknown)
    tops = page.evaluate("['unseen', 'cost', 'findings', 'gateways', 'endpoints'].map(id => document.getElementById(id).getBoundingClientRect().top)")
    assert tops == sorted(tops)


def test_every_finding_is_there_with_its_arithmetic(open_page, demo_report):
    page = open_page(demo_report.file)
    findings = demo_report.json["findings"]
    assert rows(page, "findings").count() == len(findings)
    for index, finding in enumerate(findings):
        row = page.locator(f"#finding-{index + 1}")
        text = " ".join(row.evaluate("row => row.textContent").split())
        for words in [finding["title"], finding["detail"], *finding["remedy"]["commands"], *finding["remedy"]["notes"]]:
            assert " ".join(words.split()) in text
        lines = row.locator(".sum tbody tr")
        assert lines.count() == len(finding["evidence"])
        for line, evidence in enumerate(finding["evidence"]):
            cells = lines.nth(line).evaluate("row => [...row.cells].map(cell => cell.textContent)")
            assert cells[0] == evidence["what"] and cells[4] == evidence["usage_type"]
            assert cells[3] == ("unknown" if evidence["usd"] is None else usd(evidence["usd"]))
            assert cells[5] == (evidence["price_as_of"] or "unknown")
        assert row.locator("pre.run").count() == len(finding["remedy"]["commands"])
    assert rows(page, "gateways").count() == len(demo_report.json["nat_gateways"])
    assert rows(page, "endpoints").count() == len(demo_report.json["endpoints"])
    assert page.locator("meter").count() == sum(e["bytes"] is not None and e["verdict"]["break_even_gb"] is not None for e in demo_report.json["endpoints"])


def colour(page, name):
    return page.evaluate(f"getComputedStyle(document.documentElement).getPropertyValue('--{name}').trim()")


def marks(page, chart, attribute, value):
    # What fills a hatched bar is a path of its own, inside a pattern.
    return page.locator(f"#chart-{chart} svg path[{attribute}='{value}']:not(pattern *)").count()


def test_charts_show_what_the_json_says(open_page, demo_report):
    page = open_page(demo_report.file)
    report = demo_report.json
    window = report["totals"]["window_usd"]
    [bars] = page.evaluate(CHART.format("components"))["series"]
    assert bars["data"] == [window[part] for part in ("nat_data", "nat_hours", "other", "endpoint_hours", "endpoint_data")]
    assert sum(bars["data"]) == pytest.approx(window["total"], abs=1e-5)
    assert marks(page, "components", "fill", colour(page, "accent")) == 5

    steps, month = plan(report), report["totals"]["monthly_usd"]
    series = {each["name"]: each["data"] for each in page.evaluate(CHART.format("waterfall"))["series"]}
    assert series["paid"][0] == month["current"]
    low, high = sum(filter(None, series["low"])), sum(filter(None, series["low"][:-1])) + sum(filter(None, series["range"][:-1]))
    assert low == pytest.approx(month["saving_low"], abs=1e-4) and high == pytest.approx(month["saving_high"], abs=1e-4)
    assert series["paid"][-1] == pytest.approx(month["current"] - month["saving_high"], abs=1e-4)
    assert series["range"][-1] == pytest.approx(month["saving_high"] - month["saving_low"], abs=1e-4)
    drawn = min(len(steps), 15 if len(steps) > 16 else 16)
    assert len(series["paid"]) == drawn + 2 + (len(steps) > drawn)
    certain = sum(step["saving_low"] > 0 for step in steps[:drawn]) + any(step["saving_low"] > 0 for step in steps[drawn:])
    assert marks(page, "waterfall", "fill", colour(page, "waste")) == certain
    assert marks(page, "waterfall", "fill", colour(page, "accent")) == 2

    gateways = sorted(report["nat_gateways"], key=lambda row: -row["bytes"]["processed"])
    lines = page.evaluate(CHART.format("series"))["series"]
    assert len(lines) == min(6, len(gateways)) == page.locator("#chart-series svg path[fill=none][stroke-width='1.5']").count()
    for line, gateway in zip(lines, gateways):
        assert [point["value"][1] for point in line["data"]] == [
            None if volume is None else volume / 2**30 for volume in gateway["daily_bytes"].values()
        ]
    # By hour, each gateway to choose; what has no datapoint is a gap.
    choice = page.locator("figure:has(#chart-series) select")
    assert choice.locator("option").count() == len(gateways) + 1
    for index, gateway in enumerate(gateways):
        choice.select_option(str(index))
        [line] = page.evaluate(CHART.format("series"))["series"]
        values = [point["value"][1] for point in line["data"]]
        assert len(values) == report["window"]["hours"]
        assert sum(value for value in values if value is not None) * 2**30 == gateway["bytes"]["processed"]
        assert any(value is None for value in values) == (gateway["hours"] < len(values) and gateway["bytes"]["processed"] > 0)


def test_flows_from_subnets_to_services(open_page, logged_report):
    page = open_page(logged_report.file)
    told = [row for row in logged_report.json["nat_gateways"] if row["traffic"]]
    assert len(told) >= 4
    [sankey] = page.evaluate(CHART.format("flows"))["series"]
    names = {kind: {node["label_text"] for node in sankey["data"] if node["name"].startswith(kind)} for kind in ("subnet", "gateway", "service")}
    subnets = {clients["subnet_id"] for row in told for clients in row["clients"] if clients["bytes"]}
    services = {(line["service"], line["region"] if line["region"] != row["region"] else None) for row in told for line in row["traffic"] if line["bytes"]}
    assert [len(names[kind]) for kind in names] == [len(subnets), len(told), len(services)]
    assert all(any(subnet in name for name in names["subnet"]) for subnet in subnets)

    def volume(start):
        return sum(link["value"] for link in sankey["links"] if link["source"].startswith(start)) * 2**30

    assert volume("subnet") == sum(clients["bytes"] for row in told for clients in row["clients"])
    assert volume("gateway") == sum(line["bytes"] for row in told for line in row["traffic"])
    bands = page.locator("#chart-flows svg path[fill]:not([fill=none])").count()
    assert bands >= len(sankey["data"]) + len(sankey["links"])

    # One gateway by hour, its services above each other, what no log saw left out.
    choice = page.locator("figure:has(#chart-series) select")
    largest = max(told, key=lambda row: row["bytes"]["processed"])
    choice.select_option("0")
    [whole, *parts] = page.evaluate(CHART.format("series"))["series"]
    assert {part["name"] for part in parts} == {line["service"] for line in largest["traffic"]}
    assert all(part["stack"] == "services" for part in parts)
    logged = [[point["value"][1] for point in part["data"]] for part in parts]
    assert all(value is None for part in logged for value in part[240:264])
    assert sum(value for part in logged for value in part if value is not None) * 2**30 == pytest.approx(largest["coverage"]["logged_bytes"])
    assert sum(point["value"][1] or 0 for point in whole["data"]) * 2**30 == largest["bytes"]["processed"]
    screenshots(page, "flow-logs")


def test_the_maps_show_what_leads_where_and_what_is_missing(open_page, demo_report):
    page = open_page(demo_report.file)
    vpcs = {vpc["vpc_id"]: vpc for vpc in demo_report.json["vpcs"]}
    choice = page.locator("figure:has(#chart-map) select")
    labels = choice.locator("option").all_inner_texts()
    assert len(labels) == sum(bool(vpc["subnets"] or vpc["route_tables"]) for vpc in vpcs.values())
    assert demo_report.json["findings"][0]["vpc_id"] in labels[0], "the dearest first"
    dashed = 0
    for index, label in enumerate(labels):
        choice.select_option(str(index))
        vpc = next(vpc for vpc_id, vpc in vpcs.items() if vpc_id in label)
        [graph] = page.evaluate(CHART.format("map"))["series"]
        kinds = [node["kind"] for node in graph["data"] if "kind" in node]
        new = {way["service"] for way in vpc["missing"] if way["to"] is None}
        assert kinds.count("missing") == len(new)
        assert kinds.count("subnet") == len(vpc["subnets"]) and kinds.count("table") == len(vpc["route_tables"])
        assert kinds.count("nat") >= len(vpc["nat_gateways"])
        missing = [link for link in graph["links"] if link["kind"] == "missing"]
        assert len(missing) == len({(way["from"], way["to"], way["service"]) for way in vpc["missing"]}) + len(new)
        shown = page.locator("#chart-map svg path[stroke-dasharray]").count()
        assert shown >= len(missing)
        dashed += len(missing)
    assert dashed > 3


def test_sorting_and_filtering(open_page, demo_report):
    page = open_page(demo_report.file)
    findings = demo_report.json["findings"]
    head = page.locator("[data-list=findings] > .scroll > table > thead th")
    titles = [finding["title"] for finding in findings]
    assert rows(page, "findings").locator("summary").all_inner_texts() == titles
    head.nth(1).get_by_role("button").click()
    assert head.nth(1).get_attribute("aria-sort") == "ascending"
    names = column(page, "findings", 3)
    head.nth(2).get_by_role("button").press("Enter")
    assert head.nth(1).get_attribute("aria-sort") is None and head.nth(2).get_attribute("aria-sort") == "ascending"
    assert column(page, "findings", 3) == sorted(names)
    head.nth(2).get_by_role("button").press("Enter")
    assert column(page, "findings", 3) == sorted(names, reverse=True)
    head.nth(0).get_by_role("button").click()
    assert rows(page, "findings").locator("summary").all_inner_texts()[:10] == titles[:10]
    page.get_by_label("Rule: Findings").select_option("idle-interface-endpoint")
    idle = [finding["title"] for finding in findings if finding["rule"] == "idle-interface-endpoint"]
    assert sorted(rows(page, "findings").locator("summary").all_inner_texts()) == sorted(idle)
    page.get_by_label("Rule: Findings").select_option("")
    target = findings[3]["resources"][0]
    page.get_by_label("Search: Findings").fill(target.upper())
    matching = [f for f in findings if target in json.dumps(f)]
    expect(rows(page, "findings")).to_have_count(len(matching))
    assert f"{len(matching)} of {len(findings)}" in page.locator("[data-list=findings] .tally").inner_text()
    page.get_by_label("Search: Findings").fill("no such thing anywhere")
    page.wait_for_selector("#findings td.none")
    # A link to a finding clears what hides it.
    page.locator(".first a").first.click()
    number = int(page.locator(".first a").first.get_attribute("href").removeprefix("#finding-"))
    assert page.locator(f"#finding-{number} details").get_attribute("open") is not None


def test_the_keyboard_is_enough(open_page, demo_report):
    page = open_page(demo_report.file)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#main"
    summary = page.locator("#finding-1 summary")
    summary.focus()
    assert summary.evaluate("element => getComputedStyle(element).outlineStyle") != "none"
    page.keyboard.press("Enter")
    assert page.locator("#finding-1 details").get_attribute("open") is not None


def test_commands_are_copied_whole(open_page, demo_report):
    page = open_page(demo_report.file, permissions=["clipboard-read", "clipboard-write"])
    page.locator("#finding-1 summary").click()
    page.locator("#finding-1 .copy").first.click()
    expect(page.locator("#finding-1 .copy").first).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == demo_report.json["findings"][0]["remedy"]["commands"][0]


HOSTILE = '<script>window.pwned = 1</script>"><img src=x onerror="window.pwned = 2">\u202e\u2066\n\t{{7*7}}</td></script>'


def test_hostile_names_are_text(open_page, tmp_path):
    snapshot = json.loads(SNAPSHOT.read_text())
    names = [HOSTILE, "<script>" * 1_300, "\u202e" * 10_000, "x" * 10_000, "é" * 10_000]
    count = 0
    for region in snapshot["regions"]:
        for kind in ("vpcs", "nat_gateways", "vpc_endpoints", "subnets", "route_tables"):
            for row in region.get(kind, []):
                row.setdefault("tags", {})["Name"] = names[count % len(names)]
                count += 1
        region["gaps"] = [{"account_id": None, "region": None, "operation": HOSTILE, "code": HOSTILE, "message": HOSTILE * 50, "iam_action": None}]
    report = of_snapshot(snapshot, tmp_path / "names")
    page = open_page(report.file)
    assert page.evaluate("window.pwned") is None
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 6 and report.text.count("<script>") == 5, "ours, and the block of data"
    assert not set("\u202e\u2066") & set(report.text)
    body = page.locator("body").inner_text()
    assert '<script>window.pwned = 1</script>"><img src=x' in body and r"\u{202e}" in body and "{{7*7}}" in body
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    # In charts, their choices and their tips too.
    for select in page.locator("figure select").all():
        for value in select.locator("option").evaluate_all("options => options.slice(0, 4).map(option => option.value)"):
            select.select_option(value)
    for chart in page.locator(".chart").all():
        box = chart.bounding_box()
        for part in (0.2, 0.4, 0.6, 0.8):
            chart.hover(position={"x": box["width"] * part, "y": box["height"] * part})
    page.get_by_label("Search: Findings").fill("<script>window.pwned")
    page.wait_for_timeout(300)
    assert rows(page, "findings").count() > 0
    assert page.evaluate("window.pwned") is None and page.locator("img").count() == 0


def test_hostile_ids_are_text(open_page, tmp_path):
    text = SNAPSHOT.read_text()
    for name in sorted(set(re.findall(r'"((?:nat|rtb|vpce|vpc|subnet|igw)-[0-9a-f]{17})"', text)))[::2]:
        text = text.replace(f'"{name}"', json.dumps(f"{name}{HOSTILE}"))
    report = of_snapshot(json.loads(text), tmp_path / "ids")
    page = open_page(report.file)
    for select in page.locator("figure select").all():
        for value in select.locator("option").evaluate_all("options => options.map(option => option.value)"):
            select.select_option(value)
    page.locator("details").evaluate_all("all => all.forEach(details => { details.open = true; })")
    assert page.evaluate("window.pwned") is None and page.locator("img").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_nothing_else_can_run(browser, demo_report):
    page = browser.new_page()
    page.goto(demo_report.file.as_uri())
    page.wait_for_selector("html[data-ready=yes]", state="attached")
    assert page.evaluate("""() => {
        const script = document.createElement('script');
        script.textContent = 'window.pwned = 1';
        document.body.append(script);
        const box = document.createElement('div');
        box.innerHTML = '<img src="https://example.com/x.png" onerror="window.pwned = 2">';
        document.body.append(box);
        return fetch('https://example.com/').then(() => 'answered', () => 'refused');
    }""") == "refused"
    assert page.evaluate("window.pwned") is None
    page.close()


def test_without_scripts_it_is_still_the_report(open_page, demo_report):
    page = open_page(demo_report.file, scripts=False)
    assert page.locator("#answer .first li").count() == 3
    assert page.locator("#findings tbody > tr[id]").count() == len(demo_report.json["findings"])
    page.locator("#finding-1 summary").click()
    assert page.locator("#finding-1 pre.run").first.is_visible()
    assert page.get_by_role("button").count() == 0, "no button that does nothing"


def screenshots(page, name):
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png", full_page=True)


@pytest.mark.parametrize("width", [320, 360, 390, 768, 1280, 1920])
def test_no_page_scrolls_sideways(open_page, demo_report, width):
    page = open_page(demo_report.file, viewport={"width": width, "height": 800})
    wide = "document.documentElement.scrollWidth - innerWidth"
    assert page.evaluate(wide) <= 0
    page.locator("details").evaluate_all("all => all.forEach(details => { details.open = true; })")
    assert page.evaluate(wide) <= 0
    for chart in page.locator(".chart:not(.map) svg").all():
        assert chart.bounding_box()["width"] <= width


@pytest.mark.parametrize("name, options", [
    ("desktop", {"viewport": DESKTOP}),
    ("dark", {"viewport": DESKTOP, "color_scheme": "dark"}),
    ("phone", {"viewport": PHONE, "device_scale_factor": 2}),
    ("phone-dark", {"viewport": PHONE, "device_scale_factor": 2, "color_scheme": "dark"}),
])
def test_it_is_accessible(open_page, demo_report, name, options):
    page = open_page(demo_report.file, **options)
    screenshots(page, name)
    for opened in (False, True):
        if opened:
            page.locator("details").evaluate_all("all => all.forEach(details => { details.open = true; })")
        results = Axe().run(page).response
        assert len(results["passes"]) > 15
        serious = [v for v in results["violations"] if v["impact"] in ("serious", "critical")]
        assert [(v["id"], v["nodes"][0]["html"][:200], v["nodes"][0]["failureSummary"]) for v in serious] == []


def test_charts_follow_light_and_dark(open_page, demo_report):
    page = open_page(demo_report.file)
    light = colour(page, "accent")
    assert marks(page, "components", "fill", light) == 5
    page.emulate_media(color_scheme="dark")
    dark = colour(page, "accent")
    assert dark != light
    expect(page.locator(f"#chart-components svg path[fill='{dark}']")).to_have_count(5)


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_it_prints(open_page, demo_report, paper):
    page = open_page(demo_report.file, color_scheme="dark")
    PICTURES.mkdir(parents=True, exist_ok=True)
    file = PICTURES / f"print-{paper}.pdf"
    page.pdf(path=file, format=paper, print_background=True)
    pages = pypdf.PdfReader(file).pages
    assert 3 < len(pages) < 40
    text = " ".join(" ".join(each.extract_text() for each in pages).split())
    month = demo_report.json["totals"]["monthly_usd"]
    assert usd(month["current"]) in text
    for finding in demo_report.json["findings"]:
        assert finding["title"].split()[0] in text
    assert demo_report.json["findings"][0]["evidence"][0]["usage_type"] in text, "findings are printed unfolded"
    # On paper charts are as wide as their place, light, and whole.
    page.emulate_media(media="print", color_scheme="dark")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    for chart in page.locator(".chart").all():
        place, picture = chart.bounding_box(), chart.locator("svg").bounding_box()
        assert picture["width"] == pytest.approx(place["width"], abs=2) and picture["height"] > 80
        assert picture["height"] <= place["height"] + 2
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.screenshot(path=PICTURES / f"print-{paper}.png", full_page=True)
    page.evaluate("dispatchEvent(new Event('afterprint'))")


def test_a_gap_is_seen_at_once(open_page, tmp_path):
    snapshot = json.loads(SNAPSHOT.read_text())
    part = next(region for region in snapshot["regions"] if region["region"] == "us-east-1")
    part["gaps"] = [{
        "account_id": "111122223333", "region": "us-east-1", "operation": "DescribeVpcEndpoints",
        "code": "UnauthorizedOperation", "message": "You are not authorized.", "iam_action": "ec2:DescribeVpcEndpoints",
    }]
    part["vpc_endpoints"] = []
    report = of_snapshot(snapshot, tmp_path / "gaps")
    page = open_page(report.file)
    answer = page.locator("#answer").inner_text()
    assert "1 call failed" in answer and f"{len(report.json['skipped'])} rules could not be applied" in answer
    unseen = page.locator("#unseen").inner_text()
    assert "ec2:DescribeVpcEndpoints" in unseen
    for skipped in report.json["skipped"]:
        assert skipped["rule"] in unseen
    assert page.locator("#unseen").bounding_box()["y"] < 700, "near the top"


def test_an_account_without_anything(open_page, tmp_path):
    snapshot = json.loads(SNAPSHOT.read_text())
    [part, *_] = snapshot["regions"]
    snapshot["regions"] = [{key: [] if isinstance(value, list) else value for key, value in part.items() if key != "metrics"}]
    report = of_snapshot(snapshot, tmp_path / "nothing")
    assert report.json["findings"] == [] and report.json["nat_gateways"] == []
    page = open_page(report.file)
    assert "no waste found" in page.locator("h1").inner_text()


def test_two_runs_are_alike(demo_report, natwise):
    assert natwise("audit", "--demo", "--format", "html").stdout == demo_report.text


def test_a_thousand_vpcs(open_page, large_report):
    report = large_report.json
    size = large_report.file.stat().st_size
    assert len(report["vpcs"]) >= 1000 and size < 5_000_000
    start = time.perf_counter()
    page = open_page(large_report.file)
    opened = time.perf_counter() - start
    findings = report["findings"]
    assert rows(page, "findings").count() == 50
    pager = page.locator("[data-list=findings] .pager")
    assert f"1 to 50 of {len(findings):,}" in pager.inner_text()
    pager.get_by_role("button", name="Next").click()
    assert rows(page, "findings").first.get_attribute("id") == "finding-51"
    pager.get_by_role("button", name="Last").click()
    assert rows(page, "findings").last.get_attribute("id") == f"finding-{len(findings)}"
    choice = page.get_by_label("Rule: Findings")
    choice.select_option("idle-nat-gateway")
    idle = sum(finding["rule"] == "idle-nat-gateway" for finding in findings)
    assert 50 < idle < 1000 and rows(page, "findings").count() == 50
    pager.get_by_role("button", name="Show all").click()
    assert rows(page, "findings").count() == idle
    choice.select_option("")
    assert rows(page, "findings").count() == 50 and pager.get_by_role("button", name="Show all").count() == 0
    measure = """words => {
        const list = document.querySelector('#findings input[type=search]');
        list.value = words;
        const before = performance.now();
        list.dispatchEvent(new Event('input'));
        return new Promise(done => new MutationObserver((_, observer) => {
            observer.disconnect();
            requestAnimationFrame(() => done(performance.now() - before));
        }).observe(document.querySelector('#findings > .scroll > table > tbody'), { childList: true }));
    }"""
    target = findings[len(findings) // 2]["resources"][0]
    first, *again = (page.evaluate(measure, words) for words in (target, "s3", target, "dynamodb"))
    filtered = page.evaluate(measure, target)
    assert rows(page, "findings").count() == min(50, sum(target in json.dumps(f) for f in findings))
    sorting = page.evaluate("""() => {
        const before = performance.now();
        document.querySelectorAll('#findings > .scroll > table > thead button')[1].click();
        document.body.getBoundingClientRect();
        return performance.now() - before;
    }""")
    page.evaluate("location.hash = '#finding-3000'")
    page.wait_for_selector("#finding-3000 details[open]")
    print(
        f"\n{len(report['vpcs'])} VPCs, {len(findings)} findings, {len(report['nat_gateways'])} gateways: {size / 1e6:.2f} MB, opened in {opened:.2f} s; "
        f"filter {first:.0f} ms at first, then {statistics.median([*again, filtered]):.0f} ms, sorting {sorting:.0f} ms"
    )
    assert max(first, *again) < 5_000
