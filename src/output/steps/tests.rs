use super::*;
use crate::testing::Account;

#[test]
fn what_two_findings_ask_for_is_one_step() {
    let mut report = Account::plain("us-east-1").traffic("nat-1", 100, 400).report();
    let before = groups(&report);
    assert_eq!(before.len(), 1);
    let steps = before[0].steps.len();
    drop(before);
    let again = Account::plain("us-east-1").traffic("nat-1", 100, 400).report().findings;
    report.findings.extend(again);
    let groups = groups(&report);
    assert_eq!(groups[0].steps.len(), steps);
    let create = groups[0].steps.iter().find(|step| matches!(step.change, Change::CreateGatewayEndpoint { .. }));
    assert_eq!(create.unwrap().findings.len(), 2);
}

#[test]
fn route_tables_of_two_findings_come_together() {
    let gateway = |tables: &[&str]| Change::CreateGatewayEndpoint {
        vpc_id: "vpc-1".into(),
        service_name: "com.amazonaws.us-east-1.s3".to_owned(),
        route_table_ids: tables.iter().map(|table| (*table).into()).collect(),
    };
    let mut one = gateway(&["rtb-1", "rtb-2"]);
    assert_eq!(key(&one), key(&gateway(&["rtb-3"])));
    join(&mut one, &gateway(&["rtb-2", "rtb-3"]));
    assert_eq!(one, gateway(&["rtb-1", "rtb-2", "rtb-3"]));
}

#[test]
fn a_comment_cannot_be_left() {
    for hostile in ["a\nb", "a\r\nb", "a\u{2028}b", "a\u{85}b", "a\u{202e}b", "a\u{1b}[31m", "*/ b", &"x\n".repeat(500)]
    {
        let text = comment("#", hostile);
        assert!(text.lines().all(|line| line.starts_with("# ")), "{text:?}");
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
        assert!(!text.contains(['\u{2028}', '\u{202e}']));
    }
}

#[test]
fn names_are_given_once() {
    let mut names = Names::default();
    let mut name = |text: &str| names.unique(text.to_owned(), "_");
    assert_eq!([name("a"), name("a"), name("a_2"), name("a")], ["a", "a_2", "a_2_2", "a_3"]);
}
