use std::str::FromStr;

use hcl_edit::expr::Expression;
use hcl_edit::structure::Body;

use super::*;
use crate::model::Usd;
use crate::testing::Account;

fn written(report: &Report) -> String {
    let mut out = Vec::new();
    render(report, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// An attribute of the one resource of a kind.
fn attribute<'b>(body: &'b Body, kind: &str, key: &str) -> &'b Expression {
    let mut blocks = body.get_blocks("resource").filter(|block| block.labels[0].as_str() == kind);
    let block = blocks.next().unwrap();
    assert!(blocks.next().is_none());
    &block.body.get_attribute(key).unwrap().value
}

#[test]
fn whatever_a_string_holds_it_stays_that_string() {
    for hostile in [
        "${var.x}",
        "%{ if x }",
        "$${x}",
        "\"}",
        "\\",
        "a\nb",
        "\u{202e}x",
        "\u{2028}",
        "<<EOT\nx\nEOT",
        "#",
        "\u{e0001}",
    ] {
        let mut out = Vec::new();
        hcl::print(&mut out, block("x", &[hostile], vec![("y", text(hostile)), ("z", list([hostile]))])).unwrap();
        let source = String::from_utf8(out).unwrap();
        assert!(source.chars().all(|c| c == '\n' || crate::output::is_plain(c)), "{source}");
        let body = Body::from_str(&source).unwrap();
        let block = body.get_blocks("x").next().unwrap();
        assert_eq!(block.labels[0].as_str(), hostile);
        assert_eq!(block.body.get_attribute("y").unwrap().value.as_str(), Some(hostile));
    }
}

#[test]
fn identifiers_are_safe_and_given_once() {
    assert_eq!(hcl::identifier(&["s3", "vpc-0A1"]), "s3_vpc_0a1");
    assert_eq!(hcl::identifier(&["1\n}"]), "x1__");
    let mut names = Names::default();
    let mut name = |id: &str| names.unique(hcl::identifier(&[id]), "_");
    assert_eq!([name("vpc-1"), name("vpc_1"), name("vpc\n1")], ["vpc_1", "vpc_1_2", "vpc_1_3"]);
}

#[test]
fn a_gateway_endpoint_is_made_for_the_tables_that_miss_it() {
    let report = Account::plain("us-east-1").traffic("nat-1", 100, 400).report();
    let body = Body::from_str(&written(&report)).unwrap();
    let endpoints = body.get_blocks("resource").filter(|block| block.labels[0].as_str() == "aws_vpc_endpoint");
    let services: Vec<_> = endpoints
        .map(|block| block.body.get_attribute("service_name").unwrap().value.as_str().unwrap().to_owned())
        .collect();
    assert_eq!(services, ["com.amazonaws.us-east-1.dynamodb", "com.amazonaws.us-east-1.s3"]);
}

#[test]
fn an_interface_endpoint_admits_its_clients_only() {
    let account = Account::sound("us-east-1").traffic("nat-a", 5_000, 5_000);
    let report = account.report_assuming(&["sqs=50%"]);
    let body = Body::from_str(&written(&report)).unwrap();
    assert_eq!(attribute(&body, "aws_vpc_endpoint", "private_dns_enabled").as_bool(), Some(true));
    let group = body.get_blocks("resource").find(|block| block.labels[0].as_str() == "aws_security_group").unwrap();
    let ingress = group.body.get_blocks("ingress").next().unwrap();
    let cidrs = ingress.body.get_attribute("cidr_blocks").unwrap().value.as_array().unwrap();
    assert_eq!(cidrs.iter().map(|cidr| cidr.as_str().unwrap()).collect::<Vec<_>>(), ["10.0.0.0/16"]);
}

#[test]
fn several_regions_have_a_provider_each() {
    let mut report = Account::plain("us-east-1").traffic("nat-1", 100, 400).report();
    let mut other = Account::plain("eu-west-1").traffic("nat-1", 100, 400).report();
    report.findings.append(&mut other.findings);
    let text = written(&report);
    let body = Body::from_str(&text).unwrap();
    assert_eq!(body.get_blocks("provider").count(), 2);
    assert_eq!(text.matches("= aws.eu_west_1\n").count(), 2);
    assert_eq!(text.matches("= aws.us_east_1\n").count(), 2);
}

#[test]
fn without_a_finding_nothing_is_made() {
    let mut report = Account::plain("us-east-1").report();
    report.findings.clear();
    report.totals.monthly_usd.current = Usd::ZERO;
    let body = Body::from_str(&written(&report)).unwrap();
    assert_eq!(body.get_blocks("resource").count(), 0);
}
