//! Whole-system cases: one behaviour a file, its expectation inside, run in every mode.
//!
//! A case is a script. Comments of these forms say what running it must do:
//!
//! | comment | meaning |
//! | --- | --- |
//! | `"=> text"` | the next line of standard output is `text` |
//! | `"!> text"` | a line of standard error contains `text`, below those of earlier `"!>"` comments |
//! | `"status n"` | the exit status is `n` (0 where no comment says so) |
//! | `"options --a --b"` | further command-line options |
//! | `"arguments a b"` | arguments of the program |
//! | `"not in MODE: reason"` | this mode of [`MODES`] leaves it out |
//! | `"needs testlib"` | the first argument is the path of the library made of this package's C files |
//!
//! Standard output must be what the `"=>"` comments say and nothing else.
//!
//! A program is a directory of class files; its `Main.som` has the comments, and is run as
//! `ripley -cp DIRECTORY Main`. With `"class path A B"` the class path is these directories of it and then
//! the directory itself.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

pub mod arguments;
pub mod c_compiler;
pub mod declarations;
pub mod programs;
pub mod signatures;

/// What a case expects.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Expectation {
    /// Lines of standard output.
    pub output: Vec<String>,
    /// Parts of lines of standard error, in order.
    pub errors: Vec<String>,
    /// Exit status.
    pub status: i32,
    /// Further options.
    pub options: Vec<String>,
    /// Arguments of the program.
    pub arguments: Vec<String>,
    /// Directories before that of a program.
    pub class_path: Vec<String>,
    /// Names of the modes that leave it out.
    pub left_out: Vec<String>,
    /// Whether it gets the path of the C library as its argument.
    pub needs_library: bool,
}

impl Expectation {
    /// Reads the expectation out of a case's text.
    pub fn read(text: &str) -> Expectation {
        let mut expectation = Expectation::default();
        for line in text.lines() {
            for comment in line.split('"').skip(1).step_by(2) {
                expectation.take(comment);
            }
        }
        expectation
    }

    fn take(&mut self, comment: &str) {
        if let Some(line) = comment.strip_prefix("=>") {
            self.output
                .push(line.strip_prefix(' ').unwrap_or(line).to_owned());
        } else if let Some(part) = comment.strip_prefix("!>") {
            self.errors.push(part.trim().to_owned());
        } else if let Some(number) = comment.strip_prefix("status ") {
            self.status = number.trim().parse().unwrap_or(self.status);
        } else if let Some(options) = comment.strip_prefix("options ") {
            self.options
                .extend(options.split_whitespace().map(str::to_owned));
        } else if let Some(arguments) = comment.strip_prefix("arguments ") {
            self.arguments
                .extend(arguments.split_whitespace().map(str::to_owned));
        } else if let Some(directories) = comment.strip_prefix("class path ") {
            self.class_path
                .extend(directories.split_whitespace().map(str::to_owned));
        } else if let Some(mode) = comment.strip_prefix("not in ") {
            let name = mode.split_once(':').map_or(mode, |(name, _)| name);
            self.left_out.push(name.trim().to_owned());
        } else if comment == "needs testlib" {
            self.needs_library = true;
        }
    }

    /// What is wrong with the output of a run, if anything.
    pub fn check(&self, output: &Output) -> Result<(), String> {
        let printed = String::from_utf8_lossy(&output.stdout);
        let complained = String::from_utf8_lossy(&output.stderr);
        let lines: Vec<&str> = printed.lines().collect();
        let mut wrong = String::new();
        if lines != self.output {
            let difference = first_difference(&self.output, &lines);
            let _ = writeln!(wrong, "standard output: {difference}");
        }
        let mut left = complained.lines();
        for part in &self.errors {
            if !left.any(|line| line.contains(part.as_str())) {
                let _ = writeln!(wrong, "standard error has no line (left) with: {part}");
            }
        }
        if output.status.code() != Some(self.status) {
            let _ = writeln!(
                wrong,
                "status: expected {}, found {}",
                self.status, output.status
            );
        }
        if wrong.is_empty() {
            return Ok(());
        }
        Err(format!("{wrong}--- standard error:\n{complained}"))
    }
}

fn first_difference(expected: &[String], found: &[&str]) -> String {
    let at = expected
        .iter()
        .zip(found)
        .take_while(|(left, right)| left == right)
        .count();
    let line = |line: Option<&str>| line.map_or("the end".to_owned(), |text| format!("'{text}'"));
    let expected = line(expected.get(at).map(String::as_str));
    let found = line(found.get(at).copied());
    format!("line {}: expected {expected}, found {found}", at + 1)
}

/// A way to run every case.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mode {
    /// Its name in messages.
    pub name: &'static str,
    /// Its options.
    pub options: &'static [&'static str],
}

/// Every mode.
pub const MODES: &[Mode] = &[
    Mode {
        name: "interpreter",
        options: &["--no-jit"],
    },
    Mode {
        name: "jit",
        options: &["--jit-threshold", "1"],
    },
    Mode {
        name: "gc-stress",
        options: &["--gc-stress"],
    },
    Mode {
        name: "checked heap",
        options: &["--verify-heap"],
    },
    Mode {
        name: "jit under gc-stress",
        options: &["--jit-threshold", "1", "--gc-stress"],
    },
    Mode {
        name: "full code space",
        options: &["--jit-threshold", "1", "--max-code", "64K"],
    },
    MARSHALLING,
    LIBFFI,
];

/// The mode in which foreign calls are interpreted.
const MARSHALLING: Mode = Mode {
    name: "interpreted marshalling",
    options: &["--marshal", "interpreted"],
};

/// The mode in which libffi makes them.
const LIBFFI: Mode = Mode {
    name: "libffi",
    options: &["--marshal", "libffi"],
};

/// True where all that differs is how foreign calls are made.
fn is_of_foreign_calls(mode: &Mode) -> bool {
    [MARSHALLING, LIBFFI].contains(mode)
}

/// The case files below a directory of this package, sorted.
pub fn cases(directory: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    collect(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join(directory),
        &mut found,
    );
    found.sort();
    found
}

fn collect(directory: &Path, found: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(directory)
        .unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    for entry in entries {
        let path = entry.expect("a directory entry").path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "som") {
            found.push(path);
        }
    }
}

/// The `ripley` program of the profile that the tests are built with, built if need be.
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--package", "repl", "--bin", "ripley"]);
        if !cfg!(debug_assertions) {
            build.arg("--release");
        }
        let built = build
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status()
            .expect("running cargo");
        assert!(built.success(), "the program does not build");
        c_compiler::profile_directory().join("ripley")
    })
}

/// The text of a case. What is no UTF-8 in it is of no matter to the expectation.
fn text_of(case: &Path) -> Result<String, String> {
    let text = std::fs::read(case).map_err(|error| format!("{}: {error}", case.display()))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// A seed for this run's random tests: `RIPLEY_ABI_SEED`, or one that the clock chooses.
pub fn fresh_seed() -> u64 {
    if let Ok(seed) = std::env::var("RIPLEY_ABI_SEED") {
        return seed.parse().expect("RIPLEY_ABI_SEED is a number");
    }
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |time| time.as_nanos() as u64 % 1_000_000_007)
}

/// Runs one case in one mode.
///
/// # Errors
/// How the run differs from the expectation.
pub fn run(case: &Path, mode: Mode) -> Result<(), String> {
    let text = text_of(case)?;
    let expectation = Expectation::read(&text);
    if expectation.left_out.iter().any(|name| name == mode.name) {
        return Ok(());
    }
    let mut command = Command::new(program());
    command
        .args(mode.options)
        .args(&expectation.options)
        .arg(case)
        .args(&expectation.arguments);
    if expectation.needs_library {
        command.arg(c_compiler::test_library());
    }
    let output = command.output().map_err(|error| error.to_string())?;
    expectation.check(&output)
}

/// Runs the program in a directory in one mode.
///
/// # Errors
/// How the run differs from the expectation in its `Main.som`.
pub fn run_program(directory: &Path, mode: Mode) -> Result<(), String> {
    let text = text_of(&directory.join("Main.som"))?;
    let expectation = Expectation::read(&text);
    let mut class_path = String::new();
    for each in &expectation.class_path {
        let _ = write!(class_path, "{}:", directory.join(each).display());
    }
    let _ = write!(class_path, "{}", directory.display());
    let output = Command::new(program())
        .args(mode.options)
        .args(&expectation.options)
        .arg("-cp")
        .arg(class_path)
        .arg("Main")
        .args(&expectation.arguments)
        .output()
        .map_err(|error| error.to_string())?;
    expectation.check(&output)
}

/// True where a run with interpreted marshalling differs from others: the case calls C.
fn calls_foreign_functions(case: &Path) -> bool {
    let words = ["<C:", "ExternalLibrary", "Callback", "CFunction"];
    text_of(case).is_ok_and(|text| words.iter().any(|word| text.contains(word)))
}

/// Runs every case below `directory` in every mode that makes a difference to it, several at a
/// time, and panics with a list of what failed.
pub fn run_all(directory: &str) {
    let cases = cases(directory);
    assert!(!cases.is_empty(), "no cases in {directory}");
    let jobs = cases.iter().flat_map(|case| {
        let calls = calls_foreign_functions(case);
        let makes_a_difference = move |mode: &&Mode| calls || !is_of_foreign_calls(mode);
        let modes = MODES.iter().filter(makes_a_difference);
        modes.map(|&mode| (case.as_path(), mode))
    });
    run_jobs(&jobs.collect::<Vec<_>>(), run);
}

/// Runs every program below `directory` in every mode but that of marshalling, as [`run_all`].
pub fn run_programs(directory: &str) {
    let mains = cases(directory)
        .into_iter()
        .filter(|path| path.ends_with("Main.som"));
    let programs: Vec<PathBuf> = mains
        .filter_map(|main| main.parent().map(Path::to_path_buf))
        .collect();
    assert!(!programs.is_empty(), "no programs in {directory}");
    let modes = MODES.iter().filter(|mode| !is_of_foreign_calls(mode));
    let jobs = modes.flat_map(|&mode| programs.iter().map(move |each| (each.as_path(), mode)));
    run_jobs(&jobs.collect::<Vec<_>>(), run_program);
}

fn run_jobs(jobs: &[(&Path, Mode)], run: fn(&Path, Mode) -> Result<(), String>) {
    program();
    let next = std::sync::atomic::AtomicUsize::new(0);
    let failures = std::sync::Mutex::new(Vec::new());
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some(&(case, mode)) =
                    jobs.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed))
                {
                    if let Err(wrong) = run(case, mode) {
                        let failure = format!("{} ({}): {wrong}", case.display(), mode.name);
                        failures.lock().expect("no panic in between").push(failure);
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().expect("no panic in between");
    assert!(
        failures.is_empty(),
        "{} of {} runs failed:\n{}",
        failures.len(),
        jobs.len(),
        failures.join("\n")
    );
}

#[cfg(test)]
mod self_tests {
    use super::*;

    #[test]
    fn expectations_stand_in_comments() {
        let text = "\"options --stats\"\n3 println. \"=> 3\"\nx foo \"!> no foo\" \"status 1\"\n";
        let expectation = Expectation::read(text);
        assert_eq!(expectation.output, ["3"]);
        assert_eq!(expectation.errors, ["no foo"]);
        assert_eq!(expectation.status, 1);
        assert_eq!(expectation.options, ["--stats"]);
        assert!(!expectation.needs_library);
        assert!(Expectation::read("\"needs testlib\"").needs_library);
    }
}
