//! The `--stats` lines.

use gc::GcStats;
use std::fmt::Write as _;

/// What machine code took.
#[derive(Clone, Copy, Default, Debug)]
pub struct CodeStatistics {
    /// Bytes of the code space in use.
    pub bytes: usize,
    /// How many methods lost their code for want of room.
    pub evicted: u64,
    /// Nanoseconds spent on making code.
    pub compilation_ns: u64,
    /// Nanoseconds since the VM was started.
    pub running_ns: u64,
}

/// What the object memory and the code space did, a fact a line.
pub fn report(stats: &GcStats, code: &CodeStatistics) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        let _ = writeln!(text, "{name:<24} {value}");
    };
    let pauses = &stats.pauses;
    line("scavenges", stats.scavenges.to_string());
    line("nurseries tenured", stats.tenured_segments.to_string());
    line("full collections", stats.full_collections.to_string());
    line("mark steps", stats.mark_steps.to_string());
    line("pauses", pauses.count().to_string());
    line("pause total", milliseconds(pauses.total_ns()));
    line("pause longest", milliseconds(pauses.max_ns()));
    line("pause p99", milliseconds(pauses.p99_ns()));
    line("longest full", milliseconds(stats.full_pauses.max_ns()));
    line("allocated young", size(stats.bytes_allocated_young));
    line("allocated old", size(stats.bytes_allocated_old));
    line("survived", size(stats.bytes_survived));
    line("promoted", size(stats.bytes_promoted));
    line("tenured in place", size(stats.bytes_tenured));
    line("old space in use", size(stats.old_bytes));
    line("large objects", size(stats.large_bytes));
    line("live at last full", size(stats.live_bytes));
    line("mapped", size(stats.mapped_bytes));
    line("pinned objects", stats.pinned.to_string());
    line("finalized objects", stats.finalized.to_string());
    line("weak references cleared", stats.weak_cleared.to_string());
    line("code space", size(code.bytes as u64));
    line("code evicted", format!("of {} methods", code.evicted));
    line("compilation", milliseconds(code.compilation_ns));
    line("since the start", milliseconds(code.running_ns));
    text.truncate(text.trim_end().len());
    text
}

fn milliseconds(nanoseconds: u64) -> String {
    format!("{:.3} ms", nanoseconds as f64 / 1e6)
}

fn size(bytes: u64) -> String {
    match bytes {
        0..10_000 => format!("{bytes} bytes"),
        10_000..10_000_000 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        _ => format!("{:.1} MiB", bytes as f64 / (1024.0 * 1024.0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fact_has_a_line() {
        let text = report(
            &GcStats::default(),
            &CodeStatistics {
                bytes: 12_345,
                ..CodeStatistics::default()
            },
        );
        assert!(text.contains("scavenges                0"), "{text}");
        assert!(text.contains("code space               12.1 KiB"), "{text}");
    }
}
