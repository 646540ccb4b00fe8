//! Account ids: twelve digits for twelve digits, and never the same ones for two accounts.

use super::key::Key;
use crate::model::AccountId;

/// What AWS writes where no account is: itself, its partners, or that it is not known.
const NO_ACCOUNT: [&str; 7] = ["", "amazon", "amazon-elb", "aws", "aws-marketplace", "self", "unknown"];

/// Half of the digits.
const HALF: u64 = 1_000_000;

/// Rounds of the permutation: what FF1 (NIST SP 800-38G) has.
const ROUNDS: u8 = 10;

/// The account in place of another one.
pub(super) fn account(key: &Key, id: &AccountId) -> AccountId {
    let text = id.as_str();
    if NO_ACCOUNT.contains(&text) {
        return id.clone();
    }
    let is_usual = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse::<u64>() {
        Ok(number) if is_usual => permuted(key, number).into(),
        _ => permuted(key, key.number("not an account", &[text.as_bytes()]) % (HALF * HALF)).into(),
    }
}

/// A permutation of all numbers of twelve digits: a Feistel network over their halves. A hash cut to twelve digits
/// would give two of a large organisation's accounts one pseudonym sooner or later.
fn permuted(key: &Key, number: u64) -> String {
    let (mut left, mut right) = (number / HALF, number % HALF);
    for round in 0..ROUNDS {
        let mixed = left + key.number("account", &[&[round], &right.to_be_bytes()]) % HALF;
        (left, right) = (right, mixed % HALF);
    }
    format!("{left:06}{right:06}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn twelve_digits_for_twelve_digits_and_never_the_same_twice() {
        let key = Key::new(&[7; 32]);
        let all: BTreeSet<_> = (0..20_000_u64).map(|number| permuted(&key, number)).collect();
        assert_eq!(all.len(), 20_000);
        assert!(all.iter().all(|id| id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit())));
    }

    #[test]
    fn who_is_no_account_stays_and_what_is_none_becomes_one() {
        let key = Key::new(&[7; 32]);
        for text in NO_ACCOUNT {
            assert_eq!(account(&key, &text.into()).as_str(), text);
        }
        for text in ["ACME", "1111 2222", "+11122223333", "٠١٢٣٤٥٦٧٨٩٠١"] {
            let id = account(&key, &text.into());
            assert!(id.as_str().len() == 12 && id.as_str().bytes().all(|byte| byte.is_ascii_digit()), "{id}");
        }
    }
}
