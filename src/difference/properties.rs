//! What holds for any two accounts.

use proptest::prelude::*;

use super::*;
use crate::report::Report;
use crate::testing::{Account, Logs, any_account};

fn side(report: &Report) -> Side {
    Side::of(report).unwrap()
}

/// A month of one VPC: gigabytes of S3, of SQS and of the rest, what is there to carry them, and whether logs tell.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "any of them goes with any other")]
struct Month {
    gb: [u64; 3],
    gateway_endpoint: bool,
    interface_endpoint: bool,
    second_nat: bool,
    logs: bool,
    hours: usize,
}

fn any_month() -> impl Strategy<Value = Month> {
    let flags = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    ((0..5_000_u64, 0..5_000_u64, 0..5_000_u64), flags, 0..3_usize).prop_map(|(gb, flags, hours)| Month {
        gb: [gb.0, gb.1, gb.2],
        gateway_endpoint: flags.0,
        interface_endpoint: flags.1,
        second_nat: flags.2,
        logs: flags.3,
        hours,
    })
}

impl Month {
    fn report(&self) -> Report {
        let end = ["2026-10-29T00:00:00Z", "2026-10-31T10:00:00Z", "2026-11-01T00:00:00Z"][self.hours];
        let mut account = Account::new("us-east-1").window(crate::testing::START, end).vpc("vpc-1", "10.0.0.0/16");
        account = account.subnet("subnet-public", "a", "10.0.0.0/24").subnet("subnet-a", "a", "10.0.1.0/24");
        account =
            account.table("rtb-1", &["subnet-a"]).nat("nat-1", "subnet-public").route("rtb-1", "0.0.0.0/0", "nat-1");
        if self.second_nat {
            account = account.nat("nat-2", "subnet-public").traffic("nat-2", 0, 7);
        }
        let [s3, sqs, rest] = self.gb;
        let (s3_by_nat, sqs_by_nat) =
            (if self.gateway_endpoint { 0 } else { s3 }, if self.interface_endpoint { 0 } else { sqs });
        if self.gateway_endpoint {
            account = account.gateway_endpoint("s3", &["rtb-1"]);
        }
        if self.interface_endpoint {
            account = account.interface_endpoint("sqs", &["subnet-a"]).bytes("vpce-sqs", sqs);
        }
        account = account.traffic("nat-1", 0, s3_by_nat + sqs_by_nat + rest);
        if !self.logs {
            return account.report();
        }
        let logs = [("s3", s3_by_nat), ("sqs", sqs_by_nat), ("internet", rest)].into_iter();
        let logs = logs.fold(Logs::new(), |logs, (service, gb)| logs.gb("nat-1", Some("subnet-a"), service, gb));
        let logs = if self.second_nat { logs.gb("nat-2", Some("subnet-a"), "internet", 7) } else { logs };
        account.report_with(&logs)
    }
}

/// Everything that must be so of any comparison.
fn check(then: &Report, now: &Report) -> Result<(), TestCaseError> {
    let (then, now) = (side(then), side(now));
    let difference = Difference::new(&then, &now);
    let change = difference.monthly_usd;
    let sum = |effects: &[Effect]| effects.iter().map(|effect| effect.monthly_usd).sum::<Usd>();
    prop_assert_eq!(sum(&difference.effects), change.change);
    prop_assert_eq!(change.now - change.then, change.change);
    let rows = || difference.nat_gateways.iter().chain(&difference.endpoints);
    prop_assert_eq!(rows().map(|row| row.change_monthly_usd).sum::<Usd>(), change.change);
    for row in rows() {
        prop_assert_eq!(sum(&row.effects), row.change_monthly_usd);
    }
    // In the JSON too: every amount is whole millionths.
    for amount in difference.effects.iter().map(|effect| effect.monthly_usd).chain([change.then, change.now]) {
        prop_assert_eq!(amount.rounded(), amount.0);
    }
    for realised in difference.findings.iter().filter_map(|finding| finding.realised.as_ref()) {
        prop_assert!(realised.saving_low <= realised.saving_high);
        prop_assert!(realised.basis == Basis::Bounded || realised.saving_low == realised.saving_high);
    }
    // Fixes that are known to the cent are the fixes' part of the change.
    if let Some(saving) = difference.realised_saving.filter(|saving| saving.basis != Basis::Bounded) {
        let fixes: Usd = difference.effects.iter().filter(|e| e.cause == Cause::Fix).map(|e| e.monthly_usd).sum();
        prop_assert_eq!(-fixes, saving.saving_low);
    }
    let back = Difference::new(&now, &then);
    prop_assert_eq!(back.monthly_usd.change, -change.change);
    prop_assert_eq!(back.monthly_usd.comparable_change, -change.comparable_change);
    let count = |difference: &Difference, status| {
        difference.nat_gateways.iter().chain(&difference.endpoints).filter(|row| row.status == status).count()
    };
    let swapped =
        [(ResourceStatus::NotComparable, ResourceStatus::NotComparable), (ResourceStatus::Same, ResourceStatus::Same)];
    for (there, and_back) in swapped {
        prop_assert_eq!(count(&difference, there), count(&back, and_back));
    }
    let is = |difference: &Difference, status| difference.findings_that_are(status).count();
    prop_assert_eq!(
        is(&difference, FindingStatus::Worse),
        is(&back, FindingStatus::Better),
        "{:?}\n{:?}",
        difference.findings,
        back.findings
    );
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..Default::default() })]

    #[test]
    fn effects_add_up_and_swapping_negates(then in any_month(), now in any_month()) {
        check(&then.report(), &now.report())?;
    }

    #[test]
    fn the_same_holds_of_any_accounts(then in any_account(), now in any_account()) {
        check(&then.report(), &now.report())?;
    }

    #[test]
    fn a_report_does_not_differ_from_itself(account in any_account()) {
        let side = side(&account.report());
        let difference = Difference::new(&side, &side);
        prop_assert_eq!(difference.monthly_usd.change, Usd::ZERO);
        prop_assert!(difference.effects.is_empty() && difference.realised_saving.is_none());
        prop_assert!(difference.findings.iter().all(|finding| finding.status == FindingStatus::Same));
        let rows = difference.nat_gateways.iter().chain(&difference.endpoints);
        prop_assert!(rows.into_iter().all(|row| row.status == ResourceStatus::Same));
        prop_assert!(difference.not_comparable.is_empty());
    }

    /// With flow logs on both sides, what the world did is what is said.
    #[test]
    fn a_gateway_endpoint_is_told_from_growth(s3 in 1..100_000_u64, rest in 0..100_000_u64, s3_now in 0..100_000_u64, rest_now in 0..100_000_u64) {
        let month = |gb, gateway_endpoint| Month { gb, gateway_endpoint, interface_endpoint: false, second_nat: false, logs: true, hours: 1 };
        let (then, now) = (month([s3, 0, rest], false).report(), month([s3_now, 0, rest_now], true).report());
        let difference = Difference::new(&side(&then), &side(&now));
        let of = |cause| difference.effects.iter().filter(|e| e.cause == cause).map(|e| e.monthly_usd.0).sum::<Decimal>();
        let rate = Decimal::new(45, 3);
        prop_assert_eq!(of(Cause::Fix), -rate * Decimal::from(s3));
        prop_assert_eq!(of(Cause::Traffic), rate * (Decimal::from(rest_now) - Decimal::from(rest)));
        prop_assert_eq!(of(Cause::Price), Decimal::ZERO);
    }
}
