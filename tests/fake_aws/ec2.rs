//! EC2 in its query protocol: listings of what an account sees in a Region, with pages, filters and ids as parameters.

use super::network::Network;
use super::organisation::{Organisation, Place, region_name};
use super::page::{Tokens, page};
use super::request::{Input, Request};
use super::resource::{PrefixList, Resource, Zone};
use super::respond::{Answer, Refusal};
use super::transit::{TransitGateway, TransitRoute, VpcAttachment};
use super::xml::{escape, put};

/// What is asked of a listing.
struct Listing<'a> {
    request: &'a Request,
    page_size: usize,
    tokens: Tokens,
}

pub fn answer(
    organisation: &Organisation,
    page_size: usize,
    request: &Request,
    tokens: Tokens,
) -> Result<Answer, Refusal> {
    let listing = Listing { request, page_size, tokens };
    let place = request.place;
    let network = Network::of(organisation, place);
    let operation = request.operation.as_str();
    let content = match operation {
        "DescribeRegions" => regions(organisation, request),
        "DescribeAvailabilityZones" => listing.all("availabilityZoneInfo", &Zone::of(place))?,
        "DescribeVpcs" => listing.page("vpcSet", &network.vpcs, 1000)?,
        "DescribeSubnets" => {
            let placed: Vec<_> = network.subnets.iter().map(|it| (it, region_name(place.region))).collect();
            listing.page("subnetSet", &placed, 1000)?
        }
        "DescribeRouteTables" => listing.page("routeTableSet", &network.tables, 100)?,
        "DescribeNatGateways" => listing.page("natGatewaySet", &network.gateways, 1000)?,
        "DescribeVpcEndpoints" => {
            let own: Vec<_> = network.endpoints.iter().map(|it| (it, place.account)).collect();
            listing.page("vpcEndpointSet", &own, 1000)?
        }
        "DescribeSecurityGroups" => {
            let own: Vec<_> = network.groups.iter().map(|it| (it, place.account)).collect();
            listing.page("securityGroupInfo", &own, 1000)?
        }
        "DescribeFlowLogs" => listing.page("flowLogSet", &network.flow_logs, 1000)?,
        "DescribePrefixLists" => listing.page("prefixListSet", &PrefixList::of(organisation, place.region), 1000)?,
        "DescribeManagedPrefixLists" => {
            listing.page("prefixListSet", &PrefixList::of(organisation, place.region), 100)?
        }
        "GetManagedPrefixListEntries" => {
            let id = request.parameter("PrefixListId").unwrap_or_default();
            let lists = PrefixList::of(organisation, place.region);
            let list = lists.into_iter().find(|it| it.id() == id);
            let list = list.ok_or_else(|| missing("InvalidPrefixListID.NotFound", "prefix list", id))?;
            listing.page("entrySet", &list.entries(), 100)?
        }
        "DescribeTransitGateways" => {
            let seen: Vec<_> =
                network.attachments.iter().take(1).map(|it| TransitGateway(&it.transit_gateway)).collect();
            listing.page("transitGatewaySet", &seen, 1000)?
        }
        "DescribeTransitGatewayAttachments" => listing.page("transitGatewayAttachments", &network.attachments, 1000)?,
        "DescribeTransitGatewayVpcAttachments" => {
            // Of other accounts' VPCs not even the transit gateway's owner sees the subnets.
            let own = network.attachments.iter().filter(|it| it.owner == place.account);
            listing.page("transitGatewayVpcAttachments", &own.map(VpcAttachment).collect::<Vec<_>>(), 1000)?
        }
        "SearchTransitGatewayRoutes" => {
            let id = request.parameter("TransitGatewayRouteTableId").unwrap_or_default();
            let table = network.transit_tables.iter().find(|it| it.id == id);
            let table = table.ok_or_else(|| missing("InvalidRouteTableID.NotFound", "route table", id))?;
            let routes: Vec<_> = table.routes.iter().map(|it| TransitRoute::of(it, &network.attachments)).collect();
            listing.page("routeSet", &routes, 1000)? + "<additionalRoutesAvailable>false</additionalRoutesAvailable>"
        }
        other => {
            let message = format!("The action {} is not valid for this web service.", escape(other));
            return Err(Refusal::new(400, "InvalidAction", message));
        }
    };
    Ok(Answer::xml(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><{operation}Response \
         xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>fake</requestId>{content}</{operation}Response>"
    )))
}

fn missing(code: &str, kind: &str, id: &str) -> Refusal {
    Refusal::new(400, code, format!("The {kind} ID '{}' does not exist", escape(id)))
}

/// Those that the account has enabled; the others only when asked for.
fn regions(organisation: &Organisation, request: &Request) -> String {
    let account = request.place.account;
    let all = request.parameter("AllRegions") == Some("true");
    let mut out = String::from("<regionInfo>");
    for region in organisation.every_region(account) {
        let (name, status) = (region_name(region), organisation.opt_in_status(account, region));
        if all || status != "not-opted-in" {
            put!(out, "<item><regionName>{name}</regionName><regionEndpoint>ec2.{name}.amazonaws.com</regionEndpoint>");
            put!(out, "<optInStatus>{status}</optInStatus></item>");
        }
    }
    out + "</regionInfo>"
}

impl Listing<'_> {
    /// A page of a listing that allows so many items on one.
    fn page<R: Resource>(&self, set: &str, resources: &[R], most: usize) -> Result<String, Refusal> {
        // Without MaxResults EC2 answers with as many as it likes; a thousand is what it allows elsewhere.
        let size = self.request.max_results(5, most)?.unwrap_or(1000).min(self.page_size);
        self.listed(set, resources, size)
    }

    /// A listing that has no pages.
    fn all<R: Resource>(&self, set: &str, resources: &[R]) -> Result<String, Refusal> {
        self.listed(set, resources, usize::MAX)
    }

    fn listed<R: Resource>(&self, set: &str, resources: &[R], size: usize) -> Result<String, Refusal> {
        let Input::Query(parameters) = &self.request.input else { return Err(Refusal::invalid_token()) };
        let filters = filters(parameters);
        let mut selected = Vec::with_capacity(resources.len());
        for resource in resources {
            if allows(&filters, resource)? {
                selected.push(resource);
            }
        }
        let page = page(selected.len(), size, self.request.token(), self.tokens)?;
        let mut out = String::with_capacity(256 + (page.to - page.from) * 1024);
        put!(out, "<{set}>");
        for resource in &selected[page.from..page.to] {
            out.push_str("<item>");
            resource.write(&mut out);
            out.push_str("</item>");
        }
        put!(out, "</{set}>");
        if let Some(next) = page.next {
            put!(out, "<nextToken>{next}</nextToken>");
        }
        Ok(out)
    }
}

/// What to select by: names of filters with the values that they allow. Ids as parameters come without a name.
type Filters<'a> = Vec<(Option<&'a str>, Vec<&'a str>)>;

fn filters(parameters: &std::collections::BTreeMap<String, String>) -> Filters<'_> {
    let mut filters = Filters::new();
    let values = |prefix: &str| -> Vec<&str> {
        let after = |name: &String| name.strip_prefix(prefix).is_some_and(|rest| rest.parse::<u32>().is_ok());
        parameters.iter().filter(|(name, _)| after(name)).map(|(_, value)| value.as_str()).collect()
    };
    for (name, value) in parameters {
        match name.split_once('.') {
            Some(("Filter", rest)) if rest.ends_with(".Name") => {
                let number = rest.trim_end_matches(".Name");
                filters.push((Some(value), values(&format!("Filter.{number}.Value."))));
            }
            Some((kind, "1")) if kind != "Filter" => filters.push((None, values(&format!("{kind}.")))),
            _ => {}
        }
    }
    filters
}

fn allows(filters: &Filters<'_>, resource: &impl Resource) -> Result<bool, Refusal> {
    for (name, values) in filters {
        let value = match name {
            None => resource.id().into(),
            Some(name) => resource.key(name).ok_or_else(|| {
                let message = format!("The filter '{}' is invalid", escape(name));
                Refusal::new(400, "InvalidParameterValue", message)
            })?,
        };
        if !values.contains(&value.as_ref()) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// How many items each listing of a place holds: as many calls as they fill pages is what it takes to read it.
pub fn counts(organisation: &Organisation, place: Place) -> [(&'static str, usize); 9] {
    let network = Network::of(organisation, place);
    [
        ("DescribeVpcs", network.vpcs.len()),
        ("DescribeSubnets", network.subnets.len()),
        ("DescribeRouteTables", network.tables.len()),
        ("DescribeNatGateways", network.gateways.len()),
        ("DescribeVpcEndpoints", network.endpoints.len()),
        ("DescribeSecurityGroups", network.groups.len()),
        ("DescribeFlowLogs", network.flow_logs.len()),
        ("DescribeTransitGatewayAttachments", network.attachments.len()),
        ("SearchTransitGatewayRoutes", network.transit_tables.len()),
    ]
}
