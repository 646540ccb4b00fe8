//! Which accounts to read, and how.

use std::path::PathBuf;

use clap::Args;
use jiff::SignedDuration;

use super::{region, span};
use crate::model::RegionName;

/// Which account to read, and how.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Account")]
pub struct AccountArgs {
    /// Profile of the AWS configuration (repeatable: an account each).
    #[arg(long = "profile", value_name = "NAME")]
    pub profiles: Vec<String>,
    /// Region to scan (repeatable). Default: the configured one.
    #[arg(long = "region", value_name = "REGION", conflicts_with = "all_regions", value_parser = region)]
    pub regions: Vec<RegionName>,
    /// Scan every Region that is enabled for the account, or for each of them.
    #[arg(long)]
    pub all_regions: bool,
    /// Send API calls here instead of to AWS.
    #[arg(long, value_name = "URL")]
    pub endpoint_url: Option<String>,
    #[command(flatten)]
    pub fleet: FleetArgs,
}

/// More accounts than one.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Accounts of an organisation")]
pub struct FleetArgs {
    /// Every active account of the AWS Organization; needs --role-name.
    #[arg(long, requires = "role_name")]
    pub org: bool,
    /// Only accounts in this organizational unit, or in one below it (repeatable).
    #[arg(long = "ou", value_name = "OU-ID", requires = "org")]
    pub units: Vec<String>,
    /// Only these accounts, by id or name; * stands for any characters (repeatable).
    #[arg(long, value_name = "ACCOUNT")]
    pub include: Vec<String>,
    /// Not these accounts, by id or name; * stands for any characters (repeatable).
    #[arg(long, value_name = "ACCOUNT")]
    pub exclude: Vec<String>,
    /// A file of accounts: CSV of an account id (or the ARN of a role in it) and, where it needs one, an external id.
    #[arg(long, value_name = "FILE", conflicts_with = "org")]
    pub accounts: Option<PathBuf>,
    /// Role to assume in each account.
    #[arg(long, value_name = "NAME")]
    pub role_name: Option<String>,
    /// A role to assume, for the account that it is in (repeatable).
    #[arg(long = "role-arn", value_name = "ARN")]
    pub role_arns: Vec<String>,
    /// External id that the roles ask for.
    #[arg(long, value_name = "ID")]
    pub external_id: Option<String>,
    /// What the roles' sessions are called in the accounts' logs.  [default: natwise]
    #[arg(long, value_name = "NAME")]
    pub role_session_name: Option<String>,
    /// API calls under way at once, over all accounts.  [default: 256]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub max_concurrency: Option<u16>,
    /// How long one account may take, such as 90s or 20m; what is not read by then is a gap.  [default: 15m]
    #[arg(long, value_name = "SPAN", value_parser = span)]
    pub timeout: Option<SignedDuration>,
}

impl AccountArgs {
    /// Whether no more than one account is meant.
    #[must_use]
    pub fn is_one(&self) -> bool {
        let FleetArgs { org, accounts, role_arns, .. } = &self.fleet;
        !org && accounts.is_none() && role_arns.len() < 2 && self.profiles.len() < 2
    }

    /// The options, for conflicts with what is no live account.
    pub(super) const IDS: [&str; 15] = [
        "profiles",
        "regions",
        "all_regions",
        "endpoint_url",
        "org",
        "units",
        "include",
        "exclude",
        "accounts",
        "role_name",
        "role_arns",
        "external_id",
        "role_session_name",
        "max_concurrency",
        "timeout",
    ];
}
