//! Whose accounts the command line means.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;

use super::read;
use crate::aws::{CollectOptions, Members, Organization, Role, is_role_name};
use crate::cli::{AccountArgs, FleetArgs};
use crate::model::{AccountId, Window};

/// What to collect, as the options say it.
pub(super) fn options(args: &AccountArgs, window: Window) -> anyhow::Result<CollectOptions> {
    let fleet = &args.fleet;
    let mut options = CollectOptions {
        profiles: args.profiles.clone(),
        include: fleet.include.clone(),
        exclude: fleet.exclude.clone(),
        regions: args.regions.clone(),
        all_regions: args.all_regions,
        endpoint_url: args.endpoint_url.clone(),
        ..CollectOptions::new(window)
    };
    if let Some(name) = &fleet.role_session_name {
        options.session_name.clone_from(name);
    }
    if let Some(requests) = fleet.max_concurrency {
        options.max_concurrency = requests.into();
    }
    if let Some(timeout) = fleet.timeout {
        options.timeout = Duration::try_from(timeout).context("--timeout")?;
    }
    options.members = members(fleet, &options)?;
    anyhow::ensure!(
        !matches!(options.members, Members::Callers) || fleet.include.is_empty() && fleet.exclude.is_empty(),
        "--include and --exclude choose among the accounts of --org, --accounts or --role-arn, none of which is given"
    );
    anyhow::ensure!(
        matches!(options.members, Members::Callers) || options.profiles.len() < 2,
        "several --profile, and roles to assume: one profile at most can assume them"
    );
    Ok(options)
}

fn members(fleet: &FleetArgs, options: &CollectOptions) -> anyhow::Result<Members> {
    if fleet.org {
        anyhow::ensure!(fleet.role_arns.is_empty(), "--org enters each account by --role-name, not by --role-arn");
        return Ok(Members::Organization(Organization {
            units: fleet.units.clone(),
            role_name: role_name(fleet.role_name.as_deref().unwrap_or_default())?,
            external_id: fleet.external_id.clone(),
        }));
    }
    let mut roles = Vec::new();
    for arn in &fleet.role_arns {
        roles.push(role(arn, fleet.external_id.clone()).context("--role-arn")?);
    }
    if let Some(path) = &fleet.accounts {
        roles.extend(listed(path, fleet).with_context(|| format!("--accounts {}", path.display()))?);
    } else {
        anyhow::ensure!(
            fleet.role_name.is_none(),
            "--role-name is the role's name in the accounts of --org or --accounts, neither of which is given"
        );
    }
    if roles.is_empty() && fleet.accounts.is_none() {
        anyhow::ensure!(fleet.external_id.is_none(), "--external-id is for roles, and there is none to assume");
        return Ok(Members::Callers);
    }
    roles.retain(|role| options.is_meant(&role.account_id, None));
    let mut accounts: Vec<&AccountId> = roles.iter().map(|role| &role.account_id).collect();
    accounts.sort();
    if let Some([twice, ..]) = accounts.windows(2).find(|pair| pair[0] == pair[1]) {
        anyhow::bail!("account {twice} is named twice: it would be counted twice");
    }
    anyhow::ensure!(!roles.is_empty(), "no account is left to scan");
    Ok(Members::Roles(roles))
}

/// The role of an ARN.
pub(super) fn role(arn: &str, external_id: Option<String>) -> anyhow::Result<Role> {
    let Some(role) = Role::of_arn(arn) else {
        anyhow::bail!("{arn:?} is not a role's ARN, such as arn:aws:iam::111122223333:role/audit");
    };
    Ok(Role { external_id, ..role })
}

/// A role's name, as ARNs end.
pub(super) fn role_name(name: &str) -> anyhow::Result<String> {
    let name = name.trim_start_matches('/');
    anyhow::ensure!(is_role_name(name), "--role-name {name:?} is not the name of a role");
    Ok(name.to_owned())
}

/// The roles in a file's accounts: each line has an account's id, or a role's ARN, and perhaps an external id.
fn listed(path: &Path, fleet: &FleetArgs) -> anyhow::Result<Vec<Role>> {
    let text = read(path)?;
    let mut rows = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .comment(Some(b'#'))
        .trim(csv::Trim::All)
        .from_reader(text.as_slice());
    let mut roles = Vec::new();
    for row in rows.records() {
        let row = row?;
        let line = row.position().map_or(0, csv::Position::line);
        let account = row.get(0).unwrap_or_default();
        if ["account", "account_id"].iter().any(|header| account.eq_ignore_ascii_case(header)) {
            continue;
        }
        let external_id = row.get(1).filter(|id| !id.is_empty()).map(str::to_owned);
        let external_id = external_id.or_else(|| fleet.external_id.clone());
        if account.starts_with("arn:") {
            roles.push(role(account, external_id).with_context(|| format!("line {line}"))?);
            continue;
        }
        anyhow::ensure!(
            account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit()),
            "line {line}: {account:?} is neither an account's id (12 digits) nor a role's ARN"
        );
        let Some(name) = &fleet.role_name else {
            anyhow::bail!("line {line}: account {account} is named without a role: give --role-name NAME");
        };
        roles.push(Role { partition: None, account_id: account.into(), name: role_name(name)?, external_id });
    }
    anyhow::ensure!(!roles.is_empty(), "there is no account in it");
    Ok(roles)
}
