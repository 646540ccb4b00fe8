//! Everything that is tested through the library's or the program's surface.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::cast_possible_truncation,
    clippy::float_arithmetic,
    clippy::ref_option
)]

mod bucket;
mod collect;
mod fake_aws;
