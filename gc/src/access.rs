//! Looking into objects. Kind and bounds are always checked; a violation is a bug of the caller,
//! whose own checks come before with a proper Smalltalk error.

#![expect(unsafe_code, reason = "reads and writes the bodies of objects")]

use crate::heap::Heap;
use crate::layout::{ClassIndex, FLAG_WITHOUT_NUL, Format, HASH_BITS, Header, WORD_BYTES};
use crate::memory::{load, store};
use crate::object::Object;
use crate::oop::Oop;

#[cold]
#[inline(never)]
fn bad_access(oop: Oop, what: &str, index: usize) -> ! {
    if !oop.is_pointer() {
        panic!("{what} {index} of {oop:?}, which is no heap object");
    }
    let object = Object::of(oop);
    panic!(
        "{what} {index} of {oop:?}, an object of format {} with {} slots",
        object.format().bits(),
        object.slot_count()
    );
}

impl Heap {
    /// The class index of any oop: an immediate's is its tag.
    #[inline(always)]
    pub fn class_index_of(&self, oop: Oop) -> ClassIndex {
        if oop.is_pointer() {
            Object::of(oop).header().class_index()
        } else {
            ClassIndex::new(oop.tag() as u32)
        }
    }

    #[inline(always)]
    fn object(&self, oop: Oop, what: &str) -> Object {
        if !oop.is_pointer() {
            bad_access(oop, what, 0);
        }
        Object::of(oop)
    }

    /// The header of a heap object.
    ///
    /// # Panics
    /// Where `oop` is an immediate; so do all accessors below.
    #[inline]
    pub fn header(&self, oop: Oop) -> Header {
        self.object(oop, "header").header()
    }

    /// The format of a heap object.
    #[inline]
    pub fn format_of(&self, oop: Oop) -> Format {
        self.object(oop, "format").format()
    }

    /// Number of body words.
    #[inline]
    pub fn slot_count(&self, oop: Oop) -> usize {
        self.object(oop, "slot count").slot_count()
    }

    /// Number of bytes in a byte object, the unused ones at the end not counted.
    ///
    /// # Panics
    /// Where `oop` is no byte object.
    #[inline]
    pub fn byte_len(&self, oop: Oop) -> usize {
        let object = self.object(oop, "byte length");
        let header = object.header();
        if !header.format().is_bytes() {
            bad_access(oop, "byte length", 0);
        }
        object.slot_count_of(header) * WORD_BYTES - header.format().unused_bytes()
    }

    /// Address of the first body word. It is good until the next safe point, or as long as
    /// addresses are held or the object is pinned or old.
    #[inline]
    pub fn body_address(&self, oop: Oop) -> *const u8 {
        self.object(oop, "body").body() as *const u8
    }

    /// The object in pointer slot `index`.
    ///
    /// # Panics
    /// Where `oop` has no such pointer slot.
    #[inline]
    pub fn slot(&self, oop: Oop, index: usize) -> Oop {
        let address = self.checked_slot(oop, index, Format::has_pointers, "slot");
        // SAFETY: the slot exists and a pointer slot always holds a valid oop.
        unsafe { Oop::from_bits(load(address)) }
    }

    /// Stores into pointer slot `index`, with the write barrier.
    ///
    /// # Panics
    /// Where `oop` has no such pointer slot.
    #[inline]
    pub fn set_slot(&mut self, oop: Oop, index: usize, value: Oop) {
        let address = self.checked_slot(oop, index, Format::has_pointers, "slot");
        // SAFETY: the slot exists.
        unsafe { store(address, value.bits()) };
        self.write_barrier_at(oop, index, value);
    }

    /// Word `index` of an object of 64-bit words or of a byte object.
    ///
    /// # Panics
    /// Where `oop` has no such word or has pointer slots.
    #[inline]
    pub fn word(&self, oop: Oop, index: usize) -> u64 {
        let address = self.checked_slot(oop, index, |format| !format.has_pointers(), "word");
        // SAFETY: the word exists.
        unsafe { load(address) }
    }

    /// Stores into word `index` of an object of 64-bit words.
    ///
    /// # Panics
    /// Where `oop` has no such word or is of another format.
    #[inline]
    pub fn set_word(&mut self, oop: Oop, index: usize, value: u64) {
        let address = self.checked_slot(oop, index, |format| format == Format::WORDS, "word");
        // SAFETY: the word exists and holds no pointer.
        unsafe { store(address, value) };
    }

    #[inline(always)]
    fn checked_slot(
        &self,
        oop: Oop,
        index: usize,
        admits: impl Fn(Format) -> bool,
        what: &str,
    ) -> u64 {
        if !oop.is_pointer() {
            bad_access(oop, what, index);
        }
        let object = Object::of(oop);
        let header = object.header();
        if !admits(header.format()) || index >= object.slot_count_of(header) {
            bad_access(oop, what, index);
        }
        object.body() + (index * WORD_BYTES) as u64
    }

    /// The object in pointer slot `index`, unchecked.
    ///
    /// # Safety
    /// `oop` is a heap object with more than `index` pointer slots.
    #[inline(always)]
    pub unsafe fn slot_unchecked(&self, oop: Oop, index: usize) -> Oop {
        // SAFETY: promised by the caller.
        unsafe { Oop::from_bits(load(Object::of(oop).body() + (index * WORD_BYTES) as u64)) }
    }

    /// Stores into pointer slot `index`, unchecked but with the write barrier.
    ///
    /// # Safety
    /// `oop` is a heap object with more than `index` pointer slots.
    #[inline(always)]
    pub unsafe fn set_slot_unchecked(&mut self, oop: Oop, index: usize, value: Oop) {
        // SAFETY: promised by the caller.
        unsafe {
            store(
                Object::of(oop).body() + (index * WORD_BYTES) as u64,
                value.bits(),
            )
        };
        self.write_barrier_at(oop, index, value);
    }

    /// The bytes of a byte object. The byte behind them is 0.
    ///
    /// # Panics
    /// Where `oop` is no byte object.
    #[inline]
    pub fn bytes(&self, oop: Oop) -> &[u8] {
        let len = self.byte_len(oop);
        // SAFETY: the body has more than `len` bytes; nothing moves while the heap is borrowed.
        unsafe { std::slice::from_raw_parts(self.body_address(oop), len) }
    }

    /// Forgets what is known of the bytes of a byte object: somebody gets their address who may write to them.
    #[inline]
    pub fn bytes_may_change(&mut self, oop: Oop) {
        let object = Object::of(oop);
        debug_assert!(object.format().is_bytes());
        if object.has(FLAG_WITHOUT_NUL) {
            object.clear_flag(FLAG_WITHOUT_NUL);
        }
    }

    /// The bytes of a byte object, to be written.
    ///
    /// # Panics
    /// Where `oop` is no byte object.
    #[inline]
    pub fn bytes_mut(&mut self, oop: Oop) -> &mut [u8] {
        let len = self.byte_len(oop);
        self.bytes_may_change(oop);
        // SAFETY: as for `bytes`, and the heap is borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(self.body_address(oop).cast_mut(), len) }
    }

    /// The identity hash of a heap object, given at the first question: 24 bits, never 0. It
    /// stays when the object moves.
    #[inline]
    pub fn identity_hash(&mut self, oop: Oop) -> u32 {
        let object = self.object(oop, "identity hash");
        let header = object.header();
        if header.hash() != 0 {
            return header.hash();
        }
        let hash = self.next_hash();
        object.set_header(header.with_hash(hash));
        hash
    }

    /// The next hash of a sequence that takes each of the 2^24 - 1 values once before it repeats.
    fn next_hash(&mut self) -> u32 {
        // A Galois shift register; the taps 24, 23, 22, 17 give the full period.
        let state = self.hash_state;
        let feedback = if state & 1 == 1 { 0xE1_0000 } else { 0 };
        self.hash_state = state >> 1 ^ feedback;
        debug_assert!(self.hash_state != 0 && self.hash_state >> HASH_BITS == 0);
        // Neighbours in the register's sequence are alike in most bits; an odd factor spreads them.
        let spread = self.hash_state.wrapping_mul(0x9E_3779) & ((1 << HASH_BITS) - 1);
        if spread == 0 { 1 } else { spread }
    }

    /// Makes `oop` an instance of another class; format and size stay.
    pub fn set_class_index(&mut self, oop: Oop, class: ClassIndex) {
        let object = self.object(oop, "class");
        let header = object.header();
        let rest = header.0 & !u64::from(crate::layout::CLASS_INDEX_MASK);
        object.set_header(Header(rest | u64::from(class.index())));
    }

    /// Shows every object: old ones in the order of their segments, large ones, young ones. Of the
    /// objects nobody refers to, those not yet found dead are shown too.
    pub fn for_each_object(&self, f: &mut dyn FnMut(Oop)) {
        for index in 0..self.old.segments.len() {
            let unswept = self.old.is_unswept(index);
            for object in self.old.walk(index) {
                let dead = unswept && !object.has(crate::layout::FLAG_MARKED);
                if !object.is_free() && !dead {
                    f(object.oop());
                }
            }
        }
        self.large.iter().for_each(|object| f(object.oop()));
        self.for_each_young(&mut |object| f(object.oop()));
    }

    /// Shows every young object, dead ones included.
    pub(crate) fn for_each_young(&self, f: &mut dyn FnMut(Object)) {
        let survived = self.young.survived();
        let eden = self.young.eden.start..self.window.next;
        for (start, end) in [(survived.start, survived.end), (eden.start, eden.end)] {
            // SAFETY: both areas are filled from their start without gaps.
            let walk = unsafe { crate::object::Walk::new(start, end) };
            walk.filter(|object| !object.is_free()).for_each(&mut *f);
        }
    }
}
