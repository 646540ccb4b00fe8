//! What the page is made of, as far as no browser is needed to see it; `tests/e2e/test_html.py` looks at it in one.

use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::list::PAGE;
use crate::report::Report;
use crate::testing::Account;

fn page(report: &Report) -> String {
    let mut out = Vec::new();
    super::render(report, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// What stands between two marks, each time.
fn between<'p>(page: &'p str, start: &str, end: &str) -> Vec<&'p str> {
    page.split(start).skip(1).filter_map(|rest| rest.split_once(end)).map(|(inner, _)| inner).collect()
}

fn data(page: &str) -> Value {
    let [packed] = between(page, r#"<script type="text/plain" id="data">"#, "</script>")[..] else { panic!("no data") };
    let mut json = String::new();
    GzDecoder::new(&STANDARD.decode(packed).unwrap()[..]).read_to_string(&mut json).unwrap();
    serde_json::from_str(&json).unwrap()
}

fn rows<'d>(data: &'d Value, id: &str) -> &'d Vec<Value> {
    let list = data["lists"].as_array().unwrap().iter().find(|list| list["id"] == id).unwrap();
    list["rows"].as_array().unwrap()
}

/// As many VPCs as named, each with a NAT gateway that S3 and DynamoDB are reached through.
fn vpcs(count: usize) -> Account {
    (0..count).fold(Account::new("us-east-1"), |account, n| {
        let id = |kind: &str| format!("{kind}-{n}");
        account
            .vpc(&id("vpc"), "10.0.0.0/16")
            .subnet(&id("subnet-public"), "a", "10.0.0.0/24")
            .subnet(&id("subnet"), "a", "10.0.1.0/24")
            .table(&id("rtb"), &[&id("subnet")])
            .nat(&id("nat"), &id("subnet-public"))
            .route(&id("rtb"), "0.0.0.0/0", &id("nat"))
            .traffic(&id("nat"), 100, 400)
    })
}

#[test]
fn the_policy_admits_the_scripts_of_the_page_and_no_other() {
    let page = page(&Account::plain("us-east-1").report());
    let scripts = between(&page, "<script>", "</script>");
    assert_eq!(scripts, super::SCRIPTS, "no script ends early");
    let policy = between(&page, "Content-Security-Policy\" content=\"", "\">")[0].replace("&#39;", "'");
    let hashes = between(&policy, "'sha256-", "'");
    let expected: Vec<_> = scripts.iter().map(|script| STANDARD.encode(Sha256::digest(script))).collect();
    assert_eq!(hashes, expected);
    assert!(policy.starts_with("default-src 'none'; "));
    assert!(!policy.contains("unsafe-eval") && !between(&policy, "script-src", ";")[0].contains("unsafe"));
}

#[test]
fn names_are_escaped_in_the_page_and_in_its_data() {
    let hostile = "</script><script>alert(1)</script>\"'&\u{202e}";
    let account = Account::plain("us-east-1").traffic("nat-1", 1, 1).scan(|scan| {
        scan.vpcs[0].tags.insert("Name".to_owned(), hostile.to_owned());
        scan.nat_gateways[0].tags.insert("Name".to_owned(), hostile.to_owned());
    });
    let page = page(&account.report());
    assert!(!page.contains("alert(1)<") && !page.contains("<script>alert") && !page.contains('\u{202e}'));
    assert!(page.contains("&#60;script&#62;alert(1)&#60;/script&#62;&#34;&#39;&#38;\\u{202e}"));
    let data = data(&page);
    for row in rows(&data, "findings").iter().chain(rows(&data, "gateways")) {
        let html = row["html"].as_str().unwrap();
        assert!(html.starts_with("<tr") && !html.contains("<script"), "{html}");
    }
}

#[test]
fn the_first_rows_are_in_the_page_and_all_are_in_its_data() {
    let few = page(&vpcs(3).report());
    assert_eq!(few.matches("<tr id=\"finding-").count(), 6);
    assert!(!few.contains("class=\"cut\""));
    let report = vpcs(40).report();
    assert_eq!(report.findings.len(), 80);
    let many = page(&report);
    assert_eq!(many.matches("<tr id=\"finding-").count(), PAGE);
    assert!(many.contains("The first 50 of 80."));
    let data = data(&many);
    let rows = rows(&data, "findings");
    assert_eq!(rows.len(), 80);
    assert!(rows[79]["html"].as_str().unwrap().starts_with("<tr id=\"finding-80\""));
    // The same row, whether it stands in the page or in the data.
    assert!(many.contains(rows[0]["html"].as_str().unwrap()));
}

#[test]
fn the_waterfall_ends_at_what_is_left() {
    let report = vpcs(40).report();
    let data = data(&page(&report));
    let waterfall = &data["charts"]["waterfall"];
    let steps = waterfall["steps"].as_array().unwrap();
    assert!(steps.len() + usize::try_from(waterfall["others"].as_u64().unwrap()).unwrap() >= 40);
    let sum = |key: &str, rest: &str| {
        steps.iter().map(|step| step[key].as_f64().unwrap()).sum::<f64>() + waterfall[rest].as_f64().unwrap()
    };
    let current = waterfall["current"].as_f64().unwrap();
    assert!((current - sum("high", "others_high") - waterfall["left_low"].as_f64().unwrap()).abs() < 1e-3);
    assert!((current - sum("low", "others_low") - waterfall["left_high"].as_f64().unwrap()).abs() < 1e-3);
}

#[test]
fn what_was_not_seen_is_said_before_the_figures() {
    let report = Account::plain("us-east-1").refused("DescribeVpcEndpoints", "ec2:DescribeVpcEndpoints").report();
    let seen = page(&report);
    assert!(seen.contains("1 call failed") && seen.contains("rules could not be applied"));
    assert!(seen.find("id=\"gaps\"").unwrap() < seen.find("id=\"cost\"").unwrap());
    let sound = page(&Account::sound("us-east-1").report());
    assert!(!sound.contains("id=\"unseen\"") && sound.contains("every call answered"));
}
