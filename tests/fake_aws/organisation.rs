//! The generated organisation: which accounts there are, which Regions they use, and what everything is called. All of
//! it follows from the seed; what an account holds in a Region is [`Network`](super::network::Network).

/// Regions that every account has.
const DEFAULT_REGIONS: [&str; 17] = [
    "us-east-1",
    "eu-west-1",
    "us-west-2",
    "us-east-2",
    "us-west-1",
    "ap-south-1",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-west-2",
    "eu-west-3",
    "eu-north-1",
    "sa-east-1",
];

/// Regions that an account must opt in to.
const OPTIONAL_REGIONS: [&str; 12] = [
    "af-south-1",
    "ap-east-1",
    "ap-south-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ca-west-1",
    "eu-central-2",
    "eu-south-1",
    "eu-south-2",
    "il-central-1",
    "me-central-1",
    "me-south-1",
];

/// The root that everything hangs from.
pub const ROOT: &str = "r-fake";
/// Organizational units by id, name and parent.
pub const UNITS: [(&str, &str, &str); 3] = [
    ("ou-fake-production", "Production", ROOT),
    ("ou-fake-development", "Development", ROOT),
    ("ou-fake-experiments", "Experiments", "ou-fake-development"),
];

const FIRST_ID: u64 = 310_000_000_000;
const ID_STEP: u64 = 7_919;

/// Everything there is, as parameters.
#[derive(Debug, Clone)]
pub struct Organisation {
    pub seed: u64,
    /// Active accounts. The first is the management account, and has the transit gateways.
    pub active: usize,
    pub suspended: usize,
    /// Regions that every account has enabled.
    pub regions: usize,
    /// Regions beyond those that every third account has enabled.
    pub opted_in: usize,
    pub vpcs: usize,
}

/// One Region of one account, by index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    pub account: usize,
    pub region: usize,
}

/// Mixes numbers well enough for ids and traffic (`SplitMix64`).
pub fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// The name of a Region.
pub fn region_name(index: usize) -> &'static str {
    DEFAULT_REGIONS.iter().chain(&OPTIONAL_REGIONS).nth(index).unwrap()
}

/// The Region of a name.
pub fn region_index(name: &str) -> Option<usize> {
    DEFAULT_REGIONS.iter().chain(&OPTIONAL_REGIONS).position(|it| *it == name)
}

impl Organisation {
    /// All accounts, the suspended ones among them.
    pub fn listed(&self) -> impl Iterator<Item = usize> {
        0..self.active + self.suspended
    }

    pub fn is_active(&self, account: usize) -> bool {
        account < self.active
    }

    /// An account's twelve digits.
    pub fn account_id(account: usize) -> String {
        format!("{:012}", FIRST_ID + account as u64 * ID_STEP)
    }

    /// The account of an id, suspended or not.
    pub fn account(&self, id: &str) -> Option<usize> {
        let offset = id.parse::<u64>().ok().filter(|_| id.len() == 12)?.checked_sub(FIRST_ID)?;
        let account = usize::try_from(offset / ID_STEP).ok()?;
        (offset % ID_STEP == 0 && account < self.active + self.suspended).then_some(account)
    }

    pub fn account_name(account: usize) -> String {
        match account {
            0 => "network".to_owned(),
            _ => format!("team-{account:04}"),
        }
    }

    /// Where an account hangs.
    pub fn parent(account: usize) -> &'static str {
        match account {
            0 => ROOT,
            _ => UNITS[account % UNITS.len()].0,
        }
    }

    /// The Regions that an account has enabled, those that nobody opts in to first.
    pub fn enabled(&self, account: usize) -> std::ops::Range<usize> {
        let more = if account % 3 == 1 { self.opted_in } else { 0 };
        0..(self.regions + more).min(DEFAULT_REGIONS.len() + OPTIONAL_REGIONS.len())
    }

    /// What `DescribeRegions` says of a Region.
    pub fn opt_in_status(&self, account: usize, region: usize) -> &'static str {
        if region < DEFAULT_REGIONS.len() {
            "opt-in-not-required"
        } else if self.enabled(account).contains(&region) {
            "opted-in"
        } else {
            "not-opted-in"
        }
    }

    /// Every Region there is, the ones that are off included; fewer than all of the first kind are not shown.
    pub fn every_region(&self, account: usize) -> impl Iterator<Item = usize> {
        self.enabled(account).chain(DEFAULT_REGIONS.len().max(self.enabled(account).end)..29)
    }

    /// A number that stands for one thing in one place.
    pub fn number(&self, place: Place, kind: &str, index: usize) -> u64 {
        let start = mix(self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15));
        let place = mix(start ^ ((place.account as u64) << 32 | (place.region as u64) << 24 | index as u64));
        kind.bytes().fold(place, |state, byte| mix(state ^ u64::from(byte)))
    }

    /// An id: a prefix, and 17 hexadecimal digits.
    pub fn id(&self, place: Place, kind: &str, index: usize) -> String {
        format!("{kind}-0{:016x}", self.number(place, kind, index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Organisation = Organisation { seed: 1, active: 5, suspended: 2, regions: 17, opted_in: 1, vpcs: 3 };

    #[test]
    fn an_account_is_found_by_its_id() {
        for account in SMALL.listed() {
            assert_eq!(SMALL.account(&Organisation::account_id(account)), Some(account));
        }
        assert_eq!(SMALL.account(&Organisation::account_id(7)), None);
        assert_eq!(SMALL.account("310000000001"), None);
    }

    #[test]
    fn a_third_of_the_accounts_opted_in() {
        assert_eq!((SMALL.enabled(0).len(), SMALL.enabled(1).len()), (17, 18));
        assert_eq!(SMALL.opt_in_status(1, 17), "opted-in");
        assert_eq!(SMALL.opt_in_status(0, 17), "not-opted-in");
        assert_eq!(SMALL.every_region(1).count(), 29);
    }
}
