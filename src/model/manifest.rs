//! The manifest of a folder of snapshots: which accounts and Regions a scan is to cover, so that what is still missing
//! is known to be missing.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AccountId, Gap, RegionName, Window};

/// The form of manifest that this version writes and reads.
pub const MANIFEST_SCHEMA: &str = "natwise.scan/1";

/// What a folder of snapshots is to hold: one snapshot for each Region of each account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Always [`MANIFEST_SCHEMA`].
    pub schema: String,
    /// The program and version that wrote it.
    pub generated_by: String,
    /// The span of the metrics, of every snapshot in the folder.
    pub window: Window,
    /// When the scan was done; none while it is under way, or when it was stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// Which key the pseudonyms in it were made with, where it is redacted: its fingerprint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redaction: Option<String>,
    /// The accounts in the scan.
    pub accounts: BTreeMap<AccountId, ScannedAccount>,
    /// What could not be seen of no account in particular.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<Gap>,
}

/// One account of a scan.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ScannedAccount {
    /// The name that the organisation gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its Regions; none while they are not known, or when the account could not be entered.
    pub regions: Option<BTreeSet<RegionName>>,
    /// What could not be seen of no Region in particular.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<Gap>,
}

impl Manifest {
    /// A manifest with no account yet.
    #[must_use]
    pub fn new(window: Window) -> Self {
        Self {
            schema: MANIFEST_SCHEMA.to_owned(),
            generated_by: crate::GENERATED_BY.to_owned(),
            window,
            finished_at: None,
            redaction: None,
            accounts: BTreeMap::new(),
            gaps: Vec::new(),
        }
    }
}
