//! Running the measured programs: pinned to a core, with what they print or how long they take.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// How a section is measured.
pub(crate) struct Plan {
    /// The core that everything runs on; `None` where the system may choose.
    pub(crate) core: Option<usize>,
    /// How often every program is run, in turn with the others.
    pub(crate) rounds: usize,
    /// Rounds within a program that measures itself.
    pub(crate) inner_rounds: usize,
    /// Calls in a loop.
    pub(crate) iterations: usize,
    /// Parts of cases' names; every case where there are none.
    pub(crate) only: Vec<String>,
    /// Where things are built.
    pub(crate) directory: PathBuf,
}

impl Plan {
    pub(crate) fn wants(&self, case: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|part| case.contains(part.as_str()))
    }

    /// A command on the core.
    pub(crate) fn command(&self, words: &[String]) -> Command {
        let mut all: Vec<String> = match self.core {
            Some(core) => vec!["taskset".into(), "-c".into(), core.to_string()],
            None => Vec::new(),
        };
        all.extend_from_slice(words);
        let mut command = Command::new(&all[0]);
        command.args(&all[1..]).stdin(Stdio::null());
        command
    }
}

/// Runs a command to its end. The error says what went wrong.
pub(crate) fn run(command: &mut Command) -> Result<Output, String> {
    let output = command.output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(output);
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    let line = complaint.lines().find(|line| !line.trim().is_empty());
    Err(format!(
        "{}: {}",
        output.status,
        line.unwrap_or("no message").trim()
    ))
}

/// Whether there is a program of that name.
pub(crate) fn is_installed(program: &str) -> bool {
    Path::new(program).is_file()
        || std::env::var_os("PATH").is_some_and(|path| {
            std::env::split_paths(&path).any(|directory| directory.join(program).is_file())
        })
}

/// What a process used.
#[derive(Clone, Copy)]
pub(crate) struct Usage {
    pub(crate) processor: Duration,
    pub(crate) whole: Duration,
    /// The most memory that it had at a time, in KiB.
    pub(crate) resident: u64,
}

/// Runs a command, and tells what it used and printed.
pub(crate) fn usage_of(command: &mut Command) -> Result<(Usage, String), String> {
    let begun = Instant::now();
    let child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let mut child = child.map_err(|error| error.to_string())?;
    let mut printed = String::new();
    if let Some(output) = &mut child.stdout {
        output
            .read_to_string(&mut printed)
            .map_err(|error| error.to_string())?;
    }
    let (status, processor, resident) = benches::wait_for(child)?;
    if status != 0 {
        return Err(format!("ended with status {status}"));
    }
    let usage = Usage {
        processor,
        whole: begun.elapsed(),
        resident,
    };
    Ok((usage, printed))
}
