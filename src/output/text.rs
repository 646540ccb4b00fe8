//! Text from an account made safe for a terminal.

use std::borrow::Cow;

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Text with everything that could move the cursor, change colours or reorder what is read written out as
/// `\u{…}`: names and tags are an account's, not ours.
#[must_use]
pub fn clean(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().fold(String::with_capacity(text.len() + 16), |mut cleaned, c| {
        if is_plain(c) {
            cleaned.push(c);
        } else {
            cleaned.extend(c.escape_unicode());
        }
        cleaned
    }))
}

/// Whether a reader sees a character, and where it stands.
pub(crate) fn is_plain(c: char) -> bool {
    c == ' '
        || c.is_ascii_graphic()
        || !matches!(
            c.general_category(),
            GeneralCategory::Control
                | GeneralCategory::Format
                | GeneralCategory::LineSeparator
                | GeneralCategory::ParagraphSeparator
                | GeneralCategory::PrivateUse
                | GeneralCategory::Surrogate
                | GeneralCategory::Unassigned
        )
}

/// Clean text of at most so many columns, cut with an ellipsis.
#[must_use]
pub fn clip(text: &str, columns: usize) -> String {
    // A name can be of any length; what is cut away need not be cleaned first.
    let start: String = text.chars().take(columns + 1).collect();
    let cleaned = clean(&start);
    if cleaned.width() <= columns && start.len() == text.len() {
        return cleaned.into_owned();
    }
    let mut clipped = String::new();
    let mut width = 0;
    for c in cleaned.chars() {
        width += c.width().unwrap_or(0);
        if width >= columns {
            break;
        }
        clipped.push(c);
    }
    clipped.push('…');
    clipped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_written_out() {
        assert_eq!(clean("prod-nat"), "prod-nat");
        assert_eq!(clean("Größe 東京"), "Größe 東京");
        assert_eq!(clean("a\u{1b}[31mb\nc"), "a\\u{1b}[31mb\\u{a}c");
        assert_eq!(clean("\u{202e}gpj.exe\u{200b}"), "\\u{202e}gpj.exe\\u{200b}");
    }

    #[test]
    fn long_names_are_cut() {
        assert_eq!(clip("production", 10), "production");
        assert_eq!(clip("production-a", 10), "productio…");
        assert_eq!(clip(&"x".repeat(10_000), 5), "xxxx…");
        assert_eq!(clip("東京東京", 5), "東京…");
    }
}
