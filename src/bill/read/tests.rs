//! Bills written here and read back: what of them counts, and what is wrong with some.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use super::*;
use crate::bill::{Amounts, LineClass};
use crate::model::Window;
use crate::pricing::Product;

const HEADER: &str = "bill_payer_account_id,bill_billing_period_start_date,line_item_usage_account_id,\
    line_item_line_item_type,line_item_usage_start_date,line_item_usage_end_date,line_item_usage_type,\
    line_item_operation,line_item_resource_id,line_item_usage_amount,line_item_unblended_cost,line_item_currency_code";

fn line(class: &str, usage_type: &str, operation: &str, resource: &str, quantity: &str, cost: &str) -> String {
    format!(
        "999,2026-10-01T00:00:00Z,111,{class},2026-10-01T00:00:00Z,2026-10-01T01:00:00Z,{usage_type},{operation},\
         {resource},{quantity},{cost},USD"
    )
}

fn october() -> Window {
    Window::new("2026-10-01T00:00:00Z".parse().unwrap(), "2026-11-01T00:00:00Z".parse().unwrap()).unwrap()
}

/// Reads files of some texts.
fn read_all(files: &[(&str, String)]) -> Result<Bill, BillError> {
    let folder = TempDir::new().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    check(&[folder.path().to_owned()])?;
    read(&[folder.path().to_owned()], Some(october()), 2, &|_| {})
}

fn read_lines(lines: &[String]) -> Bill {
    read_all(&[("bill.csv", format!("{HEADER}\n{}\n", lines.join("\n")))]).unwrap()
}

fn sum(bill: &Bill, product: Product, class: LineClass) -> Amounts {
    let lines = bill.lines.iter().filter(|(key, _)| key.product == product && key.class == class);
    Amounts::of(lines.map(|(_, amounts)| amounts))
}

#[test]
fn lines_are_summed_by_what_they_are() {
    let nat = "arn:aws:ec2:us-east-1:111:natgateway/nat-1";
    let bill = read_lines(&[
        line("Usage", "NatGateway-Bytes", "NatGateway", nat, "1.5", "0.0675"),
        line("Usage", "NatGateway-Bytes", "NatGateway", nat, "1.0E-7", "4.5E-9"),
        line("Tax", "NatGateway-Bytes", "NatGateway", "", "1", "2"),
        line("EdpDiscount", "NatGateway-Bytes", "NatGateway", nat, "1", "-0.01"),
        line("Usage", "EU-NatGateway-Bytes", "NatGateway", "", "9", "1"),
        line("Usage", "DataTransfer-Regional-Bytes", "InterZone-In", "", "3", "0.03"),
        line("Usage", "DataTransfer-Regional-Bytes", "VPCPeering-In", "", "4", "0.04"),
        line("Usage", "BoxUsage:t3.micro", "RunInstances", "", "x", "y"),
    ]);
    assert_eq!((bill.statistics.lines, bill.statistics.counted, bill.statistics.malformed), (8, 6, 0));
    let (first, amounts) = bill.lines.iter().find(|(key, _)| key.resource.is_some()).unwrap();
    assert_eq!((first.region.as_str(), first.resource.as_deref()), ("us-east-1", Some("nat-1")));
    assert_eq!((amounts.quantity.normalize().to_string().as_str(), amounts.lines), ("1.5000001", 2));
    assert_eq!(sum(&bill, Product::InterAzGb, LineClass::Usage).quantity, 3.into());
    assert_eq!(sum(&bill, Product::NatGatewayGb, LineClass::Discount).lines, 1);
    assert_eq!(bill.lines.keys().filter(|key| key.region.as_str() == "eu-west-1").count(), 1);
    assert_eq!(bill.payers.iter().map(|id| id.as_str()).collect::<Vec<_>>(), ["999"]);
    assert!(!bill.covers(october()));
}

#[test]
fn net_costs_win_over_discounts_of_their_own() {
    let header = format!("{HEADER},line_item_net_unblended_cost");
    let usage = line("Usage", "NatGateway-Bytes", "", "", "10", "0.45");
    let discount = line("EdpDiscount", "NatGateway-Bytes", "", "", "1", "-0.05");
    let bill = read_all(&[("bill.csv", format!("{header}\n{usage},0.40\n{usage},\n{discount},0\n"))]).unwrap();
    let amounts = sum(&bill, Product::NatGatewayGb, LineClass::Usage);
    assert_eq!(amounts.billed_cost.to_string(), "0.85");
    assert_eq!(amounts.unblended_cost.map(|cost| cost.to_string()).as_deref(), Some("0.90"));
    assert_eq!(sum(&bill, Product::NatGatewayGb, LineClass::NettedDiscount).lines, 1);
}

#[test]
fn what_was_paid_ahead_is_spread() {
    let header = format!("{HEADER},reservation_effective_cost,savings_plan_savings_plan_effective_cost");
    let of = |class| line(class, "NatGateway-Hours", "", "", "1", "0.045");
    let text = format!(
        "{header}\n{},9,9\n{},0.03,9\n{},9,0.02\n",
        of("Usage"),
        of("DiscountedUsage"),
        of("SavingsPlanCoveredUsage")
    );
    let amounts = sum(&read_all(&[("b.csv", text)]).unwrap(), Product::NatGatewayHour, LineClass::Usage);
    assert_eq!((amounts.lines, amounts.effective_cost.to_string().as_str()), (3, "0.095"));
    assert_eq!(amounts.billed_cost.to_string(), "0.135");
}

#[test]
fn focus_without_prefixes_has_its_region_beside() {
    let text = "BilledCost,EffectiveCost,ChargeCategory,ChargeClass,ChargePeriodStart,ChargePeriodEnd,SubAccountId,\
        ConsumedQuantity,PricingQuantity,RegionId,SkuMeter,BillingCurrency\n\
        1,0.9,Usage,,2026-10-01T00:00:00Z,2026-10-01T01:00:00Z,111,,20,eu-west-3,NatGateway-Bytes,USD\n\
        2,2,Usage,Correction,2026-10-01T00:00:00Z,2026-10-01T01:00:00Z,111,4,4,eu-west-3,NatGateway-Bytes,USD\n\
        3,3,Usage,,2026-10-01T00:00:00Z,2026-10-01T01:00:00Z,111,4,4,nowhere,NatGateway-Bytes,USD\n";
    let bill = read_all(&[("b.csv", text.to_owned())]).unwrap();
    let rows: Vec<_> = bill.lines.iter().map(|(key, of)| (key.region.as_str(), key.class.as_str(), of)).collect();
    assert_eq!(
        rows.iter().map(|row| (row.0, row.1)).collect::<Vec<_>>(),
        [("eu-west-3", "usage"), ("eu-west-3", "correction"), ("us-east-1", "usage"),]
    );
    assert_eq!((rows[0].2.quantity.to_string().as_str(), rows[0].2.effective_cost.to_string().as_str()), ("20", "0.9"));
    assert_eq!(rows[0].2.unblended_cost, None);
}

#[test]
fn malformed_lines_are_counted_where_they_are_ours() {
    let ours = |quantity: &str, cost: &str| line("Usage", "NatGateway-Bytes", "", "", quantity, cost);
    let bill = read_lines(&[
        ours("1", "1"),
        ours("one", "1"),
        ours("1", ""),
        ours("1", "1e99"),
        ours("1", "1").replace("2026-10-01T01", "2026-13-01T01"),
        ours("1", "1").replace(",USD", ""),
        format!("{},more", ours("1", "1")),
        "too,short".to_owned(),
        String::new(),
    ]);
    let statistics = bill.statistics;
    assert_eq!((statistics.lines, statistics.counted, statistics.malformed), (8, 1, 6));
}

#[test]
fn threads_and_files_make_no_difference() {
    let lines: Vec<_> = (0..2_000)
        .map(|at| match at % 3 {
            0 => line("Usage", "NatGateway-Bytes", "", &format!("x/nat-{}", at % 7), "0.1", "0.0045"),
            1 => line("Usage", "EU-VpcEndpoint-Hours", "", &format!("x/vpce-{}", at % 5), "1", "0.011"),
            _ => line("Usage", "Requests-Tier1", "", "\"a \"\"b\"\",\nc\"", "1", "1"),
        })
        .collect();
    let whole = read_lines(&lines);
    let parts: Vec<_> = lines
        .chunks(100)
        .enumerate()
        .map(|(at, lines)| (format!("{at}.csv"), format!("{HEADER}\n{}", lines.join("\n"))))
        .collect();
    let parts: Vec<_> = parts.iter().map(|(name, text)| (name.as_str(), text.clone())).collect();
    let split = read_all(&parts).unwrap();
    assert_eq!((&split.lines, split.statistics, split.period), (&whole.lines, whole.statistics, whole.period));
    assert_eq!(whole.statistics.lines, 2_000);
}

#[test]
fn too_many_resources_are_not_told_apart() {
    let lines: Vec<_> = (0..50_002)
        .map(|at| line("Usage", "USE1-PublicIPv4:InUseAddress", "", &format!("eni-{at}"), "1", "0.005"))
        .chain([line("Usage", "NatGateway-Hours", "", "nat-1", "1", "0.045")])
        .collect();
    let whole = read_lines(&lines);
    let (one, two) = lines.split_at(30_000);
    let file = |lines: &[String]| format!("{HEADER}\n{}\n", lines.join("\n"));
    let split = read_all(&[("1.csv", file(one)), ("2.csv", file(two))]).unwrap();
    for bill in [whole, split] {
        assert_eq!(bill.crowded.iter().collect::<Vec<_>>(), [&Product::PublicIpv4Hour]);
        assert_eq!(bill.lines.len(), 2);
        assert_eq!(sum(&bill, Product::PublicIpv4Hour, LineClass::Usage).quantity, 50_002.into());
    }
}

#[test]
fn nothing_counts_twice() {
    let text = format!("{HEADER}\n{}\n", line("Usage", "NatGateway-Bytes", "", "", "1", "1"));
    let twice = |one: &str, other: &str| read_all(&[(one, text.clone()), (other, text.clone())]);
    assert!(matches!(twice("20261101T0000-a/b.csv", "20261102T0000-c/b.csv"), Err(BillError::Twice { .. })));
    for copies in [["a/b.csv", "a/b.csv.gz"], ["csv/b.csv", "parquet/b.parquet"]] {
        assert!(are_versions(Path::new(copies[0]), Path::new(copies[1])), "{copies:?}");
    }
    assert!(!are_versions(Path::new("a/b.1.csv"), Path::new("a/b.2.csv")));
    for apart in ["account=1/b.csv", "a-2.csv"] {
        assert!(twice("account=2/b.csv", apart).is_ok(), "{apart}");
    }
    let legacy = text.replacen("line_item_currency_code", "product_product_name", 1);
    let error = read_all(&[("a.csv", text), ("b.csv", legacy)]).unwrap_err().to_string();
    assert!(error.contains("two forms"), "{error}");
}

#[test]
fn what_is_no_bill_is_said() {
    let error = |name: &str, text: &str| read_all(&[(name, text.to_owned())]).unwrap_err().to_string();
    assert!(error("a.csv", "").contains("it is empty"));
    assert!(error("a.csv", "a,b\n1,2\n").contains("it is no bill"));
    assert!(error("a.parquet", "PAR1").contains("damaged"));
    assert!(error("a.txt", "x").contains("there is no bill in"));
    let missing = check(&[PathBuf::from("/nowhere/b.csv")]).unwrap_err().to_string();
    assert!(missing.contains("/nowhere/b.csv"), "{missing}");
}
