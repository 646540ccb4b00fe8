use super::*;
use crate::change::{Change, Destination};
use crate::testing::Account;

fn written(report: &Report) -> String {
    let mut out = Vec::new();
    render(report, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn what_adds_is_run_and_what_ends_is_a_comment() {
    let mut report = Account::plain("us-east-1").traffic("nat-1", 100, 400).report();
    let end = Change::DeleteNatGateway { nat_gateway_id: "nat-1".into() };
    report.findings[0].remedy.changes.push(end);
    let text = written(&report);
    assert!(text.contains("\nstep_1() {\n"));
    assert!(text.contains("\n#        run aws ec2 delete-nat-gateway --region us-east-1 --nat-gateway-id nat-1\n"));
    let live = text.lines().filter(|line| !line.starts_with('#'));
    assert_eq!(live.filter(|line| line.contains("delete-nat-gateway")).count(), 0);
}

#[test]
fn a_word_with_a_newline_stays_in_its_comment() {
    let mut report = Account::plain("us-east-1").traffic("nat-1", 100, 400).report();
    report.findings[0].remedy.changes = vec![Change::DeleteRoute {
        route_table_id: "rtb-1\ntouch pwned".into(),
        destination: Destination::PrefixList("pl-1'; touch pwned #".into()),
        target: None,
    }];
    let text = written(&report);
    let lines: Vec<_> = text.lines().filter(|line| line.contains("pwned")).collect();
    assert!(lines.len() > 1);
    assert!(lines.iter().all(|line| line.starts_with('#')), "{lines:?}");
}

#[test]
fn a_word_that_no_shell_takes_is_no_step() {
    let mut report = Account::plain("us-east-1").traffic("nat-1", 100, 400).report();
    report.findings.truncate(1);
    report.findings[0].remedy.changes = vec![Change::DeleteNatGateway { nat_gateway_id: "nat-\0".into() }];
    let text = written(&report);
    assert!(text.contains("# It cannot be written for a shell"));
    assert!(!text.contains("step_1()"));
}
