//! Flow logs: from files to the bytes of each NAT gateway by client, service and direction, each byte once.
//!
//! Files are read side by side, each by one thread that unpacks, parses and sums in one pass; the threads' sums are
//! added at the end. Memory does not grow with the input. A second pass is made only where two flow logs recorded the
//! same gateway in some hours, to leave one of them out there, and only over files (standard input is read once).

pub mod best;
mod blocks;
pub mod bucket;
mod counter;
mod disputes;
mod dns;
mod finish;
mod format;
mod gateways;
mod gzip;
mod hourly;
mod leg;
mod legs;
pub(crate) mod parquet;
pub(crate) mod piped;
mod record;
pub(crate) mod source;
mod summed;
mod tally;
mod text;
mod turns;
pub mod watch;

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use counter::{Counter, Rules};
use disputes::Disputes;
pub use dns::read_names;
pub(crate) use format::DEFAULT as DEFAULT_FORMAT;
use format::Format;
pub use format::FormatError;
use gateways::Gateways;
use hourly::MOST_CELLS;
pub use legs::{Legs, RecordEnds};
use parquet::Parquet;
use piped::Piped;
use source::{Content, Input, Inputs};
pub use source::{Object, Sources};
pub use summed::{Direction, Sum, SumOf, attribute_sums, overlap_in_part};
use tally::{MOST_ENTRIES, Tally};
use text::{Formats, Problem, Text};
use turns::Turns;
use watch::Watch;

use crate::address::AddressBook;
use crate::model::{AccountId, FlowLog, Window};
use crate::resolver_log::Names;
use crate::sample::Plan;
use crate::traffic::{FileFault, Traffic};

/// How flow logs are read.
pub struct Options<'o> {
    /// Which records count, and which part of those across its edges. None: all.
    pub window: Option<Window>,
    /// Which hours of the window count. None: all.
    pub sample: Option<&'o Plan>,
    /// Threads that work at once.
    pub threads: usize,
    /// The format of files without a header line.
    pub log_format: Option<&'o str>,
    /// The account's flow-log configurations, which tell the format too.
    pub flow_logs: &'o [&'o FlowLog],
    /// Whose addresses are whose.
    pub book: &'o AddressBook,
    /// What DNS calls them.
    pub names: Option<&'o Names>,
    /// Called with the bytes of each file as it is finished.
    pub progress: &'o (dyn Fn(u64) + Sync),
}

/// Attributes the records of some files and folders.
///
/// # Errors
/// When the format that was given cannot be used. What is wrong with single files is part of the result.
pub fn attribute<'s>(
    sources: impl Into<Sources<'s>>,
    watch: &Watch,
    options: &Options<'_>,
) -> Result<Traffic, FormatError> {
    attribute_within(sources.into(), watch, options, Limits::default())
}

/// Files elsewhere that are fetched before they are read: latency is then waited for once, not for each.
const AHEAD: usize = 16;

/// Files in Parquet that are read at once, whatever the threads: a damaged or hostile one takes 14 MB before it shows.
const PARQUET_AT_ONCE: usize = 6;

/// What bounds memory.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// Bytes read at once of a file; longer lines are no records.
    buffer: usize,
    /// Sums of a client and service that are kept apart.
    entries: usize,
    /// Sums of an hour and service that are kept apart.
    cells: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { buffer: text::BUFFER, entries: MOST_ENTRIES, cells: MOST_CELLS }
    }
}

fn attribute_within(
    sources: Sources<'_>,
    watch: &Watch,
    options: &Options<'_>,
    limits: Limits,
) -> Result<Traffic, FormatError> {
    let formats = Formats::new(options)?;
    let inputs = Inputs::find(sources);
    let logs = source::logs(&inputs.files);
    let gateways = Gateways::new(watch, options.names);
    let mut rules = Rules::new(gateways, options.book, options.names, options.window, options.sample);
    let parquet = Turns::new(PARQUET_AT_ONCE);
    let mut read =
        Pass { inputs: &inputs, logs: &logs, formats: &formats, rules: &rules, options, limits, parquet: &parquet }
            .run();
    let disputes = Disputes::new(&read.tally, &logs);
    if disputes.need_another_pass() && inputs.files.iter().all(Input::is_lasting) {
        rules.winners = disputes.winners;
        read =
            Pass { inputs: &inputs, logs: &logs, formats: &formats, rules: &rules, options, limits, parquet: &parquet }
                .run();
        read.tally.trim(limits.entries, false, |client, slot| rules.place_of(client, slot));
    } else {
        // Threads may have sent clients to the rest in part, which only this trim makes whole; so it sees what they saw.
        read.tally.trim(limits.entries, false, |client, slot| rules.place_of(client, slot));
        disputes.settle(&mut read.tally);
    }
    read.tally.statistics.files = inputs.files.len() as u64;
    read.tally.decide(|interface| rules.gateways.learned(interface));
    let mut traffic = finish::finish(&rules, &logs, read.tally);
    traffic.window = options.window;
    traffic.sample = options.sample.cloned();
    traffic.faults = inputs.faults.into_iter().chain(read.faults).collect();
    traffic.faults.sort();
    // Each part of a file may say the same.
    traffic
        .faults
        .dedup_by(|next, first| !first.is_copy() && (&next.file, &next.problem) == (&first.file, &first.problem));
    traffic.accounts = read.accounts;
    traffic.accounts.extend(inputs.files.iter().filter_map(|file| file.account.as_deref().map(AccountId::from)));
    traffic.other_files = inputs.others;
    Ok(traffic)
}

/// Whether records of a format can be attributed.
///
/// # Errors
/// When it is none, or lacks a field that nothing can do without.
pub fn check_format(text: &str) -> Result<(), FormatError> {
    Format::parse(text).map(drop)
}

impl Formats {
    fn new(options: &Options<'_>) -> Result<Self, FormatError> {
        let format = |log: &&FlowLog| match log.log_format.as_deref() {
            Some(text) => Format::parse(text).ok(),
            None => Format::default_format(),
        };
        let formats: Vec<_> = options.flow_logs.iter().map(format).collect();
        // Not where another one's records might be taken for records of it, that one being of no use itself.
        let only = formats.first().filter(|first| formats.iter().all(|other| other == *first)).cloned().flatten();
        let logs = options.flow_logs.iter().map(|log| log.flow_log_id.to_string());
        let by_log = logs.zip(formats).filter_map(|(log, format)| Some((log, format?))).collect();
        Ok(Self { given: options.log_format.map(Format::parse).transpose()?, by_log, only })
    }
}

/// One reading of everything.
struct Pass<'p> {
    inputs: &'p Inputs,
    logs: &'p [Option<String>],
    formats: &'p Formats,
    rules: &'p Rules<'p>,
    options: &'p Options<'p>,
    limits: Limits,
    /// Who reads Parquet.
    parquet: &'p Turns,
}

struct Read {
    tally: Tally,
    faults: Vec<FileFault>,
    accounts: BTreeSet<AccountId>,
    /// Files of which a part was read that has no fault.
    in_part: BTreeSet<String>,
}

/// Records that could be read: what is malformed was not read before a fault either.
fn known(counter: &Counter<'_>) -> u64 {
    counter.tally.statistics.records - counter.tally.statistics.malformed
}

impl Pass<'_> {
    fn run(&self) -> Read {
        let units = self.units();
        let threads = self.options.threads.clamp(1, units.len().max(1));
        // With more threads than files each file gets two: one unpacks, one parses.
        let piped = self.options.threads > units.len();
        let next = AtomicUsize::new(0);
        let nothing = Read {
            tally: Tally::new(self.limits),
            faults: Vec::new(),
            accounts: BTreeSet::new(),
            in_part: BTreeSet::new(),
        };
        let whole = Mutex::new(nothing);
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    let (mut faults, mut accounts, mut in_part) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
                    let mut counter = Counter::new(self.rules, self.limits);
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        let Some((input, part)) = units.get(number) else { break };
                        units.iter().skip(number).take(AHEAD).for_each(|(input, _)| input.prefetch());
                        let before = known(&counter);
                        let done = self.file(input, *part, piped, &mut counter, &mut accounts);
                        let partly_read = known(&counter) > before;
                        if let Err(problem) = done {
                            let problem = problem.to_string();
                            faults.push(FileFault { file: input.name(), problem, partly_read });
                        } else if part.is_some() && partly_read {
                            in_part.insert(input.name());
                        }
                        (self.options.progress)(if part.is_none_or(|part| part == 0) { input.size } else { 0 });
                    }
                    let mut whole = whole.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    whole.tally.merge(counter.tally);
                    whole.faults.append(&mut faults);
                    whole.accounts.append(&mut accounts);
                    whole.in_part.append(&mut in_part);
                });
            }
        });
        let mut whole = whole.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        for fault in &mut whole.faults {
            fault.partly_read |= whole.in_part.contains(&fault.file);
        }
        whole
    }

    /// What is read side by side: files, and the parts of those in Parquet where files are few.
    fn units(&self) -> Vec<(&Input, Option<usize>)> {
        let files = &self.inputs.files;
        if files.len() >= 4 * self.options.threads {
            return files.iter().map(|input| (input, None)).collect();
        }
        let parts = |input: &Input| match input.is_parquet().then(|| input.open()) {
            Some(Ok(Content::Parquet(file))) => Parquet::open(file).map_or(0, |file| file.row_groups()),
            _ => 0,
        };
        let units = files.iter().flat_map(|input| match parts(input) {
            0 | 1 => vec![(input, None)],
            parts => (0..parts).map(|part| (input, Some(part))).collect(),
        });
        units.collect()
    }

    fn file(
        &self,
        input: &Input,
        part: Option<usize>,
        piped: bool,
        counter: &mut Counter<'_>,
        accounts: &mut BTreeSet<AccountId>,
    ) -> Result<(), Problem> {
        let number = self.logs.iter().position(|log| *log == input.log).unwrap_or(0);
        let number = u32::try_from(number).unwrap_or(0);
        let log = (input.log.as_deref(), number);
        match input.open()? {
            Content::Text(text) => {
                let text: Box<dyn std::io::Read> = if piped { Box::new(Piped::new(text)) } else { text };
                Text::new(counter, self.formats, log, accounts).read(text, &mut vec![0; self.limits.buffer])
            }
            Content::Parquet(file) => {
                let _turn = self.parquet.take();
                Parquet::open(file).and_then(|file| file.read(part, counter, number, accounts))
            }
        }
    }
}

#[cfg(test)]
mod tests;
