//! Reading in a thread of its own: for one big file, unpacking and parsing side by side.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// What goes through the pipe at once.
const PIECE: usize = 256 << 10;
/// Pieces that may wait.
const WAITING: usize = 4;

/// The read end.
pub(crate) struct Piped {
    full: Receiver<io::Result<Vec<u8>>>,
    empty: SyncSender<Vec<u8>>,
    piece: Vec<u8>,
    read: usize,
}

impl Piped {
    /// Starts reading. The thread ends with its input, or when nobody reads any more.
    pub(crate) fn new(mut input: Box<dyn Read + Send>) -> Self {
        let (send, full) = sync_channel(WAITING);
        let (empty, back) = sync_channel::<Vec<u8>>(WAITING + 1);
        std::thread::spawn(move || {
            loop {
                let mut piece = back.try_recv().unwrap_or_default();
                piece.resize(PIECE, 0);
                let (filled, error) = fill(&mut *input, &mut piece);
                piece.truncate(filled);
                if send.send(Ok(piece)).is_err() || (filled == 0 && error.is_none()) {
                    return;
                }
                if let Some(error) = error {
                    let _gone = send.send(Err(error));
                    return;
                }
            }
        });
        Self { full, empty, piece: Vec::new(), read: 0 }
    }
}

/// Reads until a piece is full or the input ends.
fn fill(input: &mut dyn Read, piece: &mut [u8]) -> (usize, Option<io::Error>) {
    let mut filled = 0;
    while let Some(rest) = piece.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match input.read(rest) {
            Ok(0) => break,
            Ok(more) => filled += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (filled, Some(error)),
        }
    }
    (filled, None)
}

impl Read for Piped {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // An empty piece is not the end: an error may follow.
        while self.read == self.piece.len() {
            let Ok(next) = self.full.recv() else { return Ok(0) };
            let used = std::mem::replace(&mut self.piece, next?);
            let _full_enough = self.empty.try_send(used);
            self.read = 0;
        }
        let rest = self.piece.get(self.read..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        self.read += count;
        Ok(count)
    }
}
