//! Usage types: which product and Region one is of, told by the whole of it and never by a part.

use std::collections::HashMap;

use crate::model::RegionName;
use crate::pricing::{Product, Region};

/// The Region whose usage types mostly have no prefix.
const UNPREFIXED: &str = "us-east-1";

/// Usage types that are remembered, ours or not; there are some thousands.
const MOST_KNOWN: usize = 1 << 16;

/// What a usage type is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Of another product.
    Foreign,
    /// Ours; without a prefix, so of us-east-1 unless the line names another Region.
    Unprefixed(Product),
    /// Ours.
    Ours(Product, &'static Region),
    /// Like ours, behind a prefix of no known Region.
    Unrecognised,
}

/// Every usage type that is ours, and what others turned out to be.
#[derive(Debug)]
pub(super) struct UsageTypes {
    known: HashMap<Box<[u8]>, Meaning>,
    ends: Vec<String>,
}

impl UsageTypes {
    pub(super) fn new() -> Self {
        let mut known = HashMap::new();
        let mut ends = Vec::new();
        for product in Product::NETWORK {
            let bare = product.bare_usage_type();
            for region in Region::all().filter(|region| !region.billing_prefix.is_empty()) {
                let usage_type = format!("{}-{bare}", region.billing_prefix);
                known.insert(usage_type.into_bytes().into(), Meaning::Ours(product, region));
            }
            known.insert(bare.as_bytes().into(), Meaning::Unprefixed(product));
            ends.push(format!("-{bare}"));
        }
        Self { known, ends }
    }

    /// What one is.
    pub(super) fn meaning(&mut self, usage_type: &[u8]) -> Meaning {
        if let Some(meaning) = self.known.get(usage_type) {
            return *meaning;
        }
        let like_ours = self.ends.iter().any(|end| usage_type.ends_with(end.as_bytes()));
        let meaning = if like_ours { Meaning::Unrecognised } else { Meaning::Foreign };
        if self.known.len() < MOST_KNOWN {
            self.known.insert(usage_type.into(), meaning);
        }
        meaning
    }
}

/// Whether lines of an operation are of a product: a usage type may be of several things.
pub(super) fn is_of(product: Product, operation: &str) -> bool {
    match product {
        // The rest is between a VPC and its peer, or by public addresses.
        Product::InterAzGb => operation.starts_with("InterZone"),
        Product::TgwAttachmentHour | Product::TgwGb => operation == "TransitGatewayVPC",
        _ => true,
    }
}

/// The Region of a usage type without a prefix.
pub(super) fn unprefixed(named: Option<&str>) -> RegionName {
    named.filter(|name| Region::find(name).is_some()).unwrap_or(UNPREFIXED).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(usage_type: &str) -> Option<(Product, &'static str)> {
        match UsageTypes::new().meaning(usage_type.as_bytes()) {
            Meaning::Ours(product, region) => Some((product, region.name.as_str())),
            Meaning::Unprefixed(product) => Some((product, "-")),
            Meaning::Foreign | Meaning::Unrecognised => None,
        }
    }

    #[test]
    fn a_usage_type_is_told_by_the_whole_of_it() {
        use Product::{InterfaceEndpointAzHour, NatGatewayGb, RegionalNatGatewayAzHour, RegionalNatGatewayGb};
        assert_eq!(of("NatGateway-Bytes"), Some((NatGatewayGb, "-")));
        assert_eq!(of("EU-NatGateway-Bytes"), Some((NatGatewayGb, "eu-west-1")));
        assert_eq!(of("EUC1-NatGateway-Bytes"), Some((NatGatewayGb, "eu-central-1")));
        assert_eq!(of("USE1-RegionalNatGateway-Bytes"), Some((RegionalNatGatewayGb, "us-east-1")));
        assert_eq!(of("USE1-RegionalNatGateway-Hours"), Some((RegionalNatGatewayAzHour, "us-east-1")));
        assert_eq!(of("APS3-RegionalNatGateway-Bytes"), Some((RegionalNatGatewayGb, "ap-south-1")));
        assert_eq!(of("USE1-VpcEndpoint-Hours"), Some((InterfaceEndpointAzHour, "us-east-1")));
        assert_eq!(of("EU-VpcEndpoint-GWLBE-Hours").unwrap().0, Product::GwlbEndpointAzHour);
        for other in ["", "natgateway-bytes", "EU-NatGateway-Bytes ", "xNatGateway-Bytes", "EU-BoxUsage:t3.micro"] {
            assert_eq!(UsageTypes::new().meaning(other.as_bytes()), Meaning::Foreign, "{other}");
        }
        assert_eq!(UsageTypes::new().meaning(b"CNN1-NatGateway-Bytes"), Meaning::Unrecognised);
    }

    #[test]
    fn operations_part_what_a_usage_type_has_together() {
        assert!(is_of(Product::InterAzGb, "InterZone-In") && !is_of(Product::InterAzGb, "VPCPeering-In"));
        assert!(is_of(Product::NatGatewayGb, "") && !is_of(Product::TgwGb, "TransitGatewayVPN"));
    }
}
