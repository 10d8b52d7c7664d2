//! Random signatures by hand: `cargo run --release -p tests --bin abifuzz -- --count N --seed S`.
//!
//! Options: `--count N` signatures, `--seed S`, `--batch B` signatures per C file, `--kinds K,…` of
//! `extended`, `complex`, `wide`, `aggregates`, `microsoft` or `all`, `--only calls` or
//! `--only callbacks`, `--mode OPTIONS` of ripley, which may be given
//! more than once and stands for both ways to marshal where it is not.

use std::process::ExitCode;
use tests::signatures::Directions;
use tests::signatures::run::{Options, all_marshallers, run};
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
        Ok(counts) => {
            println!(
                "{} calls and {} callbacks, no mismatch in any of {} modes",
                counts.calls,
                counts.callbacks,
                options.modes.len()
            );
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
        directions: Directions::BOTH,
        modes: all_marshallers(),
        verbose: true,
    };
    let mut modes = Vec::new();
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
            "--only" => {
                options.directions = match value.as_str() {
                    "calls" => Directions {
                        callbacks: false,
                        ..Directions::BOTH
                    },
                    "callbacks" => Directions {
                        calls: false,
                        ..Directions::BOTH
                    },
                    _ => return Err(format!("--only wants calls or callbacks, not {value}")),
                }
            }
            "--mode" => modes.push(value.split_whitespace().map(str::to_owned).collect()),
            "--kinds" => {
                for kind in value.split(',') {
                    switch_on(&mut options.kinds, kind)?;
                }
            }
            _ => return Err(format!("there is no option {name}")),
        }
    }
    if !modes.is_empty() {
        options.modes = modes;
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
        "all" => *kinds = Kinds::ALL,
        _ => return Err(format!("there is no kind {kind}")),
    }
    Ok(())
}
