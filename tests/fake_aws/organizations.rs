//! AWS Organizations, in awsJson 1.1: the accounts, and the units that they hang in.

use serde_json::{Value, json};

use super::organisation::{Organisation, ROOT, UNITS};
use super::page::{Tokens, page};
use super::request::Request;
use super::respond::{Answer, Refusal};

/// What Organizations puts on a page at most.
const PAGE: usize = 20;
const ID: &str = "o-fakefakefake";

fn arn(kind: &str, rest: &str) -> String {
    format!("arn:aws:organizations::{}:{kind}/{ID}/{rest}", Organisation::account_id(0))
}

fn account(organisation: &Organisation, account: usize) -> Value {
    let (id, name) = (Organisation::account_id(account), Organisation::account_name(account));
    let status = if organisation.is_active(account) { "ACTIVE" } else { "SUSPENDED" };
    json!({
        "Id": id,
        "Arn": arn("account", &id),
        "Email": format!("{name}@example.com"),
        "Name": name,
        "Status": status,
        "State": status,
        "JoinedMethod": "CREATED",
        "JoinedTimestamp": 1_600_000_000,
    })
}

fn unit(&(id, name, _): &(&str, &str, &str)) -> Value {
    json!({ "Id": id, "Arn": arn("ou", id), "Name": name })
}

pub fn answer(
    organisation: &Organisation,
    page_size: usize,
    request: &Request,
    tokens: Tokens,
) -> Result<Answer, Refusal> {
    if request.caller != 0 {
        let message = "You don't have permissions to access this resource.";
        return Err(Refusal::new(400, "AccessDeniedException", message));
    }
    let parent = || {
        let id = request.parameter("ParentId").unwrap_or_default();
        let known = id == ROOT || UNITS.iter().any(|unit| unit.0 == id);
        let message = "You specified a parent that doesn't exist.";
        if known { Ok(id) } else { Err(Refusal::new(400, "ParentNotFoundException", message)) }
    };
    let list = |name: &str, items: Vec<Value>| {
        let size = request.max_results(1, PAGE)?.unwrap_or(PAGE).min(page_size);
        let page = page(items.len(), size, request.token(), tokens)?;
        let mut output = json!({ name: items[page.from..page.to] });
        if let Some(next) = page.next {
            output["NextToken"] = next.into();
        }
        Ok(output)
    };
    let output = match request.operation.as_str() {
        "DescribeOrganization" => json!({ "Organization": {
            "Id": ID,
            "Arn": format!("arn:aws:organizations::{}:organization/{ID}", Organisation::account_id(0)),
            "FeatureSet": "ALL",
            "MasterAccountId": Organisation::account_id(0),
            "MasterAccountArn": arn("account", &Organisation::account_id(0)),
            "MasterAccountEmail": "network@example.com",
        }}),
        "DescribeAccount" => {
            let id = request.parameter("AccountId").and_then(|id| organisation.account(id));
            let message = "You specified an account that doesn't exist.";
            let id = id.ok_or_else(|| Refusal::new(400, "AccountNotFoundException", message))?;
            json!({ "Account": account(organisation, id) })
        }
        "ListAccounts" => list("Accounts", organisation.listed().map(|it| account(organisation, it)).collect())?,
        "ListRoots" => list("Roots", vec![json!({ "Id": ROOT, "Arn": arn("root", ROOT), "Name": "Root" })])?,
        "ListOrganizationalUnitsForParent" => {
            let parent = parent()?;
            let below = UNITS.iter().filter(|unit| unit.2 == parent).map(unit);
            list("OrganizationalUnits", below.collect())?
        }
        "ListAccountsForParent" => {
            let parent = parent()?;
            let below = organisation.listed().filter(|it| Organisation::parent(*it) == parent);
            list("Accounts", below.map(|it| account(organisation, it)).collect())?
        }
        other => return Err(Refusal::new(400, "UnknownOperationException", other)),
    };
    Ok(Answer::json(output.to_string()))
}
