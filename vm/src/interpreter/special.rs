//! The special sends: fast paths for small integers and immediate floats, then the real send.

#![expect(unsafe_code, reason = "notes in the bytecodes what was seen")]

use super::{Flow, Interpreter};
use crate::bytecode::{SEEN_FLOATS, SEEN_OTHERS, SpecialSend};
use crate::known::index;
use gc::oop::Oop;

/// What the fast path made of the operands: a result, or nothing.
type Fast = Option<Oop>;

impl Interpreter<'_> {
    pub(super) fn send_special(&mut self, selector: u8) -> Flow {
        let special = SpecialSend::from_number(selector).expect("a special send of the table");
        let count = special.argument_count();
        if self.vm.is_unusual(special) {
            let selector = self.vm.special_selector(special);
            return self.send_selector(selector, count);
        }
        if let Some(result) = self.fast_path(special) {
            self.drop(count);
            self.set_top(result);
            return Flow::Next;
        }
        if matches!(special, SpecialSend::Value | SpecialSend::Value1)
            && let Ok(flow) = self.evaluate_block(count)
        {
            return flow;
        }
        if !matches!(
            special,
            SpecialSend::Value | SpecialSend::Value1 | SpecialSend::Class | SpecialSend::New
        ) {
            self.note(SEEN_OTHERS);
        }
        let selector = self.vm.special_selector(special);
        self.send_selector(selector, count)
    }

    #[inline(always)]
    fn fast_path(&mut self, special: SpecialSend) -> Fast {
        match special {
            SpecialSend::Add => self.arithmetic(i64::checked_add, |a, b| a + b),
            SpecialSend::Subtract => self.arithmetic(i64::checked_sub, |a, b| a - b),
            SpecialSend::Multiply => self.arithmetic(i64::checked_mul, |a, b| a * b),
            SpecialSend::Divide => self.division(),
            SpecialSend::Modulo => self.integers(floor_modulo),
            SpecialSend::BitAnd => self.integers(|a, b| Oop::from_i64(a & b)),
            SpecialSend::Less => self.comparison(|a, b| a < b, |a, b| a < b),
            SpecialSend::LessOrEqual => self.comparison(|a, b| a <= b, |a, b| a <= b),
            SpecialSend::Greater => self.comparison(|a, b| a > b, |a, b| a > b),
            SpecialSend::GreaterOrEqual => self.comparison(|a, b| a >= b, |a, b| a >= b),
            SpecialSend::Equal => self.comparison(|a, b| a == b, |a, b| a == b),
            SpecialSend::NotEqual => self.comparison(|a, b| a != b, |a, b| a != b),
            SpecialSend::Identical => Some(self.vm.boolean(self.peek(1) == self.peek(0))),
            SpecialSend::NotIdentical => Some(self.vm.boolean(self.peek(1) != self.peek(0))),
            SpecialSend::At => self
                .element(self.peek(1), self.peek(0))
                .map(|(array, index)| self.vm.heap().slot(array, index)),
            SpecialSend::AtPut => {
                let value = self.top();
                let (array, index) = self.element(self.peek(2), self.peek(1))?;
                self.vm.heap_mut().set_slot(array, index, value);
                Some(value)
            }
            SpecialSend::Size | SpecialSend::Length => self.array_size(),
            SpecialSend::IsNil => self.nil_test(true),
            SpecialSend::NotNil => self.nil_test(false),
            SpecialSend::Not => self.negation(),
            SpecialSend::Class | SpecialSend::New | SpecialSend::Value | SpecialSend::Value1 => {
                None
            }
        }
    }

    #[inline(always)]
    fn arithmetic(
        &self,
        integers: fn(i64, i64) -> Option<i64>,
        floats: fn(f64, f64) -> f64,
    ) -> Fast {
        let (left, right) = (self.peek(1), self.peek(0));
        if let (Some(a), Some(b)) = (left.as_i64(), right.as_i64()) {
            return integers(a, b).and_then(Oop::from_i64);
        }
        let (a, b) = (left.as_f64()?, right.as_f64()?);
        self.note(SEEN_FLOATS);
        Oop::from_f64(floats(a, b))
    }

    #[inline(always)]
    fn division(&self) -> Fast {
        let (left, right) = (self.peek(1), self.peek(0));
        if let (Some(a), Some(b)) = (left.as_i64(), right.as_i64()) {
            return a.checked_div(b).and_then(Oop::from_i64);
        }
        let (a, b) = (left.as_f64()?, right.as_f64()?);
        if b == 0.0 {
            return None;
        }
        self.note(SEEN_FLOATS);
        Oop::from_f64(a / b)
    }

    /// Notes at the current special send what was seen there, for who compiles the method.
    #[inline(always)]
    fn note(&self, seen: u8) {
        let operand = self.start.wrapping_add(1).cast_mut();
        // SAFETY: a special send is executed; its operand is the byte behind the opcode. Bytecodes
        // are written by the VM's thread only.
        unsafe {
            if *operand & seen == 0 {
                *operand |= seen;
            }
        }
    }

    #[inline(always)]
    fn integers(&self, operation: fn(i64, i64) -> Option<Oop>) -> Fast {
        operation(self.peek(1).as_i64()?, self.peek(0).as_i64()?)
    }

    #[inline(always)]
    fn comparison(&self, integers: fn(i64, i64) -> bool, floats: fn(&f64, &f64) -> bool) -> Fast {
        let (left, right) = (self.peek(1), self.peek(0));
        if let (Some(a), Some(b)) = (left.as_i64(), right.as_i64()) {
            return Some(self.vm.boolean(integers(a, b)));
        }
        let (a, b) = (left.as_f64()?, right.as_f64()?);
        self.note(SEEN_FLOATS);
        Some(self.vm.boolean(floats(&a, &b)))
    }

    /// The Array and 0-based slot of a 1-based index within its bounds.
    #[inline(always)]
    fn element(&self, array: Oop, index: Oop) -> Option<(Oop, usize)> {
        let index = usize::try_from(index.as_i64()?.checked_sub(1)?).ok()?;
        let heap = self.vm.heap();
        (heap.class_index_of(array) == index::ARRAY && index < heap.slot_count(array))
            .then_some((array, index))
    }

    #[inline(always)]
    fn array_size(&self) -> Fast {
        let (heap, array) = (self.vm.heap(), self.top());
        (heap.class_index_of(array) == index::ARRAY)
            .then(|| Oop::small(heap.slot_count(array) as i64))
    }

    /// `isNil` and `notNil` of nil itself; other objects may have their own answer.
    #[inline(always)]
    fn nil_test(&self, answer: bool) -> Fast {
        (self.top() == self.vm.nil()).then(|| self.vm.boolean(answer))
    }

    #[inline(always)]
    fn negation(&self) -> Fast {
        let value = self.top();
        if value == self.vm.context.true_object {
            Some(self.vm.context.false_object)
        } else if value == self.vm.context.false_object {
            Some(self.vm.context.true_object)
        } else {
            None
        }
    }
}

/// SOM's `%`: the remainder with the divisor's sign.
fn floor_modulo(a: i64, b: i64) -> Option<Oop> {
    let remainder = a.checked_rem(b)?;
    let adjust = remainder != 0 && (remainder < 0) != (b < 0);
    Oop::from_i64(if adjust { remainder + b } else { remainder })
}
