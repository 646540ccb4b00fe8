//! Identifiers as types, so that a route table can never be passed for a subnet.

/// Defines string newtypes. Their content comes from an account or a file and is hostile until shown otherwise:
/// renderers escape it, remedies quote it.
macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(Box<str>);

        impl $name {
            /// The identifier as AWS writes it.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text.into())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&self.0)
            }
        }
    )+};
}

ids! {
    /// Twelve digits.
    AccountId,
    /// A Region's code: `eu-west-1`.
    RegionName,
    /// `vpc-…`
    VpcId,
    /// `subnet-…`
    SubnetId,
    /// `rtb-…`
    RouteTableId,
    /// `nat-…`
    NatGatewayId,
    /// `vpce-…`
    VpcEndpointId,
    /// `sg-…`
    SecurityGroupId,
    /// `pl-…`
    PrefixListId,
    /// `tgw-…`
    TransitGatewayId,
    /// `tgw-attach-…`
    TransitGatewayAttachmentId,
    /// `tgw-rtb-…`
    TransitGatewayRouteTableId,
    /// `fl-…`
    FlowLogId,
}
