//! How long the collectors stop programs that live by allocation, as the collectors themselves tell.

use crate::matrix::{Column, Matrix};
use crate::programs::programs;
use crate::progress::Progress;
use crate::runner::{Plan, is_installed, run};
use std::path::Path;

/// A language whose collector tells: title, words in front of the file, extension, and how to read what is printed.
type Runner = (
    &'static str,
    &'static [&'static str],
    &'static str,
    fn(&str) -> Option<Stops>,
);

const RUNNERS: &[Runner] = &[
    ("Ripley", &["{ripley}", "--stats"], "som", stops_of_ripley),
    ("Node", &["node", "--trace-gc"], "js", stops_of_node),
];

/// The stops of one process, in milliseconds.
struct Stops {
    longest: f64,
    total: f64,
}

/// Stops by program: the longest, and all of them.
pub(crate) fn measure(plan: &Plan, ripley: &Path, progress: &Progress) -> Result<Matrix, String> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("memory");
    let names = programs(&directory, plan)?;
    let mut missing = vec![
        ("LuaJIT", "its collector tells nothing of its stops"),
        ("Lua", "its collector tells nothing of its stops"),
    ]
    .into_iter()
    .map(|(title, reason)| (title.to_owned(), reason.to_owned()))
    .collect::<Vec<_>>();
    let mut columns = Vec::new();
    for runner in RUNNERS {
        let program = runner.1[0].replace("{ripley}", &ripley.display().to_string());
        match is_installed(&program) {
            true => columns.push((program, runner, Column::new(runner.0))),
            false => missing.push((runner.0.to_owned(), format!("{program} is not installed"))),
        }
    }
    progress.begin(names.len() * columns.len() * plan.rounds);
    for name in &names {
        for _ in 0..plan.rounds {
            for (program, (title, words, extension, read), column) in &mut columns {
                progress.step(&format!("pauses: {name}, {title}"));
                let file = directory.join(format!("{name}.{extension}"));
                let mut all = vec![program.clone()];
                all.extend(words[1..].iter().map(|&word| word.to_owned()));
                all.push(file.display().to_string());
                let output = run(&mut plan.command(&all))
                    .map_err(|error| format!("{title} on {name}: {error}"))?;
                let printed = [output.stdout, output.stderr].concat();
                let stops = read(&String::from_utf8_lossy(&printed))
                    .ok_or_else(|| format!("{title} on {name} tells of no pauses"))?;
                column.add(&format!("{name} longest"), stops.longest);
                column.add(&format!("{name} total"), stops.total);
            }
        }
    }
    let cases = names.iter().flat_map(|name| {
        [
            (format!("{name} longest"), format!("{name}: the longest")),
            (format!("{name} total"), format!("{name}: all together")),
        ]
    });
    Ok(Matrix {
        key: "pauses",
        title: "Pauses",
        unit: "Milliseconds for which the collector stops the program, as it tells itself (medians)",
        cases: cases.collect(),
        columns: columns.into_iter().map(|(_, _, column)| column).collect(),
        base: "Ripley",
        missing,
        takes_least: false,
    })
}

/// From the lines `pause total` and `pause longest` of `--stats`.
fn stops_of_ripley(printed: &str) -> Option<Stops> {
    let milliseconds = |name: &str| {
        let line = printed.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().strip_suffix(" ms")?.parse::<f64>().ok()
    };
    Some(Stops {
        longest: milliseconds("pause longest")?,
        total: milliseconds("pause total")?,
    })
}

/// From the lines of `--trace-gc`: `[…] 24 ms: Scavenge 3.9 (4.0) -> 3.0 (5.0) MB, 0.45 / 0.00 ms …`. None is no stop.
fn stops_of_node(printed: &str) -> Option<Stops> {
    let each = printed
        .lines()
        .filter(|line| line.starts_with('['))
        .filter_map(|line| {
            let (before, _) = line.split_once(" / ")?;
            before.rsplit(' ').next()?.parse::<f64>().ok()
        });
    let each: Vec<f64> = each.collect();
    Some(Stops {
        longest: each.iter().copied().fold(0.0, f64::max),
        total: each.iter().sum(),
    })
}
