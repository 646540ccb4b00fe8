//! The machine's budget of requests under way, shared by all accounts. It is held by each attempt at a call, not by the
//! call: who waits to try again leaves room for others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::{RuntimeComponents, RuntimeComponentsBuilder};
use aws_smithy_types::config_bag::ConfigBag;
use tokio::sync::Semaphore;

/// A place that does not answer holds what it was asked until that times out: no one place may hold more than this part
/// of the budget.
const SHARE: usize = 4;

/// How many requests may be under way at once, in all and to one place: one service in one Region.
#[derive(Debug)]
pub(super) struct Budget {
    requests: Arc<Semaphore>,
    share: usize,
    places: Mutex<HashMap<String, Arc<Semaphore>>>,
}

impl Budget {
    pub(super) fn new(requests: usize) -> Self {
        let share = (requests / SHARE).max(requests.min(8));
        Self { requests: Arc::new(Semaphore::new(requests)), share, places: Mutex::default() }
    }

    /// An HTTP client that asks a place within the budget.
    pub(super) fn client(&self, client: SharedHttpClient, place: String) -> SharedHttpClient {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let place = places.entry(place).or_insert_with(|| Arc::new(Semaphore::new(self.share)));
        SharedHttpClient::new(Within { inner: client, place: Arc::clone(place), requests: Arc::clone(&self.requests) })
    }
}

/// A client, or one of its connectors, that waits for its turn.
#[derive(Debug)]
struct Within<T> {
    inner: T,
    place: Arc<Semaphore>,
    requests: Arc<Semaphore>,
}

impl HttpClient for Within<SharedHttpClient> {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Within {
            inner: self.inner.http_connector(settings, components),
            place: Arc::clone(&self.place),
            requests: Arc::clone(&self.requests),
        })
    }

    fn validate_base_client_config(
        &self,
        components: &RuntimeComponentsBuilder,
        config: &ConfigBag,
    ) -> Result<(), BoxError> {
        self.inner.validate_base_client_config(components, config)
    }

    fn validate_final_config(&self, components: &RuntimeComponents, config: &ConfigBag) -> Result<(), BoxError> {
        self.inner.validate_final_config(components, config)
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.inner.connector_metadata()
    }
}

impl HttpConnector for Within<SharedHttpConnector> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (inner, place, requests) = (self.inner.clone(), Arc::clone(&self.place), Arc::clone(&self.requests));
        HttpConnectorFuture::new(async move {
            let closed = |error: tokio::sync::AcquireError| ConnectorError::other(error.into(), None);
            let _of_place = place.acquire().await.map_err(closed)?;
            let _of_all = requests.acquire().await.map_err(closed)?;
            inner.call(request).await
        })
    }
}
