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
    "organizations": ListAccounts, ListAccountsForParent, ListOrganizationalUnitsForParent;
    "sts": AssumeRole, GetCallerIdentity;
}

/// Whether an action is for finding and entering accounts, not for reading one.
fn is_for_many(action: &str) -> bool {
    action.starts_with("organizations:") || action == "sts:AssumeRole"
}

/// The IAM actions of everything a scan of an account may call, sorted; all of them only read.
pub fn iam_actions() -> impl Iterator<Item = &'static str> {
    IAM_ACTIONS.iter().copied().filter(|action| !is_for_many(action))
}

/// The IAM actions that list an organisation's accounts, sorted; all of them only read.
pub fn organization_actions() -> impl Iterator<Item = &'static str> {
    IAM_ACTIONS.iter().copied().filter(|action| action.starts_with("organizations:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_sorted_and_only_read() {
        assert!(IAM_ACTIONS.is_sorted());
        for action in iam_actions().chain(organization_actions()) {
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
