//! What a process costs that has nothing to do: time and memory. And what a signature costs that was never seen.

use crate::matrix::{Column, Matrix};
use crate::progress::Progress;
use crate::runner::{Plan, is_installed, run, usage_of};
use std::path::Path;

/// How to do nothing.
const IDLE: &[(&str, &[&str])] = &[
    ("true", &["true"]),
    ("Ripley", &["{ripley}", "-e", "nil"]),
    ("LuaJIT", &["luajit", "-e", ""]),
    ("Lua", &["lua5.4", "-e", ""]),
    ("CPython", &["python3", "-c", ""]),
    ("Node", &["node", "-e", ""]),
    ("Ruby", &["ruby", "-e", ""]),
    (
        "SBCL",
        &[
            "sbcl",
            "--non-interactive",
            "--no-userinit",
            "--eval",
            "nil",
        ],
    ),
];

/// Processes that do nothing.
pub(crate) fn measure(plan: &Plan, ripley: &Path, progress: &Progress) -> Result<Matrix, String> {
    let mut missing = Vec::new();
    let mut columns = Vec::new();
    for &(title, words) in IDLE {
        let words: Vec<String> = words
            .iter()
            .map(|word| word.replace("{ripley}", &ripley.display().to_string()))
            .collect();
        if is_installed(&words[0]) {
            columns.push((words, Column::new(title)));
        } else {
            missing.push((title.to_owned(), format!("{} is not installed", words[0])));
        }
    }
    let rounds = plan.rounds * 7;
    progress.begin(rounds * columns.len());
    for _ in 0..rounds {
        for (words, column) in &mut columns {
            progress.step(&format!("start: {}", column.title));
            let (usage, _) = usage_of(&mut plan.command(words))
                .map_err(|error| format!("{}: {error}", column.title))?;
            column.add("start", usage.whole.as_secs_f64() * 1e3);
            column.add("resident", usage.resident as f64 / 1024.0);
        }
    }
    let cases = [
        ("start", "start to end, ms"),
        ("resident", "resident memory, MiB"),
    ];
    Ok(Matrix {
        key: "start",
        title: "Start-up",
        unit: "A process that does nothing (medians)",
        cases: cases
            .map(|(key, title)| (key.into(), title.into()))
            .to_vec(),
        columns: columns.into_iter().map(|(_, column)| column).collect(),
        base: "true",
        missing,
        takes_least: false,
    })
}

/// Signatures seen for the first time.
pub(crate) fn measure_setup(
    plan: &Plan,
    ripley: &Path,
    progress: &Progress,
) -> Result<Matrix, String> {
    let library = benches::build_calls(&plan.directory)?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("calls/setup.som");
    let mut columns = Vec::new();
    let ways: [(&str, &[&str]); 2] = [("Ripley", &[]), ("interpreted", &["--marshal=interpreted"])];
    progress.begin(plan.rounds * ways.len());
    for (title, options) in ways {
        let mut column = Column::new(title);
        for _ in 0..plan.rounds {
            progress.step(&format!("setup: {title}"));
            let mut words = vec![ripley.display().to_string()];
            words.extend(options.iter().map(|&option| option.to_owned()));
            words.extend([&script, &library].map(|path| path.display().to_string()));
            let output = run(&mut plan.command(&words))?;
            for line in String::from_utf8_lossy(&output.stdout).lines() {
                let (case, value) = line
                    .split_once(' ')
                    .ok_or_else(|| format!("no sample: {line}"))?;
                column.add(
                    case,
                    value.parse().map_err(|_| format!("no sample: {line}"))?,
                );
            }
        }
        columns.push(column);
    }
    let cases = [
        ("declare", "declaring one, µs"),
        ("first", "its first call, µs"),
        (
            "kilobytes",
            "memory for one that is declared and not called, KiB",
        ),
    ];
    Ok(Matrix {
        key: "setup",
        title: "A signature's setup",
        unit: "Of functions `int f(int, int)`, once the image is warm (medians)",
        cases: cases
            .map(|(key, title)| (key.into(), title.into()))
            .to_vec(),
        columns,
        base: "Ripley",
        missing: Vec::new(),
        takes_least: false,
    })
}
