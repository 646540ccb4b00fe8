//! The forms of a report and where each goes: `--format html -o report.html --format json -o report.json`.

use std::path::PathBuf;

use clap::builder::EnumValueParser;
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches, ValueEnum, value_parser};

use crate::output::Format;

const FORMAT: &str = "format";
const OUTPUT: &str = "output";

/// What is written, at least one; a form without a file goes to standard output, as one of them may. Every command's
/// forms begin with `table`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outputs<F = Format>(pub Vec<(F, Option<PathBuf>)>);

impl<F: ValueEnum + Copy + Send + Sync + 'static> Args for Outputs<F> {
    fn augment_args(command: Command) -> Command {
        command
            .arg(
                Arg::new(FORMAT)
                    .long(FORMAT)
                    .value_name("FORMAT")
                    .value_parser(EnumValueParser::<F>::new())
                    .action(ArgAction::Append)
                    .default_value("table")
                    .help("Form of the report (repeatable, each with its own -o FILE)")
                    .help_heading("Output"),
            )
            .arg(
                Arg::new(OUTPUT)
                    .short('o')
                    .long(OUTPUT)
                    .value_name("FILE")
                    .value_parser(value_parser!(PathBuf))
                    .action(ArgAction::Append)
                    .help("Write the report to a file instead of standard output; after several --format, each with its own")
                    .help_heading("Output"),
            )
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<F: ValueEnum + Copy + Send + Sync + 'static> FromArgMatches for Outputs<F> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let values = matches.get_many::<F>(FORMAT).into_iter().flatten().copied();
        let typed = matches.value_source(FORMAT) == Some(ValueSource::CommandLine);
        let places = matches.indices_of(FORMAT).into_iter().flatten().map(|at| if typed { at } else { 0 });
        let formats: Vec<_> = places.zip(values).collect();
        let paths = matches.get_many(OUTPUT).into_iter().flatten().cloned();
        let files: Vec<_> = matches.indices_of(OUTPUT).into_iter().flatten().zip(paths).collect();
        pair(formats, files).map(Self).map_err(|problem| Error::raw(ErrorKind::ArgumentConflict, problem + "\n"))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Which form goes to which file, by where they stand on the command line. As many files as forms: one after the
/// other. Fewer files: each belongs to the form before it, and what is left over goes to standard output.
fn pair<F>(
    mut formats: Vec<(usize, F)>,
    mut files: Vec<(usize, PathBuf)>,
) -> Result<Vec<(F, Option<PathBuf>)>, String> {
    formats.sort_by_key(|(at, _)| *at);
    files.sort();
    let is_stdout = |path: &PathBuf| path.as_os_str() == "-";
    if files.len() > formats.len() {
        return Err(format!("{} files for {}: name a --format for each -o", files.len(), forms(formats.len())));
    }
    let mut outputs: Vec<(F, Option<PathBuf>)> = Vec::new();
    if files.len() == formats.len() {
        outputs.extend(formats.into_iter().zip(files).map(|((_, format), (_, file))| (format, Some(file))));
    } else {
        let mut files = files.into_iter().peekable();
        let mut formats = formats.into_iter().peekable();
        while let Some((_, format)) = formats.next() {
            let next = formats.peek().map_or(usize::MAX, |(at, _)| *at);
            outputs.push((format, files.next_if(|(at, _)| *at < next).map(|(_, file)| file)));
        }
        if let Some((_, file)) = files.next() {
            return Err(format!("{} follows another -o: name a --format before each", file.display()));
        }
    }
    for output in &mut outputs {
        output.1 = output.1.take().filter(|path| !is_stdout(path));
    }
    if outputs.iter().filter(|(_, file)| file.is_none()).count() > 1 {
        return Err("several forms for standard output: give each --format an -o FILE, all but one at least".to_owned());
    }
    let mut seen: Vec<&PathBuf> = outputs.iter().filter_map(|(_, file)| file.as_ref()).collect();
    seen.sort();
    match seen.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(twice) => Err(format!("two forms for one file, {}", twice[0].display())),
        None => Ok(outputs),
    }
}

fn forms(count: usize) -> String {
    if count == 1 { "one form".to_owned() } else { format!("{count} forms") }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        outputs: Outputs,
    }

    fn parse(line: &str) -> Result<Vec<(Format, Option<String>)>, String> {
        let line = Line::try_parse_from(std::iter::once("natwise").chain(line.split_whitespace()));
        let path = |path: PathBuf| path.display().to_string();
        let outputs = line.map_err(|error| error.to_string())?.outputs.0;
        Ok(outputs.into_iter().map(|(format, file)| (format, file.map(path))).collect())
    }

    #[test]
    fn each_form_goes_to_its_own_file() {
        use Format::{Json, Table};
        let file = |name: &str| Some(name.to_owned());
        assert_eq!(parse("").unwrap(), [(Format::default(), None)]);
        assert_eq!(parse("-o a").unwrap(), [(Table, file("a"))]);
        assert_eq!(parse("-o a --format json").unwrap(), [(Json, file("a"))]);
        assert_eq!(parse("--format json -o -").unwrap(), [(Json, None)]);
        let both = [(Json, file("a")), (Table, file("b"))];
        assert_eq!(parse("--format json -o a --format table -o b").unwrap(), both);
        assert_eq!(parse("-o a --format json -o b --format table").unwrap(), both);
        assert_eq!(parse("--format json --format table -o a -o b").unwrap(), both);
        assert_eq!(parse("--format json -o a --format table").unwrap(), [(Json, file("a")), (Table, None)]);
        assert_eq!(parse("--format json --format table -o a").unwrap(), [(Json, None), (Table, file("a"))]);
    }

    #[test]
    fn what_cannot_be_paired_is_said() {
        assert!(parse("-o a -o b").unwrap_err().contains("2 files for one form"));
        assert!(parse("--format json --format table").unwrap_err().contains("several forms for standard output"));
        assert!(parse("--format json -o a --format table -o a").unwrap_err().contains("two forms for one file, a"));
        assert!(
            parse("--format json --format json --format table -o a -o b").unwrap_err().contains("b follows another")
        );
    }
}
