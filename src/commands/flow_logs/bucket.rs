//! `--flow-logs s3://BUCKET/PREFIX`: the window's objects, listed, priced, and handed to the engine that reads files.

use std::collections::BTreeMap;
use std::sync::Arc;

use rust_decimal::Decimal;

use super::Request;
use super::remote::Remote;
use super::spend::{Estimate, dollars, size};
use crate::aws::s3::{Bucket, Fetched, Listed, MOST_KEYS, objects as read};
use crate::flow_log::Object;
use crate::flow_log::bucket::Search;
use crate::model::{Bytes, RegionName, Usd, Window};
use crate::pricing::{PriceBook, Product};
use crate::progress::ListProgress;

/// Files in buckets, and the counts of what is fetched of them.
#[derive(Default)]
pub(super) struct Objects {
    pub(super) objects: Vec<Arc<dyn Object>>,
    fetched: Vec<(String, Arc<Fetched>)>,
}

impl Objects {
    /// What was really read so far, for people.
    pub(super) fn told(&self) -> impl Iterator<Item = String> {
        self.fetched.iter().map(|(bucket, fetched)| {
            format!("read {} of s3://{bucket} in {} GET requests", size(fetched.bytes()), fetched.requests())
        })
    }
}

/// The objects of some buckets and prefixes that can hold records of the request's windows.
pub(super) fn objects(remote: &Remote, places: &[(&str, &str)], request: &Request<'_>) -> anyhow::Result<Objects> {
    let book = PriceBook::embedded()?;
    let found = match remote.wait(list(remote, places, request, &book, false), async {}) {
        // Asked here, where Ctrl-C is heard; the listing then begins anew.
        Err(error) if error.is::<AskFirst>() => {
            if let Some(AskFirst(listing)) = error.downcast_ref() {
                remote.budget.allow(listing)?;
            }
            remote.wait(list(remote, places, request, &book, true), async {})?
        }
        listed => listed?,
    };
    let mut estimates = Vec::new();
    for (bucket, listed) in &found {
        estimates.push(estimate(bucket, listed, &book));
    }
    if let Some(all) = together(estimates) {
        remote.budget.allow(&all)?;
    }
    let mut all = Objects::default();
    for (bucket, listed) in found {
        let (objects, fetched) = read(&bucket, listed, &remote.runtime);
        all.objects.extend(objects);
        all.fetched.push((bucket.name().to_owned(), fetched));
    }
    Ok(all)
}

/// Listing alone costs more than may be spent without a question.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.what)]
struct AskFirst(Estimate);

/// Each bucket once, with what was found below all of its prefixes.
async fn list(
    remote: &Remote,
    places: &[(&str, &str)],
    request: &Request<'_>,
    book: &PriceBook,
    allowed: bool,
) -> anyhow::Result<Vec<(Bucket, Listed)>> {
    let progress = ListProgress::new(remote.quiet);
    let mut found: BTreeMap<&str, (Bucket, Listed)> = BTreeMap::new();
    for (name, prefix) in places {
        let bucket = match found.get(name) {
            Some((bucket, _)) => bucket.clone(),
            None => Bucket::find(&remote.config, name).await?,
        };
        let search = Search::new(prefix, &request.windows);
        let allow = |listings: usize| -> anyhow::Result<()> {
            let usd = requests(book, &bucket, Product::S3ListRequest, listings as u64).0;
            if allowed || remote.budget.includes(Some(usd)) {
                return Ok(());
            }
            let what = format!("{listings} LIST requests for s3://{name}/{prefix} in {}", bucket.region());
            let notes = vec!["objects are priced once they are known".to_owned()];
            Err(AskFirst(Estimate { what, bytes: Some(0), usd: Some(usd), notes }).into())
        };
        let mut listed = bucket.search(&search, MOST_KEYS, &|keys| progress.set(keys), allow).await?;
        if let Some(logs) = request.logs {
            listed.files.retain(|key, _| logs.iter().any(|log| key.contains(&format!("_{log}_"))));
        }
        anyhow::ensure!(!listed.files.is_empty(), "{}", nothing(&bucket, &search, &listed, &request.windows));
        match found.get_mut(name) {
            Some((_, before)) => {
                before.files.extend(listed.files);
                before.requests += listed.requests;
            }
            None => {
                found.insert(name, (bucket, listed));
            }
        }
    }
    Ok(found.into_values().collect())
}

/// Why there is nothing to read.
fn nothing(bucket: &Bucket, search: &Search, listed: &Listed, windows: &[Window]) -> String {
    let place = format!("s3://{}/{}", bucket.name(), search.prefix());
    let span = match (windows.first(), windows.last()) {
        (Some(first), Some(last)) => format!("{} to {}", first.start(), last.end()),
        _ => "no time".to_owned(),
    };
    let days = search.days_touched();
    let days = match days.as_slice() {
        [] => String::new(),
        [day] => day.clone(),
        [first, .., last] => format!("{first} to {last}"),
    };
    let others = match listed.others {
        0 => "there is no other key either".to_owned(),
        others => format!("{others} other keys were seen"),
    };
    if listed.is_layout {
        return format!(
            "no flow log from {span} in {place}: it has AWSLogs/, but in its folders of {days} is nothing of that time ({others})"
        );
    }
    format!(
        "no flow log from {span} in {place}: looked for AWSLogs/ACCOUNT/vpcflowlogs/REGION/YYYY/MM/DD/ of {days}, for the \
         Hive-compatible form of that, and for any file that is one by its name ({others})"
    )
}

/// What reading a bucket's objects costs: every request, and at the most all bytes to the internet.
fn estimate(bucket: &Bucket, listed: &Listed, book: &PriceBook) -> Estimate {
    let files = listed.files.len() as u64;
    let bytes: Bytes = listed.files.values().map(|file| file.size).sum();
    let (lists, _) = requests(book, bucket, Product::S3ListRequest, listed.requests);
    let (gets, _) = requests(book, bucket, Product::S3GetRequest, files);
    let gigabytes = Decimal::from(bytes) / Decimal::from(1_u64 << 30);
    let (transfer, guessed) = price(book, bucket.region(), Product::InternetTransferGb, gigabytes);
    let asked = lists + gets;
    let mut notes = vec![
        format!(
            "{} for {} LIST and {files} GET requests; for the transfer nothing inside {}, {} out to the internet",
            dollars(asked),
            listed.requests,
            bucket.region(),
            dollars(transfer),
        ),
        "as much again if a second reading is needed: for two flow logs of one gateway, or none of its own".to_owned(),
    ];
    let stands_in = guessed || requests(book, bucket, Product::S3ListRequest, 1).1;
    if stands_in {
        notes.push(format!(
            "the price book has no such prices for {}: the dearest known Region's are taken",
            bucket.region()
        ));
    }
    Estimate {
        what: format!("reading {files} flow-log files of s3://{} in {}", bucket.name(), bucket.region()),
        bytes: Some(bytes),
        usd: Some(asked + transfer),
        notes,
    }
}

/// Several buckets' estimates as one.
fn together(mut estimates: Vec<Estimate>) -> Option<Estimate> {
    if estimates.len() < 2 {
        return estimates.pop();
    }
    let bytes = estimates.iter().filter_map(|one| one.bytes).sum();
    let usd = estimates.iter().filter_map(|one| one.usd).sum();
    let line = |one: &Estimate| {
        format!("{}: {}, at most {}", one.what, size(one.bytes.unwrap_or(0)), dollars(one.usd.unwrap_or(Usd::ZERO)))
    };
    let notes = estimates.iter().flat_map(|one| std::iter::once(line(one)).chain(one.notes.iter().cloned())).collect();
    let what = format!("reading flow logs of {} buckets", estimates.len());
    Some(Estimate { what, bytes: Some(bytes), usd: Some(usd), notes })
}

fn requests(book: &PriceBook, bucket: &Bucket, product: Product, count: u64) -> (Usd, bool) {
    price(book, bucket.region(), product, Decimal::from(count))
}

/// What a quantity costs in a Region; where the book does not know, what it costs in the dearest one that it knows, and
/// true.
fn price(book: &PriceBook, region: &RegionName, product: Product, quantity: Decimal) -> (Usd, bool) {
    if let Ok(rate) = book.rate(region, product) {
        return (rate.cost(quantity), false);
    }
    let rates = book.rows().filter(|(of, ..)| *of == product).map(|(.., rate)| rate.cost(quantity));
    (rates.max().unwrap_or(Usd::ZERO), true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_price_is_the_dearest_known_one() {
        let book = PriceBook::embedded().unwrap();
        let price = |region: &str, product, quantity: u64| {
            let (usd, guessed) = price(&book, &region.into(), product, Decimal::from(quantity));
            (usd.0.normalize().to_string(), guessed)
        };
        assert_eq!(price("us-east-1", Product::S3ListRequest, 1_000), ("0.005".to_owned(), false));
        assert_eq!(price("us-east-1", Product::InternetTransferGb, 100), ("9".to_owned(), false));
        assert_eq!(price("mx-central-1", Product::S3ListRequest, 1_000), ("0.0054".to_owned(), true));
        assert_eq!(price("mx-central-1", Product::InternetTransferGb, 0), ("0".to_owned(), true));
    }

    #[test]
    fn several_buckets_are_one_question() {
        let one = |name: &str, bytes, cents| Estimate {
            what: name.to_owned(),
            bytes: Some(bytes),
            usd: Some(Usd(Decimal::new(cents, 2))),
            notes: vec!["by requests".to_owned()],
        };
        assert_eq!(together(Vec::new()), None);
        assert_eq!(together(vec![one("a", 1, 2)]), Some(one("a", 1, 2)));
        let both = together(vec![one("a", 1024, 2), one("b", 1024, 70)]).unwrap();
        assert_eq!((both.bytes, both.usd), (Some(2048), Some(Usd(Decimal::new(72, 2)))));
        assert_eq!(both.notes.len(), 4, "{:?}", both.notes);
    }
}
