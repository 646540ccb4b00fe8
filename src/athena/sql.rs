//! The one statement that a table is asked: it reads the partitions of some windows, keeps the gateways' records, tells
//! their legs, cuts their bytes at hours, and sums.

mod text;

use std::collections::BTreeSet;

use text::{Hours, legs, records, sums};

use super::columns::Table;
use super::legs::Gateways;
use super::partitions::{self, filter};
use super::{TableError, quote};
use crate::flow_log::watch::Gateway;
use crate::model::{RegionName, Window};

/// Athena takes no longer statement.
/// <https://docs.aws.amazon.com/athena/latest/ug/service-limits.html>
pub(super) const LONGEST: usize = 262_144;

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Question<'q> {
    /// The data catalogue, where it is not the account's own.
    pub catalog: Option<&'q str>,
    /// The database.
    pub database: &'q str,
    /// The table.
    pub table: &'q str,
    /// Which hours: in order, apart from each other.
    pub windows: &'q [Window],
    /// Whose records.
    pub gateways: &'q [Gateway],
    /// Whether every sum is to tell its hour; else the hours of each gateway are summed beside its flows.
    pub by_hour: bool,
}

/// A statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// It.
    pub sql: String,
    /// What is to be said of it: what is read that is not needed, what cannot be told.
    pub notes: Vec<String>,
}

impl Question<'_> {
    /// Writes the statement for a table.
    ///
    /// # Errors
    /// When the table cannot be asked.
    pub fn statement(&self, table: &Table) -> Result<Statement, TableError> {
        if self.windows.is_empty() {
            return Err(TableError::NoHour);
        }
        let gateways = Gateways::new(self.gateways);
        let regions: Option<BTreeSet<RegionName>> =
            self.gateways.iter().map(|gateway| gateway.region.clone()).collect();
        let found = filter(&table.metadata, &partitions::Hours::of_folders(self.windows), regions.as_ref())?;
        let mut notes = found.notes;
        let records = of_gateways(table, &gateways).ok_or_else(|| match (self.gateways, &table.resource) {
            ([], _) => TableError::NoGateway,
            (_, None) => table.metadata.lacks("resource-id, which regional NAT gateways are told by"),
            (_, Some(_)) => table.metadata.lacks("interface-id"),
        })?;
        if table.resource.is_none() && self.gateways.iter().any(|gateway| gateway.regional) {
            notes.push("the table has no column for resource-id, which regional NAT gateways are told by".to_owned());
        }
        if table.metadata.is_view {
            notes.push(
                "a view does not tell the files of its records: two flow logs of one gateway would count twice"
                    .to_owned(),
            );
        }
        let conditions = found.conditions.into_iter().chain([records]).collect::<Vec<_>>().join("\n        AND ");
        let sql = self.write(table, &gateways, &conditions);
        if sql.len() > LONGEST {
            return Err(TableError::TooLong(sql.len()));
        }
        Ok(Statement { sql, notes })
    }

    fn from(&self) -> String {
        let parts = [self.catalog, Some(self.database), Some(self.table)];
        parts.into_iter().flatten().map(quote::name).collect::<Vec<_>>().join(".")
    }

    fn write(&self, table: &Table, gateways: &Gateways, conditions: &str) -> String {
        let hours = Hours::of(self.windows);
        [records(table, gateways, &self.from(), conditions), legs(), hours.counted(), hours.parts(), sums(self.by_hour)]
            .concat()
    }
}

/// The condition that a record is of a gateway. None without any that the table can tell.
fn of_gateways(table: &Table, gateways: &Gateways) -> Option<String> {
    let list = |names: &[String]| names.iter().map(|name| quote::text(name)).collect::<Vec<_>>().join(", ");
    let one_of = |expression: &Option<String>, names: &[String]| {
        let expression = expression.as_ref().filter(|_| !names.is_empty())?;
        Some(format!("{} IN ({})", bare(expression), list(names)))
    };
    let of_interface = one_of(&table.interface, &gateways.interfaces);
    let of_resource = one_of(&table.resource, &gateways.resources).map(|resource| match &table.interface {
        Some(interface) => format!("{interface} = '-' AND {resource}"),
        None => resource,
    });
    match (of_interface, of_resource) {
        (Some(interface), Some(resource)) => Some(format!("({interface} OR ({resource}))")),
        (one, other) => one.or(other),
    }
}

/// The column itself: what a file's statistics, and Parquet's dictionaries, can be compared with.
fn bare(expression: &str) -> &str {
    expression.strip_prefix("coalesce(").and_then(|rest| rest.strip_suffix(", '-')")).unwrap_or(expression)
}

#[cfg(test)]
mod tests;
