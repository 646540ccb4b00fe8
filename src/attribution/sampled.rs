//! A gateway's bytes where flow logs were read of some hours only: shares with their intervals, of CloudWatch's total.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::{Clients, ENOUGH, Measured, Range};
use crate::model::{Bytes, Service};
use crate::sample::{Plan, Share};
use crate::traffic::{Label, Method, Place};

/// Bytes by hour.
type Series = BTreeMap<u32, Bytes>;

/// What tells of a gateway's sample.
#[derive(Debug, Clone, Copy)]
pub struct Sampled<'a> {
    /// The hours.
    pub plan: &'a Plan,
    /// Bytes that CloudWatch metered in them.
    pub metered: Bytes,
}

impl<'a> Measured<'a> {
    /// The same as [`bytes`](Self::bytes).
    pub(super) fn sampled_bytes(
        &self,
        sample: Sampled<'a>,
        metered: Decimal,
        service: Option<&Service>,
        clients: Clients<'_>,
    ) -> Range {
        let is_it = |label: &Option<Label>| {
            service.is_none_or(|service| label.as_ref().is_some_and(|label| self.is_of(label, service)))
        };
        let theirs = |place: &Option<Place>| place.as_ref().is_some_and(|place| clients.include(place));
        if let Some(service) = service.filter(|_| self.traffic.method == Method::RemoteLegs) {
            // As for a whole: of two parts of a whole, at least what exceeds the whole is in both.
            let Some(of_service) = self.share(sample, &self.series_of(service)) else { return anything(metered) };
            let everybody = self.places(&|_, _| true);
            let of = |series: &Series| {
                sample.plan.whole(&at(series)).checked_div(sample.plan.whole(&at(&everybody))).unwrap_or_default()
            };
            let least = of(&self.places(&|place, _| theirs(place)));
            let most = of(&self.places(&|place, _| theirs(place) || place.is_none()));
            let low = (of_service.low + least - Decimal::ONE).max(Decimal::ZERO);
            return self.of_total(sample, metered, low, of_service.high.min(most));
        }
        let low = self.share(sample, &self.places(&|place, label| theirs(place) && is_it(label)));
        let high = self.share(sample, &self.places(&|place, label| (theirs(place) || place.is_none()) && is_it(label)));
        match low.zip(high) {
            Some((low, high)) => self.of_total(sample, metered, low.low, high.high),
            None => anything(metered),
        }
    }

    /// The same as [`most`](Self::most).
    pub(super) fn sampled_most(&self, sample: Sampled<'a>, metered: Decimal, service: &Service) -> Decimal {
        let share = self.share(sample, &self.series_of(service));
        share.map_or(metered, |share| self.of_total(sample, metered, Decimal::ZERO, share.high).high)
    }

    /// From a least to a most of a label's bytes.
    pub(super) fn sampled_label(&self, sample: Sampled<'a>, metered: Decimal, label: &Label) -> Range {
        let nothing = Series::new();
        let series = self.traffic.labels_by_hour.get(label).unwrap_or(&nothing);
        match self.share(sample, series) {
            Some(share) => self.of_total(sample, metered, share.low, share.high),
            None => anything(metered),
        }
    }

    /// What the sampled bytes of something stand for.
    pub(super) fn stands_for(sample: Sampled<'a>, series: &Series) -> Bytes {
        Bytes::try_from(sample.plan.whole(&at(series)).round()).unwrap_or(Bytes::MAX)
    }

    /// The bytes of some places and labels by hour.
    pub(super) fn places(&self, keep: &dyn Fn(&Option<Place>, &Option<Label>) -> bool) -> Series {
        let kept = self.traffic.places_by_hour.iter().filter(|((place, label), _)| keep(place, label));
        sum(kept.map(|(_, hours)| hours))
    }

    fn series_of(&self, service: &Service) -> Series {
        let labels = self.traffic.labels_by_hour.iter().filter(|(label, _)| self.is_of(label, service));
        sum(labels.map(|(_, hours)| hours))
    }

    /// A part's share of what the logs show. None where that is nothing, or not told by single hours.
    fn share(&self, sample: Sampled<'a>, part: &Series) -> Option<Share> {
        if self.traffic.stretch > 1 {
            return None;
        }
        sample.plan.share(&at(part), &at(&self.traffic.hours))
    }

    /// Shares of what logs show as bytes of CloudWatch's total. What logs of these hours did not see may be anything.
    fn of_total(&self, sample: Sampled<'a>, metered: Decimal, low: Decimal, high: Decimal) -> Range {
        let seen = Decimal::from(self.logged).checked_div(Decimal::from(sample.metered)).unwrap_or(Decimal::ONE);
        if seen >= ENOUGH {
            return Range { low: low * metered, high: high * metered };
        }
        Range { low: low * seen * metered, high: (high * seen + Decimal::ONE - seen) * metered }
    }
}

fn anything(metered: Decimal) -> Range {
    Range { low: Decimal::ZERO, high: metered }
}

fn at(series: &Series) -> impl Fn(u32) -> Bytes {
    |hour| series.get(&hour).copied().unwrap_or(0)
}

fn sum<'s>(series: impl Iterator<Item = &'s Series>) -> Series {
    let mut sums = Series::new();
    for (hour, bytes) in series.flatten() {
        let sum = sums.entry(*hour).or_default();
        *sum = sum.saturating_add(*bytes);
    }
    sums
}

#[cfg(test)]
mod tests;
