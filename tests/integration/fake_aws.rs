//! A small AWS on a loopback socket: EC2's and STS's query protocol, CloudWatch's RPC v2 CBOR, over a scripted
//! [`World`] with scripted [`Fault`]s. It records every request, so that tests can prove what was asked and how often.

mod cloudwatch;
mod fault;
pub mod world;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Response, Uri};

pub use fault::{Failure, Fault};
pub use world::{Region, World};

/// One request, as it arrived.
#[derive(Debug, Clone)]
pub struct Request {
    pub access_key: String,
    pub region: String,
    pub operation: String,
    pub token: Option<String>,
    pub attempt: u32,
    /// The parameters of a query-protocol request.
    pub parameters: BTreeMap<String, String>,
    /// The series that a `GetMetricData` asked for: metric, statistic, dimensions.
    pub queries: Vec<cloudwatch::Query>,
    pub arrived: Instant,
}

/// A running fake; gone when dropped.
pub struct FakeAws {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

struct Shared {
    world: World,
    requests: Mutex<Vec<Request>>,
}

/// What a service answers before any fault spoils it.
pub struct Answer {
    status: u16,
    content_type: &'static str,
    body: Vec<u8>,
}

impl FakeAws {
    /// Serves a world, on a thread and runtime of its own so that any kind of test can use it.
    pub fn start(world: World) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared { world, requests: Mutex::default() });
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let app = Router::new().fallback(serve).with_state(shared.clone());
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                tokio::select! {
                    served = async { axum::serve(listener, app).await } => served.unwrap(),
                    _ = stopped => {}
                }
            });
        });
        Self { address, shared, stop: Some(stop), thread: Some(thread) }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn requests(&self) -> Vec<Request> {
        self.shared.requests.lock().unwrap().clone()
    }

    /// The requests for one operation in one Region.
    pub fn requests_for(&self, region: &str, operation: &str) -> Vec<Request> {
        self.requests().into_iter().filter(|it| it.region == region && it.operation == operation).collect()
    }

    /// The distinct operations asked of a Region, sorted.
    pub fn operations(&self, region: &str) -> Vec<String> {
        let operations: std::collections::BTreeSet<_> =
            self.requests().into_iter().filter(|it| it.region == region).map(|it| it.operation).collect();
        operations.into_iter().collect()
    }
}

impl Drop for FakeAws {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

async fn serve(State(shared): State<Arc<Shared>>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let arrived = Instant::now();
    let (access_key, region, service) = scope(&headers);
    let cbor = cloudwatch::operation(uri.path());
    let parameters: BTreeMap<String, String> = match cbor {
        Some(_) => BTreeMap::new(),
        None => form_urlencoded::parse(&body).into_owned().collect(),
    };
    let input = cbor.map(|_| cloudwatch::decode(&body));
    let operation = cbor.map_or_else(|| parameters["Action"].clone(), str::to_owned);
    let token = match &input {
        Some(input) => cloudwatch::text(input, "NextToken"),
        None => parameters.get("NextToken").cloned(),
    };
    let request = Request {
        access_key,
        attempt: attempt(&headers),
        queries: input.as_ref().map(cloudwatch::queries).unwrap_or_default(),
        region,
        operation,
        token,
        parameters,
        arrived,
    };
    shared.requests.lock().unwrap().push(request.clone());

    if let Some(delay) = shared.world.delay {
        tokio::time::sleep(delay).await;
    }
    let failure = shared.world.faults.iter().find_map(|fault| fault.strikes(&request));
    if let Some(Failure::Delay(delay)) = failure {
        tokio::time::sleep(delay).await;
    }
    if let Some(answer) = failure.as_ref().and_then(|failure| failure.instead(&service)) {
        return fault::respond(answer, failure.as_ref());
    }
    let mut answer = match &input {
        Some(input) => cloudwatch::answer(&shared.world, &request, input),
        None => world::answer(&shared.world, &request),
    };
    if let Some(failure) = &failure {
        failure.spoil(&mut answer);
    }
    fault::respond(answer, failure.as_ref())
}

/// Access key, Region and service, from the scope of the request's signature.
fn scope(headers: &HeaderMap) -> (String, String, String) {
    let authorization = headers["authorization"].to_str().unwrap();
    let credential = authorization.split("Credential=").nth(1).unwrap().split(',').next().unwrap();
    let parts: Vec<&str> = credential.split('/').collect();
    (parts[0].to_owned(), parts[2].to_owned(), parts[3].to_owned())
}

/// Which attempt at its call a request is: `attempt=2; max=8`.
fn attempt(headers: &HeaderMap) -> u32 {
    let header = headers.get("amz-sdk-request").and_then(|it| it.to_str().ok()).unwrap_or("attempt=1");
    header.split("attempt=").nth(1).unwrap().split(';').next().unwrap().trim().parse().unwrap()
}
