//! The nursery: eden and two survivor spaces in one mapping.

use crate::memory::{Mapping, PAGE_BYTES};

/// A stretch of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Area {
    pub(crate) start: u64,
    pub(crate) end: u64,
}

impl Area {
    pub(crate) fn bytes(self) -> usize {
        (self.end - self.start) as usize
    }

    #[inline(always)]
    pub(crate) fn contains(self, address: u64) -> bool {
        address.wrapping_sub(self.start) < self.end - self.start
    }
}

/// The present nursery. Eden's fill is in the heap's allocation window.
///
/// ```text
///  mapping.start                                        mapping.end
/// +-----------------------------+-------------+-------------+
/// | eden        window.next --> | survivors 0 | survivors 1 |
/// +-----------------------------+-------------+-------------+
/// ```
pub(crate) struct Nursery {
    pub(crate) mapping: Mapping,
    pub(crate) eden: Area,
    pub(crate) survivors: [Area; 2],
    /// Which of the survivor spaces is in use.
    pub(crate) current: usize,
    /// Address behind the last object in the survivor space in use.
    pub(crate) survivors_next: u64,
    /// How much of eden is used between two scavenges.
    pub(crate) window_bytes: usize,
}

/// The least [`Nursery::window_bytes`]: it stays in a processor's own cache.
const LEAST_WINDOW_BYTES: usize = 1 << 20;
/// Where less than one part in so many survives, the window shrinks.
const FEW: usize = 32;
/// Where more than one part in so many survives, the window is all of eden again.
const MANY: usize = 8;

impl Nursery {
    /// Maps a nursery with an eden of about `eden_bytes` bytes; each survivor space has half of it.
    pub(crate) fn new(eden_bytes: usize) -> Option<Nursery> {
        let eden_bytes = eden_bytes.max(PAGE_BYTES).next_multiple_of(2 * PAGE_BYTES);
        let mapping = Mapping::new(2 * eden_bytes)?;
        let (start, half) = (mapping.start(), (eden_bytes / 2) as u64);
        let eden = Area {
            start,
            end: start + 2 * half,
        };
        let first = Area {
            start: eden.end,
            end: eden.end + half,
        };
        let second = Area {
            start: first.end,
            end: first.end + half,
        };
        debug_assert_eq!(second.end, mapping.end());
        let survivors_next = first.start;
        Some(Nursery {
            mapping,
            eden,
            survivors: [first, second],
            current: 0,
            survivors_next,
            window_bytes: eden_bytes,
        })
    }

    /// Settles how much of eden is used, after a scavenge found so much alive of what was there. Where next
    /// to nothing survives, scavenges cost nothing, and memory that stays in the cache is written faster;
    /// where much does, it gets more time to die.
    pub(crate) fn settle_window(&mut self, filled: usize, survived: usize) {
        if survived * FEW < filled {
            let least = LEAST_WINDOW_BYTES.min(self.eden.bytes());
            self.window_bytes = (self.window_bytes / 2).max(least);
        } else if survived * MANY > filled {
            self.window_bytes = self.eden.bytes();
        }
    }

    /// The occupied part of the survivor space in use.
    pub(crate) fn survived(&self) -> Area {
        Area {
            start: self.survivors[self.current].start,
            end: self.survivors_next,
        }
    }

    /// The survivor space that the next scavenge fills.
    pub(crate) fn target(&self) -> Area {
        self.survivors[1 - self.current]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_shrinks_where_little_survives_and_grows_at_once() {
        let mut nursery = Nursery::new(4 << 20).expect("memory");
        assert_eq!(nursery.window_bytes, 4 << 20);
        nursery.settle_window(4 << 20, 1000);
        assert_eq!(nursery.window_bytes, 2 << 20);
        for _ in 0..3 {
            nursery.settle_window(2 << 20, 0);
        }
        assert_eq!(nursery.window_bytes, LEAST_WINDOW_BYTES);
        nursery.settle_window(1 << 20, 100_000);
        assert_eq!(
            nursery.window_bytes, LEAST_WINDOW_BYTES,
            "neither few nor many"
        );
        nursery.settle_window(1 << 20, 200_000);
        assert_eq!(nursery.window_bytes, 4 << 20);
    }

    #[test]
    fn a_small_nursery_has_no_smaller_window() {
        let mut nursery = Nursery::new(64 << 10).expect("memory");
        nursery.settle_window(64 << 10, 0);
        assert_eq!(nursery.window_bytes, 64 << 10);
    }
}
