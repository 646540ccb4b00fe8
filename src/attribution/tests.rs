use crate::finding::Basis;
use crate::testing::{Account, Logs, label, money, text};
use crate::traffic::apportion;

const MISSING: &str = "missing-gateway-endpoint";

/// 500 GB through nat-1 by clients of subnet-a: two parts of S3, one of DynamoDB, the rest elsewhere.
fn account() -> Account {
    Account::plain("us-east-1").traffic("nat-1", 100, 400)
}

#[test]
fn parts_add_up_to_the_total_in_whole_bytes() {
    assert_eq!(apportion(10, &[1, 1, 1]), [4, 3, 3]);
    assert_eq!(apportion(7, &[0, 5, 2]), [0, 5, 2]);
    assert_eq!(apportion(5, &[0, 0]), [0, 0]);
    assert_eq!(
        apportion(u64::MAX, &[u64::MAX, u64::MAX]).iter().map(|b| u128::from(*b)).sum::<u128>(),
        u64::MAX.into()
    );
}

#[test]
fn what_flow_logs_saw_is_measured() {
    let logs = Logs::new().gb("nat-1", Some("subnet-a"), "s3", 200).gb("nat-1", Some("subnet-a"), "internet", 300);
    let report = account().report_with(&logs);
    let finding = report.one(MISSING);
    assert_eq!((finding.service.as_ref().unwrap().as_str(), finding.basis), ("s3", Basis::Measured));
    // 200 GB x 0.045
    assert_eq!(money(finding), ["9", "9", "9"]);
    let coverage = report.nat("nat-1").coverage.as_ref().unwrap();
    assert_eq!((coverage.share.map(text), coverage.logged_hours, coverage.metered_hours), (Some("1".into()), 1, 1));
    let services: Vec<_> =
        report.nat("nat-1").traffic.iter().map(|row| (row.service.as_str(), row.bytes >> 30)).collect();
    assert_eq!(services, [("internet", 300), ("s3", 200)]);
}

#[test]
fn shares_are_scaled_to_the_metered_total_and_both_figures_named() {
    // 400 of 500 GB seen: half of that is S3, so half of all is.
    let logs = Logs::new().gb("nat-1", Some("subnet-a"), "s3", 200).gb("nat-1", Some("subnet-a"), "internet", 200);
    let report = account().report_with(&logs);
    assert_eq!(money(report.one(MISSING)), ["11.25", "11.25", "11.25"]);
    assert!(report.one(MISSING).detail.contains("which saw 80% of the bytes"), "{}", report.one(MISSING).detail);
    let row = &report.nat("nat-1").traffic[0];
    assert_eq!((row.bytes >> 30, row.logged_bytes >> 30, row.basis), (250, 200, Basis::Measured));
}

#[test]
fn below_four_fifths_the_unseen_may_be_anything() {
    let logs = Logs::new().gb("nat-1", Some("subnet-a"), "s3", 100).gb("nat-1", Some("subnet-a"), "internet", 200);
    let report = account().report_with(&logs);
    let s3 = report.one_for(MISSING, "s3");
    assert_eq!(s3.basis, Basis::PartlyMeasured);
    // From the 100 GB that were seen to those and the 200 that were not.
    assert_eq!(money(s3), ["13.5", "4.5", "13.5"]);
    // None was seen for DynamoDB, and still it may be there.
    assert_eq!(money(report.one_for(MISSING, "dynamodb")), ["9", "0", "9"]);
    let month = &report.totals.monthly_usd;
    // Both may have the unseen bytes, but only once: 300 GB in all, and 22.50 is the whole of the data.
    assert_eq!((text(month.saving_low.0), text(month.saving_high.0)), ("4.5".into(), "22.5".into()));
    assert!(report.notes.iter().any(|note| note.message.contains("saw only 60% of its bytes")), "{:#?}", report.notes);
}

#[test]
fn only_the_gateways_own_region_can_be_saved() {
    let elsewhere = |region| label("s3", region);
    let place = Some(("vpc-1", "subnet-a"));
    let gb = 1 << 30;
    let logs = Logs::new()
        .bytes("nat-1", place, elsewhere("eu-west-1"), 300 * gb)
        .bytes("nat-1", place, elsewhere("GLOBAL"), 100 * gb)
        .bytes("nat-1", place, elsewhere("us-east-1"), 100 * gb);
    assert_eq!(money(account().report_with(&logs).one(MISSING)), ["4.5", "4.5", "4.5"]);
    // An address that AWS calls S3, but that is not in the prefix list, is not routed to the endpoint.
    let mut unlisted = label("s3", "us-east-1");
    unlisted.gateway_endpoint = false;
    let logs = Logs::new().bytes("nat-1", place, unlisted, 500 * gb);
    assert!(account().report_with(&logs).all(MISSING).is_empty());
}

#[test]
fn a_service_that_nobody_used_needs_no_endpoint() {
    let report = account().report_with(&Logs::new().gb("nat-1", Some("subnet-a"), "internet", 500));
    assert!(report.all(MISSING).is_empty(), "{:#?}", report.findings);
}

#[test]
fn without_pkt_fields_clients_and_services_meet_only_as_far_as_they_must() {
    let other_table = || {
        account()
            .subnet("subnet-b", "a", "10.0.2.0/24")
            .table("rtb-2", &["subnet-b"])
            .route("rtb-2", "0.0.0.0/0", "nat-1")
            .gateway_endpoint("s3", &["rtb-1"])
    };
    let logs = |s3: u64, b: u64| {
        Logs::new()
            .gb("nat-1", Some("subnet-b"), "s3", s3.min(b))
            .gb("nat-1", Some("subnet-b"), "internet", b - s3.min(b))
            .gb("nat-1", Some("subnet-a"), "s3", s3 - s3.min(b))
            .gb("nat-1", Some("subnet-a"), "internet", 500 - b - (s3 - s3.min(b)))
            .remote_legs("nat-1")
    };
    let rule = "gateway-endpoint-not-associated";
    let of = |s3, b| other_table().report_with(&logs(s3, b));
    // 300 GB of S3 and 400 of subnet-b in 500: at least 200 are both, at most 300.
    let report = of(300, 400);
    assert_eq!(
        (money(report.one(rule)), report.one(rule).basis),
        (["13.5", "9", "13.5"].map(str::to_owned), Basis::PartlyMeasured)
    );
    // All clients are subnet-b's: then so is all S3.
    let report = of(300, 500);
    assert_eq!((money(report.one(rule)), report.one(rule).basis), (["13.5"; 3].map(str::to_owned), Basis::Measured));
}

#[test]
fn clients_of_unknown_places_may_be_anybodys() {
    let logs = Logs::new().gb("nat-1", Some("subnet-a"), "s3", 100).gb("nat-1", None, "s3", 50).gb(
        "nat-1",
        Some("subnet-a"),
        "internet",
        350,
    );
    let report = account().report_with(&logs);
    assert_eq!(money(report.one(MISSING)), ["6.75", "4.5", "6.75"]);
    assert_eq!(report.one(MISSING).basis, Basis::PartlyMeasured);
}

#[test]
fn flow_logs_beat_a_declaration_and_a_declaration_fills_in_where_there_are_none() {
    let logs = Logs::new().gb("nat-1", Some("subnet-a"), "s3", 100).gb("nat-1", Some("subnet-a"), "internet", 400);
    let report = account().report_with_and(&logs, &["s3=60%"]);
    assert_eq!(money(report.one(MISSING)), ["4.5", "4.5", "4.5"]);
    let elsewhere = Logs::new().gb("nat-2", Some("subnet-a"), "s3", 100);
    let report = account().report_with_and(&elsewhere, &["s3=60%"]);
    assert_eq!(report.one_for(MISSING, "s3").basis, Basis::Assumed);
}

#[test]
fn crossing_zones_is_measured_by_zone() {
    let rule = "cross-az-nat-gateway";
    let account = || {
        account()
            .subnet("subnet-b", "b", "10.0.2.0/24")
            .subnet("subnet-c", "c", "10.0.3.0/24")
            .table("rtb-2", &["subnet-b", "subnet-c"])
            .route("rtb-2", "0.0.0.0/0", "nat-1")
            .traffic("nat-1", 1_000, 3_500)
    };
    let logs = |b, c| {
        let logs =
            Logs::new().gb("nat-1", Some("subnet-b"), "internet", b).gb("nat-1", Some("subnet-c"), "internet", c);
        logs.gb("nat-1", Some("subnet-a"), "internet", 5_000 - b - c)
    };
    // 2,000 + 1,000 GB cross at 0.02; a gateway costs 32.85 + 3.65, which only the 2,000 pay for.
    let report = account().report_with(&logs(2_000, 1_000));
    assert_eq!(
        (money(report.one(rule)), report.one(rule).basis),
        (["60", "3.5", "3.5"].map(str::to_owned), Basis::Measured)
    );
    assert!(report.one(rule).detail.contains("2,000 GB from us-east-1b, 1,000 GB from us-east-1c"));
    // Nothing crosses: nothing to say.
    assert!(account().report_with(&logs(0, 0)).all(rule).is_empty());
}

#[test]
fn an_endpoint_pays_off_by_the_zones_own_bytes() {
    let rule = "interface-endpoint-pays-off";
    let account = || {
        account()
            .subnet("subnet-b", "b", "10.0.2.0/24")
            .table("rtb-2", &["subnet-b"])
            .route("rtb-2", "0.0.0.0/0", "nat-1")
            .gateway_endpoint("s3", &["rtb-1", "rtb-2"])
            .gateway_endpoint("dynamodb", &["rtb-1", "rtb-2"])
    };
    let logs = |a, b| {
        let logs = Logs::new().gb("nat-1", Some("subnet-a"), "sqs", a).gb("nat-1", Some("subnet-b"), "sqs", b);
        logs.gb("nat-1", Some("subnet-a"), "internet", 500 - a - b)
    };
    // Zone a: 208.6 GB break even. Zone b's also save the crossing: 7.30 / 0.055 = 132.7 GB.
    let report = account().report_with(&logs(250, 140));
    let finding = report.one(rule);
    assert_eq!(finding.basis, Basis::Measured);
    // 390 x 0.045 + 140 x 0.02 now; less 390 x 0.01 and two zones at 7.30.
    assert_eq!(money(finding), ["20.35", "1.85", "1.85"]);
    assert!(finding.remedy.commands[0].contains("--subnet-ids subnet-a subnet-b"), "{:?}", finding.remedy.commands);
    // Zone b alone is below its break-even: one zone, which serves both.
    let report = account().report_with(&logs(250, 130));
    assert_eq!(money(report.one(rule)), ["19.7", "8.6", "8.6"]);
    assert!(report.one(rule).remedy.commands[0].contains("--subnet-ids subnet-a --security"));
    // Neither pays, and together they do not either.
    assert!(account().report_with(&logs(60, 60)).all(rule).is_empty());
    // Named by address alone it would be `aws`, and nobody may speak.
    let unnamed = Logs::new().gb("nat-1", Some("subnet-a"), "aws", 500);
    let report = account().report_with(&unnamed);
    assert!(report.all(rule).is_empty());
    assert!(report.notes.iter().any(|note| note.message.starts_with("100% of its bytes went to AWS services")));
}

#[test]
fn two_vpcs_behind_one_gateway_save_each_their_own() {
    // Claims on one gateway for one service are of different bytes when different clients make them.
    let logs = Logs::new()
        .bytes("nat-1", Some(("vpc-1", "subnet-a")), label("s3", "us-east-1"), 100 << 30)
        .bytes("nat-1", Some(("vpc-2", "subnet-x")), label("s3", "us-east-1"), 300 << 30)
        .gb("nat-1", Some("subnet-a"), "internet", 100);
    let report = account().report_with(&logs);
    assert_eq!(money(report.one(MISSING)), ["4.5", "4.5", "4.5"]);
}

#[test]
fn what_is_not_recorded_comes_with_the_way_to_record_it() {
    let with_interface =
        || account().edit_nat("nat-1", |nat| nat.addresses[0].network_interface_id = Some("eni-1".into()));
    let report = with_interface().report();
    let advice = &report.flow_log_advice[0];
    assert!(advice.commands[0].contains("--resource-type NetworkInterface --resource-ids eni-1"), "{advice:?}");
    assert!(advice.message.contains("A day of it costs about $") && advice.day_usd_low < advice.day_usd_high);
    let logs = Logs::new().gb("nat-1", Some("subnet-a"), "s3", 500);
    assert!(with_interface().report_with(&logs).flow_log_advice.is_empty());
    // Of a Region without a price for it the cost is unknown, not zero.
    let report = Account::plain("eu-west-1").traffic("nat-1", 100, 400).report();
    assert_eq!(report.flow_log_advice[0].day_usd_high, None);
    assert!(report.flow_log_advice[0].message.contains("unknown"));
}
