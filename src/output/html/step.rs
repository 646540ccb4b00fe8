//! The plan: what each recommended change saves that those before it do not.

use serde::Serialize;

use super::text::short;
use crate::finding::RemedyKind;
use crate::model::Usd;
use crate::output::table::range;
use crate::report::{FindingRow, Report};

/// Steps that are drawn one by one; what comes after them is one bar.
const DRAWN: usize = 15;

/// A step of the plan.
#[derive(Serialize)]
pub(super) struct Step<'r> {
    /// In a few words.
    pub(super) label: String,
    /// The finding's number, from 1.
    pub(super) number: usize,
    pub(super) low: Usd,
    pub(super) high: Usd,
    #[serde(skip)]
    pub(super) finding: &'r FindingRow,
}

/// From today's cost to the cost after every step.
#[derive(Serialize)]
pub(super) struct Waterfall<'r> {
    pub(super) current: Usd,
    pub(super) steps: Vec<Step<'r>>,
    /// The steps after those: how many, and what they save.
    pub(super) others: usize,
    pub(super) others_low: Usd,
    pub(super) others_high: Usd,
    /// What is left at the least and at the most.
    pub(super) left_low: Usd,
    pub(super) left_high: Usd,
}

/// Every step that saves something, in the plan's order.
pub(super) fn steps(report: &Report) -> impl Iterator<Item = Step<'_>> {
    report.plan.iter().filter(|step| !step.saving_high.rounded().is_zero()).filter_map(|step| {
        let finding = report.findings.get(step.finding)?;
        let (low, high) = (step.saving_low, step.saving_high);
        Some(Step { label: label(finding), number: step.finding + 1, low, high, finding })
    })
}

impl Step<'_> {
    /// What it saves.
    pub(super) fn saving(&self) -> String {
        range(self.low, self.high)
    }
}

impl<'r> Waterfall<'r> {
    pub(super) fn new(report: &'r Report) -> Self {
        let month = &report.totals.monthly_usd;
        let mut steps: Vec<_> = steps(report).collect();
        let others = if steps.len() > DRAWN + 1 { steps.split_off(DRAWN) } else { Vec::new() };
        Self {
            current: month.current,
            others: others.len(),
            others_low: others.iter().map(|step| step.low).sum(),
            others_high: others.iter().map(|step| step.high).sum(),
            left_low: month.current - month.saving_high,
            left_high: month.current - month.saving_low,
            steps,
        }
    }
}

/// What to do and where, in a few words.
fn label(finding: &FindingRow) -> String {
    let service = finding.service.as_ref().map(|service| format!("{} ", service.title())).unwrap_or_default();
    let what = match finding.remedy.kind {
        RemedyKind::CreateGatewayEndpoint => format!("Create {service}gateway endpoint"),
        RemedyKind::AssociateRouteTables => format!("Associate tables with {service}endpoint"),
        RemedyKind::CreateInterfaceEndpoint => format!("Create {service}interface endpoint"),
        RemedyKind::DeleteNatGateway => "Delete idle NAT gateway".to_owned(),
        RemedyKind::RouteWithinZone => "Use a NAT gateway of the same zone".to_owned(),
        RemedyKind::DeleteEndpoint => format!("Delete {service}endpoint"),
        RemedyKind::ChangeEndpointDns => format!("Turn on private DNS of {service}endpoint"),
        RemedyKind::AddEndpointSubnets => format!("Add zones to {service}endpoint"),
        RemedyKind::ChangeSecurityGroup => "Change a security group".to_owned(),
        RemedyKind::RestrictEndpointPolicy => "Restrict an endpoint policy".to_owned(),
        RemedyKind::RepairEndpoint => "Repair an endpoint".to_owned(),
        RemedyKind::ChangeSubnet => "Change a subnet's IPv6 settings".to_owned(),
    };
    let place = finding.vpc_name.as_deref().unwrap_or(finding.vpc_id.as_str());
    format!("{what} · {}", short(place))
}
