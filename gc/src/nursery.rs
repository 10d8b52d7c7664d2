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
}

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
        })
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
