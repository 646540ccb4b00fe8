//! Every AWS operation the collector may call: one table for the calls, the gaps they leave and the IAM policy.

macro_rules! operations {
    ($($service:literal: $($name:ident),+;)+) => {
        /// An operation of the AWS API. All of them only read.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Operation {
            $($($name,)+)+
        }

        impl Operation {
            /// Its name in the API.
            pub(super) fn name(self) -> &'static str {
                match self {
                    $($(Self::$name => stringify!($name),)+)+
                }
            }

            /// The IAM action that allows it.
            pub(super) fn iam_action(self) -> &'static str {
                match self {
                    $($(Self::$name => concat!($service, ":", stringify!($name)),)+)+
                }
            }
        }

        const IAM_ACTIONS: &[&str] = &[$($(concat!($service, ":", stringify!($name)),)+)+];
    };
}

operations! {
    "cloudwatch": GetMetricData, ListMetrics;
    "ec2":
        DescribeAvailabilityZones,
        DescribeFlowLogs,
        DescribeManagedPrefixLists,
        DescribeNatGateways,
        DescribePrefixLists,
        DescribeRegions,
        DescribeRouteTables,
        DescribeSecurityGroups,
        DescribeSubnets,
        DescribeTransitGatewayAttachments,
        DescribeTransitGatewayVpcAttachments,
        DescribeVpcEndpoints,
        DescribeVpcs,
        GetManagedPrefixListEntries,
        SearchTransitGatewayRoutes;
    "sts": GetCallerIdentity;
}

/// The IAM actions of everything a scan may call, sorted; all of them only read.
#[must_use]
pub fn iam_actions() -> &'static [&'static str] {
    IAM_ACTIONS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_sorted_and_only_read() {
        assert!(iam_actions().is_sorted());
        for action in iam_actions() {
            let verb = action.split(':').nth(1).unwrap();
            assert!(["Describe", "Get", "List", "Search"].iter().any(|read| verb.starts_with(read)), "{action}");
        }
    }

    #[test]
    fn an_operation_knows_its_action() {
        assert_eq!(Operation::DescribeNatGateways.name(), "DescribeNatGateways");
        assert_eq!(Operation::DescribeNatGateways.iam_action(), "ec2:DescribeNatGateways");
        assert_eq!(Operation::ListMetrics.iam_action(), "cloudwatch:ListMetrics");
    }
}
