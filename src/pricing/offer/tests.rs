use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;
use crate::pricing::PriceBook;

const EC2_EU_WEST_1: &str = include_str!("../../../tests/e2e/data/offers/AmazonEC2-eu-west-1.json");
const EC2_US_EAST_1: &str = include_str!("../../../tests/e2e/data/offers/AmazonEC2-us-east-1.csv");
const VPC: [&str; 3] = [
    include_str!("../../../tests/e2e/data/offers/AmazonVPC-us-east-1.json"),
    include_str!("../../../tests/e2e/data/offers/AmazonVPC-eu-central-1.json"),
    include_str!("../../../tests/e2e/data/offers/AmazonVPC-ap-northeast-1.json"),
];
const ANSWERS: &str = include_str!("../../../tests/e2e/data/offers/GetProducts-AmazonVPC-ap-south-1.jsonl");

fn list(files: &[&str]) -> Result<PriceList, OfferError> {
    let mut reader = Reader::new(&[], None);
    for file in files {
        reader.file(file.as_bytes())?;
    }
    reader.finish()
}

fn error(file: &str) -> String {
    list(&[file]).unwrap_err().to_string()
}

/// Without the line whose other half is not in the excerpt.
fn ec2_us_east_1() -> String {
    EC2_US_EAST_1
        .lines()
        .filter(|line| !line.contains("RegionalNatGateway"))
        .fold(String::new(), |text, line| text + line + "\n")
}

#[test]
fn recorded_offers_agree_with_the_embedded_book() {
    let csv = ec2_us_east_1();
    let mut reader = Reader::new(&[], None);
    for file in [EC2_EU_WEST_1, &csv].into_iter().chain(VPC) {
        reader.file(file.as_bytes()).unwrap();
    }
    ANSWERS.lines().for_each(|line| reader.product(line).unwrap());
    let list = reader.finish().unwrap();
    let book = PriceBook::embedded().unwrap();
    let mut compared = 0;
    for ((product, region), rate) in &list.rates {
        if let Ok(own) = book.rate(region, *product) {
            assert_eq!(rate.tiers(), own.tiers(), "{product} in {region}");
            compared += 1;
        }
    }
    // Six of eu-west-1's NAT gateways, two of us-east-1's, one address of ap-south-1, seven of each AmazonVPC offer.
    assert_eq!(list.rates.len(), 6 + 2 + 1 + 3 * 7);
    assert!(compared > 20, "{compared}");
    let regional = &list.rates[&(Product::RegionalNatGatewayAzHour, "eu-west-1".into())];
    assert_eq!(regional.source, "AWS Price List AmazonEC2 20260925174521 (SKU EQKFCWWHPDRFVY6T)");
    assert_eq!(regional.as_of, "2026-09-25");
    assert_eq!(list.editions.len(), 4);
}

#[test]
fn only_the_wanted_regions_are_read() {
    let mut reader = Reader::new(&["eu-central-1".into()], None);
    VPC.iter().for_each(|file| reader.file(file.as_bytes()).unwrap());
    let list = reader.finish().unwrap();
    assert!(list.rates.keys().all(|(_, region)| region.as_str() == "eu-central-1"));
    assert_eq!(list.rates[&(Product::InterfaceEndpointGb, "eu-central-1".into())].tiers().len(), 3);
}

#[test]
fn half_of_a_pair_is_an_error() {
    assert_eq!(
        error(EC2_US_EAST_1),
        "regional_nat_gateway_gb is missing in us-east-1, which has regional_nat_gateway_az_hour"
    );
}

#[test]
fn two_prices_for_one_thing_are_an_error_and_one_price_twice_is_not() {
    let line = ec2_us_east_1().lines().find(|line| line.contains("\"NatGateway-Hours\"")).unwrap().to_owned();
    let again =
        |from: &str, to: &str| ec2_us_east_1() + &line.replace("M2YSHUBETB3JX4M4", "ANOTHERSKU").replace(from, to);
    assert!(list(&[&again("0.045", "0.045")]).is_ok());
    assert_eq!(
        error(&again("0.0450000000", "0.0460000000")),
        "nat_gateway_hour in us-east-1 has several prices, and nothing says which one holds: \
         0.046 (SKU ANOTHERSKU), 0.045 (SKU M2YSHUBETB3JX4M4)"
    );
    // Another edition with another price for the same SKU is no better.
    let later = ec2_us_east_1().replace("0.0450000000", "0.0470000000");
    assert!(list(&[&ec2_us_east_1(), &later]).is_err());
    // Rows that are charged under other operations are no rows of ours.
    assert!(list(&[&again("\"NatGateway\"", "\"Outposts\"")]).is_ok());
}

#[test]
fn names_that_only_end_alike_are_not_ours() {
    for other in
        ["OTL1-NatGateway-Hours", "RegionalNatGateway-Hours2", "EU-NatGateway-Hours", "USW2-LAX1-NatGateway-Hours"]
    {
        let csv = ec2_us_east_1() + &ec2_us_east_1().lines().last().unwrap().replace("NatGateway-Bytes", other);
        // Those of another Region are known by their Region, which is us-east-1 here.
        assert_eq!(list(&[&csv]).unwrap().rates.len(), 2, "{other}");
    }
}

#[test]
fn what_is_no_offer_file_is_said() {
    assert!(error("").contains("it is empty"));
    assert!(error("{}").contains("there are no products, or no terms"));
    assert!(error("SKU,Price\n").contains("no line of \"FormatVersion\""));
    assert!(error("\u{0}\u{1}\u{2}").contains("no line of"));
    let half = &EC2_EU_WEST_1[..EC2_EU_WEST_1.len() / 2];
    assert!(error(half).contains("EOF while parsing"), "{}", error(half));
    let (products, terms) = EC2_EU_WEST_1.split_once("\"terms\" :").unwrap();
    let (head, products) = products.split_once("\"products\" :").unwrap();
    let terms = terms.trim_end().trim_end_matches('}').trim_end().trim_end_matches(',');
    let products = products.trim_end().trim_end_matches(',');
    let reordered = format!("{head}\"terms\" : {terms}, \"products\" : {products} }}");
    assert!(error(&reordered).contains("the terms come before the products"), "{}", error(&reordered));
    let other = "{\"offerCode\":\"AmazonS3\",\"version\":\"1\",\"publicationDate\":\"2026-01-01\",\"products\":{},\"terms\":{}}";
    assert!(error(other).starts_with("there is no price of a NAT gateway"));
    let prices = |from: &str, to: &str| error(&EC2_EU_WEST_1.replacen(from, to, 1));
    assert!(prices("\"0.0480000000\"", "\"cheap\"").contains("\"cheap\" is no price"));
    assert!(prices("\"0.0480000000\"", "\"-0.048\"").contains("is no price"));
    assert!(prices("\"0.0480000000\"", "\"0.0000000000\"").contains("a price of nothing"));
    assert!(prices("\"unit\" : \"Hrs\"", "\"unit\" : \"Mo\"").contains("priced per \"Mo\", not per hour"));
    assert!(
        prices("\"endRange\" : \"Inf\"", "\"endRange\" : \"10\"").contains("its last tier must have no upper edge")
    );
    // A price in no currency that natwise counts in is missing.
    assert!(prices("\"USD\" : \"0.0480000000\"", "\"EUR\" : \"0.048\"").contains("is missing in eu-west-1"));
}

#[test]
fn chinas_prices_are_counted_at_what_a_yuan_is_worth() {
    let china = EC2_EU_WEST_1
        .replace("\"EU-", "\"CNW1-")
        .replace("eu-west-1", "cn-northwest-1")
        .replace("\"USD\" : \"0.048", "\"USD\" : \"0\", \"CNY\" : \"0.37")
        .replace("\"USD\"", "\"CNY\"")
        .replace("\"CNY\" : \"0\",", "\"USD\" : \"0\",");
    assert!(error(&china).starts_with("the prices of cn-northwest-1 are in CNY"));
    let mut reader = Reader::new(&[], Some(Decimal::new(14, 2)));
    reader.file(china.as_bytes()).unwrap();
    let list = reader.finish().unwrap();
    let rate = &list.rates[&(Product::NatGatewayGb, "cn-northwest-1".into())];
    assert_eq!(rate.first().0.normalize().to_string(), "0.0518");
}

proptest! {
    #[test]
    fn whatever_is_in_a_file_nothing_panics(cut in 0..EC2_EU_WEST_1.len(), byte: u8, at in 0..EC2_EU_WEST_1.len()) {
        let mut bytes = EC2_EU_WEST_1.as_bytes().to_vec();
        bytes[at] = byte;
        let mut reader = Reader::new(&[], None);
        let _either = reader.file(&bytes[..]).and_then(|()| Reader::new(&[], None).file(&bytes[..cut]));
        let _either = reader.finish();
    }

    #[test]
    fn the_order_of_products_changes_nothing(seed in any::<u64>()) {
        let csv = ec2_us_east_1();
        let mut lines: Vec<_> = csv.lines().collect();
        let rows = lines.split_off(6);
        let turned = rows.iter().cycle().skip(usize::from(seed % 2 == 0)).take(rows.len());
        let text = lines.iter().chain(turned).fold(String::new(), |mut text, line| {
            let _infallible = writeln!(text, "{line}");
            text
        });
        prop_assert_eq!(list(&[&text]).unwrap().rates, list(&[&csv]).unwrap().rates);
    }
}
