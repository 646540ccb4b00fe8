//! YAML in the order that it is built in.

use std::io;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_saphyr::ser_options;

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

/// The value as lines, each so many columns in. No string spans lines.
pub(super) fn indented(node: &Node, columns: usize) -> io::Result<String> {
    let options = ser_options! { prefer_block_scalars: false };
    let yaml = serde_saphyr::to_string_with_options(node, options).map_err(io::Error::other)?;
    let indent = " ".repeat(columns);
    Ok(yaml.lines().map(|line| format!("{indent}{line}\n")).collect())
}
