use crate::finding::{Basis, RemedyKind};
use crate::model::EndpointType;
use crate::testing::{Account, money, usd};

const RULE: &str = "s3-interface-shadows-gateway";

/// An S3 interface endpoint that takes the names, beside the gateway endpoint, and carried 100 GB.
fn shadow() -> Account {
    let account = Account::sound("us-east-1").endpoint(EndpointType::Interface, "s3", |endpoint| {
        endpoint.vpc_endpoint_id = "vpce-paid".into();
        endpoint.subnet_ids = vec!["subnet-a".into(), "subnet-b".into()];
        endpoint.private_dns_enabled = true;
    });
    account.bytes("vpce-paid", 100)
}

#[test]
fn the_vpcs_own_traffic_is_paid_for_nothing() {
    let report = shadow().report();
    let finding = report.one(RULE);
    // 2 x 7.30 + 100 x 0.01
    assert_eq!(money(finding), ["15.6", "15.6", "15.6"]);
    assert_eq!((finding.basis, finding.remedy.kind), (Basis::Measured, RemedyKind::DeleteEndpoint));
    assert_eq!(finding.resources, ["vpce-paid", "vpce-s3"]);
}

#[test]
fn without_a_gateway_endpoint_the_remedy_makes_one() {
    let report = shadow().scan(|scan| scan.vpc_endpoints.retain(|e| e.vpc_endpoint_id.as_str() != "vpce-s3")).report();
    assert!(report.one(RULE).remedy.commands[0].contains("create-vpc-endpoint"));
    assert!(report.one(RULE).detail.contains("there is no gateway endpoint"));
}

#[test]
fn clients_outside_the_vpc_may_be_the_ones_who_use_it() {
    for target in ["vgw-1", "pcx-1", "tgw-1"] {
        let report = shadow().route("rtb-a", "172.16.0.0/12", target).report();
        let finding = report.one(RULE);
        assert_eq!(money(finding), ["15.6", "0", "15.6"], "{target}");
        assert_eq!((finding.basis, finding.remedy.kind), (Basis::Bounded, RemedyKind::ChangeEndpointDns));
    }
}

#[test]
fn names_that_lead_elsewhere_shadow_nothing() {
    let without_names = shadow().edit_endpoint("vpce-paid", |endpoint| endpoint.private_dns_enabled = false);
    assert!(without_names.report().all(RULE).is_empty());
    let inbound_only =
        shadow().edit_endpoint("vpce-paid", |e| e.private_dns_only_for_inbound_resolver_endpoint = Some(true));
    assert!(inbound_only.report().all(RULE).is_empty());
    for state in ["failed", "deleted", "rejected"] {
        let broken = shadow().edit_endpoint("vpce-paid", |endpoint| endpoint.state = state.into());
        assert!(broken.report().all(RULE).is_empty(), "{state}");
    }
    let express = shadow().edit_endpoint("vpce-paid", |e| e.service_name = "com.amazonaws.us-east-1.s3express".into());
    assert!(express.report().all(RULE).is_empty());
}

#[test]
fn an_idle_one_is_counted_once() {
    let report = shadow().bytes_at("vpce-paid", &[]).report();
    assert_eq!(report.all("idle-interface-endpoint").len(), 1);
    // 2 x 7.30, whichever rule says so
    assert_eq!(usd(report.totals.monthly_usd.saving_high), "14.6");
}

#[test]
fn unknown_bytes_leave_the_money_unknown() {
    let report = shadow().scan(|scan| scan.metrics.endpoints.clear()).report();
    assert_eq!(money(report.one(RULE)), ["unknown"; 3]);
}
