//! Gzip unpacked, its members one after another. The decoder's own readers spend a tenth of the time on the checksum,
//! which a processor's wide instructions do on the side; so the frame around the packed bytes is read here.
//!
//! <https://www.rfc-editor.org/rfc/rfc1952>

use std::io::{self, BufRead, Error, ErrorKind, Read};

use crc_fast::{CrcAlgorithm, Digest};
use flate2::{Decompress, FlushDecompress, Status};

/// What each member begins with: two bytes that tell gzip, and the only method there is.
const MAGIC: [u8; 3] = [0x1f, 0x8b, 8];

/// Flags of what a header has beside its ten bytes.
const CHECKSUM: u8 = 1 << 1;
const EXTRA: u8 = 1 << 2;
const NAME: u8 = 1 << 3;
const COMMENT: u8 = 1 << 4;

/// A reader of what another one has packed.
pub(super) struct Gzip<R> {
    packed: R,
    inflate: Decompress,
    checksum: Digest,
    next: Next,
}

/// What comes next of a member.
enum Next {
    First,
    Header,
    Body,
    Trailer,
}

impl<R: BufRead> Gzip<R> {
    pub(super) fn new(packed: R) -> Self {
        let checksum = Digest::new(CrcAlgorithm::Crc32IsoHdlc);
        Self { packed, inflate: Decompress::new(false), checksum, next: Next::First }
    }

    fn header(&mut self) -> io::Result<()> {
        let mut header = [0; 10];
        self.packed.read_exact(&mut header)?;
        let [a, b, method, flags, ..] = header;
        if [a, b, method] != MAGIC {
            return Err(invalid("invalid gzip header"));
        }
        if flags & EXTRA != 0 {
            let mut length = [0; 2];
            self.packed.read_exact(&mut length)?;
            self.skip(u16::from_le_bytes(length).into())?;
        }
        for _ in [NAME, COMMENT].iter().filter(|text| flags & **text != 0) {
            self.packed.skip_until(0)?;
        }
        self.skip(if flags & CHECKSUM != 0 { 2 } else { 0 })
    }

    fn skip(&mut self, bytes: u64) -> io::Result<()> {
        io::copy(&mut (&mut self.packed).take(bytes), &mut io::sink()).map(drop)
    }

    /// Unpacks some of a member; 0 bytes at its end only.
    fn body(&mut self, to: &mut [u8]) -> io::Result<usize> {
        loop {
            let packed = self.packed.fill_buf()?;
            let (before, is_over) = ((self.inflate.total_in(), self.inflate.total_out()), packed.is_empty());
            let flush = if is_over { FlushDecompress::Finish } else { FlushDecompress::None };
            let status = self.inflate.decompress(packed, to, flush).map_err(|_| invalid("corrupt deflate stream"))?;
            let amount = |from, to: u64| usize::try_from(to - from).unwrap_or(0);
            self.packed.consume(amount(before.0, self.inflate.total_in()));
            let size = amount(before.1, self.inflate.total_out());
            self.checksum.update(to.get(..size).unwrap_or_default());
            if status == Status::StreamEnd {
                self.next = Next::Trailer;
                return Ok(size);
            }
            if size > 0 || to.is_empty() {
                return Ok(size);
            }
            if is_over {
                return Err(Error::new(ErrorKind::UnexpectedEof, "incomplete deflate stream"));
            }
        }
    }

    /// Ends a member: its checksum, and its size in 32 bits.
    fn trailer(&mut self) -> io::Result<()> {
        let mut trailer = [0; 8];
        self.packed.read_exact(&mut trailer)?;
        let is_low = |number: u64, told: &[u8]| number.to_le_bytes().starts_with(told);
        let (checksum, size) = trailer.split_at(4);
        if !is_low(self.checksum.finalize(), checksum) || !is_low(self.inflate.total_out(), size) {
            return Err(invalid("corrupt gzip stream does not have a matching checksum"));
        }
        self.checksum.reset();
        self.inflate.reset(false);
        Ok(())
    }
}

impl<R: BufRead> Read for Gzip<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.next {
                Next::Header if self.packed.fill_buf()?.is_empty() => return Ok(0),
                Next::First | Next::Header => {
                    self.header()?;
                    self.next = Next::Body;
                }
                Next::Body => {
                    let size = self.body(to)?;
                    if size > 0 || to.is_empty() {
                        return Ok(size);
                    }
                }
                Next::Trailer => {
                    self.trailer()?;
                    self.next = Next::Header;
                }
            }
        }
    }
}

fn invalid(problem: &str) -> Error {
    Error::new(ErrorKind::InvalidInput, problem)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::bufread::MultiGzDecoder;
    use flate2::{Compression, GzBuilder};
    use proptest::prelude::*;

    use super::*;

    /// Reads in small steps; the error is told by its kind.
    fn read(mut input: impl Read, step: usize) -> (Vec<u8>, Option<ErrorKind>) {
        let (mut all, mut buffer) = (Vec::new(), vec![0; step]);
        loop {
            match input.read(&mut buffer) {
                Ok(0) => return (all, None),
                Ok(size) => all.extend_from_slice(&buffer[..size]),
                Err(error) => return (all, Some(error.kind())),
            }
        }
    }

    fn packed(members: &[(Vec<u8>, u8)]) -> Vec<u8> {
        let mut file = Vec::new();
        for (text, extras) in members {
            let mut builder = GzBuilder::new();
            if extras & 1 != 0 {
                builder = builder.filename("name");
            }
            if extras & 2 != 0 {
                builder = builder.comment("comment");
            }
            if extras & 4 != 0 {
                builder = builder.extra("extra");
            }
            let mut writer = builder.write(&mut file, Compression::default());
            writer.write_all(text).unwrap();
            writer.finish().unwrap();
        }
        file
    }

    proptest! {
        #[test]
        fn what_the_librarys_reader_reads(
            members in prop::collection::vec((prop::collection::vec(prop::sample::select(b"eni-01 ".to_vec()), 0..300), 0..8_u8), 0..4),
            cut in 0..400_usize,
            damage in prop::option::of((0..400_usize, 0..8_u8)),
            step in 1..400_usize,
            ahead in 1..50_usize,
        ) {
            let mut file = packed(&members);
            file.truncate(file.len() - cut % (file.len() + 1) * usize::from(cut % 3 == 0));
            if let Some((place, bit)) = damage && !file.is_empty() {
                let place = place % file.len();
                file[place] ^= 1 << bit;
            }
            let expected = read(MultiGzDecoder::new(&*file), step);
            let found = read(Gzip::new(io::BufReader::with_capacity(ahead, &*file)), step);
            // The library has read further when it finds that something is wrong, or looks at what is not looked at here.
            if expected.1.is_none() || damage.is_none() {
                prop_assert_eq!(found, expected);
            } else {
                prop_assert!(found.1.is_some() || found.0 == expected.0, "{:?} {:?}", found, expected);
            }
        }
    }

    #[test]
    fn headers_may_have_a_checksum() {
        let mut file = packed(&[(b"2 123456789010 eni-1".to_vec(), 7)]);
        file[3] |= CHECKSUM;
        let start = file.windows(8).position(|bytes| bytes == b"comment\0").unwrap() + 8;
        file.splice(start..start, [1, 2]);
        assert_eq!(read(Gzip::new(&*file), 9), (b"2 123456789010 eni-1".to_vec(), None));
    }

    #[test]
    fn other_bytes_than_were_packed_are_told() {
        let mut file = packed(&[(b"2 123456789010 eni-1".to_vec(), 0)]);
        let checksum = file.len() - 8;
        file[checksum] ^= 1;
        assert_eq!(read(Gzip::new(&*file), 99), (b"2 123456789010 eni-1".to_vec(), Some(ErrorKind::InvalidInput)));
    }
}
