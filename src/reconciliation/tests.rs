//! A bill beside an account of one NAT gateway: nat-1 lives for 730 hours, and 500 GB pass through it.

use rust_decimal::Decimal;

use super::*;
use crate::assumption::Assumptions;
use crate::model::Usd;
use crate::pricing::PriceBook;
use crate::testing::{Account, ME, START, at};

const OTHER: &str = "444455556666";

fn number(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// Account, product, resource, class, quantity, cost.
type Line<'l> = (&'l str, Product, Option<&'l str>, LineClass, &'l str, &'l str);

/// A bill of the whole window, in dollars.
fn bill(lines: &[Line<'_>]) -> Bill {
    let start = at(START);
    let end = Account::new("us-east-1").report().window.end();
    let mut bill = Bill { period: Some((start, end)), files: vec!["a/bill.csv".into()], ..Bill::default() };
    bill.currencies.insert("USD".to_owned());
    for (account, product, resource, class, quantity, cost) in lines {
        let key = LineKey {
            account_id: (*account).into(),
            region: "us-east-1".into(),
            product: *product,
            resource: resource.map(str::to_owned),
            class: *class,
        };
        let (quantity, cost) = (number(quantity), number(cost));
        bill.lines.entry(key).or_default().add(&Amounts {
            lines: 1,
            quantity,
            list_cost: None,
            unblended_cost: Some(cost),
            billed_cost: cost,
            effective_cost: cost,
        });
    }
    bill
}

fn reconciled(account: Account, bill: &Bill) -> Report {
    let list = PriceBook::embedded().unwrap();
    let rates = rates(bill, &list);
    let measured = rates.iter().filter_map(|row| Some((row.product, row.region.clone(), row.price()?)));
    let book = list.clone().with_measured(&bill.name(), "2026-10-31", measured);
    let mut report = Report::new(&account.snapshot(), None, &book, &Assumptions::default());
    report.reconcile(bill, rates);
    report
}

fn plain() -> Account {
    Account::plain("us-east-1").traffic("nat-1", 100, 400)
}

fn usage<'r>(report: &'r Report, usage_type: &str) -> &'r UsageRow {
    let rows = &report.reconciliation.as_ref().unwrap().usage;
    rows.iter().find(|row| row.usage_type == usage_type).unwrap()
}

const HOURS: Product = Product::NatGatewayHour;
const GB: Product = Product::NatGatewayGb;
use LineClass::{Credit, Discount, NettedDiscount, Tax, Usage as Used};

#[test]
fn billed_is_divided_by_computed() {
    let bill = bill(&[(ME, HOURS, Some("nat-1"), Used, "730", "32.85"), (ME, GB, Some("nat-1"), Used, "505", "20.2")]);
    let report = reconciled(plain(), &bill);
    let row = usage(&report, "NatGateway-Bytes");
    assert_eq!((row.compared.ratio, row.effective_rate), (Some(number("1.01")), Some(number("0.04"))));
    assert_eq!((row.compared.seen, &row.compared.reason), (Seen::Both, &None));
    // 500 GB at the measured rate.
    assert_eq!(row.compared.computed_usd, Some(Usd(number("20"))));
    assert_eq!(usage(&report, "NatGateway-Hours").compared.ratio, Some(Decimal::ONE));
    let rates = &report.reconciliation.as_ref().unwrap().rates;
    assert_eq!(rates[0].discount, Some(Decimal::ZERO));
    assert_eq!(rates[1].discount.map(|discount| discount.round_dp(6)), Some(number("0.111111")));
    assert_eq!(report.prices.measured, 2);
    assert_eq!(report.prices.source, "embedded, 2 rates measured by bill bill.csv");
    assert!(report.gaps.is_empty() && report.scope.complete);
}

#[test]
fn only_usage_and_its_own_discounts_make_a_rate() {
    let bill = bill(&[
        (ME, GB, Some("nat-1"), Used, "500", "22.5"),
        (ME, GB, Some("nat-1"), Discount, "500", "-2.5"),
        (ME, GB, Some("nat-1"), NettedDiscount, "500", "-9"),
        (ME, GB, None, Tax, "1", "5"),
        (ME, GB, None, Credit, "1", "-7"),
    ]);
    let report = reconciled(plain(), &bill);
    let row = usage(&report, "NatGateway-Bytes");
    assert_eq!((row.effective_rate, row.compared.billed_quantity), (Some(number("0.04")), Some(number("500"))));
    let lines = &report.reconciliation.as_ref().unwrap().other_lines;
    let shown: Vec<_> = lines.iter().map(|row| (row.class.as_str(), row.in_rates)).collect();
    let left_out = [("netted-discount", false), ("credit", false), ("tax", false)];
    assert_eq!(shown, [&[("discount", true)], left_out.as_slice()].concat());
}

#[test]
fn what_one_of_them_has_is_said() {
    let bill =
        bill(&[(ME, GB, Some("nat-gone"), Used, "7", "0.315"), (OTHER, GB, Some("nat-other"), Used, "9", "0.405")]);
    let report = reconciled(plain(), &bill);
    let found = report.reconciliation.as_ref().unwrap();
    let shown: Vec<_> = found.resources.iter().map(|row| (row.resource.as_str(), row.compared.seen)).collect();
    let ours = [("nat-gone", Seen::Bill), ("nat-1", Seen::Scan), ("nat-1", Seen::Scan)];
    let mut expected = ours.to_vec();
    expected.sort_by_key(|row| row.0);
    let mut sorted = shown.clone();
    sorted.sort_by_key(|row| row.0);
    assert!(sorted.starts_with(&expected[..2]) && sorted.contains(&("nat-gone", Seen::Bill)), "{shown:?}");
    assert_eq!(found.not_scanned.len(), 1);
    assert_eq!(found.not_scanned[0].account_id.as_str(), OTHER);
    let hours = usage(&report, "NatGateway-Hours");
    assert_eq!((hours.compared.billed_quantity, hours.compared.ratio), (None, None));
    assert_eq!(hours.compared.reason.as_deref(), Some("the bill has no line of it"));
}

#[test]
fn unknown_bytes_have_no_ratio() {
    let bill = bill(&[(ME, GB, Some("nat-1"), Used, "500", "22.5")]);
    let report = reconciled(Account::plain("us-east-1"), &bill);
    let row = usage(&report, "NatGateway-Bytes");
    assert_eq!((row.compared.computed_quantity, row.compared.ratio, row.compared.computed_usd), (None, None, None));
    assert_eq!(row.compared.reason.as_deref(), Some("how much nat-1 used is not known"));
}

#[test]
fn addresses_are_compared_by_gateway_only() {
    let account = plain();
    let id = account.clone().snapshot().regions[0].nat_gateways[0].addresses[0].allocation_id.clone().unwrap();
    let bill = bill(&[
        (ME, Product::PublicIpv4Hour, Some(&id), Used, "730", "3.65"),
        (ME, Product::PublicIpv4Hour, Some("eni-of-a-machine"), Used, "730", "3.65"),
    ]);
    let report = reconciled(account, &bill);
    let row = usage(&report, "USE1-PublicIPv4:InUseAddress");
    assert_eq!((row.compared.billed_quantity, row.compared.ratio), (Some(number("1460")), None));
    let found = report.reconciliation.as_ref().unwrap();
    let of_nat = found.resources.iter().find(|row| row.usage_type == "USE1-PublicIPv4:InUseAddress").unwrap();
    assert_eq!((of_nat.resource.as_str(), of_nat.compared.ratio), ("nat-1", Some(Decimal::ONE)));
}

#[test]
fn what_is_no_price_is_not_used() {
    let lines = |quantity, cost| bill(&[(ME, GB, None, Used, quantity, cost)]);
    let reason = |bill: &Bill| {
        let row = rates(bill, &PriceBook::embedded().unwrap()).remove(0);
        assert_eq!(row.used, row.price().is_some());
        row.reason
    };
    assert_eq!(reason(&lines("500", "20")), None);
    assert_eq!(reason(&lines("500", "0")), Some("it cost nothing on the bill"));
    assert_eq!(reason(&lines("500", "-1")), Some("it cost nothing on the bill"));
    assert_eq!(reason(&lines("0", "1")), Some("nothing was used"));
    assert_eq!(reason(&lines("-3", "-1")), Some("nothing was used"));
    assert_eq!(reason(&lines("0.000001", "1000")), Some("it is beyond belief"));
    let mut euro = lines("500", "20");
    euro.currencies = ["EUR".to_owned()].into();
    assert_eq!(reason(&euro), Some("the bill is not in USD"));
}

#[test]
fn a_bill_of_a_part_of_the_window_has_no_ratios() {
    let mut bill = bill(&[(ME, GB, None, Used, "500", "20")]);
    bill.period = Some((at(START), at("2026-10-20T00:00:00Z")));
    let report = reconciled(plain(), &bill);
    let row = usage(&report, "NatGateway-Bytes");
    assert_eq!((row.compared.ratio, row.effective_rate), (None, Some(number("0.04"))));
    let notes = &report.reconciliation.as_ref().unwrap().notes;
    assert!(notes.iter().any(|note| note.contains("quantities cannot be compared")), "{notes:?}");
    assert!(notes.iter().any(|note| note.contains("no resource ids")), "{notes:?}");
}

#[test]
fn a_fault_of_the_bill_is_a_gap_of_the_report() {
    let mut bill = bill(&[(ME, GB, None, Used, "500", "20")]);
    bill.incomplete = true;
    bill.faults.push(FileFault { file: "x.csv.gz".into(), problem: "cut off".into(), partly_read: true });
    let report = reconciled(plain(), &bill);
    assert!(!report.scope.complete);
    assert_eq!((report.gaps[0].operation.as_str(), report.gaps[0].message.as_str()), ("ReadBill", "x.csv.gz: cut off"));
    assert_eq!(usage(&report, "NatGateway-Bytes").compared.ratio, None);
}

#[test]
fn tiers_are_one_rate_and_compared_with_the_whole() {
    // 2 PB through endpoints: half of it at 0.01, half at 0.006.
    let bill = bill(&[(ME, Product::InterfaceEndpointGb, None, Used, "2097152", "16777.216")]);
    let row = rates(&bill, &PriceBook::embedded().unwrap()).remove(0);
    assert_eq!((row.list_rate, row.discount), (Some(number("0.008")), Some(Decimal::ZERO)));
}
