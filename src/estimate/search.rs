//! The cheapest set of interface endpoints, exactly, although their GB share tiers.
//!
//! Without tiers each endpoint would be judged alone. The tiers are on the sum of all of them, but a price that falls
//! with the quantity is the *least* of a few straight lines (a tier's price, from where its tier would have begun). So
//! the cheapest set is the cheapest over the lines of the cheapest set under each line, and under a line each endpoint
//! is judged alone again. The same holds for months of growing traffic: the sum of such curves is one, with an edge
//! wherever a month passes one.

use rust_decimal::Decimal;

use crate::model::Usd;
use crate::pricing::Rate;

/// What GB through interface endpoints cost over all months, by the GB of the first one.
pub(super) struct Curve<'r> {
    rate: &'r Rate,
    scales: &'r [Decimal],
    /// None lies below the curve, and everywhere one touches it.
    lines: Vec<Straight>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Straight {
    at_zero: Usd,
    per_gb: Usd,
}

/// An endpoint that may be made.
pub(super) struct Candidate {
    /// In the first month.
    pub(super) gb: Decimal,
    /// What the same costs without it, over all months.
    pub(super) instead: Usd,
    /// What it costs over all months, but for its GB by the curve.
    pub(super) own: Usd,
}

/// One way to build a part of the architecture.
pub(super) struct Alternative {
    /// What it costs whichever endpoints are made.
    pub(super) fixed: Usd,
    pub(super) candidates: Vec<Candidate>,
}

/// The alternative of a part, and which of its candidates are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) alternative: usize,
    pub(super) made: Vec<bool>,
}

impl<'r> Curve<'r> {
    /// The curve up to so many GB in the first month.
    ///
    /// # Errors
    /// When a price rises with the quantity: then no line lies below it.
    pub(super) fn new(rate: &'r Rate, scales: &'r [Decimal], most: Decimal) -> Result<Self, String> {
        let tiers = rate.tiers();
        if tiers.windows(2).any(|pair| matches!(pair, [low, high] if high.usd > low.usd)) {
            return Err(
                "the price of interface endpoints' GB rises with the quantity, which has no exact answer".into()
            );
        }
        let straights: Vec<Straight> = tiers
            .iter()
            .map(|tier| Straight { at_zero: rate.cost(tier.from) - tier.usd * tier.from, per_gb: tier.usd })
            .collect();
        // Where each month enters each tier, on the scale of the first month.
        let mut edges: Vec<(Decimal, Decimal, usize)> = Vec::new();
        for scale in scales {
            for (index, tier) in tiers.iter().enumerate().skip(1) {
                edges.extend(tier.from.checked_div(*scale).map(|edge| (edge, *scale, index)));
            }
        }
        edges.retain(|(edge, ..)| *edge <= most);
        edges.sort_unstable();
        let first = straights.first().copied().ok_or("there is no price of interface endpoints' GB")?;
        let mut line = Straight { at_zero: Usd::ZERO, per_gb: first.per_gb * scales.iter().sum::<Decimal>() };
        let mut lines = vec![line];
        for (_, scale, index) in edges {
            if let [before, after] = straights[index - 1..=index] {
                line.at_zero += after.at_zero - before.at_zero;
                line.per_gb += (after.per_gb - before.per_gb) * scale;
                lines.push(line);
            }
        }
        Ok(Self { rate, scales, lines })
    }

    fn cost(&self, gb: Decimal) -> Usd {
        self.scales.iter().map(|scale| self.rate.cost(gb * scale)).sum()
    }

    /// The cheapest way to build each part; endpoints that only break even are not made.
    pub(super) fn choose(&self, parts: &[Vec<Alternative>]) -> Vec<Choice> {
        let of_line = |line: &Straight| -> Vec<Choice> { parts.iter().map(|part| under(line, part)).collect() };
        let choices = self.lines.iter().map(of_line);
        choices.min_by_key(|choice| self.total(parts, choice)).unwrap_or_default()
    }

    fn total(&self, parts: &[Vec<Alternative>], choices: &[Choice]) -> Usd {
        let (mut total, mut gb) = (Usd::ZERO, Decimal::ZERO);
        for (part, choice) in parts.iter().zip(choices) {
            let Some(alternative) = part.get(choice.alternative) else { continue };
            total += alternative.fixed;
            for (candidate, made) in alternative.candidates.iter().zip(&choice.made) {
                total += if *made { candidate.own } else { candidate.instead };
                gb += if *made { candidate.gb } else { Decimal::ZERO };
            }
        }
        total + self.cost(gb)
    }
}

/// The cheapest way to build a part where all GB cost the same.
fn under(line: &Straight, part: &[Alternative]) -> Choice {
    let mut best: Option<(Usd, Choice)> = None;
    for (index, alternative) in part.iter().enumerate() {
        let mut total = alternative.fixed;
        let mut made = Vec::with_capacity(alternative.candidates.len());
        for candidate in &alternative.candidates {
            let own = candidate.own + line.per_gb * candidate.gb;
            made.push(own < candidate.instead);
            total += own.min(candidate.instead);
        }
        if best.as_ref().is_none_or(|(least, _)| total < *least) {
            best = Some((total, Choice { alternative: index, made }));
        }
    }
    best.map_or(Choice { alternative: 0, made: Vec::new() }, |(_, choice)| choice)
}
