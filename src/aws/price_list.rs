//! AWS's price list: its Query API, and the offer files that anyone may download.
//!
//! <https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/price-changes.html>

use std::io::{self, Read};

use aws_config::{Region, SdkConfig};
use aws_sdk_pricing::types::{Filter, FilterType};
use aws_smithy_http_client::Connector;
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use bytes::Bytes;
use serde::Deserialize;
use tokio::runtime::Handle;

use super::error::{CollectError, chain, reason};
use super::session::{connector, load_config, retry_partition, with_credentials};
use crate::model::RegionName;

/// Where the Query API is: in a few Regions, each of which knows the prices of all.
const HOME: &str = "us-east-1";
const HOME_IN_CHINA: &str = "cn-northwest-1";

/// Where the offer files are.
const OFFERS: &str = "https://pricing.us-east-1.amazonaws.com";
const OFFERS_IN_CHINA: &str = "https://pricing.cn-north-1.amazonaws.com.cn";

/// Products of a page: as many as there can be.
const PAGE: i32 = 100;

/// More pages than this the answers to one question cannot have.
const MOST_PAGES: usize = 2_000;

/// What is asked: an offer, and which of its products.
const QUESTIONS: [(&str, Option<(&str, &str)>); 3] = [
    ("AmazonEC2", Some(("productFamily", "NAT Gateway"))),
    ("AmazonVPC", None),
    (DATA_TRANSFER, Some(("transferType", "IntraRegion"))),
];

/// Its rows name the places that data go from and to, not a Region.
const DATA_TRANSFER: &str = "AWSDataTransfer";

/// The offers that have prices of ours.
const OFFER_CODES: [&str; 3] = ["AmazonVPC", DATA_TRANSFER, "AmazonEC2"];

/// An index of an offer's Regions is not larger than this.
const MOST_INDEX_BYTES: usize = 1 << 22;

/// Why prices could not be had.
#[derive(Debug, thiserror::Error)]
pub enum PriceListError {
    /// There is nobody to ask as.
    #[error(transparent)]
    Credentials(#[from] CollectError),
    /// The Query API refused or failed.
    #[error("pricing:GetProducts failed: {code}: {message}")]
    Query {
        /// AWS's error code.
        code: String,
        /// AWS's explanation.
        message: String,
    },
    /// It would never end.
    #[error("pricing:GetProducts does not come to an end")]
    Endless,
    /// A file could not be downloaded.
    #[error("cannot download {url}: {problem}")]
    Download {
        /// Which file.
        url: String,
        /// Why.
        problem: String,
    },
}

/// Asks the Query API for every product of ours, and hands over each as it is written: a string of JSON.
///
/// # Errors
/// When there are no credentials, or the API refuses or fails. What was handed over before is then not all.
pub async fn query(
    profile: Option<&str>,
    endpoint_url: Option<&str>,
    china: bool,
    regions: &[RegionName],
    mut on_product: impl FnMut(String),
) -> Result<(), PriceListError> {
    let config = with_credentials(&load_config(profile, endpoint_url).await?).await?;
    let client = client(&config, if china { HOME_IN_CHINA } else { HOME });
    // One question for each Region where only some are wanted: the answers of all are many.
    let places: Vec<Option<&RegionName>> =
        if regions.is_empty() { vec![None] } else { regions.iter().map(Some).collect() };
    for (offer, which) in QUESTIONS {
        for place in if offer == DATA_TRANSFER { &[None][..] } else { &places } {
            let region = place.map(|region| ("regionCode", region.as_str()));
            let filters = which.into_iter().chain(region).map(|(field, value)| filter(field, value)).collect();
            let request = client.get_products().service_code(offer).set_filters(Some(filters)).max_results(PAGE);
            let mut token = None;
            for page in 0.. {
                let answer = request.clone().set_next_token(token.clone()).send().await.map_err(|error| {
                    let (code, message) = reason(&error);
                    PriceListError::Query { code, message }
                })?;
                answer.price_list.unwrap_or_default().into_iter().for_each(&mut on_product);
                let next = answer.next_token.filter(|token| !token.is_empty());
                if next.is_none() {
                    break;
                }
                if next == token || page == MOST_PAGES {
                    return Err(PriceListError::Endless);
                }
                token = next;
            }
        }
    }
    Ok(())
}

fn client(config: &SdkConfig, region: &str) -> aws_sdk_pricing::Client {
    let config = aws_sdk_pricing::config::Builder::from(config)
        .region(Region::new(region.to_owned()))
        .retry_partition(retry_partition("pricing"));
    aws_sdk_pricing::Client::from_conf(config.build())
}

fn filter(field: &str, value: &str) -> Filter {
    let filter = Filter::builder().r#type(FilterType::TermMatch).field(field).value(value).build();
    filter.unwrap_or_else(|_| unreachable!("type, field and value are all a filter needs"))
}

/// The offer files of some Regions.
#[derive(Debug)]
pub struct OfferFiles {
    base: String,
    china: bool,
    connector: Connector,
}

/// Where one offer file is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferFile {
    /// The offer.
    pub offer: &'static str,
    /// The Region whose prices are in it.
    pub region: RegionName,
    url: String,
}

#[derive(Deserialize)]
struct Index {
    regions: std::collections::BTreeMap<RegionName, IndexedRegion>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct IndexedRegion {
    current_version_url: String,
}

impl OfferFiles {
    /// AWS's, or those at another place.
    #[must_use]
    pub fn new(url: Option<&str>, china: bool) -> Self {
        let base = url.unwrap_or(if china { OFFERS_IN_CHINA } else { OFFERS });
        Self { base: base.trim_end_matches('/').to_owned(), china, connector: connector(None, None) }
    }

    /// What there is to download, of all Regions or of some.
    ///
    /// # Errors
    /// When the index of an offer cannot be had, or a Region is not in it.
    pub async fn list(&self, regions: &[RegionName]) -> Result<Vec<OfferFile>, PriceListError> {
        let partition = if self.china { "cn" } else { "aws" };
        let mut files = Vec::new();
        for offer in OFFER_CODES {
            let url = format!("{}/offers/v1.0/{partition}/{offer}/current/region_index.json", self.base);
            let failed = |problem: String| PriceListError::Download { url: url.clone(), problem };
            let mut json = Vec::new();
            let mut body = self.download(&url).await?.body;
            while let Some(piece) = body.next().await {
                json.extend_from_slice(&piece.map_err(|error| failed(chain(&error)))?);
                if json.len() > MOST_INDEX_BYTES {
                    return Err(failed("it is larger than any index can be".to_owned()));
                }
            }
            let index: Index = serde_json::from_slice(&json).map_err(|error| failed(error.to_string()))?;
            if let Some(region) = regions.iter().find(|region| !index.regions.contains_key(*region)) {
                return Err(failed(format!("{region} is not in it")));
            }
            for (region, entry) in index.regions {
                if !regions.is_empty() && !regions.contains(&region) {
                    continue;
                }
                // The same in CSV, which is smaller and faster to read.
                let path = entry.current_version_url.strip_suffix(".json").map(|path| format!("{path}.csv"));
                let path = path.filter(|path| path.starts_with('/'));
                let path = path.ok_or_else(|| failed(format!("{:?} is no path", entry.current_version_url)))?;
                // Those of Local Zones and Wavelength Zones are files of their own.
                if crate::pricing::Region::find(region.as_str()).is_none() {
                    continue;
                }
                files.push(OfferFile { offer, region, url: format!("{}{path}", self.base) });
            }
        }
        Ok(files)
    }

    /// Opens one, to be read as it comes: they are larger than anyone would want to keep.
    ///
    /// # Errors
    /// When it cannot be had.
    pub async fn open(&self, file: &OfferFile) -> Result<Download, PriceListError> {
        self.download(&file.url).await
    }

    async fn download(&self, url: &str) -> Result<Download, PriceListError> {
        let failed = |problem: String| PriceListError::Download { url: url.to_owned(), problem };
        let mut request = HttpRequest::new(SdkBody::empty());
        request.set_uri(url).map_err(|error| failed(chain(&error)))?;
        let answer = self.connector.call(request).await.map_err(|error| failed(chain(&error)))?;
        if !answer.status().is_success() {
            return Err(failed(format!("the answer is HTTP {}", answer.status().as_u16())));
        }
        let runtime = Handle::current();
        Ok(Download { runtime, body: ByteStream::new(answer.into_body()), piece: Bytes::new() })
    }
}

/// A file that is read while it is downloaded, outside of the runtime that downloads it.
pub struct Download {
    runtime: Handle,
    body: ByteStream,
    piece: Bytes,
}

impl Read for Download {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.runtime.block_on(self.body.next()) {
                Some(piece) => self.piece = piece.map_err(|error| io::Error::other(chain(&error)))?,
                None => return Ok(0),
            }
        }
        let size = self.piece.len().min(into.len());
        into[..size].copy_from_slice(&self.piece.split_to(size));
        Ok(size)
    }
}
