use jiff::SignedDuration;

use crate::audit::Decision;
use crate::finding::Basis;
use crate::model::EndpointState;
use crate::testing::{Account, START, at, money, usd};

const RULE: &str = "idle-interface-endpoint";

/// An endpoint in two zones that published nothing.
fn idle() -> Account {
    Account::sound("us-east-1").interface_endpoint("sqs", &["subnet-a", "subnet-b"])
}

#[test]
fn silence_over_the_whole_window_is_zero() {
    let report = idle().report();
    let finding = report.one(RULE);
    // 2 zones x 730 h x 0.01
    assert_eq!(money(finding), ["14.6", "14.6", "14.6"]);
    assert_eq!(finding.basis, Basis::Metered);
    assert_eq!(finding.resources, ["vpce-sqs"]);
    assert_eq!(
        finding.remedy.commands,
        ["aws ec2 delete-vpc-endpoints --region us-east-1 --vpc-endpoint-ids vpce-sqs"]
    );
    assert_eq!(report.endpoint("vpce-sqs").bytes, Some(0));
    assert_eq!(report.endpoint("vpce-sqs").verdict.decision, Decision::Drop);
}

#[test]
fn published_zeros_are_zero_too() {
    assert_eq!(money(idle().bytes("vpce-sqs", 0).report().one(RULE)), ["14.6", "14.6", "14.6"]);
}

#[test]
fn any_byte_is_traffic() {
    assert!(idle().bytes("vpce-sqs", 1).report().all(RULE).is_empty());
}

#[test]
fn what_was_not_asked_is_unknown() {
    let report = idle().scan(|scan| scan.metrics.endpoints.clear()).report();
    assert!(report.all(RULE).is_empty());
    let row = report.endpoint("vpce-sqs");
    assert_eq!((row.bytes, usd(row.window_usd.data), usd(row.monthly_usd)), (None, "unknown".into(), "unknown".into()));
    assert_eq!(row.verdict.decision, Decision::Unknown);
}

#[test]
fn an_endpoint_made_within_the_window_is_not_proven_idle() {
    let since = |hours| {
        let created = at(START) + SignedDuration::from_hours(hours);
        idle().edit_endpoint("vpce-sqs", |endpoint| endpoint.creation_timestamp = Some(created))
    };
    assert_eq!(since(0).report().all(RULE).len(), 1);
    let young = since(1).report();
    assert!(young.all(RULE).is_empty());
    assert_eq!(young.endpoint("vpce-sqs").bytes, None);
    // A zero that it published in its first hour proves no more than that hour.
    let first_hour = since(729).bytes_at("vpce-sqs", &[(729, 0)]).report();
    assert!(first_hour.all(RULE).is_empty());
    assert_ne!(first_hour.endpoint("vpce-sqs").verdict.decision, Decision::Drop);
}

#[test]
fn what_others_made_or_offer_is_never_advised_away() {
    let managed = idle().edit_endpoint("vpce-sqs", |endpoint| endpoint.requester_managed = true).report();
    assert!(managed.findings.is_empty());
    assert_eq!(managed.endpoint("vpce-sqs").verdict.decision, Decision::NotJudged);
    assert_eq!(usd(managed.endpoint("vpce-sqs").monthly_usd), "unknown");
    let name = "com.amazonaws.vpce.us-east-1.vpce-svc-0a1b";
    let third = idle().edit_endpoint("vpce-sqs", |endpoint| endpoint.service_name = name.into()).report();
    assert!(third.findings.is_empty());
    assert_eq!(third.endpoint("vpce-sqs").verdict.decision, Decision::NotJudged);
    assert_eq!(usd(third.endpoint("vpce-sqs").monthly_usd), "14.6");
}

#[test]
fn only_an_available_endpoint_is_idle() {
    for state in ["pending", "pendingAcceptance", "rejected", "failed", "expired", "partial", "deleting", "new"] {
        let report = idle().edit_endpoint("vpce-sqs", |e| e.state = EndpointState::from(state)).report();
        assert!(report.all(RULE).is_empty(), "{state}");
    }
}

#[test]
fn an_endpoint_to_another_region_publishes_nothing_here() {
    let report = idle().edit_endpoint("vpce-sqs", |e| e.service_region = Some("eu-west-1".into())).report();
    assert!(report.all(RULE).is_empty());
    assert!(report.notes.iter().any(|note| note.message.contains("leads to eu-west-1")));
}

#[test]
fn a_missing_price_is_unknown() {
    let report = Account::sound("eu-west-3").interface_endpoint("sqs", &["subnet-a"]).report();
    assert_eq!(money(report.one(RULE)), ["unknown"; 3]);
    let reason = "no price for interface_endpoint_az_hour in eu-west-3";
    assert!(report.totals.unknown.iter().any(|unknown| unknown.reason.contains(reason)));
}
