//! Takes out of a snapshot what tells whose it is, so that it can leave the company: account ids, names, tags and
//! addresses become pseudonyms, and an audit gives the same dollars.
//!
//! Pseudonyms depend on a secret key and on nothing else: under one key the same account is the same digits in every
//! snapshot and every month, and without the key nobody can tell which account that is, nor try them all.
//!
//! What stays: ids of resources (`vpc-…`, `eni-…`: random, and without meaning elsewhere), Regions, zones, times,
//! states, metrics, and what is AWS's own: names of its services, its prefix lists, the fields of a flow log. Flow
//! logs themselves hold real addresses, so that they can only be read along with the snapshot as it was.
//!
//! Every struct is taken apart to its last field here and in `network`: a new field does not compile until
//! somebody has decided what becomes of it.

mod account;
mod address;
mod key;
mod network;
mod text;

use address::Addresses;
use key::Key;

pub use key::KEY_BYTES;

use crate::model::{AccountId, EndpointMetrics, Gap, Metrics, NatGatewayMetrics, RegionScan, ScannedAccount, Snapshot};

/// Stands for what an API said in words, which may name anything.
pub const WORDS_LEFT_OUT: &str = "left out by --redact";

/// What an account's pseudonym begins with.
const ACCOUNT: &str = "account";

/// Makes pseudonyms under one key.
pub struct Redactor {
    key: Key,
    addresses: Addresses,
}

/// A redactor that knows the Region it is at.
struct Pass<'r> {
    key: &'r Key,
    addresses: Addresses,
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Redactor").finish_non_exhaustive()
    }
}

impl Redactor {
    /// A redactor with a secret key.
    #[must_use]
    pub fn new(secret: &[u8; KEY_BYTES]) -> Self {
        Self { key: Key::new(secret), addresses: Addresses::new() }
    }

    /// The account in place of another one: twelve digits, of which no other account has the same.
    #[must_use]
    pub fn account(&self, id: &AccountId) -> AccountId {
        account::account(&self.key, id)
    }

    /// Tells whether two sets of pseudonyms were made with the same key, and nothing of the key.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        self.key.suffix("fingerprint", &[])
    }

    /// Puts pseudonyms into a snapshot.
    pub fn snapshot(&self, snapshot: &mut Snapshot) {
        let Snapshot { schema: _, generated_by: _, window: _, scanned_at: _, gaps, regions } = snapshot;
        self.gaps(gaps);
        regions.iter_mut().for_each(|scan| self.region(scan));
        // In the order of what is there now: the old one would tell of the old ids.
        regions.sort_by(|a, b| (&a.account_id, &a.region).cmp(&(&b.account_id, &b.region)));
    }

    /// Puts pseudonyms into one Region of one account.
    pub fn region(&self, scan: &mut RegionScan) {
        let lists = scan.prefix_lists.iter().filter(|list| text::is_awss(&list.name));
        let pass = Pass { key: &self.key, addresses: self.addresses.with_lists_of_aws(lists) };
        self.gaps(&mut scan.gaps);
        pass.region(scan);
    }

    /// Puts pseudonyms into what a folder of snapshots says of an account.
    pub fn scanned_account(&self, account: &mut ScannedAccount) {
        let ScannedAccount { name, regions: _, gaps } = account;
        name.iter_mut().for_each(|name| *name = self.key.name(ACCOUNT, name));
        self.gaps(gaps);
    }

    /// Puts pseudonyms into what could not be seen: what failed and why stays, as far as it is codes.
    pub fn gaps(&self, gaps: &mut [Gap]) {
        for gap in &mut *gaps {
            let Gap { account_id, region: _, operation: _, code: _, message, iam_action: _ } = gap;
            account_id.iter_mut().for_each(|id| *id = self.account(id));
            WORDS_LEFT_OUT.clone_into(message);
        }
        gaps.sort();
    }
}

impl Pass<'_> {
    fn region(&self, scan: &mut RegionScan) {
        let RegionScan {
            account_id,
            account_name,
            region: _,
            gaps: _,
            nat_gateways,
            vpc_endpoints,
            route_tables,
            vpcs,
            subnets,
            availability_zones,
            security_groups,
            prefix_lists,
            transit_gateway_attachments,
            transit_gateway_route_tables,
            flow_logs,
            metrics,
        } = scan;
        self.account(account_id);
        self.maybe_name(ACCOUNT, account_name);
        nat_gateways.iter_mut().for_each(|it| self.nat_gateway(it));
        vpc_endpoints.iter_mut().for_each(|it| self.vpc_endpoint(it));
        route_tables.iter_mut().for_each(|it| self.route_table(it));
        vpcs.iter_mut().for_each(|it| self.vpc(it));
        subnets.iter_mut().for_each(|it| self.subnet(it));
        availability_zones.iter().for_each(Self::availability_zone);
        security_groups.iter_mut().for_each(|it| self.security_group(it));
        prefix_lists.iter_mut().for_each(|it| self.prefix_list(it));
        transit_gateway_attachments.iter_mut().for_each(|it| self.transit_gateway_attachment(it));
        transit_gateway_route_tables.iter_mut().for_each(|it| self.transit_gateway_route_table(it));
        flow_logs.iter_mut().for_each(|it| self.flow_log(it));
        self.metrics(metrics);
    }

    fn metrics(&self, metrics: &mut Metrics) {
        let Metrics { nat_gateways, endpoints } = metrics;
        for gateway in nat_gateways {
            let NatGatewayMetrics {
                nat_gateway_id: _,
                availability_zone: _,
                bytes_in_from_source: _,
                bytes_in_from_destination: _,
                bytes_out_to_destination: _,
                bytes_out_to_source: _,
                active_connection_count: _,
            } = gateway;
        }
        for endpoint in endpoints {
            let EndpointMetrics {
                vpc_endpoint_id: _,
                endpoint_type: _,
                service_name,
                vpc_id: _,
                subnet_id: _,
                bytes_processed: _,
            } = endpoint;
            self.service_name(service_name);
        }
    }

    fn account(&self, id: &mut AccountId) {
        *id = account::account(self.key, id);
    }

    fn maybe_account(&self, id: &mut Option<AccountId>) {
        id.iter_mut().for_each(|id| self.account(id));
    }

    fn name(&self, kind: &str, name: &mut String) {
        *name = self.key.name(kind, name);
    }

    fn maybe_name(&self, kind: &str, name: &mut Option<String>) {
        name.iter_mut().for_each(|name| self.name(kind, name));
    }
}

#[cfg(test)]
mod tests;
