//! Pages unpacked, up to a size: the decoder's own codecs make room for whatever a page says of itself, and one of them
//! for whatever comes out of it.

use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};

use lz4_flex::frame::FrameDecoder;
use parquet::basic::Compression;
use parquet::errors::{ParquetError, Result};

use super::super::gzip::Gzip;

/// What a page may come to. Writers end pages at one megabyte unless told otherwise.
pub(super) const MOST: usize = 8 << 20;

/// What a page may come to while others are unpacked. Larger ones wait for each other, since whether there is no end to
/// one shows only late.
const MOST_BESIDE_OTHERS: usize = 2 << 20;

/// Deflate's best: a bit for each 129 bytes.
const MOST_BY_DEFLATE: usize = 1032;

/// LZ4's best: a byte for each 255.
const MOST_BY_LZ4: usize = 255;

/// Room for what does not tell its size.
pub(super) type Scratch = Arc<Mutex<Vec<u8>>>;

/// How the pages of a column are packed.
pub(super) enum Codec {
    Plain,
    Gzip,
    Snappy,
    Zstd(zstd::bulk::Decompressor<'static>, Scratch),
    Lz4Raw(Scratch),
    Lz4(Scratch),
}

impl Codec {
    pub(super) fn of(codec: Compression, scratch: &Scratch) -> Result<Self> {
        match codec {
            Compression::UNCOMPRESSED => Ok(Self::Plain),
            Compression::GZIP(_) => Ok(Self::Gzip),
            Compression::SNAPPY => Ok(Self::Snappy),
            Compression::ZSTD(_) => Ok(Self::Zstd(zstd::bulk::Decompressor::new()?, Arc::clone(scratch))),
            Compression::LZ4_RAW => Ok(Self::Lz4Raw(Arc::clone(scratch))),
            Compression::LZ4 => Ok(Self::Lz4(Arc::clone(scratch))),
            other => Err(ParquetError::General(format!("its pages are packed by {other}, which is not read"))),
        }
    }

    pub(super) fn is_plain(&self) -> bool {
        matches!(self, Self::Plain)
    }

    /// Adds what is packed.
    pub(super) fn unpack(&mut self, packed: &[u8], to: &mut Vec<u8>) -> Result<()> {
        static LARGE: Mutex<()> = Mutex::new(());
        let start = to.len();
        if self.unpack_to(packed, to, MOST_BESIDE_OTHERS).is_ok() {
            return Ok(());
        }
        let _turn = LARGE.lock().unwrap_or_else(PoisonError::into_inner);
        to.truncate(start);
        let result = self.unpack_to(packed, to, MOST);
        if result.is_err() {
            // Before it is another's turn.
            *to = Vec::new();
        }
        result
    }

    fn unpack_to(&mut self, packed: &[u8], to: &mut Vec<u8>, most: usize) -> Result<()> {
        match self {
            // A page without values.
            _ if packed.is_empty() => {}
            Self::Plain => to.extend_from_slice(packed),
            Self::Gzip => gzip(packed, to, most)?,
            Self::Snappy => {
                let size = snap::raw::decompress_len(packed)?;
                if size > most {
                    return Err(too_large());
                }
                let start = to.len();
                to.resize(start + size, 0);
                snap::raw::Decoder::new().decompress(packed, to.get_mut(start..).unwrap_or_default())?;
            }
            Self::Zstd(codec, scratch) => {
                through(scratch, most, to, |room| Ok(codec.decompress_to_buffer(packed, room)?))?;
            }
            Self::Lz4Raw(scratch) => through(scratch, room_of_lz4(packed, most), to, |room| raw_lz4(packed, room))?,
            // Hadoop's framing of blocks, or LZ4's own, or none, by whoever wrote it: as the decoder itself tries.
            Self::Lz4(scratch) => {
                let start = to.len();
                if through(scratch, room_of_lz4(packed, most), to, |room| hadoop(packed, room)).is_ok() {
                    return Ok(());
                }
                let frames = FrameDecoder::new(packed).take(most as u64 + 1).read_to_end(to);
                if frames.is_ok() {
                    return if to.len() - start > most { Err(too_large()) } else { Ok(()) };
                }
                to.truncate(start);
                through(scratch, room_of_lz4(packed, most), to, |room| raw_lz4(packed, room))?;
            }
        }
        Ok(())
    }
}

pub(super) fn too_large() -> ParquetError {
    ParquetError::General(format!("a page of it has more than {} MB", MOST >> 20))
}

/// Its end says how much there is, unless it lies, or has several members.
fn gzip(packed: &[u8], to: &mut Vec<u8>, most: usize) -> Result<()> {
    let said = packed.last_chunk().map_or(0, |size| u32::from_le_bytes(*size));
    let room = usize::try_from(said).unwrap_or(most).min(most).min(packed.len().saturating_mul(MOST_BY_DEFLATE));
    let start = to.len();
    let mut codec = Gzip::new(packed);
    to.resize(start + room, 0);
    let mut end = start;
    loop {
        let room = to.get_mut(end..).unwrap_or_default();
        if !room.is_empty() {
            match codec.read(room)? {
                0 => break,
                read => end += read,
            }
            continue;
        }
        let mut more = [0; 512];
        let more = match codec.read(&mut more)? {
            0 => break,
            read => more.get(..read).unwrap_or_default(),
        };
        to.extend_from_slice(more);
        end = to.len();
        if end - start > most {
            return Err(too_large());
        }
        to.resize(start + (2 * (end - start)).min(most), 0);
    }
    to.truncate(end);
    Ok(())
}

/// By way of room that is there once.
fn through(
    scratch: &Scratch,
    size: usize,
    to: &mut Vec<u8>,
    unpack: impl FnOnce(&mut [u8]) -> Result<usize>,
) -> Result<()> {
    let mut scratch = scratch.lock().unwrap_or_else(PoisonError::into_inner);
    if scratch.len() < size {
        // Zeros that nobody wrote take no memory.
        *scratch = vec![0; size];
    }
    let size = unpack(scratch.get_mut(..size).unwrap_or_default())?;
    to.extend_from_slice(scratch.get(..size).unwrap_or_default());
    Ok(())
}

fn room_of_lz4(packed: &[u8], most: usize) -> usize {
    packed.len().saturating_mul(MOST_BY_LZ4).min(most)
}

fn raw_lz4(packed: &[u8], room: &mut [u8]) -> Result<usize> {
    lz4_flex::block::decompress_into(packed, room).map_err(|error| ParquetError::External(Box::new(error)))
}

/// Blocks, each behind its size and its packed size.
fn hadoop(mut packed: &[u8], room: &mut [u8]) -> Result<usize> {
    let wrong = || ParquetError::General("it has no frames of Hadoop's".to_owned());
    let mut end = 0_usize;
    while !packed.is_empty() {
        let mut size = || {
            let (size, left) = packed.split_first_chunk()?;
            packed = left;
            usize::try_from(u32::from_be_bytes(*size)).ok()
        };
        let (size, packed_size) = size().zip(size()).ok_or_else(wrong)?;
        let (block, left) = packed.split_at_checked(packed_size).ok_or_else(wrong)?;
        let room = end.checked_add(size).and_then(|to| room.get_mut(end..to)).ok_or_else(wrong)?;
        if raw_lz4(block, room)? != size {
            return Err(wrong());
        }
        end += size;
        packed = left;
    }
    Ok(end)
}
