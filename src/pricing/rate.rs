//! What one unit of something costs: flat or by tiers. One tier table answers for the split and for the price.

use rust_decimal::Decimal;

use crate::model::Usd;

/// A price per unit, perhaps falling with the quantity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rate {
    /// In order, from 0, without holes; the last has no upper edge.
    tiers: Vec<Tier>,
    /// Where the figure was read.
    pub source: String,
    /// The date, or month, or year, that it held; empty when its source is undated.
    pub as_of: String,
    /// Whether the user supplied it.
    pub user_supplied: bool,
}

/// One step of a tiered price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tier {
    /// First unit it applies to.
    pub from: Decimal,
    /// First unit it no longer applies to.
    pub to: Option<Decimal>,
    /// Dollars per unit.
    pub usd: Usd,
}

/// Why tiers do not make a price.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TierError {
    /// They must cover every quantity exactly once.
    #[error("its tiers must start at 0 and follow each other without a hole or an overlap; after {0} comes {1}")]
    Broken(Decimal, Decimal),
    /// There must be a price for any quantity.
    #[error("its last tier must have no upper edge, but ends at {0}")]
    Closed(Decimal),
}

impl Rate {
    /// A rate from its tiers.
    ///
    /// # Errors
    /// When the tiers leave a quantity without a price, or give it two.
    pub fn new(mut tiers: Vec<Tier>, source: String, as_of: String, user_supplied: bool) -> Result<Self, TierError> {
        tiers.sort_by_key(|tier| tier.from);
        let mut edge = Some(Decimal::ZERO);
        for tier in &tiers {
            match edge {
                Some(edge) if edge == tier.from => {}
                Some(edge) => return Err(TierError::Broken(edge, tier.from)),
                None => return Err(TierError::Broken(tier.from, tier.from)),
            }
            if let Some(to) = tier.to
                && to <= tier.from
            {
                return Err(TierError::Broken(tier.from, to));
            }
            edge = tier.to;
        }
        match edge {
            Some(edge) => Err(TierError::Closed(edge)),
            None => Ok(Self { tiers, source, as_of, user_supplied }),
        }
    }

    /// One price for any quantity, which somebody else than the book knows.
    #[must_use]
    pub(super) fn flat(usd: Usd, source: String, as_of: String) -> Self {
        let tier = Tier { from: Decimal::ZERO, to: None, usd };
        Self { tiers: vec![tier], source, as_of, user_supplied: true }
    }

    /// The tiers, lowest first.
    #[must_use]
    pub fn tiers(&self) -> &[Tier] {
        &self.tiers
    }

    /// What the first unit costs.
    #[must_use]
    pub fn first(&self) -> Usd {
        self.tiers.first().map_or(Usd::ZERO, |tier| tier.usd)
    }

    /// What a quantity costs, each part at its tier's price.
    #[must_use]
    pub fn cost(&self, quantity: Decimal) -> Usd {
        self.tiers
            .iter()
            .take_while(|tier| tier.from < quantity)
            .map(|tier| tier.usd * (tier.to.map_or(quantity, |to| to.min(quantity)) - tier.from))
            .sum()
    }

    /// The same rate less a discount.
    #[must_use]
    pub(super) fn discounted(mut self, factor: Decimal) -> Self {
        for tier in &mut self.tiers {
            tier.usd = tier.usd * factor;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tier(from: i64, to: Option<i64>, usd: &str) -> Tier {
        Tier { from: from.into(), to: to.map(Decimal::from), usd: Usd(usd.parse().unwrap()) }
    }

    fn endpoint_gb() -> Rate {
        let tiers = vec![
            tier(0, Some(1_048_576), "0.01"),
            tier(1_048_576, Some(5_242_880), "0.006"),
            tier(5_242_880, None, "0.004"),
        ];
        Rate::new(tiers, String::new(), String::new(), false).unwrap()
    }

    #[test]
    fn two_petabytes_by_tiers() {
        assert_eq!(endpoint_gb().cost(Decimal::from(2 * 1_048_576)).rounded().to_string(), "16777.216");
    }

    #[test]
    fn tiers_must_cover_everything_once() {
        let new = |tiers| Rate::new(tiers, String::new(), String::new(), false);
        assert_eq!(new(vec![tier(1, None, "1")]), Err(TierError::Broken(0.into(), 1.into())));
        assert_eq!(new(vec![tier(0, Some(5), "1"), tier(6, None, "1")]), Err(TierError::Broken(5.into(), 6.into())));
        assert_eq!(new(vec![tier(0, Some(5), "1")]), Err(TierError::Closed(5.into())));
        assert!(new(vec![tier(0, None, "1"), tier(0, None, "2")]).is_err());
        assert!(new(vec![]).is_err());
    }

    proptest! {
        #[test]
        fn cost_grows_with_the_quantity_and_never_jumps(a in 0_i64..8_000_000, step in 0_i64..1_000) {
            let rate = endpoint_gb();
            let (low, high) = (rate.cost(a.into()), rate.cost((a + step).into()));
            prop_assert!(low <= high);
            prop_assert!(high - low <= rate.first() * Decimal::from(step));
        }

        #[test]
        fn cost_is_continuous_at_the_edges(edge in prop::sample::select(vec![1_048_576_i64, 5_242_880])) {
            let rate = endpoint_gb();
            let hair = Decimal::new(1, 9);
            let gap = rate.cost(Decimal::from(edge) + hair) - rate.cost(Decimal::from(edge) - hair);
            prop_assert!(gap.0 > Decimal::ZERO && gap.0 < Decimal::new(1, 9));
        }
    }
}
