//! A fast fake AWS for load and faults, as a program of its own: EC2, CloudWatch, STS and Organizations over a loopback
//! socket, with an organisation that is generated from a seed and never stored.
//!
//! It throttles as AWS does, misbehaves on order (`--faults`, `POST /_fake/faults`), counts what it served
//! (`GET /_fake/served`) and says what a complete scan must find (`GET /_fake/truth`). It checks no signatures: who
//! calls is read from the access key. Its address is the first line of its output; it ends when its input closes.

#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::expect_used)]

mod bucket;
mod cbor;
mod cloudwatch;
mod ec2;
mod fault;
mod latency;
mod network;
mod organisation;
mod organizations;
mod page;
mod request;
mod resource;
mod respond;
mod series;
mod served;
mod server;
mod site;
mod sts;
mod traffic;
mod transit;
mod truth;
mod xml;

use std::io::{Read, Write};

use clap::Parser;

use fault::Order;
use latency::Latency;
use organisation::Organisation;
use server::{Server, Settings};

/// A fake AWS with a generated organisation.
#[derive(Debug, Parser)]
struct Arguments {
    /// Active accounts, the management account included.
    #[arg(long, default_value_t = 3)]
    accounts: usize,
    /// Accounts that are suspended, in addition.
    #[arg(long, default_value_t = 2)]
    suspended: usize,
    /// Regions that every account has enabled: the 17 that nobody need opt in to, then others.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=29))]
    regions: u8,
    /// More Regions that every third account has opted in to.
    #[arg(long, default_value_t = 0)]
    opted_in: usize,
    /// VPCs in each Region of each account; with 3 or more there is a transit gateway too.
    #[arg(long, default_value_t = 3)]
    vpcs: usize,
    /// What ids and traffic follow from.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How long an answer takes: 50ms, or 40ms..60ms.
    #[arg(long, default_value = "0ms")]
    latency: Latency,
    /// How long the slowest answer of a hundred takes.
    #[arg(long, value_parser = latency::span)]
    latency_p99: Option<std::time::Duration>,
    /// Items on a page, whatever the caller allows.
    #[arg(long)]
    page_size: Option<usize>,
    /// Throttle as AWS does, by account and Region.
    #[arg(long, value_parser = ["ec2"])]
    throttle: Option<String>,
    /// The one role that may be assumed.
    #[arg(long, default_value = "audit")]
    role: String,
    /// External id that the role asks for.
    #[arg(long)]
    external_id: Option<String>,
    /// Code of the MFA device that the role asks for.
    #[arg(long)]
    mfa_code: Option<String>,
    /// How many seconds an assumed role's session lasts, whatever was asked for.
    #[arg(long)]
    session_seconds: Option<i64>,
    /// Port to listen on; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Faults from the start, as JSON.
    #[arg(long, default_value = "[]", value_parser = |text: &str| serde_json::from_str::<Faults>(text))]
    faults: Faults,
}

/// A list of faults as one argument.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(transparent)]
struct Faults {
    list: Vec<Order>,
}

impl Arguments {
    fn settings(self) -> Settings {
        Settings {
            organisation: Organisation {
                seed: self.seed,
                active: self.accounts.max(1),
                suspended: self.suspended,
                regions: usize::from(self.regions),
                opted_in: self.opted_in,
                vpcs: self.vpcs,
            },
            latency: Latency { p99: self.latency_p99, ..self.latency },
            page_size: self.page_size.unwrap_or(usize::MAX).max(1),
            throttles: self.throttle.is_some(),
            door: sts::Door {
                role: self.role,
                external_id: self.external_id,
                mfa_code: self.mfa_code,
                session_seconds: self.session_seconds,
            },
            faults: self.faults.list,
        }
    }
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let arguments = Arguments::parse();
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", arguments.port)).await?;
    let mut output = std::io::stdout();
    writeln!(output, "http://{}", listener.local_addr()?)?;
    output.flush()?;
    let (closed, input_closed) = tokio::sync::oneshot::channel::<()>();
    std::thread::spawn(move || {
        let mut input = std::io::stdin().lock();
        while input.read(&mut [0; 1024]).is_ok_and(|read| read > 0) {}
        drop(closed);
    });
    let fake = Server::new(arguments.settings());
    tokio::select! {
        ended = fake.serve(listener) => ended,
        _ = input_closed => Ok(()),
    }
}
