use proptest::prelude::*;

use crate::model::Usd;
use crate::report::{AccountRow, Report, Sums};
use crate::testing::{Account, ME, any_account, usd};

const OTHER: &str = "444455556666";

/// The sums of an account's Region.
fn of<'r>(report: &'r Report, account: &str, region: &str) -> &'r Sums {
    let account = report.accounts.iter().find(|row| row.account_id.as_str() == account).unwrap();
    &account.regions.iter().find(|row| row.region.as_str() == region).unwrap().sums
}

#[test]
fn accounts_and_regions_have_sums_of_their_own() {
    let account =
        Account::plain("us-east-1").traffic("nat-1", 100, 400).scan(|scan| scan.account_name = Some("Hub".into()));
    let account = account.and(ME, "eu-west-1").and(OTHER, "us-east-1").vpc("vpc-2", "10.0.0.0/16").subnet(
        "subnet-2",
        "a",
        "10.0.0.0/24",
    );
    let report = account
        .table("rtb-2", &["subnet-2"])
        .nat("nat-2", "subnet-2")
        .traffic("nat-2", 0, 0)
        .refused("DescribeFlowLogs", "x")
        .report();
    let [me, other] = &*report.accounts else { panic!("{:?}", report.accounts) };
    assert_eq!((me.account_id.as_str(), me.account_name.as_deref(), me.regions.len()), (ME, Some("Hub"), 2));
    assert_eq!((other.account_id.as_str(), other.account_name.as_deref(), other.regions.len()), (OTHER, None, 1));
    // 730 h of a gateway and its address, and 500 GB.
    assert_eq!(usd(me.sums.monthly_usd.current), "59");
    assert_eq!(usd(of(&report, ME, "us-east-1").window_usd.nat_data), "22.5");
    assert_eq!(usd(of(&report, ME, "eu-west-1").window_usd.total), "0");
    assert!(of(&report, ME, "eu-west-1").is_empty() && me.sums.complete);
    assert_eq!(
        (usd(other.sums.monthly_usd.current), usd(other.sums.monthly_usd.saving_low)),
        ("36.5".into(), "36.5".into())
    );
    assert!(!other.sums.complete && !other.regions[0].sums.complete);
    assert_eq!((me.sums.findings + other.sums.findings, me.sums.nat_gateways), (report.findings.len(), 1));
}

#[test]
fn unknown_is_not_zero_of_a_part_either() {
    let report = Account::new("xx-moon-1")
        .vpc("vpc-1", "10.0.0.0/16")
        .subnet("subnet-1", "a", "10.0.0.0/24")
        .nat("nat-1", "subnet-1")
        .report();
    let sums = of(&report, ME, "xx-moon-1");
    assert_eq!((sums.window_usd.nat_data, sums.window_usd.nat_hours), (None, None));
    assert!(sums.partial);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..Default::default() })]

    #[test]
    fn parts_come_to_the_totals(account in any_account(), more in any_account()) {
        let mut snapshot = account.snapshot();
        let mut other = more.snapshot().regions.remove(0);
        other.account_id = OTHER.into();
        snapshot.regions.push(other);
        let report = crate::testing::report(&snapshot);
        let sum = |get: &dyn Fn(&Sums) -> Usd| {
            let accounts: Usd = report.accounts.iter().map(|row| get(&row.sums)).sum();
            let regions: Usd = report.accounts.iter().flat_map(|row| &row.regions).map(|row| get(&row.sums)).sum();
            assert_eq!(accounts.rounded(), regions.rounded());
            accounts.rounded()
        };
        let month = &report.totals.monthly_usd;
        prop_assert_eq!(sum(&|sums| sums.monthly_usd.current), month.current.rounded());
        prop_assert_eq!(sum(&|sums| sums.monthly_usd.ended), month.ended.rounded());
        prop_assert_eq!(sum(&|sums| sums.monthly_usd.saving_low), month.saving_low.rounded());
        prop_assert_eq!(sum(&|sums| sums.monthly_usd.saving_high), month.saving_high.rounded());
        let window = report.totals.window_usd.total.unwrap_or_default().rounded();
        prop_assert_eq!(sum(&|sums| sums.window_usd.total.unwrap_or_default()), window);
        let count = |get: fn(&AccountRow) -> usize| report.accounts.iter().map(get).sum::<usize>();
        prop_assert_eq!(count(|row| row.sums.nat_gateways), report.nat_gateways.len());
        prop_assert_eq!(count(|row| row.sums.endpoints), report.endpoints.len());
        prop_assert_eq!(count(|row| row.sums.findings), report.findings.len());
        prop_assert_eq!(report.accounts.iter().any(|row| row.sums.partial), report.totals.partial);
    }
}
