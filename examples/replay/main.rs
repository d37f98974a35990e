//! Replays recorded answers of Kubernetes through the public API and prints every difference.
//!
//! ```text
//! cargo run --release --example replay -- tests/corpus/v1_37/merge.jsonl.gz
//! ```
//!
//! A file holds one case a line, plain or gzip: merge cases, operation lists and transcripts, told apart by their fields. The last
//! line says how many passed; the exit code is 1 if any failed, and 2 if the input cannot be used.

mod case;
mod merge;
mod operations;
mod run;
mod transcript;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

/// Replays recorded answers of Kubernetes and prints every difference.
#[derive(Parser)]
#[command(name = "replay")]
struct Arguments {
    /// Files of cases, one JSON object a line, plain or gzip.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Replay only the case with this id.
    #[arg(long, value_name = "ID")]
    only: Option<String>,
    /// Replay at most this many cases of each file.
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// An OpenAPI v3 document whose kinds the cases may name.
    #[arg(long, value_name = "FILE")]
    openapi: Vec<PathBuf>,
    /// Compare the texts of merge errors too, not only their kind.
    #[arg(long)]
    texts: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match replay(&arguments) {
        Ok(counts) => {
            println!("{counts}");
            if counts.failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) }
        }
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::from(2)
        }
    }
}

fn replay(arguments: &Arguments) -> Result<run::Counts, String> {
    let mut context = case::Context { texts: arguments.texts, ..case::Context::default() };
    for file in &arguments.openapi {
        context.add_openapi(file)?;
    }
    let selection = run::Selection { only: arguments.only.as_deref(), limit: arguments.limit };
    let mut counts = run::Counts::default();
    for file in &arguments.files {
        counts += run::file(file, &selection, &context, &mut |failure| print!("{failure}"))?;
    }
    match &arguments.only {
        Some(id) if counts.passed + counts.failed == 0 => Err(format!("no case has the id {id:?}")),
        _ => Ok(counts),
    }
}
