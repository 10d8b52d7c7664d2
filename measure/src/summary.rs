//! The order statistics of a sample.

use std::fmt;

/// The spread from which on a median deserves a warning: the middle half of the samples lies
/// within a fifth of the median.
pub const WIDE_SPREAD: f64 = 0.2;

/// What is kept of a sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// How many values there were.
    pub count: usize,
    /// The least.
    pub min: f64,
    /// The value that a quarter lies below.
    pub lower_quartile: f64,
    /// The value in the middle.
    pub median: f64,
    /// The value that a quarter lies above.
    pub upper_quartile: f64,
    /// The greatest.
    pub max: f64,
    /// The median of the distances from the median (MAD).
    pub deviation: f64,
}

impl Summary {
    /// Summarizes a sample; nothing where it is empty, or has a value that is not a number.
    pub fn of(sample: &[f64]) -> Option<Summary> {
        if sample.is_empty() || sample.iter().any(|value| value.is_nan()) {
            return None;
        }
        let sorted = sorted(sample);
        let median = quantile(&sorted, 0.5);
        let distances: Vec<f64> = sample.iter().map(|value| (value - median).abs()).collect();
        Some(Summary {
            count: sorted.len(),
            min: sorted[0],
            lower_quartile: quantile(&sorted, 0.25),
            median,
            upper_quartile: quantile(&sorted, 0.75),
            max: sorted[sorted.len() - 1],
            deviation: quantile(&self::sorted(&distances), 0.5),
        })
    }

    /// The width of the middle half of the sample (IQR).
    pub fn interquartile_range(&self) -> f64 {
        self.upper_quartile - self.lower_quartile
    }

    /// The interquartile range as a part of the median: what can be compared between times.
    pub fn spread(&self) -> f64 {
        if self.median == 0.0 {
            return 0.0;
        }
        (self.interquartile_range() / self.median).abs()
    }

    /// Whether the median deserves a warning.
    pub fn is_wide(&self) -> bool {
        self.spread() > WIDE_SPREAD
    }

    /// The warning that the median deserves, if it does.
    pub fn warning(&self) -> Option<String> {
        self.is_wide().then(|| {
            format!(
                "the middle half of the samples spreads over {:.0} % of the median: the machine was \
                 busy, or the work is uneven",
                self.spread() * 100.0
            )
        })
    }
}

/// The sample as one line, in nanoseconds.
impl fmt::Display for Summary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = crate::nanoseconds;
        write!(
            formatter,
            "{} (median of {}; middle half {} to {}, least {}, MAD {})",
            unit(self.median),
            self.count,
            unit(self.lower_quartile),
            unit(self.upper_quartile),
            unit(self.min),
            unit(self.deviation),
        )
    }
}

/// The ratios of samples that were taken side by side, round by round: what disturbs a round
/// disturbs both sides of its ratio.
pub fn paired_ratios(samples: &[f64], base: &[f64]) -> Vec<f64> {
    let pairs = samples.iter().zip(base);
    pairs
        .filter(|&(_, &base)| base > 0.0)
        .map(|(sample, base)| sample / base)
        .collect()
}

/// The mean to use for ratios; nothing where there are none, or one is not positive.
pub fn geometric_mean(ratios: &[f64]) -> Option<f64> {
    if ratios.is_empty() || ratios.iter().any(|&ratio| ratio.is_nan() || ratio <= 0.0) {
        return None;
    }
    let logarithms: f64 = ratios.iter().map(|ratio| ratio.ln()).sum();
    Some((logarithms / ratios.len() as f64).exp())
}

fn sorted(sample: &[f64]) -> Vec<f64> {
    let mut sorted = sample.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// The value below which a part of a sorted sample lies, interpolated between its neighbours
/// (Hyndman and Fan's definition 7, that of R and NumPy).
fn quantile(sorted: &[f64], part: f64) -> f64 {
    let position = part * (sorted.len() - 1) as f64;
    let below = position.floor();
    let low = sorted[below as usize];
    let high = sorted[position.ceil() as usize];
    low + (high - low) * (position - below)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(sample: &[f64]) -> Summary {
        Summary::of(sample).expect("a sample with values")
    }

    #[test]
    fn the_order_of_the_values_does_not_matter() {
        assert_eq!(summary(&[5.0, 1.0, 3.0]), summary(&[1.0, 3.0, 5.0]));
    }

    #[test]
    fn quartiles_are_interpolated_as_in_r_and_numpy() {
        // numpy.percentile([1, 2, 3, 4], [25, 50, 75])
        let four = summary(&[4.0, 3.0, 2.0, 1.0]);
        assert_eq!(four.lower_quartile, 1.75);
        assert_eq!(four.median, 2.5);
        assert_eq!(four.upper_quartile, 3.25);
        assert_eq!(four.interquartile_range(), 1.5);
        assert_eq!((four.min, four.max, four.count), (1.0, 4.0, 4));
    }

    #[test]
    fn one_value_is_all_of_its_statistics() {
        let one = summary(&[7.0]);
        assert_eq!((one.min, one.median, one.max), (7.0, 7.0, 7.0));
        assert_eq!((one.interquartile_range(), one.deviation), (0.0, 0.0));
        assert!(!one.is_wide());
    }

    #[test]
    fn the_deviation_ignores_what_is_far_away() {
        let disturbed = summary(&[1.0, 1.0, 2.0, 2.0, 4.0, 6.0, 900.0]);
        assert_eq!(disturbed.median, 2.0);
        assert_eq!(disturbed.deviation, 1.0);
    }

    #[test]
    fn nothing_is_said_about_nothing() {
        assert_eq!(Summary::of(&[]), None);
        assert_eq!(Summary::of(&[1.0, f64::NAN]), None);
        assert_eq!(geometric_mean(&[]), None);
        assert_eq!(geometric_mean(&[1.0, 0.0]), None);
    }

    #[test]
    fn a_wide_spread_is_warned_of() {
        let calm = summary(&[98.0, 99.0, 100.0, 101.0, 102.0]);
        assert_eq!(calm.warning(), None);
        let noisy = summary(&[50.0, 80.0, 100.0, 140.0, 200.0]);
        assert_eq!(noisy.spread(), 0.6);
        assert!(noisy.warning().expect("a warning").contains("60 %"));
    }

    #[test]
    fn pairs_cancel_what_disturbs_both() {
        // The second round was disturbed: ten times slower on both sides.
        let ratios = paired_ratios(&[2.0, 20.0, 2.0], &[1.0, 10.0, 1.0]);
        assert_eq!(ratios, [2.0, 2.0, 2.0]);
        assert!(paired_ratios(&[1.0], &[0.0]).is_empty());
    }

    #[test]
    fn ratios_have_a_geometric_mean() {
        let mean = geometric_mean(&[0.5, 2.0, 8.0]).expect("positive ratios");
        assert!((mean - 2.0).abs() < 1e-12);
    }

    #[test]
    fn a_summary_reads_as_a_sentence() {
        let line = summary(&[1000.0, 2000.0, 3000.0]).to_string();
        let expected =
            "2.00 µs (median of 3; middle half 1.50 µs to 2.50 µs, least 1.00 µs, MAD 1.00 µs)";
        assert_eq!(line, expected);
    }
}
