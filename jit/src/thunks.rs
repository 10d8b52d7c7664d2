//! The addresses that C calls callbacks at.
//!
//! Thunks are made by the thousand, all with the same code: each finds its own data at the same
//! distance. So code pages are written once, when they are new, and a callback is made by writing data.
//! Other threads execute no code but this, for it alone never ceases to be executable.
//!
//! ```text
//!   | thunk 0 | thunk 1 | …  | shared code  | slot 0 | slot 1 | …
//!   | read + execute                        | read + write
//!       └──────────── CODE_BYTES ──────────────>┘ (and so on for each)
//! ```

use crate::code_memory::CodeMemory;
use crate::isa::host;
use std::collections::VecDeque;
use std::io;
use vm::callback::CallbackSlot;

/// Bytes of one thunk.
pub const THUNK_BYTES: usize = 16;
const SLOT_BYTES: usize = size_of::<CallbackSlot>();
/// Thunks that are made at a time.
const CHUNK: usize = 4096;
/// The thunks, and a page for what they share.
const CODE_BYTES: usize = CHUNK * THUNK_BYTES + 4096;
/// A freed thunk is not used again before so many others were freed: C that still calls it is told.
const REST: usize = 1024;

/// The thunks of one VM. They are never unmapped: C may keep their addresses for as long as the process
/// lives.
#[derive(Default)]
pub struct Thunks {
    chunks: Vec<CodeMemory>,
    /// Thunks that were never used, the next last.
    fresh: Vec<u64>,
    /// Freed thunks, the longest freed first.
    freed: VecDeque<u64>,
}

impl Thunks {
    /// Makes a callback; answers the address that C calls.
    pub fn make(&mut self, callback: CallbackSlot) -> io::Result<u64> {
        let rested = self.freed.len() > REST;
        let thunk = match rested.then(|| self.freed.pop_front()).flatten() {
            Some(thunk) => thunk,
            None => self.take_fresh()?,
        };
        let slot = self.slot(thunk).expect("a thunk of a chunk");
        // SAFETY: the slot lies in the data of the chunk, which belongs to `self`; machine code reads it
        // only on calls of this thunk, which nobody has the address of yet.
        unsafe { slot.write(CallbackSlot { thunk, ..callback }) };
        Ok(thunk)
    }

    /// Frees the callback at an address: whoever calls it from now on is told so. False where there is none.
    pub fn free(&mut self, thunk: u64) -> bool {
        let Some(slot) = self.slot(thunk) else {
            return false;
        };
        // SAFETY: as in `make`; the words are read and written by this thread, and read by others, which
        // refuse or queue their calls.
        let slot = unsafe { &mut *slot };
        if slot.cell == 0 {
            return false;
        }
        slot.cell = 0;
        // A leaf does not ask whether it is freed.
        slot.entry = slot.general;
        self.freed.push_back(thunk);
        true
    }

    fn take_fresh(&mut self) -> io::Result<u64> {
        if self.fresh.is_empty() {
            let mut memory = CodeMemory::reserve_with_data(CODE_BYTES, CHUNK * SLOT_BYTES)?;
            let code = host::thunks::assemble(CHUNK, CODE_BYTES, SLOT_BYTES);
            assert!(code.len() <= CODE_BYTES, "the shared code has one page");
            memory.write(0, &code)?;
            let start = memory.range().start;
            self.chunks.push(memory);
            let thunks = (0..CHUNK).rev();
            self.fresh
                .extend(thunks.map(|number| start + (number * THUNK_BYTES) as u64));
        }
        Ok(self.fresh.pop().expect("a chunk has thunks"))
    }

    /// The slot of a thunk's address.
    fn slot(&self, thunk: u64) -> Option<*mut CallbackSlot> {
        let chunk = self
            .chunks
            .iter()
            .find(|chunk| chunk.range().contains(&thunk))?;
        let offset = (thunk - chunk.range().start) as usize;
        let number = offset / THUNK_BYTES;
        let data = chunk.data().start as usize + number * SLOT_BYTES;
        (number < CHUNK && offset.is_multiple_of(THUNK_BYTES)).then_some(data as *mut CallbackSlot)
    }
}

impl Drop for Thunks {
    fn drop(&mut self) {
        self.chunks.drain(..).for_each(std::mem::forget);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vm::callback::CallShape;

    fn callback() -> CallbackSlot {
        CallbackSlot {
            entry: 1,
            context: 2,
            cell: 3,
            thunk: 0,
            general: 1,
            shape: CallShape::default(),
        }
    }

    #[test]
    fn thunks_are_used_again_after_a_rest() {
        let mut thunks = Thunks::default();
        let first = thunks.make(callback()).expect("memory");
        assert!(thunks.free(first));
        assert!(!thunks.free(first));
        assert!(!thunks.free(first + 1));
        assert!(!thunks.free(12345));
        let mut seen = Vec::new();
        for _ in 0..REST + 10 {
            let thunk = thunks.make(callback()).expect("memory");
            thunks.free(thunk);
            seen.push(thunk);
        }
        let again = seen.iter().position(|&each| each == first);
        assert!(again.is_some_and(|place| place >= REST - 1), "{again:?}");
    }

    #[test]
    fn many_thunks_come_and_go_without_growth() {
        let mut thunks = Thunks::default();
        for _ in 0..1_000_000 {
            let thunk = thunks.make(callback()).expect("memory");
            thunks.free(thunk);
        }
        assert_eq!(thunks.chunks.len(), 1);
    }
}
