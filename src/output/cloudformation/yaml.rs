//! YAML in the order that it is built in.

use std::io;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_saphyr::ser_options;

use crate::output::is_plain;

/// A value.
#[derive(Debug, Clone)]
pub(super) enum Node {
    Text(String),
    Number(i64),
    Flag(bool),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) if needs_escapes(text) => serializer.serialize_str(&format!("{text}{BELL}")),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Number(number) => serializer.serialize_i64(*number),
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::List(nodes) => nodes.serialize(serializer),
            Self::Map(pairs) => {
                let mut map = serializer.serialize_map(Some(pairs.len()))?;
                pairs.iter().try_for_each(|(key, node)| map.serialize_entry(key, node))?;
                map.end()
            }
        }
    }
}

/// A string, whatever is in it.
pub(super) fn text(text: &str) -> Node {
    Node::Text(text.to_owned())
}

/// Strings.
pub(super) fn texts<'x>(texts: impl IntoIterator<Item = &'x str>) -> Node {
    Node::List(texts.into_iter().map(text).collect())
}

/// A map of names that are the program's own.
pub(super) fn map<'x>(pairs: impl IntoIterator<Item = (&'x str, Node)>) -> Node {
    Node::Map(pairs.into_iter().map(|(key, node)| (key.to_owned(), node)).collect())
}

/// `Ref` of a name.
pub(super) fn reference(name: &str) -> Node {
    map([("Ref", text(name))])
}

/// A character that the serializer writes as `\a`, in double quotes: the only ones that can hold other escapes.
const BELL: char = '\u{7}';
/// How a string ends that was given one.
const MARK: &str = r#"\a""#;

/// Whether a string holds what a reader would not see, or see in another place than it stands. The serializer writes
/// such characters as they are, unless YAML forbids it.
fn needs_escapes(text: &str) -> bool {
    !text.chars().all(is_plain) || text.ends_with(MARK)
}

/// The value as lines, each so many columns in. No string spans lines.
pub(super) fn indented(node: &Node, columns: usize) -> io::Result<String> {
    let options = ser_options! { prefer_block_scalars: false };
    let yaml = serde_saphyr::to_string_with_options(node, options).map_err(io::Error::other)?;
    let mut lines = String::with_capacity(yaml.len() + 64);
    for line in yaml.split_terminator('\n') {
        (0..columns).for_each(|_| lines.push(' '));
        match line.strip_suffix(MARK) {
            None => lines.push_str(line),
            Some(marked) => {
                marked.chars().for_each(|c| match u32::from(c) {
                    _ if is_plain(c) => lines.push(c),
                    code @ ..=0xffff => lines.push_str(&format!("\\u{code:04X}")),
                    code => lines.push_str(&format!("\\U{code:08X}")),
                });
                lines.push('"');
            }
        }
        lines.push('\n');
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(value: &str) -> String {
        indented(&map([("x", text(value))]), 0).unwrap()
    }

    #[test]
    fn what_yaml_would_read_otherwise_is_quoted() {
        for value in [
            "yes",
            "no",
            "on",
            "2012-10-17",
            "1",
            "1e3",
            "0x1f",
            "~",
            "null",
            "",
            "- a",
            "a: b",
            "#x",
            "!Ref x",
            "---",
            "*",
        ] {
            let line = written(value);
            assert!(line.starts_with("x: \"") || line.starts_with("x: '"), "{line}");
        }
        assert_eq!(written("vpc-1"), "x: vpc-1\n");
    }

    #[test]
    fn nothing_unseen_is_left_and_no_string_spans_lines() {
        assert_eq!(written("a\u{202e}b"), "x: \"a\\u202Eb\"\n");
        assert_eq!(written("a\nb\u{e0001}"), "x: \"a\\nb\\U000E0001\"\n");
        assert_eq!(written("a\u{7}"), "x: \"a\\a\"\n");
        assert_eq!(written(&"word ".repeat(100)).lines().count(), 1);
    }
}
