//! Random programs print the same in the interpreter and in machine code, whenever that is made and however often
//! garbage is collected.
//!
//! `RIPLEY_RANDOM_SEED` chooses the first program and `RIPLEY_RANDOM_COUNT` how many there are.

use tests::programs::{outcome, program};

const MODES: &[&[&str]] = &[
    &["--jit-threshold", "1"],
    &["--jit-threshold", "3"],
    &["--jit-threshold", "20"],
    &["--jit-threshold", "1", "--max-code", "64K"],
    &["--no-jit", "--gc-stress"],
    &["--jit-threshold", "1", "--gc-stress"],
    &["--jit-threshold", "2", "--verify-heap"],
];

#[test]
fn random_programs_do_the_same_interpreted_and_compiled() {
    let number = |name: &str| {
        let text = std::env::var(name).ok()?;
        Some(text.parse::<u64>().expect("a number"))
    };
    let first = number("RIPLEY_RANDOM_SEED").unwrap_or_else(tests::fresh_seed);
    println!("RIPLEY_RANDOM_SEED={first}");
    for seed in first..first + number("RIPLEY_RANDOM_COUNT").unwrap_or(20) {
        let interpreted = outcome(seed, &["--no-jit"]);
        for options in MODES {
            let compiled = outcome(seed, options);
            assert!(
                compiled == interpreted,
                "RIPLEY_RANDOM_SEED={seed} {options:?}: {compiled:?}\ninterpreted: {interpreted:?}\n{}",
                program(seed)
            );
        }
    }
}
