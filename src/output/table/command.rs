//! Long commands broken over lines so that they can still be copied into a shell.

use unicode_width::UnicodeWidthStr;

use crate::output::clean;

/// The longest command that is shown; longer ones are in the other formats.
const LONGEST: usize = 1_500;

/// A command in lines of at most `width` columns where it can be broken: before an option or argument, outside of
/// quotes, each line but the last ended by a backslash. None when it is too long to show, or holds characters that a
/// terminal must not see.
pub(super) fn lines(command: &str, width: usize) -> Option<Vec<String>> {
    if command.len() > LONGEST || clean(command) != command {
        return None;
    }
    let mut lines = vec![String::new()];
    for word in words(command) {
        let line = lines.last_mut()?;
        if line.is_empty() {
            line.push_str(word);
        } else if line.width() + 1 + word.width() + 2 <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            line.push_str(" \\");
            lines.push(format!("    {word}"));
        }
    }
    Some(lines)
}

/// The command cut at its unquoted spaces.
fn words(command: &str) -> Vec<&str> {
    let (mut words, mut start) = (Vec::new(), 0);
    let (mut single, mut double, mut escaped) = (false, false, false);
    for (index, c) in command.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if !single => escaped = true,
            '\'' if !double => single = !single,
            '"' if !single => double = !double,
            ' ' if !single && !double => {
                words.extend(command.get(start..index).filter(|word| !word.is_empty()));
                start = index + 1;
            }
            _ => {}
        }
    }
    words.extend(command.get(start..).filter(|word| !word.is_empty()));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_lines_are_the_same_command() {
        let command = r#"aws ec2 modify-vpc-endpoint --region us-east-1 --policy-document '{"a b": "c d"}' --x "it's""#;
        let lines = lines(command, 40).unwrap();
        assert!(lines.len() > 2);
        let shell = lines.join("\n").replace("\\\n", "");
        assert_eq!(shlex::split(&shell), shlex::split(command));
    }

    #[test]
    fn what_must_not_be_shown_is_not() {
        assert_eq!(lines("aws 'a\u{1b}[31m'", 80), None);
        assert_eq!(lines(&"x ".repeat(1_000), 80), None);
    }
}
