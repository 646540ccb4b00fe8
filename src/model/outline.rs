//! The outline of a snapshot: which accounts and Regions it is of, and what ties each to others. It takes none of the
//! memory that the snapshot takes, so that of an organisation's snapshots those that belong together can be found, and
//! only those be loaded at once.
//!
//! A tie is anything that the analysis looks up across accounts and Regions: two parts that name the same VPC (its
//! subnets are shared), the same transit gateway, or anything else of one name, are to be seen together.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::de::Visitor;
use serde::{Deserialize, Deserializer};

use super::snapshot::{known_schema, read};
use super::{AccountId, RegionName, SnapshotError, Window};

/// Which parts a snapshot has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// The span of its metrics.
    pub window: Window,
    /// The accounts and Regions that it is of.
    pub parts: Vec<(AccountId, RegionName)>,
    /// Of everything in it that can tie it to another one: the id as a number, each once. Two ids of one number would
    /// only bring together what could be apart.
    pub ties: Vec<u64>,
}

impl Outline {
    /// Reads a snapshot's outline.
    ///
    /// # Errors
    /// When the text is empty, cut off, not JSON, or not of a snapshot this version knows.
    pub fn parse(json: &[u8]) -> Result<Self, SnapshotError> {
        let file: File = read(json)?;
        let mut parts = Vec::new();
        let mut ties = Vec::new();
        for part in file.regions {
            part.tie(&mut ties);
            parts.push((part.account_id, part.region));
        }
        ties.sort_unstable();
        ties.dedup();
        ties.shrink_to_fit();
        Ok(Self { window: file.window, parts, ties })
    }
}

#[derive(Deserialize)]
struct File {
    #[serde(rename = "schema", deserialize_with = "known_schema")]
    _schema: String,
    window: Window,
    regions: Vec<Part>,
}

#[derive(Deserialize)]
struct Part {
    account_id: AccountId,
    region: RegionName,
    #[serde(default)]
    nat_gateways: Vec<Thing>,
    #[serde(default)]
    vpc_endpoints: Vec<Thing>,
    #[serde(default)]
    route_tables: Vec<Thing>,
    #[serde(default)]
    vpcs: Vec<Thing>,
    #[serde(default)]
    subnets: Vec<Thing>,
    #[serde(default)]
    transit_gateway_attachments: Vec<Thing>,
    #[serde(default)]
    transit_gateway_route_tables: Vec<Thing>,
    #[serde(default)]
    metrics: Metrics,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Metrics {
    nat_gateways: Vec<Thing>,
    endpoints: Vec<Thing>,
}

/// Anything, by the ids in it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Thing {
    vpc_id: Option<Id>,
    subnet_id: Option<Id>,
    subnet_ids: Vec<Id>,
    nat_gateway_id: Option<Id>,
    vpc_endpoint_id: Option<Id>,
    attachment_id: Option<Id>,
    transit_gateway_id: Option<Id>,
    resource_id: Option<Id>,
    route_table_id: Option<Id>,
    routes: Vec<Thing>,
}

impl Part {
    fn tie(&self, ties: &mut Vec<u64>) {
        for things in [
            &self.nat_gateways,
            &self.vpc_endpoints,
            &self.route_tables,
            &self.vpcs,
            &self.subnets,
            &self.transit_gateway_attachments,
            &self.transit_gateway_route_tables,
            &self.metrics.nat_gateways,
            &self.metrics.endpoints,
        ] {
            things.iter().for_each(|thing| thing.tie(ties));
        }
    }
}

impl Thing {
    fn tie(&self, ties: &mut Vec<u64>) {
        let single = [
            &self.vpc_id,
            &self.subnet_id,
            &self.nat_gateway_id,
            &self.vpc_endpoint_id,
            &self.attachment_id,
            &self.transit_gateway_id,
            &self.resource_id,
            &self.route_table_id,
        ];
        ties.extend(single.into_iter().flatten().chain(&self.subnet_ids).map(|id| id.0));
        self.routes.iter().for_each(|route| route.tie(ties));
    }
}

/// An id as a number: many of them are kept.
struct Id(u64);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = Id;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an id")
            }

            fn visit_str<E>(self, id: &str) -> Result<Id, E> {
                let mut hasher = DefaultHasher::new();
                id.hash(&mut hasher);
                Ok(Id(hasher.finish()))
            }
        }

        deserializer.deserialize_str(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Snapshot;
    use crate::testing::Account;

    fn outline(snapshot: &Snapshot) -> Outline {
        Outline::parse(&serde_json::to_vec(snapshot).unwrap()).unwrap()
    }

    fn tied(a: &Snapshot, b: &Snapshot) -> bool {
        let (a, b) = (outline(a), outline(b));
        a.ties.iter().any(|tie| b.ties.contains(tie))
    }

    #[test]
    fn an_outline_tells_the_parts_and_the_window() {
        let snapshot = Account::sound("us-east-1").and("444455556666", "eu-west-1").snapshot();
        let outline = outline(&snapshot);
        assert_eq!(outline.window, snapshot.window);
        let parts = [("111122223333", "us-east-1"), ("444455556666", "eu-west-1")];
        assert_eq!(outline.parts, parts.map(|(account, region)| (account.into(), region.into())));
    }

    #[test]
    fn what_is_no_snapshot_is_refused_as_the_whole_is() {
        let torn = serde_json::to_vec(&Account::sound("us-east-1").snapshot()).unwrap();
        let other = String::from_utf8(torn.clone()).unwrap().replace("natwise.snapshot/1", "natwise.report/1");
        for json in [&b""[..], b"{", b"nonsense", b"{}", &torn[..torn.len() - 1], other.as_bytes()] {
            let (whole, outline) = (Snapshot::parse(json).unwrap_err(), Outline::parse(json).unwrap_err());
            assert_eq!(std::mem::discriminant(&whole), std::mem::discriminant(&outline), "{whole} {outline}");
        }
    }

    #[test]
    fn parts_are_tied_by_what_both_name() {
        let spoke = |table: &str| {
            Account::new("us-east-1").vpc("vpc-spoke", "10.1.0.0/16").table(table, &[]).route(
                table,
                "0.0.0.0/0",
                "tgw-1",
            )
        };
        let hub = || Account::new("us-east-1").vpc("vpc-hub", "10.0.0.0/16");
        assert!(!tied(&spoke("rtb-1").snapshot(), &hub().snapshot()));
        let attached = hub().attach("tgw-1", "vpc-hub", &[], None).snapshot();
        assert!(tied(&spoke("rtb-1").snapshot(), &attached));
        let shared = Account::new("us-east-1").vpc("vpc-spoke", "10.1.0.0/16").snapshot();
        assert!(tied(&spoke("rtb-1").snapshot(), &shared));
        let sees = Account::new("us-east-1").attach("tgw-9", "vpc-spoke", &[], None).snapshot();
        assert!(tied(&spoke("rtb-1").snapshot(), &sees));
        // Route tables of VPCs and zones are looked up nowhere else.
        let alike = Account::new("us-east-1").vpc("vpc-other", "10.1.0.0/16").subnet("subnet-9", "a", "10.1.0.0/24");
        assert!(!tied(&spoke("rtb-1").snapshot(), &alike.snapshot()));
    }
}
