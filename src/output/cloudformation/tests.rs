use super::*;
use crate::testing::Account;

fn written(report: &Report) -> String {
    let mut out = Vec::new();
    render(report, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn each_account_and_region_is_a_document() {
    let mut report = Account::plain("us-east-1").traffic("nat-1", 100, 400).report();
    assert_eq!(written(&report).matches("\n---\n").count(), 1);
    let mut other = Account::plain("eu-west-1").traffic("nat-1", 100, 400).report();
    report.findings.append(&mut other.findings);
    let text = written(&report);
    assert_eq!(text.matches("\n---\n").count(), 2);
    assert_eq!(text.matches("  S3EndpointVpc1:\n").count(), 2);
}

#[test]
fn what_a_stack_cannot_make_is_no_template() {
    let mut report = Account::plain("us-east-1").report();
    report.findings.retain(|finding| finding.remedy.changes.is_empty());
    let text = written(&report);
    assert!(!text.contains("\n---\n"));
    assert!(text.lines().all(|line| line.is_empty() || line.starts_with('#')));
}
