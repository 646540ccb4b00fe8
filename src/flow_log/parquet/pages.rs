//! The pages of a part of a file, under a bound of memory. The decoder is told that nothing is packed, so that it hands
//! out pages as they are in the file; they are unpacked here, and looked at before it makes anything of them.

use std::fs::File;
use std::io::{Cursor, Read, Seek, SeekFrom};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use parquet::arrow::arrow_reader::RowGroups;
use parquet::basic::{Compression, Encoding, Type};
use parquet::column::page::{Page, PageIterator, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::reader::{ChunkReader, Length};
use parquet::file::serialized_reader::SerializedPageReader;

use super::Limits;
use super::delta;
use super::unpack::{Codec, MOST, Scratch, too_large};

/// What the pages of all columns may come to that are there at once.
const MOST_AT_ONCE: usize = 32 << 20;

/// What is made of a dictionary's value, beside the value.
const OF_A_VALUE: usize = 32;

/// What a page may have beside its values.
const BESIDE: usize = 128;

/// What is read at once of a file, so a page's header with what is behind it.
const AHEAD: usize = 64 << 10;

const TOO_LONG: &str = "its texts are longer than any field's, or damaged";

fn wrong(problem: &str) -> ParquetError {
    ParquetError::General(problem.to_owned())
}

/// One row group of a file.
pub(super) struct Part {
    pub(super) file: Arc<Mutex<File>>,
    pub(super) metadata: Arc<ParquetMetaData>,
    pub(super) number: usize,
    pub(super) limits: Limits,
    pub(super) memory: Memory,
    pub(super) scratch: Scratch,
}

impl RowGroups for Part {
    fn num_rows(&self) -> usize {
        usize::try_from(self.metadata.row_group(self.number).num_rows()).unwrap_or(0)
    }

    fn column_chunks(&self, column: usize) -> Result<Box<dyn PageIterator>> {
        let of = self.metadata.row_group(self.number).column(column);
        let codec = Codec::of(of.compression(), &self.scratch)?;
        let plain = of.clone().into_builder().set_compression(Compression::UNCOMPRESSED).build()?;
        let (start, length) = plain.byte_range();
        let window = Mutex::new((start, Bytes::new()));
        let chunk = Chunk { file: Arc::clone(&self.file), end: start.saturating_add(length), window };
        let packed = SerializedPageReader::new(Arc::new(chunk), &plain, self.num_rows(), None)?;
        let (kind, levels) = (of.column_type(), of.column_descr().max_def_level());
        let (limits, memory) = (self.limits, self.memory.clone());
        let pages = Pages { packed, codec, kind, levels, limits, memory, dictionary: None };
        Ok(Box::new(Only(Some(Box::new(pages)))))
    }

    fn row_groups(&self) -> Box<dyn Iterator<Item = &RowGroupMetaData> + '_> {
        Box::new(std::iter::once(self.metadata.row_group(self.number)))
    }

    fn metadata(&self) -> &ParquetMetaData {
        &self.metadata
    }
}

/// The pages of one column of one part are all there are of it.
struct Only(Option<Box<dyn PageReader>>);

impl Iterator for Only {
    type Item = Result<Box<dyn PageReader>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.take().map(Ok)
    }
}

impl PageIterator for Only {}

/// How much of pages is there.
#[derive(Debug, Clone, Default)]
pub(super) struct Memory(Arc<AtomicUsize>);

impl Memory {
    fn hold(&self, size: usize) -> Result<Held> {
        let held = Held { memory: self.clone(), size };
        if self.0.fetch_add(size, Ordering::Relaxed).saturating_add(size) > MOST_AT_ONCE {
            return Err(wrong("its pages are too large to be read side by side"));
        }
        Ok(held)
    }
}

/// Some of it.
struct Held {
    memory: Memory,
    size: usize,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.memory.0.fetch_sub(self.size, Ordering::Relaxed);
    }
}

/// A page's bytes, which are held as long as somebody has some of them.
struct Kept<B> {
    bytes: B,
    _held: Held,
}

impl<B: AsRef<[u8]>> AsRef<[u8]> for Kept<B> {
    fn as_ref(&self) -> &[u8] {
        self.bytes.as_ref()
    }
}

/// The pages of a column.
struct Pages {
    packed: SerializedPageReader<Chunk>,
    codec: Codec,
    kind: Type,
    /// How deep its definition levels go: none where no value may lack.
    levels: i16,
    limits: Limits,
    memory: Memory,
    /// As long as what was made of it may be there.
    dictionary: Option<Held>,
}

impl Pages {
    fn unpacked(&mut self, page: Page) -> Result<Page> {
        match page {
            Page::DictionaryPage { buf, num_values, encoding, is_sorted } => {
                let buf = self.bytes(buf, 0)?;
                self.check_dictionary(&buf, num_values)?;
                let size = OF_A_VALUE.saturating_mul(usize::try_from(num_values).unwrap_or(MOST));
                self.dictionary = Some(self.memory.hold(buf.len().saturating_add(size))?);
                Ok(Page::DictionaryPage { buf, num_values, encoding, is_sorted })
            }
            Page::DataPage { buf, num_values, encoding, def_level_encoding, rep_level_encoding, .. } => {
                let buf = self.bytes(buf, 0)?;
                let levels = || match buf.first_chunk() {
                    _ if self.levels == 0 => Some(0),
                    Some(length) if def_level_encoding == Encoding::RLE => {
                        usize::try_from(u32::from_le_bytes(*length)).ok()?.checked_add(4)
                    }
                    _ => None,
                };
                let (buf, encoding) = self.values(&buf, num_values, encoding, levels)?;
                let statistics = None;
                Ok(Page::DataPage { buf, num_values, encoding, def_level_encoding, rep_level_encoding, statistics })
            }
            Page::DataPageV2 {
                buf,
                num_values,
                encoding,
                num_nulls,
                num_rows,
                def_levels_byte_len,
                rep_levels_byte_len,
                is_compressed,
                ..
            } => {
                let levels = u64::from(def_levels_byte_len) + u64::from(rep_levels_byte_len);
                let levels = usize::try_from(levels).unwrap_or(usize::MAX);
                let buf = self.bytes(buf, if is_compressed { levels } else { usize::MAX })?;
                if levels > buf.len() {
                    return Err(wrong("it is damaged: a page is smaller than its levels"));
                }
                let (buf, encoding) = self.values(&buf, num_values, encoding, || Some(levels))?;
                Ok(Page::DataPageV2 {
                    buf,
                    num_values,
                    encoding,
                    num_nulls,
                    num_rows,
                    def_levels_byte_len,
                    rep_levels_byte_len,
                    is_compressed: false,
                    statistics: None,
                })
            }
        }
    }

    /// Unpacked behind the first ones.
    fn bytes(&mut self, packed: Bytes, first: usize) -> Result<Bytes> {
        if self.codec.is_plain() || first >= packed.len() {
            let held = self.memory.hold(packed.len())?;
            return Ok(Bytes::from_owner(Kept { bytes: packed, _held: held }));
        }
        let (first, packed) = packed.split_at(first);
        let mut bytes = first.to_vec();
        self.codec.unpack(packed, &mut bytes)?;
        let held = self.memory.hold(bytes.len())?;
        Ok(Bytes::from_owner(Kept { bytes, _held: held }))
    }

    fn check_dictionary(&self, page: &[u8], values: u32) -> Result<()> {
        let too_many = || wrong("it is damaged: a dictionary is shorter than it says");
        // No value has fewer bytes: texts have their length before them.
        if u64::from(values) * 4 > page.len() as u64 {
            return Err(too_many());
        }
        let mut left = page;
        while self.kind == Type::BYTE_ARRAY
            && let Some((length, more)) = left.split_first_chunk()
        {
            let length = u32::from_le_bytes(*length);
            if length > self.limits.longest {
                return Err(wrong("a text of it is longer than any field's"));
            }
            left = usize::try_from(length).ok().and_then(|length| more.get(length..)).ok_or_else(too_many)?;
        }
        Ok(())
    }

    /// A page's bytes, its texts as they are, and how these are encoded.
    fn values(
        &self,
        page: &Bytes,
        values: u32,
        encoding: Encoding,
        levels: impl FnOnce() -> Option<usize>,
    ) -> Result<(Bytes, Encoding)> {
        let is_delta = matches!(encoding, Encoding::DELTA_BYTE_ARRAY | Encoding::DELTA_LENGTH_BYTE_ARRAY);
        if self.kind != Type::BYTE_ARRAY || !(is_delta || encoding == Encoding::PLAIN) {
            return Ok((page.clone(), encoding));
        }
        let values = usize::try_from(values).unwrap_or(MOST);
        let most = values.saturating_mul(self.limits.mean).saturating_add(BESIDE);
        if !is_delta {
            return if page.len() > most { Err(wrong(TOO_LONG)) } else { Ok((page.clone(), encoding)) };
        }
        let (levels, data) =
            levels().and_then(|levels| page.split_at_checked(levels)).ok_or_else(|| wrong(TOO_LONG))?;
        let mut bytes = levels.to_vec();
        let has_prefixes = encoding == Encoding::DELTA_BYTE_ARRAY;
        delta::written_out(has_prefixes, data, values, most.min(MOST), &mut bytes).ok_or_else(|| wrong(TOO_LONG))?;
        let held = self.memory.hold(bytes.len())?;
        Ok((Bytes::from_owner(Kept { bytes, _held: held }), Encoding::PLAIN))
    }
}

impl Iterator for Pages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for Pages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        self.packed.get_next_page()?.map(|page| self.unpacked(page)).transpose()
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.packed.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.packed.skip_next_page()
    }

    fn supports_deferred_dictionary(&self) -> bool {
        self.packed.supports_deferred_dictionary()
    }

    fn take_deferred_dictionary(&mut self) -> Result<Option<Page>> {
        self.packed.take_deferred_dictionary()?.map(|page| self.unpacked(page)).transpose()
    }

    fn at_record_boundary(&mut self) -> Result<bool> {
        self.packed.at_record_boundary()
    }
}

/// A column's bytes in the file, of which a window is there.
struct Chunk {
    file: Arc<Mutex<File>>,
    end: u64,
    window: Mutex<(u64, Bytes)>,
}

impl Chunk {
    fn read(&self, start: u64, length: usize) -> Result<Bytes> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::with_capacity(length);
        (&mut *file).take(length as u64).read_to_end(&mut bytes)?;
        Ok(bytes.into())
    }

    /// What the window has from a place on.
    fn ahead(&self, start: u64) -> Option<Bytes> {
        let window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        let place = usize::try_from(start.checked_sub(window.0)?).ok()?;
        (place < window.1.len()).then(|| window.1.slice(place..))
    }
}

impl Length for Chunk {
    fn len(&self) -> u64 {
        self.end
    }
}

impl ChunkReader for Chunk {
    type T = Cursor<Bytes>;

    /// For headers only, which are small.
    fn get_read(&self, start: u64) -> Result<Self::T> {
        let left = self.end.saturating_sub(start);
        let wanted = usize::try_from(left).unwrap_or(AHEAD).min(AHEAD);
        if let Some(ahead) = self.ahead(start).filter(|ahead| ahead.len() >= wanted.min(AHEAD / 16)) {
            return Ok(Cursor::new(ahead));
        }
        let bytes = self.read(start, wanted)?;
        *self.window.lock().unwrap_or_else(PoisonError::into_inner) = (start, bytes.clone());
        Ok(Cursor::new(bytes))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        if length > MOST {
            return Err(too_large());
        }
        if let Some(ahead) = self.ahead(start).filter(|ahead| ahead.len() >= length) {
            return Ok(ahead.slice(..length));
        }
        let bytes = self.read(start, length)?;
        if bytes.len() < length {
            return Err(ParquetError::EOF("it ends within a page".to_owned()));
        }
        Ok(bytes)
    }
}
