//! Mutated declarations; `RIPLEY_DECLARATION_COUNT` asks for more of them, `RIPLEY_ABI_SEED` for those of a run that failed.

/// Mutations that share a process.
const BATCH: usize = 200;
/// Mutations of a run; without optimisation they take twenty times as long.
const COUNT: usize = if cfg!(debug_assertions) {
    2_000
} else {
    10_000
};

#[test]
fn mutations_are_declared_or_refused() {
    let seed = tests::fresh_seed();
    println!("RIPLEY_ABI_SEED={seed}");
    let count: usize = std::env::var("RIPLEY_DECLARATION_COUNT").map_or(COUNT, |count| {
        count.parse().expect("RIPLEY_DECLARATION_COUNT is a number")
    });
    for index in 0..count.div_ceil(BATCH) {
        if let Err(error) = tests::declarations::run(seed, index as u64, BATCH) {
            panic!("RIPLEY_ABI_SEED={seed}\n{error}");
        }
    }
}
