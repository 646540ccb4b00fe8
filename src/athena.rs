//! Flow logs that are a table of Athena: from the table's metadata to one SQL statement, and from its rows to sums.
//!
//! No network here: `commands` asks AWS, and `aws::athena` speaks with it. The statement does in Trino's SQL what
//! `flow_log` does with files: the same legs, the same part of a record in each hour, to the byte. Both are tested
//! against each other on an engine of its own.

mod columns;
pub mod ddl;
mod folders;
mod guide;
mod legs;
mod partitions;
mod quote;
mod rows;
mod sql;

pub use columns::{Column, Metadata, Table};
pub use folders::{Folders, Step, folders};
pub use guide::guide;
pub use partitions::Hours;
pub use rows::{RowError, Rows};
pub use sql::{Question, Statement};

/// Why a table cannot be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// A column that nothing can do without.
    #[error("the table has no column for {field}: it has {columns}")]
    NoColumn {
        /// The flow log's field.
        field: &'static str,
        /// The columns there are.
        columns: String,
    },
    /// A column of a type that its field cannot have.
    #[error("the table's column {column:?} is of type {kind:?}, which {field} cannot be read from")]
    Kind {
        /// The column.
        column: String,
        /// Its type.
        kind: String,
        /// The flow log's field.
        field: &'static str,
    },
    /// A partition column whose values must be named, and are not known.
    #[error(
        "the table's partition column {0:?} is projected as injected, so that a query must name its values, and natwise does not know them; have it projected as an enum"
    )]
    Injected(String),
    /// There is nobody to look for.
    #[error(
        "it is not known which interfaces are NAT gateways: pass --snapshot FILE, or --nat eni-…=ADDRESS for each gateway"
    )]
    NoGateway,
    /// Athena takes no longer one.
    #[error("the statement has {0} bytes, and Athena takes {most} at the most: ask for fewer gateways", most = sql::LONGEST)]
    TooLong(usize),
    /// No hour.
    #[error("there is no hour to read")]
    NoHour,
}
