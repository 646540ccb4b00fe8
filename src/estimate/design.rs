//! The architectures that are compared: how traffic leaves, and by which endpoints it need not.

use super::plan::TransitGateway;

/// Where the NAT gateways are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nat {
    /// A zonal one in each zone of each VPC: nothing crosses zones.
    PerZone,
    /// One for each VPC, where that is cheapest; the other zones' traffic crosses to it.
    Single,
    /// A regional one for each VPC, which bills an hour for each zone.
    Regional,
    /// One in each zone of an egress VPC behind a transit gateway.
    EgressPerZone,
    /// One in an egress VPC whose attachment is in the same zone, so that only the transit gateway crosses zones.
    EgressSingle,
    /// None at all.
    None,
}

/// Which endpoints there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoints {
    /// None.
    None,
    /// Gateway endpoints for S3 and DynamoDB in each VPC, as in all that follow.
    Gateway,
    /// And interface endpoints in the zones of the clients that use them.
    OwnZone,
    /// And interface endpoints in one zone, used from all.
    OneZone,
    /// And shared interface endpoints behind a transit gateway, in the zones of the clients that use them.
    SharedOwnZone,
    /// And shared interface endpoints behind a transit gateway in one zone, used from all.
    SharedOneZone,
}

/// An architecture to price: all VPCs of a Region alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Design {
    /// Where the NAT gateways are.
    pub nat: Nat,
    /// Which endpoints there are.
    pub endpoints: Endpoints,
}

impl Nat {
    /// Every one.
    pub const ALL: [Self; 6] =
        [Self::PerZone, Self::Single, Self::Regional, Self::EgressPerZone, Self::EgressSingle, Self::None];

    /// Whether traffic leaves through a transit gateway.
    #[must_use]
    pub fn is_egress(self) -> bool {
        matches!(self, Self::EgressPerZone | Self::EgressSingle)
    }

    fn code(self) -> &'static str {
        match self {
            Self::PerZone => "nat-per-az",
            Self::Single => "single-nat",
            Self::Regional => "regional-nat",
            Self::EgressPerZone => "egress-nat-per-az",
            Self::EgressSingle => "egress-single-nat",
            Self::None => "no-nat",
        }
    }

    /// Its name for people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::PerZone => "NAT gateway per AZ",
            Self::Single => "single NAT gateway",
            Self::Regional => "regional NAT gateway",
            Self::EgressPerZone => "egress VPC, NAT per AZ",
            Self::EgressSingle => "egress VPC, single NAT",
            Self::None => "no NAT",
        }
    }
}

impl Endpoints {
    /// Every one.
    pub const ALL: [Self; 6] =
        [Self::None, Self::Gateway, Self::OwnZone, Self::OneZone, Self::SharedOwnZone, Self::SharedOneZone];

    /// Whether there may be interface endpoints.
    #[must_use]
    pub fn has_interface(self) -> bool {
        !matches!(self, Self::None | Self::Gateway)
    }

    /// Whether interface endpoints are reached through a transit gateway.
    #[must_use]
    pub fn is_shared(self) -> bool {
        matches!(self, Self::SharedOwnZone | Self::SharedOneZone)
    }

    /// Whether one zone's interface serves all of them.
    #[must_use]
    pub fn is_in_one_zone(self) -> bool {
        matches!(self, Self::OneZone | Self::SharedOneZone)
    }

    fn code(self) -> &'static str {
        match self {
            Self::None => "no-endpoints",
            Self::Gateway => "gateway",
            Self::OwnZone => "interface-own-az",
            Self::OneZone => "interface-one-az",
            Self::SharedOwnZone => "shared-own-az",
            Self::SharedOneZone => "shared-one-az",
        }
    }

    /// Its name for people.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Gateway => "gateway",
            Self::OwnZone => "gateway, interface by AZ",
            Self::OneZone => "gateway, interface in one AZ",
            Self::SharedOwnZone => "gateway, shared by AZ",
            Self::SharedOneZone => "gateway, shared in one AZ",
        }
    }
}

impl Design {
    /// Every design that a plan allows.
    pub(super) fn all(allowed: TransitGateway) -> impl Iterator<Item = Self> {
        let pairs = Nat::ALL.into_iter().flat_map(|nat| Endpoints::ALL.map(|endpoints| Self { nat, endpoints }));
        pairs.filter(move |design| {
            let Self { nat, endpoints } = *design;
            // With a single gateway the best zone for it depends on what shared endpoints take from all VPCs: no search
            // by VPC would be exact.
            let shared = !endpoints.is_shared() || (allowed.shared_endpoints && nat != Nat::Single);
            let egress = !nat.is_egress() || allowed.egress;
            shared && egress && (nat != Nat::None || endpoints != Endpoints::None)
        })
    }

    /// Its name in the JSON report: `nat-per-az/gateway`.
    #[must_use]
    pub fn id(self) -> String {
        format!("{}/{}", self.nat.code(), self.endpoints.code())
    }

    /// Its name for people.
    #[must_use]
    pub fn title(self) -> String {
        format!("{}; endpoints: {}", self.nat.title(), self.endpoints.title())
    }
}
