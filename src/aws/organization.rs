//! AWS Organizations: which accounts there are.

use std::collections::HashSet;
use std::sync::Arc;

use aws_config::{Region, SdkConfig};
use aws_sdk_organizations::Client;
use aws_sdk_organizations::types::{Account, AccountState, AccountStatus};
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use super::account::{Entry, Member};
use super::calls::{CallMeter, Counter};
use super::operation::Operation::{ListAccounts, ListAccountsForParent, ListOrganizationalUnitsForParent};
use super::pace::Pace;
use super::partition::{home_of, of_arn, partition_of};
use super::reader::{Listing, Reader};
use super::role::Role;
use super::session::retry_partition;
use crate::model::{AccountId, Gap, RegionName};

/// The accounts of an organisation, and how each is entered.
#[derive(Debug, Clone, Default)]
pub struct Organization {
    /// Organizational units; empty for the whole organisation.
    pub units: Vec<String>,
    /// The role that is in each account.
    pub role_name: String,
    /// What the roles' trust policies may ask for.
    pub external_id: Option<String>,
}

/// Units below one another: far more than the five levels that AWS allows.
const UNITS_LIMIT: usize = 10_000;

/// Whoever looks for accounts, with what they are entered by.
pub(super) struct Roll<'a> {
    pub(super) organization: &'a Organization,
    /// Who asks: the management account, or a delegated administrator.
    pub(super) base: &'a SdkConfig,
    /// The caller's own account, which needs no role: the role that AWS makes is in all accounts but the management one.
    pub(super) caller: Option<AccountId>,
    /// Whether an account of an id and a name is meant.
    pub(super) is_meant: &'a (dyn Fn(&AccountId, Option<&str>) -> bool + Send + Sync),
    pub(super) members: UnboundedSender<Member>,
}

impl Roll<'_> {
    /// Sends each active account on as soon as its page is there. Gaps are what could not be listed.
    pub(super) async fn call(&self, home: &RegionName, counter: &Arc<Counter>, deadline: Instant) -> Vec<Gap> {
        let home = home_of(partition_of(home));
        let pace = Arc::new(Pace::new());
        let meter = CallMeter { region: home.to_string(), counter: Arc::clone(counter), pace: Arc::clone(&pace) };
        let config = aws_sdk_organizations::config::Builder::from(self.base)
            .region(Region::new(home.to_string()))
            .retry_partition(retry_partition(home.as_str()))
            .interceptor(meter)
            .build();
        let client = Client::from_conf(config);
        let reader = Reader::new(home, pace, deadline);
        if self.organization.units.is_empty() {
            let call = client.list_accounts();
            let ask = |token| call.clone().set_next_token(token).send();
            reader.pages(ListAccounts, ask, |page| (self.found(page.accounts), page.next_token)).await;
        } else {
            self.below(&client, &reader).await;
        }
        reader.take_gaps()
    }

    /// The accounts in the units that were asked for, and in those below them.
    async fn below(&self, client: &Client, reader: &Reader) {
        let mut seen: HashSet<String> = HashSet::new();
        let mut units: Vec<String> = self.organization.units.clone();
        while let Some(unit) = units.pop() {
            if seen.len() >= UNITS_LIMIT || !seen.insert(unit.clone()) {
                continue;
            }
            let accounts = client.list_accounts_for_parent().parent_id(&unit);
            let accounts = reader.pages(
                ListAccountsForParent,
                |token| accounts.clone().set_next_token(token).send(),
                |page| (self.found(page.accounts), page.next_token),
            );
            let below = client.list_organizational_units_for_parent().parent_id(&unit);
            let below = reader.pages(
                ListOrganizationalUnitsForParent,
                |token| below.clone().set_next_token(token).send(),
                |page| (page.organizational_units, page.next_token),
            );
            let (_, Listing { items, .. }) = tokio::join!(accounts, below);
            units.extend(items.into_iter().filter_map(|unit| unit.id));
        }
    }

    /// Sends the accounts of a page on. There is nothing to keep of it.
    fn found(&self, accounts: Option<Vec<Account>>) -> Option<Vec<()>> {
        for account in accounts.into_iter().flatten().filter(is_active) {
            let Some(member) = self.member(account) else { continue };
            // Nobody listens any more when the scan is given up.
            let _given_up = self.members.send(member);
        }
        None
    }

    fn member(&self, account: Account) -> Option<Member> {
        let account_id = AccountId::from(account.id?);
        if !(self.is_meant)(&account_id, account.name.as_deref()) {
            return None;
        }
        let arn = account.arn.unwrap_or_default();
        let partition = of_arn(&arn).map(|(partition, _)| partition.to_owned());
        let Organization { role_name, external_id, .. } = self.organization;
        let entry = if self.caller.as_ref() == Some(&account_id) {
            Entry::Caller(self.base.clone())
        } else {
            let role = Role {
                partition,
                account_id: account_id.clone(),
                name: role_name.clone(),
                external_id: external_id.clone(),
            };
            Entry::Role(self.base.clone(), role)
        };
        Some(Member { account_id: Some(account_id), name: account.name, entry })
    }
}

/// Suspended and closed accounts let nobody in. AWS replaces the status by the state.
fn is_active(account: &Account) -> bool {
    match (&account.state, &account.status) {
        (Some(state), _) => *state == AccountState::Active,
        (None, Some(status)) => *status == AccountStatus::Active,
        (None, None) => true,
    }
}
