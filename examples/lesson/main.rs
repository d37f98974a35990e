//! A course in applying Services: eight lessons, each played on the simulator, step by step.
//!
//! ```text
//! cargo run --example lesson           lists the lessons
//! cargo run --example lesson -- 3      shows the third one
//! ```

mod lesson;
mod page;
mod shell;
mod show;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

/// Shows a lesson, step by step: the commands, what they send and change, and why.
#[derive(Parser)]
#[command(name = "lesson")]
struct Arguments {
    /// Which lesson; all are listed if it is not given.
    #[arg(value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..=8))]
    number: Option<u64>,
}

fn main() -> ExitCode {
    let shown = match Arguments::parse().number {
        None => Ok(lesson::list()),
        Some(number) => show_one(number),
    };
    match shown {
        Ok(text) => {
            // A reader that goes away is no failure of the lesson.
            let _ = std::io::stdout().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::from(2)
        }
    }
}

fn show_one(number: u64) -> Result<String, String> {
    let index = usize::try_from(number).map_err(|error| error.to_string())?;
    let page = index.checked_sub(1).and_then(|index| lesson::LESSONS.get(index));
    lesson::play(index, page.ok_or_else(|| format!("there is no lesson {number}"))?)
}
