//! What the page's script works with, in one block that no markup can break out of: JSON, gzip, base64.

use std::fmt;
use std::io;

use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;

use super::chart::Charts;
use super::list::List;

/// Compressed bytes, shown as base64.
pub(super) struct Packed(Vec<u8>);

/// Packs every chart's figures and every table's rows.
pub(super) fn pack<'l, 'r: 'l>(charts: &Charts<'_>, lists: impl Iterator<Item = &'l List<'r>>) -> io::Result<Packed> {
    #[derive(Serialize)]
    struct Data<'d, 'l, 'r> {
        page: usize,
        charts: &'d Charts<'d>,
        lists: Vec<&'l List<'r>>,
    }
    let data = Data { page: super::list::PAGE, charts, lists: lists.collect() };
    // A buffer before the compressor: the serializer writes a few bytes at a time.
    let mut json = io::BufWriter::with_capacity(1 << 16, GzEncoder::new(Vec::new(), Compression::new(4)));
    serde_json::to_writer(&mut json, &data)?;
    let gzip = json.into_inner().map_err(io::IntoInnerError::into_error)?;
    Ok(Packed(gzip.finish()?))
}

impl fmt::Display for Packed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Base64Display::new(&self.0, &STANDARD).fmt(f)
    }
}
