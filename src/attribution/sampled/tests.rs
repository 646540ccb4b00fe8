use rust_decimal::Decimal;

use crate::finding::Basis;
use crate::model::{Bytes, Gigabytes, Series, Window};
use crate::report::Report;
use crate::sample::{Plan, Sampling};
use crate::testing::{Account, FIRST, Logs, World};

const HOURS: u32 = 730;

/// The report on a sample of a world, `seen` per cent of which the logs show, and what the window's S3 bytes cost.
fn report(world: &World, hours_per_day: u8, seen: u64) -> (Report, Decimal) {
    let series = Series::from_points(world.whole.values().enumerate().map(|(hour, bytes)| (hour, *bytes)));
    let account = Account::plain("us-east-1").traffic("nat-1", 0, 0).scan(|scan| {
        let metrics = &mut scan.metrics.nat_gateways[0];
        (metrics.bytes_in_from_destination, metrics.bytes_out_to_source) = (series.clone(), series.clone());
    });
    let at = |hour: u32| jiff::Timestamp::from_second(i64::from(hour) * 3600).unwrap();
    let window = Window::new(at(FIRST), at(FIRST + HOURS)).unwrap();
    let plan = Plan::new(Sampling { hours_per_day }, window, &world.whole);
    let mut shown = World { part: world.part.clone(), whole: world.whole.clone() };
    for bytes in shown.part.values_mut().chain(shown.whole.values_mut()) {
        *bytes = *bytes * seen / 100;
    }
    let logs = Logs::sampled("nat-1", &shown, plan);
    let s3: Bytes = world.part.values().sum();
    (account.report_with(&logs), Gigabytes::from_bytes(s3).0 * Decimal::new(45, 3))
}

#[test]
fn the_true_saving_lies_in_the_stated_interval_of_93_in_100_worlds() {
    let worlds = 200;
    let (mut held, mut widths) = (0, [Decimal::ZERO; 2]);
    for seed in 0..worlds {
        let world = World::new(1_000 + seed, HOURS);
        for (hours_per_day, width) in [1, 2].into_iter().zip(&mut widths) {
            let (report, truth) = report(&world, hours_per_day, 100);
            let finding = report.one_for("missing-gateway-endpoint", "s3");
            assert_eq!(finding.basis, Basis::Sampled);
            let money = &finding.monthly_usd;
            let (low, high) = (money.saving_low.unwrap().0, money.saving_high.unwrap().0);
            *width += high - low;
            held += u32::from(hours_per_day == 2 && low <= truth && truth <= high);
        }
    }
    assert!(held * 100 >= 93 * u32::try_from(worlds).unwrap(), "{held} of {worlds}");
    assert!(widths[0] > widths[1], "halving the sample widens it: {widths:?}");
}

#[test]
fn totals_stay_cloudwatchs_and_the_shares_add_up_to_them() {
    let world = World::new(1, HOURS);
    let (report, _) = report(&world, 2, 100);
    let nat = report.nat("nat-1");
    let all: Bytes = world.whole.values().sum();
    assert_eq!(nat.bytes.as_ref().map(|bytes| bytes.processed), Some(all));
    assert_eq!(nat.traffic.iter().map(|row| row.bytes).sum::<Bytes>(), all);
    for row in &nat.traffic {
        let (low, high) = (row.bytes_low.unwrap(), row.bytes_high.unwrap());
        assert!(low < row.bytes && row.bytes < high && high <= all && row.basis == Basis::Sampled, "{row:?}");
    }
    let coverage = nat.coverage.as_ref().unwrap();
    assert_eq!((coverage.share, coverage.metered_bytes), (Some(Decimal::ONE), Some(all)));
    assert!(coverage.sampled_hours.is_some_and(|hours| (55..70).contains(&hours)), "{coverage:?}");
    let detail = &report.one_for("missing-gateway-endpoint", "s3").detail;
    assert!(detail.contains("sampled hours (2 of each day)") && detail.contains("with 95% confidence"), "{detail}");
}

#[test]
fn what_logs_of_the_sampled_hours_did_not_see_may_be_anything() {
    let world = World::new(6, HOURS);
    let whole = report(&world, 4, 100).0;
    let half = report(&world, 4, 50).0;
    let range = |report: &Report| {
        let finding = report.one_for("missing-gateway-endpoint", "s3");
        let money = &finding.monthly_usd;
        (finding.basis, money.saving_low.unwrap(), money.saving_high.unwrap())
    };
    let ((_, low, high), (basis, half_low, half_high)) = (range(&whole), range(&half));
    assert_eq!(basis, Basis::PartlyMeasured);
    assert!(half_low < low && half_high > high, "{half_low:?} to {half_high:?}, {low:?} to {high:?}");
}
