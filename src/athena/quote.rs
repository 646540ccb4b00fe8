//! Names and texts inside SQL: whatever they contain, they end where they end.

/// A text of Trino's SQL. There are no other escapes in it than that of the quote.
pub(super) fn text(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A name of Trino's SQL.
pub(super) fn name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text of Hive's SQL, in which Athena's tables are made: backslashes escape.
pub(super) fn hive_text(text: &str) -> String {
    let mut quoted = String::from("'");
    for c in text.chars() {
        match c {
            '\'' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c => quoted.push(c),
        }
    }
    quoted.push('\'');
    quoted
}

/// A name of Hive's SQL.
pub(super) fn hive_name(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_early() {
        assert_eq!(text("o'clock'; DROP TABLE x --"), "'o''clock''; DROP TABLE x --'");
        assert_eq!(text("a\\'b"), "'a\\''b'");
        assert_eq!(name("a\"b"), "\"a\"\"b\"");
        assert_eq!(hive_text("a'b\\c\nd"), "'a\\'b\\\\c\\nd'");
        assert_eq!(hive_name("a`b"), "`a``b`");
    }
}
