use super::*;
use crate::testing::{Account, Logs, label};

const GB: Bytes = 1 << 30;

fn of(logs: &Logs) -> HourlyTraffic {
    let report = Account::plain("us-east-1").traffic("nat-1", 100, 400).report_with(logs);
    let row = report.nat("nat-1");
    assert!(serde_json::to_value(row).unwrap().get("hourly_traffic").is_none());
    row.hourly_traffic.clone()
}

#[test]
fn services_are_told_hour_by_hour() {
    let (s3, internet) = (label("s3", "us-east-1"), label("internet", ""));
    let logs = Logs::new()
        .gb("nat-1", Some("subnet-a"), "s3", 300)
        .gb("nat-1", Some("subnet-a"), "internet", 100)
        .bytes("nat-1", None, label("s3", "eu-west-1"), GB)
        .later("nat-1", &s3, 200 * GB, 5)
        .later("nat-1", &internet, 100 * GB, 5)
        // After the window.
        .later("nat-1", &s3, 7, 730);
    let found = of(&logs);
    assert_eq!(found.services, [Service::S3, Service::INTERNET]);
    assert_eq!(found.hours, [(0, vec![101 * GB - 7, 0, 0]), (5, vec![200 * GB, 100 * GB, 0])].into());
    assert_eq!(found.stretch, 1);
}

#[test]
fn small_services_are_one() {
    let names = ["sqs", "sns", "kms", "logs", "ssm", "sts", "ecs", "rds", "xray"];
    let logs = names.iter().zip(1..).fold(Logs::new(), |logs, (name, gb)| logs.gb("nat-1", None, name, gb));
    let found = of(&logs);
    let kept: Vec<_> = found.services.iter().map(Service::as_str).collect();
    assert_eq!(kept, ["xray", "rds", "ecs", "sts", "ssm", "logs", "kms"]);
    assert_eq!(found.hours[&0], [9, 8, 7, 6, 5, 4, 3, 3].map(|gb| gb * GB));
}

/// Where services are told of several hours together, each hour's bytes are still its own.
#[test]
fn a_stretch_is_spread_over_its_hours() {
    let (s3, internet) = (label("s3", "us-east-1"), label("internet", ""));
    let logs = Logs::new()
        .bytes("nat-1", None, s3.clone(), 200)
        .bytes("nat-1", None, internet, 101)
        .later("nat-1", &s3, 50, 1)
        .later("nat-1", &s3, 10, 8)
        .stretch("nat-1", 4);
    let found = of(&logs);
    assert_eq!(found.stretch, 4);
    let sums: Vec<Bytes> = found.hours.values().map(|line| line.iter().sum()).collect();
    assert_eq!(sums, [241, 50, 10]);
    let column = |index: usize| found.hours.values().map(|line| line[index]).sum::<Bytes>();
    assert_eq!((column(0), column(1), column(2)), (200, 101, 0));
    assert_eq!(found.hours[&8], [10, 0, 0]);
}
