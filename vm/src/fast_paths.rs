//! Whether the fast paths of special sends still do what the methods do that they stand for.
//!
//! Interpreter and machine code add two SmallIntegers, say, without a lookup. That is right as long as a lookup would find
//! the kernel's own method. Where a program changes that, the real sends are made, of that selector, by all code that
//! begins to run from then on; what machine code is in the midst of goes on as it began.

use crate::bytecode::SpecialSend;
use crate::header;
use crate::known::index;
use crate::lookup;
use crate::vm::Vm;
use gc::layout::ClassIndex;
use gc::oop::Oop;

/// Special sends, the classes of the receivers that their fast paths take, and the kernel's class that has the method.
type FastPath = (&'static [SpecialSend], &'static [ClassIndex], &'static str);

#[rustfmt::skip]
const FAST_PATHS: &[FastPath] = {
    use SpecialSend::*;
    const NUMBERS: &[ClassIndex] = &[ClassIndex::SMALL_INTEGER, ClassIndex::IMMEDIATE_FLOAT, index::DOUBLE];
    const BLOCKS: &[ClassIndex] = &[index::BLOCK, index::BLOCK_1, index::BLOCK_2, index::BLOCK_3, index::BLOCK_N];
    &[
        (&[Add, Subtract, Multiply, Divide, Modulo, Less, LessOrEqual, Greater, GreaterOrEqual, Equal], NUMBERS, "Number"),
        (&[NotEqual], NUMBERS, "Object"),
        (&[BitAnd], &[ClassIndex::SMALL_INTEGER], "Integer"),
        (&[At, AtPut, Size, Length], &[index::ARRAY], "Array"),
        (&[Value, Value1], BLOCKS, "Block"),
        (&[Not], &[index::TRUE], "True"),
        (&[Not], &[index::FALSE], "False"),
        (&[IsNil, NotNil], &[index::NIL], "Nil"),
    ]
};

/// The special sends whose fast paths take every receiver: only Object has a method for them.
const OF_ALL: [SpecialSend; 2] = [SpecialSend::Identical, SpecialSend::NotIdentical];

const fn bit(special: SpecialSend) -> u32 {
    1 << special as u32
}

const _: () = assert!(SpecialSend::ALL.len() <= u32::BITS as usize);

impl Vm {
    /// True where a special send is to be made like any other.
    #[inline(always)]
    pub fn is_unusual(&self, special: SpecialSend) -> bool {
        self.unusual_sends & bit(special) != 0
    }

    /// Finds out which fast paths are right; a method for a selector has changed, or all may have.
    pub(crate) fn review_fast_paths(&mut self, selector: Option<Oop>) {
        let is_concerned = |symbol: &Oop| selector.is_none_or(|changed| changed == *symbol);
        if !self.special_selectors.iter().any(is_concerned) {
            return;
        }
        let Some(object) = self.kernel_class("Object") else {
            // There is no kernel yet that could be changed.
            return;
        };
        let before = self.unusual_sends;
        for &special in SpecialSend::ALL {
            let symbol = self.special_selector(special);
            if !is_concerned(&symbol) {
                continue;
            }
            let is_usual = match OF_ALL.contains(&special) {
                true => self.is_kernels_alone(object, symbol),
                false => FAST_PATHS
                    .iter()
                    .filter(|(sends, ..)| sends.contains(&special))
                    .all(|&(_, receivers, holder)| self.has_kernels(holder, symbol, receivers)),
            };
            self.unusual_sends &= !bit(special);
            self.unusual_sends |= u32::from(!is_usual) << special as u32;
        }
        if self.unusual_sends & !before != 0 {
            self.disown_compiled();
            self.unlink_sends();
            self.abandon_all_leaves();
        }
    }

    /// A class's own method for a selector, where that is the one that the kernel came with.
    fn kernels_method(&self, class_object: Oop, selector: Oop) -> Option<Oop> {
        let found = lookup::own_method(self.heap(), class_object, selector, self.nil());
        found.filter(|&found| lookup::header_of(self.heap(), found).has(header::OF_KERNEL))
    }

    /// Whether all receivers find the method that the kernel's class of a name came with.
    fn has_kernels(&self, holder: &str, selector: Oop, receivers: &[ClassIndex]) -> bool {
        let holder = self.kernel_class(holder);
        let Some(method) = holder.and_then(|holder| self.kernels_method(holder, selector)) else {
            return false;
        };
        let has_that = |&receiver| self.method_for(receiver, selector) == Some(method);
        receivers.iter().all(has_that)
    }

    /// Whether a class has the method that the kernel came with, and no other class has one of its own.
    fn is_kernels_alone(&self, class_object: Oop, selector: Oop) -> bool {
        let (heap, nil) = (self.heap(), self.nil());
        let has_own = |class| lookup::own_method(heap, class, selector, nil).is_some();
        let mut classes = self.each_class();
        self.kernels_method(class_object, selector).is_some()
            && !classes.any(|(_, each)| each != class_object && has_own(each))
    }
}
