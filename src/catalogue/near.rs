//! Which service was meant by a name that is not one.

use super::SERVICES;

/// More would not be read.
const MOST: usize = 5;
/// Longer than every suffix there is: nothing is near to it.
const LONGEST: usize = 64;

/// The services whose names are nearest to one that is unknown, best first; perhaps none.
#[must_use]
pub fn near(name: &str) -> Vec<&'static str> {
    if name.is_empty() || name.len() > LONGEST {
        return Vec::new();
    }
    let name = name.to_ascii_lowercase();
    let known = SERVICES.keys().map(String::as_str).chain(["s3", "dynamodb", "internet"]);
    let mut near: Vec<(usize, &str)> = known
        .filter_map(|known| {
            let distance = strsim::damerau_levenshtein(known, &name);
            let part = name.len() > 2 && (known.contains(&name) || (known.len() > 2 && name.contains(known)));
            (part || distance <= 1 + name.len() / 6).then_some((distance, known))
        })
        .collect();
    near.sort_unstable();
    near.dedup();
    near.into_iter().map(|(_, known)| known).take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_and_parts_are_near() {
        assert_eq!(near("sqss").first(), Some(&"sqs"));
        assert!(near("ecr").contains(&"ecr.api") && near("ecr").contains(&"ecr.dkr"));
        assert_eq!(near("dynamo-db").first(), Some(&"dynamodb"));
        assert!(near("zzzzzzzz").is_empty() && near("").is_empty() && near(&"s".repeat(100_000)).is_empty());
    }
}
