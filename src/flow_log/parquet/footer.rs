//! What a file says of itself, looked through before the decoder believes it: the decoder makes room for as much as is
//! promised, and goes as deep as columns are nested.
//!
//! <https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>

use std::io::{self, Read, Seek, SeekFrom};

use super::super::text::Problem;
use super::Limits;
use super::delta::number;

/// Of anything else that a footer lists itself.
const MOST_LISTED: u64 = 1 << 14;

/// How deep what is skipped may be nested.
const DEEPEST: usize = 16;

/// What ends a Parquet file: the length of its footer, and this.
const MARK: &[u8; 4] = b"PAR1";

/// Whether the footer asks for no more than is allowed.
pub(super) fn check(mut file: impl Read + Seek, limits: Limits) -> Result<(), Problem> {
    let footer = read(&mut file, limits)?;
    let mut walk = Walk { left: &footer, most_columns: limits.columns };
    walk.file().ok_or_else(|| Problem::Parquet("it is damaged: its footer makes no sense".to_owned()))
}

fn read(file: &mut (impl Read + Seek), limits: Limits) -> Result<Vec<u8>, Problem> {
    let size = file.seek(SeekFrom::End(0))?;
    let too_short = || Problem::Parquet("it is damaged: it does not end as Parquet does".to_owned());
    let tail = size.checked_sub(8).ok_or_else(too_short)?;
    file.seek(SeekFrom::Start(tail))?;
    let (mut length, mut mark) = ([0; 4], [0; 4]);
    file.read_exact(&mut length)?;
    file.read_exact(&mut mark)?;
    let length = u64::from(u32::from_le_bytes(length));
    if mark != *MARK || length > tail {
        return Err(too_short());
    }
    if length > limits.footer {
        return Err(Problem::Parquet(format!("its footer has more than {} MB", limits.footer >> 20)));
    }
    file.seek(SeekFrom::Start(tail - length))?;
    let mut footer = Vec::new();
    file.take(length).read_to_end(&mut footer)?;
    if footer.len() as u64 != length {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
    }
    Ok(footer)
}

/// Through Thrift's compact protocol; `None` where it is none, or more than is allowed.
struct Walk<'f> {
    left: &'f [u8],
    most_columns: u64,
}

/// Types of the protocol that are looked into.
const I32: u8 = 5;
const LIST: u8 = 9;
const STRUCT: u8 = 12;

impl Walk<'_> {
    fn file(&mut self) -> Option<()> {
        self.fields(&mut |walk, id, kind| match (id, kind) {
            (2, LIST) => {
                let (of, length) = walk.list()?;
                (of == STRUCT && length <= walk.most_columns).then_some(())?;
                (0..length).try_for_each(|_| walk.column())
            }
            (_, LIST) => {
                let (of, length) = walk.list()?;
                (length <= MOST_LISTED).then_some(())?;
                (0..length).try_for_each(|_| walk.skip_listed(of, 0))
            }
            _ => walk.skip(kind, 0),
        })
    }

    /// A column, or a group of some.
    fn column(&mut self) -> Option<()> {
        self.fields(&mut |walk, id, kind| {
            if (id, kind) != (5, I32) {
                return walk.skip(kind, 0);
            }
            // Numbers have their sign in the last bit.
            let length = walk.number()?;
            (length % 2 == 0 && length / 2 <= walk.most_columns).then_some(())
        })
    }

    fn fields(&mut self, field: &mut dyn FnMut(&mut Self, i64, u8) -> Option<()>) -> Option<()> {
        let mut id = 0_i64;
        loop {
            let head = self.byte()?;
            let (step, kind) = (head >> 4, head & 15);
            if kind == 0 {
                return Some(());
            }
            id = if step == 0 { self.signed()? } else { id.checked_add(step.into())? };
            field(self, id, kind)?;
        }
    }

    fn skip(&mut self, kind: u8, depth: usize) -> Option<()> {
        match kind {
            // Booleans that are fields have their value in the type.
            1 | 2 => Some(()),
            3 => self.bytes(1),
            4..=6 => self.number().map(drop),
            7 => self.bytes(8),
            8 => {
                let length = self.number()?;
                self.bytes(length)
            }
            9 | 10 => {
                let (of, length) = self.list()?;
                (0..length).try_for_each(|_| self.skip_listed(of, depth + 1))
            }
            11 => {
                let length = self.number()?;
                let of = if length == 0 { 0 } else { self.byte()? };
                (0..length).try_for_each(|_| {
                    self.skip_listed(of >> 4, depth + 1)?;
                    self.skip_listed(of & 15, depth + 1)
                })
            }
            12 if depth < DEEPEST => self.fields(&mut |walk, _, kind| walk.skip(kind, depth + 1)),
            13 => self.bytes(16),
            _ => None,
        }
    }

    fn skip_listed(&mut self, kind: u8, depth: usize) -> Option<()> {
        if depth > DEEPEST {
            return None;
        }
        match kind {
            1 | 2 => self.bytes(1),
            _ => self.skip(kind, depth),
        }
    }

    /// What a list is of, and its length, for which there must be bytes.
    fn list(&mut self) -> Option<(u8, u64)> {
        let head = self.byte()?;
        let length = if head >> 4 == 15 { self.number()? } else { u64::from(head >> 4) };
        (length <= self.left.len() as u64).then_some((head & 15, length))
    }

    fn byte(&mut self) -> Option<u8> {
        let (first, left) = self.left.split_first()?;
        self.left = left;
        Some(*first)
    }

    fn bytes(&mut self, length: u64) -> Option<()> {
        self.left = self.left.get(usize::try_from(length).ok()?..)?;
        Some(())
    }

    fn number(&mut self) -> Option<u64> {
        number(&mut self.left)
    }

    fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }
}
