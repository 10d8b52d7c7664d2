//! One stop of the program: how long it took, and the line about it on standard error.
//!
//! ```text
//! gc: scavenge + mark  0.412 ms  survived 61440 promoted 20480 tenured 0  old 8.1 MiB large 0.0 MiB mapped 16.0 MiB
//! ```

use std::time::Instant;

use crate::heap::{CollectionKind, Heap};

/// What the counters were when a stop began.
pub(crate) struct Stop {
    begun: Instant,
    scavenges: u64,
    mark_steps: u64,
    full_collections: u64,
    survived: u64,
    promoted: u64,
    tenured: u64,
}

impl Heap {
    /// Begins to measure a stop.
    pub(crate) fn begin_stop(&self) -> Stop {
        Stop {
            begun: Instant::now(),
            scavenges: self.stats.scavenges,
            mark_steps: self.stats.mark_steps,
            full_collections: self.stats.full_collections,
            survived: self.stats.bytes_survived,
            promoted: self.stats.bytes_promoted,
            tenured: self.stats.bytes_tenured,
        }
    }

    /// Counts a stop, and prints its line where the options say so.
    pub(crate) fn end_stop(&mut self, stop: &Stop, kind: CollectionKind) {
        let pause = stop.begun.elapsed();
        self.stats.pauses.record(pause);
        if kind == CollectionKind::Full {
            self.stats.full_pauses.record(pause);
        }
        if self.options.trace {
            eprintln!("{}", self.stop_line(stop, kind, pause.as_secs_f64() * 1e3));
        }
    }

    fn stop_line(&self, stop: &Stop, kind: CollectionKind, milliseconds: f64) -> String {
        let stats = &self.stats;
        let mebibytes = |bytes: usize| bytes as f64 / f64::from(1 << 20);
        format!(
            "gc: {}  {milliseconds:.3} ms  survived {} promoted {} tenured {}  \
             old {:.1} MiB large {:.1} MiB mapped {:.1} MiB",
            self.stop_kind(stop, kind),
            stats.bytes_survived - stop.survived,
            stats.bytes_promoted - stop.promoted,
            stats.bytes_tenured - stop.tenured,
            mebibytes(self.old.used_bytes),
            mebibytes(self.large.used_bytes),
            mebibytes(self.mapped_bytes()),
        )
    }

    fn stop_kind(&self, stop: &Stop, kind: CollectionKind) -> &'static str {
        let scavenged = self.stats.scavenges > stop.scavenges;
        let marked = self.marker.is_active() || self.stats.mark_steps > stop.mark_steps;
        let finished = self.stats.full_collections > stop.full_collections;
        match (kind, scavenged) {
            (CollectionKind::Full, _) => "full",
            (CollectionKind::Scavenge, true) if finished => "scavenge + end of marking",
            (CollectionKind::Scavenge, true) if marked => "scavenge + mark",
            (CollectionKind::Scavenge, true) => "scavenge",
            (CollectionKind::Scavenge, false) if finished => "tenure + end of marking",
            (CollectionKind::Scavenge, false) if marked => "tenure + mark",
            (CollectionKind::Scavenge, false) => "tenure",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::heap::HeapOptions;

    #[test]
    fn a_line_says_what_the_stop_was_about() {
        let mut heap = Heap::new(HeapOptions::default()).expect("a heap");
        let stop = heap.begin_stop();
        heap.stats.scavenges += 1;
        heap.stats.bytes_promoted += 24;
        let line = heap.stop_line(&stop, CollectionKind::Scavenge, 0.25);
        assert!(
            line.starts_with(
                "gc: scavenge  0.250 ms  survived 0 promoted 24 tenured 0  old 0.0 MiB"
            ),
            "{line}"
        );
        heap.stats.full_collections += 1;
        let line = heap.stop_line(&stop, CollectionKind::Scavenge, 0.25);
        assert!(line.contains("scavenge + end of marking"), "{line}");
    }
}
