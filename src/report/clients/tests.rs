use crate::finding::Basis;
use crate::model::{Bytes, Tags};
use crate::report::{ClientsRow, NatGatewayRow};
use crate::testing::{Account, Logs, ME, label};

/// Two private subnets behind nat-1, which carried 500 GB.
fn account() -> Account {
    let account = Account::plain("us-east-1").subnet("subnet-b", "b", "10.0.2.0/24").traffic("nat-1", 100, 400);
    account.scan(|scan| scan.subnets[1].tags = Tags::from([("Name".to_owned(), "app-a".to_owned())]))
}

fn ids(row: &ClientsRow) -> (Option<&str>, Option<&str>, Option<&str>) {
    let zone = row.availability_zone.as_deref();
    (row.subnet_id.as_ref().map(|id| id.as_str()), row.subnet_name.as_deref(), zone)
}

fn sum(row: &NatGatewayRow) -> Bytes {
    row.clients.iter().map(|row| row.bytes).sum()
}

#[test]
fn subnets_come_to_the_metered_total() {
    let logs = Logs::new()
        .gb("nat-1", Some("subnet-b"), "s3", 90)
        .gb("nat-1", Some("subnet-a"), "s3", 200)
        .gb("nat-1", Some("subnet-a"), "internet", 100)
        .gb("nat-1", None, "internet", 60);
    let report = account().report_with(&logs);
    let row = report.nat("nat-1");
    assert_eq!(sum(row), 500 << 30);
    let found: Vec<_> = row.clients.iter().map(|row| (ids(row), row.logged_bytes >> 30, row.basis)).collect();
    let zones = (Some("us-east-1a"), Some("us-east-1b"));
    assert_eq!(
        found,
        [
            ((Some("subnet-a"), Some("app-a"), zones.0), 300, Basis::Measured),
            ((Some("subnet-b"), None, zones.1), 90, Basis::Measured),
            ((None, None, None), 60, Basis::Measured),
        ]
    );
    // 300 of 450 of 500 GB.
    assert_eq!(row.clients[0].bytes, (1000 << 30) / 3);
    let place = |row: &ClientsRow| (row.account_id.as_ref().map(ToString::to_string), row.vpc_id.is_some());
    assert_eq!(place(&row.clients[0]), (Some(ME.to_owned()), true));
    assert_eq!(place(&row.clients[2]), (None, false));
    let json = serde_json::to_value(&report).unwrap();
    let row = &json["nat_gateways"][0]["clients"][2];
    assert!(row["subnet_id"].is_null() && row["bytes"].is_u64() && row["basis"] == "measured", "{row}");
}

/// Records that tell clients apart from services are two views of the same bytes.
#[test]
fn clients_are_known_where_their_services_are_not() {
    let logs = Logs::new()
        .gb("nat-1", Some("subnet-a"), "s3", 200)
        .gb("nat-1", Some("subnet-b"), "internet", 300)
        .remote_legs("nat-1");
    let report = account().report_with(&logs);
    let row = report.nat("nat-1");
    let found: Vec<_> = row.clients.iter().map(|row| (ids(row).0, row.bytes >> 30)).collect();
    assert_eq!(found, [(Some("subnet-b"), 300), (Some("subnet-a"), 200)]);
    assert_eq!(row.traffic.len(), 2);
}

#[test]
fn little_seen_is_partly_measured_and_nothing_seen_is_nobody() {
    let logs = Logs::new().gb("nat-1", Some("subnet-a"), "s3", 20);
    let report = account().report_with(&logs);
    let row = &report.nat("nat-1").clients[0];
    assert_eq!((row.bytes >> 30, row.logged_bytes >> 30, row.basis), (500, 20, Basis::PartlyMeasured));
    let report = account().report_with(&Logs::new());
    assert!(report.nat("nat-1").clients.is_empty() && report.nat("nat-1").hourly_traffic.services.is_empty());
}

/// A subnet that no scan lists, and one of a VPC that another account owns.
#[test]
fn what_no_scan_lists_has_no_zone() {
    let logs = Logs::new().bytes("nat-1", Some(("vpc-9", "subnet-9")), label("s3", "us-east-1"), 5).bytes(
        "nat-1",
        Some(("vpc-1", "subnet-9")),
        label("s3", "us-east-1"),
        4,
    );
    let report = account().report_with(&logs);
    let rows = &report.nat("nat-1").clients;
    assert_eq!((ids(&rows[0]), rows[0].account_id.as_ref()), ((Some("subnet-9"), None, None), None));
    assert_eq!(rows[1].account_id.as_ref().map(ToString::to_string).as_deref(), Some(ME));
    let shared = account().scan(|scan| scan.vpcs[0].owner_id = Some("999900001111".into()));
    let report = shared.report_with(&Logs::new().gb("nat-1", Some("subnet-a"), "s3", 1));
    let row = &report.nat("nat-1").clients[0];
    assert_eq!(row.account_id.as_ref().map(ToString::to_string).as_deref(), Some("999900001111"));
}
