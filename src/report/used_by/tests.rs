//! What one account does for others: the stories that take two of them to tell.

use crate::model::{AccountId, Subnet};
use crate::report::Report;
use crate::testing::{Account, ME, money, usd};

const OTHER: &str = "444455556666";
/// Before the others in every order.
const FIRST: &str = "000000000001";

/// A hub with a NAT gateway, 100 GB up and 400 GB down, and the transit gateway's attachments and routes as its owner
/// sees them.
fn hub(table: Option<&str>) -> Account {
    let account = Account::plain("us-east-1").traffic("nat-1", 100, 400).attach("tgw-1", "vpc-1", &["subnet-a"], None);
    let account = account.attach("tgw-1", "vpc-spoke", &["subnet-spoke"], table);
    table.into_iter().fold(account, |account, table| account.tgw_table(table, &[("0.0.0.0/0", "vpc-1")]))
}

/// A spoke of another account, which lists its own attachment without its route table.
fn and_spoke(hub: Account) -> Account {
    let account =
        hub.and(OTHER, "us-east-1").vpc("vpc-spoke", "10.1.0.0/16").subnet("subnet-spoke", "a", "10.1.0.0/24");
    let account = account.table("rtb-spoke", &["subnet-spoke"]).route("rtb-spoke", "0.0.0.0/0", "tgw-1");
    account.attach("tgw-1", "vpc-spoke", &["subnet-spoke"], None)
}

/// Who else uses `nat-1`, by way of what, and whether that is certain.
fn used_by(report: &Report) -> Vec<(&str, &str, Option<&str>, bool)> {
    let users = report.nat("nat-1").used_by.iter();
    users
        .map(|user| {
            let tgw = user.transit_gateway_id.as_ref().map(|id| id.as_str());
            (user.account_id.as_str(), user.vpc_id.as_str(), tgw, user.certain)
        })
        .collect()
}

#[test]
fn a_spokes_traffic_is_priced_once_and_belongs_to_both_stories() {
    let report = and_spoke(hub(Some("tgw-rtb-1"))).report();
    // The hub's row names the spoke.
    assert_eq!(used_by(&report), [(OTHER, "vpc-spoke", Some("tgw-1"), true)]);
    // The spoke's finding names the gateway, and whose it is.
    let findings = report.all("missing-gateway-endpoint");
    let finding =
        findings.iter().find(|finding| finding.account_id.as_str() == OTHER && finding.title.contains("S3")).unwrap();
    assert!(finding.title.contains("nat-1"), "{}", finding.title);
    assert!(finding.detail.contains(&format!("NAT gateways of vpc-1 in account {ME}")), "{}", finding.detail);
    // 500 GB x (0.045 for the gateway + 0.02 for the transit gateway).
    assert_eq!(money(finding), ["32.5", "0", "32.5"]);
    // It costs once: 500 GB x 0.045, and the hours and the address of one gateway.
    assert_eq!(usd(report.totals.window_usd.nat_data), "22.5");
    assert_eq!(usd(report.totals.monthly_usd.current), "59");
    assert_eq!(report.nat_gateways.len(), 1);
    // And it can be saved once, whoever of both does it.
    let high = report.totals.monthly_usd.saving_high;
    assert!(high <= report.totals.monthly_usd.current, "{high:?}");
    let sums: Vec<_> = report.accounts.iter().map(|row| row.sums.monthly_usd.saving_high).collect();
    assert_eq!(usd(sums.into_iter().sum::<crate::model::Usd>()), usd(high));
    let costs: Vec<_> =
        report.accounts.iter().map(|row| (row.account_id.as_str(), usd(row.sums.monthly_usd.current))).collect();
    assert_eq!(costs, [(ME, "59".to_owned()), (OTHER, "0".to_owned())]);
}

#[test]
fn what_route_tables_do_not_show_is_concluded_and_says_so() {
    let report = and_spoke(hub(None)).report();
    assert_eq!(used_by(&report), [(OTHER, "vpc-spoke", Some("tgw-1"), false)]);
    let findings = report.all("missing-gateway-endpoint");
    let finding = findings.iter().find(|finding| finding.account_id.as_str() == OTHER).unwrap();
    assert!(
        finding.detail.contains(&format!("only vpc-1 in account {ME} leads on to NAT gateways")),
        "{}",
        finding.detail
    );
}

#[test]
fn a_spoke_of_the_same_account_is_told_without_the_account() {
    let account = hub(Some("tgw-rtb-1")).vpc("vpc-spoke", "10.1.0.0/16").subnet("subnet-spoke", "a", "10.1.0.0/24");
    let report = account.table("rtb-spoke", &["subnet-spoke"]).route("rtb-spoke", "0.0.0.0/0", "tgw-1").report();
    assert_eq!(used_by(&report), [(ME, "vpc-spoke", Some("tgw-1"), true)]);
    assert!(report.findings.iter().all(|finding| !finding.detail.contains("in account")));
}

#[test]
fn one_side_alone_knows_less_and_makes_nothing_up() {
    assert!(used_by(&hub(Some("tgw-rtb-1")).report()).is_empty());
    let mut spoke = and_spoke(hub(None)).snapshot();
    spoke.regions.retain(|scan| scan.account_id.as_str() == OTHER);
    let report = crate::testing::report(&spoke);
    assert!(report.findings.iter().all(|finding| finding.monthly_usd.current.is_none()));
    assert!(report.findings.iter().any(|finding| finding.detail.contains("not visible in the scanned accounts")));
}

/// The VPC of [`Account::sound`], seen from an account that one of its subnets is shared with. A zone's name is another
/// one there: `us-east-1a` is what the owner calls `us-east-1b`.
fn shared_with(account: &str) -> Account {
    let zone_ids = |subnets: &mut Vec<Subnet>, ids: [(&str, &str); 2]| {
        for subnet in subnets {
            let zone = subnet.availability_zone.as_str();
            subnet.availability_zone_id = ids.iter().find(|(name, _)| *name == zone).map(|(_, id)| (*id).to_owned());
        }
    };
    let owner = Account::sound("us-east-1");
    let owner =
        owner.scan(|scan| zone_ids(&mut scan.subnets, [("us-east-1a", "use1-az1"), ("us-east-1b", "use1-az2")]));
    let seen = owner.and(account, "us-east-1").vpc("vpc-1", "10.0.0.0/16").subnet("subnet-b", "a", "10.0.11.0/24");
    let seen = seen.table("rtb-b", &["subnet-b"]).route("rtb-b", "0.0.0.0/0", "nat-b");
    seen.scan(|scan| {
        zone_ids(&mut scan.subnets, [("us-east-1a", "use1-az2"), ("us-east-1b", "use1-az1")]);
        scan.vpcs.iter_mut().for_each(|vpc| vpc.owner_id = Some(ME.into()));
        scan.subnets.iter_mut().for_each(|subnet| subnet.owner_id = Some(ME.into()));
        scan.route_tables.iter_mut().for_each(|table| table.owner_id = Some(ME.into()));
    })
}

#[test]
fn a_shared_vpc_is_told_once_and_by_its_owner() {
    for participant in [OTHER, FIRST] {
        let report = shared_with(participant).report();
        let [vpc] = &*report.vpcs else { panic!("{:?}", report.vpcs) };
        assert_eq!((vpc.account_id.as_str(), vpc.subnets.len(), &vpc.shared_by), (ME, 4, &None));
        // The owner's names of zones: nothing crosses.
        let zone = vpc.subnets.iter().find(|subnet| subnet.subnet_id.as_str() == "subnet-b").unwrap();
        assert_eq!(zone.availability_zone, "us-east-1b");
        assert!(report.findings.is_empty(), "{:#?}", report.findings);
        // Its gateways cost once, and one of them works for the participant too.
        assert_eq!(report.nat_gateways.len(), 2);
        let users: Vec<_> =
            report.nat("nat-b").used_by.iter().map(|user| (&user.account_id, &user.transit_gateway_id)).collect();
        assert_eq!(users, [(&AccountId::from(participant), &None)]);
        assert!(report.nat("nat-a").used_by.is_empty());
        assert_eq!(report.nat("nat-b").route_table_ids, ["rtb-b"]);
        let note = report.notes.iter().find(|note| note.resource == "vpc-1").unwrap();
        assert!(note.message.ends_with("it is audited there"), "{}", note.message);
    }
}

#[test]
fn participants_alone_tell_a_vpc_once_too() {
    let mut snapshot = shared_with(OTHER).snapshot();
    snapshot.regions.retain(|scan| scan.account_id.as_str() == OTHER);
    let mut second = snapshot.regions[0].clone();
    second.account_id = FIRST.into();
    snapshot.regions.insert(0, second);
    let report = crate::testing::report(&snapshot);
    assert_eq!(report.vpcs.len(), 1);
    assert_eq!(report.vpcs[0].shared_by, Some(ME.into()));
    assert!(report.findings.is_empty() && report.nat_gateways.is_empty());
    assert_eq!(report.notes.iter().filter(|note| note.message.ends_with(": audit it there")).count(), 2);
}
