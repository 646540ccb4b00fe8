//! Everything that is tested through the library's or the program's surface.

mod collect;
mod fake_aws;
