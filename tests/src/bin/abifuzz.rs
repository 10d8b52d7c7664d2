//! Random signatures by hand: `cargo run --release -p tests --bin abifuzz -- --count N --seed S`.
//!
//! Options: `--count N` signatures, `--seed S`, `--batch B` signatures per C file, `--kinds K,…` of
//! `extended`, `complex`, `wide`, `aggregates`, `microsoft` or `all`.

use std::process::ExitCode;
use tests::signatures::run::{Options, both_marshallers, run};
use tests::signatures::types::Kinds;

fn main() -> ExitCode {
    let options = match read(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(error) => {
            eprintln!("abifuzz: {error}");
            return ExitCode::from(2);
        }
    };
    println!("{} signatures, seed {}", options.count, options.seed);
    match run(&options) {
        Ok(()) => {
            println!("no mismatch, compiled and interpreted");
            ExitCode::SUCCESS
        }
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn read(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options {
        seed: tests::fresh_seed(),
        count: 1000,
        batch: 400,
        kinds: Kinds::default(),
        modes: both_marshallers(),
        verbose: true,
    };
    while let Some(name) = arguments.next() {
        let value = arguments
            .next()
            .ok_or_else(|| format!("{name} wants a value"))?;
        let number = || {
            value
                .parse::<u64>()
                .map_err(|_| format!("{name} wants a number, not {value}"))
        };
        match name.as_str() {
            "--seed" => options.seed = number()?,
            "--count" => options.count = number()? as usize,
            "--batch" => options.batch = number()?.max(1) as usize,
            "--kinds" => {
                for kind in value.split(',') {
                    switch_on(&mut options.kinds, kind)?;
                }
            }
            _ => return Err(format!("there is no option {name}")),
        }
    }
    Ok(options)
}

fn switch_on(kinds: &mut Kinds, kind: &str) -> Result<(), String> {
    match kind {
        "extended" => kinds.extended = true,
        "complex" => kinds.complex = true,
        "wide" => kinds.wide = true,
        "aggregates" => kinds.aggregates = true,
        "microsoft" => kinds.microsoft = true,
        "all" => {
            *kinds = Kinds {
                extended: true,
                complex: true,
                wide: true,
                aggregates: true,
                microsoft: true,
            }
        }
        _ => return Err(format!("there is no kind {kind}")),
    }
    Ok(())
}
