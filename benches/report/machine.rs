//! What the figures were measured on.

use std::fmt::Write;
use std::process::Command;

/// Versions that a report tells, by the words that ask for them.
const VERSIONS: &[&[&str]] = &[
    &["rustc", "--version"],
    &["cc", "--version"],
    &["luajit", "-v"],
    &["lua5.4", "-v"],
    &["python3", "--version"],
    &["pypy3", "--version"],
    &["node", "--version"],
    &["bun", "--version"],
    &["deno", "--version"],
    &["java", "--version"],
    &["sbcl", "--version"],
    &["chezscheme", "--version"],
    &["guile", "--version"],
    &["racket", "--version"],
    &["ruby", "--version"],
    &["ocamlopt", "-version"],
    &["go", "version"],
];

/// The last core, which systems leave alone more than the first; `None` where that is not known.
pub(crate) fn last_core() -> Option<usize> {
    let count = std::thread::available_parallelism().ok()?.get();
    Some(count - 1)
}

/// Processor, system, versions and date, as a list.
pub(crate) fn description() -> String {
    let mut text = String::new();
    let processor = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processor.lines().find_map(|line| {
        line.strip_prefix("model name")?
            .split_once(": ")
            .map(|pair| pair.1)
    });
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let _ = writeln!(
        text,
        "- processor: {}, {cores} cores",
        model.unwrap_or("unknown")
    );
    let _ = writeln!(
        text,
        "- system: {}",
        first_line(&["uname", "-srm"]).unwrap_or_default()
    );
    let _ = writeln!(
        text,
        "- date: {}",
        first_line(&["date", "-u", "+%Y-%m-%d %H:%M UTC"]).unwrap_or_default()
    );
    for words in VERSIONS {
        if let Some(version) = first_line(words) {
            let _ = writeln!(text, "- {}: {version}", words[0]);
        }
    }
    text
}

fn first_line(words: &[&str]) -> Option<String> {
    let output = Command::new(words[0]).args(&words[1..]).output().ok()?;
    let all = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&all);
    text.lines().next().map(|line| line.trim().to_owned())
}
