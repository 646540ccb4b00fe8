use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use ipnet::IpNet;
use proptest::prelude::*;

use super::*;
use crate::model::{FlowLog, PrefixList, Tags};
use crate::output::{Format, Style, render};
use crate::report::Report;
use crate::testing::{Account, ME, any_account, report};

/// Somebody else's account that is part of the random ones.
const OTHER: &str = "999988887777";

/// Made once: the embedded ranges take a while to unpack.
static REDACTOR: LazyLock<Redactor> = LazyLock::new(|| Redactor::new(&[9; KEY_BYTES]));

fn redacted(snapshot: &Snapshot) -> Snapshot {
    let mut snapshot = snapshot.clone();
    REDACTOR.snapshot(&mut snapshot);
    snapshot
}

/// A tag's key, and its value that tells which thing it is on.
fn tagged(tags: &mut Tags, what: &str) {
    tags.insert("Name".into(), format!("acme name of {what}"));
    tags.insert("acme:team".into(), format!("acme team of {what}"));
    tags.insert("acme:empty".into(), String::new());
}

/// Everything that a snapshot can tell of its owner, with `acme` in every text that must not leave.
fn dressed(account: Account) -> Snapshot {
    let mut snapshot = account.snapshot();
    let number = |index: usize| u8::try_from(index % 250).unwrap();
    for scan in &mut snapshot.regions {
        scan.account_name = Some("acme production".into());
        for gap in &mut scan.gaps {
            gap.message = format!("arn:aws:iam::{ME}:user/acme is not authorized");
        }
        for (index, gateway) in scan.nat_gateways.iter_mut().enumerate() {
            tagged(&mut gateway.tags, gateway.nat_gateway_id.as_str());
            for address in &mut gateway.addresses {
                address.public_ip = Some(format!("52.20.30.{}", number(index)));
                address.private_ip = Some(format!("10.0.0.{}", number(index)));
            }
        }
        for endpoint in &mut scan.vpc_endpoints {
            tagged(&mut endpoint.tags, endpoint.vpc_endpoint_id.as_str());
            endpoint.failure = Some("acme's owner refused".into());
            if endpoint.service_name.ends_with("sqs") {
                endpoint.policy_document =
                    Some(format!(r#"{{"Statement":[{{"Resource":"arn:aws:sqs:*:{ME}:acme"}}]}}"#));
            }
        }
        for vpc in &mut scan.vpcs {
            tagged(&mut vpc.tags, vpc.vpc_id.as_str());
            vpc.ipv6_cidr_blocks.push("2600:1f18:4321:8700::/56".parse().unwrap());
        }
        scan.subnets.iter_mut().for_each(|it| tagged(&mut it.tags, it.subnet_id.as_str()));
        for table in &mut scan.route_tables {
            tagged(&mut table.tags, table.route_table_id.as_str());
        }
        for group in &mut scan.security_groups {
            group.name = "acme endpoints".into();
            let partners =
                ["203.0.113.64/26", "52.20.30.1/32", "10.99.0.0/16"].map(|text| text.parse::<IpNet>().unwrap());
            group.ingress.iter_mut().for_each(|rule| rule.cidrs.extend(partners));
        }
        scan.prefix_lists.push(PrefixList {
            prefix_list_id: "pl-0acc0e".into(),
            name: "acme partners".into(),
            cidrs: vec!["203.0.113.64/26".parse().unwrap(), "52.216.8.0/24".parse().unwrap()],
        });
        scan.transit_gateway_attachments.iter_mut().for_each(|it| it.resource_owner_id = Some(OTHER.into()));
        if let Some(gateway) = scan.nat_gateways.first() {
            scan.flow_logs = vec![flow_log("fl-1", gateway.nat_gateway_id.as_str())];
        }
    }
    Snapshot::merge(vec![snapshot]).unwrap()
}

fn flow_log(id: &str, resource: &str) -> FlowLog {
    FlowLog {
        flow_log_id: id.into(),
        resource_id: resource.to_owned(),
        traffic_type: Some("ALL".to_owned()),
        log_destination_type: Some("s3".to_owned()),
        log_destination: Some("arn:aws:s3:::acme-logs/acme-vpc/".to_owned()),
        log_group_name: None,
        log_format: Some("${version} ${pkt-srcaddr} ${pkt-dstaddr}".to_owned()),
        file_format: None,
        hive_compatible_partitions: true,
        per_hour_partition: false,
        max_aggregation_interval: Some(600),
        deliver_logs_status: None,
    }
}

fn json(report: &Report) -> String {
    serde_json::to_string(report).unwrap()
}

/// Pairs what differs between two values of one form, leaf by leaf.
fn pair(a: &serde_json::Value, b: &serde_json::Value, words: &mut BTreeMap<String, String>) {
    use serde_json::Value::{Array, Object, String as Text};
    match (a, b) {
        (Array(a), Array(b)) => a.iter().zip(b).for_each(|(a, b)| pair(a, b, words)),
        (Object(a), Object(b)) => a.iter().for_each(|(key, a)| b.get(key).into_iter().for_each(|b| pair(a, b, words))),
        (Text(a), Text(b)) if a != b => drop(words.insert(a.clone(), b.clone())),
        _ => {}
    }
}

/// A JSON text with every word in it exchanged at once, the longest first.
fn translated(text: &str, words: &BTreeMap<String, String>) -> String {
    let written = |word: &String| serde_json::to_string(word).unwrap().trim_matches('"').to_owned();
    let mut order: Vec<_> = words.iter().map(|(from, to)| (written(from), written(to))).collect();
    order.sort_by_key(|(from, _)| std::cmp::Reverse(from.len()));
    let mut text = text.to_owned();
    for (index, (from, _)) in order.iter().enumerate() {
        text = text.replace(from, &format!("\u{1}{index}\u{1}"));
    }
    for (index, (_, to)) in order.iter().enumerate() {
        text = text.replace(&format!("\u{1}{index}\u{1}"), to);
    }
    text
}

fn show(report: &Report) -> String {
    let style = Style { color: false, width: 120, rows: None };
    let formats = [
        Format::Table,
        Format::Json,
        Format::Html,
        Format::Markdown,
        Format::Csv,
        Format::Focus,
        Format::Terraform,
        Format::CloudFormation,
        Format::Cli,
        Format::Console,
    ];
    let mut out = Vec::new();
    for format in formats {
        render(report, format, style, &mut out).unwrap();
    }
    String::from_utf8(out).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..Default::default() })]

    #[test]
    fn the_report_says_the_same_in_other_words(account in any_account()) {
        let snapshot = dressed(account);
        let redacted = redacted(&snapshot);
        let mut words = BTreeMap::new();
        pair(&serde_json::to_value(&snapshot).unwrap(), &serde_json::to_value(&redacted).unwrap(), &mut words);
        // Of a place only the path is in a report.
        let place = |snapshot: &Snapshot| {
            let log = snapshot.regions[0].flow_logs.first()?;
            Some(log.log_destination.clone()?.rsplit_once(":::")?.1.trim_end_matches('/').to_owned())
        };
        words.extend(place(&snapshot).zip(place(&redacted)));
        let (one, other) = (translated(&json(&report(&snapshot)), &words), json(&report(&redacted)));
        let same = one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
        let near = |text: &str| text[same.saturating_sub(200)..].chars().take(400).collect::<String>();
        prop_assert!(one == other, "{}\n{}", near(&one), near(&other));
    }

    #[test]
    fn nothing_of_the_owner_is_left(account in any_account()) {
        let redacted = redacted(&dressed(account));
        let text = serde_json::to_string(&redacted).unwrap() + &show(&report(&redacted));
        for secret in ["acme", ME, OTHER, "52.20.30.", "203.0.113.", "2600:1f18:4321:8700", "10.99.0.0"] {
            prop_assert!(!text.contains(secret), "{secret}");
        }
    }

}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..Default::default() })]

    #[test]
    fn the_key_decides(account in any_account(), key in any::<[u8; KEY_BYTES]>()) {
        let snapshot = dressed(account);
        let by = |key: &[u8; KEY_BYTES]| {
            let mut snapshot = snapshot.clone();
            Redactor::new(key).snapshot(&mut snapshot);
            snapshot
        };
        prop_assert_eq!(by(&key), by(&key));
        let mut other = key;
        other[31] ^= 1;
        prop_assert_ne!(&by(&key).regions[0].account_id, &by(&other).regions[0].account_id);
        prop_assert_ne!(&by(&key).regions[0].account_name, &by(&other).regions[0].account_name);
    }

    #[test]
    fn it_is_still_a_snapshot(account in any_account()) {
        let redacted = redacted(&dressed(account));
        let back = Snapshot::parse(&serde_json::to_vec(&redacted).unwrap()).unwrap();
        prop_assert_eq!(&back, &redacted);
        prop_assert_eq!(Snapshot::merge(vec![back]).unwrap().regions, redacted.regions);
    }
}

fn sound() -> Snapshot {
    redacted(&dressed(Account::sound("us-east-1").interface_endpoint("sqs", &["subnet-a", "subnet-b"])))
}

#[test]
fn ids_of_resources_services_and_lists_of_aws_stay() {
    let scan = &sound().regions[0];
    let ids: Vec<_> = scan.nat_gateways.iter().map(|nat| nat.nat_gateway_id.as_str()).collect();
    assert_eq!(ids, ["nat-a", "nat-b"]);
    assert_eq!(scan.vpc_endpoints[0].service_name, "com.amazonaws.us-east-1.dynamodb");
    let s3 = scan.prefix_lists.iter().find(|list| list.name == "com.amazonaws.us-east-1.s3").unwrap();
    assert_eq!(s3.cidrs, ["52.216.0.0/15".parse::<IpNet>().unwrap()]);
    let own = scan.prefix_lists.iter().find(|list| list.prefix_list_id.as_str() == "pl-0acc0e").unwrap();
    assert!(own.name.starts_with("prefix-list-"));
    assert_eq!(own.cidrs[1], "52.216.8.0/24".parse::<IpNet>().unwrap());
    assert!(
        scan.route_tables
            .iter()
            .flat_map(|table| &table.routes)
            .any(|route| { route.destination_cidr == Some("0.0.0.0/0".parse().unwrap()) })
    );
    let log = &scan.flow_logs[0];
    let place = log.log_destination.as_deref().unwrap();
    assert!(place.starts_with("arn:aws:s3:::bucket-") && place.contains("/folder-") && place.ends_with('/'), "{place}");
    assert_eq!(log.log_format.as_deref(), Some("${version} ${pkt-srcaddr} ${pkt-dstaddr}"));
}

#[test]
fn of_tags_only_the_key_of_the_name_stays() {
    let tags = &sound().regions[0].vpcs[0].tags;
    assert_eq!(tags.len(), 3);
    assert!(tags["Name"].starts_with("name-"));
    let others: Vec<_> = tags.iter().filter(|(key, _)| *key != "Name").collect();
    assert!(
        others.iter().all(|(key, value)| key.starts_with("tag-") && (value.is_empty() || value.starts_with("value-")))
    );
}

#[test]
fn a_policy_keeps_its_answer() {
    let of = |policy: &str| {
        let account =
            Account::sound("us-east-1").edit_endpoint("vpce-s3", |it| it.policy_document = Some(policy.into()));
        report(&redacted(&account.snapshot())).all("endpoint-full-access-policy").len()
    };
    assert_eq!(of(r#"{"Statement":{"Effect":"Allow","Principal":{"AWS":["*"]},"Action":["*"],"Resource":["*"]}}"#), 1);
    assert_eq!(of(r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"acme"}]}"#), 0);
    assert_eq!(of("acme"), 0);
}

#[test]
fn texts_keep_their_form() {
    let redactor = &REDACTOR;
    let pass = Pass { key: &redactor.key, addresses: redactor.addresses.clone() };
    let me = redactor.account(&ME.into());
    let place = pass.place(&format!("arn:aws-cn:logs:cn-north-1:{ME}:log-group:/acme/flow:*"));
    let group = redactor.key.name("log-group", "/acme/flow");
    assert_eq!(place, format!("arn:aws-cn:logs:cn-north-1:{me}:log-group:{group}:*"));
    let stream = pass.place(&format!("arn:aws:firehose:us-east-1:{ME}:deliverystream/acme"));
    assert!(stream.starts_with(&format!("arn:aws:firehose:us-east-1:{me}:deliverystream/deliverystream-")), "{stream}");
    for odd in ["acme", "arn:acme", "arn:aws:s3:::", "arn:aws:x:y:z:acme", "arn:aws:x:y:z:acme/"] {
        let place = pass.place(odd);
        assert!(!place.contains("acme") && place.starts_with(&odd[..3]) == odd.starts_with("arn"), "{place}");
    }
    let service = |name: &str| {
        let mut name = name.to_owned();
        pass.service_name(&mut name);
        name
    };
    for awss in [
        "com.amazonaws.eu-west-1.ecr.api",
        "aws.sagemaker.us-east-1.notebook",
        "cn.com.amazonaws.cn-north-1.sqs",
        "com.amazonaws.vpce.us-east-1.vpce-svc-0a1b2c3d",
        "",
    ] {
        assert_eq!(service(awss), awss);
    }
    for theirs in
        ["com.acme.billing", "com.amazonaws.vpce.us-east-1.acme", "com.amazonaws.vpce.us-east-1.vpce-svc-acme"]
    {
        assert!(service(theirs).starts_with("service-"), "{}", service(theirs));
    }
    let lattice = service(&format!("arn:aws:vpc-lattice:us-east-1:{ME}:servicenetwork/sn-acme"));
    assert!(lattice.starts_with(&format!("arn:aws:vpc-lattice:us-east-1:{me}:servicenetwork/servicenetwork-")));
}

#[test]
fn two_accounts_are_two_whatever_is_said_of_them() {
    let account = Account::plain("us-east-1").and(OTHER, "eu-west-1").vpc("vpc-2", "10.0.0.0/16");
    let snapshot = redacted(&account.snapshot());
    let scanned: BTreeSet<_> = snapshot.regions.iter().map(|scan| scan.account_id.clone()).collect();
    assert_eq!(scanned, [ME, OTHER].map(|id| REDACTOR.account(&id.into())).into());
    // The same block in two accounts is the same block still.
    let blocks: Vec<_> = snapshot.regions.iter().flat_map(|scan| &scan.vpcs).map(|vpc| &vpc.cidr_blocks).collect();
    assert_eq!(blocks[0], blocks[1]);
    let gap = Gap {
        account_id: Some(ME.into()),
        region: None,
        operation: "AssumeRole".into(),
        code: "AccessDenied".into(),
        message: "acme".into(),
        iam_action: Some("sts:AssumeRole".into()),
    };
    let mut account = ScannedAccount { name: Some("acme".into()), regions: None, gaps: vec![gap.clone()] };
    REDACTOR.scanned_account(&mut account);
    assert!(account.name.unwrap().starts_with("account-"));
    let me = Some(REDACTOR.account(&ME.into()));
    assert_eq!(account.gaps, [Gap { account_id: me, message: WORDS_LEFT_OUT.into(), ..gap }]);
}

#[test]
fn a_fingerprint_is_of_the_key_alone() {
    assert_eq!(REDACTOR.fingerprint(), Redactor::new(&[9; KEY_BYTES]).fingerprint());
    assert_ne!(REDACTOR.fingerprint(), Redactor::new(&[8; KEY_BYTES]).fingerprint());
}

#[test]
fn the_key_is_in_no_debug_output() {
    assert_eq!(format!("{:?}", *REDACTOR), "Redactor { .. }");
}
