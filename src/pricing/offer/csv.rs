//! Offer files in CSV: five lines about the file, then a row for each step of each price.

use std::io::Read;

use csv::{ReaderBuilder, StringRecord};

use super::{Dimension, Listed, OfferError, Reader};

/// What stands before the column names.
const PREAMBLE: [&str; 5] = ["FormatVersion", "Disclaimer", "Publication Date", "Version", "OfferCode"];

/// Reads an offer file.
pub(super) fn file(reader: &mut Reader, input: impl Read) -> Result<(), OfferError> {
    let mut csv = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(input);
    let mut record = StringRecord::new();
    let mut about = [const { String::new() }; PREAMBLE.len()];
    for (name, value) in PREAMBLE.iter().zip(&mut about) {
        if !csv.read_record(&mut record)? || record.get(0) != Some(name) {
            return Err(OfferError::Form(format!("there is no line of {name:?} at its top")));
        }
        record.get(1).unwrap_or_default().clone_into(value);
    }
    let [_, _, published, version, offer] = &about;
    reader.is_of(offer, version, published);
    csv.read_record(&mut record)?;
    let columns = Columns::find(&record)?;
    while csv.read_record(&mut record)? {
        let field = |column: usize| record.get(column).unwrap_or_default();
        let optional = |column: Option<usize>| column.map_or("", field);
        let either = |one: Option<usize>, other: Option<usize>| {
            let one = optional(one);
            if one.is_empty() { optional(other) } else { one }
        };
        let region = Some(either(columns.region, columns.from_region)).filter(|code| !code.is_empty());
        if field(columns.term_type) != "OnDemand" || reader.find(field(columns.usage_type), region).is_none() {
            continue;
        }
        let sku = field(columns.sku);
        reader.list(Listed {
            sku: sku.to_owned(),
            usage_type: field(columns.usage_type).to_owned(),
            operation: field(columns.operation).to_owned(),
            region: region.map(str::to_owned),
            location_type: either(columns.location_type, columns.from_location_type).to_owned(),
        });
        let dimension = Dimension {
            begin: field(columns.begin).to_owned(),
            end: field(columns.end).to_owned(),
            unit: field(columns.unit).to_owned(),
            price: [(field(columns.currency).to_owned(), field(columns.price).to_owned())].into(),
        };
        reader.price(sku, &dimension)?;
    }
    Ok(())
}

/// Where each column is.
struct Columns {
    sku: usize,
    term_type: usize,
    begin: usize,
    end: usize,
    unit: usize,
    price: usize,
    currency: usize,
    usage_type: usize,
    operation: usize,
    region: Option<usize>,
    from_region: Option<usize>,
    location_type: Option<usize>,
    from_location_type: Option<usize>,
}

impl Columns {
    fn find(names: &StringRecord) -> Result<Self, OfferError> {
        let optional = |name: &str| names.iter().position(|it| it.eq_ignore_ascii_case(name));
        let of = |name: &str| optional(name).ok_or_else(|| OfferError::Form(format!("it has no column {name:?}")));
        Ok(Self {
            sku: of("SKU")?,
            term_type: of("TermType")?,
            begin: of("StartingRange")?,
            end: of("EndingRange")?,
            unit: of("Unit")?,
            price: of("PricePerUnit")?,
            currency: of("Currency")?,
            usage_type: of("usageType")?,
            operation: of("operation")?,
            region: optional("Region Code"),
            from_region: optional("From Region Code"),
            location_type: optional("Location Type"),
            from_location_type: optional("From Location Type"),
        })
    }
}
