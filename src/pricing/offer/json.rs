//! Offer files in JSON, which are read as they come: hundreds of megabytes of products, of which a few are ours, then
//! the terms of each. And single products, as the Query API answers them.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use super::{Dimension, Listed, OfferError, Reader};

/// Reads an offer file.
pub(super) fn file(reader: &mut Reader, input: impl Read) -> Result<(), OfferError> {
    let mut json = serde_json::Deserializer::from_reader(input);
    let mut problem = None;
    let document = Document {
        reader,
        problem: &mut problem,
        offer: None,
        version: None,
        published: None,
        products: false,
        terms: false,
    };
    let result = Each(document).deserialize(&mut json);
    if let Some(problem) = problem {
        return Err(problem);
    }
    result?;
    Ok(json.end()?)
}

/// Reads one product with its terms.
pub(super) fn product(reader: &mut Reader, text: &str) -> Result<(), OfferError> {
    let one: One = serde_json::from_str(text)?;
    let sku = one.product.sku.clone();
    reader.is_of(&one.service_code, &one.version, &one.publication_date);
    reader.list(one.product.into());
    for dimension in one.terms.on_demand.into_values().flat_map(|term| term.price_dimensions.into_values()) {
        reader.price(&sku, &dimension.into())?;
    }
    Ok(())
}

/// `GetProducts`' form of a product.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct One {
    product: Product,
    service_code: String,
    #[serde(default)]
    terms: Terms,
    version: String,
    publication_date: String,
}

#[derive(Deserialize, Default)]
struct Terms {
    #[serde(rename = "OnDemand", default)]
    on_demand: BTreeMap<String, Term>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Product {
    sku: String,
    #[serde(default)]
    attributes: Attributes,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct Attributes {
    usagetype: String,
    operation: String,
    region_code: Option<String>,
    from_region_code: Option<String>,
    location_type: String,
    from_location_type: String,
}

impl From<Product> for Listed {
    fn from(product: Product) -> Self {
        let it = product.attributes;
        let location_type = if it.location_type.is_empty() { it.from_location_type } else { it.location_type };
        Self {
            sku: product.sku,
            usage_type: it.usagetype,
            operation: it.operation,
            region: it.region_code.or(it.from_region_code).filter(|code| !code.is_empty()),
            location_type,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Term {
    #[serde(default)]
    price_dimensions: BTreeMap<String, PriceDimension>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PriceDimension {
    #[serde(default)]
    unit: String,
    #[serde(default)]
    begin_range: String,
    #[serde(default)]
    end_range: String,
    price_per_unit: BTreeMap<String, String>,
}

impl From<PriceDimension> for Dimension {
    fn from(it: PriceDimension) -> Self {
        Self { begin: it.begin_range, end: it.end_range, unit: it.unit, price: it.price_per_unit }
    }
}

/// What is done with each entry of a map, none of which is kept.
trait Entries<'de> {
    /// Reads the value of a key.
    fn entry<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error>;

    /// When there are no more.
    fn end(&self) -> Result<(), &'static str> {
        Ok(())
    }
}

/// A map that is read entry by entry.
struct Each<E>(E);

impl<'de, E: Entries<'de>> DeserializeSeed<'de> for Each<E> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, E: Entries<'de>> Visitor<'de> for Each<E> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            self.0.entry(&key, &mut map)?;
        }
        self.0.end().map_err(A::Error::custom)
    }
}

/// The whole file.
struct Document<'r> {
    reader: &'r mut Reader,
    /// What is wrong with a price, which serde could tell only as text.
    problem: &'r mut Option<OfferError>,
    offer: Option<String>,
    version: Option<String>,
    published: Option<String>,
    products: bool,
    terms: bool,
}

impl<'de> Entries<'de> for Document<'_> {
    fn entry<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "offerCode" => self.offer = Some(map.next_value()?),
            "version" => self.version = Some(map.next_value()?),
            "publicationDate" => self.published = Some(map.next_value()?),
            "products" => {
                let (Some(offer), Some(version), Some(published)) = (&self.offer, &self.version, &self.published)
                else {
                    return Err(A::Error::custom(
                        "the products do not come after offerCode, version and publicationDate",
                    ));
                };
                self.reader.is_of(offer, version, published);
                map.next_value_seed(Each(Products(self.reader)))?;
                self.products = true;
            }
            "terms" if !self.products => {
                return Err(A::Error::custom("the terms come before the products, which AWS never writes so"));
            }
            "terms" => {
                map.next_value_seed(Each(AllTerms { reader: self.reader, problem: self.problem }))?;
                self.terms = true;
            }
            _ => drop(map.next_value::<IgnoredAny>()?),
        }
        Ok(())
    }

    fn end(&self) -> Result<(), &'static str> {
        if self.products && self.terms { Ok(()) } else { Err("there are no products, or no terms") }
    }
}

/// The products, by SKU.
struct Products<'r>(&'r mut Reader);

impl<'de> Entries<'de> for Products<'_> {
    fn entry<A: MapAccess<'de>>(&mut self, _: &str, map: &mut A) -> Result<(), A::Error> {
        self.0.list(map.next_value::<Product>()?.into());
        Ok(())
    }
}

/// The terms, by how one pays.
struct AllTerms<'r> {
    reader: &'r mut Reader,
    problem: &'r mut Option<OfferError>,
}

impl<'de> Entries<'de> for AllTerms<'_> {
    fn entry<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        if key == "OnDemand" {
            return map.next_value_seed(Each(OnDemand { reader: self.reader, problem: self.problem }));
        }
        map.next_value::<IgnoredAny>().map(drop)
    }
}

/// The terms of who pays by use, by SKU.
struct OnDemand<'r> {
    reader: &'r mut Reader,
    problem: &'r mut Option<OfferError>,
}

impl<'de> Entries<'de> for OnDemand<'_> {
    fn entry<A: MapAccess<'de>>(&mut self, sku: &str, map: &mut A) -> Result<(), A::Error> {
        if !self.reader.skus.contains_key(sku) {
            return map.next_value::<IgnoredAny>().map(drop);
        }
        let terms: BTreeMap<String, Term> = map.next_value()?;
        for dimension in terms.into_values().flat_map(|term| term.price_dimensions.into_values()) {
            if let Err(error) = self.reader.price(sku, &dimension.into()) {
                let text = error.to_string();
                *self.problem = Some(error);
                return Err(A::Error::custom(text));
            }
        }
        Ok(())
    }
}
