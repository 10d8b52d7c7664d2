//! The sweep of old space, a segment at a time: on demand of allocation, and some after each
//! scavenge until all are done.

#![expect(unsafe_code, reason = "makes dead objects free chunks")]

use crate::free_lists::Chunk;
use crate::layout::{FLAG_MARKED, FLAG_PINNED, Header, WORD_BYTES};
use crate::memory::{POISON, fill, prefetch};
use crate::object::Walk;
use crate::old_space::OldSpace;
use crate::pin::Pins;

/// How far ahead of the sweep memory is fetched. It walks from header to header, so that without
/// this each cache line is waited for: 16 ns an object of three words instead of 5.
const PREFETCH_BYTES: u64 = 2048;

impl OldSpace {
    /// Hands all segments to the sweep after a marking: the unmarked objects in them are dead.
    pub(crate) fn begin_sweep(&mut self) {
        debug_assert!(self.unswept.is_empty());
        self.close_bump();
        self.free.clear();
        self.unswept = 0..self.segments.len();
    }

    /// Sweeps the next segment; false where none is left.
    pub(crate) fn sweep_next(&mut self, pins: &mut Pins) -> bool {
        if self.unswept.is_empty() {
            return false;
        }
        let index = self.unswept.start;
        self.unswept.start += 1;
        self.sweep_segment(index, pins);
        true
    }

    /// Sweeps segments of about `budget` bytes; false where there was nothing to sweep.
    pub(crate) fn sweep_some(&mut self, budget: usize, pins: &mut Pins) -> bool {
        let mut work = 0;
        let mut swept = false;
        while work < budget && !self.unswept.is_empty() {
            work += self.segments[self.unswept.start].mapping.bytes();
            swept |= self.sweep_next(pins);
        }
        swept
    }

    /// Sweeps what is left to sweep.
    pub(crate) fn sweep_all(&mut self, pins: &mut Pins) {
        while self.sweep_next(pins) {}
    }

    /// Joins dead objects and free chunks to greater free chunks, and unmarks the living. A segment
    /// without any is given back to the system where enough is free without it.
    fn sweep_segment(&mut self, index: usize, pins: &mut Pins) {
        let mapping = &self.segments[index].mapping;
        let (start, end) = (mapping.start(), mapping.end());
        let mut free_from = start;
        // SAFETY: the bump chunk was closed when the sweep began and is never in an unswept
        // segment, so the segment has no gaps; `add` changes only what the walk is past of.
        for object in unsafe { Walk::new(start, end) } {
            prefetch(object.address() + PREFETCH_BYTES);
            let header = object.header();
            if header.has(FLAG_MARKED) {
                object.set_header(Header(header.0 & !FLAG_MARKED));
                let here = object.start();
                if free_from != here {
                    // SAFETY: nothing from `free_from` to here is alive.
                    unsafe { self.add_free(free_from, here) };
                }
                free_from = object.end();
            } else if header.has(FLAG_PINNED) && !object.is_free() {
                pins.old -= 1;
            }
        }
        if free_from == start && self.free.free_bytes() > self.used_bytes / 4 {
            self.drop_segment(index);
            return;
        }
        // SAFETY: nothing from `free_from` to the end is alive.
        unsafe { self.add_free(free_from, end) };
    }

    /// Lists the words between two addresses as free.
    ///
    /// # Safety
    /// No object between them is alive.
    unsafe fn add_free(&mut self, start: u64, end: u64) {
        let words = (end - start) as usize / WORD_BYTES;
        // SAFETY: promised by the caller.
        unsafe {
            if self.poisons {
                fill(start, words, POISON);
            }
            self.free.add(Chunk { start, words });
        }
    }

    fn drop_segment(&mut self, index: usize) {
        let segment = self.segments.remove(index);
        self.mapped_bytes -= segment.mapping.bytes();
        // Those behind it, the unswept ones among them, have moved up by one.
        self.unswept.start -= 1;
        self.unswept.end -= 1;
    }
}
