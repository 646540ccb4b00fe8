use crate::finding::{Basis, RemedyKind};
use crate::model::SecurityGroupRule;
use crate::testing::{Account, NOT_OURS, money};

const RULE: &str = "endpoint-security-group";

/// An endpoint whose group has these rules only: protocol, ports, and who is admitted.
fn admitting(rules: &[(&str, i32, i32, &str)]) -> Account {
    let rule = |(protocol, from, to, cidr): &(&str, i32, i32, &str)| SecurityGroupRule {
        protocol: (*protocol).into(),
        from_port: Some(*from),
        to_port: Some(*to),
        cidrs: vec![cidr.parse().unwrap()],
        ..Default::default()
    };
    let account =
        Account::sound("us-east-1").interface_endpoint("sqs", &["subnet-a", "subnet-b"]).bytes("vpce-sqs", 900);
    account.scan(|scan| scan.security_groups[0].ingress = rules.iter().map(rule).collect())
}

#[test]
fn https_from_the_vpc_alone_is_right() {
    for rules in [
        &[("tcp", 443, 443, "10.0.0.0/16")][..],
        &[("6", 443, 443, "10.0.0.0/8")],
        &[("tcp", 443, 443, "10.0.10.0/24")],
    ] {
        assert!(admitting(rules).report().findings.is_empty(), "{rules:?}");
    }
}

#[test]
fn clients_that_nothing_admits_are_kept_out() {
    let report = admitting(&[("tcp", 443, 443, "192.168.0.0/16")]).report();
    let finding = report.one(RULE);
    assert!(finding.title.contains("keeps clients out") && finding.detail.contains("443 from 10.0.0.0/16"));
    assert_eq!((finding.basis, money(finding)), (Basis::Configuration, ["unknown"; 3].map(str::to_owned)));
    assert_eq!(
        finding.remedy.commands,
        [
            "aws ec2 authorize-security-group-ingress --region us-east-1 --group-id sg-sqs --protocol tcp --port 443 --cidr 10.0.0.0/16"
        ]
    );
    for rules in [&[][..], &[("tcp", 80, 442, "10.0.0.0/16")], &[("udp", 443, 443, "10.0.0.0/16")]] {
        assert!(admitting(rules).report().one(RULE).title.contains("keeps clients out"), "{rules:?}");
    }
}

#[test]
fn a_secondary_cidr_with_subnets_needs_admission_too() {
    let rules = &[("tcp", 443, 443, "10.0.0.0/16")];
    let second =
        |account: Account| account.scan(|scan| scan.vpcs[0].cidr_blocks.push("100.64.0.0/16".parse().unwrap()));
    assert!(second(admitting(rules)).report().all(RULE).is_empty());
    let used = second(admitting(rules)).subnet("subnet-second", "a", "100.64.1.0/24");
    assert!(used.report().one(RULE).detail.contains("443 from 100.64.0.0/16"));
}

#[test]
fn anywhere_is_too_much() {
    let report = admitting(&[("tcp", 443, 443, "0.0.0.0/0")]).report();
    let finding = report.one(RULE);
    assert!(finding.detail.contains("sg-sqs admits tcp 443 from anywhere (0.0.0.0/0)"), "{}", finding.detail);
    assert_eq!(finding.remedy.kind, RemedyKind::ChangeSecurityGroup);
    assert!(finding.remedy.commands[1].contains("revoke-security-group-ingress"));
}

#[test]
fn other_ports_are_too_much() {
    for rule in [("-1", 0, 0, "10.0.0.0/16"), ("tcp", 0, 65_535, "10.0.0.0/16"), ("tcp", 442, 443, "10.0.0.0/16")] {
        let report = admitting(&[rule]).report();
        assert!(report.one(RULE).detail.contains("more than port 443"), "{rule:?}");
    }
}

#[test]
fn groups_and_lists_may_hold_every_client() {
    let account = admitting(&[]).scan(|scan| {
        let rule = SecurityGroupRule {
            protocol: "tcp".into(),
            from_port: Some(443),
            to_port: Some(443),
            ..Default::default()
        };
        let by_group = SecurityGroupRule { security_group_ids: vec!["sg-clients".into()], ..rule };
        scan.security_groups[0].ingress = vec![by_group];
    });
    assert!(account.report().all(RULE).is_empty());
}

#[test]
fn what_is_not_known_or_not_ours_is_not_judged() {
    let bad = || admitting(&[]);
    assert_eq!(bad().report().all(RULE).len(), 1);
    assert!(bad().scan(|scan| scan.security_groups.clear()).report().all(RULE).is_empty());
    let mail = bad().edit_endpoint("vpce-sqs", |e| e.service_name = "com.amazonaws.us-east-1.email-smtp".into());
    assert!(mail.report().all(RULE).is_empty());
    for edit in NOT_OURS {
        assert!(bad().edit_endpoint("vpce-sqs", edit).report().all(RULE).is_empty());
    }
}
