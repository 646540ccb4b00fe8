"""Refreshed prices: AWS's price list by a fake of its API and of its offer files, and by recorded files."""

import csv
import gzip
import http.server
import json
import pathlib
import shutil
import threading

import pytest

from conftest import HERE, ROOT, Runs

OFFERS = HERE / "data/offers"
VPC = {region: OFFERS / f"AmazonVPC-{region}.json" for region in ("us-east-1", "eu-central-1", "ap-northeast-1")}
IRELAND = OFFERS / "AmazonEC2-eu-west-1.json"


def products(path):
    """The products of an offer file as GetProducts answers them."""
    offer = json.loads(path.read_text())
    for sku, product in offer["products"].items():
        terms = offer["terms"]["OnDemand"].get(sku)
        if terms:
            about = {"serviceCode": offer["offerCode"], "version": offer["version"], "publicationDate": offer["publicationDate"]}
            yield {"product": product, "terms": {"OnDemand": terms}, **about}


def as_csv(path):
    """An offer file's text in AWS's other form."""
    offer = json.loads(path.read_text())
    about = ("Publication Date", offer["publicationDate"]), ("Version", offer["version"]), ("OfferCode", offer["offerCode"])
    lines = [("FormatVersion", "v1.0"), ("Disclaimer", ""), *about]
    lines.append(("SKU", "TermType", "StartingRange", "EndingRange", "Unit", "PricePerUnit", "Currency", "Location Type", "usageType", "operation", "Region Code"))
    for sku, product in offer["products"].items():
        it = product["attributes"]
        for term in offer["terms"]["OnDemand"].get(sku, {}).values():
            for step in term["priceDimensions"].values():
                [(currency, price)] = step["pricePerUnit"].items()
                lines.append((sku, "OnDemand", step["beginRange"], step["endRange"], step["unit"], price, currency, it["locationType"], it["usagetype"], it["operation"], it["regionCode"]))
    return "\n".join(",".join(f'"{field}"' for field in line) for line in lines) + "\n"


class PriceList:
    """AWS's price list: GetProducts in pages of three, and offer files."""

    def __init__(self):
        self.products = [product for path in (IRELAND, *VPC.values()) for product in products(path)]
        self.asked, self.refused, self.broken, self.repeated = [], None, False, False
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def send(self, status, body, length=None):
                self.send_response(status)
                self.send_header("Content-Type", "application/x-amz-json-1.1")
                self.send_header("Content-Length", str(length or len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                assert self.headers["X-Amz-Target"] == "AWSPriceListService.GetProducts"
                owner.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                if owner.refused and len(owner.asked) >= owner.refused:
                    error = {"__type": "AccessDeniedException", "message": "You may not."}
                    return self.send(400, json.dumps(error).encode())
                return self.send(200, json.dumps(owner.answer(owner.asked[-1])).encode())

            def do_GET(self):
                body = owner.file(self.path)
                if body is None:
                    return self.send(404, b"")
                if owner.broken and self.path.endswith(".csv"):
                    return self.send(200, body[: len(body) // 2], len(body))
                return self.send(200, body)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, question):
        found = [it for it in self.products if it["serviceCode"] == question["ServiceCode"]]
        for by in question.get("Filters", []):
            place = "product" if by["Field"] == "productFamily" else "attributes"
            found = [it for it in found if (it["product"] if place == "product" else it["product"]["attributes"]).get(by["Field"]) == by["Value"]]
        first = int(question.get("NextToken", 0))
        more = {"NextToken": str(first if self.repeated else first + 3)} if first + 3 < len(found) else {}
        return {"FormatVersion": "aws_v1", "PriceList": [json.dumps(it) for it in found[first : first + 3]], **more}

    def file(self, path):
        files = {"AmazonEC2": {"eu-west-1": IRELAND}, "AmazonVPC": VPC, "AWSDataTransfer": {}}
        parts = path.strip("/").split("/")
        if parts[:3] != ["offers", "v1.0", "aws"]:
            return None
        if parts[-1] == "region_index.json":
            url = "/offers/v1.0/aws/{}/2026/{}/index.json"
            regions = {it: {"regionCode": it, "currentVersionUrl": url.format(parts[3], it)} for it in files[parts[3]]}
            zone = {"us-east-1-bos-1": {"regionCode": "us-east-1-bos-1", "currentVersionUrl": "/nowhere/index.json"}}
            return json.dumps({"formatVersion": "v1.0", "regions": {**regions, **zone}}).encode()
        assert parts[-1] == "index.csv"
        return as_csv(files[parts[3]][parts[5]]).encode()


@pytest.fixture
def aws():
    price_list = PriceList()
    yield price_list
    price_list.server.shutdown()


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


@pytest.fixture
def run(home, cache):
    credentials = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "very-secret-key"}
    return Runs(home, {**credentials, "NATWISE_CACHE_DIR": str(cache)})


def rates(done):
    assert done.returncode == 0, done.stderr
    rows = csv.DictReader(done.stdout.splitlines())
    return {(row["region"], row["product"], row["tier_from"]): row for row in rows}


def book(run, *arguments):
    return rates(run("prices", "--format", "csv", *arguments))


def test_offer_files_that_are_here(run, cache, tmp_path):
    packed = tmp_path / "vpc.json.gz"
    packed.write_bytes(gzip.compress(VPC["eu-central-1"].read_bytes()))
    done = run("prices", "refresh", "--from", IRELAND, packed)
    assert done.returncode == 0, done.stderr
    assert "AmazonEC2 20260925174521 of 2026-09-25" in done.stdout
    assert f"Kept in {cache / 'prices.csv'}." in done.stdout
    kept = book(run)
    row = kept["eu-west-1", "nat_gateway_provisioned_gbps_hour", "0"]
    assert (row["usd"], row["as_of"]) == ("1.164", "2026-09-25")
    assert row["source"] == "AWS Price List AmazonEC2 20260925174521 (SKU AVQ7WERG9GYTK6BD)"
    tiers = [kept["eu-central-1", "interface_endpoint_gb", start]["usd"] for start in ("0", "1048576", "5242880")]
    assert tiers == ["0.01", "0.006", "0.004"]


def test_audits_use_the_newer_rates_and_say_so(run, tmp_path):
    plain = json.loads(run("audit", "--demo", "--format", "json").stdout)
    dearer = IRELAND.read_text().replace("0.0480000000", "0.0960000000").replace("2026-09-25", "2026-11-20")
    offer = tmp_path / "offer.json"
    offer.write_text(dearer)
    done = run("prices", "refresh", "--from", offer, "--format", "json")
    changed = {(it["region"], it["product"]): it for it in json.loads(done.stdout)}
    assert changed["eu-west-1", "nat_gateway_hour"]["before"] == "0.048"
    assert changed["eu-west-1", "nat_gateway_hour"]["percent"] == 100
    after = json.loads(run("audit", "--demo", "--format", "json").stdout)
    assert after["prices"]["source"] == "embedded, refreshed 2026-11-20"
    assert after["prices"]["as_of"] == "2026-11-20"
    embedded = json.loads(run("audit", "--demo", "--format", "json", "--embedded-prices").stdout)
    assert embedded == plain
    # The user's own rates are on top of both.
    own = tmp_path / "own.csv"
    own.write_text("region,product,usd\neu-west-1,nat_gateway_hour,0.01\n")
    assert book(run, "--prices", own)["eu-west-1", "nat_gateway_hour", "0"]["usd"] == "0.01"
    assert book(run, "--prices", own)["eu-west-1", "nat_gateway_gb", "0"]["usd"] == "0.096"


def test_older_prices_than_the_embedded_change_nothing(run, tmp_path):
    offer = tmp_path / "offer.json"
    offer.write_text(IRELAND.read_text().replace("0.0480000000", "0.0960000000").replace("2026-09-25", "2016-01-01"))
    assert run("prices", "refresh", "--from", offer).returncode == 0
    assert book(run)["eu-west-1", "nat_gateway_hour", "0"]["usd"] == "0.048"


def test_the_query_api(aws, run):
    done = run("prices", "refresh", "--endpoint-url", aws.url)
    assert done.returncode == 0, done.stderr
    by_api = book(run)
    files = run("prices", "refresh", "--from", IRELAND, *VPC.values())
    assert files.returncode == 0 and "0 of them new or changed" in files.stdout
    assert book(run) == by_api
    asked = [(it["ServiceCode"], it.get("Filters", [])) for it in aws.asked]
    assert all(it["MaxResults"] == 100 for it in aws.asked)
    assert {code for code, _ in asked} == {"AmazonEC2", "AmazonVPC", "AWSDataTransfer"}
    assert [{"Type": "TERM_MATCH", "Field": "productFamily", "Value": "NAT Gateway"}] in [it for code, it in asked if code == "AmazonEC2"]


def test_only_some_regions(aws, run):
    done = run("prices", "refresh", "--endpoint-url", aws.url, "--region", "eu-central-1", "--format", "csv")
    assert {region for region, _, _ in rates(done)} == {"eu-central-1"}
    assert all(any(by["Value"] == "eu-central-1" for by in it["Filters"]) for it in aws.asked if it["ServiceCode"] == "AmazonVPC")
    assert run("prices", "refresh", "--region", "eu-moon-1").returncode == 2
    wrong = run("prices", "refresh", "--region", "cn-north-1")
    assert wrong.returncode == 2 and "--china" in wrong.stderr


def test_offer_files_of_aws(aws, run):
    done = run("prices", "refresh", "--offer-files", "--offers-url", aws.url)
    assert done.returncode == 0, done.stderr
    assert "natwise: 1 of 4: AmazonVPC ap-northeast-1" in done.stderr
    files = run("prices", "refresh", "--from", IRELAND, *VPC.values(), "--format", "csv")
    assert rates(run("prices", "refresh", "--offer-files", "--offers-url", aws.url, "--format", "csv")) == rates(files)
    gone = run("prices", "refresh", "--offer-files", "--offers-url", aws.url, "--region", "mx-central-1")
    assert gone.returncode == 2 and "mx-central-1 is not in it" in gone.stderr


def test_a_refresh_that_fails_keeps_what_was_there(aws, run, cache, tmp_path):
    assert run("prices", "refresh", "--from", IRELAND).returncode == 0
    before = (cache / "prices.csv").read_bytes()

    def fails(*arguments, because):
        done = run("prices", "refresh", *arguments)
        assert done.returncode == 2 and because in done.stderr, done.stderr
        assert (cache / "prices.csv").read_bytes() == before
        assert [it.name for it in cache.iterdir()] == ["prices.csv"]

    aws.refused = 3
    fails("--endpoint-url", aws.url, because="pricing:GetProducts failed: AccessDeniedException: You may not.")
    aws.refused, aws.repeated = None, True
    fails("--endpoint-url", aws.url, because="pricing:GetProducts does not come to an end")
    aws.broken = True
    fails("--offer-files", "--offers-url", aws.url, because="offer file AmazonVPC ap-northeast-1")
    half = tmp_path / "half.json"
    half.write_text(IRELAND.read_text()[:9000])
    fails("--from", half, because="not an offer file of AWS's price list: EOF")
    fails("--from", tmp_path / "nothing.json", because="cannot read")
    fails("--from", IRELAND, OFFERS / "AmazonEC2-us-east-1.csv", because="regional_nat_gateway_gb is missing in us-east-1")
    fails("--from", HERE / "test_prices.py", because="not an offer file")
    assert run("prices", "refresh", "--from", VPC["us-east-1"], "--dry-run").returncode == 0
    assert (cache / "prices.csv").read_bytes() == before


def test_a_broken_cache_is_named_and_repaired(run, cache):
    cache.mkdir()
    (cache / "prices.csv").write_text("nonsense\n")
    done = run("audit", "--demo")
    assert done.returncode == 2 and "natwise prices refresh" in done.stderr and "--embedded-prices" in done.stderr
    assert run("audit", "--demo", "--embedded-prices").returncode == 0
    assert run("prices", "refresh", "--from", IRELAND).returncode == 0
    assert run("audit", "--demo").returncode == 0


def test_maintainers_renew_the_projects_tables(run, tmp_path):
    tables = tmp_path / "pricing"
    shutil.copytree(ROOT / "pricing", tables)
    before = {path.name: path.read_text() for path in tables.iterdir()}
    done = run("prices", "refresh", "--from", IRELAND, VPC["ap-northeast-1"], "--into", tables)
    assert done.returncode == 0, done.stderr
    rows = {(row["region"], row["product"]): row for row in csv.DictReader((tables / "nat_gateway.csv").open())}
    assert rows["eu-west-1", "nat_gateway_gb"]["as_of"] == "2026-09-25"
    assert rows["af-south-1", "nat_gateway_gb"] == next(
        row for row in csv.DictReader(before["nat_gateway.csv"].splitlines()) if (row["region"], row["product"]) == ("af-south-1", "nat_gateway_gb")
    )
    assert (tables / "regions.csv").read_text() == before["regions.csv"]
    endpoints = list(csv.DictReader((tables / "vpc_endpoint.csv").open()))
    assert [row["usd"] for row in endpoints if (row["region"], row["product"]) == ("ap-northeast-1", "interface_endpoint_gb")] == ["0.01", "0.006", "0.004"]
    nothing = run("prices", "refresh", "--from", IRELAND, "--into", tmp_path)
    assert nothing.returncode == 2 and "no price tables" in nothing.stderr


def test_without_credentials_it_says_what_else_there_is(home, cache):
    done = Runs(home, {"NATWISE_CACHE_DIR": str(cache), "AWS_EC2_METADATA_DISABLED": "true"})("prices", "refresh")
    assert done.returncode == 2 and "credentials" in done.stderr and "--offer-files" in done.stderr
    assert not pathlib.Path(cache / "prices.csv").exists()


def test_the_policy_names_what_a_refresh_needs(run):
    statements = json.loads(run("iam-policy", "--prices").stdout)["Statement"]
    assert {"Sid": "NatwisePrices", "Effect": "Allow", "Action": ["pricing:GetProducts"], "Resource": "*"} in statements
