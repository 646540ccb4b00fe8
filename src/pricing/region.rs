//! The Regions that exist, and what their usage types are called on a bill.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::model::RegionName;

/// A Region, as the price book needs to know it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Region {
    /// Its code.
    #[serde(rename = "region")]
    pub name: RegionName,
    /// `aws`, `aws-cn`, `aws-us-gov`, `aws-eusc`.
    pub partition: String,
    /// Its name for people.
    pub location: String,
    /// What precedes usage types on its bills; not derivable from the code.
    pub billing_prefix: String,
}

static REGIONS: LazyLock<BTreeMap<String, Region>> = LazyLock::new(|| {
    csv::Reader::from_reader(include_bytes!("../../pricing/regions.csv").as_slice())
        .into_deserialize::<Region>()
        .filter_map(Result::ok)
        .map(|region| (region.name.as_str().to_owned(), region))
        .collect()
});

impl Region {
    /// The Region of a code.
    #[must_use]
    pub fn find(code: &str) -> Option<&'static Self> {
        REGIONS.get(code)
    }

    /// Every known Region, by code.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        REGIONS.values()
    }

    /// Whether prices given for "every Region" hold here: AWS means its commercial Regions by that.
    #[must_use]
    pub fn is_commercial(&self) -> bool {
        self.partition == "aws"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table_is_read() {
        let rows = include_str!("../../pricing/regions.csv").lines().count() - 1;
        assert_eq!(Region::all().count(), rows);
        assert_eq!(Region::find("eu-west-1").unwrap().billing_prefix, "EU");
        assert!(!Region::find("cn-north-1").unwrap().is_commercial());
    }
}
