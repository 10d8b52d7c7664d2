//! What a snapshot needs: the extent of each object, and a block of objects taken into old space.

#![expect(unsafe_code, reason = "copies objects in and out as words")]

use std::fmt;

use crate::heap::{Heap, OutOfMemory};
use crate::layout::{
    ClassIndex, FLAG_AGED, FLAG_FINALIZABLE, FLAG_MARKED, FLAG_PINNED, FLAG_REMEMBERED, Format,
    Header, OVERFLOW_COUNT_MASK, SLOTS_OVERFLOW, WORD_BYTES,
};
use crate::memory::{Mapping, fill, load, store};
use crate::object::{Object, Walk};
use crate::oop::Oop;

/// The flags that say something about the heap an object is in, not about the object.
const TRANSIENT_FLAGS: u64 =
    FLAG_MARKED | FLAG_REMEMBERED | FLAG_PINNED | FLAG_FINALIZABLE | FLAG_AGED;

/// Why a block of objects was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdoptError {
    /// There is no room for it.
    OutOfMemory(OutOfMemory),
    /// It is not a sequence of objects.
    Malformed {
        /// Offset in bytes of the object that is wrong.
        offset: usize,
        /// What is wrong with it.
        reason: String,
    },
}

impl fmt::Display for AdoptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AdoptError::OutOfMemory(error) => error.fmt(f),
            AdoptError::Malformed { offset, reason } => {
                write!(f, "the object at offset {offset} of the block {reason}")
            }
        }
    }
}

impl std::error::Error for AdoptError {}

impl Heap {
    /// Address of an object's first word, which is the overflow word where there is one, and
    /// number of words it takes in all.
    ///
    /// # Panics
    /// Where `oop` is an immediate.
    pub fn extent(&self, oop: Oop) -> (u64, usize) {
        assert!(
            oop.is_pointer(),
            "the extent of {oop:?}, which is no heap object"
        );
        let object = Object::of(oop);
        (object.start(), object.words())
    }

    /// The words of an object: overflow word where there is one, header, body. The header has no
    /// flags, so that the words say nothing about the heap the object is in.
    ///
    /// # Panics
    /// Where `oop` is an immediate.
    pub fn object_words(&self, oop: Oop) -> Vec<u64> {
        let (start, words) = self.extent(oop);
        let header_index = (oop.bits() - start) as usize / WORD_BYTES;
        let read = |index: usize| {
            // SAFETY: the index is within the object's extent.
            unsafe { load(start + (index * WORD_BYTES) as u64) }
        };
        let mut copy: Vec<u64> = (0..words).map(read).collect();
        copy[header_index] &= !TRANSIENT_FLAGS;
        copy
    }

    /// Copies a block of objects into old space, calls `relocate` for the word in each pointer
    /// slot and puts what it answers there. Answers the address of the block's first word; the
    /// objects lie as they did in `image`, which holds their words in this machine's byte order.
    ///
    /// `relocate` gets the address where the block is and the word, and answers an immediate or the
    /// address of an object: of the block, or another old one. Where it answers `None` the block
    /// is refused as malformed. The block's objects may only be used once this has returned, and
    /// only if the caller knows that what `relocate` answered are oops.
    ///
    /// # Errors
    /// Where there is no room, where the block is not a sequence of objects of valid formats and
    /// classes, where a byte object has no zero byte behind its bytes, and where `relocate` answers
    /// `None`. The heap is then as it was.
    pub fn adopt_old_block(
        &mut self,
        image: &[u8],
        relocate: &mut dyn FnMut(u64, u64) -> Option<u64>,
    ) -> Result<u64, AdoptError> {
        let malformed = |offset: usize, reason: &str| AdoptError::Malformed {
            offset,
            reason: reason.to_owned(),
        };
        if !image.len().is_multiple_of(WORD_BYTES) {
            return Err(malformed(image.len(), "ends within a word"));
        }
        let requested_bytes = image.len();
        let refused = AdoptError::OutOfMemory(OutOfMemory { requested_bytes });
        let mapping = Mapping::new(image.len()).ok_or(refused.clone())?;
        if mapping.bytes() > self.allowance() {
            return Err(refused);
        }
        let (base, words) = (mapping.start(), image.len() / WORD_BYTES);
        for (index, word) in image.chunks_exact(WORD_BYTES).enumerate() {
            let word = word
                .iter()
                .rev()
                .fold(0, |sum, &byte| sum << 8 | u64::from(byte));
            // SAFETY: the mapping is fresh and has room for the image.
            unsafe { store(base + (index * WORD_BYTES) as u64, word) };
        }
        let end = base + (words * WORD_BYTES) as u64;
        self.check_block(base, end)
            .map_err(|(at, reason)| malformed((at - base) as usize, &reason))?;
        // SAFETY: the check walked the same objects.
        for object in unsafe { Walk::new(base, end) } {
            object.clear_flag(TRANSIENT_FLAGS);
            for slot in object.pointer_slots() {
                let Some(word) = relocate(base, slot.get()) else {
                    let at = (object.start() - base) as usize;
                    return Err(malformed(at, &format!("refers to {:#x}", slot.get())));
                };
                slot.set(word);
            }
        }
        let rest = (mapping.end() - end) as usize / WORD_BYTES;
        if rest > 0 {
            // SAFETY: nothing is behind the image; the chunk is listed by the next sweep.
            unsafe {
                fill(end, rest, 0);
                Object::create_free(end, rest);
            }
        }
        self.old.adopt(mapping, image.len());
        self.set_full_threshold();
        Ok(base)
    }

    /// Walks what may be anything; answers where it stops being objects, and why.
    fn check_block(&self, base: u64, end: u64) -> Result<(), (u64, String)> {
        let mut at = base;
        while at < end {
            let wrong = |reason: &str| (at, reason.to_owned());
            // SAFETY: `at` is a word of the block.
            let first = unsafe { load(at) };
            let left = (end - at) as usize / WORD_BYTES;
            let overflows = first >> 56 == SLOTS_OVERFLOW;
            if overflows && left < 2 {
                return Err(wrong("ends before its header"));
            }
            // SAFETY: the header is within the block: there are two words left if it is second.
            let header = Header(unsafe { load(at + if overflows { 8 } else { 0 }) });
            let slots = if overflows {
                first & OVERFLOW_COUNT_MASK
            } else {
                header.slots_byte()
            };
            if overflows && (header.slots_byte() != SLOTS_OVERFLOW || slots < SLOTS_OVERFLOW) {
                return Err(wrong("has an overflow word but no header to it"));
            }
            if slots >= left as u64 || slots as usize + 1 + usize::from(overflows) > left {
                return Err(wrong("is longer than the block"));
            }
            let class = header.class_index();
            if class < ClassIndex::FIRST_FREE || class.index() >= self.class_limit {
                return Err((at, format!("has class index {}", class.index())));
            }
            // SAFETY: an object of valid size was found here.
            let object = unsafe { Object::beginning_at(at) };
            check_format(object).map_err(|reason| (at, reason))?;
            at = object.end();
        }
        Ok(())
    }
}

fn check_format(object: Object) -> Result<(), String> {
    let format = object.format();
    if format.has_pointers() || format == Format::WORDS {
        return Ok(());
    }
    if !format.is_bytes() || format.bits() > 15 {
        return Err(format!("has format {}", format.bits()));
    }
    let Some(last) = object.slots_from(0).next_back() else {
        return Err("is a byte object without room for a zero byte".to_owned());
    };
    if last.get() >> (64 - 8 * format.unused_bytes() as u32) != 0 {
        return Err("is a byte object with no zero byte behind its bytes".to_owned());
    }
    Ok(())
}
