//! Ripley beside the world, from scratch: `cargo run --release -p benches --bin report`.
//!
//! Every section runs its programs in turn, round by round, on one core; the figures are order statistics of all
//! samples. The report, its plots and the raw samples are written when everything was measured, each file whole or not
//! at all.

mod calls;
mod chart;
mod machine;
mod matrix;
mod pauses;
mod programs;
mod progress;
mod runner;
mod start;

use calls::Field;
use clap::Parser;
use matrix::Matrix;
use programs::Folder;
use progress::Progress;
use runner::Plan;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Measures Ripley beside the peers that are installed.
#[derive(Parser)]
struct Options {
    /// Sections: calls, setup, first, language, memory, pauses, start. All where none is named.
    #[arg(long, value_delimiter = ',')]
    section: Vec<String>,
    /// Peers of the sections of calls, by title; all that are installed where none is named.
    #[arg(long, value_delimiter = ',')]
    peer: Vec<String>,
    /// Cases whose names have one of these parts.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// How often every program runs, in turn with the others.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Few and short loops: to see that everything works.
    #[arg(long)]
    quick: bool,
    /// The core that everything runs on.
    #[arg(long)]
    core: Option<usize>,
    /// Where the report goes.
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR")))]
    out: PathBuf,
}

fn main() -> ExitCode {
    let options = Options::parse();
    match report(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("report: {error}");
            ExitCode::FAILURE
        }
    }
}

fn report(options: &Options) -> Result<(), String> {
    let ripley = benches::ripley();
    let progress = Progress::new();
    let plan = plan(options)?;
    let matrices = measure(options, &plan, &ripley, &progress)?;
    progress.end();
    write_files(options, &matrices)
}

fn plan(options: &Options) -> Result<Plan, String> {
    let directory = std::env::temp_dir().join(format!("ripley-report-{}", std::process::id()));
    std::fs::create_dir_all(&directory)
        .map_err(|error| format!("{}: {error}", directory.display()))?;
    let core = options
        .core
        .or_else(machine::last_core)
        .filter(|_| runner::is_installed("taskset"));
    Ok(Plan {
        core,
        rounds: if options.quick {
            1
        } else {
            options.rounds.max(1)
        },
        inner_rounds: if options.quick { 3 } else { 12 },
        iterations: if options.quick { 2_000 } else { 20_000 },
        only: options.only.clone(),
        directory,
    })
}

fn measure(
    options: &Options,
    plan: &Plan,
    ripley: &Path,
    progress: &Progress,
) -> Result<Vec<Matrix>, String> {
    let wants = |section: &str| {
        options.section.is_empty() || options.section.iter().any(|each| each == section)
    };
    let known = [
        "calls", "setup", "first", "language", "memory", "pauses", "start",
    ];
    if let Some(unknown) = options
        .section
        .iter()
        .find(|each| !known.contains(&each.as_str()))
    {
        return Err(format!(
            "there is no section {unknown}; there are {}",
            known.join(", ")
        ));
    }
    let mut matrices = Vec::new();
    if wants("calls") || wants("first") {
        let mut field = Field::prepare(plan, ripley, &options.peer, progress)?;
        if wants("calls") {
            matrices.push(field.calls(progress));
        }
        if wants("first") {
            matrices.push(field.first(progress));
        }
    }
    if wants("setup") {
        matrices.push(start::measure_setup(plan, ripley, progress)?);
    }
    let folders = [
        Folder {
            key: "language",
            title: "Programs",
        },
        Folder {
            key: "memory",
            title: "Programs that live by allocation",
        },
    ];
    for folder in folders.iter().filter(|folder| wants(folder.key)) {
        matrices.push(programs::measure(plan, folder, ripley, progress)?);
    }
    if wants("pauses") {
        matrices.push(pauses::measure(plan, ripley, progress)?);
    }
    if wants("start") {
        matrices.push(start::measure(plan, ripley, progress)?);
    }
    // What was built for the calls is of no use any more.
    let _ = std::fs::remove_dir_all(&plan.directory);
    Ok(matrices)
}

fn write_files(options: &Options, matrices: &[Matrix]) -> Result<(), String> {
    let plots = options.out.join("plots");
    std::fs::create_dir_all(&plots).map_err(|error| format!("{}: {error}", plots.display()))?;
    let mut csv = String::from("section,case,column,number,value\n");
    let mut text = heading();
    for matrix in matrices {
        csv.push_str(&matrix.csv());
        let plot = format!("plots/{}.svg", matrix.key);
        write_whole(
            &options.out.join(&plot),
            &chart::bars(matrix, matrix.title, None),
        )?;
        let _ = writeln!(text, "{}\n![{}]({plot})\n", matrix.markdown(), matrix.title);
    }
    if let Some(calls) = matrices.iter().find(|matrix| matrix.key == "calls") {
        let columns = [
            "C",
            "Ripley",
            "interpreted",
            "libffi",
            "LuaJIT",
            "CPython ctypes",
        ];
        let title = "Nanoseconds a call (logarithmic)";
        write_whole(
            &plots.join("summary.svg"),
            &chart::bars(calls, title, Some(&columns)),
        )?;
    }
    write_whole(&options.out.join("samples.csv"), &csv)?;
    write_whole(&options.out.join("REPORT.md"), &text)
}

fn heading() -> String {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    format!(
        "# Measured\n\nMade by `cargo run --release -p benches --bin report{}{}`. Every program runs in turn with the \
         others, round by round, on one core; `samples.csv` has all samples.\n\n{}\n",
        if arguments.is_empty() { "" } else { " -- " },
        arguments.join(" "),
        machine::description()
    )
}

/// Writes a file so that it is the old one or the new one at every moment.
fn write_whole(path: &Path, text: &str) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    let temporary = path.with_extension("part");
    std::fs::write(&temporary, text).map_err(failed)?;
    std::fs::rename(&temporary, path).map_err(failed)
}
