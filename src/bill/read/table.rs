//! Bills in Parquet: which rows are ours is told by their usage types and times, and of those alone the rest is unpacked.

use std::borrow::Cow;
use std::fs::File;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
};
use arrow_array::{Array, ArrayRef, DictionaryArray, RecordBatch, StringArray};
use arrow_schema::{DataType, TimeUnit};
use jiff::Timestamp;
use parquet::arrow::arrow_reader::{RowSelection, RowSelector};
use rust_decimal::Decimal;

use super::super::form::{Columns, FIELDS, Field, Form, is_resource, is_wanted};
use super::super::ledger::Ledger;
use super::super::line::{Cells, Malformed, instant, is_usage, number};
use super::super::usage_type::Meaning;
use super::Problem;
use crate::flow_log::parquet::{Limits, Table};

type Texts = DictionaryArray<Int32Type>;

/// Opens a file.
pub(super) fn open(file: File) -> Result<Table, Problem> {
    // Resources are mostly different ones, so that a dictionary of them only costs.
    Table::open(file, Limits::BILL, |column| is_wanted(column) && !is_resource(column)).map_err(Problem::Parquet)
}

/// The form that its columns are of.
pub(super) fn form(table: &Table) -> Result<Form, Problem> {
    Ok(Columns::recognise(table.columns())?.form)
}

/// Adds all lines, or those of a part.
pub(super) fn read(
    table: &Table,
    part: Option<usize>,
    ledger: &mut Ledger,
    form: &mut Option<Form>,
) -> Result<(), Problem> {
    let columns = Columns::recognise(table.columns())?;
    *form = Some(columns.form);
    for part in part.map_or(0..table.parts(), |part| part..part + 1) {
        read_part(table, part, &columns, ledger).map_err(Problem::Parquet)?;
    }
    Ok(())
}

fn read_part(table: &Table, part: usize, columns: &Columns, ledger: &mut Ledger) -> Result<(), String> {
    let told = [Field::UsageType, Field::Class, Field::Start, Field::End];
    let told: Vec<_> = told.iter().filter_map(|field| columns.place(*field)).collect();
    let names: Vec<_> = table.columns().collect();
    let mut runs = Vec::new();
    table.read(part, &told, None, |batch| {
        ledger.bill.statistics.lines += batch.num_rows() as u64;
        let cells = Batch::new(batch, columns, &names);
        let usage_types = cells.of_values(Field::UsageType, |text| ledger.meaning(text.as_bytes()) != Meaning::Foreign);
        let usage = cells.of_values(Field::Class, |text| is_usage(text.as_bytes()));
        select(&mut runs, cells.of_rows(Field::UsageType, &usage_types, false));
        let usage: Vec<_> = cells.of_rows(Field::Class, &usage, false).collect();
        if let Some((start, end)) = cells.period(&usage) {
            ledger.saw(start, end);
        }
    })?;
    if runs.iter().all(|run| run.skip) {
        return Ok(());
    }
    let all: Vec<_> = columns.read().collect();
    table.read(part, &all, Some(RowSelection::from(runs)), |batch| {
        let batch = Batch::new(batch, columns, &names);
        let meanings = batch.of_values(Field::UsageType, |text| ledger.meaning(text.as_bytes()));
        for (row, meaning) in batch.of_rows(Field::UsageType, &meanings, Meaning::Foreign).enumerate() {
            if meaning != Meaning::Foreign {
                ledger.add(meaning, columns, &At { batch: &batch, row });
            }
        }
    })
}

/// Fewer rows are sooner read than skipped.
const GAP: usize = 256;

/// Adds rows to the runs of those that are kept, and that are not.
fn select(runs: &mut Vec<RowSelector>, rows: impl Iterator<Item = bool>) {
    for is_kept in rows {
        match runs.as_mut_slice() {
            [.., last] if last.skip != is_kept => last.row_count += 1,
            [.., kept, gap] if is_kept && gap.row_count < GAP => {
                kept.row_count += gap.row_count + 1;
                runs.pop();
            }
            _ if is_kept => runs.push(RowSelector::select(1)),
            _ => runs.push(RowSelector::skip(1)),
        }
    }
}

/// Some rows, column by column.
struct Batch {
    columns: [Option<ArrayRef>; FIELDS],
    rows: usize,
}

impl Batch {
    /// The columns of a batch stand in the order of the file, without those that are not read.
    fn new(batch: &RecordBatch, columns: &Columns, names: &[&str]) -> Self {
        let schema = batch.schema();
        let find = |field: Field| {
            let name = names.get(columns.place(field)?)?;
            let at = schema.fields().iter().position(|column| column.name() == name)?;
            batch.columns().get(at).cloned()
        };
        Self { columns: Field::ALL.map(find), rows: batch.num_rows() }
    }

    fn column(&self, field: Field) -> Option<&ArrayRef> {
        self.columns.get(field as usize)?.as_ref()
    }

    fn texts(&self, field: Field) -> Option<&Texts> {
        self.column(field)?.as_any().downcast_ref::<Texts>()
    }

    /// Something for each value of a column's dictionary.
    fn of_values<T>(&self, field: Field, mut work: impl FnMut(&str) -> T) -> Vec<T> {
        let values = self.texts(field).and_then(|texts| texts.values().as_any().downcast_ref::<StringArray>());
        values.into_iter().flatten().map(|value| work(value.unwrap_or_default())).collect()
    }

    /// The place of a row's text in the dictionary.
    fn key(&self, field: Field, row: usize) -> Option<usize> {
        let texts = self.texts(field)?;
        texts.is_valid(row).then(|| usize::try_from(texts.keys().value(row)).ok()).flatten()
    }

    /// The same for each row.
    fn of_rows<T: Copy>(&self, field: Field, of_values: &[T], otherwise: T) -> impl Iterator<Item = T> {
        let keys = self.texts(field).map(DictionaryArray::keys);
        (0..self.rows).map(move |row| {
            let key = keys.filter(|keys| keys.is_valid(row)).and_then(|keys| usize::try_from(keys.value(row)).ok());
            key.and_then(|key| of_values.get(key)).copied().unwrap_or(otherwise)
        })
    }

    /// From when to when some rows are.
    fn period(&self, chosen: &[bool]) -> Option<(Timestamp, Timestamp)> {
        let is_one = |row: &usize| chosen.get(*row).copied().unwrap_or(false);
        // Numbers first, instants once: there are as many rows as lines on the bill.
        let edge = |field: Field, pick: fn(i64, i64) -> i64| -> Option<Timestamp> {
            let column = self.column(field)?;
            if let Some(units) = units(column) {
                let rows = (0..self.rows).filter(|row| is_one(row) && column.is_valid(*row));
                let found = rows.filter_map(|row| units.get(row).copied()).reduce(pick)?;
                return time(column.data_type(), found);
            }
            let used: std::collections::BTreeSet<_> =
                (0..self.rows).filter(is_one).filter_map(|row| self.key(field, row)).collect();
            let instants = self.of_values(field, instant);
            let seconds = used.iter().filter_map(|key| instants.get(*key).copied().flatten());
            Timestamp::from_second(seconds.map(Timestamp::as_second).reduce(pick)?).ok()
        };
        edge(Field::Start, i64::min).zip(edge(Field::End, i64::max))
    }
}

/// A column's times as they are stored, if it is of such.
fn units(column: &ArrayRef) -> Option<&[i64]> {
    Some(match column.data_type() {
        DataType::Timestamp(TimeUnit::Second, _) => column.as_primitive::<TimestampSecondType>().values(),
        DataType::Timestamp(TimeUnit::Millisecond, _) => column.as_primitive::<TimestampMillisecondType>().values(),
        DataType::Timestamp(TimeUnit::Microsecond, _) => column.as_primitive::<TimestampMicrosecondType>().values(),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => column.as_primitive::<TimestampNanosecondType>().values(),
        _ => return None,
    })
}

/// An instant of a column's units.
fn time(of: &DataType, value: i64) -> Option<Timestamp> {
    match of {
        DataType::Timestamp(TimeUnit::Second, _) => Timestamp::from_second(value).ok(),
        DataType::Timestamp(TimeUnit::Millisecond, _) => Timestamp::from_millisecond(value).ok(),
        DataType::Timestamp(TimeUnit::Microsecond, _) => Timestamp::from_microsecond(value).ok(),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => Timestamp::from_nanosecond(value.into()).ok(),
        _ => None,
    }
}

/// A row of a batch.
struct At<'b> {
    batch: &'b Batch,
    row: usize,
}

impl At<'_> {
    /// A cell that is not null.
    fn cell(&self, field: Field) -> Option<&ArrayRef> {
        self.batch.column(field).filter(|column| column.is_valid(self.row))
    }
}

impl Cells for At<'_> {
    fn text(&self, field: Field) -> Option<Cow<'_, str>> {
        let text = match self.batch.texts(field) {
            Some(texts) => {
                let values = texts.values().as_any().downcast_ref::<StringArray>()?;
                let key = self.batch.key(field, self.row).filter(|key| values.is_valid(*key))?;
                values.value(key)
            }
            None => self.cell(field)?.as_any().downcast_ref::<StringArray>()?.value(self.row),
        };
        Some(text).filter(|text| !text.is_empty()).map(Cow::Borrowed)
    }

    fn number(&self, field: Field) -> Result<Option<Decimal>, Malformed> {
        let Some(column) = self.cell(field) else { return Ok(None) };
        let row = self.row;
        let value = match column.data_type() {
            // The shortest number that is the same as this one is the one that was meant.
            DataType::Float64 => number(&column.as_primitive::<Float64Type>().value(row).to_string()),
            DataType::Float32 => number(&column.as_primitive::<Float32Type>().value(row).to_string()),
            DataType::Int64 => number(&column.as_primitive::<Int64Type>().value(row).to_string()),
            DataType::Int32 => number(&column.as_primitive::<Int32Type>().value(row).to_string()),
            DataType::Decimal128(..) => number(&column.as_primitive::<Decimal128Type>().value_as_string(row)),
            _ => return self.text(field).map(|text| number(&text)).transpose(),
        };
        value.map(Some)
    }

    fn instant(&self, field: Field) -> Result<Option<Timestamp>, Malformed> {
        let Some(column) = self.cell(field) else { return Ok(None) };
        if let Some(units) = units(column) {
            return units.get(self.row).and_then(|value| time(column.data_type(), *value)).map(Some).ok_or(Malformed);
        }
        if *column.data_type() == DataType::Date32 {
            let days = i64::from(column.as_primitive::<Date32Type>().value(self.row));
            return Timestamp::from_second(days.saturating_mul(86_400)).map(Some).map_err(|_| Malformed);
        }
        self.text(field).map(|text| instant(&text).ok_or(Malformed)).transpose()
    }
}
