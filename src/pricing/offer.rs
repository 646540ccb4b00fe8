//! AWS's own price list: which of its rows are the products of the price book, and what they cost.
//!
//! A row is ours by its *exact* usage type after the Region's billing prefix: `NatGateway-Hours` is also the end of
//! `RegionalNatGateway-Hours` and of the rows of Outposts. What is doubled with two prices, or half there, is an error
//! and not a guess.
//!
//! <https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/price-changes.html>

mod csv;
mod json;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::io::BufRead;

use rust_decimal::Decimal;

use super::{Product, Rate, Region, Tier, TierError};
use crate::model::{RegionName, Usd};

/// Where there is one, the other has to be.
const PAIRS: [(Product, Product); 4] = [
    (Product::NatGatewayHour, Product::NatGatewayGb),
    (Product::RegionalNatGatewayAzHour, Product::RegionalNatGatewayGb),
    (Product::InterfaceEndpointAzHour, Product::InterfaceEndpointGb),
    (Product::TgwAttachmentHour, Product::TgwGb),
];

/// A document that names more SKUs of one rate than this is not AWS's.
const MOST_SKUS: usize = 64;

/// An edition of an offer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edition {
    /// `AmazonEC2`, `AmazonVPC`.
    pub offer: String,
    /// AWS's number of it, such as `20260910195514`.
    pub version: String,
    /// The day it was published, such as `2026-09-10`.
    pub date: String,
}

/// What a price list says of the price book's products.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PriceList {
    /// Rates by product and Region.
    pub rates: BTreeMap<(Product, RegionName), Rate>,
    /// The editions that they were read from.
    pub editions: BTreeSet<Edition>,
}

/// Why a price list cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OfferError {
    /// It cannot be read, or breaks off.
    #[error("it cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// It is no JSON, or not of the form of an offer file.
    #[error("not an offer file of AWS's price list: {0}")]
    Json(#[from] serde_json::Error),
    /// It is no CSV, or not of the form of an offer file.
    #[error("not an offer file of AWS's price list: {0}")]
    Csv(#[from] ::csv::Error),
    /// It lacks something that every offer file has.
    #[error("not an offer file of AWS's price list: {0}")]
    Form(String),
    /// A price that is none.
    #[error("SKU {sku} ({usage_type}): {problem}")]
    Row {
        /// AWS's number of what is sold.
        sku: String,
        /// Its usage type.
        usage_type: String,
        /// What is wrong.
        problem: String,
    },
    /// The tiers of a SKU leave quantities without a price, or give them two.
    #[error("{product} in {region} (SKU {sku}): {problem}")]
    Tiers {
        /// The product.
        product: Product,
        /// The Region.
        region: RegionName,
        /// AWS's number of what is sold.
        sku: String,
        /// What is wrong.
        problem: TierError,
    },
    /// Two SKUs with two prices for the same thing.
    #[error("{product} in {region} has several prices, and nothing says which one holds: {prices}")]
    Doubled {
        /// The product.
        product: Product,
        /// The Region.
        region: RegionName,
        /// Each with its SKU.
        prices: String,
    },
    /// One half of what is always sold together.
    #[error("{missing} is missing in {region}, which has {there}")]
    Missing {
        /// What is not there.
        missing: Product,
        /// What is.
        there: Product,
        /// The Region.
        region: RegionName,
    },
    /// Prices in a currency that the price book does not count in.
    #[error(
        "the prices of {region} are in {currency}, and natwise counts in USD: say what one is worth, such as \
         --usd-per-cny 0.14"
    )]
    Currency {
        /// The Region.
        region: RegionName,
        /// The currency.
        currency: &'static str,
    },
    /// There is nothing of ours in it.
    #[error("there is no price of a NAT gateway, endpoint, transit gateway or public address in it")]
    Nothing,
}

/// A product of the price list.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Listed {
    sku: String,
    usage_type: String,
    operation: String,
    /// None where the list does not say: rows of data transfer name two places instead.
    region: Option<String>,
    location_type: String,
}

/// One step of a price.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Dimension {
    begin: String,
    end: String,
    unit: String,
    /// By currency.
    price: BTreeMap<String, String>,
}

/// The steps of one SKU's price, one after the other.
type Steps = Vec<Tier>;

/// Gathers the rates of a price list, whatever form it comes in.
pub struct Reader {
    usd_per_cny: Option<Decimal>,
    /// Only these Regions; empty for all.
    only: BTreeSet<RegionName>,
    wanted: HashMap<String, (Product, &'static Region)>,
    /// The SKUs of the document at hand that are ours.
    skus: HashMap<String, (Product, &'static Region, String)>,
    edition: Edition,
    found: BTreeMap<(Product, RegionName), BTreeMap<String, (Steps, Edition)>>,
    editions: BTreeSet<Edition>,
}

impl Reader {
    /// Of these Regions, or of all; `usd_per_cny` is what a yuan is worth, where China's Regions are wanted.
    #[must_use]
    pub fn new(regions: &[RegionName], usd_per_cny: Option<Decimal>) -> Self {
        let mut wanted = HashMap::new();
        for region in Region::all().filter(|region| !region.billing_prefix.is_empty()) {
            for product in Product::NETWORK {
                let bare = product.bare_usage_type();
                wanted.insert(format!("{}-{bare}", region.billing_prefix), (product, region));
                if region.name.as_str() == "us-east-1" {
                    wanted.insert(bare.to_owned(), (product, region));
                }
            }
        }
        Self {
            usd_per_cny,
            only: regions.iter().cloned().collect(),
            wanted,
            skus: HashMap::new(),
            edition: Edition { offer: String::new(), version: String::new(), date: String::new() },
            found: BTreeMap::new(),
            editions: BTreeSet::new(),
        }
    }

    /// Reads an offer file, JSON or CSV.
    ///
    /// # Errors
    /// When it is neither, breaks off, or has a price that is none.
    pub fn file(&mut self, mut input: impl BufRead) -> Result<(), OfferError> {
        self.skus.clear();
        let first = loop {
            match input.fill_buf()? {
                [] => return Err(OfferError::Form("it is empty".to_owned())),
                [byte, ..] if byte.is_ascii_whitespace() => input.consume(1),
                [byte, ..] => break *byte,
            }
        };
        if first == b'{' { json::file(self, input) } else { csv::file(self, input) }
    }

    /// Reads a product as the Query API's `GetProducts` answers it: one string of JSON for each.
    ///
    /// # Errors
    /// When it is not of that form, or has a price that is none.
    pub fn product(&mut self, text: &str) -> Result<(), OfferError> {
        self.skus.clear();
        json::product(self, text)
    }

    /// What was found in all that was read.
    ///
    /// # Errors
    /// When there is nothing, a rate is doubled, or one is missing beside its other half.
    pub fn finish(self) -> Result<PriceList, OfferError> {
        let mut list = PriceList { editions: self.editions, ..PriceList::default() };
        for ((product, region), skus) in self.found {
            let mut one: Option<Rate> = None;
            for (sku, (steps, edition)) in &skus {
                let source = format!("AWS Price List {} {} (SKU {sku})", edition.offer, edition.version);
                let rate = Rate::new(steps.clone(), source, edition.date.clone(), false).map_err(|problem| {
                    OfferError::Tiers { product, region: region.clone(), sku: sku.clone(), problem }
                })?;
                match &one {
                    Some(other) if other.tiers() != rate.tiers() => {
                        return Err(OfferError::Doubled { product, region, prices: prices(&skus) });
                    }
                    Some(_) => {}
                    None => one = Some(rate),
                }
            }
            list.rates.extend(one.map(|rate| ((product, region), rate)));
        }
        if list.rates.is_empty() {
            return Err(OfferError::Nothing);
        }
        for (one, other) in PAIRS {
            for (there, missing) in [(one, other), (other, one)] {
                let of = |product| list.rates.keys().filter(move |(of, _)| *of == product).map(|(_, region)| region);
                let others: BTreeSet<_> = of(missing).collect();
                if let Some(region) = of(there).find(|region| !others.contains(region)) {
                    return Err(OfferError::Missing { missing, there, region: region.clone() });
                }
            }
        }
        Ok(list)
    }

    /// What the document at hand is an edition of.
    fn is_of(&mut self, offer: &str, version: &str, published: &str) {
        let date = published.get(..10).unwrap_or(published).to_owned();
        self.edition = Edition { offer: offer.to_owned(), version: version.to_owned(), date };
    }

    /// Which product a usage type is, and where.
    fn find(&self, usage_type: &str, region: Option<&str>) -> Option<(Product, &'static Region)> {
        if let Some((product, found)) = self.wanted.get(usage_type) {
            return region.is_none_or(|code| code == found.name.as_str()).then_some((*product, *found));
        }
        // Where nobody has told what the Region is called on its bills, the row has to say which one it is.
        let region = Region::find(region?).filter(|region| region.billing_prefix.is_empty())?;
        let (_, bare) = usage_type.split_once('-')?;
        Product::NETWORK.into_iter().find(|product| product.bare_usage_type() == bare).map(|product| (product, region))
    }

    /// Remembers a product that is ours.
    fn list(&mut self, listed: Listed) {
        let Some((product, region)) = self.find(&listed.usage_type, listed.region.as_deref()) else { return };
        let elsewhere = !matches!(listed.location_type.as_str(), "" | "AWS Region");
        let operations = operations(product);
        let other = !operations.is_empty() && !operations.contains(&listed.operation.as_str());
        let unwanted = !self.only.is_empty() && !self.only.contains(&region.name);
        if !(elsewhere || other || unwanted) {
            self.skus.insert(listed.sku, (product, region, listed.usage_type));
        }
    }

    /// Takes the price of a SKU on demand, if it is one of ours.
    fn price(&mut self, sku: &str, dimension: &Dimension) -> Result<(), OfferError> {
        let Some((product, region, usage_type)) = self.skus.get(sku) else { return Ok(()) };
        let wrong = |problem: String| OfferError::Row { sku: sku.to_owned(), usage_type: usage_type.clone(), problem };
        if !units(*product).iter().any(|unit| unit.eq_ignore_ascii_case(&dimension.unit)) {
            return Err(wrong(format!("priced per {:?}, not per {}", dimension.unit, product.unit())));
        }
        let decimal = |text: &str| {
            let number: Result<Decimal, _> = text.parse();
            number
                .ok()
                .filter(|it| !it.is_sign_negative() || it.is_zero())
                .ok_or_else(|| format!("{text:?} is no price"))
        };
        let (currency, factor) = match (region.partition.as_str(), self.usd_per_cny) {
            ("aws-cn", Some(usd)) => ("CNY", usd),
            ("aws-cn", None) => return Err(OfferError::Currency { region: region.name.clone(), currency: "CNY" }),
            _ => ("USD", Decimal::ONE),
        };
        // China's rows also have prices in USD, which are 0; in CSV they are rows of their own.
        let Some(price) = dimension.price.get(currency) else { return Ok(()) };
        let price = decimal(price).map_err(wrong)?;
        if price.is_zero() && *product != Product::NatGatewayProvisionedGb {
            return Err(wrong("a price of nothing for what is never free".to_owned()));
        }
        let usd = price.checked_mul(factor).ok_or_else(|| wrong("a price beyond belief".to_owned()))?;
        let from = if dimension.begin.is_empty() { Decimal::ZERO } else { decimal(&dimension.begin).map_err(wrong)? };
        let to = match dimension.end.as_str() {
            "" | "Inf" => None,
            end => Some(decimal(end).map_err(wrong)?),
        };
        let skus = self.found.entry((*product, region.name.clone())).or_default();
        if skus.len() >= MOST_SKUS {
            return Err(wrong(format!("there are more than {MOST_SKUS} SKUs of it")));
        }
        let (steps, _) = skus.entry(sku.to_owned()).or_insert_with(|| (Steps::new(), self.edition.clone()));
        let step = Tier { from, to, usd: Usd(usd) };
        // The same file given twice says nothing new.
        if !steps.contains(&step) {
            steps.push(step);
        }
        self.editions.insert(self.edition.clone());
        Ok(())
    }
}

/// The prices that several SKUs have.
fn prices(skus: &BTreeMap<String, (Steps, Edition)>) -> String {
    skus.iter().fold(String::new(), |mut text, (sku, (steps, _))| {
        let usd = steps.first().map_or(Decimal::ZERO, |step| step.usd.0.normalize());
        let _infallible = write!(text, "{}{usd} (SKU {sku})", if text.is_empty() { "" } else { ", " });
        text
    })
}

/// The operations that a product's usage type is charged under, where others share it.
fn operations(product: Product) -> &'static [&'static str] {
    match product {
        Product::NatGatewayHour | Product::NatGatewayGb => &["NatGateway"],
        Product::RegionalNatGatewayAzHour | Product::RegionalNatGatewayGb => &["RegionalNatGateway"],
        Product::TgwAttachmentHour | Product::TgwGb => &["TransitGatewayVPC"],
        Product::InterAzGb => &["", "InterZone-In", "InterZone-Out"],
        _ => &[],
    }
}

/// What the price list calls a product's unit.
fn units(product: Product) -> &'static [&'static str] {
    match product.unit() {
        "hour" => &["Hrs", "hour", "hours"],
        "Gbps-hour" => &["Gbps-hour", "Gbps-hrs", "GbpsHrs", "Gbps-h", "Hrs"],
        _ => &["GB", "GigaBytes", "Quantity"],
    }
}

#[cfg(test)]
mod tests;
