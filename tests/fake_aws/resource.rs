//! Resources as EC2 writes them, with what filters and ids select them by.

use std::borrow::Cow;

use super::network::{Endpoint, FlowLog, Gateway, Group, Kind, Route, Subnet, Table, Vpc, prefix_list};
use super::organisation::{Organisation, Place, region_name};
use super::xml::put;

/// Something that a listing shows.
pub trait Resource {
    /// What a parameter such as `VpcId.1` selects by.
    fn id(&self) -> &str;

    /// What a filter selects by; none when there is no such filter.
    fn key(&self, filter: &str) -> Option<Cow<'_, str>>;

    /// Its elements.
    fn write(&self, out: &mut String);
}

/// Long before any window.
const CREATED: &str = "2024-03-01T00:00:00.000Z";

/// An account's id, as a filter has it.
pub fn account(index: usize) -> Cow<'static, str> {
    Organisation::account_id(index).into()
}

/// Strings as items of a set.
pub fn put_items(out: &mut String, set: &str, element: Option<&str>, items: &[String]) {
    put!(out, "<{set}>");
    for item in items {
        if let Some(element) = element {
            put!(out, "<item><{element}>{item}</{element}></item>");
        } else {
            put!(out, "<item>{item}</item>");
        }
    }
    put!(out, "</{set}>");
}

fn put_name(out: &mut String, name: &str) {
    put!(out, "<tagSet><item><key>Name</key><value>{name}</value></item></tagSet>");
}

impl Resource for Vpc {
    fn id(&self) -> &str {
        &self.id
    }

    fn key(&self, filter: &str) -> Option<Cow<'_, str>> {
        match filter {
            "vpc-id" => Some(self.id().into()),
            "owner-id" => Some(account(self.owner)),
            "state" => Some("available".into()),
            _ => None,
        }
    }

    fn write(&self, out: &mut String) {
        let Self { id, owner, net, name } = self;
        put!(out, "<vpcId>{id}</vpcId><ownerId>{}</ownerId><state>available</state>", account(*owner));
        put!(out, "<cidrBlock>10.{net}.0.0/16</cidrBlock><isDefault>false</isDefault><cidrBlockAssociationSet><item>");
        put!(out, "<cidrBlock>10.{net}.0.0/16</cidrBlock><cidrBlockState><state>associated</state></cidrBlockState>");
        out.push_str("</item></cidrBlockAssociationSet>");
        put_name(out, name);
    }
}

/// A zone's name and what says which one it really is, by the Region in its id.
fn put_zone(out: &mut String, region: &str, zone: char) {
    put!(out, "<availabilityZone>{region}{zone}</availabilityZone>");
    put!(out, "<availabilityZoneId>{region}-az{}</availabilityZoneId>", u32::from(zone) - u32::from('a') + 1);
}

/// A subnet, with the Region that its zone is in.
impl Resource for (&Subnet, &'static str) {
    fn id(&self) -> &str {
        &self.0.id
    }

    fn key(&self, filter: &str) -> Option<Cow<'_, str>> {
        match filter {
            "subnet-id" => Some(self.id().into()),
            "vpc-id" => Some(self.0.vpc.as_str().into()),
            "owner-id" => Some(account(self.0.owner)),
            _ => None,
        }
    }

    fn write(&self, out: &mut String) {
        let Subnet { id, vpc, owner, zone, cidr, name } = self.0;
        put!(out, "<subnetId>{id}</subnetId><vpcId>{vpc}</vpcId><ownerId>{}</ownerId>", account(*owner));
        put!(out, "<state>available</state><cidrBlock>{cidr}</cidrBlock>");
        put_zone(out, self.1, *zone);
        put_name(out, name);
    }
}

impl Resource for Table {
    fn id(&self) -> &str {
        &self.id
    }

    fn key(&self, filter: &str) -> Option<Cow<'_, str>> {
        match filter {
            "route-table-id" => Some(self.id().into()),
            "vpc-id" => Some(self.vpc.as_str().into()),
            "owner-id" => Some(account(self.owner)),
            _ => None,
        }
    }

    fn write(&self, out: &mut String) {
        let Self { id, vpc, owner, net, main, subnets, routes } = self;
        put!(out, "<routeTableId>{id}</routeTableId><vpcId>{vpc}</vpcId><ownerId>{}</ownerId>", account(*owner));
        put!(out, "<routeSet><item><destinationCidrBlock>10.{net}.0.0/16</destinationCidrBlock>");
        out.push_str("<gatewayId>local</gatewayId><state>active</state><origin>CreateRouteTable</origin></item>");
        for Route { destination, target: (element, target) } in routes {
            let kind = if destination.starts_with("pl-") { "destinationPrefixListId" } else { "destinationCidrBlock" };
            put!(out, "<item><{kind}>{destination}</{kind}><{element}>{target}</{element}>");
            out.push_str("<state>active</state><origin>CreateRoute</origin></item>");
        }
        out.push_str("</routeSet><associationSet>");
        if *main {
            put!(out, "<item><routeTableAssociationId>rtbassoc-{id}</routeTableAssociationId>");
            put!(out, "<routeTableId>{id}</routeTableId><main>true</main>");
            out.push_str("<associationState><state>associated</state></associationState></item>");
        }
        for subnet in subnets {
            put!(out, "<item><routeTableAssociationId>rtbassoc-{subnet}</routeTableAssociationId>");
            put!(out, "<routeTableId>{id}</routeTableId><subnetId>{subnet}</subnetId><main>false</main>");
            out.push_str("<associationState><state>associated</state></associationState></item>");
        }
        out.push_str("</associationSet>");
    }
}

impl Resource for Gateway {
    fn id(&self) -> &str {
        &self.id
    }

    fn key(&self, filter: &str) -> Option<Cow<'_, str>> {
        match filter {
            "nat-gateway-id" => Some(self.id().into()),
            "vpc-id" => Some(self.vpc.as_str().into()),
            "subnet-id" => Some(self.subnet.as_str().into()),
            "state" => Some("available".into()),
            _ => None,
        }
    }

    fn write(&self, out: &mut String) {
        let Self { id, vpc, subnet, net, number, .. } = self;
        put!(out, "<natGatewayId>{id}</natGatewayId><vpcId>{vpc}</vpcId><subnetId>{subnet}</subnetId>");
        put!(out, "<state>available</state><createTime>{CREATED}</createTime>");
        out.push_str("<connectivityType>public</connectivityType><availabilityMode>zonal</availabilityMode>");
        put!(out, "<natGatewayAddressSet><item><allocationId>eipalloc-0{number:016x}</allocationId>");
        put!(out, "<networkInterfaceId>eni-0{number:016x}</networkInterfaceId>");
        put!(out, "<privateIp>10.{net}.{}.10</privateIp>", number % 3);
        put!(out, "<publicIp>198.51.100.{}</publicIp><isPrimary>true</isPrimary>", number % 254 + 1);
        out.push_str("<status>succeeded</status></item></natGatewayAddressSet>");
        put_name(out, "nat");
    }
}

/// An endpoint, with the account that owns it.
impl Resource for (&Endpoint, usize) {
    fn id(&self) -> &str {
        &self.0.id
    }

    fn key(&self, filter: &str) -> Option<Cow<'_, str>> {
        match filter {
            "vpc-endpoint-id" => Some(self.id().into()),
            "vpc-id" => Some(self.0.vpc.as_str().into()),
            "service-name" => Some(self.0.service.as_str().into()),
            "vpc-endpoint-state" => Some("available".into()),
            _ => None,
        }
    }

    fn write(&self, out: &mut String) {
        let Endpoint { id, vpc, service, kind, restricted, .. } = self.0;
        let owner = account(self.1);
        put!(out, "<vpcEndpointId>{id}</vpcEndpointId><vpcId>{vpc}</vpcId><serviceName>{service}</serviceName>");
        put!(out, "<ownerId>{owner}</ownerId><state>available</state><requesterManaged>false</requesterManaged>");
        put!(out, "<creationTimestamp>{CREATED}</creationTimestamp>");
        match kind {
            Kind::Gateway { tables } => {
                out.push_str("<vpcEndpointType>Gateway</vpcEndpointType><privateDnsEnabled>false</privateDnsEnabled>");
                put_items(out, "routeTableIdSet", None, tables);
            }
            Kind::Interface { subnets, group } => {
                out.push_str("<vpcEndpointType>Interface</vpcEndpointType><privateDnsEnabled>true</privateDnsEnabled>");
                put_items(out, "subnetIdSet", None, subnets);
                put_items(out, "groupSet", Some("groupId"), std::slice::from_ref(group));
            }
        }
        out.push_str("<policyDocument>{&quot;Version&quot;:&quot;2012-10-17&quot;,&quot;Statement&quot;:[{");
        out.push_str("&quot;Effect&quot;:&quot;Allow&quot;,&quot;Principal&quot;:&quot;*&quot;,");
        out.push_str("&quot;Action&quot;:&quot;*&quot;,&quot;Resource&quot;:&quot;*&quot;");
        if *restricted {
            out.push_str(",&quot;Condition&quot;:{&quot;StringEquals&quot;:{&quot;aws:PrincipalAccount&quot;:&quot;");
            put!(out, "{owner}&quot;}}}}");
        }
        out.push_str("}]}</policyDocument>");
        put_name(out, "endpoint");
    }
}

/// A security group, with the account that owns it.
impl Resource for (&Group, usize) {
    fn id(&self) -> &str {
        &self.0.id
    }

    fn key(&self, filter: &str) -> Option<Cow<'_, str>> {
        match filter {
            "group-id" => Some(self.id().into()),
            "vpc-id" => Some(self.0.vpc.as_str().into()),
            _ => None,
        }
    }

    fn write(&self, out: &mut String) {
        let Group { id, vpc, net } = self.0;
        put!(out, "<ownerId>{}</ownerId><groupId>{id}</groupId><vpcId>{vpc}</vpcId>", account(self.1));
        out.push_str("<groupName>endpoints</groupName><groupDescription>endpoints</groupDescription><ipPermissions>");
        out.push_str("<item><ipProtocol>tcp</ipProtocol><fromPort>443</fromPort><toPort>443</toPort>");
        put!(out, "<ipRanges><item><cidrIp>10.{net}.0.0/16</cidrIp></item></ipRanges></item></ipPermissions>");
    }
}

impl Resource for FlowLog {
    fn id(&self) -> &str {
        &self.id
    }

    fn key(&self, filter: &str) -> Option<Cow<'_, str>> {
        match filter {
            "flow-log-id" => Some(self.id().into()),
            "resource-id" => Some(self.vpc.as_str().into()),
            _ => None,
        }
    }

    fn write(&self, out: &mut String) {
        let Self { id, vpc } = self;
        put!(out, "<flowLogId>{id}</flowLogId><resourceId>{vpc}</resourceId><flowLogStatus>ACTIVE</flowLogStatus>");
        out.push_str("<trafficType>ALL</trafficType><logDestinationType>s3</logDestinationType>");
        out.push_str("<logDestination>arn:aws:s3:::flow-logs</logDestination>");
        out.push_str("<deliverLogsStatus>SUCCESS</deliverLogsStatus>");
        out.push_str("<maxAggregationInterval>600</maxAggregationInterval>");
    }
}

/// A zone of a Region.
pub struct Zone(String, String);

impl Zone {
    /// What an account sees.
    pub fn of(place: Place) -> Vec<Self> {
        let region = region_name(place.region);
        ('a'..='c')
            .zip(1..)
            .map(|(zone, number)| Self(format!("{region}{zone}"), format!("{region}-az{number}")))
            .collect()
    }
}

impl Resource for Zone {
    fn id(&self) -> &str {
        &self.0
    }

    fn key(&self, filter: &str) -> Option<Cow<'_, str>> {
        (filter == "zone-name").then(|| self.id().into())
    }

    fn write(&self, out: &mut String) {
        let Self(name, id) = self;
        put!(out, "<zoneName>{name}</zoneName><zoneId>{id}</zoneId><zoneType>availability-zone</zoneType>");
        out.push_str("<zoneState>available</zoneState><optInStatus>opt-in-not-required</optInStatus>");
    }
}

/// AWS's prefix list of a service.
pub struct PrefixList {
    id: String,
    name: String,
    cidr: &'static str,
}

impl PrefixList {
    /// Those of a Region.
    pub fn of(organisation: &Organisation, region: usize) -> Vec<Self> {
        [("s3", "52.216.0.0/15"), ("dynamodb", "52.94.0.0/22")]
            .map(|(service, cidr)| Self {
                id: prefix_list(organisation, region, service),
                name: format!("com.amazonaws.{}.{service}", region_name(region)),
                cidr,
            })
            .into()
    }

    /// What `GetManagedPrefixListEntries` shows.
    pub fn entries(&self) -> [Entry; 1] {
        [Entry(self.cidr)]
    }
}

impl Resource for PrefixList {
    fn id(&self) -> &str {
        &self.id
    }

    fn key(&self, filter: &str) -> Option<Cow<'_, str>> {
        match filter {
            "prefix-list-id" => Some(self.id().into()),
            "prefix-list-name" => Some(self.name.as_str().into()),
            _ => None,
        }
    }

    fn write(&self, out: &mut String) {
        let Self { id, name, cidr } = self;
        put!(out, "<prefixListId>{id}</prefixListId><prefixListName>{name}</prefixListName>");
        put!(out, "<cidrSet><item>{cidr}</item></cidrSet>");
    }
}

/// An entry of a prefix list.
pub struct Entry(&'static str);

impl Resource for Entry {
    fn id(&self) -> &str {
        self.0
    }

    fn key(&self, _: &str) -> Option<Cow<'_, str>> {
        None
    }

    fn write(&self, out: &mut String) {
        put!(out, "<cidr>{}</cidr>", self.0);
    }
}
