//! Says what each way of bringing a manifest to the cluster does to a Service, where they part, why, and what helps.
//!
//! Without arguments it tells kubernetes/kubernetes#131228, in the state where its owner is stuck.

use std::io::{IsTerminal, Read, Write};
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use mergekey::explain::{Case, Report, Step, Style, require_service};
use mergekey::{Error, Manifest, explain};

/// One node port for UDP and TCP: `kubectl apply` moves the first listed port only, for ever.
const STORY: (&str, &str, &str) = (
    include_str!("../stories/131228/applied-first.yaml"),
    include_str!("../stories/131228/service.yaml"),
    "https://github.com/kubernetes/kubernetes/issues/131228",
);

#[derive(Parser)]
#[command(about = "What kubectl apply, server-side apply and replace do to a Service, where they part, why, and what helps.")]
struct Arguments {
    /// The Service as it is: `kubectl get service NAME -o yaml --show-managed-fields`
    #[arg(long, value_name = "FILE", conflicts_with_all = ["applied", "history"], requires = "manifest")]
    live: Option<String>,
    /// Manifests that were applied before with `kubectl apply`, oldest first
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with = "history", requires = "manifest")]
    applied: Vec<String>,
    /// Commands that were run before: a JSON list of {"kubectl": [...], "manifest": {...}}
    #[arg(long, value_name = "FILE", requires = "manifest")]
    history: Option<String>,
    /// The manifest to bring to the cluster; `-` is standard input, for the other files as well
    #[arg(long, value_name = "FILE")]
    manifest: Option<String>,
    /// The time of the commands, in RFC 3339
    #[arg(long, value_name = "TIME")]
    now: Option<String>,
    /// How the report looks
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Ends with 1 if client-side and server-side apply end differently
    #[arg(long)]
    exit_code: bool,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum Format {
    #[default]
    Text,
    Json,
    Markdown,
    Mermaid,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match report(&arguments) {
        Ok(report) => {
            // A reader that goes away is no failure of the report.
            let _ = std::io::stdout().write_all(rendered(&report, arguments.format).as_bytes());
            ExitCode::from(u8::from(arguments.exit_code && report.diverges()))
        }
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::from(2)
        }
    }
}

fn rendered(report: &Report, format: Format) -> String {
    match format {
        Format::Text if std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() => {
            report.to_text(Style::Coloured)
        }
        Format::Text => report.to_text(Style::Plain),
        Format::Json => report.to_json() + "\n",
        Format::Markdown => report.to_markdown(),
        Format::Mermaid => report.to_mermaid(),
    }
}

fn report(arguments: &Arguments) -> Result<Report, String> {
    let Some(file) = &arguments.manifest else { return story(arguments) };
    let manifest = service(file)?.with_file(file);
    let mut case = Case::new(&manifest);
    let (live, steps);
    if let Some(file) = &arguments.live {
        live = service(file)?;
        case = case.live(live.object());
    } else if let Some(file) = &arguments.history {
        steps = Step::list(&read(file)?).map_err(|error| format!("{file}: {error}"))?;
        case = case.history(&steps);
    } else if !arguments.applied.is_empty() {
        steps = arguments.applied.iter().map(|file| applied(file)).collect::<Result<_, _>>()?;
        case = case.history(&steps);
    }
    // The texts are Services each by itself; what is left is about how they fit together.
    told(case, arguments).map_err(|error| match arguments.history.as_ref() {
        // Every text was read by then, so the time alone can be ill-formed.
        _ if error.is_syntax() => format!("--now: {error}"),
        Some(history) => format!("{history}: {error}"),
        None => format!("{file}: {error}"),
    })
}

fn told(case: Case<'_>, arguments: &Arguments) -> Result<Report, Error> {
    explain(match &arguments.now {
        Some(now) => case.now(now),
        None => case,
    })
}

/// The embedded story: applied, applied again with another node port, and stuck.
fn story(arguments: &Arguments) -> Result<Report, String> {
    let (first, stuck, source) = STORY;
    let tell = || {
        let manifest = Manifest::from_yaml(stuck)?.with_file("service.yaml");
        let steps = [first, stuck].map(|text| {
            let kubectl = ["apply", "-f", "service.yaml"].map(str::to_owned).to_vec();
            Ok(Step { kubectl, manifest: Some(Manifest::from_yaml(text)?.object().clone()) })
        });
        let steps = steps.into_iter().collect::<Result<Vec<_>, Error>>()?;
        told(Case::new(&manifest).history(&steps), arguments)
    };
    tell().map_err(|error: Error| format!("{source}: {error}"))
}

fn applied(file: &str) -> Result<Step, String> {
    let kubectl = ["apply", "-f", file].map(str::to_owned).to_vec();
    Ok(Step { kubectl, manifest: Some(service(file)?.object().clone()) })
}

fn service(file: &str) -> Result<Manifest, String> {
    let manifest = Manifest::from_text(read(file)?).map_err(|error| format!("{file}: {error}"))?;
    require_service(&manifest).map_err(|error| format!("{file}: {error}"))?;
    Ok(manifest)
}

fn read(file: &str) -> Result<Vec<u8>, String> {
    if file != "-" {
        return std::fs::read(file).map_err(|error| format!("{file}: {error}"));
    }
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes).map_err(|error| format!("standard input: {error}"))?;
    Ok(bytes)
}
