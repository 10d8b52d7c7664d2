//! Sends of which the method is known but for a test: `value` of a Block, `new` of a class.
//!
//! The test is that of the receiver's class with a cell, which holds it as long as the class has the method that the code was
//! made for ([`CacheKind::Guard`]). What does not pass is sent.

use super::{CacheKind, Generator};
use crate::rtl::Op;
use gc::ClassIndex;
use gc::layout::Format;
use gc::oop::Oop;
use vm::bytecode::Bytecode;
use vm::known::{block_class, class, global, method};

/// Larger objects are made by the method.
const SLOTS_MAX: usize = 16;
/// Blocks with more parameters have no class for their number.
const BLOCK_ARGUMENTS_MAX: usize = 2;

/// What instances of a class are.
struct Instances {
    class: ClassIndex,
    slots: usize,
}

impl Generator<'_> {
    /// Calls the code of the Block that the receiver most likely is; false where the selector does not evaluate one.
    pub(super) fn block_send(&mut self, selector: Oop, arguments: usize) -> bool {
        if self.abandoned().is_some() || arguments > BLOCK_ARGUMENTS_MAX {
            return false;
        }
        let class = block_class(arguments);
        let Some(guard) = self.guard(class, selector, "blockValue") else {
            return false;
        };
        let receiver = self.stack.operands[self.stack.depth() - 1 - arguments].value;
        self.flush();
        self.stack.forget();
        let source = self.receiver_again(receiver, arguments);
        let guard = self.cell(self.pc, guard);
        let cell = self.cell(self.pc, CacheKind::Send(self.ops.len()));
        self.emit(Op::SendValue {
            source,
            guard,
            cell,
        });
        for _ in 0..=arguments {
            self.stack.pop_spilled();
        }
        self.push_result();
        true
    }

    /// Makes an instance of the class that the receiver most likely is; false where there is none.
    pub(super) fn instance_send(&mut self, selector: Oop) -> bool {
        if self.abandoned().is_some() {
            return false;
        }
        let Some(class) = self.likely_class() else {
            return false;
        };
        let metaclass = self.vm.heap().class_index_of(class);
        let Some(guard) = self.guard(metaclass, selector, "new") else {
            return false;
        };
        let Some(instances) = self.instances(class) else {
            return false;
        };
        let receiver = self.pop();
        let (source, receiver) = self.in_gpr(receiver);
        let target = self.gpr();
        let (other, resume) = self.slow_send(&[receiver], target);
        let cell = self.cell(self.pc, guard);
        self.emit(Op::CheckCell {
            source,
            cell,
            other,
        });
        self.emit(Op::Allocate {
            target,
            class: i64::from(instances.class.index()),
            format: i64::from(Format::FIXED.bits()),
            slots: instances.slots as i64,
            other,
        });
        self.finish(Some(resume), &[receiver], target, false);
        true
    }

    /// As long as instances of the class have for the selector what they have now, a primitive of that name.
    fn guard(&self, class: ClassIndex, selector: Oop, name: &str) -> Option<CacheKind> {
        let (method, primitive) = self.vm.primitive_for(class, selector)?;
        (primitive == name).then_some(CacheKind::Guard {
            selector,
            class,
            method: Some(method),
        })
    }

    /// The class that was pushed last: by its name, or as the receiver of a method of its own.
    fn likely_class(&self) -> Option<Oop> {
        let heap = self.vm.heap();
        let preceding = self.preceding?;
        let class = if let Bytecode::PushGlobal { literal } = preceding {
            heap.slot(self.literal(literal), global::VALUE)
        } else if preceding == (Bytecode::PushSelf {}) && !self.is_block() {
            // Of a metaclass it is the one instance, of others the class itself. Scripts belong to no class.
            let holder = heap.slot(self.compiled, method::HOLDER);
            if !self.vm.is_class(holder) {
                return None;
            }
            heap.slot(holder, class::THIS_CLASS)
        } else {
            return None;
        };
        self.vm.is_class(class).then_some(class)
    }

    /// What `new` makes of a class, if that has nothing but a few named slots.
    fn instances(&self, class: Oop) -> Option<Instances> {
        let format = self.vm.instance_format(class);
        let slots = format.named();
        let fits = slots <= SLOTS_MAX && format.format() == Format::FIXED && !format.is_sealed();
        fits.then(|| Instances {
            class: self.vm.index_of_class(class),
            slots,
        })
    }
}
