//! The figures behind the page's charts. What the charts show also stands in tables beside them.

use serde::Serialize;

use super::flow::{Flows, flows};
use super::map::{Maps, maps};
use super::series::Series;
use super::step::Waterfall;
use crate::model::Usd;
use crate::report::Report;

/// Every chart.
#[derive(Serialize)]
pub(super) struct Charts<'r> {
    pub(super) components: Vec<Component>,
    pub(super) waterfall: Waterfall<'r>,
    pub(super) series: Series<'r>,
    pub(super) flows: Option<Flows>,
    pub(super) maps: Maps,
}

/// A part of the window's cost.
#[derive(Serialize)]
pub(super) struct Component {
    pub(super) name: &'static str,
    pub(super) usd: Option<Usd>,
}

impl<'r> Charts<'r> {
    pub(super) fn new(report: &'r Report) -> Self {
        let window = &report.totals.window_usd;
        let parts = [
            ("NAT data", window.nat_data),
            ("NAT hours", window.nat_hours),
            ("NAT addresses", window.other),
            ("Endpoint hours", window.endpoint_hours),
            ("Endpoint data", window.endpoint_data),
        ];
        Self {
            components: parts.into_iter().map(|(name, usd)| Component { name, usd }).collect(),
            waterfall: Waterfall::new(report),
            series: Series::new(report),
            flows: flows(report),
            maps: maps(report),
        }
    }
}
