//! Random signatures against the C compiler; `cargo run --release -p tests --bin abifuzz` runs more.

use tests::fresh_seed;
use tests::signatures::run::{Options, both_marshallers, run};
use tests::signatures::types::Kinds;

/// How many signatures a test runs: `RIPLEY_ABI_COUNT`, or a few hundred.
fn count(default: usize) -> usize {
    std::env::var("RIPLEY_ABI_COUNT").map_or(default, |count| {
        count.parse().expect("RIPLEY_ABI_COUNT is a number")
    })
}

fn check(options: &Options) {
    println!("RIPLEY_ABI_SEED={}", options.seed);
    if let Err(error) = run(options) {
        panic!("RIPLEY_ABI_SEED={}\n{error}", options.seed);
    }
}

#[test]
fn scalars() {
    check(&Options {
        seed: fresh_seed(),
        count: count(300),
        batch: 100,
        kinds: Kinds::default(),
        modes: both_marshallers(),
        verbose: false,
    });
}

#[test]
fn scalars_while_everything_moves() {
    check(&Options {
        seed: fresh_seed(),
        count: 20,
        batch: 10,
        kinds: Kinds::default(),
        modes: vec![vec!["--gc-stress".into()]],
        verbose: false,
    });
}
