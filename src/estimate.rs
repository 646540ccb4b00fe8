//! Before the move: what an architecture costs that does not exist yet, from a plan of its traffic.
//!
//! A [`Plan`] says which VPCs there will be and how many GB a month each service takes in each Availability Zone. Every
//! architecture that could carry it is priced line by line ([`Architecture`]), and the endpoints that pay off are found
//! exactly (`search`). All of it is a function of the plan and the price book.
//!
//! What an endpoint "in some zones" means. *In its clients' zones*: clients of a zone use an interface in their own zone
//! or take the NAT gateway's way, and whether that pays off is decided for each service and zone by itself, as
//! `interface-endpoint-pays-off` chooses zones. *In one zone*: one interface takes the service's traffic of all zones, at
//! no transfer charge, which is the same rule's answer where no zone pays off alone: cheapest, and gone when that zone
//! fails. With private DNS on, the clients of zones without an interface use it as well, so that the first way never
//! costs more than is said here as long as the NAT gateway's GB are the dearer ones.
//!
//! What every architecture pays alike is left out: transfer to the internet, and NAT that the plan does not speak of.

mod architecture;
mod break_even;
mod design;
mod line;
mod plan;
mod report;
mod search;
mod site;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

pub use architecture::{Architecture, PlacedEndpoint};
pub use break_even::BreakEven;
pub use design::{Design, Endpoints, Nat};
pub use line::Line;
pub use plan::{MAX_BYTES, Plan, PlanError, TransitGateway, Vpc};
pub use report::{ArchitectureRow, EstimateReport, RegionEstimate, TrafficPoint};
