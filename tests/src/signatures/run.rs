//! Batches through the C compiler and through Ripley.

use super::types::Kinds;
use super::{Directions, Signature, batch, callee, caller};
use crate::c_compiler::{scratch_directory, shared_library};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Fixes everything that is random.
    pub seed: u64,
    /// How many signatures.
    pub count: usize,
    /// How many of them share a C file.
    pub batch: usize,
    /// The types they have.
    pub kinds: Kinds,
    /// Who calls whom.
    pub directions: Directions,
    /// The command-line options of each run of a batch.
    pub modes: Vec<Vec<String>>,
    /// Print progress on standard error.
    pub verbose: bool,
}

/// Every way to marshal: calls by methods, calls in the place of sends, and interpreted ones.
pub fn all_marshallers() -> Vec<Vec<String>> {
    let modes = [
        "--no-jit --marshal compiled",
        "--jit-threshold 1 --marshal compiled",
        "--marshal interpreted",
    ];
    let words = |mode: &str| mode.split(' ').map(str::to_owned).collect();
    modes.into_iter().map(words).collect()
}

/// How many calls and callbacks were made with right values, in each mode, and were found right.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Smalltalk calls C.
    pub calls: usize,
    /// C calls Smalltalk.
    pub callbacks: usize,
}

impl Counts {
    fn of(signatures: &[Signature], directions: Directions) -> Counts {
        let count = |is_made| if is_made { signatures.len() } else { 0 };
        Counts {
            calls: count(directions.calls),
            callbacks: count(directions.callbacks),
        }
    }

    /// The last line of a script that finds nothing wrong.
    fn report(self) -> String {
        format!(
            "{} calls, {} callbacks, 0 wrong\n",
            self.calls, self.callbacks
        )
    }
}

/// Runs them all. The error has what is wrong, and where the files of a batch that failed are.
pub fn run(options: &Options) -> Result<Counts, String> {
    crate::program();
    let batches = options.count.div_ceil(options.batch);
    let directory = scratch_directory("signatures");
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    let total = Mutex::new(Counts::default());
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers.min(batches) {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= batches || failures.lock().expect("no panic in between").len() >= 5
                    {
                        return;
                    }
                    let result = run_batch(options, &directory, index);
                    let mut total = total.lock().expect("no panic in between");
                    match result {
                        Err(error) => failures.lock().expect("no panic in between").push(error),
                        Ok(counts) => {
                            total.calls += counts.calls;
                            total.callbacks += counts.callbacks;
                        }
                    }
                    if options.verbose {
                        let Counts { calls, callbacks } = *total;
                        let number = index + 1;
                        eprintln!("batch {number} of {batches}; so far {calls} calls, {callbacks} callbacks");
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().expect("no panic in between");
    if failures.is_empty() {
        return Ok(total.into_inner().expect("no panic in between"));
    }
    Err(format!("seed {}:\n{}", options.seed, failures.join("\n")))
}

fn run_batch(options: &Options, directory: &Path, index: usize) -> Result<Counts, String> {
    let left = options.count - index * options.batch;
    let size = left.min(options.batch);
    let (aggregates, signatures, mut random) =
        batch(options.seed, index as u64, size, options.kinds);
    let name = format!("{}-{index}-{}", options.seed, std::process::id());
    let place = |extension: &str| directory.join(format!("{name}.{extension}"));
    let files = [place("c"), place("so"), place("som")];
    let [source, library, script] = &files;
    write(
        source,
        &callee::file(&aggregates, &signatures, options.directions),
    )?;
    write(
        script,
        &caller::script(&mut random, &aggregates, &signatures, options.directions),
    )?;
    shared_library(std::slice::from_ref(source), library, "-O1")?;
    let counts = Counts::of(&signatures, options.directions);
    for mode in &options.modes {
        run_script(script, library, mode, counts)?;
    }
    for file in &files {
        std::fs::remove_file(file).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    Ok(counts)
}

fn write(path: &PathBuf, text: &str) -> Result<(), String> {
    std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

fn run_script(
    script: &Path,
    library: &Path,
    mode: &[String],
    expected: Counts,
) -> Result<(), String> {
    let output = Command::new(crate::program())
        .args(mode)
        .arg(script)
        .arg(library)
        .output()
        .map_err(|error| error.to_string())?;
    let printed = String::from_utf8_lossy(&output.stdout);
    let report = match printed.split_once(" left out by libffi\n") {
        Some((_, report)) if mode.iter().any(|word| word == "libffi") => report,
        _ => &printed,
    };
    if report == expected.report() && output.status.success() {
        return Ok(());
    }
    let complained = String::from_utf8_lossy(&output.stderr);
    let head = |text: &str| text.lines().take(20).collect::<Vec<_>>().join("\n");
    Err(format!(
        "ripley {} {} {}\n{}: {}\n{}",
        mode.join(" "),
        script.display(),
        library.display(),
        output.status,
        head(&printed),
        head(&complained)
    ))
}
