//! The `natwise` program: parse, run, turn the result into an exit code.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use natwise::cli::Cli;
use natwise::commands::{ExitStatus, run};

fn main() -> ExitCode {
    let status = match run(Cli::parse()) {
        Ok(status) => status,
        Err(error) if is_closed_pipe(&error) => ExitStatus::Done,
        Err(error) => {
            // Causes may quote a file or an answer from the network.
            let text = format!("{error:#}");
            let lines: Vec<_> = text.lines().map(natwise::output::clean).collect();
            let _closed = writeln!(io::stderr(), "natwise: error: {}", lines.join("\n"));
            ExitStatus::Failed
        }
    };
    ExitCode::from(status as u8)
}

/// Whoever read our output has seen enough.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let closed = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
    error.chain().any(|cause| {
        cause.downcast_ref::<io::Error>().is_some_and(closed)
            || cause
                .downcast_ref::<serde_json::Error>()
                .is_some_and(|e| e.io_error_kind() == Some(io::ErrorKind::BrokenPipe))
    })
}
