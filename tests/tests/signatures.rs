//! Random signatures against the C compiler; `cargo run --release -p tests --bin abifuzz` runs more.

use tests::fresh_seed;
use tests::signatures::Directions;
use tests::signatures::run::{Options, all_marshallers, run};
use tests::signatures::types::Kinds;

/// How many signatures a test runs: `RIPLEY_ABI_COUNT`, or a few hundred.
fn count(default: usize) -> usize {
    std::env::var("RIPLEY_ABI_COUNT").map_or(default, |count| {
        count.parse().expect("RIPLEY_ABI_COUNT is a number")
    })
}

/// Runs signatures with a fresh seed.
fn check(count: usize, batch: usize, kinds: Kinds, modes: Vec<Vec<String>>) {
    let seed = fresh_seed();
    println!("RIPLEY_ABI_SEED={seed}");
    let options = Options {
        seed,
        count,
        batch,
        kinds,
        directions: Directions::BOTH,
        modes,
        verbose: false,
    };
    if let Err(error) = run(&options) {
        panic!("RIPLEY_ABI_SEED={seed}\n{error}");
    }
}

fn mode(options: &[&str]) -> Vec<String> {
    options.iter().map(|&option| option.to_owned()).collect()
}

#[test]
fn scalars() {
    check(count(200), 100, Kinds::default(), all_marshallers());
}

#[test]
fn every_kind() {
    check(count(200), 100, Kinds::ALL, all_marshallers());
}

/// Structs by value it gets wrong now and then: see `docs/abi-traps.md`.
#[test]
fn scalars_by_libffi() {
    let modes = vec![mode(&["--marshal", "libffi"])];
    check(count(200), 100, Kinds::default(), modes);
}

#[test]
fn every_kind_interpreted_and_compiled_at_once() {
    let modes = vec![mode(&["--no-jit"]), mode(&["--jit-threshold", "1"])];
    check(40, 20, Kinds::ALL, modes);
}

#[test]
fn while_everything_moves() {
    check(20, 10, Kinds::ALL, vec![mode(&["--gc-stress"])]);
}
