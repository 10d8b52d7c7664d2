//! Counters and pause times, kept always: they cost a few additions per collection.

use std::time::Duration;

/// Buckets per power of two of nanoseconds in a pause histogram: 1/8 relative error.
const SUB_BUCKETS: usize = 8;
const BUCKETS: usize = 48 * SUB_BUCKETS;

/// How long the program stood still, as a histogram with a relative error of at most one eighth.
#[derive(Clone, Debug)]
pub struct Pauses {
    counts: Vec<u32>,
    count: u64,
    total_ns: u64,
    max_ns: u64,
}

impl Default for Pauses {
    fn default() -> Pauses {
        Pauses {
            counts: vec![0; BUCKETS],
            count: 0,
            total_ns: 0,
            max_ns: 0,
        }
    }
}

fn bucket_of(ns: u64) -> usize {
    let ns = ns.max(SUB_BUCKETS as u64);
    let exponent = ns.ilog2() as usize;
    let sub = (ns >> (exponent - 3)) as usize & (SUB_BUCKETS - 1);
    ((exponent - 3) * SUB_BUCKETS + sub).min(BUCKETS - 1)
}

/// The greatest number of nanoseconds that falls into a bucket.
fn bucket_limit(bucket: usize) -> u64 {
    let exponent = bucket / SUB_BUCKETS;
    let sub = bucket % SUB_BUCKETS;
    ((((SUB_BUCKETS + sub) as u64) + 1) << exponent) - 1
}

impl Pauses {
    pub(crate) fn record(&mut self, pause: Duration) {
        let ns = u64::try_from(pause.as_nanos()).unwrap_or(u64::MAX);
        self.counts[bucket_of(ns)] += 1;
        self.count += 1;
        self.total_ns += ns;
        self.max_ns = self.max_ns.max(ns);
    }

    /// Number of pauses.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Sum of all pauses in nanoseconds.
    pub fn total_ns(&self) -> u64 {
        self.total_ns
    }

    /// The longest pause in nanoseconds; 0 where there was none.
    pub fn max_ns(&self) -> u64 {
        self.max_ns
    }

    /// The pause in nanoseconds that `percent` percent of all pauses do not exceed, rounded up
    /// to a bucket's end; 0 where there was none.
    pub fn percentile_ns(&self, percent: f64) -> u64 {
        let wanted = (self.count as f64 * percent / 100.0).ceil() as u64;
        let mut seen = 0;
        for (bucket, &count) in self.counts.iter().enumerate() {
            seen += u64::from(count);
            if count > 0 && seen >= wanted {
                return bucket_limit(bucket).min(self.max_ns);
            }
        }
        self.max_ns
    }

    /// The 99th percentile in nanoseconds.
    pub fn p99_ns(&self) -> u64 {
        self.percentile_ns(99.0)
    }
}

/// What the object memory has done so far. Sizes are in bytes.
#[derive(Clone, Debug, Default)]
pub struct GcStats {
    /// Scavenges that copied the living out of the nursery.
    pub scavenges: u64,
    /// Nurseries (or the used beginnings of them) that became old space where they stood.
    pub tenured_segments: u64,
    /// Full collections completed.
    pub full_collections: u64,
    /// Steps of incremental marking.
    pub mark_steps: u64,
    /// Every stop of the program, of whatever kind.
    pub pauses: Pauses,
    /// Stops for a complete full collection that was asked for or that could not wait.
    pub full_pauses: Pauses,
    /// Allocated in eden up to the last collection.
    pub bytes_allocated_young: u64,
    /// Allocated in old space directly, large objects included.
    pub bytes_allocated_old: u64,
    /// Copied from one survivor space or eden to the other survivor space.
    pub bytes_survived: u64,
    /// Copied to old space.
    pub bytes_promoted: u64,
    /// Became old where they stood.
    pub bytes_tenured: u64,
    /// In use in old space, dead objects not yet found included; large objects not included.
    pub old_bytes: u64,
    /// Found alive by the last full collection, large objects included.
    pub live_bytes: u64,
    /// In large objects.
    pub large_bytes: u64,
    /// Mapped from the system in all.
    pub mapped_bytes: u64,
    /// Objects pinned at present.
    pub pinned: u64,
    /// Objects and single slots of big objects in the remembered set.
    pub remembered: u64,
    /// Finalizable objects found dead so far.
    pub finalized: u64,
    /// Weak slots cleared so far, ephemerons counted as one.
    pub weak_cleared: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_within_an_eighth() {
        let mut pauses = Pauses::default();
        for us in 1..=1000u64 {
            pauses.record(Duration::from_micros(us));
        }
        assert_eq!(pauses.count(), 1000);
        assert_eq!(pauses.max_ns(), 1_000_000);
        let p99 = pauses.p99_ns();
        assert!((990_000..=1_000_000).contains(&p99), "{p99}");
        let median = pauses.percentile_ns(50.0);
        assert!((500_000..=562_500).contains(&median), "{median}");
        assert_eq!(Pauses::default().p99_ns(), 0);
    }

    #[test]
    fn every_duration_falls_into_its_bucket() {
        for ns in [0, 1, 7, 8, 9, 15, 16, 1000, 123_456_789, u64::MAX >> 14] {
            assert!(bucket_limit(bucket_of(ns)) >= ns, "{ns}");
        }
    }
}
