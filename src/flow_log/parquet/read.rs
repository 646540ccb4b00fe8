//! A part of a file read, batch by batch: of the interfaces that are looked for only, where there are such.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow_array::Array;
use arrow_schema::DataType;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, RowSelection};
use parquet::arrow::{FieldLevels, ProjectionMask, parquet_to_arrow_field_levels};

use super::super::counter::Counter;
use super::super::format::Field;
use super::super::text::{Problem, note_account};
use super::faults::wrong;
use super::pages::{Memory, Part};
use super::select::Interfaces;
use super::unpack::Scratch;
use super::{Column, Known, Limits, Parquet, wanted};
use crate::model::AccountId;

/// Rows that are decoded at once.
pub(super) const ROWS: usize = 4 << 10;

impl Parquet {
    /// Whose the first record is, which may be of no gateway, so that nothing else of it is read.
    pub(super) fn account(&self, accounts: &mut BTreeSet<AccountId>) -> Result<(), Problem> {
        let Some(levels) = self.levels(|field| field == Field::Account)? else { return Ok(()) };
        let mut batches = Self::batches(&levels, &self.pages(0), 1, None)?;
        if let Some(batch) = batches.next().transpose().map_err(wrong)? {
            let column = batch.columns().first().map(Column::of).unwrap_or_default();
            if let Column::Texts { values, .. } = &column
                && let Some(key) = column.key(0).filter(|key| !values.is_null(*key))
            {
                note_account(accounts, values.value(key).as_bytes());
            }
        }
        Ok(())
    }

    pub(super) fn part(
        &self,
        part: usize,
        known: &mut Known,
        counter: &mut Counter<'_>,
        log: u32,
    ) -> Result<(), Problem> {
        let pages = self.pages(part);
        let gateways = &counter.rules.gateways;
        let is_needed = |field| match field {
            Field::Account => false,
            Field::InterfaceType => gateways.learn,
            Field::Vpc | Field::Subnet => gateways.clients.is_some(),
            _ => true,
        };
        let Some(levels) = self.levels(is_needed)? else {
            return Err(Problem::Parquet("none of its columns is of texts or numbers".to_owned()));
        };
        let most = u64::try_from(self.metadata.metadata().row_group(part).num_rows()).unwrap_or(0);
        let too_many = || Problem::Parquet("it is damaged: there are more records than it says".to_owned());
        known.unread = self.columns().filter(|(_, is_read, _)| !is_read).map(|(_, _, field)| field).collect();
        let interfaces = self.levels(|field| field == Field::Interface)?;
        let Some(interfaces) = interfaces.filter(|_| !gateways.learn && gateways.clients.is_none()) else {
            let mut rows = 0;
            for batch in Self::batches(&levels, &pages, ROWS, None)? {
                let batch = batch.map_err(wrong)?;
                rows += batch.num_rows() as u64;
                if rows > most {
                    return Err(too_many());
                }
                known.count(&batch, counter, log);
            }
            return Ok(());
        };
        let interfaces = Self::batches(&interfaces, &pages, ROWS, None)?;
        let mut interfaces = Interfaces::new(interfaces, gateways.interfaces().map(<[u8]>::to_vec).collect());
        while let Some(span) = interfaces.next_span()? {
            if interfaces.rows() > most {
                return Err(too_many());
            }
            if span.kept > 0 {
                for batch in Self::batches(&levels, &pages, ROWS, Some(span.selection))? {
                    known.count(&batch.map_err(wrong)?, counter, log);
                }
            }
            counter.tally.statistics.records += span.left_out;
            counter.tally.statistics.other_interfaces += span.left_out;
        }
        Ok(())
    }

    /// Columns of fields: their places, whether they are of a type that is read, and the fields.
    fn columns(&self) -> impl Iterator<Item = (usize, bool, Field)> {
        self.metadata.schema().fields().iter().enumerate().filter_map(|(place, column)| {
            let is_read = matches!(column.data_type(), DataType::Dictionary(..) | DataType::Int64 | DataType::Int32);
            Some((place, is_read, wanted(column.name())?))
        })
    }

    /// What the decoder needs to know of columns, if there are any that can be read.
    fn levels(&self, is_one: impl Fn(Field) -> bool) -> Result<Option<FieldLevels>, Problem> {
        let places = self.columns().filter(|(_, is_read, field)| *is_read && is_one(*field)).map(|(place, ..)| place);
        let places: Vec<_> = places.collect();
        if places.is_empty() {
            return Ok(None);
        }
        let schema = self.metadata.parquet_schema();
        let mask = ProjectionMask::roots(schema, places);
        parquet_to_arrow_field_levels(schema, mask, Some(self.metadata.schema().fields())).map(Some).map_err(wrong)
    }

    fn pages(&self, part: usize) -> Part {
        let (file, metadata) = (Arc::clone(&self.file), Arc::clone(self.metadata.metadata()));
        Part {
            file,
            metadata,
            number: part,
            limits: Limits::FLOW_LOG,
            memory: Memory::default(),
            scratch: Scratch::default(),
        }
    }

    fn batches(
        levels: &FieldLevels,
        pages: &Part,
        rows: usize,
        selection: Option<RowSelection>,
    ) -> Result<ParquetRecordBatchReader, Problem> {
        ParquetRecordBatchReader::try_new_with_row_groups(levels, pages, rows, selection).map_err(wrong)
    }
}
