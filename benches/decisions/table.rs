//! The measuring and the table it prints.
//!
//! Variants of one table are run in turn, round after round, so that a disturbance of the machine
//! hits all of them alike. A round takes, for each variant, the median of [`RUNS`] runs; the
//! table shows the median and the least over [`ROUNDS`] rounds and the spread: the distance from
//! the first to the third quartile, in per cent of the median.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// Rounds over all variants of a table.
const ROUNDS: usize = 61;
/// Runs of one variant in one round.
const RUNS: usize = 5;
/// How long one run should take: far below a scheduler's time slice.
const RUN: Duration = Duration::from_micros(300);
/// Iterations of the run whose result is checked.
pub(crate) const CHECKED_ITERATIONS: u64 = 10;

struct Variant<'a> {
    name: String,
    /// Operations in one iteration: what the time of an iteration is divided by.
    operations: u64,
    run: Box<dyn FnMut(u64) -> u64 + 'a>,
    iterations: u64,
    rounds: Vec<f64>,
}

/// A table of variants that are measured against each other.
pub(crate) struct Table<'a> {
    title: String,
    unit: &'static str,
    variants: Vec<Variant<'a>>,
}

impl<'a> Table<'a> {
    /// An empty table; `unit` says what the nanoseconds are counted per.
    pub(crate) fn new(title: &str, unit: &'static str) -> Table<'a> {
        Table {
            title: title.to_owned(),
            unit,
            variants: Vec::new(),
        }
    }

    /// Adds a variant. `run` does that many iterations of `operations` operations each and
    /// answers a result, which must be `expected` for [`CHECKED_ITERATIONS`].
    ///
    /// # Panics
    /// Where the result differs: the variant does not do what it is named for.
    pub(crate) fn row(
        &mut self,
        name: impl Into<String>,
        operations: u64,
        expected: u64,
        mut run: impl FnMut(u64) -> u64 + 'a,
    ) {
        let name = name.into();
        let result = run(CHECKED_ITERATIONS);
        assert_eq!(
            result, expected,
            "{}: '{name}' computes something else",
            self.title
        );
        let iterations = calibrate(&mut run);
        let run = Box::new(run);
        self.variants.push(Variant {
            name,
            operations,
            run,
            iterations,
            rounds: Vec::new(),
        });
    }

    /// Measures all variants and prints the table.
    pub(crate) fn print(mut self) {
        for _ in 0..ROUNDS {
            for variant in &mut self.variants {
                let mut runs = [0.0; RUNS];
                for run in &mut runs {
                    let time = timed(&mut variant.run, variant.iterations);
                    *run =
                        time.as_nanos() as f64 / (variant.iterations * variant.operations) as f64;
                }
                variant.rounds.push(quantile(&mut runs, 0.5));
            }
        }
        println!("\n### {}\n", self.title);
        println!("| variant | ns per {} | least | spread |", self.unit);
        println!("| --- | ---: | ---: | ---: |");
        for Variant { name, rounds, .. } in &mut self.variants {
            let median = quantile(rounds, 0.5);
            let spread = (quantile(rounds, 0.75) - quantile(rounds, 0.25)) / median * 100.0;
            let least = quantile(rounds, 0.0);
            println!(
                "| {name} | {} | {} | {spread:.0} % |",
                figure(median),
                figure(least)
            );
        }
    }
}

/// A figure with about three digits.
fn figure(ns: f64) -> String {
    if ns >= 100.0 {
        format!("{ns:.0}")
    } else {
        format!("{ns:.2}")
    }
}

fn timed(run: &mut impl FnMut(u64) -> u64, iterations: u64) -> Duration {
    let start = Instant::now();
    black_box(run(black_box(iterations)));
    start.elapsed()
}

/// The number of iterations that take about [`RUN`].
fn calibrate(run: &mut impl FnMut(u64) -> u64) -> u64 {
    let mut iterations = CHECKED_ITERATIONS;
    loop {
        let time = timed(run, iterations);
        if time >= RUN / 2 {
            let per_iteration = time.as_secs_f64() / iterations as f64;
            return ((RUN.as_secs_f64() / per_iteration) as u64).max(1);
        }
        iterations *= 2;
    }
}

/// The value below which that share of `values` lies; sorts them.
fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values[((values.len() - 1) as f64 * share).round() as usize]
}
