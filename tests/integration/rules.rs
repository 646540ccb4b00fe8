//! Each rule fires, stays silent, and sits on its threshold.

mod endpoints;
mod gateways;
