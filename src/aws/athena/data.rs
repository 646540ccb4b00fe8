//! How large the data behind a table's partitions is: what a query can read at the most.

use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use futures::{StreamExt as _, TryStreamExt as _, stream};

use crate::athena::{Folders, Step};
use crate::aws::error::reason;
use crate::model::Bytes;

/// Listings at the most: a thousand objects each, and $0.005 for all of them.
const MOST_LISTINGS: usize = 1_000;

/// Listings at once.
const AT_ONCE: usize = 8;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Size {
    /// All of it.
    Known {
        /// Bytes.
        bytes: Bytes,
        /// In how many objects.
        objects: u64,
    },
    /// Why it is not known.
    Unknown(String),
}

/// Lists the folders.
pub async fn size(config: &SdkConfig, folders: &Folders) -> Size {
    let client = Client::new(config);
    match walk(&client, folders).await {
        Ok((bytes, objects)) => Size::Known { bytes, objects },
        Err(why) => Size::Unknown(why),
    }
}

async fn walk(client: &Client, folders: &Folders) -> Result<(Bytes, u64), String> {
    let mut prefixes = vec![folders.prefix.clone()];
    for step in &folders.steps {
        prefixes = match step {
            Step::Values(values) => {
                let join = |prefix: &String| values.iter().map(|value| format!("{prefix}{value}")).collect::<Vec<_>>();
                prefixes.iter().flat_map(join).collect()
            }
            Step::Any(begin) => {
                let listings = prefixes.iter().map(|prefix| below(client, &folders.bucket, format!("{prefix}{begin}")));
                let found: Vec<Vec<String>> = stream::iter(listings).buffered(AT_ONCE).try_collect().await?;
                found.concat()
            }
        };
        if prefixes.len() > MOST_LISTINGS {
            return Err(format!("it is in more than {MOST_LISTINGS} folders"));
        }
    }
    let sizes = prefixes.iter().map(|prefix| total(client, &folders.bucket, prefix));
    let sizes: Vec<(Bytes, u64)> = stream::iter(sizes).buffered(AT_ONCE).try_collect().await?;
    Ok(sizes.into_iter().fold((0, 0), |(bytes, objects), (more, others)| (bytes + more, objects + others)))
}

/// The folders below a prefix.
async fn below(client: &Client, bucket: &str, prefix: String) -> Result<Vec<String>, String> {
    let mut pages = client.list_objects_v2().bucket(bucket).prefix(prefix).delimiter("/").into_paginator().send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| said(bucket, reason(&error)))?;
        found.extend(page.common_prefixes().iter().filter_map(|folder| folder.prefix().map(str::to_owned)));
        if found.len() > MOST_LISTINGS {
            break;
        }
    }
    Ok(found)
}

async fn total(client: &Client, bucket: &str, prefix: &str) -> Result<(Bytes, u64), String> {
    let mut pages = client.list_objects_v2().bucket(bucket).prefix(prefix).into_paginator().send();
    let (mut bytes, mut objects, mut listings) = (0, 0, 0);
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| said(bucket, reason(&error)))?;
        listings += 1;
        if listings > MOST_LISTINGS {
            return Err(format!("s3://{bucket}/{prefix} has more than {MOST_LISTINGS},000 objects"));
        }
        for object in page.contents() {
            bytes += object.size().and_then(|size| Bytes::try_from(size).ok()).unwrap_or_default();
            objects += 1;
        }
    }
    Ok((bytes, objects))
}

fn said(bucket: &str, (code, message): (String, String)) -> String {
    format!("s3://{bucket} could not be listed ({code}: {message})")
}
