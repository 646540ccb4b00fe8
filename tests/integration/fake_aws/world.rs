//! What there is in the fake AWS: Regions with resources as EC2's XML, and how they are listed.

use std::collections::BTreeMap;
use std::time::Duration;

use super::cloudwatch::Metrics;
use super::{Answer, Fault, Request, fault};

/// The account that everything belongs to.
pub const ACCOUNT: &str = "111122223333";

/// Everything there is.
#[derive(Debug)]
pub struct World {
    pub regions: BTreeMap<String, Region>,
    /// Items of a page, whatever `MaxResults` allows.
    pub page_size: usize,
    /// Datapoints of a series on one page.
    pub points_page: usize,
    /// How long every answer takes.
    pub delay: Option<Duration>,
    pub faults: Vec<Fault>,
}

/// One Region: resources by the operation that lists them, and metrics.
#[derive(Debug, Default)]
pub struct Region {
    resources: BTreeMap<&'static str, Vec<Resource>>,
    pub metrics: Metrics,
}

/// A resource as EC2 writes it, with what filters and parameters select it by.
#[derive(Debug, Clone)]
struct Resource {
    keys: Vec<(&'static str, String)>,
    xml: String,
}

impl World {
    /// A world with one Region.
    pub fn new(name: &str, region: Region) -> Self {
        Self {
            regions: BTreeMap::from([(name.to_owned(), region)]),
            page_size: usize::MAX,
            points_page: usize::MAX,
            delay: None,
            faults: Vec::new(),
        }
    }

    #[must_use]
    pub fn region(mut self, name: &str, region: Region) -> Self {
        self.regions.insert(name.to_owned(), region);
        self
    }

    #[must_use]
    pub fn page_size(mut self, items: usize) -> Self {
        self.page_size = items;
        self
    }

    #[must_use]
    pub fn points_page(mut self, points: usize) -> Self {
        self.points_page = points;
        self
    }

    #[must_use]
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = Some(delay);
        self
    }

    #[must_use]
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }
}

/// An element.
pub fn el(name: &str, content: impl std::fmt::Display) -> String {
    format!("<{name}>{content}</{name}>")
}

/// A list element of items.
pub fn items(name: &str, items: impl IntoIterator<Item = String>) -> String {
    el(name, items.into_iter().map(|item| el("item", item)).collect::<String>())
}

impl Region {
    /// Adds a resource that an operation lists, selected by filters or parameters of these values.
    #[must_use]
    pub fn with(mut self, operation: &'static str, keys: &[(&'static str, &str)], xml: String) -> Self {
        let keys = keys.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        self.resources.entry(operation).or_default().push(Resource { keys, xml });
        self
    }

    /// A VPC with one subnet in zone `a`, and a main route table with these routes.
    #[must_use]
    pub fn vpc(self, id: &str, routes: &[&str]) -> Self {
        let zone = "us-east-1a";
        let owner = el("ownerId", ACCOUNT);
        self.with("DescribeVpcs", &[], el("vpcId", id) + &el("cidrBlock", "10.0.0.0/16") + &owner)
            .with(
                "DescribeSubnets",
                &[],
                el("subnetId", format!("subnet-{id}"))
                    + &el("vpcId", id)
                    + &el("cidrBlock", "10.0.0.0/24")
                    + &el("availabilityZone", zone)
                    + &el("availabilityZoneId", "use1-az1")
                    + &owner,
            )
            .with(
                "DescribeRouteTables",
                &[],
                el("routeTableId", format!("rtb-{id}"))
                    + &el("vpcId", id)
                    + &items("routeSet", routes.iter().map(|route| (*route).to_owned()))
                    + &items("associationSet", [el("main", true) + &el("routeTableId", format!("rtb-{id}"))])
                    + &owner,
            )
    }

    /// A zonal NAT gateway, since long before any window.
    #[must_use]
    pub fn nat_gateway(self, id: &str, vpc: &str) -> Self {
        let address = el("allocationId", format!("eipalloc-{id}")) + &el("publicIp", "203.0.113.10");
        self.gateway(id, vpc, el("subnetId", format!("subnet-{vpc}")) + &items("natGatewayAddressSet", [address]))
    }

    /// A regional NAT gateway with an address in each zone.
    #[must_use]
    pub fn regional_nat_gateway(self, id: &str, vpc: &str, zones: &[&str]) -> Self {
        let addresses = zones.iter().map(|zone| el("allocationId", "eipalloc-1") + &el("availabilityZone", zone));
        self.gateway(id, vpc, el("availabilityMode", "regional") + &items("natGatewayAddressSet", addresses))
    }

    /// A NAT gateway with more elements.
    #[must_use]
    pub fn gateway(self, id: &str, vpc: &str, more: String) -> Self {
        let state = if more.contains("<state>") { String::new() } else { el("state", "available") };
        let created = el("createTime", "2020-01-01T00:00:00.000Z");
        let xml = el("natGatewayId", id) + &el("vpcId", vpc) + &state + &created + &more;
        self.with("DescribeNatGateways", &[], xml)
    }

    /// An interface endpoint.
    #[must_use]
    pub fn interface_endpoint(self, id: &str, vpc: &str, service: &str, group: &str) -> Self {
        let xml = el("vpcEndpointId", id)
            + &el("vpcEndpointType", "Interface")
            + &el("vpcId", vpc)
            + &el("serviceName", service)
            + &el("state", "available")
            + &el("creationTimestamp", "2020-01-01T00:00:00.000Z")
            + &items("subnetIdSet", [format!("subnet-{vpc}")])
            + &items("groupSet", [el("groupId", group)])
            + &el("ownerId", ACCOUNT);
        self.with("DescribeVpcEndpoints", &[], xml)
    }

    /// A security group that admits HTTPS from the VPC.
    #[must_use]
    pub fn security_group(self, id: &str) -> Self {
        let rule = el("ipProtocol", "tcp")
            + &el("fromPort", 443)
            + &el("toPort", 443)
            + &items("ipRanges", [el("cidrIp", "10.0.0.0/16")]);
        let xml = el("groupId", id) + &el("groupName", "endpoints") + &items("ipPermissions", [rule]);
        self.with("DescribeSecurityGroups", &[("group-id", id)], xml)
    }

    /// A prefix list as `DescribePrefixLists` shows it.
    #[must_use]
    pub fn prefix_list(self, id: &str, name: &str, cidrs: &[&str]) -> Self {
        let cidrs = items("cidrSet", cidrs.iter().map(|it| (*it).to_owned()));
        self.with("DescribePrefixLists", &[], el("prefixListId", id) + &el("prefixListName", name) + &cidrs)
    }

    /// A series with hourly datapoints.
    #[must_use]
    pub fn metric(
        mut self,
        namespace: &str,
        name: &str,
        dimensions: &[(&str, &str)],
        points: impl IntoIterator<Item = (i64, f64)>,
    ) -> Self {
        let dimensions = dimensions.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let key = (namespace.to_owned(), name.to_owned(), dimensions);
        self.metrics.entry(key).or_default().extend(points);
        self
    }

    /// The five series of a NAT gateway with the same datapoints each.
    #[must_use]
    pub fn nat_metrics(self, dimensions: &[(&str, &str)], points: &[(i64, f64)]) -> Self {
        [
            "BytesInFromSource",
            "BytesInFromDestination",
            "BytesOutToDestination",
            "BytesOutToSource",
            "ActiveConnectionCount",
        ]
        .into_iter()
        .fold(self, |region, name| region.metric("AWS/NATGateway", name, dimensions, points.iter().copied()))
    }
}

/// A route to a target: `route("0.0.0.0/0", "natGatewayId", "nat-1")`.
pub fn route(destination: &str, target: &str, id: &str) -> String {
    let key = if destination.starts_with("pl-") {
        "destinationPrefixListId"
    } else if destination.contains(':') {
        "destinationIpv6CidrBlock"
    } else {
        "destinationCidrBlock"
    };
    el(key, destination) + &el(target, id) + &el("state", "active")
}

const SETS: [(&str, &str); 14] = [
    ("DescribeAvailabilityZones", "availabilityZoneInfo"),
    ("DescribeFlowLogs", "flowLogSet"),
    ("DescribeManagedPrefixLists", "prefixListSet"),
    ("DescribeNatGateways", "natGatewaySet"),
    ("DescribePrefixLists", "prefixListSet"),
    ("DescribeRouteTables", "routeTableSet"),
    ("DescribeSecurityGroups", "securityGroupInfo"),
    ("DescribeSubnets", "subnetSet"),
    ("DescribeTransitGatewayAttachments", "transitGatewayAttachments"),
    ("DescribeTransitGatewayVpcAttachments", "transitGatewayVpcAttachments"),
    ("DescribeVpcEndpoints", "vpcEndpointSet"),
    ("DescribeVpcs", "vpcSet"),
    ("GetManagedPrefixListEntries", "entrySet"),
    ("SearchTransitGatewayRoutes", "routeSet"),
];

pub(super) fn answer(world: &World, request: &Request) -> Answer {
    let operation = request.operation.as_str();
    let content = match operation {
        "GetCallerIdentity" => el("GetCallerIdentityResult", el("Account", ACCOUNT) + &el("UserId", "U")),
        "DescribeRegions" => {
            let regions = world.regions.keys().map(|name| el("regionName", name) + &el("optInStatus", "opted-in"));
            let off = el("regionName", "ap-east-1") + &el("optInStatus", "not-opted-in");
            items("regionInfo", regions.chain([off]))
        }
        _ => {
            let Some((_, set)) = SETS.iter().find(|(name, _)| *name == operation) else {
                return fault::error("ec2", 400, "InvalidAction", operation);
            };
            let Some(region) = world.regions.get(&request.region) else {
                let message = "AWS was not able to validate the provided access credentials";
                return fault::error("ec2", 401, "AuthFailure", message);
            };
            page(world, region, request, set)
        }
    };
    let body = el(&format!("{operation}Response"), content + &el("requestId", "r"));
    Answer { status: 200, content_type: "text/xml", body: body.into_bytes() }
}

fn page(world: &World, region: &Region, request: &Request, set: &str) -> String {
    let selected: Vec<&Resource> = region
        .resources
        .get(request.operation.as_str())
        .into_iter()
        .flatten()
        .filter(|it| it.keys.iter().all(|(name, value)| selects(request, name, value)))
        .collect();
    let size = request.parameters.get("MaxResults").map_or(usize::MAX, |it| it.parse().unwrap()).min(world.page_size);
    let from: usize = request.token.as_deref().and_then(|it| it.strip_prefix("page-")?.parse().ok()).unwrap_or(0);
    let shown = items(set, selected.iter().skip(from).take(size).map(|it| it.xml.clone()));
    if from.saturating_add(size) < selected.len() {
        return shown + &el("nextToken", format!("page-{}", from + size));
    }
    shown
}

/// Whether a request's filter or parameter of a name, if it has one, allows a value.
fn selects(request: &Request, name: &str, value: &str) -> bool {
    if let Some(wanted) = request.parameters.get(name) {
        return wanted == value;
    }
    let filter = request.parameters.iter().find_map(|(key, it)| {
        let prefix = key.strip_suffix(".Name")?;
        (it == name && key.starts_with("Filter")).then_some(prefix)
    });
    filter.is_none_or(|prefix| {
        let prefix = format!("{prefix}.Value.");
        request.parameters.iter().any(|(key, it)| key.starts_with(&prefix) && it == value)
    })
}
