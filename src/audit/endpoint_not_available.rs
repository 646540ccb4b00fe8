//! Finds endpoints that do not work, and prefix-list routes that lead nowhere.

use super::{Audit, Context, Dataset};
use crate::change::{Change, Destination};
use crate::finding::{Finding, Remedy, RemedyKind};
use crate::model::{EndpointState, EndpointType, PrefixListId, RouteState, Service, VpcEndpoint};
use crate::topology::{Part, TableView, VpcView, is_working};

pub(super) const AUDIT: Audit = Audit {
    id: "endpoint-not-available",
    title: "An endpoint does not work, or a route to one leads nowhere",
    manual: include_str!("endpoint_not_available.md"),
    needs: &[Dataset::VpcEndpoints, Dataset::RouteTables],
    run,
};

fn run(context: &Context<'_>, part: &Part<'_>) -> Vec<Finding> {
    let endpoints = part.scan.vpc_endpoints.iter().filter_map(|endpoint| broken(context, part, endpoint));
    // A participant of a shared VPC sees its owner's routes, but not its owner's endpoints.
    let owned = part.vpcs.iter().filter(|view| view.shared_by.is_none());
    let routes = owned.flat_map(|view| view.route_tables.iter().filter_map(|table| lost_routes(part, view, table)));
    endpoints.chain(routes).collect()
}

fn broken(context: &Context<'_>, part: &Part<'_>, endpoint: &VpcEndpoint) -> Option<Finding> {
    let what = match endpoint.state {
        EndpointState::PendingAcceptance => "waits for the service's owner to accept it",
        EndpointState::Rejected => "was rejected by the service's owner",
        EndpointState::Expired => "expired before anybody accepted it",
        EndpointState::Failed => "could not be made",
        EndpointState::Partial => "works in some of its zones only",
        _ => return None,
    };
    let id = &endpoint.vpc_endpoint_id;
    let cost = context.costs.endpoint(id).and_then(crate::cost::EndpointCost::monthly_usd);
    let billed = match cost {
        Some(usd) if endpoint.endpoint_type != EndpointType::Gateway && usd.0 > rust_decimal::Decimal::ZERO => {
            format!(" AWS bills its hours all the same: {} a month.", super::context::usd(usd))
        }
        _ => String::new(),
    };
    let failure = endpoint.failure.as_ref().map(|failure| format!(" AWS says: {failure}.")).unwrap_or_default();
    let show = Change::InspectEndpoint { vpc_endpoint_id: id.clone() };
    Some(Finding {
        service: Service::of_endpoint(&endpoint.service_name, part.region()),
        resources: vec![id.to_string()],
        title: format!("Endpoint {id} {what}"),
        detail: format!("Its state is {}.{failure}{billed}", endpoint.state),
        remedy: Remedy::new(
            RemedyKind::RepairEndpoint,
            part.region(),
            vec![show],
            vec![match endpoint.state {
                _ if endpoint.requester_managed => {
                    "An AWS service made and manages it: mend it from there, not by hand.".to_owned()
                }
                EndpointState::PendingAcceptance => "Ask the service's owner to accept it, or delete it.".to_owned(),
                EndpointState::Partial => {
                    "See which zone's interface is missing, and whether the service still offers that zone.".to_owned()
                }
                _ => "It will not recover by itself: delete it, mend the cause, and create it anew if it is needed."
                    .to_owned(),
            }],
        ),
        ..Finding::new(AUDIT.id, part.scan, &endpoint.vpc_id)
    })
}

/// Prefix-list routes of a table to a gateway endpoint that is gone.
fn lost_routes(part: &Part<'_>, view: &VpcView<'_>, table: &TableView<'_>) -> Option<Finding> {
    let gone = |id: &str| {
        id.starts_with("vpce-")
            && !view.endpoints.iter().any(|endpoint| endpoint.vpc_endpoint_id.as_str() == id && is_working(endpoint))
    };
    let lost: Vec<_> = table
        .table
        .routes
        .iter()
        .filter(|route| route.state == RouteState::Blackhole || route.gateway_id.as_deref().is_some_and(gone))
        .filter_map(|route| Some((route.destination_prefix_list_id.as_ref()?, route.gateway_id.as_ref())))
        .collect();
    let lists: Vec<&str> = lost.iter().map(|(list, _)| list.as_str()).collect();
    if lists.is_empty() {
        return None;
    }
    let id = table.id().as_str();
    let delete = |(list, target): (&PrefixListId, Option<&String>)| Change::DeleteRoute {
        route_table_id: table.id().clone(),
        destination: Destination::PrefixList(list.clone()),
        target: target.cloned(),
    };
    Some(Finding {
        resources: std::iter::once(id).chain(lists.iter().copied()).map(str::to_owned).collect(),
        title: format!("Route table {id} sends {} into nothing", lists.join(", ")),
        detail: "The target of its prefix-list route does not exist any more, so traffic to those addresses is dropped instead of taking the default route.".to_owned(),
        remedy: Remedy::new(
            RemedyKind::RepairEndpoint,
            part.region(),
            lost.into_iter().map(delete).collect(),
            vec![
                "Where the target was a gateway endpoint, create that anew with this route table, and the route comes back with it. Else point the route to a target that lives, or delete it.".to_owned(),
                "AWS may refuse to delete a gateway endpoint's own route by hand: it goes with the endpoint's association.".to_owned(),
            ],
        ),
        ..Finding::new(AUDIT.id, part.scan, view.vpc_id)
    })
}

#[cfg(test)]
mod tests {
    use super::AUDIT;
    use crate::finding::{Basis, RemedyKind};
    use crate::testing::{Account, money, usd};

    fn in_state(state: &str) -> Account {
        let account = Account::sound("us-east-1").interface_endpoint("sqs", &["subnet-a", "subnet-b"]);
        account.bytes("vpce-sqs", 900).edit_endpoint("vpce-sqs", |endpoint| endpoint.state = state.into())
    }

    #[test]
    fn every_state_that_does_not_work_is_found() {
        for state in ["pendingAcceptance", "PendingAcceptance", "rejected", "expired", "failed", "partial"] {
            let report = in_state(state).report();
            let finding = report.one(AUDIT.id);
            assert_eq!((finding.basis, money(finding)), (Basis::Configuration, ["unknown"; 3].map(str::to_owned)));
            assert_eq!(finding.resources, ["vpce-sqs"]);
        }
        for state in ["available", "Available", "pending", "deleting", "deleted", "a state of tomorrow"] {
            assert!(in_state(state).report().all(AUDIT.id).is_empty(), "{state}");
        }
    }

    #[test]
    fn it_is_billed_all_the_same_unless_it_was_never_made() {
        // 2 x 7.30 + 900 x 0.01
        assert!(in_state("rejected").report().one(AUDIT.id).detail.contains("$23.60 a month"));
        let failed = in_state("failed").bytes_at("vpce-sqs", &[]).report();
        assert_eq!(usd(failed.endpoint("vpce-sqs").window_usd.hours), "0");
        assert!(!failed.one(AUDIT.id).detail.contains("bills"));
    }

    #[test]
    fn what_awss_own_services_made_is_not_advised_away() {
        let report =
            in_state("failed").edit_endpoint("vpce-sqs", |endpoint| endpoint.requester_managed = true).report();
        let finding = report.one(AUDIT.id);
        assert_eq!(finding.remedy.kind, RemedyKind::RepairEndpoint);
        let advice = [&finding.remedy.commands[..], &finding.remedy.notes[..]].concat().join(" ");
        assert!(!advice.contains("delete"), "{advice}");
    }

    #[test]
    fn a_route_to_an_endpoint_that_is_gone_drops_its_traffic() {
        let gone = |account: Account| {
            account.scan(|scan| scan.vpc_endpoints.retain(|e| e.vpc_endpoint_id.as_str() != "vpce-s3"))
        };
        let report = gone(Account::sound("us-east-1")).report();
        let all = report.all(AUDIT.id);
        assert_eq!(
            all.iter().map(|finding| finding.resources.join(" ")).collect::<Vec<_>>(),
            ["rtb-a pl-s3", "rtb-b pl-s3"]
        );
        assert_eq!(
            all[0].remedy.commands,
            ["aws ec2 delete-route --region us-east-1 --route-table-id rtb-a --destination-prefix-list-id pl-s3"]
        );
        let blackhole = Account::sound("us-east-1").blackhole("rtb-public", "pl-s3", "vpce-old").report();
        assert_eq!(blackhole.one(AUDIT.id).resources, ["rtb-public", "pl-s3"]);
        // A black hole by address is not about an endpoint.
        let by_cidr = Account::sound("us-east-1").blackhole("rtb-public", "10.9.0.0/16", "pcx-1").report();
        assert!(by_cidr.all(AUDIT.id).is_empty());
    }
}
