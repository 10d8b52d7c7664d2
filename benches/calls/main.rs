//! What a call costs: `cargo bench -p benches --bench calls`.
//!
//! One run measures each shape of call from a Smalltalk loop, with compiled and with interpreted
//! marshalling, and beside it a C loop that calls the same function through a volatile pointer. All
//! three loops of a shape run in the same process, one after the other, round by round; the
//! table has medians over the rounds, in nanoseconds per call. The overhead of the Smalltalk loop
//! is that of the same loop without the call: it is shown, and subtracted.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// The shapes: as the script names them, and what they are.
const SHAPES: [(&str, &str); 15] = [
    ("nop", "void nop(void)"),
    ("add", "int add(int, int)"),
    ("add_doubles", "double add(double, double)"),
    ("six_doubles", "6 doubles"),
    ("ten_ints", "10 ints"),
    ("strlen", "strlen of a String"),
    ("vec2", "{double, double} by value, two in and one out"),
    ("nine", "struct of 9 doubles in and out"),
    ("mixed", "{long, double} in and out"),
    ("pointer", "pointer to a struct"),
    ("variadic", "int sum(int, ...) of 3 ints"),
    ("function", "int add(int, int), a CFunction"),
    ("apply", "a call that makes one callback"),
    ("repeat", "callback long (*)(long, long), each"),
    ("qsort", "qsort by a block, per element"),
];

/// Rounds, of which the first warms up.
const ROUNDS: usize = 51;

/// Iterations of a loop in one round: about a millisecond, so that most are not interrupted.
const ITERATIONS: [(&str, usize); 2] = [("compiled", 20_000), ("interpreted", 500)];

/// Nanoseconds per iteration of one shape, a value for each round.
#[derive(Default)]
struct Samples {
    with_call: Vec<f64>,
    empty: Vec<f64>,
    c: Vec<f64>,
}

fn main() -> ExitCode {
    match measure() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("calls: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure() -> Result<(), String> {
    let (program, library) = prepare()?;
    let mut tables = Vec::new();
    for (marshalling, iterations) in ITERATIONS {
        tables.push(run(&program, &library, marshalling, iterations)?);
    }
    print_table(&tables[0], &tables[1]);
    Ok(())
}

/// Builds the program and the library that is called.
fn prepare() -> Result<(PathBuf, PathBuf), String> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let built = Command::new(env!("CARGO"))
        .args([
            "build",
            "--quiet",
            "--release",
            "--package",
            "repl",
            "--bin",
            "ripley",
        ])
        .current_dir(here)
        .status()
        .map_err(|error| format!("running cargo: {error}"))?;
    if !built.success() {
        return Err("the program does not build".into());
    }
    // Benchmarks are in target/release/deps.
    let bench = std::env::current_exe().map_err(|error| error.to_string())?;
    let deps = bench.parent().ok_or("a program is in a directory")?;
    let library = deps.join("libcalls.so");
    let compiled = Command::new("cc")
        .args(["-O2", "-shared", "-fPIC", "-fno-builtin", "-o"])
        .arg(&library)
        .arg(here.join("calls/calls.c"))
        .status()
        .map_err(|error| format!("running cc: {error}"))?;
    if !compiled.success() {
        return Err("the library does not build".into());
    }
    Ok((deps.with_file_name("ripley"), library))
}

fn run(
    program: &Path,
    library: &Path,
    marshalling: &str,
    iterations: usize,
) -> Result<BTreeMap<String, Samples>, String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("calls/calls.som");
    let output = Command::new(program)
        .args(["--marshal", marshalling])
        .arg(script)
        .arg(library)
        .args([ROUNDS.to_string(), iterations.to_string()])
        .output()
        .map_err(|error| format!("{}: {error}", program.display()))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let printed = String::from_utf8_lossy(&output.stdout);
    let mut shapes: BTreeMap<String, Samples> = BTreeMap::new();
    for line in printed.lines().skip(SHAPES.len()) {
        let fields: Vec<&str> = line.split(' ').collect();
        let number = |index: usize| {
            let field = fields.get(index).copied().unwrap_or_default();
            field
                .parse::<f64>()
                .map_err(|_| format!("not a sample: {line}"))
        };
        let samples = shapes.entry(fields[0].to_owned()).or_default();
        samples.with_call.push(number(1)?);
        samples.empty.push(number(2)?);
        samples.c.push(number(3)?);
    }
    Ok(shapes)
}

fn median(samples: &[f64]) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

/// The median of the differences within the rounds.
fn call_alone(samples: &Samples) -> f64 {
    let differences: Vec<f64> = samples
        .with_call
        .iter()
        .zip(&samples.empty)
        .map(|(with_call, empty)| with_call - empty)
        .collect();
    median(&differences)
}

fn print_table(compiled: &BTreeMap<String, Samples>, interpreted: &BTreeMap<String, Samples>) {
    println!("nanoseconds per call, medians of {} rounds", ROUNDS - 1);
    println!();
    println!(
        "| call | C | empty loop | loop, compiled | **compiled** | × C | loop, interpreted | interpreted \
         | × compiled |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for (name, title) in SHAPES {
        let (fast, slow) = (&compiled[name], &interpreted[name]);
        let c = median(&fast.c);
        let (call, slow_call) = (call_alone(fast), call_alone(slow));
        println!(
            "| `{title}` | {c:.2} | {:.1} | {:.1} | **{call:.1}** | {:.1} | {:.1} | {slow_call:.1} | {:.1} |",
            median(&fast.empty),
            median(&fast.with_call),
            call / c,
            median(&slow.with_call),
            slow_call / call,
        );
    }
}
