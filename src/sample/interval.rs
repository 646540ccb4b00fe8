//! The arithmetic of samples: estimates, so that it is done in floating point.

#![expect(clippy::float_arithmetic, reason = "these are estimates, not money: what they say has two digits")]
#![expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "chances lie between nothing and one, and no estimate needs 53 bits"
)]

use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;
use statrs::distribution::{ContinuousCDF, StudentsT};

use super::{CERTAIN, Drawn, Share};
use crate::model::Bytes;

/// The part of the chances that all hours share alike: the flow logs' hours may not be CloudWatch's, and several
/// gateways have their bytes in different ones.
const ALIKE: f64 = 0.25;

/// Of 100 samples, so many intervals hold what is true.
const CONFIDENCE: f64 = 0.95;

/// How probable each hour is to be among so many draws, in millionths: the more bytes, the more.
pub(super) fn chances(sizes: &[Bytes], draws: usize) -> Vec<u32> {
    if draws >= sizes.len() {
        return vec![CERTAIN; sizes.len()];
    }
    let count = sizes.len() as f64;
    let total: f64 = sizes.iter().map(|size| *size as f64).sum();
    let weight = |size: &Bytes| {
        let by_size = if total > 0.0 { *size as f64 / total } else { 1.0 / count };
        ALIKE / count + (1.0 - ALIKE) * by_size
    };
    let weights: Vec<f64> = sizes.iter().map(weight).collect();
    let mut certain = vec![false; sizes.len()];
    // An hour with more than its share of the draws is certain, and leaves the rest to the others.
    let scale = loop {
        let left = draws.saturating_sub(certain.iter().filter(|is| **is).count()) as f64;
        let free: f64 = weights.iter().zip(&certain).filter(|(_, is)| !**is).map(|(weight, _)| weight).sum();
        let scale = if free > 0.0 { left / free } else { 0.0 };
        let mut more = false;
        for (weight, is) in weights.iter().zip(&mut certain).filter(|(_, is)| !**is) {
            *is = weight * scale >= 1.0;
            more |= *is;
        }
        if !more {
            break scale;
        }
    };
    let chance = |(weight, certain): (&f64, &bool)| {
        if *certain { CERTAIN } else { ((weight * scale * f64::from(CERTAIN)) as u32).clamp(1, CERTAIN) }
    };
    weights.iter().zip(&certain).map(chance).collect()
}

/// A ratio estimate of strata with unequal chances, its interval by Student's distribution with as many degrees of
/// freedom as the strata's variances leave (Satterthwaite), and wider by one more draw that might have hit something of
/// which no draw tells.
pub(super) fn interval(
    strata: &[Vec<Drawn>],
    part: &dyn Fn(u32) -> Bytes,
    whole: &dyn Fn(u32) -> Bytes,
) -> Option<Share> {
    let chance = |drawn: &Drawn| f64::from(drawn.chance) / f64::from(CERTAIN);
    let sum = |of: &dyn Fn(u32) -> Bytes| -> f64 {
        strata.iter().flatten().map(|drawn| of(drawn.hour) as f64 / chance(drawn)).sum()
    };
    let total = sum(whole);
    if total <= 0.0 {
        return None;
    }
    let best = sum(part) / total;
    let (mut variance, mut squares, mut draws) = (0.0, 0.0, 0.0);
    for stratum in strata {
        // An hour that could not be missed says nothing of the others.
        let free: Vec<_> = stratum.iter().filter(|drawn| drawn.chance < CERTAIN).collect();
        let count = free.len() as f64;
        let rest = |drawn: &Drawn| (part(drawn.hour) as f64 - best * whole(drawn.hour) as f64) / chance(drawn);
        let mean = if free.len() > 1 { free.iter().map(|drawn| rest(drawn)).sum::<f64>() / count } else { 0.0 };
        let spread: f64 = free.iter().map(|drawn| (1.0 - chance(drawn)) * (rest(drawn) - mean).powi(2)).sum();
        let freedom = (count - 1.0).max(1.0);
        let own = spread * count / freedom;
        variance += own;
        squares += own * own / freedom;
        draws += count;
    }
    let missed = if draws > 0.0 { 1.0 / draws } else { 0.0 };
    let mut half = 0.0;
    if variance > 0.0 {
        let freedom = (variance * variance / squares).max(2.0);
        let student = StudentsT::new(0.0, 1.0, freedom).ok()?;
        half = student.inverse_cdf(0.5 + CONFIDENCE / 2.0) * variance.sqrt() / total;
    }
    let decimal = |share: f64| Decimal::from_f64(share.clamp(0.0, 1.0)).map(|share| share.round_dp(9));
    Some(Share {
        low: decimal(best - half - missed * best)?,
        best: decimal(best)?,
        high: decimal(best + half + missed * (1.0 - best))?,
    })
}
