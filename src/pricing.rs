//! List prices: what a unit of each product costs in each Region, when that was read, and where.
//!
//! The book is data (`pricing/*.csv`), exact decimals, and honest about its holes: a Region without a row has an
//! *unknown* price, which is neither nothing nor another Region's. Users fill holes and negotiated prices in with a
//! file of the same form.

pub mod offer;
mod product;
mod rate;
mod region;
mod row;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use rust_decimal::Decimal;

pub use product::Product;
pub use rate::{Rate, Tier, TierError};
pub use region::Region;
pub use row::Row;

use crate::model::{RegionName, Usd};

/// The embedded tables.
const TABLES: [&str; 7] = [
    include_str!("../pricing/nat_gateway.csv"),
    include_str!("../pricing/vpc_endpoint.csv"),
    include_str!("../pricing/public_ipv4.csv"),
    include_str!("../pricing/data_transfer.csv"),
    include_str!("../pricing/transit_gateway.csv"),
    include_str!("../pricing/vended_logs.csv"),
    include_str!("../pricing/reading.csv"),
];

/// The code of "every commercial Region that has no row of its own".
const EVERY_REGION: &str = "*";

/// A dearer unit than this is a slip in the file (and would leave the range of exact arithmetic).
const DEAREST: i64 = 1_000_000;

/// Rates by product and Region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceBook {
    rates: BTreeMap<(Product, String), Rate>,
    /// The part of the list price that is not paid: 0.08 for 8%.
    discount: Decimal,
    /// The newest date of what was read from AWS's price list since the program was built, and is newer.
    refreshed: Option<String>,
    /// The file that overrides all of them.
    overridden_by: Option<String>,
    /// The bill that rates were measured by, and how many.
    measured_by: Option<(String, usize)>,
}

/// A rate that the book does not have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("no price for {product} in {region}")]
pub struct MissingRate {
    /// The Region.
    pub region: RegionName,
    /// The product.
    pub product: Product,
}

/// Why a price file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PricingError {
    /// The file is not CSV, or lacks a column.
    #[error(
        "not a price file (CSV with the columns region, product, usd and, where needed, unit, tier_from, tier_to, source, as_of): {0}"
    )]
    Csv(#[from] csv::Error),
    /// There are no rows in it.
    #[error("it has no prices")]
    Empty,
    /// A row cannot be right.
    #[error("line {line}: {problem}")]
    Row {
        /// Line of the file, from 1.
        line: u64,
        /// What is wrong.
        problem: String,
    },
    /// The rows of one product and Region do not fit together.
    #[error("{product} in {region}: {problem}")]
    Tiers {
        /// The product.
        product: Product,
        /// The Region.
        region: String,
        /// What is wrong.
        problem: TierError,
    },
    /// A discount outside of 0 to 100%.
    #[error("the discount must be at least 0% and below 100%")]
    Discount,
}

impl PriceBook {
    /// The book that comes with the program.
    ///
    /// # Errors
    /// When the program was built with a broken table; a test holds that it was not.
    pub fn embedded() -> Result<Self, PricingError> {
        let mut rates = BTreeMap::new();
        for table in TABLES {
            rates.extend(read(table.as_bytes(), false)?);
        }
        Ok(Self { rates, discount: Decimal::ZERO, refreshed: None, overridden_by: None, measured_by: None })
    }

    /// The book with what was read from AWS's price list since: of each rate, the newer one holds.
    ///
    /// # Errors
    /// When there are no rows, or one names an unknown Region or product, is no price, or leaves tiers incomplete.
    pub fn with_refreshed(mut self, csv: &[u8]) -> Result<Self, PricingError> {
        let refreshed = read(csv, false)?;
        if refreshed.is_empty() {
            return Err(PricingError::Empty);
        }
        for (key, rate) in refreshed {
            // Dates in words of falling length: a year, or none at all, is older than any day of it.
            if self.rates.get(&key).is_none_or(|own| own.as_of <= rate.as_of) {
                self.refreshed = self.refreshed.max(Some(rate.as_of.clone()));
                self.rates.insert(key, rate);
            }
        }
        Ok(self)
    }

    /// The book with a user's rates on top; `name` is the file's.
    ///
    /// # Errors
    /// When a row names an unknown Region or product, is no price, or leaves tiers incomplete.
    pub fn with_overrides(mut self, name: &str, csv: &[u8]) -> Result<Self, PricingError> {
        let overrides = read(csv, true)?;
        if overrides.is_empty() {
            return Err(PricingError::Empty);
        }
        self.rates.extend(overrides);
        self.overridden_by = Some(name.to_owned());
        Ok(self)
    }

    /// The book at so much under list: 0.08 is 8%.
    ///
    /// # Errors
    /// When that is not a discount.
    pub fn with_discount(mut self, discount: Decimal) -> Result<Self, PricingError> {
        if discount < Decimal::ZERO || discount >= Decimal::ONE {
            return Err(PricingError::Discount);
        }
        let factor = Decimal::ONE - discount;
        self.rates = self.rates.into_iter().map(|(key, rate)| (key, rate.discounted(factor))).collect();
        self.discount = discount;
        Ok(self)
    }

    /// The book with what a bill shows to be paid in place of its rates: `bill` is what it is called, `as_of` its last
    /// day. One rate for any quantity, as tiers cannot be told from a sum.
    #[must_use]
    pub fn with_measured(
        mut self,
        bill: &str,
        as_of: &str,
        rates: impl IntoIterator<Item = (Product, RegionName, Usd)>,
    ) -> Self {
        let mut count = 0;
        for (product, region, usd) in rates {
            let rate = Rate::flat(usd, format!("measured by bill {bill}"), as_of.to_owned());
            self.rates.insert((product, region.as_str().to_owned()), rate);
            count += 1;
        }
        if count > 0 {
            self.measured_by = Some((bill.to_owned(), count));
        }
        self
    }

    /// How many rates a bill measured.
    #[must_use]
    pub fn measured(&self) -> usize {
        self.measured_by.as_ref().map_or(0, |(_, count)| *count)
    }

    /// What a product costs in a Region.
    ///
    /// # Errors
    /// When the book has no row for it: the price is unknown.
    pub fn rate(&self, region: &RegionName, product: Product) -> Result<&Rate, MissingRate> {
        let own = self.rates.get(&(product, region.as_str().to_owned()));
        own.or_else(|| {
            let commercial = Region::find(region.as_str()).is_some_and(Region::is_commercial);
            commercial.then(|| self.rates.get(&(product, EVERY_REGION.to_owned()))).flatten()
        })
        .ok_or_else(|| MissingRate { region: region.clone(), product })
    }

    /// The price of the first unit.
    ///
    /// # Errors
    /// When the book has no row for it.
    pub fn unit(&self, region: &RegionName, product: Product) -> Result<Usd, MissingRate> {
        self.rate(region, product).map(Rate::first)
    }

    /// Every row: the product, the Region (`*` for every commercial one without a row of its own), the rate.
    pub fn rows(&self) -> impl Iterator<Item = (Product, &str, &Rate)> {
        self.rates.iter().map(|((product, region), rate)| (*product, region.as_str(), rate))
    }

    /// The newest date of any rate in the book.
    #[must_use]
    pub fn as_of(&self) -> &str {
        self.rates.values().map(|rate| rate.as_of.as_str()).max().unwrap_or_default()
    }

    /// Where the book comes from: `embedded`, what was read since, the file on top of both, and the bill on top of all.
    #[must_use]
    pub fn source(&self) -> String {
        let refreshed = self.refreshed.as_ref().map(|date| format!("refreshed {date}"));
        let overridden = self.overridden_by.as_ref().map(|file| format!("overridden by {file}"));
        let measured = self.measured_by.as_ref().map(|(bill, count)| format!("{count} rates measured by bill {bill}"));
        [Some("embedded".to_owned()), refreshed, overridden, measured]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(", ")
    }

    /// The part of the list price that is not paid.
    #[must_use]
    pub fn discount(&self) -> Decimal {
        self.discount
    }
}

fn read(csv: &[u8], user_supplied: bool) -> Result<BTreeMap<(Product, String), Rate>, PricingError> {
    let mut tiers = BTreeMap::<(Product, String), (Vec<Tier>, String, String)>::new();
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).comment(Some(b'#')).from_reader(csv);
    let headers = reader.headers()?.clone();
    for record in reader.into_records() {
        let record = record?;
        let line = record.position().map_or(0, csv::Position::line);
        let row: Row = record.deserialize(Some(&headers))?;
        let (key, tier) = row.check().map_err(|problem| PricingError::Row { line, problem })?;
        match tiers.entry(key) {
            Entry::Vacant(entry) => {
                entry.insert((vec![tier], row.source, row.as_of));
            }
            Entry::Occupied(mut entry) => entry.get_mut().0.push(tier),
        }
    }
    tiers
        .into_iter()
        .map(|((product, region), (tiers, source, as_of))| {
            let rate = Rate::new(tiers, source, as_of, user_supplied).map_err(|problem| PricingError::Tiers {
                product,
                region: region.clone(),
                problem,
            })?;
            Ok(((product, region), rate))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(book: &PriceBook, region: &str, product: Product) -> Option<String> {
        book.unit(&region.into(), product).ok().map(|usd| usd.0.normalize().to_string())
    }

    #[test]
    fn every_embedded_row_is_read() {
        let book = PriceBook::embedded().unwrap();
        let lines: usize = TABLES.iter().map(|table| table.lines().count() - 1).sum();
        assert_eq!(book.rows().map(|(_, _, rate)| rate.tiers().len()).sum::<usize>(), lines);
        assert!(book.rows().all(|(_, _, rate)| !rate.source.is_empty()));
    }

    #[test]
    fn a_region_has_its_own_price_the_common_one_or_none() {
        let book = PriceBook::embedded().unwrap();
        assert_eq!(unit(&book, "us-east-1", Product::NatGatewayGb).as_deref(), Some("0.045"));
        assert_eq!(unit(&book, "sa-east-1", Product::NatGatewayGb).as_deref(), Some("0.093"));
        assert_eq!(unit(&book, "mx-central-1", Product::PublicIpv4Hour).as_deref(), Some("0.005"));
        assert_eq!(unit(&book, "mx-central-1", Product::NatGatewayGb), None);
        // "Every Region" never means another partition's, nor one that nobody knows.
        assert_eq!(unit(&book, "cn-north-1", Product::PublicIpv4Hour), None);
        assert_eq!(unit(&book, "us-gov-west-1", Product::InterfaceEndpointGb), None);
        assert_eq!(unit(&book, "xx-moon-1", Product::PublicIpv4Hour), None);
    }

    #[test]
    fn overrides_fill_holes_and_replace_all_tiers() {
        let csv = b"region,product,usd\nmx-central-1,nat_gateway_gb,0.05\nus-east-1,interface_endpoint_gb,0.009\n";
        let book = PriceBook::embedded().unwrap().with_overrides("mine.csv", csv).unwrap();
        assert_eq!(unit(&book, "mx-central-1", Product::NatGatewayGb).as_deref(), Some("0.05"));
        let rate = book.rate(&"us-east-1".into(), Product::InterfaceEndpointGb).unwrap();
        assert_eq!((rate.tiers().len(), rate.user_supplied), (1, true));
        assert_eq!(book.source(), "embedded, overridden by mine.csv");
    }

    #[test]
    fn a_discount_is_taken_off_every_rate() {
        let book = PriceBook::embedded().unwrap().with_discount(Decimal::new(8, 2)).unwrap();
        assert_eq!(unit(&book, "us-east-1", Product::NatGatewayGb).as_deref(), Some("0.0414"));
        let discount = |value| PriceBook::embedded().unwrap().with_discount(value).is_ok();
        assert!(!discount(Decimal::ONE) && !discount(Decimal::NEGATIVE_ONE));
    }

    #[test]
    fn slips_in_a_price_file_are_named() {
        let error = |rows: &str| {
            let csv = format!("region,product,unit,tier_from,tier_to,usd\n{rows}");
            PriceBook::embedded().unwrap().with_overrides("x", csv.as_bytes()).unwrap_err().to_string()
        };
        assert!(error("us-eest-1,nat_gateway_gb,,,,1").starts_with("line 2: unknown Region \"us-eest-1\""));
        assert!(error("us-east-1,nat_gateway_gbs,,,,1").starts_with("line 2: unknown product \"nat_gateway_gbs\""));
        assert_eq!(error("us-east-1,nat_gateway_gb,,,,-0.01"), "line 2: usd -0.01 is negative");
        assert_eq!(error("us-east-1,nat_gateway_gb,,,,cheap"), "line 2: usd \"cheap\" is not a decimal number");
        assert!(error("us-east-1,nat_gateway_gb,hour,,,1").contains("priced per GB"));
        assert!(error("us-east-1,nat_gateway_gb,,0,10,1").contains("no upper edge"));
        assert_eq!(error(""), "it has no prices");
        assert!(PriceBook::embedded().unwrap().with_overrides("x", b"region;product\n").is_err());
        assert!(PriceBook::embedded().unwrap().with_overrides("x", b"\xff\xfe\x00").is_err());
    }
}
