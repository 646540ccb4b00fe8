//! What do NAT gateways and VPC endpoints cost, what part of it is waste, and what exactly to change?
//!
//! An account becomes a [`model::Snapshot`]; pure audits over its topology, with a price book, yield findings; a
//! report orders and totals them; a renderer writes it. Data flows one way, and everything behind the snapshot does
//! no I/O.

pub mod address;
pub mod assumption;
#[cfg(feature = "flow-logs")]
pub mod athena;
pub mod attribution;
pub mod audit;
#[cfg(feature = "cli")]
pub mod aws;
pub mod bill;
pub mod catalogue;
pub mod change;
#[cfg(feature = "cli")]
pub mod cli;
mod command;
#[cfg(feature = "cli")]
pub mod commands;
pub mod cost;
pub mod difference;
pub mod estimate;
pub mod finding;
#[cfg(feature = "flow-logs")]
pub mod flow_log;
pub mod history;
#[cfg(feature = "flow-logs")]
pub mod insights;
pub mod model;
pub mod output;
pub mod pricing;
#[cfg(feature = "cli")]
pub mod progress;
pub mod reconciliation;
pub mod redact;
pub mod report;
pub mod resolver_log;
pub mod sample;
#[cfg(test)]
mod testing;
pub mod topology;
pub mod traffic;

/// Who wrote a snapshot or report: program and version.
pub const GENERATED_BY: &str = concat!("natwise ", env!("CARGO_PKG_VERSION"));
