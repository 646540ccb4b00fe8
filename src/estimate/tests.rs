//! Plans that are read and refused, and bills reckoned by hand.

use rust_decimal::Decimal;

use super::{ArchitectureRow, EstimateReport, Plan, RegionEstimate};
use crate::pricing::PriceBook;

/// The embedded prices, and one that they lack.
pub(super) fn book() -> PriceBook {
    let csv = b"region,product,usd\nus-east-1,regional_nat_gateway_gb,0.045\n";
    PriceBook::embedded().unwrap().with_overrides("regional.csv", csv).unwrap()
}

fn estimate(plan: &str) -> RegionEstimate {
    EstimateReport::new(&Plan::parse(plan).unwrap(), &book()).regions.remove(0)
}

fn row<'r>(region: &'r RegionEstimate, id: &str) -> &'r ArchitectureRow {
    region.architectures.iter().find(|row| row.id == id).unwrap_or_else(|| panic!("no {id}"))
}

fn usd(region: &RegionEstimate, id: &str) -> String {
    row(region, id).usd.unwrap().rounded().normalize().to_string()
}

fn error(plan: &str) -> String {
    Plan::parse(plan).unwrap_err().to_string()
}

const PROD: &str = r#"
[[vpc]]
name = "prod"
region = "us-east-1"
availability_zones = ["a", "b", "c"]
[vpc.traffic]
internet = { a = 1000, b = 0, c = 0 }
s3 = { a = 1000, b = 500, c = 0.5 }
sqs = { a = 300, b = 200, c = 100 }
"#;

#[test]
fn one_gateway_and_five_terabytes_are_the_references() {
    let plan = r#"
        [[vpc]]
        name = "v"
        region = "us-east-1"
        availability_zones = ["a"]
        [vpc.traffic.internet]
        a = 5000
    "#;
    let region = estimate(plan);
    assert_eq!(usd(&region, "nat-per-az/no-endpoints"), "261.5");
    assert_eq!(usd(&region, "regional-nat/no-endpoints"), "261.5");
    assert_eq!(region.architectures.len(), 2, "nothing else can be built");
}

#[test]
fn a_bill_by_hand() {
    let region = estimate(PROD);
    // 3 x (32.85 + 3.65) + 3,100.5 GB x 0.045.
    assert_eq!(usd(&region, "nat-per-az/no-endpoints"), "249.0225");
    assert_eq!(usd(&region, "nat-per-az/gateway"), "181.5");
    // In zone a only: 300 GB are above 208.57, 200 and 100 are not. 109.5 + 1,300 x 0.045 + 7.3 + 300 x 0.01.
    assert_eq!(usd(&region, "nat-per-az/interface-own-az"), "178.3");
    // 109.5 + 1,000 x 0.045 + 7.3 + 600 x 0.01.
    assert_eq!(usd(&region, "nat-per-az/interface-one-az"), "167.8");
    // In zone a: 36.5 + 3,100.5 x 0.045 + 800.5 x 0.02.
    assert_eq!(usd(&region, "single-nat/no-endpoints"), "192.0325");
    // 36.5 + 1,600 x 0.045 + 300 x 0.02.
    assert_eq!(usd(&region, "single-nat/gateway"), "114.5");
    // b's 200 GB save 0.055 each: 11 against 7.3; c's 100 do not.
    assert_eq!(usd(&region, "single-nat/interface-own-az"), "107.6");
    assert_eq!(usd(&region, "single-nat/interface-one-az"), "94.8");
    assert_eq!(usd(&region, "regional-nat/gateway"), "181.5");
    assert_eq!(region.cheapest.as_deref(), Some("single-nat/interface-one-az"));
    assert!(region.architectures.iter().all(|row| !row.id.starts_with("no-nat") && !row.id.contains("egress")));
    let endpoints = &row(&region, "single-nat/interface-own-az").interface_endpoints;
    assert_eq!(endpoints[0].availability_zones, ["a", "b"]);
    let gb = |gb: Option<Decimal>| gb.unwrap().round_dp(1).to_string();
    assert_eq!(gb(region.break_even[0].break_even_gb), "208.6");
    assert_eq!(gb(region.break_even[0].break_even_crossing_gb), "132.7");
}

#[test]
fn without_internet_there_may_be_no_nat() {
    let region = estimate(&PROD.replace("a = 1000, b = 0, c = 0", "a = 0, b = 0, c = 0"));
    // 3 x 7.3 + 600 x 0.01, as the reference's three zones.
    assert_eq!(usd(&region, "no-nat/interface-own-az"), "27.9");
    assert_eq!(usd(&region, "no-nat/interface-one-az"), "13.3");
    assert_eq!(region.cheapest.as_deref(), Some("no-nat/interface-one-az"));
}

#[test]
fn egress_and_shared_endpoints_pay_attachments_and_what_is_sent() {
    let region = estimate(&format!("[transit_gateway]\negress = true\nshared_endpoints = true\n{PROD}"));
    // 2 attachments 73 + 3 gateways 109.5 + 1,600 GB x 0.065.
    assert_eq!(usd(&region, "egress-nat-per-az/gateway"), "286.5");
    // S3 pays the way as well where the spoke has no gateway endpoint.
    assert_eq!(usd(&region, "egress-single-nat/no-endpoints"), "311.0325");
    // 73 + 36.5 + 1,000 x 0.065 + 7.3 + 600 x 0.03.
    assert_eq!(usd(&region, "egress-single-nat/shared-one-az"), "199.8");
    // 109.5 + 1,000 x 0.045 + 73 + 7.3 + 600 x 0.03.
    assert_eq!(usd(&region, "nat-per-az/shared-one-az"), "252.8");
}

#[test]
fn two_petabytes_are_the_references_tiers() {
    let plan = r#"
        [[vpc]]
        name = "v"
        region = "us-east-1"
        availability_zones = ["a"]
        [vpc.traffic.logs]
        a = 2097152
    "#;
    // 10,485.76 + 6,291.456 + 7.3.
    assert_eq!(usd(&estimate(plan), "no-nat/interface-own-az"), "16784.516");
}

#[test]
fn more_traffic_is_the_estimate_of_more_traffic() {
    let region = estimate(PROD);
    let [.., double, _, eight] = region.by_traffic.as_slice() else { panic!("no points") };
    assert_eq!((double.factor, double.gb), (Decimal::TWO, Decimal::from(6201)));
    let plan = PROD
        .replace("a = 1000, b = 500, c = 0.5", "a = 2000, b = 1000, c = 1")
        .replace("a = 1000, b = 0", "a = 2000, b = 0")
        .replace("a = 300, b = 200, c = 100", "a = 600, b = 400, c = 200");
    let doubled = estimate(&plan);
    assert_eq!((&double.cheapest, double.usd), (&doubled.cheapest, doubled.cheapest_row().and_then(|row| row.usd)));
    assert_eq!(double.usd_by_architecture.len(), doubled.architectures.len());
    assert!(eight.usd > double.usd);
    let one = region.by_traffic.iter().find(|point| point.factor == Decimal::ONE).and_then(|point| point.usd);
    assert_eq!(one, region.cheapest_row().and_then(|row| row.usd));
}

#[test]
fn growth_is_priced_month_by_month() {
    let region = estimate(&format!("growth = \"10%\"\nmonths = 2\n{PROD}"));
    let row = row(&region, "nat-per-az/gateway");
    let months: Vec<_> = row.months_usd.iter().flatten().map(|usd| usd.rounded().normalize().to_string()).collect();
    assert_eq!(months, ["181.5", "188.7"]);
    assert_eq!(usd(&region, "nat-per-az/gateway"), "370.2");
}

#[test]
fn an_unknown_price_makes_the_architecture_unknown() {
    let region = estimate(&PROD.replace("us-east-1", "mx-central-1"));
    assert_eq!(region.cheapest, None);
    let row = row(&region, "nat-per-az/no-endpoints");
    assert_eq!(row.usd, None);
    assert!(row.unknown.contains(&"no price for nat_gateway_gb in mx-central-1".to_owned()), "{:?}", row.unknown);
    assert!(row.lines.iter().any(|line| line.usd.is_none()));
}

#[test]
fn prices_that_rise_with_the_quantity_have_no_exact_answer() {
    let csv = b"region,product,tier_from,tier_to,usd\nus-east-1,interface_endpoint_gb,0,9,0.01\nus-east-1,interface_endpoint_gb,9,,0.02\n";
    let book = PriceBook::embedded().unwrap().with_overrides("mine.csv", csv).unwrap();
    let report = EstimateReport::new(&Plan::parse(PROD).unwrap(), &book);
    let row = row(&report.regions[0], "nat-per-az/interface-own-az");
    assert!(row.usd.is_none() && row.unknown[0].contains("rises with the quantity"));
}

#[test]
fn what_is_missing_is_asked_for() {
    assert!(error("").contains("add [[vpc]]"));
    assert!(error("[[vpc]]").contains("VPC 1 has no name"));
    assert!(error("[[vpc]]\nname = \"v\"").contains("add region"));
    assert!(error("[[vpc]]\nname = \"v\"\nregion = \"us-east-1\"").contains("add availability_zones"));
    let head = "[[vpc]]\nname = \"v\"\nregion = \"us-east-1\"\navailability_zones = [\"a\", \"b\"]\n";
    assert!(error(head).contains("add [vpc.traffic.s3]"));
    assert!(error(&format!("{head}[vpc.traffic.s3]\na = 1")).contains("add \"b\" = 0"));
    assert!(error(&format!("months = 3\n{PROD}")).contains("add growth"));
    assert!(error(&format!("growth = \"3%\"\n{PROD}")).contains("add months"));
}

#[test]
fn what_cannot_be_is_refused_by_name() {
    assert_eq!(
        error(&PROD.replace("name =", "nmae =")).lines().next().unwrap_or_default().split(',').next(),
        Some("line 3: unknown field `nmae`")
    );
    assert!(error(&PROD.replace("sqs =", "sqss =")).contains("did you mean sqs"));
    assert!(error(&PROD.replace("sqs =", "\"ecr\" =")).contains("ecr.api"));
    assert!(error(&PROD.replace("us-east-1", "us-eest-1")).contains("unknown Region \"us-eest-1\""));
    assert!(error(&PROD.replace("b = 200", "d = 200")).contains("\"d\" is not among"));
    assert!(error(&PROD.replace("b = 200", "b = -1")).contains("negative"));
    for figure in ["nan", "inf", "\"1\"", "true", "1e300"] {
        assert!(error(&PROD.replace("b = 200", &format!("b = {figure}"))).contains("a number of GB"), "{figure}");
    }
    assert!(error(&PROD.replace("b = 200", "b = 9000000000000")).contains("too many"));
    assert!(error(&format!("growth = \"100%\"\nmonths = 120\n{PROD}")).contains("too many"));
    assert!(error(&format!("growth = \"3\"\nmonths = 12\n{PROD}")).contains("not a percentage"));
    assert!(error(&format!("growth = \"3%\"\nmonths = 0\n{PROD}")).contains("from 1 to 120"));
    assert!(error(&format!("{PROD}{PROD}")).contains("two VPCs are named \"prod\""));
    let zones: Vec<String> = (0..70).map(|zone| format!("\"{zone}\"")).collect();
    assert!(error(&PROD.replace("\"a\", \"b\", \"c\"", &zones.join(","))).contains("more than 64 zones"));
    assert!(error("[[vpc").starts_with("line 1:"));
}
