//! Everything that is tested through the library's or the program's surface.

#![allow(unreachable_pub, clippy::expect_used, clippy::unwrap_used, reason = "all of it is a test or serves one")]

mod collect;
mod fake_aws;
