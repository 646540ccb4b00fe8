//! Buckets with flow logs: where they are, what is in them, and their objects as the engine reads them.
//!
//! Every request says that its sender pays, because a bucket of which requesters pay refuses others; on all other
//! buckets, and for a bucket's owner, that changes nothing.

mod error;
mod fetch;
mod list;
mod object;

use aws_config::{Region, SdkConfig};
use aws_sdk_s3::config::{ResponseChecksumValidation, StalledStreamProtectionConfig};

pub use error::BucketError;
pub use list::{Listed, MOST_KEYS, OnKeys};
pub use object::{Fetched, objects};

use super::HOME;
use super::session::retry_partition;
use crate::model::RegionName;

/// The header in which S3 says where a bucket is, whatever else it answers.
const BUCKET_REGION: &str = "x-amz-bucket-region";

/// A bucket that answers.
#[derive(Debug, Clone)]
pub struct Bucket {
    name: String,
    region: RegionName,
    client: aws_sdk_s3::Client,
}

impl Bucket {
    /// Finds a bucket, in whichever Region it is.
    ///
    /// # Errors
    /// When there is no such bucket, or nothing answers. Who may not ask for it may still list it.
    pub async fn find(config: &SdkConfig, name: &str) -> Result<Self, BucketError> {
        let configured = config.region().map_or(HOME, |region| region.as_ref()).to_owned();
        let client = client(config, &configured);
        let region = match client.head_bucket().bucket(name).send().await {
            Ok(answer) => answer.bucket_region,
            Err(error) => {
                let told = error.raw_response().and_then(|answer| answer.headers().get(BUCKET_REGION));
                let told = told.map(str::to_owned);
                let status = error.raw_response().map(|answer| answer.status().as_u16());
                match (told, status) {
                    (_, Some(404)) => return Err(BucketError::NoSuchBucket { bucket: name.to_owned() }),
                    (None, None) => return Err(BucketError::of(&error, name, "s3:ListBucket")),
                    (told, _) => told,
                }
            }
        };
        let region = region.filter(|region| is_region(region)).unwrap_or(configured);
        Ok(Self { name: name.to_owned(), client: self::client(config, &region), region: region.into() })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The Region that it is in.
    #[must_use]
    pub fn region(&self) -> &RegionName {
        &self.region
    }
}

/// Whether something has a Region's form: it becomes a part of host names.
fn is_region(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

fn client(config: &SdkConfig, region: &str) -> aws_sdk_s3::Client {
    let partition = retry_partition(&format!("s3 {region}"));
    let config = aws_sdk_s3::config::Builder::from(config)
        .region(Region::new(region.to_owned()))
        .retry_partition(partition)
        // What is fetched ahead waits for its reader: that is no stall. How long a piece may take is bounded there.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .response_checksum_validation(ResponseChecksumValidation::WhenSupported);
    aws_sdk_s3::Client::from_conf(config.build())
}
