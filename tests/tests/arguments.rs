//! Objects that parameters do not take; `RIPLEY_ABI_SEED` chooses those that are tried where everything is slow.

use tests::arguments::{Sample, Trial};
use tests::{MODES, Mode};

/// The modes of these names.
fn modes(names: &[&str]) -> Vec<&'static Mode> {
    let named = |name: &&str| MODES.iter().find(|mode| mode.name == *name);
    names
        .iter()
        .map(|name| named(name).expect("a mode"))
        .collect()
}

fn run(name: &str, names: &[&str], sample: Sample) -> usize {
    let trial = Trial::new(name).unwrap_or_else(|error| panic!("{error}"));
    trial
        .run(&modes(names), sample)
        .unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn calls_with_any_object_work_or_name_the_argument() {
    // Without optimisation they take twenty times as long.
    let step = if cfg!(debug_assertions) { 5 } else { 1 };
    let modes = ["interpreter", "jit", "interpreted marshalling", "libffi"];
    let count = run("all", &modes, Sample { first: 1, step });
    assert!(count > 10_000, "{count} calls");
}

#[test]
fn also_while_everything_moves() {
    let seed = tests::fresh_seed();
    println!("RIPLEY_ABI_SEED={seed}");
    let step = if cfg!(debug_assertions) { 75 } else { 25 };
    let first = 1 + seed % step;
    let modes = ["interpreter", "gc-stress", "jit under gc-stress"];
    assert!(run("moving", &modes, Sample { first, step }) > 1_000);
}
