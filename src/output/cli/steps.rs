//! The body of a step's function: what it looks at, does and undoes.

use ipnet::IpNet;

use crate::change::{Change, Endpoint};
use crate::command::bash_word;
use crate::model::RegionName;
use crate::output::steps::group_name;

/// What makes something of this script found again.
const TAG: &str = "Tags=[{Key=created-by,Value=natwise}]";

/// The lines of a step; none when a word cannot be written for a shell.
pub(super) fn body(region: &RegionName, change: &Change) -> Option<String> {
    let step = Body { region: bash_word(region.as_str())?, region_name: region };
    match change {
        Change::CreateGatewayEndpoint { .. } => step.gateway_endpoint(change),
        Change::CreateInterfaceEndpoint { .. } => step.interface_endpoint(change),
        Change::AssociateRouteTables { endpoint, route_table_ids } => {
            let ids: Vec<_> = route_table_ids.iter().map(|id| id.as_str()).collect();
            step.list(endpoint, "RouteTableIds", ["--add-route-table-ids", "--remove-route-table-ids"], &ids, None)
        }
        Change::AddEndpointSubnets { endpoint, subnet_ids } => {
            let ids: Vec<_> = subnet_ids.iter().map(|id| id.as_str()).collect();
            let setting = Some("NATWISE_ENDPOINT_ZONES");
            step.list(endpoint, "SubnetIds", ["--add-subnet-ids", "--remove-subnet-ids"], &ids, setting)
        }
        Change::SetPrivateDns { endpoint, enabled: true } => {
            let id = bash_word(endpoint.vpc_endpoint_id.as_str())?;
            let vpc = bash_word(endpoint.vpc_id.as_str())?;
            let look = format!(
                "describe-vpc-endpoints --region {} --vpc-endpoint-ids {id} --query 'VpcEndpoints[].PrivateDnsEnabled'",
                step.region
            );
            let first =
                format!("wanted NATWISE_PRIVATE_DNS || return 0\n        resolves {} {vpc} || return 0", step.region);
            step.switch(change, &look, ["True", "False"], &first)
        }
        Change::AdmitHttps { security_group_id, cidr } => {
            let id = bash_word(security_group_id.as_str())?;
            let look = format!(
                "describe-security-groups --region {} --group-ids {id} --query '{}'",
                step.region,
                admitted(cidr)
            );
            step.rule(change, &look, &bash_word(&cidr.to_string())?)
        }
        Change::ReplaceDefaultRoute { route_table_id, nat_gateway_id, before } => {
            let id = bash_word(route_table_id.as_str())?;
            let query = r"RouteTables[].Routes[?DestinationCidrBlock=='0.0.0.0/0'][].NatGatewayId";
            let look =
                format!("describe-route-tables --region {} --route-table-ids {id} --query \"{query}\"", step.region);
            let states = [bash_word(nat_gateway_id.as_str())?, bash_word(before.as_str())?];
            step.switch(change, &look, [&states[0], &states[1]], "wanted NATWISE_DEFAULT_ROUTES || return 0")
        }
        Change::InspectEndpoint { .. } => {
            let mut words = change.words(region).into_iter().flatten().map(|word| bash_word(&word));
            let command = words.try_fold(String::new(), |line, word| Some(format!("{line} {}", word?)))?;
            Some(format!("   {command} --output table || unseen\n"))
        }
        _ => step.plain(change),
    }
}

/// The blocks that a group admits on 443 and no other port.
fn admitted(cidr: &IpNet) -> String {
    let ranges = match cidr {
        IpNet::V4(_) => "IpRanges[].CidrIp",
        IpNet::V6(_) => "Ipv6Ranges[].CidrIpv6",
    };
    format!("SecurityGroups[].IpPermissions[?FromPort==`443` && ToPort==`443`][].{ranges}")
}

/// Filters of a describe call. A value that the short form could misread goes as JSON.
fn filters(pairs: &[(&str, &str)]) -> Option<String> {
    let is_plain = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.:/".contains(c));
    if pairs.iter().all(|(_, value)| is_plain(value) && !value.is_empty()) {
        return Some(
            pairs.iter().map(|(name, value)| format!("Name={name},Values={value}")).collect::<Vec<_>>().join(" "),
        );
    }
    let filter = |(name, value): &(&str, &str)| serde_json::json!({"Name": name, "Values": [value]});
    bash_word(&serde_json::Value::Array(pairs.iter().map(filter).collect()).to_string())
}

/// All words behind each other.
fn join<'x>(words: impl IntoIterator<Item = &'x str>) -> Option<String> {
    Some(words.into_iter().map(bash_word).collect::<Option<Vec<_>>>()?.join(" "))
}

/// Commands, each run.
fn runs(commands: &[Vec<String>], indent: &str) -> Option<String> {
    let line = |words: &Vec<String>| Some(format!("{indent}run {}\n", join(words.iter().map(String::as_str))?));
    commands.iter().map(line).collect()
}

struct Body<'b> {
    region: String,
    region_name: &'b RegionName,
}

impl Body<'_> {
    fn gateway_endpoint(&self, change: &Change) -> Option<String> {
        let Change::CreateGatewayEndpoint { vpc_id, service_name, .. } = change else { return None };
        let region = &self.region;
        let pairs = [("vpc-id", vpc_id.as_str()), ("service-name", service_name)];
        let theirs = filters(&pairs)?;
        let ours = filters(&[pairs[0], pairs[1], ("tag:created-by", "natwise")])?;
        let command = change.words(self.region_name).into_iter().next()?;
        let command = join(command.iter().map(String::as_str))?;
        Some(format!(
            r#"    local there
    if [ "$action" = rollback ]; then
        there=$(endpoints {region} {ours}) || {{ unseen; return 0; }}
        if [ -z "$there" ]; then nothing 'there is none that this script made'; return 0; fi
        delete_endpoint {region} "${{there%% *}}"
    else
        there=$(endpoints {region} {theirs}) || {{ unseen; return 0; }}
        if [ -n "$there" ]; then nothing "$there is there"; return 0; fi
        run {command} \
            --tag-specifications 'ResourceType=vpc-endpoint,{TAG}'
    fi
"#
        ))
    }

    fn interface_endpoint(&self, change: &Change) -> Option<String> {
        let Change::CreateInterfaceEndpoint { vpc_id, service, service_name, subnet_ids, client_cidrs } = change else {
            return None;
        };
        let region = &self.region;
        let pairs = [("vpc-id", vpc_id.as_str()), ("service-name", service_name)];
        let theirs = filters(&pairs)?;
        let ours = filters(&[pairs[0], pairs[1], ("tag:created-by", "natwise")])?;
        let name = format!("natwise-{}-endpoint", group_name(service));
        let groups = filters(&[pairs[0], ("group-name", &name), ("tag:created-by", "natwise")])?;
        let description = bash_word(&format!("HTTPS to the {} endpoint", group_name(service)))?;
        let vpc = bash_word(vpc_id.as_str())?;
        let service_name = bash_word(service_name)?;
        let subnets = join(subnet_ids.iter().map(|id| id.as_str()))?;
        let cidrs = client_cidrs.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        let query = "SecurityGroups[].IpPermissions[?FromPort==`443`][].IpRanges[].CidrIp";
        Some(format!(
            r#"    local there group admitted='' cidr
    group=$(ask aws ec2 describe-security-groups --region {region} --filters {groups} --query 'SecurityGroups[].GroupId') || {{ unseen; return 0; }}
    if [ "$action" = rollback ]; then
        there=$(endpoints {region} {ours}) || {{ unseen; return 0; }}
        if [ -z "$there$group" ]; then nothing 'there is none that this script made'; return 0; fi
        if [ -n "$there" ]; then
            delete_endpoint {region} "${{there%% *}}"
            wait_until_gone {region} "${{there%% *}}" {ours}
        fi
        if [ -n "$group" ]; then
            run aws ec2 delete-security-group --region {region} --group-id "${{group%% *}}"
        fi
    else
        there=$(endpoints {region} {theirs}) || {{ unseen; return 0; }}
        if [ -n "$there" ]; then nothing "$there is there"; return 0; fi
        wanted NATWISE_INTERFACE_ENDPOINTS || return 0
        resolves {region} {vpc} || return 0
        if [ -z "$group" ]; then
            run aws ec2 create-security-group --region {region} --vpc-id {vpc} --group-name {name} \
                --description {description} \
                --tag-specifications 'ResourceType=security-group,{TAG}'
            if [ "$dry" = yes ]; then
                group=NEW_GROUP
            else
                group=$(ask aws ec2 describe-security-groups --region {region} --filters {groups} --query 'SecurityGroups[].GroupId')
            fi
        else
            admitted=$(ask aws ec2 describe-security-groups --region {region} --group-ids "${{group%% *}}" --query '{query}')
        fi
        pick absent "$admitted" {cidrs}
        for cidr in ${{picked[@]+"${{picked[@]}}"}}; do
            run aws ec2 authorize-security-group-ingress --region {region} --group-id "${{group%% *}}" \
                --protocol tcp --port 443 --cidr "$cidr"
        done
        run aws ec2 create-vpc-endpoint --region {region} --vpc-id {vpc} --vpc-endpoint-type Interface \
            --service-name {service_name} --private-dns-enabled \
            --subnet-ids {subnets} --security-group-ids "${{group%% *}}" \
            --tag-specifications 'ResourceType=vpc-endpoint,{TAG}'
    fi
"#
        ))
    }

    /// Ids that a list of an endpoint's is to have.
    fn list(
        &self,
        endpoint: &Endpoint,
        list: &str,
        options: [&str; 2],
        ids: &[&str],
        setting: Option<&str>,
    ) -> Option<String> {
        let region = &self.region;
        let id = bash_word(endpoint.vpc_endpoint_id.as_str())?;
        let ids = join(ids.iter().copied())?;
        let [add, remove] = options;
        let wanted = setting.map(|name| format!("        wanted {name} || return 0\n")).unwrap_or_default();
        Some(format!(
            r#"    local there
    there=$(ask aws ec2 describe-vpc-endpoints --region {region} --vpc-endpoint-ids {id} --query "$living.[VpcEndpointId, {list}][][]") || {{ unseen; return 0; }}
    if [ -z "$there" ]; then unseen 'it is gone'; return 0; fi
    if [ "$action" = rollback ]; then
        pick present "$there" {ids}
        if [ ${{#picked[@]}} = 0 ]; then nothing 'none of them is there'; return 0; fi
        run aws ec2 modify-vpc-endpoint --region {region} --vpc-endpoint-id {id} {remove} "${{picked[@]}}"
    else
        pick absent "$there" {ids}
        if [ ${{#picked[@]}} = 0 ]; then nothing 'they are there'; return 0; fi
{wanted}        run aws ec2 modify-vpc-endpoint --region {region} --vpc-endpoint-id {id} {add} "${{picked[@]}}"
    fi
"#
        ))
    }

    /// Something that is in one of two states; in a third one it is left alone.
    fn switch(&self, change: &Change, look: &str, [after, before]: [&str; 2], first: &str) -> Option<String> {
        let apply = runs(&change.words(self.region_name), "        ")?;
        let undo = runs(&change.undo_words(self.region_name), "        ")?;
        Some(format!(
            r#"    local there
    there=$(ask aws ec2 {look}) || {{ unseen; return 0; }}
    if [ "$there" != {after} ] && [ "$there" != {before} ]; then
        nothing "it is ${{there:-unknown}}, which the audit did not see"
    elif [ "$action" = rollback ]; then
        if [ "$there" = {before} ]; then nothing "it is $there"; return 0; fi
{undo}    else
        if [ "$there" = {after} ]; then nothing "it is $there"; return 0; fi
        {first}
{apply}    fi
"#
        ))
    }

    /// A block that a security group is to admit.
    fn rule(&self, change: &Change, look: &str, cidr: &str) -> Option<String> {
        let apply = runs(&change.words(self.region_name), "        ")?;
        let undo = runs(&change.undo_words(self.region_name), "        ")?;
        Some(format!(
            r#"    local there
    there=$(ask aws ec2 {look}) || {{ unseen; return 0; }}
    if [ "$action" = rollback ]; then
        pick present "$there" {cidr}
        if [ ${{#picked[@]}} = 0 ]; then nothing 'it is not admitted'; return 0; fi
{undo}    else
        pick absent "$there" {cidr}
        if [ ${{#picked[@]}} = 0 ]; then nothing 'it is admitted'; return 0; fi
{apply}    fi
"#
        ))
    }

    /// The commands and the way back. These are for people who took the marks away.
    fn plain(&self, change: &Change) -> Option<String> {
        let apply = runs(&change.words(self.region_name), "        ")?;
        let undo = match &*change.undo_words(self.region_name) {
            [] => "        nothing 'it cannot be brought back'\n".to_owned(),
            commands => runs(commands, "        ")?,
        };
        let gone = gone(&self.region, change)?;
        Some(format!("    if [ \"$action\" = rollback ]; then\n{undo}    else\n{gone}{apply}    fi\n"))
    }
}

/// Looks whether what is to end is gone already.
fn gone(region: &str, change: &Change) -> Option<String> {
    let (look, id) = match change {
        Change::DeleteEndpoint { endpoint } => {
            let pairs = [("vpc-id", endpoint.vpc_id.as_str()), ("service-name", &endpoint.service_name)];
            (format!("endpoints {region} {}", filters(&pairs)?), bash_word(endpoint.vpc_endpoint_id.as_str())?)
        }
        Change::DeleteNatGateway { nat_gateway_id } => {
            let id = bash_word(nat_gateway_id.as_str())?;
            let query = "NatGateways[?State != 'deleted' && State != 'deleting'].NatGatewayId";
            (
                format!(
                    "ask aws ec2 describe-nat-gateways --region {region} --nat-gateway-ids {id} --query \"{query}\""
                ),
                id,
            )
        }
        _ => return Some(String::new()),
    };
    Some(format!(
        r#"        local there
        there=$({look}) || {{ unseen; return 0; }}
        pick present "$there" {id}
        if [ ${{#picked[@]}} = 0 ]; then nothing 'it is gone'; return 0; fi
"#
    ))
}
