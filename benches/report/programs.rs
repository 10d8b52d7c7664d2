//! Whole programs in several languages: the language's own kinds of work, and work for the memory.

use crate::matrix::{Column, Matrix};
use crate::progress::Progress;
use crate::runner::{Plan, is_installed, usage_of};
use std::path::Path;

/// What runs programs of one language: title, words in front of the file, extension.
type Runner = (&'static str, &'static [&'static str], &'static str);

const RUNNERS: &[Runner] = &[
    ("Ripley", &["{ripley}"], "som"),
    ("LuaJIT", &["luajit"], "lua"),
    ("LuaJIT -joff", &["luajit", "-joff"], "lua"),
    ("Lua", &["lua5.4"], "lua"),
    ("Node", &["node"], "js"),
    ("CPython", &["python3"], "py"),
];

/// A folder of programs, each a file in every language.
pub(crate) struct Folder {
    pub(crate) key: &'static str,
    pub(crate) title: &'static str,
}

/// The programs of a folder in all languages, in processor milliseconds of the whole process.
pub(crate) fn measure(
    plan: &Plan,
    folder: &Folder,
    ripley: &Path,
    progress: &Progress,
) -> Result<Matrix, String> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder.key);
    let cases = programs(&directory, plan)?;
    let mut missing = Vec::new();
    let mut columns = Vec::new();
    for &(title, words, extension) in RUNNERS {
        let words: Vec<String> = words
            .iter()
            .map(|word| word.replace("{ripley}", &ripley.display().to_string()))
            .collect();
        if is_installed(&words[0]) {
            columns.push((words, extension, Column::new(title)));
        } else {
            missing.push((title.to_owned(), format!("{} is not installed", words[0])));
        }
    }
    progress.begin(cases.len() * columns.len() * plan.rounds);
    for case in &cases {
        let mut outputs: Vec<String> = Vec::new();
        for _ in 0..plan.rounds {
            for (words, extension, column) in &mut columns {
                progress.step(&format!("{}: {case}, {}", folder.key, column.title));
                let file = directory.join(format!("{case}.{extension}"));
                if !file.is_file() {
                    continue;
                }
                let mut words = words.clone();
                words.push(file.display().to_string());
                let (usage, printed) = usage_of(&mut plan.command(&words))
                    .map_err(|error| format!("{} on {case}: {error}", column.title))?;
                column.add(case, usage.processor.as_secs_f64() * 1e3);
                outputs.push(printed);
            }
        }
        if outputs.windows(2).any(|pair| pair[0] != pair[1]) {
            return Err(format!("{case}: what the languages print differs"));
        }
    }
    columns.retain(|(_, _, column)| !column.samples.is_empty());
    Ok(Matrix {
        key: folder.key,
        title: folder.title,
        unit: "Milliseconds of processor time of the whole process, start included (least)",
        cases: cases.into_iter().map(|case| (case.clone(), case)).collect(),
        columns: columns.into_iter().map(|(_, _, column)| column).collect(),
        base: "LuaJIT -joff",
        missing,
        takes_least: true,
    })
}

/// Names of the programs of a folder that the plan wants.
pub(crate) fn programs(directory: &Path, plan: &Plan) -> Result<Vec<String>, String> {
    let entries = std::fs::read_dir(directory)
        .map_err(|error| format!("{}: {error}", directory.display()))?;
    let mut names: Vec<String> = entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            (path.extension()? == "som").then(|| path.file_stem()?.to_str().map(str::to_owned))?
        })
        .filter(|name| plan.wants(name))
        .collect();
    names.sort();
    Ok(names)
}
