//! Writing XML answers. Everything written comes from the generator, so nothing is escaped but what is quoted back.

/// Adds formatted text to a string, which cannot fail.
macro_rules! put {
    ($out:expr, $($argument:tt)*) => {{
        use std::fmt::Write;
        write!($out, $($argument)*).unwrap();
    }};
}
pub(crate) use put;

/// Text of a request, safe in an answer.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
