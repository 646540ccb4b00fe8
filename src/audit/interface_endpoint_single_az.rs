//! Finds interface endpoints in one Availability Zone only while their clients sit in several.

use super::verdict::own_service;
use super::{Audit, Context, Dataset, Decision};
use crate::change::Change;
use crate::finding::{Finding, Remedy, RemedyKind};
use crate::model::{Subnet, VpcEndpoint};
use crate::pricing::Product;
use crate::topology::{Part, VpcView, Way, is_working};

pub(super) const AUDIT: Audit = Audit {
    id: "interface-endpoint-single-az",
    title: "An interface endpoint is in one Availability Zone while its clients are in several",
    manual: include_str!("interface_endpoint_single_az.md"),
    needs: &[Dataset::VpcEndpoints, Dataset::Subnets, Dataset::RouteTables],
    run,
};

fn run(context: &Context<'_>, part: &Part<'_>) -> Vec<Finding> {
    part.scan.vpc_endpoints.iter().filter_map(|endpoint| look(context, part, endpoint)).collect()
}

/// The subnets that would use an endpoint: those without a public route of their own, if there are any.
fn clients<'a>(context: &Context<'_>, part: &Part<'a>, view: &VpcView<'a>) -> Vec<&'a Subnet> {
    let public = |table| part.default_ways(table).contains(&Way::Internet);
    let subnets: Vec<_> =
        view.subnets.iter().filter(|view| !context.topology.is_entry(&view.subnet.subnet_id)).collect();
    let private: Vec<_> =
        subnets.iter().filter(|subnet| !subnet.route_table.is_some_and(public)).map(|view| view.subnet).collect();
    if private.is_empty() { subnets.iter().map(|view| view.subnet).collect() } else { private }
}

fn look(context: &Context<'_>, part: &Part<'_>, endpoint: &VpcEndpoint) -> Option<Finding> {
    let id = &endpoint.vpc_endpoint_id;
    let cost = context.costs.endpoint(id)?;
    let service = own_service(cost)?;
    let [only] = endpoint.subnet_ids.as_slice() else { return None };
    if !is_working(endpoint) {
        return None;
    }
    let view = part.vpc(&endpoint.vpc_id)?;
    let zone = view.subnet(only)?.availability_zone.as_str();
    let clients = clients(context, part, view);
    let others: Vec<_> = VpcView::zones(clients.iter().copied()).into_iter().filter(|other| *other != zone).collect();
    if others.is_empty() {
        return None;
    }
    let subnets = others.iter().filter_map(|zone| clients.iter().find(|subnet| subnet.availability_zone == *zone));
    let add = Change::AddEndpointSubnets {
        endpoint: endpoint.into(),
        subnet_ids: subnets.map(|subnet| subnet.subnet_id.clone()).collect(),
    };
    let price = match context.per_month(part.region(), Product::InterfaceEndpointAzHour) {
        Ok(usd) => format!("Each further zone costs {} a month.", super::context::usd(usd)),
        Err(missing) => format!("What a further zone costs is unknown: there is {missing}."),
    };
    let mut notes = vec![
        price,
        "Clients in other zones reach the endpoint at no transfer charge, so this buys availability, not money: a development VPC may well do without.".to_owned(),
    ];
    if context.verdict(part, cost).decision == Decision::Drop {
        notes.push("Decide first whether to keep it: by its traffic it costs more than it saves.".to_owned());
    }
    Some(Finding {
        service: Some(service.clone()),
        resources: vec![id.to_string(), only.to_string()],
        title: format!("{} endpoint {id} is in {zone} only", service.title()),
        detail: format!("Clients sit in {} too. When {zone} fails they lose the service with it.", others.join(", ")),
        remedy: Remedy::new(RemedyKind::AddEndpointSubnets, part.region(), vec![add], notes),
        ..Finding::new(AUDIT.id, part.scan, &endpoint.vpc_id)
    })
}

#[cfg(test)]
mod tests {
    use super::AUDIT;
    use crate::finding::Basis;
    use crate::testing::{Account, NOT_OURS, money};

    /// An endpoint that pays, in some subnets of a VPC with clients in zones a and b.
    fn in_subnets(subnets: &[&str]) -> Account {
        Account::sound("us-east-1").interface_endpoint("sqs", subnets).bytes("vpce-sqs", 900)
    }

    #[test]
    fn one_zone_for_clients_in_two() {
        let report = in_subnets(&["subnet-a"]).report();
        let finding = report.one(AUDIT.id);
        assert_eq!((finding.basis, money(finding)), (Basis::Configuration, ["unknown"; 3].map(str::to_owned)));
        assert_eq!(
            finding.remedy.commands,
            ["aws ec2 modify-vpc-endpoint --region us-east-1 --vpc-endpoint-id vpce-sqs --add-subnet-ids subnet-b"]
        );
        // 730 h x 0.01
        assert!(finding.remedy.notes[0].contains("$7.30 a month"));
    }

    #[test]
    fn as_many_zones_as_clients_is_right() {
        assert!(in_subnets(&["subnet-a", "subnet-b"]).report().findings.is_empty());
        let one_zone = Account::plain("us-east-1").interface_endpoint("sqs", &["subnet-a"]).bytes("vpce-sqs", 900);
        assert!(one_zone.report().all(AUDIT.id).is_empty());
        // A public subnet elsewhere is no client: it has a way of its own.
        let public = Account::plain("us-east-1")
            .subnet("subnet-public-b", "b", "10.0.9.0/24")
            .table("rtb-public-b", &["subnet-public-b"])
            .route("rtb-public-b", "0.0.0.0/0", "igw-1");
        let report = public.interface_endpoint("sqs", &["subnet-a"]).bytes("vpce-sqs", 900).report();
        assert!(report.all(AUDIT.id).is_empty());
    }

    #[test]
    fn what_others_made_or_offer_is_their_business() {
        for edit in NOT_OURS {
            assert!(in_subnets(&["subnet-a"]).edit_endpoint("vpce-sqs", edit).report().all(AUDIT.id).is_empty());
        }
    }

    #[test]
    fn one_that_is_to_go_is_weighed_first() {
        let report = in_subnets(&["subnet-a"]).bytes_at("vpce-sqs", &[(0, 1)]).report();
        assert_eq!(report.all("underused-interface-endpoint").len(), 1);
        assert!(report.one(AUDIT.id).remedy.notes.iter().any(|note| note.starts_with("Decide first")));
    }
}
