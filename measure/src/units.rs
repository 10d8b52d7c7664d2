//! Figures for people: three digits and a unit.

/// A time, with the unit that suits it.
pub fn nanoseconds(time: f64) -> String {
    scaled(time, 1000.0, &["ns", "µs", "ms", "s"])
}

/// A size, with the unit that suits it.
pub fn bytes(size: f64) -> String {
    scaled(size, 1024.0, &["B", "KiB", "MiB", "GiB"])
}

fn scaled(value: f64, step: f64, units: &[&str]) -> String {
    let mut value = value;
    let mut units = units.iter();
    let mut unit = units.next();
    // 999.6 would be written 1000.
    while value.abs() >= step - 0.5 {
        let Some(next) = units.next() else { break };
        value /= step;
        unit = Some(next);
    }
    let decimals = match value.abs() {
        size if size < 9.995 => 2,
        size if size < 99.95 => 1,
        _ => 0,
    };
    format!("{value:.decimals$} {}", unit.unwrap_or(&""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_three_digits() {
        assert_eq!(nanoseconds(1.234), "1.23 ns");
        assert_eq!(nanoseconds(56.78), "56.8 ns");
        assert_eq!(nanoseconds(999.7), "1.00 µs");
        assert_eq!(nanoseconds(123_456.0), "123 µs");
        assert_eq!(nanoseconds(2_500_000.0), "2.50 ms");
        assert_eq!(nanoseconds(90e9), "90.0 s");
        assert_eq!(nanoseconds(9e12), "9000 s");
    }

    #[test]
    fn a_size_is_counted_in_powers_of_two() {
        assert_eq!(bytes(0.0), "0.00 B");
        assert_eq!(bytes(1024.0), "1.00 KiB");
        assert_eq!(bytes(54.0 * 1024.0 * 1024.0), "54.0 MiB");
    }
}
