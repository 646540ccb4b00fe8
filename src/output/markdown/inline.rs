//! Text made safe inside Markdown.
//!
//! Escaping single characters is not enough on GitHub and in chat: `\@name` still mentions, `foo\@bar.com` is still
//! linked, `#1` still refers, as those are looked for after the Markdown was read. Only code is left alone by all of
//! that. So a word stays a word when it can be nothing else — letters, or a number, with the punctuation of a sentence —
//! and every other word is set as code.

use crate::output::{clean, clip};

/// Text of an account or with some in it, of at most so many columns: never more than one line.
pub(super) fn inline(text: &str, columns: usize) -> String {
    let clipped = clip(text, columns);
    let mut out = String::with_capacity(clipped.len() + 16);
    let mut run = String::new();
    for (index, word) in clipped.split(' ').filter(|word| !word.is_empty()).enumerate() {
        let core = word.trim_start_matches(OPENING).trim_end_matches(CLOSING);
        let (before, after) = word.split_once(core).filter(|_| !core.is_empty()).unwrap_or((word, ""));
        // `1.` and `1)` could start a list, and punctuation alone many things.
        let listed = index == 0 && core.chars().all(|c| c.is_ascii_digit()) && !after.is_empty();
        let plain = is_word(core) && !listed;
        if plain || !before.is_empty() {
            flush(&mut run, &mut out);
        }
        if plain {
            space(&mut out);
            out.push_str(word);
            continue;
        }
        let (before, core) = if core.is_empty() { ("", word) } else { (before, core) };
        if run.is_empty() {
            space(&mut out);
            out.push_str(before);
        } else {
            run.push(' ');
        }
        run.push_str(core);
        if !after.is_empty() {
            flush(&mut run, &mut out);
            out.push_str(after);
        }
    }
    flush(&mut run, &mut out);
    out
}

/// What may precede a word.
const OPENING: [char; 3] = ['(', '"', '\''];

/// What may follow a word.
const CLOSING: [char; 9] = [')', '"', '\'', ',', '.', ';', ':', '?', '!'];

fn space(out: &mut String) {
    if !out.is_empty() {
        out.push(' ');
    }
}

/// Words next to each other that are code are one piece of it.
fn flush(run: &mut String, out: &mut String) {
    if !run.is_empty() {
        out.push_str(&code(run));
        run.clear();
    }
}

/// Text as code, for ids and names: of at most so many columns.
pub(super) fn name(text: &str, columns: usize) -> String {
    let text = clip(text, columns);
    if text.trim().is_empty() { String::new() } else { code(&text) }
}

/// Clean text as code, its fence longer than every run of backticks in it. A pipe would end a table's cell even here,
/// so it is written out.
fn code(text: &str) -> String {
    let text = text.replace('|', "\\u{7c}");
    let fence = "`".repeat(longest_run(&text) + 1);
    let edge = |c: Option<char>| c.is_some_and(|c| c == '`' || c == ' ');
    let pad = if edge(text.chars().next()) || edge(text.chars().next_back()) { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// A block of commands, its fence longer than every run of backticks in it. The lines must be clean.
pub(super) fn block(language: &str, lines: &[impl AsRef<str>]) -> String {
    let longest = lines.iter().map(|line| longest_run(&clean(line.as_ref()))).max().unwrap_or(0);
    let fence = "`".repeat(3.max(longest + 1));
    let lines: Vec<_> = lines.iter().map(|line| clean(line.as_ref())).collect();
    format!("{fence}{language}\n{}\n{fence}", lines.join("\n"))
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// Whether a word, without the punctuation around it, can be nothing but a word or a number.
fn is_word(core: &str) -> bool {
    let letters = |part: &str| !part.is_empty() && part.chars().all(char::is_alphabetic);
    let number = |text: &str| {
        let text = text.strip_prefix('$').or(text.strip_suffix('%')).unwrap_or(text);
        text.starts_with(|c: char| c.is_ascii_digit())
            && text.ends_with(|c: char| c.is_ascii_digit())
            && text.chars().all(|c| c.is_ascii_digit() || c == ',' || c == '.')
    };
    // Names with digits, such as S3.
    let named = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric());
    // GitHub would look a commit's hash up.
    let hash = core.len() >= 7 && core.chars().all(|c| c.is_ascii_hexdigit());
    !hash && (core.split(['-', '/', '\'']).all(letters) || number(core) || named(core))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_stays_prose() {
        let text =
            "It carried 1,234.5 GB (S3, IPv4) in 720 hours: $0.045 for each, or 97% of the VPC's read-only data.";
        assert_eq!(inline(text, 400), text);
    }

    #[test]
    fn what_could_be_more_than_a_word_is_code() {
        for (text, shown) in [
            ("nat-0a1b2c in prod", "`nat-0a1b2c` in prod"),
            ("by rtb-1, rtb-2. Logs (--flow-logs PATH) tell", "by `rtb-1`, `rtb-2`. Logs (`--flow-logs` PATH) tell"),
            ("(see)[x](y) ...", "(`see)[x](y`) `...`"),
            ("see https://evil.example, now", "see `https://evil.example`, now"),
            ("ask @octocat and a@b.c", "ask `@octocat` and `a@b.c`"),
            ("fixes #12 or GH-12", "fixes `#12` or `GH-12`"),
            ("<img src=x onerror=alert(1)>", "`<img src=x onerror=alert(1)>`"),
            ("[click](javascript:alert) **me**", "`[click](javascript:alert`) `**me**`"),
            ("a | b", "a `\\u{7c}` b"),
            ("# heading", "`#` heading"),
            ("1. one", "`1`. one"),
            ("- item", "`-` item"),
            ("--assume s3=60% or 60%", "`--assume s3=60%` or 60%"),
            ("deadbeef is a hash", "`deadbeef` is a hash"),
            ("``` run", "```` ``` ```` run"),
            ("www.evil.example", "`www.evil.example`"),
            (":smile: $x$ a&b ~s~", "`:smile`: `$x$ a&b ~s~`"),
            ("a\n# b", "`a\\u{a}#` b"),
        ] {
            assert_eq!(inline(text, 400), shown, "{text}");
        }
    }

    #[test]
    fn names_are_code_of_one_line() {
        assert_eq!(name("prod nat", 40), "`prod nat`");
        assert_eq!(name("a`b``c|d", 40), "```a`b``c\\u{7c}d```");
        assert_eq!(name("`", 40), "`` ` ``");
        assert_eq!(name("  ", 40), "");
        assert_eq!(name(&"x".repeat(10_000), 5), "`xxxx…`");
    }

    #[test]
    fn nothing_ends_a_block_but_its_fence() {
        assert_eq!(block("sh", &["aws ec2 x"]), "```sh\naws ec2 x\n```");
        assert_eq!(block("sh", &["aws ```` x"]), "`````sh\naws ```` x\n`````");
        assert_eq!(block("sh", &["a\n```\n# b"]), "````sh\na\\u{a}```\\u{a}# b\n````");
    }
}
