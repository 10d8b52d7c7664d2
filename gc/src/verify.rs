//! The heap check: everything the collector relies on, looked at object by object.

#![expect(unsafe_code, reason = "reads the words of objects")]

use std::fmt;

use hashbrown::HashSet;

use crate::heap::Heap;
use crate::layout::{
    ClassIndex, FLAG_AGED, FLAG_MARKED, FLAG_REMEMBERED, Format, OVERFLOW_COUNT_MASK, WORD_BYTES,
};
use crate::memory::load;
use crate::object::{Object, Slot};
use crate::oop::{Oop, TAG_CHARACTER, TAG_FLOAT, TAG_INTEGER, TAG_MASK, TAG_POINTER};
use crate::roots::Roots;

/// What is wrong with the heap, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyError {
    /// What was found, and what was expected.
    pub message: String,
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "heap check: {}", self.message)
    }
}

impl std::error::Error for VerifyError {}

fn fault<T>(message: String) -> Result<T, VerifyError> {
    Err(VerifyError { message })
}

/// A stretch of a space with a bit for each word at which an object's header stands.
struct Stretch {
    start: u64,
    end: u64,
    bits: Vec<u64>,
}

/// The headers of all objects.
struct Headers {
    stretches: Vec<Stretch>,
    /// The single slots that are remembered.
    remembered: HashSet<Slot>,
}

impl Headers {
    fn add_stretch(&mut self, start: u64, end: u64) {
        let words = (end - start) as usize / WORD_BYTES;
        self.stretches.push(Stretch {
            start,
            end,
            bits: vec![0; words.div_ceil(64)],
        });
    }

    fn sort(&mut self) {
        self.stretches.sort_by_key(|stretch| stretch.start);
    }

    fn position(&self, address: u64) -> Option<(usize, usize)> {
        let after = self
            .stretches
            .partition_point(|stretch| stretch.start <= address);
        let index = after.checked_sub(1)?;
        let stretch = &self.stretches[index];
        (address < stretch.end).then(|| (index, (address - stretch.start) as usize / WORD_BYTES))
    }

    fn set(&mut self, address: u64) {
        if let Some((index, word)) = self.position(address) {
            self.stretches[index].bits[word / 64] |= 1 << (word % 64);
        }
    }

    fn has(&self, address: u64) -> bool {
        self.position(address).is_some_and(|(index, word)| {
            self.stretches[index].bits[word / 64] >> (word % 64) & 1 == 1
        })
    }
}

impl Heap {
    /// Checks the whole heap and what `roots` shows.
    ///
    /// # Errors
    /// The first thing found wrong: a word in a root or slot that is no oop of a live object, a
    /// header with an impossible class, format or size, a byte object without a zero byte behind
    /// its bytes, an old object that refers to a young one but is not remembered, a free list that
    /// is not one.
    pub fn verify(&self, roots: &mut dyn Roots) -> Result<(), VerifyError> {
        let headers = self.collect_headers()?;
        let mut result = Ok(());
        self.for_each_object(&mut |oop| {
            if result.is_ok() {
                result = self.verify_object(Object::of(oop), &headers);
            }
        });
        result?;
        self.verify_roots(roots, &headers)?;
        self.verify_remembered(&headers)?;
        self.verify_free_lists()?;
        self.verify_sizes()
    }

    /// Checks the heap where the options say so.
    ///
    /// # Panics
    /// Where something is wrong: going on would only spread it.
    pub(crate) fn verify_if_wanted(&self, roots: &mut dyn Roots, when: &str) {
        if self.options.verify
            && let Err(error) = self.verify(roots)
        {
            panic!("{error} ({when})");
        }
    }

    fn collect_headers(&self) -> Result<Headers, VerifyError> {
        let remembered = self.remembered_slots.iter().copied().collect();
        let mut headers = Headers {
            stretches: Vec::new(),
            remembered,
        };
        for segment in &self.old.segments {
            headers.add_stretch(segment.mapping.start(), segment.mapping.end());
        }
        for object in self.large.iter() {
            headers.add_stretch(object.start(), object.end());
        }
        headers.add_stretch(self.young.eden.start, self.young.mapping.end());
        headers.sort();
        for index in 0..self.old.segments.len() {
            let end = self.old.segments[index].mapping.end();
            if let Some(object) = self.old.walk(index).find(|object| object.end() > end) {
                return fault(format!(
                    "the object at {:#x} ends at {:#x}, behind its segment's end {end:#x}",
                    object.address(),
                    object.end()
                ));
            }
        }
        self.for_each_object(&mut |oop| headers.set(oop.bits()));
        Ok(headers)
    }

    fn verify_object(&self, object: Object, headers: &Headers) -> Result<(), VerifyError> {
        let header = object.header();
        let class = header.class_index();
        let format = header.format();
        let young = self.nursery.contains(object.address());
        // Made only where something is wrong: the heap is checked often.
        let place = || {
            format!(
                "{} object at {:#x} with header {:#018x}",
                if young { "young" } else { "old" },
                object.address(),
                header.0
            )
        };
        if class < ClassIndex::FIRST_FREE || class.index() >= self.class_limit {
            return fault(format!(
                "{}: class index {} of no class",
                place(),
                class.index()
            ));
        }
        if format.bits() > Format::WORDS.bits() && (!format.is_bytes() || format.bits() > 15) {
            return fault(format!(
                "{}: format {} does not exist",
                place(),
                format.bits()
            ));
        }
        if object.has_overflow() {
            // SAFETY: the overflow word stands before the header.
            let word = unsafe { load(object.start()) };
            if word >> 56 != 255 || word & OVERFLOW_COUNT_MASK < 255 {
                return fault(format!("{}: overflow word {word:#x}", place()));
            }
        }
        let remembered = header.has(FLAG_REMEMBERED) && !format.is_bytes();
        if young && (header.has(FLAG_MARKED) || remembered) {
            return fault(format!("{}: has flags of old objects", place()));
        }
        if !young && header.has(FLAG_AGED) {
            return fault(format!("{}: has an age", place()));
        }
        if format.is_bytes() {
            return self.verify_zero_bytes(object, &place);
        }
        for (index, slot) in object.pointer_slots().enumerate() {
            check_word(slot.get(), headers).map_err(|what| VerifyError {
                message: format!("{}: slot {index} {what}", place()),
            })?;
        }
        let remembered = |slot| headers.remembered.contains(&slot);
        if !young && !header.has(FLAG_REMEMBERED) && !self.young_slots(object).all(remembered) {
            return fault(format!(
                "{}: refers to a young object but is not remembered",
                place()
            ));
        }
        Ok(())
    }

    fn verify_zero_bytes(
        &self,
        object: Object,
        place: &dyn Fn() -> String,
    ) -> Result<(), VerifyError> {
        let Some(last) = object.slots_from(0).next_back() else {
            return fault(format!(
                "{}: a byte object without room for a zero byte",
                place()
            ));
        };
        let unused = object.format().unused_bytes();
        if last.get() >> (64 - 8 * unused as u32) != 0 {
            return fault(format!(
                "{}: the {unused} bytes behind its bytes are not 0",
                place()
            ));
        }
        Ok(())
    }

    fn verify_roots(&self, roots: &mut dyn Roots, headers: &Headers) -> Result<(), VerifyError> {
        let mut result = Ok(());
        let mut index = 0;
        let mut check = |kind: &str, oop: Oop| {
            if result.is_ok()
                && let Err(what) = check_word(oop.bits(), headers)
            {
                result = fault(format!("{kind} {index} {what}"));
            }
            index += 1;
        };
        roots.visit(&mut |oop| check("root", *oop));
        check("nil, after root", self.nil);
        let finalizers = &self.finalizers;
        finalizers
            .queue
            .iter()
            .for_each(|&oop| check("queued for finalization, item", oop));
        let watching = finalizers
            .watching_young
            .iter()
            .chain(&finalizers.watching_old);
        let registered = finalizers
            .young
            .iter()
            .chain(&finalizers.old)
            .chain(watching);
        registered.for_each(|&oop| check("registered for finalization, item", oop));
        result
    }

    fn verify_remembered(&self, headers: &Headers) -> Result<(), VerifyError> {
        for object in &self.remembered {
            let address = object.address();
            if self.nursery.contains(address) || !headers.has(address) {
                return fault(format!(
                    "the remembered set has {address:#x}, no old object"
                ));
            }
            if !object.has(FLAG_REMEMBERED) || object.format().is_bytes() {
                return fault(format!(
                    "the remembered object at {address:#x} has no such flag"
                ));
            }
        }
        let mut flagged = 0;
        self.for_each_object(&mut |oop| {
            let header = self.header(oop);
            flagged += usize::from(header.has(FLAG_REMEMBERED) && !header.format().is_bytes());
        });
        if flagged != self.remembered.len() {
            let listed = self.remembered.len();
            return fault(format!(
                "{flagged} objects are flagged as remembered, {listed} listed"
            ));
        }
        Ok(())
    }

    /// What is counted as used is what the objects take.
    fn verify_sizes(&self) -> Result<(), VerifyError> {
        let mut used = 0;
        self.for_each_object(&mut |oop| {
            if !self.is_young(oop) {
                used += Object::of(oop).bytes();
            }
        });
        if used != self.old_used_bytes() {
            let counted = self.old_used_bytes();
            return fault(format!(
                "old objects take {used} bytes, but {counted} are counted"
            ));
        }
        Ok(())
    }

    fn verify_free_lists(&self) -> Result<(), VerifyError> {
        let mut result = Ok(());
        let mut listed = 0;
        self.old.free.for_each(&mut |chunk, kind| {
            // SAFETY: the lists hold starts of chunks in mapped segments.
            let object = unsafe { Object::beginning_at(chunk.start) };
            let inside = self.old.segments.iter().any(|segment| {
                segment.mapping.start() <= chunk.start && chunk.end() <= segment.mapping.end()
            });
            listed += chunk.words * WORD_BYTES;
            if !inside || !object.is_free() || !kind.admits(chunk.words) {
                result = fault(format!(
                    "{kind:?} holds {} words at {:#x}, which is no free chunk of that size",
                    chunk.words, chunk.start
                ));
            }
            result.is_ok()
        });
        result?;
        if listed != self.old.free.free_bytes() {
            let counted = self.old.free.free_bytes();
            return fault(format!(
                "free lists hold {listed} bytes, but {counted} are counted"
            ));
        }
        Ok(())
    }
}

/// Checks that a word is an oop; says what it is otherwise.
fn check_word(word: u64, headers: &Headers) -> Result<(), String> {
    match word & TAG_MASK {
        TAG_POINTER if headers.has(word) => Ok(()),
        TAG_POINTER => Err(format!("holds {word:#x}, where no object is")),
        TAG_INTEGER | TAG_CHARACTER | TAG_FLOAT => Ok(()),
        tag => Err(format!("holds {word:#x}, whose tag {tag} does not exist")),
    }
}
