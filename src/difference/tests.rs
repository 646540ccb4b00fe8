//! What is said of accounts whose figures are known by hand: us-east-1, $0.045 an hour and a gigabyte, windows of 730 h.

use super::*;
use crate::model::EndpointState;
use crate::pricing::PriceBook;
use crate::report::Report;
use crate::testing::{Account, Logs};

fn side(report: &Report) -> Side {
    Side::of(report).unwrap()
}

fn compare(then: &Report, now: &Report) -> Difference {
    Difference::new(&side(then), &side(now))
}

fn usd(text: &str) -> Usd {
    Usd(text.parse().unwrap())
}

fn effects(difference: &Difference) -> Vec<(Cause, String, Basis)> {
    let text = |effect: &Effect| (effect.cause, effect.monthly_usd.0.normalize().to_string(), effect.basis);
    difference.effects.iter().map(text).collect()
}

fn finding<'d>(difference: &'d Difference, rule: &str, service: &str) -> &'d FindingChange {
    let is_it = |finding: &&FindingChange| {
        finding.rule == rule && finding.service.as_ref().map_or("", |service| service.as_str()) == service
    };
    difference.findings.iter().find(is_it).unwrap()
}

/// Traffic doubled, and a gateway endpoint was added: 1,000 GB of S3 and 500 GB of the rest, then 2,000 and 1,000.
fn doubled(then_logs: bool, now_logs: bool) -> Difference {
    let then = Account::plain("us-east-1").traffic("nat-1", 0, 1_500);
    let now = Account::plain("us-east-1").traffic("nat-1", 0, 1_000).gateway_endpoint("s3", &["rtb-1"]);
    let logs = Logs::new().gb("nat-1", Some("subnet-a"), "internet", 500);
    let logs = logs.gb("nat-1", Some("subnet-a"), "s3", 1_000);
    let then = if then_logs { then.report_with(&logs) } else { then.report() };
    let logs = Logs::new().gb("nat-1", Some("subnet-a"), "internet", 1_000);
    compare(&then, &if now_logs { now.report_with(&logs) } else { now.report() })
}

#[test]
fn growth_and_a_fix_are_told_apart_to_the_cent() {
    let difference = doubled(true, true);
    assert_eq!(
        effects(&difference),
        [(Cause::Fix, "-45".to_owned(), Basis::Measured), (Cause::Traffic, "22.5".to_owned(), Basis::Metered)]
    );
    let change = difference.monthly_usd;
    assert_eq!((change.then, change.now, change.change), (usd("104"), usd("81.5"), usd("-22.5")));
    assert_eq!(difference.then.monthly_usd.nat_data, Some(usd("67.5")));
    assert_eq!(difference.now.monthly_usd.nat_data, Some(usd("45")));
    let fixed = finding(&difference, "missing-gateway-endpoint", "s3");
    assert_eq!(fixed.status, FindingStatus::Fixed);
    let realised = fixed.realised.as_ref().unwrap();
    assert_eq!((realised.saving_low, realised.saving_high), (Some(usd("45")), Some(usd("45"))));
    assert_eq!(realised.assumed_at_traffic_of_now, Some(usd("90")), "and 2,000 GB it really was");
    let sum = difference.realised_saving.unwrap();
    assert_eq!((sum.saving_low, sum.saving_high, sum.basis, sum.fixes), (usd("45"), usd("45"), Basis::Measured, 1));
    let [nat] = &*difference.nat_gateways else { panic!() };
    assert_eq!((nat.status, nat.change_monthly_usd), (ResourceStatus::Changed, usd("-22.5")));
    let [endpoint] = &*difference.endpoints else { panic!() };
    assert_eq!((endpoint.status, endpoint.change_monthly_usd), (ResourceStatus::Added, Usd::ZERO));
}

#[test]
fn without_flow_logs_on_both_sides_a_fix_is_a_range() {
    for (then, now) in [(false, false), (true, false), (false, true)] {
        let difference = doubled(then, now);
        assert_eq!(
            effects(&difference),
            [(Cause::FixOrTraffic, "-22.5".to_owned(), Basis::Bounded)],
            "what cannot be told apart stays together"
        );
        let fixed = finding(&difference, "missing-gateway-endpoint", "s3");
        let realised = fixed.realised.as_ref().unwrap();
        assert_eq!((fixed.status, realised.basis), (FindingStatus::Fixed, Basis::Bounded));
        assert_eq!(realised.saving_low, Some(Usd::ZERO));
        let most = if then { usd("45") } else { usd("67.5") };
        assert_eq!(realised.saving_high, Some(most), "all that it could have been then");
        assert_eq!(realised.assumed_at_traffic_of_now, None);
    }
}

#[test]
fn what_was_mended_in_part_is_a_part() {
    let account = |tables: &[&str], gb| {
        let account = Account::plain("us-east-1").subnet("subnet-b", "a", "10.0.2.0/24").table("rtb-2", &["subnet-b"]);
        let account = account.subnet("subnet-c", "a", "10.0.3.0/24").table("rtb-3", &["subnet-c"]);
        let account = account.route("rtb-2", "0.0.0.0/0", "nat-1").route("rtb-3", "0.0.0.0/0", "nat-1");
        account.traffic("nat-1", 0, gb).gateway_endpoint("s3", tables)
    };
    let s3 = |subnet, gb| Logs::new().gb("nat-1", Some("subnet-b"), "s3", 300).gb("nat-1", Some(subnet), "s3", gb);
    let then = account(&["rtb-1"], 1_000).report_with(&s3("subnet-c", 700));
    let now = account(&["rtb-1", "rtb-3"], 300).report_with(&s3("subnet-c", 0));
    let difference = compare(&then, &now);
    assert_eq!(effects(&difference), [(Cause::Fix, "-31.5".to_owned(), Basis::Measured)]);
    let better = finding(&difference, "gateway-endpoint-not-associated", "s3");
    let saved = better.realised.as_ref().and_then(|realised| realised.saving_low);
    assert_eq!((better.status, saved), (FindingStatus::Better, Some(usd("31.5"))));
}

#[test]
fn a_gateway_that_vpcs_share_leaves_a_range() {
    let hub = |s3, endpoint: bool| {
        let account = Account::plain("us-east-1").traffic("nat-1", 0, s3).attach(
            "tgw-1",
            "vpc-1",
            &["subnet-a"],
            Some("tgw-rtb-1"),
        );
        let account = account.tgw_table("tgw-rtb-1", &[("0.0.0.0/0", "vpc-1")]).vpc("vpc-2", "10.2.0.0/16");
        let account = account.subnet("subnet-2", "a", "10.2.0.0/24").table("rtb-2", &["subnet-2"]);
        let account =
            account.route("rtb-2", "0.0.0.0/0", "tgw-1").attach("tgw-1", "vpc-2", &["subnet-2"], Some("tgw-rtb-1"));
        let account = if endpoint { account.gateway_endpoint("s3", &["rtb-2"]) } else { account };
        account.report_with(&Logs::new().bytes(
            "nat-1",
            Some(("vpc-2", "subnet-2")),
            crate::testing::label("s3", "us-east-1"),
            s3 << 30,
        ))
    };
    let difference = compare(&hub(1_000, false), &hub(100, true));
    assert_eq!(effects(&difference), [(Cause::FixOrTraffic, "-40.5".to_owned(), Basis::Bounded)]);
    let is_spoke =
        |finding: &&FindingChange| finding.vpc_id.as_str() == "vpc-2" && finding.status == FindingStatus::Fixed;
    let realised = difference.findings.iter().find(is_spoke).and_then(|finding| finding.realised.as_ref()).unwrap();
    assert_eq!((realised.saving_low, realised.basis), (Some(Usd::ZERO), Basis::Bounded));
    assert!(realised.detail.contains("Other VPCs"), "{}", realised.detail);
}

#[test]
fn months_of_any_length_compare_by_730_hours() {
    let of = |start: &str, end: &str, gb| {
        let nat = |account: Account| {
            let account = account.vpc("vpc-1", "10.0.0.0/16").subnet("subnet-public", "a", "10.0.0.0/24");
            account.nat("nat-1", "subnet-public").traffic("nat-1", 0, gb)
        };
        nat(Account::new("us-east-1").window(start, end)).report()
    };
    let (february, march) = (
        of("2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z", 672),
        of("2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z", 744),
    );
    let difference = compare(&february, &march);
    assert_eq!((difference.monthly_usd.then, difference.monthly_usd.change), (usd("69.35"), Usd::ZERO));
    assert_eq!(difference.effects, []);
    assert_eq!(difference.nat_gateways[0].status, ResourceStatus::Same);
    let total = |summary: &Summary| summary.window_usd.total;
    assert_eq!((total(&difference.then), total(&difference.now)), (Some(usd("63.84")), Some(usd("70.68"))));
}

#[test]
fn a_price_is_told_from_traffic() {
    let report = |gb, discount| {
        let book = PriceBook::embedded().unwrap().with_discount(discount).unwrap();
        let account = Account::plain("us-east-1").traffic("nat-1", 0, gb);
        Report::new(&account.snapshot(), None, &book, &crate::assumption::Assumptions::default())
    };
    let difference = compare(&report(1_000, Decimal::ZERO), &report(3_000, Decimal::new(1, 1)));
    // Ten per cent less for 32.85 of hours, 3.65 of the address and 3,000 GB; 2,000 GB more at the old rate.
    assert_eq!(
        effects(&difference),
        [(Cause::Price, "-17.15".to_owned(), Basis::Metered), (Cause::Traffic, "90".to_owned(), Basis::Metered)]
    );
    let odd = Decimal::new(73, 3);
    let difference = compare(&report(1_234_567, odd), &report(1_234_567, odd));
    assert_eq!(difference.effects, [], "a rate with more than six decimals is no price change");
    let difference = compare(&report(1_000_000, odd), &report(2_000_000, odd));
    assert_eq!(effects(&difference), [(Cause::Traffic, "41715".to_owned(), Basis::Metered)]);
}

#[test]
fn an_idle_gateway_that_was_deleted_saves_its_hours() {
    let idle = Account::sound("us-east-1").subnet("subnet-c", "a", "10.0.20.0/24").nat("nat-c", "subnet-public-a");
    let difference = compare(&idle.traffic("nat-c", 0, 0).report(), &Account::sound("us-east-1").report());
    assert_eq!(effects(&difference), [(Cause::Fix, "-36.5".to_owned(), Basis::Metered)]);
    let fixed = finding(&difference, "idle-nat-gateway", "");
    let realised = fixed.realised.as_ref().unwrap();
    assert_eq!(
        (fixed.status, realised.saving_low, realised.basis),
        (FindingStatus::Fixed, Some(usd("36.5")), Basis::Metered)
    );
    assert_eq!(difference.nat_gateways[0].status, ResourceStatus::Removed);
    // Put to use, it saves nothing.
    let used = Account::sound("us-east-1").subnet("subnet-c", "a", "10.0.20.0/24").nat("nat-c", "subnet-public-a");
    let idle = used.clone().traffic("nat-c", 0, 0).report();
    let difference = compare(&idle, &used.traffic("nat-c", 0, 10).report());
    let gone = finding(&difference, "idle-nat-gateway", "");
    assert_eq!((gone.status, gone.realised.is_none()), (FindingStatus::Gone, true));
    assert_eq!(effects(&difference), [(Cause::Traffic, "0.45".to_owned(), Basis::Metered)]);
}

#[test]
fn a_removal_in_the_middle_of_the_window_saves_the_hours_since() {
    let account =
        || Account::sound("us-east-1").subnet("subnet-c", "a", "10.0.20.0/24").nat("nat-c", "subnet-public-a");
    let half = account().traffic("nat-c", 0, 0).edit_nat("nat-c", |nat| {
        nat.state = crate::model::NatGatewayState::Deleted;
        nat.delete_time = Some(nat.create_time.unwrap() + jiff::SignedDuration::from_hours(273 * 24 + 365));
    });
    let difference = compare(&account().traffic("nat-c", 0, 0).report(), &half.report());
    assert_eq!(effects(&difference), [(Cause::Fix, "-18.25".to_owned(), Basis::Metered)]);
}

#[test]
fn an_endpoint_that_went_in_the_window_saves_no_more_than_it_was() {
    let idle = || Account::sound("us-east-1").interface_endpoint("sqs", &["subnet-a"]);
    let gone = idle().bytes("vpce-sqs", 0).scan(|scan| {
        scan.vpc_endpoints.retain(|endpoint| endpoint.vpc_endpoint_id.as_str() != "vpce-sqs");
    });
    let difference = compare(&idle().report(), &gone.report());
    let fixed = finding(&difference, "idle-interface-endpoint", "sqs");
    let realised = fixed.realised.as_ref().unwrap();
    assert_eq!((fixed.status, realised.basis), (FindingStatus::Fixed, Basis::Bounded));
    assert_eq!((realised.saving_low, realised.saving_high), (Some(Usd::ZERO), Some(usd("7.3"))));
    assert_eq!(effects(&difference), [(Cause::NotComparable, "-7.3".to_owned(), Basis::Unknown)]);
}

#[test]
fn an_interface_endpoint_saves_what_it_takes_less_what_it_costs() {
    let sqs = |gb| Logs::new().gb("nat-1", Some("subnet-a"), "sqs", gb).gb("nat-1", Some("subnet-a"), "internet", 500);
    let then = Account::plain("us-east-1").traffic("nat-1", 0, 1_500).report_with(&sqs(1_000));
    let now = Account::plain("us-east-1").traffic("nat-1", 0, 500).interface_endpoint("sqs", &["subnet-a"]);
    let difference = compare(
        &then,
        &now.bytes("vpce-sqs", 3_000).report_with(&Logs::new().gb("nat-1", Some("subnet-a"), "internet", 500)),
    );
    // 45.00 less 7.30 for the hours and 10.00 for the same bytes; 2,000 GB more at 0.01.
    assert_eq!(
        effects(&difference),
        [(Cause::Fix, "-27.7".to_owned(), Basis::Measured), (Cause::Traffic, "20".to_owned(), Basis::Metered)]
    );
    let fixed = finding(&difference, "interface-endpoint-pays-off", "sqs");
    let realised = fixed.realised.as_ref().unwrap();
    assert_eq!((realised.saving_low, realised.saving_high), (Some(usd("27.7")), Some(usd("27.7"))));
    assert_eq!(realised.assumed_at_traffic_of_now, Some(usd("97.7")), "135.00 less 7.30 and 30.00");
}

#[test]
fn an_endpoint_that_shadowed_a_free_one_saves_its_bytes_too() {
    let shadowed = Account::sound("us-east-1").endpoint(crate::model::EndpointType::Interface, "s3", |endpoint| {
        endpoint.vpc_endpoint_id = "vpce-shadow".into();
        endpoint.subnet_ids = vec!["subnet-a".into()];
        endpoint.private_dns_enabled = true;
    });
    let difference = compare(&shadowed.bytes("vpce-shadow", 1_000).report(), &Account::sound("us-east-1").report());
    assert_eq!(effects(&difference), [(Cause::Fix, "-17.3".to_owned(), Basis::Metered)], "7.30 and 10.00");
    let fixed = finding(&difference, "s3-interface-shadows-gateway", "s3");
    assert_eq!(fixed.realised.as_ref().and_then(|realised| realised.saving_high), Some(usd("17.3")));
}

#[test]
fn a_region_that_was_not_scanned_is_not_removed() {
    let both = Account::plain("us-east-1").traffic("nat-1", 0, 100);
    let both = both.and("111122223333", "eu-west-1").vpc("vpc-2", "10.1.0.0/16").subnet("subnet-2", "a", "10.1.0.0/24");
    let both = both.nat("nat-2", "subnet-2").traffic("nat-2", 0, 100).report();
    let one = Account::plain("us-east-1").traffic("nat-1", 0, 100).report();
    for (then, now, sign, which) in [(&both, &one, -1, "now"), (&one, &both, 1, "then")] {
        let difference = compare(then, now);
        let [effect] = &*difference.effects else { panic!("{:?}", difference.effects) };
        assert_eq!((effect.cause, effect.basis), (Cause::NotComparable, Basis::Unknown));
        assert_eq!(effect.monthly_usd.0.is_sign_negative(), sign < 0);
        assert_eq!(difference.monthly_usd.comparable_change, Usd::ZERO);
        assert_eq!(difference.nat_gateways[0].status, ResourceStatus::NotComparable);
        let [not_seen] = &*difference.not_comparable else { panic!() };
        assert_eq!((not_seen.side, not_seen.region.as_str(), &*not_seen.reason), (which, "eu-west-1", "not scanned"));
        let statuses: Vec<_> =
            difference.findings.iter().filter(|f| f.region.as_str() == "eu-west-1").map(|f| f.status).collect();
        assert!(statuses.iter().all(|status| *status == FindingStatus::NotComparable), "{statuses:?}");
    }
}

#[test]
fn a_list_that_failed_removes_nothing() {
    let seen = Account::plain("us-east-1").traffic("nat-1", 0, 100).interface_endpoint("sqs", &["subnet-a"]);
    let refused = Account::plain("us-east-1")
        .traffic("nat-1", 0, 100)
        .refused("DescribeVpcEndpoints", "ec2:DescribeVpcEndpoints");
    let difference = compare(&seen.report(), &refused.report());
    let endpoint = difference.endpoints.iter().find(|row| row.id == "vpce-sqs").unwrap();
    assert_eq!(endpoint.status, ResourceStatus::NotComparable);
    assert_eq!(difference.not_comparable[0].reason, "DescribeVpcEndpoints failed");
    assert_eq!(difference.monthly_usd.comparable_change, Usd::ZERO);
}

#[test]
fn bytes_that_one_side_does_not_know_are_no_traffic() {
    let difference =
        compare(&Account::plain("us-east-1").report(), &Account::plain("us-east-1").traffic("nat-1", 0, 100).report());
    assert_eq!(effects(&difference), [(Cause::NotComparable, "4.5".to_owned(), Basis::Unknown)]);
    assert_eq!(difference.nat_gateways[0].then.as_ref().unwrap().monthly_usd, None);
}

#[test]
fn what_is_new_and_what_is_gone_is_counted_by_its_hours() {
    let difference = compare(&Account::plain("us-east-1").traffic("nat-1", 0, 100).report(), &{
        let account =
            Account::plain("us-east-1").traffic("nat-1", 0, 40).nat("nat-2", "subnet-public").traffic("nat-2", 0, 60);
        account.report()
    });
    assert_eq!(effects(&difference), [(Cause::Added, "36.5".to_owned(), Basis::Metered)], "the bytes only moved");
    let zones = |count| {
        let account = Account::sound("us-east-1").interface_endpoint("sqs", &["subnet-a", "subnet-b"][..count]);
        account.bytes("vpce-sqs", 5_000).report()
    };
    assert_eq!(effects(&compare(&zones(1), &zones(2))), [(Cause::Resized, "7.3".to_owned(), Basis::Metered)]);
    let gone = Account::sound("us-east-1").interface_endpoint("sqs", &["subnet-a"]).bytes("vpce-sqs", 5_000);
    let gone = gone.edit_endpoint("vpce-sqs", |endpoint| endpoint.state = EndpointState::Deleted);
    let difference = compare(&zones(1), &gone.report());
    assert_eq!(difference.endpoints[0].status, ResourceStatus::Removed);
}

#[test]
fn findings_are_worse_or_better_by_their_money() {
    let report = |gb| Account::plain("us-east-1").traffic("nat-1", 0, gb).report();
    let status = |then, now| finding(&compare(&report(then), &report(now)), "missing-gateway-endpoint", "s3").status;
    assert_eq!(status(100, 200), FindingStatus::Worse);
    assert_eq!(status(200, 100), FindingStatus::Better);
    assert_eq!(status(100, 100), FindingStatus::Same);
    let logged = Account::plain("us-east-1").traffic("nat-1", 0, 100).report_with(&Logs::new().gb(
        "nat-1",
        Some("subnet-a"),
        "s3",
        100,
    ));
    let difference = compare(&report(100), &logged);
    assert_eq!(finding(&difference, "missing-gateway-endpoint", "s3").status, FindingStatus::Restated);
    let difference = compare(&Account::sound("us-east-1").report(), &report(100));
    assert_eq!(finding(&difference, "missing-gateway-endpoint", "s3").status, FindingStatus::New);
}

#[test]
fn what_is_no_report_is_refused() {
    let error = |json: &[u8]| Side::parse(json).unwrap_err().to_string();
    assert_eq!(error(b" \n"), "it is empty");
    assert!(error(b"{\"schema\": \"natwise.report/1\"").contains("truncated"));
    assert!(error(b"{]").contains("not JSON"));
    assert!(error(b"{\"schema\": \"natwise.report/2\"}").contains("another version of natwise"));
    assert!(error(b"{\"schema\": \"natwise.traffic/1\"}").contains("not a report's"));
    assert!(error(b"[]").contains("not a report"));
    let report = Account::plain("us-east-1").report();
    let mut json = serde_json::to_value(&report).unwrap();
    let twice = json["nat_gateways"][0].clone();
    json["nat_gateways"].as_array_mut().unwrap().push(twice);
    assert_eq!(error(&serde_json::to_vec(&json).unwrap()), "it lists nat-1 twice");
}

#[test]
fn reports_of_parts_come_to_the_report_of_the_whole() {
    let part = |region: &str, nat: &str| {
        let account = Account::new(region).vpc("vpc-1", "10.0.0.0/16").subnet("subnet-1", "a", "10.0.0.0/24");
        side(&account.nat(nat, "subnet-1").traffic(nat, 0, 100).report())
    };
    let whole = Side::merge([part("us-east-1", "nat-1"), part("eu-west-1", "nat-2")]).unwrap().unwrap();
    assert_eq!((whole.nat_gateways.len(), whole.parts().len()), (2, 2));
    let twice = Side::merge([part("us-east-1", "nat-1"), part("us-east-1", "nat-2")]).unwrap_err();
    assert!(twice.to_string().contains("in more than one"), "{twice}");
    assert!(Side::merge([]).unwrap().is_none());
}
