//! Shares of NAT traffic that the user declares, where nothing measures them.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::catalogue::endpoint_service;
use crate::model::Service;

/// Shares of every NAT gateway's processed bytes, by service.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Assumptions(BTreeMap<Service, Decimal>);

/// Why a declaration cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AssumptionError {
    /// It is not of the form `SERVICE=PERCENT%`.
    #[error("{0:?} is not of the form SERVICE=PERCENT%, such as s3=60%")]
    Form(String),
    /// There is no such service.
    #[error("unknown service {0:?}: use s3, dynamodb, or what ends an endpoint's service name, such as ecr.api or sqs")]
    Service(String),
    /// Not between 0 and 100.
    #[error("a share must be from 0% to 100%, not {0}%")]
    Share(Decimal),
    /// One service twice.
    #[error("the share of {0} is given twice")]
    Twice(Service),
    /// More than everything.
    #[error("the shares add up to {0}%, which is more than 100%")]
    Sum(Decimal),
}

impl Assumptions {
    /// Reads declarations such as `s3=60%`.
    ///
    /// # Errors
    /// When one is malformed, or together they are more than all traffic.
    pub fn parse<'t>(texts: impl IntoIterator<Item = &'t str>) -> Result<Self, AssumptionError> {
        let hundred = Decimal::ONE_HUNDRED;
        let mut shares = BTreeMap::new();
        for text in texts {
            let form = || AssumptionError::Form(text.to_owned());
            let (name, share) = text.split_once('=').ok_or_else(form)?;
            let percent: Decimal = share.strip_suffix('%').ok_or_else(form)?.trim().parse().map_err(|_| form())?;
            let service = Service::new(name.trim());
            if endpoint_service(&service).is_none() {
                return Err(AssumptionError::Service(name.to_owned()));
            }
            if percent < Decimal::ZERO || percent > hundred {
                return Err(AssumptionError::Share(percent));
            }
            if shares.insert(service.clone(), percent / hundred).is_some() {
                return Err(AssumptionError::Twice(service));
            }
        }
        let sum: Decimal = shares.values().sum();
        if sum > Decimal::ONE {
            return Err(AssumptionError::Sum((sum * hundred).normalize()));
        }
        Ok(Self(shares))
    }

    /// A service's share, from 0 to 1.
    #[must_use]
    pub fn share(&self, service: &Service) -> Option<Decimal> {
        self.0.get(service).copied()
    }

    /// What is left for everything without a declaration.
    #[must_use]
    pub fn remainder(&self) -> Decimal {
        Decimal::ONE - self.0.values().sum::<Decimal>()
    }

    /// Every declaration.
    pub fn iter(&self) -> impl Iterator<Item = (&Service, Decimal)> {
        self.0.iter().map(|(service, share)| (service, *share))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_percentages_of_known_services() {
        let parse = |texts: &[&str]| Assumptions::parse(texts.iter().copied());
        let shares = parse(&["s3=60%", "ecr.api=2.5%"]).unwrap();
        assert_eq!(shares.share(&Service::S3), Some(Decimal::new(6, 1)));
        assert_eq!(shares.remainder(), Decimal::new(375, 3));
        assert_eq!(parse(&["s3=0.6"]), Err(AssumptionError::Form("s3=0.6".into())));
        assert_eq!(parse(&["s3"]), Err(AssumptionError::Form("s3".into())));
        assert_eq!(parse(&["s4=1%"]), Err(AssumptionError::Service("s4".into())));
        assert_eq!(parse(&["s3=101%"]), Err(AssumptionError::Share(101.into())));
        assert_eq!(parse(&["s3=-1%"]), Err(AssumptionError::Share((-1).into())));
        assert_eq!(parse(&["s3=60%", "dynamodb=41%"]), Err(AssumptionError::Sum(101.into())));
        assert_eq!(parse(&["s3=1%", "s3=2%"]), Err(AssumptionError::Twice(Service::S3)));
    }
}
