//! The things that have a price.

use super::Region;

/// Something AWS charges for. The codes are those of the price files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Product {
    /// An hour of a zonal NAT gateway.
    NatGatewayHour,
    /// A gigabyte through a zonal NAT gateway, either direction.
    NatGatewayGb,
    /// An hour of a regional NAT gateway in one zone.
    RegionalNatGatewayAzHour,
    /// A gigabyte through a regional NAT gateway.
    RegionalNatGatewayGb,
    /// An hour of one Gbps of provisioned NAT bandwidth.
    NatGatewayProvisionedGbpsHour,
    /// A gigabyte within provisioned NAT bandwidth.
    NatGatewayProvisionedGb,
    /// An hour of a public IPv4 address.
    PublicIpv4Hour,
    /// A gigabyte leaving, or entering, an Availability Zone; a crossing is charged at both ends.
    InterAzGb,
    /// An hour of an interface endpoint in one zone.
    InterfaceEndpointAzHour,
    /// A gigabyte through the interface endpoints of an account and Region.
    InterfaceEndpointGb,
    /// An hour of a Gateway Load Balancer endpoint in one zone.
    GwlbEndpointAzHour,
    /// A gigabyte through a Gateway Load Balancer endpoint.
    GwlbEndpointGb,
    /// An hour of a resource endpoint in one zone.
    ResourceEndpointAzHour,
    /// A gigabyte through the resource endpoints of an account and Region.
    ResourceEndpointGb,
    /// An hour of a gateway endpoint.
    GatewayEndpointHour,
    /// A gigabyte through a gateway endpoint.
    GatewayEndpointGb,
    /// An hour of a transit gateway attachment.
    TgwAttachmentHour,
    /// A gigabyte sent into a transit gateway.
    TgwGb,
    /// A gigabyte of flow logs, before compression, delivered to S3.
    FlowLogDeliveryGb,
    /// A gigabyte of flow logs written as Parquet, on top of the delivery.
    FlowLogParquetGb,
    /// A terabyte that Athena reads for a query.
    AthenaTb,
    /// A gigabyte that CloudWatch Logs Insights reads for a query.
    LogsInsightsGb,
    /// A request that lists objects of S3.
    S3ListRequest,
    /// A request that gets an object, or a part of one, from S3.
    S3GetRequest,
    /// A gigabyte that leaves AWS for the Internet.
    InternetTransferGb,
}

/// A product, its code in the price files, its unit there, its usage type on the bill without the Region's prefix, and
/// whether us-east-1's rows carry a prefix too (those of the service AmazonVPC do, those of AmazonEC2 do not).
type Row = (Product, &'static str, &'static str, &'static str, bool);

const PRODUCTS: [Row; 25] = [
    (Product::NatGatewayHour, "nat_gateway_hour", "hour", "NatGateway-Hours", false),
    (Product::NatGatewayGb, "nat_gateway_gb", "GB", "NatGateway-Bytes", false),
    (Product::RegionalNatGatewayAzHour, "regional_nat_gateway_az_hour", "hour", "RegionalNatGateway-Hours", false),
    (Product::RegionalNatGatewayGb, "regional_nat_gateway_gb", "GB", "RegionalNatGateway-Bytes", true),
    (
        Product::NatGatewayProvisionedGbpsHour,
        "nat_gateway_provisioned_gbps_hour",
        "Gbps-hour",
        "NatGateway-Prvd-Gbps",
        false,
    ),
    (Product::NatGatewayProvisionedGb, "nat_gateway_provisioned_gb", "GB", "NatGateway-Prvd-Bytes", false),
    (Product::PublicIpv4Hour, "public_ipv4_hour", "hour", "PublicIPv4:InUseAddress", true),
    (Product::InterAzGb, "inter_az_gb_each_direction", "GB", "DataTransfer-Regional-Bytes", false),
    (Product::InterfaceEndpointAzHour, "interface_endpoint_az_hour", "hour", "VpcEndpoint-Hours", true),
    (Product::InterfaceEndpointGb, "interface_endpoint_gb", "GB", "VpcEndpoint-Bytes", true),
    (Product::GwlbEndpointAzHour, "gwlb_endpoint_az_hour", "hour", "VpcEndpoint-GWLBE-Hours", true),
    (Product::GwlbEndpointGb, "gwlb_endpoint_gb", "GB", "VpcEndpoint-GWLBE-Bytes", true),
    (Product::ResourceEndpointAzHour, "resource_endpoint_az_hour", "hour", "VpcEndpoint-Resource-Hours", true),
    (Product::ResourceEndpointGb, "resource_endpoint_gb", "GB", "VpcEndpoint-Resource-Bytes", true),
    (Product::GatewayEndpointHour, "gateway_endpoint_hour", "hour", "", true),
    (Product::GatewayEndpointGb, "gateway_endpoint_gb", "GB", "", true),
    (Product::TgwAttachmentHour, "tgw_attachment_hour", "hour", "TransitGateway-Hours", true),
    (Product::TgwGb, "tgw_gb", "GB", "TransitGateway-Bytes", true),
    (Product::FlowLogDeliveryGb, "flow_log_delivery_gb", "GB", "S3-Egress-Bytes", true),
    (Product::FlowLogParquetGb, "flow_log_parquet_gb", "GB", "S3-Egress-InputBytes", true),
    (Product::AthenaTb, "athena_tb_scanned", "TB", "DataScannedInTB", true),
    (Product::LogsInsightsGb, "logs_insights_gb_scanned", "GB", "DataScanned-Bytes", true),
    (Product::S3ListRequest, "s3_list_request", "request", "Requests-Tier1", false),
    (Product::S3GetRequest, "s3_get_request", "request", "Requests-Tier2", false),
    (Product::InternetTransferGb, "internet_transfer_gb", "GB", "DataTransfer-Out-Bytes", false),
];

impl Product {
    fn row(self) -> &'static Row {
        // The table lists the variants in their order, which a test holds.
        &PRODUCTS[self as usize]
    }

    /// Every product, in the order the price book shows them.
    pub fn all() -> impl Iterator<Item = Self> {
        PRODUCTS.iter().map(|row| row.0)
    }

    /// The product of a code in a price file.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        PRODUCTS.iter().find(|row| row.1 == code).map(|row| row.0)
    }

    /// Its code in the price files.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.row().1
    }

    /// What is counted, such as `hour`, `GB` or `request`.
    #[must_use]
    pub fn unit(self) -> &'static str {
        self.row().2
    }

    /// Those of the network, which AWS's price list and bills are looked through for: what the audit prices, and what it
    /// would put in its place.
    pub(crate) const NETWORK: [Self; 16] = [
        Self::NatGatewayHour,
        Self::NatGatewayGb,
        Self::RegionalNatGatewayAzHour,
        Self::RegionalNatGatewayGb,
        Self::NatGatewayProvisionedGbpsHour,
        Self::NatGatewayProvisionedGb,
        Self::PublicIpv4Hour,
        Self::InterAzGb,
        Self::InterfaceEndpointAzHour,
        Self::InterfaceEndpointGb,
        Self::GwlbEndpointAzHour,
        Self::GwlbEndpointGb,
        Self::ResourceEndpointAzHour,
        Self::ResourceEndpointGb,
        Self::TgwAttachmentHour,
        Self::TgwGb,
    ];

    /// Its usage type without a Region's prefix, which is also us-east-1's for some services: which ones has changed, so
    /// there both are to be understood.
    #[must_use]
    pub(crate) fn bare_usage_type(self) -> &'static str {
        self.row().3
    }

    /// The usage type on the bill, with the Region's prefix: `NatGateway-Bytes` in us-east-1, `EU-NatGateway-Bytes`
    /// in eu-west-1. Empty for what is never billed.
    #[must_use]
    pub fn usage_type(self, region: &Region) -> String {
        let (_, _, _, usage_type, prefixed_everywhere) = *self.row();
        if usage_type.is_empty() || (region.name.as_str() == "us-east-1" && !prefixed_everywhere) {
            return usage_type.to_owned();
        }
        format!("{}-{usage_type}", region.billing_prefix)
    }
}

impl serde::Serialize for Product {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl std::fmt::Display for Product {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_variants() {
        for (index, product) in Product::all().enumerate() {
            assert_eq!(product as usize, index);
            assert_eq!(Product::from_code(product.code()), Some(product));
        }
    }

    #[test]
    fn usage_types_carry_the_regions_prefix() {
        let usage_type = |product: Product, region: &str| product.usage_type(Region::find(region).unwrap());
        assert_eq!(usage_type(Product::NatGatewayGb, "us-east-1"), "NatGateway-Bytes");
        assert_eq!(usage_type(Product::RegionalNatGatewayGb, "us-east-1"), "USE1-RegionalNatGateway-Bytes");
        assert_eq!(usage_type(Product::NatGatewayGb, "eu-west-1"), "EU-NatGateway-Bytes");
        assert_eq!(usage_type(Product::InterfaceEndpointAzHour, "us-east-1"), "USE1-VpcEndpoint-Hours");
        assert_eq!(usage_type(Product::NatGatewayHour, "ap-south-1"), "APS3-NatGateway-Hours");
    }
}
