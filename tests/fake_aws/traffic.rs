//! How much passes through gateways and endpoints: a number for each hour, which follows from who it is.

use super::network::{Endpoint, Gateway};
use super::organisation::mix;

/// What is counted of a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    Upload,
    Download,
    Connections,
}

pub const HOUR: i64 = 3600;

/// Less than 2 GiB, or than 512 connections, in the hour that starts then.
fn in_hour(number: u64, flow: Flow, start: i64) -> u64 {
    let hour = (start / HOUR).unsigned_abs();
    let (salt, shift) = match flow {
        Flow::Upload => (1, 33),
        Flow::Download => (2, 33),
        Flow::Connections => (3, 55),
    };
    mix(number.wrapping_add(salt).wrapping_add(hour.wrapping_mul(0x9e37_79b9_7f4a_7c15))) >> shift
}

impl Gateway {
    pub fn in_hour(&self, flow: Flow, start: i64) -> u64 {
        if self.idle { 0 } else { in_hour(self.number, flow, start) }
    }
}

impl Endpoint {
    /// What it carried, both ways; none where nothing was published.
    pub fn in_hour(&self, start: i64) -> Option<u64> {
        (!self.idle).then(|| in_hour(self.number, Flow::Upload, start))
    }
}
