//! Flow logs in a log group, summed by CloudWatch Logs Insights: what is asked, in which pieces, and what the answers
//! are. Pure: the calls are made elsewhere.
//!
//! An answer has 10,000 rows at the most, and nothing says how many it would have had. One that has so many is thrown
//! away and its span is asked again in two halves: by time down to a minute, then by gateway, then by what addresses end
//! in; what is too much even so is an error.
//!
//! Insights cannot cut a record at an hour, so a record's bytes all belong to the hour in which it starts, where files'
//! are spread over its seconds. Records span ten minutes at the most, and those at the window's two edges even out.

mod layout;
mod plan;
mod query;
mod rows;

pub use layout::{Layout, LayoutError, recorded_twice};
pub use plan::{Piece, Plan, TooMany, Watched};
pub use query::MOST_ROWS;
pub use rows::{Answers, Row, RowError};
