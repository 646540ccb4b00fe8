//! What moved the money, and how far each part of that can be trusted.

use std::ops::AddAssign;

use schemars::JsonSchema;
use serde::Serialize;

use crate::model::Usd;

/// Why a cost is another one than before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The quantity of now at the rate of now, less the same at the rate of then: list prices, the discount, or a tier
    /// that was reached.
    Price,
    /// What was found then and is mended: the bytes and hours it was about, now less then, at the rate of then; less
    /// what the mending costs.
    Fix,
    /// Something was mended, and nothing tells its bytes from other traffic of the same NAT gateways.
    FixOrTraffic,
    /// All other bytes, now less then, at the rate of then, whichever gateway or endpoint they took.
    Traffic,
    /// Hours and addresses of gateways and endpoints that are new.
    Added,
    /// Those of what is gone.
    Removed,
    /// More or fewer zones, addresses or hours of what is in both.
    Resized,
    /// Known, or looked at, on one side only: no change that anybody could know.
    NotComparable,
}

impl Cause {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 8] = [
        Self::Price,
        Self::Fix,
        Self::FixOrTraffic,
        Self::Traffic,
        Self::Added,
        Self::Removed,
        Self::Resized,
        Self::NotComparable,
    ];

    /// What a reader calls it.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Price => "prices",
            Self::Fix => "fixes",
            Self::FixOrTraffic => "fixes and traffic, not told apart",
            Self::Traffic => "traffic",
            Self::Added => "added gateways and endpoints",
            Self::Removed => "removed gateways and endpoints",
            Self::Resized => "zones, addresses and hours",
            Self::NotComparable => "known on one side only",
        }
    }

    /// How it is computed, in a few words.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Price => "what is used now, at the new rates less the old ones",
            Self::Fix => "what findings were about, now less then, at the old rates",
            Self::FixOrTraffic => "only flow logs of both sides would tell which is which",
            Self::Traffic => "all other bytes, now less then, at the old rates",
            Self::Added => "hours and addresses of what is new, but for what a fix added",
            Self::Removed => "hours and addresses of what is gone, but for what a fix removed",
            Self::Resized => "of gateways and endpoints that are on both sides",
            Self::NotComparable => "a Region, call or price that one side lacks: no real change",
        }
    }
}

/// How far a part of a change can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// Hours, or all bytes of a resource.
    Metered,
    /// Bytes told apart by flow logs, on both sides.
    Measured,
    /// Only the least and the most of it are known.
    Bounded,
    /// It is not known.
    Unknown,
}

impl Basis {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Metered => "metered",
            Self::Measured => "measured",
            Self::Bounded => "bounded",
            Self::Unknown => "unknown",
        }
    }
}

/// A part of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Effect {
    /// What it is due to.
    pub cause: Cause,
    /// Dollars a month; negative where it costs less.
    pub monthly_usd: Usd,
    /// How far it can be trusted.
    pub basis: Basis,
}

/// The parts of a change, which add up to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Effects([Usd; Cause::ALL.len()]);

impl Effects {
    /// Adds to one of them.
    pub fn add(&mut self, cause: Cause, amount: Usd) {
        if let Some(sum) = self.0.get_mut(cause as usize) {
            *sum += amount;
        }
    }

    /// One of them.
    #[must_use]
    pub fn of(&self, cause: Cause) -> Usd {
        self.0.get(cause as usize).copied().unwrap_or_default()
    }

    /// The whole change.
    #[must_use]
    pub fn total(&self) -> Usd {
        self.0.iter().copied().sum()
    }

    /// Those that are not nothing. Fixes are as trusted as the caller says.
    #[must_use]
    pub fn list(&self, of_fixes: Basis) -> Vec<Effect> {
        let effect = |cause: Cause| Effect {
            cause,
            monthly_usd: self.of(cause),
            basis: match cause {
                Cause::Fix => of_fixes,
                Cause::FixOrTraffic => Basis::Bounded,
                Cause::NotComparable => Basis::Unknown,
                _ => Basis::Metered,
            },
        };
        Cause::ALL.into_iter().map(effect).filter(|effect| effect.monthly_usd != Usd::ZERO).collect()
    }
}

impl AddAssign for Effects {
    fn add_assign(&mut self, other: Self) {
        for (sum, amount) in self.0.iter_mut().zip(other.0) {
            *sum += amount;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_listed_in_their_order() {
        for (place, cause) in Cause::ALL.into_iter().enumerate() {
            assert_eq!(cause as usize, place);
        }
    }
}
