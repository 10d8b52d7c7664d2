//! Receiver and arguments of a primitive, on the VM stack.
#![expect(
    unsafe_code,
    reason = "reads the operands where the sender pushed them"
)]

use crate::failure::Failure;
use crate::stack;
use crate::vm::Vm;
use gc::oop::Oop;

/// The topmost words of the VM stack: the receiver and `count` arguments above it.
#[derive(Clone, Copy, Debug)]
pub struct Arguments {
    sp: u64,
    count: usize,
}

impl Arguments {
    /// The operands at `sp`.
    ///
    /// # Safety
    /// A receiver and `count` arguments are the topmost words at `sp`, and they stay there for
    /// as long as this value is used.
    pub unsafe fn new(sp: u64, count: usize) -> Arguments {
        Arguments { sp, count }
    }

    /// The number of arguments.
    pub fn count(self) -> usize {
        self.count
    }

    /// The receiver.
    pub fn receiver(self) -> Oop {
        // SAFETY: `new`'s caller vouches for the words.
        unsafe { stack::oop(self.sp + 8 * self.count as u64) }
    }

    /// Argument `index`, from 0. A method with fewer parameters than its primitive takes passes
    /// the Integer 0 for those that are missing.
    pub fn get(self, index: usize) -> Oop {
        if index >= self.count {
            return Oop::ZERO;
        }
        // SAFETY: `new`'s caller vouches for the words.
        unsafe { stack::oop(self.sp + 8 * (self.count - 1 - index) as u64) }
    }

    /// Argument `index` as an `i64`.
    pub fn integer(self, index: usize) -> Result<i64, Failure> {
        self.get(index).as_i64().ok_or(Failure::WrongType)
    }

    /// Argument `index` as a 0-based index below `bound`, given 1-based.
    pub fn index(self, index: usize, bound: usize) -> Result<usize, Failure> {
        let value = self.integer(index)?;
        let zero_based = value
            .checked_sub(1)
            .and_then(|value| usize::try_from(value).ok());
        zero_based
            .filter(|&value| value < bound)
            .ok_or(Failure::BadIndex)
    }

    /// Argument `index` as a size.
    pub fn size(self, vm: &Vm, index: usize) -> Result<usize, Failure> {
        match self.get(index).as_i64() {
            Some(value) => usize::try_from(value).map_err(|_| Failure::BadSize),
            None if vm.integer(self.get(index)).is_some() => Err(Failure::BadSize),
            None => Err(Failure::WrongType),
        }
    }

    /// Argument `index` as the text of a String or Symbol.
    pub fn text(self, vm: &Vm, index: usize) -> Result<String, Failure> {
        let string = self.get(index);
        if vm.is_string(string) {
            Ok(vm.text(string))
        } else {
            Err(Failure::WrongType)
        }
    }
}
