//! Pages of a listing, honest or not.

use super::respond::Refusal;

/// How the tokens of an answer are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tokens {
    #[default]
    Honest,
    /// Always one that was never seen before.
    Endless(u64),
    /// Always the same one.
    Repeated,
    /// The page has nothing on it, and its token leads to what it should have held.
    Empty(u64),
}

/// One page: which items, and the token of the next.
#[derive(Debug, PartialEq, Eq)]
pub struct Page {
    pub from: usize,
    pub to: usize,
    pub next: Option<String>,
}

/// The page that a token leads to. Endless and repeated tokens lead to the first page again.
pub fn page(items: usize, size: usize, token: Option<&str>, tokens: Tokens) -> Result<Page, Refusal> {
    let from = match token.map(|it| it.split_once('-').unwrap_or_default()) {
        None | Some(("endless" | "again", _)) => 0,
        Some(("page", rest)) => {
            rest.split('-').next().unwrap_or_default().parse().map_err(|_| Refusal::invalid_token())?
        }
        Some(_) => return Err(Refusal::invalid_token()),
    };
    let from = items.min(from);
    let to = items.min(from.saturating_add(size));
    let next = match tokens {
        Tokens::Honest => (to < items).then(|| format!("page-{to}")),
        Tokens::Endless(number) => Some(format!("endless-{number}")),
        Tokens::Repeated => Some("again-1".to_owned()),
        Tokens::Empty(number) => {
            return Ok(Page { from, to: from, next: Some(format!("page-{from}-{number}")) });
        }
    };
    Ok(Page { from, to, next })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn honest_pages_hold_everything_once() {
        let (mut seen, mut token) = (Vec::new(), None::<String>);
        loop {
            let page = page(7, 3, token.as_deref(), Tokens::Honest).unwrap();
            seen.extend(page.from..page.to);
            token = page.next;
            if token.is_none() {
                break;
            }
        }
        assert_eq!(seen, [0, 1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn dishonest_tokens_do_not_end() {
        for tokens in [Tokens::Endless(9), Tokens::Repeated] {
            let first = page(2, 10, None, tokens).unwrap();
            let second = page(2, 10, first.next.as_deref(), tokens).unwrap();
            assert_eq!((second.from, second.to), (0, 2));
            assert!(second.next.is_some());
        }
        let empty = page(2, 10, None, Tokens::Empty(5)).unwrap();
        assert_eq!((empty.from, empty.to), (0, 0));
        assert_eq!(page(2, 10, empty.next.as_deref(), Tokens::Honest).unwrap().to, 2);
        assert!(page(2, 10, Some("what"), Tokens::Honest).is_err());
    }
}
