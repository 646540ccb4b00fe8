//! Blocks laid out as `terraform fmt` does, and strings that stay strings.

use std::io::{self, Write};

use hcl_edit::expr::{Array, Expression, FuncArgs, FuncCall, Object, ObjectValue, ObjectValueTerminator};
use hcl_edit::structure::{Attribute, Block, BlockLabel, Body, Structure};
use hcl_edit::{Decorate, Ident};

use crate::output::is_plain;

/// The longest list on one line.
const LONGEST: usize = 80;

/// A block with attributes.
pub(super) fn block(kind: &str, labels: &[&str], attributes: Vec<(&str, Expression)>) -> Block {
    let mut block = Block::new(Ident::new_sanitized(kind));
    block.labels = labels.iter().map(|label| BlockLabel::from(*label)).collect();
    for (key, value) in attributes {
        block.body.push(Attribute::new(Ident::new_sanitized(key), value));
    }
    block
}

/// A string, whatever is in it.
pub(super) fn text(text: &str) -> Expression {
    Expression::from(text)
}

/// An expression of the program's own words. Never anything of an account but what [`identifier`] made of it.
pub(super) fn code(code: &str) -> Expression {
    code.parse().unwrap_or_else(|_| text(code))
}

/// A function's call.
pub(super) fn call(name: &str, arguments: Vec<Expression>) -> Expression {
    let mut list = FuncArgs::new();
    for argument in arguments {
        list.push(argument);
    }
    Expression::from(FuncCall::new(Ident::new_sanitized(name), list))
}

/// A list of strings.
pub(super) fn list<'x>(texts: impl IntoIterator<Item = &'x str>) -> Expression {
    let texts: Vec<&str> = texts.into_iter().collect();
    let long = texts.iter().map(|text| text.len() + 4).sum::<usize>() > LONGEST;
    let mut array = Array::new();
    for each in texts {
        let mut value = text(each);
        if long {
            value.decor_mut().set_prefix("\n    ");
        }
        array.push(value);
    }
    if long {
        array.set_trailing_comma(true);
        array.set_trailing("\n  ");
    }
    Expression::from(array)
}

/// An object with each key on its own line, its closing brace `depth` levels deep.
pub(super) fn object(pairs: &[(&str, Expression)], depth: usize) -> Expression {
    let is_single = |value: &Expression| !value.to_string().contains('\n');
    let width = |key: &str| key.len() + if is_word(key) { 0 } else { 2 };
    let widest = pairs.iter().filter(|(_, value)| is_single(value)).map(|(key, _)| width(key)).max().unwrap_or(0);
    let mut object = Object::new();
    for (index, (key, value)) in pairs.iter().enumerate() {
        let mut name = if is_word(key) { Expression::from(Ident::new_sanitized(key)) } else { text(key) };
        let start = if index == 0 { "\n" } else { "" };
        name.decor_mut().set_prefix(format!("{start}{}", "  ".repeat(depth + 1)));
        let pad = if is_single(value) { widest - width(key) + 1 } else { 1 };
        name.decor_mut().set_suffix(" ".repeat(pad));
        let mut entry = ObjectValue::new(value.clone());
        entry.set_terminator(ObjectValueTerminator::Newline);
        object.insert(name, entry);
    }
    object.set_trailing("  ".repeat(depth));
    Expression::from(object)
}

fn is_word(key: &str) -> bool {
    !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// An identifier of some ids: small letters, digits and lines only.
pub(super) fn identifier(parts: &[&str]) -> String {
    let safe = |part: &&str| -> String {
        let start: String = part.chars().take(60).collect();
        start.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect()
    };
    let name = parts.iter().map(safe).collect::<Vec<_>>().join("_");
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) { name } else { format!("x{name}") }
}

/// Indents a body and lines up its equals signs.
fn lay_out(body: &mut Body, depth: usize) {
    let indent = "  ".repeat(depth);
    let is_single = |structure: &Structure| {
        structure.as_attribute().is_some_and(|attribute| !attribute.value.to_string().contains('\n'))
    };
    let keys: Vec<Option<usize>> = body
        .iter()
        .map(|structure| {
            let width = structure.as_attribute().map(|attribute| attribute.key.as_str().len());
            width.filter(|_| is_single(structure))
        })
        .collect();
    let widest = |index: usize| {
        let run = |keys: &mut dyn Iterator<Item = &Option<usize>>| keys.map_while(|key| *key).max().unwrap_or(0);
        let before = run(&mut keys.iter().take(index).rev());
        let after = run(&mut keys.iter().skip(index));
        before.max(after)
    };
    let mut first = true;
    let paddings: Vec<usize> =
        keys.iter().enumerate().map(|(index, key)| key.map_or(1, |width| widest(index) - width + 1)).collect();
    for (mut structure, padding) in body.iter_mut().zip(paddings) {
        if let Some(mut attribute) = structure.as_attribute_mut() {
            let decor = attribute.key_decor_mut();
            decor.set_prefix(indent.clone());
            decor.set_suffix(" ".repeat(padding));
        } else if let Some(block) = structure.as_block_mut() {
            block.decor_mut().set_prefix(if first { indent.clone() } else { format!("\n{indent}") });
            lay_out(&mut block.body, depth + 1);
            block.body.decor_mut().set_suffix(indent.clone());
        }
        first = false;
    }
}

/// A block as text. What a reader would not see, or see reordered, is written out: it can only be in a string.
fn source(mut block: Block) -> String {
    lay_out(&mut block.body, 1);
    let mut body = Body::new();
    body.push(block);
    let source = body.to_string();
    if source.chars().all(|c| c == '\n' || is_plain(c)) {
        return source;
    }
    source.chars().fold(String::with_capacity(source.len() + 32), |mut text, c| {
        match u32::from(c) {
            _ if c == '\n' || is_plain(c) => text.push(c),
            code @ ..=0xffff => text.push_str(&format!("\\u{code:04x}")),
            code => text.push_str(&format!("\\U{code:08x}")),
        }
        text
    })
}

/// Writes a block with an empty line before it.
pub(super) fn write(out: &mut dyn Write, block: Block) -> io::Result<()> {
    write!(out, "\n{}", source(block))
}

/// Writes a block.
pub(super) fn print(out: &mut dyn Write, block: Block) -> io::Result<()> {
    out.write_all(source(block).as_bytes())
}

/// Writes a block so that it has no effect until somebody takes the marks away.
pub(super) fn print_as_comment(out: &mut dyn Write, block: Block) -> io::Result<()> {
    source(block).lines().try_for_each(|line| writeln!(out, "# {line}"))
}
