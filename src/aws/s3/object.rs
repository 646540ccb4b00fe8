//! Objects as the engine reads them: fetched by tasks of the runtime, read by plain threads.
//!
//! A few pieces of each wait at the most, and a task that nobody reads from stands still: memory is bounded however
//! large objects are.

use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio::runtime::Runtime;
use tokio::sync::mpsc::{Receiver, channel};

use super::fetch::Fetch;
use super::{Bucket, BucketError, Listed};
use crate::flow_log::Object;
use crate::model::Bytes;

/// Pieces of an object that may wait for its reader.
const WAITING: usize = 3;
/// Objects that are refused, when none was ever had, before no others are asked for.
const REFUSALS: usize = 8;

/// What was fetched of a bucket's objects.
#[derive(Debug, Default)]
pub struct Fetched {
    requests: AtomicU64,
    bytes: AtomicU64,
}

impl Fetched {
    /// Requests for objects, whatever came of them.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Bytes that came.
    #[must_use]
    pub fn bytes(&self) -> Bytes {
        self.bytes.load(Ordering::Relaxed)
    }
}

/// What the objects of a bucket have in common.
pub(super) struct Shared {
    pub(super) name: String,
    pub(super) client: aws_sdk_s3::Client,
    fetched: Arc<Fetched>,
    /// Which reading of everything this is: the engine may read all of it once more.
    pass: AtomicU64,
    /// Objects that answered, and that were refused.
    answers: AtomicUsize,
    refusals: AtomicUsize,
    refusal: OnceLock<BucketError>,
}

impl Shared {
    /// An object is asked for.
    pub(super) fn asked(&self) {
        self.fetched.requests.fetch_add(1, Ordering::Relaxed);
    }

    /// So many bytes of one came.
    pub(super) fn came(&self, bytes: usize) {
        self.fetched.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// An object came.
    pub(super) fn answered(&self) {
        self.answers.fetch_add(1, Ordering::Relaxed);
    }

    /// An object did not.
    pub(super) fn refused(&self, error: &BucketError) {
        if error.is_refusal()
            && self.refusals.fetch_add(1, Ordering::Relaxed) + 1 >= REFUSALS
            && self.answers.load(Ordering::Relaxed) == 0
        {
            let _first = self.refusal.set(error.clone());
        }
    }

    /// Why no more is asked for: nothing but refusals came.
    pub(super) fn refusal(&self) -> Option<BucketError> {
        self.refusal.get().cloned()
    }
}

/// The objects of a bucket that were listed, and the count of what is fetched of them. They keep the runtime alive.
#[must_use]
pub fn objects(bucket: &Bucket, listed: Listed, runtime: &Arc<Runtime>) -> (Vec<Arc<dyn Object>>, Arc<Fetched>) {
    let fetched = Arc::new(Fetched::default());
    let shared = Arc::new(Shared {
        name: bucket.name.clone(),
        client: bucket.client.clone(),
        fetched: Arc::clone(&fetched),
        pass: AtomicU64::new(0),
        answers: AtomicUsize::new(0),
        refusals: AtomicUsize::new(0),
        refusal: OnceLock::new(),
    });
    let object = |(key, file): (String, super::list::File)| -> Arc<dyn Object> {
        Arc::new(S3Object {
            bucket: Arc::clone(&shared),
            runtime: Arc::clone(runtime),
            key,
            etag: file.etag,
            size: file.size,
            state: Mutex::default(),
        })
    };
    (listed.files.into_iter().map(object).collect(), fetched)
}

struct S3Object {
    bucket: Arc<Shared>,
    runtime: Arc<Runtime>,
    key: String,
    etag: Option<String>,
    size: Bytes,
    state: Mutex<State>,
}

/// Pieces on their way.
type Pieces = Receiver<Result<Vec<u8>, String>>;

#[derive(Default)]
struct State {
    /// Those that were fetched ahead.
    ahead: Option<Pieces>,
    /// The pass in which it was last opened.
    opened: Option<u64>,
}

impl std::fmt::Debug for S3Object {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name())
    }
}

impl S3Object {
    fn fetch(&self) -> Pieces {
        let (send, pieces) = channel(WAITING);
        let fetch =
            Fetch { bucket: Arc::clone(&self.bucket), key: self.key.clone(), etag: self.etag.clone(), size: self.size };
        self.runtime.spawn(fetch.run(send));
        pieces
    }
}

impl Object for S3Object {
    fn name(&self) -> String {
        format!("s3://{}/{}", self.bucket.name, self.key)
    }

    fn size(&self) -> u64 {
        self.size
    }

    fn prefetch(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        // What was read in this pass is not read again in it, however late another thread asks for it.
        let read = state.opened == Some(self.bucket.pass.load(Ordering::Relaxed));
        if state.ahead.is_none() && !read {
            state.ahead = Some(self.fetch());
        }
    }

    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let pass = self.bucket.pass.load(Ordering::Relaxed);
        // The first one that is opened a second time begins another pass.
        if state.opened == Some(pass) {
            self.bucket.pass.fetch_max(pass + 1, Ordering::Relaxed);
            state.opened = Some(pass + 1);
        } else {
            state.opened = Some(pass);
        }
        let pieces = state.ahead.take().unwrap_or_else(|| self.fetch());
        Ok(Box::new(Body { pieces, piece: Vec::new(), read: 0, left: self.size }))
    }
}

/// The read end.
struct Body {
    pieces: Pieces,
    piece: Vec<u8>,
    read: usize,
    left: u64,
}

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.read == self.piece.len() {
            match self.pieces.blocking_recv() {
                Some(Ok(piece)) => (self.piece, self.read) = (piece, 0),
                Some(Err(problem)) => return Err(io::Error::other(problem)),
                None if self.left > 0 => return Err(io::Error::other("the download was given up")),
                None => return Ok(0),
            }
        }
        let rest = self.piece.get(self.read..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        self.read += count;
        self.left = self.left.saturating_sub(count as u64);
        Ok(count)
    }
}
