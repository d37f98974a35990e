//! Measures mergekey against Kubernetes' own Go packages, in turn, in one run, on the same bytes.
//!
//! `cargo bench --bench compare` needs Go; without it, it says so and ends. The table has a row a piece of work: the time of a
//! round in the fastest turn, upstream's, the ratio, how many times reading and writing the same JSON with serde_json takes
//! ("floor"), and the growth of our time against the row above it for a tenfold number of ports. See `benches/README.md`.

#![allow(clippy::expect_used, clippy::panic, reason = "a benchmark fails by panicking")]

mod inputs;

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use inputs::{Inputs, Keys, SIZES};
use mergekey::schema::Schema;
use mergekey::strategic::{self, Conflicts, ThreeWay};
use mergekey::structured::{self, Applied, Force, Outcome, Time};

/// How often each side is measured; the fastest turn counts, as what else the machine does only ever makes one slower.
const TURNS: usize = 40;
/// As often they are measured where all turns together would take longer than this.
const FEWEST_TURNS: usize = 3;
const LONG: Duration = Duration::from_secs(6);
/// How long one measurement takes, at least one round.
const TURN: Duration = Duration::from_millis(20);
/// Upstream is left out of larger sizes once a round of it took longer.
const PATIENCE: Duration = Duration::from_secs(10);

const WORKS: [&str; 3] = ["three-way", "apply", "server-side-apply"];

fn main() -> ExitCode {
    // `cargo test --benches` only wants to know that it runs.
    if !std::env::args().any(|argument| argument == "--bench") {
        return ExitCode::SUCCESS;
    }
    match compare() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("compare: {message}");
            ExitCode::FAILURE
        }
    }
}

fn compare() -> Result<(), String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/compare");
    std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let Some(mut upstream) = Upstream::start(&folder)? else {
        println!("go is not installed: nothing to compare with");
        return Ok(());
    };
    let schema = Schema::builtin("v1", "Service").map_err(|error| error.to_string())?;
    println!("| work | keys | ports | mergekey | upstream | ratio | x floor | growth |");
    println!("|---|---|---:|---:|---:|---:|---:|---:|");
    for work in WORKS {
        for keys in Keys::ALL {
            let mut patient = true;
            let mut before: Option<Duration> = None;
            for ports in SIZES {
                let case = Case::new(work, ports, keys, &schema, &folder)?;
                let (mut ours, mut floor, mut theirs) = (Duration::MAX, Duration::MAX, None);
                let start = Instant::now();
                for turn in 0..TURNS {
                    if turn >= FEWEST_TURNS && start.elapsed() > LONG {
                        break;
                    }
                    ours = ours.min(measure(|| case.round(&schema)));
                    floor = floor.min(measure(|| case.floor()));
                    if patient {
                        let took = upstream.measure(work, &case.folder)?;
                        theirs = Some(theirs.map_or(took, |fastest: Duration| fastest.min(took)));
                        patient = took < PATIENCE;
                    }
                }
                println!(
                    "| {work} | {} | {ports} | {} | {} | {} | {:.1} | {} |",
                    keys.name(),
                    time(ours),
                    theirs.map_or_else(|| "too long".to_owned(), time),
                    theirs.map_or_else(String::new, |theirs| format!("{:.1}", theirs.as_secs_f64() / ours.as_secs_f64())),
                    ours.as_secs_f64() / floor.as_secs_f64(),
                    before.map_or_else(String::new, |before| format!("{:.1}", ours.as_secs_f64() / before.as_secs_f64())),
                );
                before = Some(ours);
            }
        }
    }
    Ok(())
}

/// One piece of work with its inputs, which upstream reads from files.
struct Case {
    work: &'static str,
    inputs: Inputs,
    patch: Vec<u8>,
    folder: PathBuf,
}

impl Case {
    fn new(work: &'static str, ports: usize, keys: Keys, schema: &Schema, folder: &Path) -> Result<Case, String> {
        let inputs = inputs::inputs(ports, keys);
        let patch = three_way(&inputs, schema);
        let folder = folder.join(format!("{}-{ports}", keys.name()));
        std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        for (name, bytes) in [
            ("original", &inputs.original),
            ("modified", &inputs.modified),
            ("current", &inputs.current),
            ("applied", &inputs.applied),
            ("patch", &patch),
        ] {
            std::fs::write(folder.join(format!("{name}.json")), bytes).map_err(|error| error.to_string())?;
        }
        Ok(Case { work, inputs, patch, folder })
    }

    /// Does the work once, from bytes to bytes.
    fn round(&self, schema: &Schema) -> usize {
        match self.work {
            "three-way" => three_way(&self.inputs, schema).len(),
            "apply" => strategic::apply_bytes(&self.inputs.current, &self.patch, schema).expect("the patch applies").len(),
            _ => server_side_apply(&self.inputs, schema),
        }
    }

    /// Reads and writes with serde_json what the work reads and writes.
    fn floor(&self) -> usize {
        let read = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).expect("the inputs are JSON");
        let write = |value: &serde_json::Value| serde_json::to_vec(value).expect("a value can be written").len();
        match self.work {
            "three-way" => {
                [&self.inputs.original, &self.inputs.modified, &self.inputs.current].iter().map(|bytes| write(&read(bytes))).sum()
            }
            "apply" => [&self.inputs.current, &self.patch].iter().map(|bytes| write(&read(bytes))).sum(),
            _ => [&self.inputs.applied, &self.inputs.modified].iter().map(|bytes| write(&read(bytes))).sum(),
        }
    }
}

fn three_way(inputs: &Inputs, schema: &Schema) -> Vec<u8> {
    let objects = ThreeWay { original: Some(&inputs.original[..]), modified: &inputs.modified, current: &inputs.current };
    strategic::three_way_bytes(objects, schema, Conflicts::Overwrite).expect("the patch can be made")
}

fn server_side_apply(inputs: &Inputs, schema: &Schema) -> usize {
    let now: Time = "2026-01-02T03:04:06Z".parse().expect("a time");
    let applied =
        Applied { live: Some(&inputs.applied[..]), config: &inputs.modified, manager: "kubectl", force: Force::On, now };
    match structured::apply_bytes(applied, schema) {
        Ok(Outcome::Merged { object, .. }) => object.len(),
        other => panic!("the apply succeeds, not {other:?}"),
    }
}

/// The mean time of a round over about a turn.
fn measure(round: impl Fn() -> usize) -> Duration {
    let start = Instant::now();
    let mut rounds = 0;
    while start.elapsed() < TURN || rounds == 0 {
        std::hint::black_box(round());
        rounds += 1;
    }
    start.elapsed() / rounds
}

fn time(time: Duration) -> String {
    match time.as_nanos() {
        nanos @ 0..10_000 => format!("{nanos} ns"),
        nanos @ 10_000..10_000_000 => format!("{} µs", nanos / 1_000),
        nanos => format!("{} ms", nanos / 1_000_000),
    }
}

/// The Go program in `benches/upstream`, waiting for questions.
struct Upstream {
    process: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Upstream {
    /// Builds and starts it; `None` where there is no Go.
    fn start(folder: &Path) -> Result<Option<Upstream>, String> {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/upstream");
        let program = folder.join("upstream");
        match Command::new("go").arg("build").arg("-o").arg(&program).arg(".").current_dir(source).status() {
            Err(_) => return Ok(None),
            Ok(status) if !status.success() => return Err("benches/upstream cannot be built".to_owned()),
            Ok(_) => {}
        }
        let openapi = folder.join("openapi.json");
        let packed = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/v1_37/openapi.json.gz"));
        let mut text = Vec::new();
        packed
            .and_then(|packed| flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut text))
            .and_then(|_| std::fs::write(&openapi, text))
            .map_err(|error| error.to_string())?;
        let mut process = Command::new(program)
            .arg(openapi)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| error.to_string())?;
        let (questions, answers) = (process.stdin.take(), process.stdout.take());
        let (Some(questions), Some(answers)) = (questions, answers) else { return Err("upstream has no pipes".to_owned()) };
        Ok(Some(Upstream { process, questions, answers: BufReader::new(answers) }))
    }

    fn measure(&mut self, work: &str, folder: &Path) -> Result<Duration, String> {
        let question = writeln!(self.questions, "{work} {} {}", folder.display(), TURN.as_millis());
        question.and_then(|()| self.questions.flush()).map_err(|error| error.to_string())?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer).map_err(|error| error.to_string())?;
        answer.trim().parse().map(Duration::from_nanos).map_err(|_| format!("upstream, {work}: {}", answer.trim()))
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        // It may have ended by itself; there is nothing to do about it here.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
