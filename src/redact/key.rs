//! The secret that pseudonyms are made with, and the functions that only its holder can compute.
//!
//! A plain hash would hide nothing: there are 10^12 account ids and 2^32 IPv4 addresses, few enough to try them all.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Bytes of a key.
pub const KEY_BYTES: usize = 32;

/// HMAC-SHA256 under a secret key.
pub(super) struct Key(Hmac<Sha256>);

impl Key {
    pub(super) fn new(secret: &[u8; KEY_BYTES]) -> Self {
        // A block of the hash: HMAC fills a shorter key up with zeros itself, but takes no shorter one infallibly.
        let mut block = [0; 64];
        block[..KEY_BYTES].copy_from_slice(secret);
        Self(Hmac::new(&block.into()))
    }

    /// A value that nobody can tell from a random one without the key. Different kinds of thing have nothing in
    /// common, so that a bucket named like an account shows no connection.
    pub(super) fn hash(&self, kind: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut hmac = self.0.clone();
        hmac.update(kind.as_bytes());
        for part in parts {
            hmac.update(&[0]);
            hmac.update(part);
        }
        hmac.finalize().into_bytes().into()
    }

    /// A number below 2^64.
    pub(super) fn number(&self, kind: &str, parts: &[&[u8]]) -> u64 {
        self.hash(kind, parts).iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    /// A name in place of another one: the kind of thing it is of, and twelve digits. An empty name stays empty.
    pub(super) fn name(&self, kind: &str, name: &str) -> String {
        if name.is_empty() { String::new() } else { format!("{kind}-{}", self.suffix(kind, &[name.as_bytes()])) }
    }

    /// Twelve hexadecimal digits.
    pub(super) fn suffix(&self, kind: &str, parts: &[&[u8]]) -> String {
        format!("{:012x}", self.number(kind, parts) >> 16)
    }
}
