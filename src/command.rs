//! AWS CLI commands for people to run, quoted so that nothing read from an account can break out of them.

use crate::model::RegionName;
use crate::output::is_plain;

/// One `aws ec2` command for a Region. None when an argument holds a NUL byte, which no shell can pass on: nothing
/// that AWS names does.
#[must_use]
pub(crate) fn ec2<'x>(
    region: &'x RegionName,
    operation: &'x str,
    arguments: impl IntoIterator<Item = &'x str>,
) -> Option<String> {
    aws(region, "ec2", operation, arguments)
}

/// One command of any service for a Region.
#[must_use]
pub(crate) fn aws<'x>(
    region: &'x RegionName,
    service: &'x str,
    operation: &'x str,
    arguments: impl IntoIterator<Item = &'x str>,
) -> Option<String> {
    line(["aws", service, operation, "--region", region.as_str()].into_iter().chain(arguments))
}

/// One command line.
#[must_use]
pub(crate) fn line<'x>(words: impl IntoIterator<Item = &'x str>) -> Option<String> {
    shlex::try_join(words).ok()
}

/// One word for bash. What a reader would not see, or see in another place than it stands, is written out in bytes.
#[must_use]
pub(crate) fn bash_word(word: &str) -> Option<String> {
    if word.contains('\0') {
        return None;
    }
    if word.chars().all(is_plain) {
        return shlex::try_quote(word).ok().map(std::borrow::Cow::into_owned);
    }
    let mut quoted = String::new();
    let mut plain = String::new();
    for c in word.chars() {
        if is_plain(c) {
            plain.push(c);
            continue;
        }
        if !plain.is_empty() {
            quoted.push_str(&shlex::try_quote(&plain).ok()?);
            plain.clear();
        }
        quoted.push_str("$'");
        for byte in c.encode_utf8(&mut [0; 4]).bytes() {
            quoted.push_str(&format!("\\x{byte:02x}"));
        }
        quoted.push('\'');
    }
    if !plain.is_empty() {
        quoted.push_str(&shlex::try_quote(&plain).ok()?);
    }
    Some(quoted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_ids_stay_one_word() {
        let line = |id| ec2(&"us-east-1".into(), "delete-nat-gateway", ["--nat-gateway-id", id]);
        assert_eq!(
            line("nat-0a1b").as_deref(),
            Some("aws ec2 delete-nat-gateway --region us-east-1 --nat-gateway-id nat-0a1b")
        );
        for hostile in ["$(touch pwned)", "a;b", "a\nb", "'\"`", "-x", "a b", "\u{202e}x", "~", "*", ""] {
            let line = line(hostile).unwrap();
            assert_eq!(shlex::split(&line).unwrap().last().map(String::as_str), Some(hostile));
        }
        assert_eq!(line("a\0b"), None);
    }

    #[test]
    fn words_for_bash_are_plain_to_see() {
        assert_eq!(bash_word("vpc-1").as_deref(), Some("vpc-1"));
        assert_eq!(bash_word("").as_deref(), Some("''"));
        assert_eq!(bash_word("a b\n\u{202e}c").as_deref(), Some("'a b'$'\\x0a'$'\\xe2\\x80\\xae'c"));
        assert_eq!(bash_word("a\0b"), None);
    }
}
