use super::*;
use crate::testing::{Account, report};

fn markdown(report: &Report, rows: Option<usize>) -> String {
    let mut out = Vec::new();
    render(report, Style { color: true, width: 60, rows }, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn the_answer_comes_first() {
    let text = markdown(&Account::plain("us-east-1").traffic("nat-1", 100, 400).report(), None);
    let answer = text.lines().nth(2).unwrap();
    assert_eq!(answer, "**They cost $59.00 a month; waste: $0.00 to $22.50 a month.**");
    assert!(text.contains("| NAT gateway data | $22.50 |"), "{text}");
    assert!(text.contains("\n- Complete: yes\n"), "{text}");
}

#[test]
fn what_is_not_known_is_in_the_first_lines() {
    let account = Account::plain("us-east-1").refused("DescribeVpcEndpoints", "ec2:DescribeVpcEndpoints");
    let text = markdown(&account.report(), None);
    let (top, rest) = text.split_once("## Findings").unwrap();
    assert!(top.contains("**Complete: no**: 1 call(s) failed"), "{text}");
    assert!(top.contains("| NAT gateway data | **unknown** |"), "{text}");
    assert!(rest.contains("Allow `ec2:DescribeVpcEndpoints`."), "{text}");
    assert!(rest.contains("## Rules that could not be applied"), "{text}");
}

#[test]
fn as_many_rows_as_asked_for() {
    let report = Account::sound("us-east-1").report();
    assert!(markdown(&report, Some(1)).contains("_… and 1 more: `--top 0` shows all"));
    assert!(!markdown(&report, None).contains("more: `--top 0`"));
}

#[test]
fn a_name_ends_no_cell() {
    let mut snapshot = Account::plain("us-east-1").snapshot();
    let name = "a | b `|` \\| \n| c";
    snapshot.regions[0].nat_gateways[0].tags.insert("Name".into(), name.into());
    let text = markdown(&report(&snapshot), None);
    let line = text.lines().find(|line| line.starts_with("| `nat-1`")).unwrap();
    assert_eq!(line.matches('|').count(), 8, "{line}");
}
