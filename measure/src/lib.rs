//! What samples of a time say: the one place where the report of the benchmarks and the REPL's
//! `:bench` get their medians, their spread and their warnings from.
//!
//! Times have a long tail to one side: whatever interrupts a program makes it slower, nothing makes
//! it faster. So everything here is an order statistic; a mean would follow the interruptions.

mod summary;
mod units;

pub use summary::{Summary, WIDE_SPREAD, geometric_mean, paired_ratios};
pub use units::{bytes, nanoseconds};
