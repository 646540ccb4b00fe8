//! One side of a comparison: the part of a report's JSON that comparing needs.
//!
//! Reports are read back from their JSON, whether it was in a file or was just made of a snapshot: there is one way
//! through, and what a comparison says of two snapshots it says of their reports. What older or other writers of
//! `natwise.report/1` leave out is unknown here, and never 0.

mod row;

use std::collections::BTreeSet;

use serde::{Deserialize, Deserializer};
use serde_json::error::Category;

pub(super) use row::{
    Account, Charge, Endpoint, Finding, NatGateway, Prices, Region, ResourceUsd, Scope, Skipped, Totals, Traffic,
};

use crate::model::{AccountId, Gap, RegionName, Window};
use crate::report::{REPORT_SCHEMA, Report};

/// A report, as far as it is compared.
#[derive(Debug, Clone, Deserialize)]
pub struct Side {
    /// Always `natwise.report/1`.
    #[serde(deserialize_with = "known_schema")]
    pub schema: String,
    /// The program and version that wrote it.
    #[serde(default)]
    pub generated_by: String,
    /// The span of time that was priced.
    pub window: Window,
    /// What was looked at.
    pub scope: Scope,
    /// The prices that were used.
    pub prices: Prices,
    /// Sums.
    pub totals: Totals,
    /// The accounts, each with its Regions.
    #[serde(default)]
    pub accounts: Vec<Account>,
    /// NAT gateways.
    pub nat_gateways: Vec<NatGateway>,
    /// Endpoints.
    pub endpoints: Vec<Endpoint>,
    /// Findings.
    pub findings: Vec<Finding>,
    /// Rules that could not be applied somewhere.
    #[serde(default)]
    pub skipped: Vec<Skipped>,
    /// Calls that failed.
    #[serde(default)]
    pub gaps: Vec<Gap>,
}

/// Why something is no side of a comparison.
#[derive(Debug, thiserror::Error)]
pub enum SideError {
    /// There is nothing in it.
    #[error("it is empty")]
    Empty,
    /// It stops in the middle.
    #[error("it is truncated: the JSON ends early, at line {line} column {column}")]
    Truncated {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// It is not JSON at all.
    #[error("it is not JSON: {0}")]
    NotJson(serde_json::Error),
    /// It is JSON, but no report.
    #[error("it is not a report: {0}")]
    NotAReport(serde_json::Error),
    /// What is listed twice would count twice.
    #[error("it lists {0} twice")]
    Twice(String),
    /// A report in memory that has no JSON.
    #[error("the report cannot be compared: {0}")]
    Unwritten(serde_json::Error),
    /// Costs of different spans cannot be added.
    #[error("they cover different windows: {} to {}, and {} to {}", one.start(), one.end(), other.start(), other.end())]
    Windows {
        /// The first one's.
        one: Window,
        /// Another's.
        other: Window,
    },
    /// The same part twice would count twice.
    #[error("account {account_id} in {region} is in more than one of them")]
    Parts {
        /// The account.
        account_id: AccountId,
        /// The Region.
        region: RegionName,
    },
}

impl Side {
    /// Reads a report's JSON.
    ///
    /// # Errors
    /// When the text is empty, cut off, not JSON, or no report that this version knows.
    pub fn parse(json: &[u8]) -> Result<Self, SideError> {
        if json.trim_ascii().is_empty() {
            return Err(SideError::Empty);
        }
        let side: Self = serde_json::from_slice(json).map_err(|error| match error.classify() {
            Category::Eof => SideError::Truncated { line: error.line(), column: error.column() },
            Category::Syntax | Category::Io => SideError::NotJson(error),
            Category::Data => SideError::NotAReport(error),
        })?;
        side.once()
    }

    /// The same of a report that was just made.
    ///
    /// # Errors
    /// When it cannot be written as JSON, or that cannot be read again.
    pub fn of(report: &Report) -> Result<Self, SideError> {
        Self::parse(&serde_json::to_vec(report).map_err(SideError::Unwritten)?)
    }

    /// Several reports of one window and different parts as one.
    ///
    /// # Errors
    /// When windows differ, or something is in two of them.
    pub fn merge(sides: impl IntoIterator<Item = Self>) -> Result<Option<Self>, SideError> {
        let mut sides = sides.into_iter();
        let Some(mut whole) = sides.next() else { return Ok(None) };
        let mut parts = whole.parts();
        for side in sides {
            if side.window != whole.window {
                return Err(SideError::Windows { one: whole.window, other: side.window });
            }
            for (account_id, region) in side.parts() {
                if !parts.insert((account_id.clone(), region.clone())) {
                    return Err(SideError::Parts { account_id, region });
                }
            }
            whole.append(side);
        }
        whole.scope.accounts.sort();
        whole.scope.accounts.dedup();
        whole.scope.regions.sort();
        whole.scope.regions.dedup();
        whole.once().map(Some)
    }

    fn append(&mut self, mut side: Self) {
        // Before the scopes are one: a report without its accounts' Regions has all of its Regions in all accounts.
        self.name_parts();
        side.name_parts();
        self.scope.accounts.extend(side.scope.accounts);
        self.scope.regions.extend(side.scope.regions);
        self.scope.complete &= side.scope.complete;
        self.accounts.extend(side.accounts);
        self.totals.add(&side.totals);
        self.nat_gateways.extend(side.nat_gateways);
        self.endpoints.extend(side.endpoints);
        self.findings.extend(side.findings);
        self.skipped.extend(side.skipped);
        self.gaps.extend(side.gaps);
    }

    fn name_parts(&mut self) {
        if self.accounts.is_empty() {
            let regions = || self.scope.regions.iter().map(|region| Region { region: region.clone() }).collect();
            let account = |id: &AccountId| Account { account_id: id.clone(), regions: regions() };
            self.accounts = self.scope.accounts.iter().map(account).collect();
        }
    }

    /// The accounts and Regions that were scanned.
    #[must_use]
    pub fn parts(&self) -> BTreeSet<(AccountId, RegionName)> {
        if self.accounts.is_empty() {
            let of = |id: &AccountId| {
                self.scope.regions.iter().map(|region| (id.clone(), region.clone())).collect::<Vec<_>>()
            };
            return self.scope.accounts.iter().flat_map(of).collect();
        }
        let of = |account: &Account| {
            account.regions.iter().map(|row| (account.account_id.clone(), row.region.clone())).collect::<Vec<_>>()
        };
        self.accounts.iter().flat_map(of).collect()
    }

    /// Itself, unless something in it is listed twice.
    fn once(self) -> Result<Self, SideError> {
        let nats = self.nat_gateways.iter().map(|row| row.id.as_str());
        let endpoints = self.endpoints.iter().map(|row| row.id.as_str());
        let mut seen = BTreeSet::new();
        match nats.chain(endpoints).find(|id| !seen.insert(*id)) {
            Some(twice) => Err(SideError::Twice(twice.to_owned())),
            None => Ok(self),
        }
    }

    /// Whether flow logs told some of its bytes apart.
    #[must_use]
    pub fn is_attributed(&self) -> bool {
        self.nat_gateways.iter().any(|row| !row.traffic.is_empty())
    }
}

fn known_schema<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let schema = String::deserialize(deserializer)?;
    if schema == REPORT_SCHEMA {
        return Ok(schema);
    }
    Err(serde::de::Error::custom(if schema.starts_with("natwise.report/") {
        format!("schema {schema:?} is of another version of natwise; this one reads {REPORT_SCHEMA:?}")
    } else {
        format!("schema {schema:?} is not a report's; expected {REPORT_SCHEMA:?}")
    }))
}
