//! Mutated declarations; `RIPLEY_DECLARATION_COUNT` asks for more of them, `RIPLEY_ABI_SEED` for others.

/// Mutations that share a process.
const BATCH: usize = 200;

#[test]
fn mutations_are_declared_or_refused() {
    let seed = std::env::var("RIPLEY_ABI_SEED").map_or(20_091_122, |seed| {
        seed.parse().expect("RIPLEY_ABI_SEED is a number")
    });
    let count: usize = std::env::var("RIPLEY_DECLARATION_COUNT").map_or(400, |count| {
        count.parse().expect("RIPLEY_DECLARATION_COUNT is a number")
    });
    for index in 0..count.div_ceil(BATCH) {
        if let Err(error) = tests::declarations::run(seed, index as u64, BATCH) {
            panic!("RIPLEY_ABI_SEED={seed}\n{error}");
        }
    }
}
