//! What the page is made of, as far as no browser is needed to see it; `tests/e2e/test_html.py` looks at it in one.

