//! Lists what a search is for, many folders at once.

use std::collections::{BTreeMap, VecDeque};

use aws_sdk_s3::types::RequestPayer;
use futures::StreamExt;
use futures::stream::FuturesUnordered;

use super::{Bucket, BucketError};
use crate::flow_log::bucket::{Listing, Search};
use crate::model::Bytes;

/// Folders that are listed at once.
const AT_ONCE: usize = 32;
/// Keys that are looked at in a listing, or found in all, at the most: each takes memory and time.
pub const MOST_KEYS: usize = 1_000_000;
/// Pages of a listing that only looks for folders, and such listings.
const MOST_PAGES: usize = 5;
const MOST_LOOKS: usize = 300;

/// What a search found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listed {
    /// The files, by their keys.
    pub files: BTreeMap<String, File>,
    /// Requests that were made.
    pub requests: u64,
    /// Keys that were seen and are not files of the windows.
    pub others: u64,
    /// Regions' folders, or days', that are laid out as AWS does it.
    pub is_layout: bool,
}

/// A file of a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its bytes.
    pub size: Bytes,
    /// Which version of it was listed.
    pub etag: Option<String>,
}

/// Told how many keys were seen so far.
pub type OnKeys<'k> = &'k (dyn Fn(u64) + Send + Sync);

/// What one listing found.
struct Found {
    listing: Listing,
    folders: Vec<String>,
    files: Vec<(String, File)>,
    others: u64,
    requests: u64,
}

impl Bucket {
    /// Lists the files that a search is for, and looks at so many keys for that at the most ([`MOST_KEYS`]). `allow` is
    /// asked before so many listings are made.
    ///
    /// # Errors
    /// When the bucket may not be listed, has too many keys there, or `allow` refuses.
    pub async fn search<E: From<BucketError>>(
        &self,
        search: &Search,
        most: usize,
        on_keys: OnKeys<'_>,
        allow: impl Fn(usize) -> Result<(), E>,
    ) -> Result<Listed, E> {
        let mut listed = Listed::default();
        self.round(search, search.begin(), most, on_keys, &allow, &mut listed).await?;
        if !listed.is_layout && listed.files.is_empty() {
            self.round(search, vec![search.look()], most, on_keys, &allow, &mut listed).await?;
        }
        if !listed.is_layout && listed.files.is_empty() {
            self.round(search, vec![search.everything()], most, on_keys, &allow, &mut listed).await?;
            listed.is_layout = false;
        }
        Ok(listed)
    }

    async fn round<E: From<BucketError>>(
        &self,
        search: &Search,
        first: Vec<Listing>,
        most: usize,
        on_keys: OnKeys<'_>,
        allow: &impl Fn(usize) -> Result<(), E>,
        listed: &mut Listed,
    ) -> Result<(), E> {
        let mut waiting = VecDeque::from(first);
        let mut running = FuturesUnordered::new();
        let mut looks = 0;
        allow(waiting.len())?;
        loop {
            while running.len() < AT_ONCE {
                let Some(listing) = waiting.pop_front() else { break };
                running.push(self.list(search, listing, most));
            }
            let Some(found) = running.next().await else { return Ok(()) };
            let found = found?;
            let mut next = search.follow(&found.listing, &found.folders);
            listed.is_layout |= search.is_layout(&found.listing, &next);
            if found.listing.is_look() {
                next.truncate(MOST_LOOKS - looks);
                looks += next.len();
            }
            waiting.extend(next);
            listed.requests += found.requests;
            listed.others += found.others;
            listed.files.extend(found.files);
            on_keys(listed.others + u64::try_from(listed.files.len()).unwrap_or(u64::MAX));
            if listed.files.len() > most {
                return Err(self.too_many(search.prefix(), most).into());
            }
            allow(waiting.len())?;
        }
    }

    /// Makes one listing, page by page.
    async fn list(&self, search: &Search, listing: Listing, most: usize) -> Result<Found, BucketError> {
        let mut found = Found { folders: Vec::new(), files: Vec::new(), others: 0, requests: 0, listing };
        let mut token = None;
        loop {
            let page = self
                .client
                .list_objects_v2()
                .bucket(&self.name)
                .prefix(&found.listing.prefix)
                .set_delimiter(found.listing.flat.then(|| "/".to_owned()))
                .set_continuation_token(token.take())
                .request_payer(RequestPayer::Requester)
                .send()
                .await
                .map_err(|error| BucketError::of(&error, &self.name, "s3:ListBucket"))?;
            found.requests += 1;
            found.folders.extend(page.common_prefixes.unwrap_or_default().into_iter().filter_map(|it| it.prefix));
            for object in page.contents.unwrap_or_default() {
                let Some(key) = object.key else { continue };
                if found.listing.has_files() && search.wants(&key) {
                    let size = object.size.and_then(|size| Bytes::try_from(size).ok()).unwrap_or(0);
                    found.files.push((key, File { size, etag: object.e_tag }));
                } else {
                    found.others += 1;
                }
            }
            let seen = found.files.len() + usize::try_from(found.others).unwrap_or(usize::MAX) + found.folders.len();
            if seen > most {
                return Err(self.too_many(&found.listing.prefix, most));
            }
            let enough = found.listing.is_look() && found.requests >= MOST_PAGES as u64;
            token = page.next_continuation_token.filter(|_| page.is_truncated == Some(true) && !enough);
            if token.is_none() {
                return Ok(found);
            }
        }
    }

    fn too_many(&self, prefix: &str, most: usize) -> BucketError {
        BucketError::TooMany { bucket: self.name.clone(), prefix: prefix.to_owned(), most }
    }
}
