//! Finds subnets whose resolver leads IPv6 clients through NAT64, where AWS's own services are paid for as NAT.

use ipnet::{IpNet, Ipv6Net};

use super::{Audit, Context, Dataset};
use crate::change::Change;
use crate::finding::{Finding, Remedy, RemedyKind};
use crate::model::{NatGatewayId, RouteState, RouteTable};
use crate::topology::{Part, SubnetView, VpcView, is_live};

pub(super) const AUDIT: Audit = Audit {
    id: "dns64-through-nat",
    title: "A subnet with DNS64 reaches AWS services through NAT64",
    manual: include_str!("dns64_through_nat.md"),
    needs: &[Dataset::Subnets, Dataset::RouteTables, Dataset::NatGateways],
    run,
};

/// `64:ff9b::/96`, where DNS64 puts IPv4 addresses.
const NAT64: Ipv6Net = Ipv6Net::new_assert(std::net::Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96);

fn run(context: &Context<'_>, part: &Part<'_>) -> Vec<Finding> {
    let owned = part.vpcs.iter().filter(|view| view.shared_by.is_none());
    owned.flat_map(|view| view.subnets.iter().filter_map(|subnet| look(context, part, view, subnet))).collect()
}

/// The NAT gateway that the longest prefix covering the NAT64 addresses leads to.
fn nat64(table: &RouteTable) -> Option<&NatGatewayId> {
    let covering = table.routes.iter().filter_map(|route| match &route.destination_cidr {
        Some(IpNet::V6(net)) if net.contains(&NAT64) && route.state != RouteState::Blackhole => {
            Some((net.prefix_len(), route))
        }
        _ => None,
    });
    covering.max_by_key(|(length, _)| *length)?.1.nat_gateway_id.as_ref()
}

fn look(context: &Context<'_>, part: &Part<'_>, view: &VpcView<'_>, subnet: &SubnetView<'_>) -> Option<Finding> {
    let table = subnet.route_table.filter(|_| subnet.subnet.enable_dns64)?;
    let nat = nat64(table).filter(|id| context.topology.nat_gateway(id).is_some_and(is_live))?;
    let id = subnet.subnet.subnet_id.as_str();
    let ipv6_only = subnet.subnet.cidr_block.is_none();
    let disable = Change::DisableDns64 { subnet_id: subnet.subnet.subnet_id.clone() };
    Some(Finding {
        resources: vec![id.to_owned(), table.route_table_id.to_string(), nat.to_string()],
        title: format!("{id} resolves IPv4-only names to NAT64 through {nat}"),
        detail: "With DNS64 on, names without an IPv6 address resolve to 64:ff9b::/96, and that route leads to the NAT gateway: such traffic is billed as NAT, also to services with a gateway endpoint, whose routes are for IPv4 addresses.".to_owned(),
        remedy: Remedy::new(
            RemedyKind::ChangeSubnet,
            part.region(),
            if ipv6_only { Vec::new() } else { vec![disable] },
            if ipv6_only {
                vec!["The subnet is IPv6-only, so DNS64 is its only way to IPv4. Use dual-stack names of AWS services (SERVICE.REGION.api.aws, s3.dualstack.REGION.amazonaws.com), which have IPv6 addresses of their own, and interface endpoints with IPv6.".to_owned()]
            } else {
                vec!["The subnet is dual-stack: without DNS64 its clients use IPv4 for such names, and with it the gateway endpoints. Clients that speak IPv6 only would lose IPv4 destinations.".to_owned()]
            },
        ),
        ..Finding::new(AUDIT.id, part.scan, view.vpc_id)
    })
}

#[cfg(test)]
mod tests {
    use super::AUDIT;
    use crate::finding::Basis;
    use crate::model::NatGatewayState;
    use crate::testing::{Account, money};

    fn dns64(destination: &str) -> Account {
        let account = Account::sound("us-east-1").route("rtb-a", destination, "nat-a");
        account.scan(|scan| scan.subnets.iter_mut().for_each(|s| s.enable_dns64 = s.subnet_id.as_str() == "subnet-a"))
    }

    #[test]
    fn names_that_lead_to_nat64_are_billed_as_nat() {
        let report = dns64("64:ff9b::/96").report();
        let finding = report.one(AUDIT.id);
        assert_eq!((finding.basis, money(finding)), (Basis::Configuration, ["unknown"; 3].map(str::to_owned)));
        assert_eq!(finding.resources, ["subnet-a", "rtb-a", "nat-a"]);
        assert_eq!(
            finding.remedy.commands,
            ["aws ec2 modify-subnet-attribute --region us-east-1 --subnet-id subnet-a --no-enable-dns64"]
        );
        assert_eq!(report.rules(), [AUDIT.id]);
    }

    #[test]
    fn the_longest_prefix_that_covers_nat64_decides() {
        assert_eq!(dns64("::/0").report().all(AUDIT.id).len(), 1);
        assert!(dns64("64:ff9b::/104").report().all(AUDIT.id).is_empty());
        let past = dns64("::/0").route("rtb-a", "64:ff9b::/96", "eigw-1");
        assert!(past.report().all(AUDIT.id).is_empty());
        let dropped = dns64("10.9.0.0/16").blackhole("rtb-a", "64:ff9b::/96", "nat-a");
        assert!(dropped.report().all(AUDIT.id).is_empty());
    }

    #[test]
    fn without_dns64_or_a_living_gateway_nothing_is_billed() {
        let off = dns64("64:ff9b::/96").scan(|scan| scan.subnets.iter_mut().for_each(|s| s.enable_dns64 = false));
        assert!(off.report().all(AUDIT.id).is_empty());
        let gone = dns64("64:ff9b::/96").edit_nat("nat-a", |nat| nat.state = NatGatewayState::Deleted);
        assert!(gone.report().all(AUDIT.id).is_empty());
    }

    #[test]
    fn an_ipv6_only_subnet_has_no_other_way() {
        let only = dns64("64:ff9b::/96").scan(|scan| scan.subnets.iter_mut().for_each(|s| s.cidr_block = None));
        let report = only.report();
        assert!(report.one(AUDIT.id).remedy.commands.is_empty());
    }
}
