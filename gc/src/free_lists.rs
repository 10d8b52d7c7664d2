//! The free chunks of old space, listed by size.
//!
//! Sizes of 2 to 63 words have a list each; above, a list holds the sizes between two powers of
//! two. A free chunk's first body word links it to the next one of its list. A chunk of one word
//! has no body: it is only a filler that the next sweep joins to its neighbours.

#![expect(
    unsafe_code,
    reason = "links free chunks through their first body word"
)]

use crate::layout::WORD_BYTES;
use crate::object::Object;

/// Sizes below this many words have a list each.
pub(crate) const EXACT_LIMIT: usize = 64;
const RANGES: usize = 64 - EXACT_LIMIT.ilog2() as usize;
/// How many chunks of a range are tried before a greater one is split.
const FIT_TRIES: usize = 24;

/// Heads of the lists; 0 ends a list. Bit `i` of a map says that list `i` is not empty.
pub(crate) struct FreeLists {
    exact: [u64; EXACT_LIMIT],
    exact_map: u64,
    ranges: [u64; RANGES],
    range_map: u64,
    free_words: usize,
}

/// Free words, outside of any list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chunk {
    pub(crate) start: u64,
    pub(crate) words: usize,
}

impl Chunk {
    pub(crate) fn end(self) -> u64 {
        self.start + (self.words * WORD_BYTES) as u64
    }
}

fn range_of(words: usize) -> usize {
    (words.ilog2() - EXACT_LIMIT.ilog2()) as usize
}

/// The link of the free chunk that begins at `start`.
fn link_of(start: u64) -> crate::object::Slot {
    // SAFETY: the lists hold starts of free chunks only; `add` puts them there.
    unsafe { Object::beginning_at(start) }.slot(0)
}

fn words_of(start: u64) -> usize {
    // SAFETY: as in `link_of`.
    unsafe { Object::beginning_at(start) }.words()
}

impl FreeLists {
    pub(crate) fn new() -> FreeLists {
        FreeLists {
            exact: [0; EXACT_LIMIT],
            exact_map: 0,
            ranges: [0; RANGES],
            range_map: 0,
            free_words: 0,
        }
    }

    /// Forgets every chunk: the sweep that follows finds them again.
    pub(crate) fn clear(&mut self) {
        *self = FreeLists::new();
    }

    /// Bytes in the lists.
    pub(crate) fn free_bytes(&self) -> usize {
        self.free_words * WORD_BYTES
    }

    /// Formats a chunk as free and lists it.
    ///
    /// # Safety
    /// The words belong to old space and hold no live object.
    pub(crate) unsafe fn add(&mut self, chunk: Chunk) {
        if chunk.words == 0 {
            return;
        }
        // SAFETY: promised by the caller.
        let object = unsafe { Object::create_free(chunk.start, chunk.words) };
        if chunk.words == 1 {
            return;
        }
        let head = if chunk.words < EXACT_LIMIT {
            self.exact_map |= 1 << chunk.words;
            &mut self.exact[chunk.words]
        } else {
            let range = range_of(chunk.words);
            self.range_map |= 1 << range;
            &mut self.ranges[range]
        };
        object.slot(0).set(*head);
        *head = chunk.start;
        self.free_words += chunk.words;
    }

    /// Takes a chunk of exactly `words` words, fewer than [`EXACT_LIMIT`].
    #[inline(always)]
    pub(crate) fn take_exact(&mut self, words: usize) -> Option<u64> {
        if self.exact_map & (1 << words) == 0 {
            return None;
        }
        let start = self.exact[words];
        let next = link_of(start).get();
        self.exact[words] = next;
        if next == 0 {
            self.exact_map &= !(1 << words);
        }
        self.free_words -= words;
        Some(start)
    }

    /// Takes some chunk of at least `words` words, of an exact size.
    pub(crate) fn take_exact_at_least(&mut self, words: usize) -> Option<Chunk> {
        let shift = u32::try_from(words).unwrap_or(u32::MAX);
        let fitting = self.exact_map & u64::MAX.checked_shl(shift).unwrap_or(0);
        if fitting == 0 {
            return None;
        }
        let words = fitting.trailing_zeros() as usize;
        self.take_exact(words).map(|start| Chunk { start, words })
    }

    /// Takes a chunk of at least `words` words out of the ranges.
    pub(crate) fn take_range(&mut self, words: usize) -> Option<Chunk> {
        let own = range_of(words.max(EXACT_LIMIT));
        if let Some(chunk) = self.take_fitting(own, words) {
            return Some(chunk);
        }
        let greater = self.range_map & u64::MAX.checked_shl(own as u32 + 1).unwrap_or(0);
        if greater == 0 {
            return None;
        }
        self.take_fitting(greater.trailing_zeros() as usize, words)
    }

    /// Takes the first chunk of a range that is great enough, of those that are tried.
    fn take_fitting(&mut self, range: usize, words: usize) -> Option<Chunk> {
        let mut previous = 0;
        let mut start = self.ranges[range];
        for _ in 0..FIT_TRIES {
            if start == 0 {
                return None;
            }
            let next = link_of(start).get();
            let size = words_of(start);
            if size >= words {
                if previous == 0 {
                    self.ranges[range] = next;
                } else {
                    link_of(previous).set(next);
                }
                if self.ranges[range] == 0 {
                    self.range_map &= !(1 << range);
                }
                self.free_words -= size;
                return Some(Chunk { start, words: size });
            }
            previous = start;
            start = next;
        }
        None
    }

    /// Shows every listed chunk, for the verifier. Stops where `f` answers false.
    pub(crate) fn for_each(&self, f: &mut dyn FnMut(Chunk, ListKind) -> bool) {
        for (words, &head) in self.exact.iter().enumerate() {
            let mut start = head;
            while start != 0 {
                if !f(
                    Chunk {
                        start,
                        words: words_of(start),
                    },
                    ListKind::Exact(words),
                ) {
                    return;
                }
                start = link_of(start).get();
            }
        }
        for (range, &head) in self.ranges.iter().enumerate() {
            let mut start = head;
            while start != 0 {
                if !f(
                    Chunk {
                        start,
                        words: words_of(start),
                    },
                    ListKind::Range(range),
                ) {
                    return;
                }
                start = link_of(start).get();
            }
        }
    }
}

/// Which list a chunk stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListKind {
    /// All chunks have this many words.
    Exact(usize),
    /// All chunks have 2^(this + 6) words or more, but fewer than twice as many.
    Range(usize),
}

impl ListKind {
    /// True where a chunk of `words` words stands in the right list.
    pub(crate) fn admits(self, words: usize) -> bool {
        match self {
            ListKind::Exact(size) => words == size,
            ListKind::Range(range) => words >= EXACT_LIMIT && range_of(words) == range,
        }
    }
}
