use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::model::{Groups, Outline, RegionScan, Snapshot};
use crate::testing::{Account, any_account, report};

/// Kinds of things that one account has and no other.
const OWN: [&str; 8] = ["vpc-", "subnet-", "rtb-", "nat-", "vpce-", "sg-", "tgw-attach-", "tgw-rtb-"];

/// Gives all things of an account names of their own; those that it shares with others keep theirs.
fn rename(value: &mut Value, account: usize, shared: &[&str]) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(|value| rename(value, account, shared)),
        Value::Object(fields) => fields.values_mut().for_each(|value| rename(value, account, shared)),
        Value::String(text) => {
            let is_own = OWN.iter().any(|kind| text.starts_with(kind)) && !text.starts_with("vpce-svc");
            if is_own && !shared.contains(&text.as_str()) {
                text.push_str(&format!("-{account}"));
            }
        }
        _ => {}
    }
}

/// Several accounts, some of which share a VPC or a transit gateway, and some of which have the very same ids.
fn organisation() -> impl Strategy<Value = Snapshot> {
    let account = (any_account(), 0..4_u8, 0..3_u8);
    prop::collection::vec(account, 1..6).prop_map(|accounts| {
        let mut parts = Vec::<RegionScan>::new();
        let mut window = None;
        for (number, (account, kind, region)) in accounts.into_iter().enumerate() {
            let snapshot = account.snapshot();
            let mut value = serde_json::to_value(&snapshot.regions[0]).unwrap();
            match kind {
                0 => {}
                1 => rename(&mut value, number, &["vpc-1", "subnet-a", "subnet-public"]),
                _ => rename(&mut value, number, &[]),
            }
            let mut scan: RegionScan = serde_json::from_value(value).unwrap();
            scan.account_id = format!("{:012}", number / 2).into();
            if region == 0 {
                scan.region = "us-east-1".into();
            }
            window = Some(snapshot.window);
            if !parts.iter().any(|part| (&part.account_id, &part.region) == (&scan.account_id, &scan.region)) {
                parts.push(scan);
            }
        }
        Snapshot::new(window.unwrap(), parts)
    })
}

/// Each group of parts as a snapshot.
fn groups(whole: &Snapshot) -> Vec<Snapshot> {
    let mut groups = Groups::default();
    for (index, scan) in whole.regions.iter().enumerate() {
        let part = Snapshot::new(whole.window, vec![scan.clone()]);
        groups.add(index, Outline::parse(&serde_json::to_vec(&part).unwrap()).unwrap().ties);
    }
    let of = |group: Vec<usize>| group.into_iter().map(|index| whole.regions[index].clone()).collect();
    groups.into_groups().into_iter().map(|group| Snapshot::new(whole.window, of(group))).collect()
}

fn json(report: &Report) -> String {
    serde_json::to_string(report).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..Default::default() })]

    #[test]
    fn the_reports_of_groups_are_together_the_report_of_the_whole(whole in organisation(), turn in 0..6_usize) {
        let mut groups = groups(&whole);
        let turn = turn % groups.len();
        groups.rotate_left(turn);
        let merged = Report::merge(groups.iter().map(report)).unwrap();
        prop_assert_eq!(json(&merged), json(&report(&whole)));
    }
}

#[test]
fn nothing_comes_of_nothing_and_one_stays_one() {
    assert!(Report::merge([]).is_none());
    let one = || Account::plain("us-east-1").traffic("nat-1", 100, 400).report();
    assert_eq!(json(&Report::merge([one()]).unwrap()), json(&one()));
}

#[test]
fn accounts_that_share_nothing_are_apart() {
    let snapshot = Account::sound("us-east-1").and("444455556666", "us-east-1").vpc("vpc-2", "10.0.0.0/16").snapshot();
    assert_eq!(groups(&snapshot).len(), 2);
    let spoke = Account::sound("us-east-1").attach("tgw-1", "vpc-1", &[], None).and("444455556666", "us-east-1");
    let spoke = spoke.vpc("vpc-2", "10.0.0.0/16").main_table("rtb-2").route("rtb-2", "0.0.0.0/0", "tgw-1");
    assert_eq!(groups(&spoke.snapshot()).len(), 1);
}
