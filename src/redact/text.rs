//! Texts with a form: ARNs, names of endpoint services, places of flow logs, policies.

use super::Pass;
use super::account::account;
use crate::audit::allows_everything;
use crate::model::{RegionName, Service};

/// What a log group's pseudonym begins with.
pub(super) const LOG_GROUP: &str = "log-group";

/// The default policy of an endpoint.
const FULL_ACCESS: &str =
    r#"{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#;

/// Stands for every other policy.
const SOME_ACCESS: &str = r#"{"Version":"2012-10-17","Statement":[]}"#;

/// The policy in place of another one. All that the rules ask is whether it is the default one, and who may do what
/// with which bucket is nobody else's business.
pub(super) fn policy(document: &str) -> &'static str {
    if allows_everything(document) { FULL_ACCESS } else { SOME_ACCESS }
}

/// Whether a prefix list's name is of AWS: no customer's may begin so.
pub(super) fn is_awss(list: &str) -> bool {
    list.starts_with("com.amazonaws.")
}

impl Pass<'_> {
    /// AWS's own services keep their names, and so do others that are known by a random id only.
    pub(super) fn service_name(&self, name: &mut String) {
        let is_awss = Service::of_endpoint(name, &RegionName::from("")).is_some();
        if is_awss || is_endpoint_service_id(name) {
            return;
        }
        *name = if name.starts_with("arn:") { self.arn(name) } else { self.key.name("service", name) };
    }

    /// What a route leads to or a flow log records: an id, which stays, or an ARN.
    pub(super) fn reference(&self, id: &mut String) {
        if id.starts_with("arn:") {
            *id = self.arn(id);
        }
    }

    /// Where a flow log is delivered.
    pub(super) fn place(&self, place: &str) -> String {
        if place.starts_with("arn:") { self.arn(place) } else { self.key.name("place", place) }
    }

    /// An ARN of the same form, with another account and other names: `arn:PARTITION:SERVICE:REGION:ACCOUNT:KIND/NAME`.
    fn arn(&self, arn: &str) -> String {
        let parts: Vec<_> = arn.splitn(6, ':').collect();
        let &[head, partition, service, region, owner, resource] = &*parts else {
            return self.key.name("arn", arn);
        };
        let owner = account(self.key, &owner.into());
        let resource = match resource.find([':', '/']).map(|end| resource.split_at(end + 1)) {
            _ if service == "s3" => self.path(resource),
            Some((kind, name)) if !name.is_empty() => {
                let (name, tail) = name.strip_suffix(":*").map_or((name, ""), |name| (name, ":*"));
                format!("{kind}{}{tail}", self.key.name(kind.trim_end_matches([':', '/']), name))
            }
            _ => self.key.name("resource", resource),
        };
        [head, partition, service, region, owner.as_str(), &resource].join(":")
    }

    /// A bucket and folders in it.
    fn path(&self, path: &str) -> String {
        let kinds = std::iter::once("bucket").chain(std::iter::repeat("folder"));
        kinds.zip(path.split('/')).map(|(kind, name)| self.key.name(kind, name)).collect::<Vec<_>>().join("/")
    }
}

/// `com.amazonaws.vpce.REGION.vpce-svc-ID`
fn is_endpoint_service_id(name: &str) -> bool {
    let name = name.strip_prefix("cn.").unwrap_or(name);
    let Some((region, id)) = name.strip_prefix("com.amazonaws.vpce.").and_then(|rest| rest.split_once('.')) else {
        return false;
    };
    let is_plain =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    is_plain(region) && id.strip_prefix("vpce-svc-").is_some_and(|id| id.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
