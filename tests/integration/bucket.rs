//! Buckets with more keys than anyone looks at, over the wire.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use axum::Router;
use axum::http::{Method, StatusCode, Uri};
use natwise::aws::s3::{Bucket, BucketError};
use natwise::aws::{http_client, retry_config, timeout_config};
use natwise::flow_log::bucket::Search;
use natwise::model::Window;

/// A bucket with endless keys below any prefix but those of AWS's layout.
async fn endless() -> (SdkConfig, Arc<AtomicU64>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let lists = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&lists);
    let answer = move |method: Method, uri: Uri| {
        let counted = Arc::clone(&counted);
        async move {
            if method == Method::HEAD {
                return (StatusCode::OK, String::new());
            }
            let page = counted.fetch_add(1, Ordering::Relaxed);
            let query = uri.query().unwrap_or_default().as_bytes();
            let prefix = form_urlencoded::parse(query).find(|(name, _)| name == "prefix").unwrap().1;
            if prefix.ends_with("AWSLogs/") {
                return (
                    StatusCode::OK,
                    "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>".to_owned(),
                );
            }
            let keys =
                (0..1000).map(|i| format!("<Contents><Key>{prefix}{page:06}-{i}.bin</Key><Size>1</Size></Contents>"));
            let more = format!("<IsTruncated>true</IsTruncated><NextContinuationToken>{page}</NextContinuationToken>");
            (StatusCode::OK, format!("<ListBucketResult>{more}{}</ListBucketResult>", keys.collect::<String>()))
        }
    };
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(http_client())
        .retry_config(retry_config())
        .timeout_config(timeout_config())
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new("AKID", "secret", None, None, "test")))
        .region(Region::from_static("us-east-1"))
        .endpoint_url(url)
        .build();
    (config, lists)
}

#[tokio::test]
async fn endless_keys_end_in_an_error_that_says_what_to_do() {
    let (config, lists) = endless().await;
    let bucket = Bucket::find(&config, "flow-logs").await.unwrap();
    let window = Window::new("2026-10-05T00:00:00Z".parse().unwrap(), "2026-10-06T00:00:00Z".parse().unwrap()).unwrap();
    let search = Search::new("some/", &[window]);
    let error = bucket.search::<BucketError>(&search, 20_000, &|_| {}, |_| Ok(())).await.unwrap_err().to_string();
    assert!(
        error.starts_with("more than 20000 keys begin with s3://flow-logs/some/: name a narrower prefix"),
        "{error}"
    );
    // AWS's layout, five pages in search of folders that may have it, then everything.
    assert_eq!(lists.load(Ordering::Relaxed), 1 + 5 + 21);
}

#[tokio::test]
async fn a_refusal_to_list_more_ends_the_search() {
    let (config, lists) = endless().await;
    let bucket = Bucket::find(&config, "flow-logs").await.unwrap();
    let window = Window::new("2026-10-01T00:00:00Z".parse().unwrap(), "2026-11-01T00:00:00Z".parse().unwrap()).unwrap();
    let search = Search::new("AWSLogs/123456789012/vpcflowlogs/us-east-1/", &[window]);
    let refuse = |listings: usize| if listings > 30 { Err(anyhow::anyhow!("{listings} are too many")) } else { Ok(()) };
    let error = bucket.search(&search, 20_000, &|_| {}, refuse).await.unwrap_err().to_string();
    // The 31 days of October and the days before and after, of which an edge is read.
    assert_eq!((error.as_str(), lists.load(Ordering::Relaxed)), ("33 are too many", 0));
}
