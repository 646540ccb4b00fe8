//! The bytes of one object, piece by piece, from wherever a broken-off answer left them.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_s3::config::ResponseChecksumValidation;
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::RequestPayer;
use tokio::sync::mpsc::Sender;

use super::BucketError;
use super::object::Shared;
use crate::aws::error::chain;

/// What goes to the reader at once.
const PIECE: usize = 256 << 10;
/// Longest silence in the middle of an object.
const SILENCE: Duration = Duration::from_secs(20);
/// How often an answer may break off, or not come, before another byte arrives.
const ATTEMPTS: u32 = 5;
/// The wait before the second attempt without progress; it doubles.
const FIRST_WAIT: Duration = Duration::from_millis(200);

/// One object's way to its reader.
pub(super) struct Fetch {
    pub(super) bucket: Arc<Shared>,
    pub(super) key: String,
    pub(super) etag: Option<String>,
    pub(super) size: u64,
}

/// How far it is.
struct Progress {
    /// Bytes that arrived.
    at: u64,
    /// Those that were not handed over yet.
    piece: Vec<u8>,
    /// Attempts since the last of them.
    idle: u32,
}

/// Why a body ended.
enum End {
    /// It was all there.
    Whole,
    /// Nobody reads any more.
    Unread,
    /// It broke off.
    Broken(String),
    /// It is not what the checksum says.
    Damaged(String),
}

/// Hands over what did come, and why no more does.
async fn give_up(progress: Progress, problem: String, reader: &Sender<Result<Vec<u8>, String>>) {
    if progress.piece.is_empty() || reader.send(Ok(progress.piece)).await.is_ok() {
        let _gone = reader.send(Err(problem)).await;
    }
}

impl Fetch {
    /// Sends the object's pieces, or why there are no more.
    pub(super) async fn run(self, reader: Sender<Result<Vec<u8>, String>>) {
        let mut progress = Progress { at: 0, piece: Vec::new(), idle: 0 };
        loop {
            let end = match self.get(progress.at).await {
                Ok(answer) => {
                    self.bucket.answered();
                    self.body(answer.body, &mut progress, &reader).await
                }
                Err(error) => {
                    self.bucket.refused(&error);
                    return give_up(progress, error.to_string(), &reader).await;
                }
            };
            let problem = match end {
                End::Unread => return,
                End::Whole => {
                    if !progress.piece.is_empty() {
                        let _gone = reader.send(Ok(progress.piece)).await;
                    }
                    return;
                }
                End::Damaged(problem) => return give_up(progress, problem, &reader).await,
                End::Broken(problem) => problem,
            };
            progress.idle += 1;
            tracing::debug!(key = self.key, at = progress.at, idle = progress.idle, problem, "download broke off");
            if progress.idle >= ATTEMPTS {
                let (at, size) = (progress.at, self.size);
                let text = format!("the download broke off {ATTEMPTS} times at byte {at} of {size}: {problem}");
                return give_up(progress, text, &reader).await;
            }
            if progress.idle > 1 {
                tokio::time::sleep(FIRST_WAIT * 2_u32.pow(progress.idle - 2)).await;
            }
        }
    }

    /// Asks for the object from a byte on. The SDK repeats what fails before the first byte of the answer's body.
    async fn get(&self, at: u64) -> Result<GetObjectOutput, BucketError> {
        if let Some(refusal) = self.bucket.refusal() {
            return Err(refusal);
        }
        self.bucket.asked();
        let request = self
            .bucket
            .client
            .get_object()
            .bucket(&self.bucket.name)
            .key(&self.key)
            .set_if_match(self.etag.clone())
            .request_payer(RequestPayer::Requester);
        let sent = if at == 0 {
            request.send().await
        } else {
            // A checksum, where one came, would be the whole object's.
            let lenient =
                aws_sdk_s3::Config::builder().response_checksum_validation(ResponseChecksumValidation::WhenRequired);
            request.range(format!("bytes={at}-")).customize().config_override(lenient).send().await
        };
        let answer = sent.map_err(|error| BucketError::of(&error, &self.bucket.name, "s3:GetObject"))?;
        if at > 0 && answer.content_range().is_none_or(|range| !range.starts_with(&format!("bytes {at}-"))) {
            return Err(BucketError::Other {
                bucket: self.bucket.name.clone(),
                code: "InvalidResponse".to_owned(),
                message: format!("the download broke off at byte {at}, and cannot be resumed there"),
            });
        }
        Ok(answer)
    }

    /// Hands over what an answer brings.
    async fn body(
        &self,
        mut body: ByteStream,
        progress: &mut Progress,
        reader: &Sender<Result<Vec<u8>, String>>,
    ) -> End {
        loop {
            let bytes = match tokio::time::timeout(SILENCE, body.next()).await {
                Err(_) => return End::Broken(format!("nothing came for {} s", SILENCE.as_secs())),
                Ok(None) if progress.at >= self.size => return End::Whole,
                Ok(None) => return End::Broken("the answer ended too early".to_owned()),
                // It ended, and so its checksum was compared.
                Ok(Some(Err(error))) if progress.at >= self.size => {
                    return End::Damaged(format!("it arrived damaged: {}", chain(&error)));
                }
                Ok(Some(Err(error))) => return End::Broken(chain(&error)),
                Ok(Some(Ok(bytes))) => bytes,
            };
            progress.at += bytes.len() as u64;
            self.bucket.came(bytes.len());
            progress.idle = 0;
            let mut rest = &bytes[..];
            while !rest.is_empty() {
                if progress.piece.capacity() == 0 {
                    let left = usize::try_from(self.size).unwrap_or(PIECE);
                    progress.piece.reserve_exact(left.clamp(1, PIECE));
                }
                let (now, later) = rest.split_at(rest.len().min(PIECE - progress.piece.len()));
                progress.piece.extend_from_slice(now);
                rest = later;
                if progress.piece.len() == PIECE && reader.send(Ok(std::mem::take(&mut progress.piece))).await.is_err()
                {
                    return End::Unread;
                }
            }
        }
    }
}
