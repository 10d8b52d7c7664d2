//! Old space: segments whose objects never move, allocated from free lists.

#![expect(
    unsafe_code,
    reason = "hands out and formats raw words of its segments"
)]

use crate::free_lists::{Chunk, EXACT_LIMIT, FreeLists};
use crate::layout::WORD_BYTES;
use crate::memory::{Mapping, PAGE_BYTES};
use crate::object::{Object, Walk};
use crate::pin::Pins;

/// Least and greatest size of a segment that is mapped for small objects, in bytes.
const SEGMENT_MIN_BYTES: usize = 1 << 20;
const SEGMENT_MAX_BYTES: usize = 8 << 20;

/// A mapping full of objects and free chunks.
pub(crate) struct Segment {
    pub(crate) mapping: Mapping,
}

/// The segments, in the order in which they were taken, and what is free in them.
pub(crate) struct OldSpace {
    pub(crate) segments: Vec<Segment>,
    pub(crate) free: FreeLists,
    /// The chunk that small objects are cut from; its rest is not formatted while it is here.
    bump: Chunk,
    /// Segments `unswept` of `segments` still hold the dead of the last marking.
    pub(crate) unswept: std::ops::Range<usize>,
    /// Bytes of all segments.
    pub(crate) mapped_bytes: usize,
    /// Bytes in objects, those that died since the last marking included.
    pub(crate) used_bytes: usize,
    /// Whether the sweep overwrites what is dead.
    pub(crate) poisons: bool,
}

impl OldSpace {
    pub(crate) fn new(poisons: bool) -> OldSpace {
        OldSpace {
            segments: Vec::new(),
            free: FreeLists::new(),
            bump: Chunk { start: 0, words: 0 },
            unswept: 0..0,
            mapped_bytes: 0,
            used_bytes: 0,
            poisons,
        }
    }

    /// Takes `words` words, mapping at most `allowance` further bytes for them; answers the
    /// address of the first, whose contents are arbitrary.
    #[inline]
    pub(crate) fn allocate(
        &mut self,
        words: usize,
        allowance: usize,
        pins: &mut Pins,
    ) -> Option<u64> {
        let start = if words < EXACT_LIMIT {
            if words > 1
                && let Some(start) = self.free.take_exact(words)
            {
                start
            } else if self.bump.words >= words {
                self.cut_bump(words)
            } else {
                self.allocate_small(words, allowance, pins)?
            }
        } else {
            self.allocate_big(words, allowance, pins)?
        };
        self.used_bytes += words * WORD_BYTES;
        Some(start)
    }

    #[inline(always)]
    fn cut_bump(&mut self, words: usize) -> u64 {
        let start = self.bump.start;
        self.bump.start += (words * WORD_BYTES) as u64;
        self.bump.words -= words;
        start
    }

    #[cold]
    fn allocate_small(&mut self, words: usize, allowance: usize, pins: &mut Pins) -> Option<u64> {
        self.close_bump();
        self.bump = self.find_chunk(words, allowance, pins)?;
        Some(self.cut_bump(words))
    }

    #[cold]
    fn allocate_big(&mut self, words: usize, allowance: usize, pins: &mut Pins) -> Option<u64> {
        let chunk = self.find_chunk(words, allowance, pins)?;
        let rest = Chunk {
            start: chunk.start + (words * WORD_BYTES) as u64,
            words: chunk.words - words,
        };
        // SAFETY: the chunk was free, and only its first words are handed out.
        unsafe { self.free.add(rest) };
        Some(chunk.start)
    }

    /// Takes a chunk of at least `words` words: a listed one, or one that a sweep finds, or a new
    /// segment. A sweep that finds nothing is not gone on with as long as there may be a new
    /// segment: it would stop the program for time that grows with the heap.
    fn find_chunk(&mut self, words: usize, allowance: usize, pins: &mut Pins) -> Option<Chunk> {
        if let Some(chunk) = self.take_listed(words) {
            return Some(chunk);
        }
        if self.sweep_next(pins)
            && let Some(chunk) = self.take_listed(words)
        {
            return Some(chunk);
        }
        if let Some(chunk) = self.grow(words, allowance) {
            return Some(chunk);
        }
        while self.sweep_next(pins) {
            if let Some(chunk) = self.take_listed(words) {
                return Some(chunk);
            }
        }
        None
    }

    /// Takes a chunk of at least `words` words off the lists: a great one if there is.
    fn take_listed(&mut self, words: usize) -> Option<Chunk> {
        self.free
            .take_range(words)
            .or_else(|| self.free.take_exact_at_least(words.max(2)))
    }

    /// Maps a new segment, all of it one unformatted chunk.
    fn grow(&mut self, words: usize, allowance: usize) -> Option<Chunk> {
        let needed = words
            .checked_mul(WORD_BYTES)?
            .checked_next_multiple_of(PAGE_BYTES)?;
        if needed > allowance {
            return None;
        }
        let usual = (self.mapped_bytes / 8).clamp(SEGMENT_MIN_BYTES, SEGMENT_MAX_BYTES);
        let bytes = needed.max(usual.min(allowance / PAGE_BYTES * PAGE_BYTES));
        let mapping = Mapping::new(bytes).or_else(|| Mapping::new(needed))?;
        let chunk = Chunk {
            start: mapping.start(),
            words: mapping.bytes() / WORD_BYTES,
        };
        self.mapped_bytes += mapping.bytes();
        self.segments.push(Segment { mapping });
        Some(chunk)
    }

    /// Takes over a mapping that is full of objects and free chunks, of which `used` bytes are
    /// objects. Free chunks are not listed: the caller lists those that it wants used.
    pub(crate) fn adopt(&mut self, mapping: Mapping, used: usize) {
        self.mapped_bytes += mapping.bytes();
        self.used_bytes += used;
        let last_is_swept = !self.segments.is_empty() && !self.is_unswept(self.segments.len() - 1);
        match self.segments.last_mut() {
            Some(last) if last_is_swept && last.mapping.end() == mapping.start() => {
                last.mapping.append(mapping);
            }
            Some(_) | None => self.segments.push(Segment { mapping }),
        }
    }

    /// Gives the rest of the bump chunk back, so that every segment can be walked.
    pub(crate) fn close_bump(&mut self) {
        let rest = std::mem::replace(&mut self.bump, Chunk { start: 0, words: 0 });
        // SAFETY: nothing was allocated in the rest of the bump chunk.
        unsafe { self.free.add(rest) };
    }

    /// The part of a segment that is not formatted, if it is in this one.
    fn gap_in(&self, segment: &Segment) -> Option<(u64, u64)> {
        let inside = (segment.mapping.start()..segment.mapping.end()).contains(&self.bump.start);
        (inside && self.bump.words > 0).then(|| (self.bump.start, self.bump.end()))
    }

    /// The objects and free chunks of segment `index`.
    pub(crate) fn walk(&self, index: usize) -> impl Iterator<Item = Object> + use<> {
        let segment = &self.segments[index];
        let (start, end) = (segment.mapping.start(), segment.mapping.end());
        let (gap_start, gap_end) = self.gap_in(segment).unwrap_or((end, end));
        // SAFETY: segments are formatted from start to end except for the bump chunk's rest.
        unsafe { Walk::new(start, gap_start).chain(Walk::new(gap_end, end)) }
    }

    /// True where segment `index` waits to be swept: its unmarked objects are dead.
    pub(crate) fn is_unswept(&self, index: usize) -> bool {
        self.unswept.contains(&index)
    }
}
