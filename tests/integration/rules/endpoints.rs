//! The rules about interface endpoints, and keep or drop.

use natwise::audit::Decision;
use natwise::finding::Basis;
use natwise::model::{EndpointState, SecurityGroup, SecurityGroupRule};

use crate::account::{Account, GB, money, of, one_nat, rules};

fn with_endpoint(service: &str, bytes: u64) -> Account {
    let mut account = one_nat(GB, GB);
    account.endpoint("vpce-1", service, &["subnet-a"]).carried("vpce-1", bytes);
    account
}

#[test]
fn keep_or_drop_turns_at_the_break_even() {
    let decision = |bytes: u64| with_endpoint("sqs", bytes).report().endpoints[0].verdict.decision;
    // 7.30 / (0.045 - 0.01) = 208.571 GB a month in one zone.
    assert_eq!(decision(208 * GB), Decision::Drop);
    assert_eq!(decision(209 * GB), Decision::Keep);
    assert_eq!(decision(0), Decision::Drop);
    let report = with_endpoint("sqs", 100 * GB).report();
    let [finding] = of(&report, "underused-interface-endpoint")[..] else { panic!() };
    // 7.30 + 100 x 0.01 against 100 x 0.045
    assert_eq!((finding.basis, money(finding)), (Basis::Measured, ["8.3", "3.8", "3.8"].map(str::to_owned)));
    assert!(of(&with_endpoint("sqs", 209 * GB).report(), "underused-interface-endpoint").is_empty());
}

#[test]
fn what_nothing_could_replace_is_kept() {
    let mut no_nat = with_endpoint("sqs", GB);
    no_nat.scan.nat_gateways.clear();
    let mut isolated = with_endpoint("sqs", GB);
    isolated.subnet("subnet-db", "a").table("rtb-db", &["subnet-db"]);
    for account in [no_nat, isolated] {
        let report = account.report();
        assert_eq!(report.endpoints[0].verdict.decision, Decision::Keep);
        assert!(of(&report, "underused-interface-endpoint").is_empty());
    }
}

#[test]
fn other_peoples_endpoints_are_never_advised_away() {
    let mut managed = with_endpoint("sqs", 0);
    managed.last_endpoint().requester_managed = true;
    let third_party = with_endpoint("com.amazonaws.vpce.us-east-1.vpce-svc-1", 0);
    for account in [managed, third_party] {
        let report = account.report();
        assert_eq!(report.endpoints[0].verdict.decision, Decision::NotJudged);
        assert!(rules(&report).iter().all(|rule| !rule.contains("interface-endpoint")), "{:?}", rules(&report));
    }
}

#[test]
fn an_idle_endpoint_is_its_hours() {
    let report = with_endpoint("sqs", 0).report();
    let [finding] = of(&report, "idle-interface-endpoint")[..] else { panic!() };
    assert_eq!((finding.basis, money(finding)), (Basis::Metered, ["7.3", "7.3", "7.3"].map(str::to_owned)));
    assert!(of(&with_endpoint("sqs", 1).report(), "idle-interface-endpoint").is_empty());
}

#[test]
fn private_dns_off_and_idle_is_one_waste_not_two() {
    let mut account = with_endpoint("sqs", 0);
    account.last_endpoint().private_dns_enabled = false;
    let report = account.report();
    assert_eq!(money(of(&report, "interface-endpoint-private-dns-off")[0]), ["7.3", "7.3", "7.3"]);
    assert_eq!(money(of(&report, "idle-interface-endpoint")[0]), ["7.3", "7.3", "7.3"]);
    assert_eq!(report.totals.monthly_usd.saving_low.rounded().normalize().to_string(), "7.3");
}

#[test]
fn private_dns_off_while_used_is_a_fault_without_money() {
    let mut account = with_endpoint("sqs", 500 * GB);
    account.last_endpoint().private_dns_enabled = false;
    let report = account.report();
    let [finding] = of(&report, "interface-endpoint-private-dns-off")[..] else { panic!() };
    assert_eq!((finding.basis, money(finding)[0].as_str()), (Basis::Configuration, "unknown"));
    // A second endpoint of the service with private DNS on takes the names.
    account.endpoint("vpce-2", "sqs", &["subnet-a"]).carried("vpce-2", GB);
    assert!(of(&account.report(), "interface-endpoint-private-dns-off").is_empty());
    // DynamoDB has none, and S3's is rightly off beside a gateway endpoint.
    for service in ["s3", "dynamodb"] {
        let mut account = with_endpoint(service, GB);
        account.last_endpoint().private_dns_enabled = false;
        assert!(of(&account.report(), "interface-endpoint-private-dns-off").is_empty());
    }
}

#[test]
fn s3_by_name_is_measured_unless_others_may_use_it() {
    let mut account = with_endpoint("s3", 1_000 * GB);
    let report = account.report();
    let [finding] = of(&report, "s3-interface-shadows-gateway")[..] else { panic!() };
    assert_eq!((finding.basis, money(finding)), (Basis::Measured, ["17.3", "17.3", "17.3"].map(str::to_owned)));
    assert!(finding.remedy.commands[0].contains("create-vpc-endpoint"), "there is no gateway endpoint yet");
    account.route("10.9.0.0/16", "tgw-1");
    let report = account.report();
    let [finding] = of(&report, "s3-interface-shadows-gateway")[..] else { panic!() };
    assert_eq!((finding.basis, money(finding)), (Basis::Bounded, ["17.3", "0", "17.3"].map(str::to_owned)));
    assert!(finding.remedy.commands.iter().any(|c| c.contains("PrivateDnsOnlyForInboundResolverEndpoint=true")));
    account.last_endpoint().private_dns_only_for_inbound_resolver_endpoint = Some(true);
    assert!(of(&account.report(), "s3-interface-shadows-gateway").is_empty());
    assert!(of(&with_endpoint("sqs", GB).report(), "s3-interface-shadows-gateway").is_empty());
}

#[test]
fn one_zone_is_a_fault_where_clients_sit_in_several() {
    assert!(of(&with_endpoint("sqs", 900 * GB).report(), "interface-endpoint-single-az").is_empty());
    let mut account = with_endpoint("sqs", 900 * GB);
    account.subnet("subnet-b", "b").table("rtb-b", &["subnet-b"]).route("0.0.0.0/0", "nat-1");
    let report = account.report();
    let [finding] = of(&report, "interface-endpoint-single-az")[..] else { panic!() };
    assert_eq!(money(finding), ["unknown", "unknown", "unknown"]);
    assert!(finding.remedy.commands[0].ends_with("--add-subnet-ids subnet-b"));
    account.last_endpoint().subnet_ids.push("subnet-b".into());
    assert!(of(&account.report(), "interface-endpoint-single-az").is_empty());
}

/// A rule that admits a port from a block.
fn admit(protocol: &str, port: Option<i32>, cidr: &str) -> SecurityGroupRule {
    SecurityGroupRule {
        protocol: protocol.to_owned(),
        from_port: port,
        to_port: port,
        cidrs: vec![cidr.parse().unwrap()],
        ..SecurityGroupRule::default()
    }
}

fn guarded(rules: Vec<SecurityGroupRule>) -> Account {
    let mut account = with_endpoint("sqs", 900 * GB);
    account.last_endpoint().security_group_ids = vec!["sg-1".into()];
    account.scan.security_groups.push(SecurityGroup {
        security_group_id: "sg-1".into(),
        name: String::new(),
        ingress: rules,
    });
    account
}

#[test]
fn a_security_group_admits_the_vpc_on_443_and_nothing_else() {
    let detail = |account: Account| {
        of(&account.report(), "endpoint-security-group").first().map(|finding| finding.detail.clone())
    };
    assert_eq!(detail(guarded(vec![admit("tcp", Some(443), "10.0.0.0/16")])), None);
    assert_eq!(detail(guarded(vec![admit("6", Some(443), "10.0.1.0/24")])), None, "some of the clients are meant");
    assert!(detail(guarded(vec![])).unwrap().contains("Nothing admits port 443 from 10.0.0.0/16"));
    assert!(detail(guarded(vec![admit("udp", Some(443), "10.0.0.0/16")])).unwrap().contains("Nothing admits"));
    assert!(detail(guarded(vec![admit("tcp", Some(443), "0.0.0.0/0")])).unwrap().contains("from anywhere"));
    assert!(detail(guarded(vec![admit("-1", None, "10.0.0.0/16")])).unwrap().contains("all traffic"));
    // A secondary block with subnets of its own that nobody thought of.
    let mut account = guarded(vec![admit("tcp", Some(443), "10.0.0.0/16")]);
    account.scan.vpcs[0].cidr_blocks.push("100.64.0.0/16".parse().unwrap());
    account.subnet("subnet-pods", "a");
    assert_eq!(detail(account), None, "no subnet is in the block yet");
    let mut account = guarded(vec![admit("tcp", Some(443), "10.0.0.0/16")]);
    account.scan.vpcs[0].cidr_blocks.push("100.64.0.0/16".parse().unwrap());
    account.subnet("subnet-pods", "a");
    account.scan.subnets.last_mut().unwrap().cidr_block = Some("100.64.0.0/24".parse().unwrap());
    assert!(detail(account).unwrap().contains("100.64.0.0/16"));
    // A group that was not read may admit anything.
    let mut account = guarded(vec![]);
    account.scan.security_groups.clear();
    assert_eq!(detail(account), None);
}

#[test]
fn admitting_again_what_is_admitted_is_not_advised() {
    let account = guarded(vec![admit("tcp", Some(443), "10.0.0.0/16"), admit("tcp", Some(443), "0.0.0.0/0")]);
    let report = account.report();
    let commands = &of(&report, "endpoint-security-group")[0].remedy.commands;
    assert_eq!(commands.len(), 1, "{commands:?}");
    assert!(commands[0].contains("revoke-security-group-ingress"));
}

#[test]
fn endpoints_that_do_not_work_are_named() {
    for (state, found) in [
        (EndpointState::PendingAcceptance, true),
        (EndpointState::Rejected, true),
        (EndpointState::Expired, true),
        (EndpointState::Failed, true),
        (EndpointState::Partial, true),
        (EndpointState::Available, false),
        (EndpointState::Pending, false),
        (EndpointState::Deleting, false),
        (EndpointState::from("REJECTED"), true),
        (EndpointState::from("somethingNew"), false),
    ] {
        let mut account = with_endpoint("sqs", GB);
        account.last_endpoint().state = state.clone();
        assert_eq!(!of(&account.report(), "endpoint-not-available").is_empty(), found, "{state}");
    }
}

#[test]
fn a_prefix_list_route_to_nothing_is_named() {
    let mut account = one_nat(GB, GB);
    account.route("pl-s3", "vpce-gone");
    let report = account.report();
    let [finding] = of(&report, "endpoint-not-available")[..] else { panic!() };
    assert_eq!(finding.resources, ["rtb-a", "pl-s3"]);
    account.endpoint("vpce-gone", "s3", &["rtb-a"]);
    assert!(of(&account.report(), "endpoint-not-available").is_empty());
}

#[test]
fn a_declared_share_pays_for_an_endpoint_above_its_break_even() {
    let pays_off = |share: &str| {
        let mut account = one_nat(2_000 * GB, 8_000 * GB);
        account.subnet("subnet-b", "b").table("rtb-b", &["subnet-b"]).route("0.0.0.0/0", "nat-1");
        let report = account.assuming(&[share]);
        of(&report, "interface-endpoint-pays-off")
            .first()
            .map(|finding| (money(finding), finding.remedy.commands.len()))
    };
    // 10,000 GB: 5% are 500 GB x 0.035 - 2 x 7.30 = 2.90
    assert_eq!(pays_off("sqs=5%"), Some((["22.5", "2.9", "2.9"].map(str::to_owned), 1)));
    // 3% pay for one zone: 300 x 0.035 - 7.30 = 3.20; 2% are below 208.6 GB.
    assert_eq!(pays_off("sqs=3%"), Some((["13.5", "3.2", "3.2"].map(str::to_owned), 1)));
    assert_eq!(pays_off("sqs=2%"), None);
    // A global service that lives in us-east-1 is served there; S3 has a free endpoint.
    assert_eq!(pays_off("s3=50%"), None);
}
