//! AWS CLI commands for people to run, quoted so that nothing read from an account can break out of them.

use crate::model::RegionName;

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
}
