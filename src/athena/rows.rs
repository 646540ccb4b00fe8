//! The statement's rows, as `GetQueryResults` gives them, as sums.

use std::net::IpAddr;

use crate::flow_log::{Direction, Sum, SumOf};

/// The names of the columns.
pub(super) const COLUMNS: [&str; 10] =
    ["kind", "nat", "flow_log", "client", "remote", "both_ends", "hour", "bytes", "remote_bytes", "records"];

/// Why rows are not those of the statement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    /// The first row must name the columns.
    #[error("the query's result has other columns than its statement: {0}")]
    Columns(String),
    /// A row is not what the statement makes.
    #[error("the query's result has a row that its statement does not make: {0}")]
    Row(String),
}

/// Takes rows, the first of which names the columns.
#[derive(Debug, Default)]
pub struct Rows {
    has_header: bool,
    sums: Vec<Sum>,
}

impl Rows {
    /// Takes a row.
    ///
    /// # Errors
    /// When it is none of the statement's.
    pub fn add(&mut self, row: &[Option<String>]) -> Result<(), RowError> {
        let words = || row.iter().map(|word| word.as_deref().unwrap_or("null")).collect::<Vec<_>>().join(", ");
        if !self.has_header {
            let named = row.iter().map(Option::as_deref).eq(COLUMNS.iter().map(|name| Some(*name)));
            self.has_header = named;
            return if named { Ok(()) } else { Err(RowError::Columns(words())) };
        }
        self.sums.push(sum(row).ok_or_else(|| RowError::Row(words()))?);
        Ok(())
    }

    /// All of them.
    #[must_use]
    pub fn done(self) -> Vec<Sum> {
        self.sums
    }
}

fn sum(row: &[Option<String>]) -> Option<Sum> {
    let row: [Option<&str>; COLUMNS.len()] = row.iter().map(Option::as_deref).collect::<Vec<_>>().try_into().ok()?;
    let [kind, nat, flow_log, client, remote, both, hour, bytes, remote_bytes, records] = row;
    let whole = |text: Option<&str>| text?.parse::<u128>().ok().map(|sum| u64::try_from(sum).unwrap_or(u64::MAX));
    let sum = |of, bytes: Option<&str>| {
        Some(Sum {
            nat: nat?.to_owned(),
            flow_log: flow_log.map(str::to_owned),
            of,
            hour: hour.map(|hour| hour.parse().ok()).map_or(Some(None), |hour| hour.map(Some))?,
            bytes: whole(bytes)?,
            records: whole(records)?,
        })
    };
    let Some(kind) = kind else {
        hour?;
        let both = match both? {
            "true" => true,
            "false" => false,
            _ => return None,
        };
        return sum(SumOf::Hour { both }, remote_bytes);
    };
    let direction = match kind {
        "upload" | "upload to remote" | "upload of client" => Direction::Upload,
        "download" | "download to remote" | "download of client" => Direction::Download,
        _ => {
            let of = match kind {
                "other leg" => SumOf::OtherLeg,
                "rejected" => SumOf::Rejected,
                "nodata" => SumOf::NoData,
                "skipdata" => SumOf::SkipData,
                "malformed" => SumOf::Malformed,
                "outside window" => SumOf::OutsideWindow,
                _ => return None,
            };
            return sum(of, bytes);
        }
    };
    let (has_client, has_remote) = (!kind.ends_with("remote"), !kind.ends_with("client"));
    if (client.is_some(), remote.is_some()) != (has_client, has_remote) {
        return None;
    }
    // What only looks like an address is none; its record is as malformed as one with a word in its place.
    let address = |text: Option<&str>| text.map(str::parse::<IpAddr>).transpose();
    let of = match (address(client), address(remote)) {
        (Ok(client), Ok(remote)) => SumOf::Flow { direction, client, remote },
        _ => SumOf::Malformed,
    };
    sum(of, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(words: &str) -> Vec<Option<String>> {
        words.split('|').map(|word| (word != "-").then(|| word.to_owned())).collect()
    }

    fn sums(rows: &[&str]) -> Result<Vec<Sum>, RowError> {
        let mut all = Rows::default();
        all.add(&row(&COLUMNS.join("|")))?;
        rows.iter().try_for_each(|words| all.add(&row(words)))?;
        Ok(all.done())
    }

    #[test]
    fn each_kind_of_row_is_a_sum() {
        let rows = [
            "upload|eni-1|fl-1|10.0.1.5|203.0.113.5|-|-|1500|1500|3",
            "download to remote|eni-1|-|-|2600::1|-|490000|7|7|1",
            "upload of client|eni-1|-|10.0.1.5|-|-|-|7|0|1",
            "-|eni-1|fl-1|-|-|true|490000|1507|1500|4",
            "skipdata|eni-1|fl-1|-|-|-|-|0|0|2",
            "upload|nat-1|fl-1|not an address|203.0.113.5|-|-|1500|1500|3",
        ];
        let sums = sums(&rows).unwrap();
        let address = |text: &str| Some(text.parse().unwrap());
        let flow = |direction, client, remote| SumOf::Flow { direction, client, remote };
        assert_eq!(sums[0].of, flow(Direction::Upload, address("10.0.1.5"), address("203.0.113.5")));
        assert_eq!((sums[0].flow_log.as_deref(), sums[0].bytes, sums[0].records), (Some("fl-1"), 1500, 3));
        assert_eq!((sums[1].of, sums[1].hour), (flow(Direction::Download, None, address("2600::1")), Some(490_000)));
        assert_eq!(sums[2].of, flow(Direction::Upload, address("10.0.1.5"), None));
        assert_eq!((sums[3].of, sums[3].bytes), (SumOf::Hour { both: true }, 1500));
        assert_eq!((sums[4].of, sums[4].records), (SumOf::SkipData, 2));
        assert_eq!(sums[5].of, SumOf::Malformed);
    }

    #[test]
    fn sums_beyond_64_bits_stop_there() {
        assert_eq!(sums(&["upload|eni-1|-|10.0.1.5|1.1.1.1|-|-|99999999999999999999|0|3"]).unwrap()[0].bytes, u64::MAX);
    }

    #[test]
    fn other_rows_are_refused() {
        assert!(matches!(Rows::default().add(&row("a|b")), Err(RowError::Columns(_))));
        for words in [
            "upload|eni-1|-|-|1.1.1.1|-|-|1|1|1",
            "sideways|eni-1|-|-|-|-|-|1|1|1",
            "-|eni-1|-|-|-|true|-|1|1|1",
            "upload|-|-|10.0.0.1|1.1.1.1|-|-|1|1|1",
            "upload|eni-1|-|10.0.0.1|1.1.1.1|-|-|-5|1|1",
            "upload|eni-1",
        ] {
            assert!(matches!(sums(&[words]), Err(RowError::Row(_))), "{words}");
        }
    }
}
