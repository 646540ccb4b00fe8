//! Transit gateways as EC2 shows them: to the owner everything, to others what is theirs.

use std::borrow::Cow;

use super::network::{Attachment, OWNER};
use super::resource::{Resource, account, put_items};
use super::xml::put;

/// A transit gateway, by its id.
pub struct TransitGateway<'a>(pub &'a str);

impl Resource for TransitGateway<'_> {
    fn id(&self) -> &str {
        self.0
    }

    fn key(&self, filter: &str) -> Option<Cow<'_, str>> {
        match filter {
            "transit-gateway-id" => Some(self.0.into()),
            "state" => Some("available".into()),
            _ => None,
        }
    }

    fn write(&self, out: &mut String) {
        put!(out, "<transitGatewayId>{}</transitGatewayId><state>available</state>", self.0);
        put!(out, "<ownerId>{}</ownerId>", account(OWNER));
    }
}

impl Resource for Attachment {
    fn id(&self) -> &str {
        &self.id
    }

    fn key(&self, filter: &str) -> Option<Cow<'_, str>> {
        match filter {
            "transit-gateway-id" => Some(self.transit_gateway.as_str().into()),
            "transit-gateway-attachment-id" => Some(self.id().into()),
            "resource-id" | "vpc-id" => Some(self.vpc.as_str().into()),
            "resource-type" => Some("vpc".into()),
            "resource-owner-id" => Some(account(self.owner)),
            "state" => Some("available".into()),
            _ => None,
        }
    }

    fn write(&self, out: &mut String) {
        let Self { id, transit_gateway, vpc, owner, table, .. } = self;
        put!(out, "<transitGatewayAttachmentId>{id}</transitGatewayAttachmentId>");
        put!(out, "<transitGatewayId>{transit_gateway}</transitGatewayId>");
        put!(out, "<transitGatewayOwnerId>{}</transitGatewayOwnerId>", account(OWNER));
        put!(out, "<resourceOwnerId>{}</resourceOwnerId><resourceType>vpc</resourceType>", account(*owner));
        put!(out, "<resourceId>{vpc}</resourceId><state>available</state>");
        if let Some(table) = table {
            put!(out, "<association><transitGatewayRouteTableId>{table}</transitGatewayRouteTableId>");
            out.push_str("<state>associated</state></association>");
        }
    }
}

/// An attachment as the owner of its VPC sees it.
pub struct VpcAttachment<'a>(pub &'a Attachment);

impl Resource for VpcAttachment<'_> {
    fn id(&self) -> &str {
        self.0.id()
    }

    fn key(&self, filter: &str) -> Option<Cow<'_, str>> {
        self.0.key(filter)
    }

    fn write(&self, out: &mut String) {
        let Attachment { id, transit_gateway, vpc, owner, subnets, .. } = self.0;
        put!(out, "<transitGatewayAttachmentId>{id}</transitGatewayAttachmentId>");
        put!(out, "<transitGatewayId>{transit_gateway}</transitGatewayId>");
        put!(out, "<vpcId>{vpc}</vpcId><vpcOwnerId>{}</vpcOwnerId><state>available</state>", account(*owner));
        put_items(out, "subnetIds", None, subnets);
    }
}

/// A route of a transit gateway's route table.
pub struct TransitRoute<'a> {
    destination: &'a str,
    kind: &'a str,
    attachment: &'a str,
    vpc: &'a str,
}

impl<'a> TransitRoute<'a> {
    pub fn of((destination, kind, attachment): &'a (String, &'static str, String), all: &'a [Attachment]) -> Self {
        let vpc = all.iter().find(|it| it.id == *attachment).map_or("", |it| &it.vpc);
        Self { destination, kind, attachment, vpc }
    }
}

impl Resource for TransitRoute<'_> {
    fn id(&self) -> &str {
        self.destination
    }

    fn key(&self, filter: &str) -> Option<Cow<'_, str>> {
        match filter {
            "type" => Some(self.kind.into()),
            "state" => Some("active".into()),
            _ => None,
        }
    }

    fn write(&self, out: &mut String) {
        let Self { destination, kind, attachment, vpc } = self;
        put!(out, "<destinationCidrBlock>{destination}</destinationCidrBlock><type>{kind}</type><state>active</state>");
        put!(out, "<transitGatewayAttachments><item><resourceId>{vpc}</resourceId><resourceType>vpc</resourceType>");
        put!(out, "<transitGatewayAttachmentId>{attachment}</transitGatewayAttachmentId></item>");
        out.push_str("</transitGatewayAttachments>");
    }
}
