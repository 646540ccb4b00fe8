//! Finds endpoints with the default policy, which lets every principal do everything to every resource.

use serde_json::Value;

use super::{Audit, Context, Dataset};
use crate::change::Change;
use crate::finding::{Finding, Remedy, RemedyKind};
use crate::model::{EndpointType, Service, VpcEndpoint};
use crate::topology::{Part, is_working};

pub(super) const AUDIT: Audit = Audit {
    id: "endpoint-full-access-policy",
    title: "An endpoint has the default policy: every principal, action and resource",
    manual: include_str!("endpoint_full_access_policy.md"),
    needs: &[Dataset::VpcEndpoints],
    run,
};

fn run(_: &Context<'_>, part: &Part<'_>) -> Vec<Finding> {
    part.scan.vpc_endpoints.iter().filter_map(|endpoint| look(part, endpoint)).collect()
}

/// Whether a policy document is the default one: a single statement that allows everything to everyone. One with
/// further statements (a data perimeter's denials, say) was written by somebody who meant it.
pub(crate) fn allows_everything(document: &str) -> bool {
    let Ok(policy) = serde_json::from_str::<Value>(document) else { return false };
    let statements = match policy.get("Statement") {
        Some(Value::Array(statements)) => statements.as_slice(),
        Some(statement @ Value::Object(_)) => std::slice::from_ref(statement),
        _ => return false,
    };
    let [statement] = statements else { return false };
    let is_all = |key| statement.get(key).is_some_and(is_star);
    let everyone = statement
        .get("Principal")
        .is_some_and(|principal| is_star(principal) || principal.get("AWS").is_some_and(is_star));
    statement.get("Effect").and_then(Value::as_str) == Some("Allow")
        && statement.get("Condition").is_none()
        && everyone
        && is_all("Action")
        && is_all("Resource")
}

fn is_star(value: &Value) -> bool {
    match value {
        Value::String(text) => text == "*",
        Value::Array(values) => values.iter().any(is_star),
        _ => false,
    }
}

fn look(part: &Part<'_>, endpoint: &VpcEndpoint) -> Option<Finding> {
    if endpoint.requester_managed || !is_working(endpoint) || !allows_everything(endpoint.policy_document.as_deref()?) {
        return None;
    }
    let id = &endpoint.vpc_endpoint_id;
    let service = Service::of_endpoint(&endpoint.service_name, part.region())?;
    let account = part.scan.account_id.as_str();
    let policy = serde_json::json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": "*",
            "Action": "*",
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:PrincipalAccount": account}},
        }],
    });
    let restrict = Change::SetEndpointPolicy {
        endpoint: endpoint.into(),
        policy: policy.to_string(),
        before: endpoint.policy_document.clone(),
    };
    let mut notes = vec![
        "The command admits principals of this account only: a start, to be narrowed to the actions and resources in use. Whatever it does not allow stops working through this endpoint.".to_owned(),
    ];
    if service == Service::S3 {
        notes.push("Allow the buckets that AWS itself serves from as well, such as those of ECR's image layers (prod-REGION-starport-layer-bucket) and of package repositories: their requests carry other principals, or none.".to_owned());
    }
    Some(Finding {
        resources: vec![id.to_string()],
        title: format!(
            "{} {}endpoint {id} lets everyone do everything",
            service.title(),
            if endpoint.endpoint_type == EndpointType::Gateway { "gateway " } else { "" }
        ),
        service: Some(service),
        detail: "Its policy is the default one. Credentials from any account, also stolen or smuggled ones, can move data through it.".to_owned(),
        remedy: Remedy::new(RemedyKind::RestrictEndpointPolicy, part.region(), vec![restrict], notes),
        ..Finding::new(AUDIT.id, part.scan, &endpoint.vpc_id)
    })
}

#[cfg(test)]
mod tests {
    use super::{AUDIT, allows_everything};
    use crate::testing::{Account, NOT_OURS, money};

    const DEFAULT: &str = r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#;

    fn with(policy: &str) -> Account {
        Account::sound("us-east-1").edit_endpoint("vpce-s3", |endpoint| endpoint.policy_document = Some(policy.into()))
    }

    #[test]
    fn the_default_policy_of_a_gateway_endpoint_is_found() {
        let report = with(DEFAULT).report();
        let finding = report.one(AUDIT.id);
        assert_eq!(finding.title, "S3 gateway endpoint vpce-s3 lets everyone do everything");
        assert_eq!(money(finding), ["unknown"; 3]);
        assert!(finding.remedy.commands[0].contains(r#""aws:PrincipalAccount":"111122223333""#));
        assert_eq!(report.rules(), [AUDIT.id]);
    }

    #[test]
    fn other_policies_and_others_endpoints_are_not() {
        assert!(with(r#"{"Statement":[]}"#).report().findings.is_empty());
        let denies = DEFAULT.replace("]}", r#",{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}]}"#);
        assert!(with(&denies).report().findings.is_empty());
        for edit in NOT_OURS {
            assert!(with(DEFAULT).edit_endpoint("vpce-s3", edit).report().all(AUDIT.id).is_empty());
        }
    }

    #[test]
    fn the_default_policy_in_all_its_spellings() {
        for policy in [
            r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#,
            r#"{"Version":"2008-10-17","Statement":[{"Action":"*","Effect":"Allow","Principal":"*","Resource":"*"}]}"#,
            r#"{"Statement":{"Effect":"Allow","Principal":{"AWS":["*"]},"Action":["*"],"Resource":["*"]}}"#,
        ] {
            assert!(allows_everything(policy), "{policy}");
        }
        for policy in [
            r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}]}"#,
            r#"{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{}}]}"#,
            r#"{"Statement":[{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}]}"#,
            "not json",
            "",
            "[]",
            "{}",
        ] {
            assert!(!allows_everything(policy), "{policy}");
        }
    }
}
