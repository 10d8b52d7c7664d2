//! What each operation does, see the op table for the words.

use super::{Run, Step, go_if};
use crate::trampoline;
use gc::Oop;
use gc::layout::{ClassIndex, Format};
use gc::oop::{TAG_BITS, TAG_CHARACTER, TAG_INTEGER};
use jit::isa::host::registers::CSTACK;
use jit::rtl::{Condition, Fpr, Gpr, Label, Precision, Visitor, Width};
use vm::context::Outcome;
use vm::entry::Entry;
use vm::failure::Failure;
use vm::known::alien;
use vm::probe;

/// Operations of methods made of bytecodes: the check refuses them in marshalling.
macro_rules! compiled_only {
    ($($method:ident($($operand:ty),*);)*) => {
        $(fn $method(&mut self, $(_: $operand),*) -> Step {
            unreachable!(concat!("the check lets no ", stringify!($method), " pass"))
        })*
    };
}

impl Visitor for Run<'_> {
    type Output = Step;

    fn move_(&mut self, target: Gpr, source: Gpr) -> Step {
        self.set(target, self.get(source))
    }

    fn move_f(&mut self, target: Fpr, source: Fpr) -> Step {
        self.set_v(target, self.get_v(source))
    }

    fn constant(&mut self, target: Gpr, value: i64) -> Step {
        self.set(target, value as u64)
    }

    fn literal(&mut self, target: Gpr, object: Oop) -> Step {
        self.set(target, object.bits())
    }

    fn bits_to_float(&mut self, target: Fpr, source: Gpr) -> Step {
        self.set_v(target, self.get(source) as u128)
    }

    fn bits_from_float(&mut self, target: Gpr, source: Fpr) -> Step {
        self.set(target, self.get_v(source) as u64)
    }

    fn load(&mut self, target: Gpr, width: Width, base: Gpr, offset: i64) -> Step {
        let value = match width {
            Width::S8 | Width::U8 => u8::from_le_bytes(self.read(base, offset)) as u64,
            Width::S16 | Width::U16 => u16::from_le_bytes(self.read(base, offset)) as u64,
            Width::S32 | Width::U32 => u32::from_le_bytes(self.read(base, offset)) as u64,
            Width::W64 => u64::from_le_bytes(self.read(base, offset)),
        };
        self.set(target, width.extend(value))
    }

    fn store(&mut self, width: Width, base: Gpr, offset: i64, source: Gpr) -> Step {
        let value = self.get(source);
        self.write_integer(width, base, offset, value)
    }

    fn store_constant(&mut self, width: Width, base: Gpr, offset: i64, value: i64) -> Step {
        self.write_integer(width, base, offset, value as u64)
    }

    fn load_f(&mut self, target: Fpr, precision: Precision, base: Gpr, offset: i64) -> Step {
        match precision {
            Precision::F32 => {
                let bits = u32::from_le_bytes(self.read(base, offset));
                self.set_v(target, bits as u128)
            }
            Precision::F64 => {
                let bits = u64::from_le_bytes(self.read(base, offset));
                self.set_v(target, bits as u128)
            }
            Precision::F80 => {
                let double = trampoline::extended_to_double(&self.read(base, offset));
                self.set_f(target, double)
            }
            Precision::V128 => {
                let bits = u128::from_le_bytes(self.read(base, offset));
                self.set_v(target, bits)
            }
        }
    }

    fn store_f(&mut self, precision: Precision, base: Gpr, offset: i64, source: Fpr) -> Step {
        let value = self.get_v(source);
        match precision {
            Precision::F32 => self.write(base, offset, (value as u32).to_le_bytes()),
            Precision::F64 => self.write(base, offset, (value as u64).to_le_bytes()),
            Precision::F80 => {
                let double = f64::from_bits(value as u64);
                self.write(base, offset, trampoline::double_to_extended(double))
            }
            Precision::V128 => self.write(base, offset, value.to_le_bytes()),
        }
    }

    fn copy_bytes(&mut self, base: Gpr, offset: i64, source: Gpr, from: i64, bytes: i64) -> Step {
        let to = self.get(base).wrapping_add(offset as u64);
        let from = self.get(source).wrapping_add(from as u64);
        let bytes = bytes as usize;
        if !probe::is_readable(from, bytes) || !probe::is_writable(to, bytes) {
            return self.give_up(0, Failure::Fault as u64);
        }
        // SAFETY: RTL copies from where to where its producer says, as machine code does.
        unsafe { std::ptr::copy_nonoverlapping(from as *const u8, to as *mut u8, bytes) };
        Step::Next
    }

    fn extend(&mut self, target: Gpr, width: Width, source: Gpr) -> Step {
        self.set(target, width.extend(self.get(source)))
    }

    fn add(&mut self, target: Gpr, left: Gpr, right: Gpr) -> Step {
        self.set(target, self.get(left).wrapping_add(self.get(right)))
    }

    fn subtract(&mut self, target: Gpr, left: Gpr, right: Gpr) -> Step {
        self.set(target, self.get(left).wrapping_sub(self.get(right)))
    }

    fn multiply(&mut self, target: Gpr, left: Gpr, right: Gpr) -> Step {
        self.set(target, self.get(left).wrapping_mul(self.get(right)))
    }

    fn and(&mut self, target: Gpr, left: Gpr, right: Gpr) -> Step {
        self.set(target, self.get(left) & self.get(right))
    }

    fn or(&mut self, target: Gpr, left: Gpr, right: Gpr) -> Step {
        self.set(target, self.get(left) | self.get(right))
    }

    fn xor(&mut self, target: Gpr, left: Gpr, right: Gpr) -> Step {
        self.set(target, self.get(left) ^ self.get(right))
    }

    fn add_i(&mut self, target: Gpr, left: Gpr, value: i64) -> Step {
        self.set(target, self.get(left).wrapping_add(value as u64))
    }

    fn and_i(&mut self, target: Gpr, left: Gpr, value: i64) -> Step {
        self.set(target, self.get(left) & value as u64)
    }

    fn shift_left_i(&mut self, target: Gpr, left: Gpr, count: i64) -> Step {
        self.set(target, self.get(left) << count)
    }

    fn shift_right_i(&mut self, target: Gpr, left: Gpr, count: i64) -> Step {
        self.set(target, (self.get(left) as i64 >> count) as u64)
    }

    fn shift_right_unsigned_i(&mut self, target: Gpr, left: Gpr, count: i64) -> Step {
        self.set(target, self.get(left) >> count)
    }

    fn add_f(&mut self, target: Fpr, left: Fpr, right: Fpr) -> Step {
        self.set_f(target, self.get_f(left) + self.get_f(right))
    }

    fn subtract_f(&mut self, target: Fpr, left: Fpr, right: Fpr) -> Step {
        self.set_f(target, self.get_f(left) - self.get_f(right))
    }

    fn multiply_f(&mut self, target: Fpr, left: Fpr, right: Fpr) -> Step {
        self.set_f(target, self.get_f(left) * self.get_f(right))
    }

    fn divide_f(&mut self, target: Fpr, left: Fpr, right: Fpr) -> Step {
        self.set_f(target, self.get_f(left) / self.get_f(right))
    }

    fn integer_to_float(&mut self, target: Fpr, source: Gpr) -> Step {
        self.set_f(target, self.get(source) as i64 as f64)
    }

    fn float_to_integer(&mut self, target: Gpr, source: Fpr) -> Step {
        self.set(target, self.get_f(source) as i64 as u64)
    }

    fn widen(&mut self, target: Fpr, source: Fpr) -> Step {
        self.set_f(target, f32::from_bits(self.get_v(source) as u32) as f64)
    }

    fn narrow(&mut self, target: Fpr, source: Fpr) -> Step {
        self.set_v(target, (self.get_f(source) as f32).to_bits() as u128)
    }

    fn label(&mut self, _label: Label) -> Step {
        Step::Next
    }

    fn jump(&mut self, label: Label) -> Step {
        Step::Go(label)
    }

    fn branch(&mut self, condition: Condition, left: Gpr, right: Gpr, label: Label) -> Step {
        go_if(condition.holds(self.get(left), self.get(right)), label)
    }

    fn branch_i(&mut self, condition: Condition, left: Gpr, value: i64, label: Label) -> Step {
        go_if(condition.holds(self.get(left), value as u64), label)
    }

    fn branch_f(&mut self, condition: Condition, left: Fpr, right: Fpr, label: Label) -> Step {
        let holds = condition.holds_between_doubles(self.get_f(left), self.get_f(right));
        go_if(
            holds.expect("the check refuses unsigned conditions between doubles"),
            label,
        )
    }

    fn argument(&mut self, target: Gpr, index: i64) -> Step {
        let words = self.plan.argument_count as u64 - index as u64;
        // SAFETY: the caller of `run` vouches for the receiver and the arguments on the stack.
        let value = unsafe { ((self.sp + words * 8) as *const u64).read() };
        self.set(target, value)
    }

    fn untag_integer(&mut self, target: Gpr, source: Gpr, other: Label) -> Step {
        match self.object(source).as_i64() {
            Some(value) => self.set(target, value as u64),
            None => Step::Go(other),
        }
    }

    fn tag_integer(&mut self, target: Gpr, source: Gpr, overflow: Label) -> Step {
        match Oop::from_i64(self.get(source) as i64) {
            Some(oop) => self.set(target, oop.bits()),
            None => Step::Go(overflow),
        }
    }

    fn tag_small(&mut self, target: Gpr, source: Gpr) -> Step {
        self.set(target, self.get(source) << TAG_BITS | TAG_INTEGER)
    }

    fn untag_character(&mut self, target: Gpr, source: Gpr, other: Label) -> Step {
        match self.object(source).as_char() {
            Some(code_point) => self.set(target, code_point as u64),
            None => Step::Go(other),
        }
    }

    fn tag_character(&mut self, target: Gpr, source: Gpr) -> Step {
        self.set(target, self.get(source) << TAG_BITS | TAG_CHARACTER)
    }

    fn unbox_float(&mut self, target: Fpr, source: Gpr, other: Label) -> Step {
        match self.object(source).as_f64() {
            Some(value) => self.set_f(target, value),
            None => Step::Go(other),
        }
    }

    fn box_float(&mut self, target: Gpr, source: Fpr, other: Label) -> Step {
        match Oop::from_f64(self.get_f(source)) {
            Some(oop) => self.set(target, oop.bits()),
            None => Step::Go(other),
        }
    }

    fn class_index(&mut self, target: Gpr, source: Gpr) -> Step {
        let object = self.object(source);
        let index = self.heap().class_index_of(object).index();
        self.set(target, index as u64)
    }

    fn check_class(&mut self, source: Gpr, class: i64, other: Label) -> Step {
        let object = self.object(source);
        let index = self.heap().class_index_of(object).index();
        go_if(i64::from(index) != class, other)
    }

    fn check_bytes(&mut self, source: Gpr, other: Label) -> Step {
        let object = self.object(source);
        go_if(
            !(object.is_pointer() && self.heap().format_of(object).is_bytes()),
            other,
        )
    }

    fn c_string(&mut self, target: Gpr, source: Gpr, other: Label) -> Step {
        let object = self.object(source);
        let heap = self.heap();
        let is_bytes = object.is_pointer() && heap.format_of(object).is_bytes();
        if !is_bytes || heap.bytes(object).contains(&0) {
            return Step::Go(other);
        }
        let address = heap.body_address(object) as u64;
        self.set(target, address)
    }

    fn body_address(&mut self, target: Gpr, source: Gpr) -> Step {
        let object = self.object(source);
        let heap = self.heap();
        if heap.format_of(object).is_bytes() {
            heap.bytes_may_change(object);
        }
        let address = heap.body_address(object) as u64;
        self.set(target, address)
    }

    fn alien_address(&mut self, target: Gpr, source: Gpr, other: Label) -> Step {
        let object = self.object(source);
        let nil = self.context().nil;
        let heap = self.heap();
        let data = heap.slot(object, alien::DATA);
        let start = if data == nil {
            0
        } else if heap.format_of(data).is_bytes() {
            heap.body_address(data) as u64
        } else {
            return Step::Go(other);
        };
        match heap.slot(object, alien::ADDRESS).as_i64() {
            Some(address) => self.set(target, start.wrapping_add(address as u64)),
            None => Step::Go(other),
        }
    }

    fn alien_data(&mut self, target: Gpr, source: Gpr, other: Label) -> Step {
        self.alien_address(target, source, other)
    }

    fn slot(&mut self, target: Gpr, source: Gpr, index: i64) -> Step {
        let object = self.object(source);
        let slot = self.heap().slot(object, index as usize);
        self.set(target, slot.bits())
    }

    fn reserve(&mut self, bytes: i64) -> Step {
        self.area = vec![0; (bytes as usize).div_ceil(16)];
        self.set(CSTACK, self.area.as_ptr() as u64)
    }

    fn describe_call(&mut self, _description: Oop) -> Step {
        Step::Next
    }

    fn call_foreign(&mut self) -> Step {
        self.call(self.plan.function)
    }

    fn call_register(&mut self, function: Gpr) -> Step {
        self.call(self.get(function))
    }

    fn store_x87(&mut self, base: Gpr, offset: i64) -> Step {
        let mut bytes = [0; 10];
        bytes.copy_from_slice(&self.registers.x87[0].to_le_bytes()[..10]);
        self.registers.x87.rotate_left(1);
        self.write(base, offset, bytes)
    }

    fn runtime(&mut self, target: Gpr, entry: Entry, source: Gpr, failed: Label) -> Step {
        let result = self.call_entry(entry, self.get(source), 0);
        self.runtime_step(target, result, failed)
    }

    fn runtime_with(
        &mut self,
        target: Gpr,
        entry: Entry,
        source: Gpr,
        object: Oop,
        failed: Label,
    ) -> Step {
        let result = self.call_entry(entry, self.get(source), object.bits());
        self.runtime_step(target, result, failed)
    }

    fn runtime_to_float(&mut self, target: Fpr, entry: Entry, source: Gpr, failed: Label) -> Step {
        match self.call_entry(entry, self.get(source), 0) {
            Some(bits) => self.set_v(target, bits as u128),
            None => Step::Go(failed),
        }
    }

    fn runtime_from_float(
        &mut self,
        target: Gpr,
        entry: Entry,
        source: Fpr,
        failed: Label,
    ) -> Step {
        let result = self.call_entry(entry, self.get_v(source) as u64, 0);
        self.runtime_step(target, result, failed)
    }

    fn return_(&mut self, source: Gpr) -> Step {
        let value = self.get(source);
        self.context().value = value;
        Step::End(Outcome::Returned)
    }

    fn fail(&mut self, argument: i64, reason: i64) -> Step {
        self.give_up(argument as u64, reason as u64)
    }

    fn allocate(&mut self, target: Gpr, class: i64, format: i64, slots: i64, other: Label) -> Step {
        let (class, format) = (
            ClassIndex::new(class as u32),
            Format::from_bits(format as u8),
        );
        match self.heap().allocate(class, format, slots as usize) {
            Ok(made) => self.set(target, made.bits()),
            Err(_) => Step::Go(other),
        }
    }

    fn allocate_struct(
        &mut self,
        target: Gpr,
        into: Gpr,
        class: i64,
        slots: i64,
        bytes: i64,
        other: Label,
    ) -> Step {
        let class = ClassIndex::new(class as u32);
        let heap = self.heap();
        let made = heap.allocate(class, Format::FIXED, slots as usize);
        let data = heap.allocate_bytes(vm::known::index::BYTE_ARRAY, bytes as usize);
        let (Ok(made), Ok(data)) = (made, data) else {
            return Step::Go(other);
        };
        heap.set_slot(made, alien::ADDRESS, Oop::ZERO);
        heap.set_slot(made, alien::SIZE, Oop::small(bytes));
        heap.set_slot(made, alien::DATA, data);
        self.set(into, data.bits());
        self.set(target, made.bits())
    }

    fn array_size(&mut self, target: Gpr, array: Gpr, other: Label) -> Step {
        let array = self.object(array);
        if !array.is_pointer() || self.heap().class_index_of(array) != vm::known::index::ARRAY {
            return Step::Go(other);
        }
        let count = self.heap().slot_count(array);
        self.set(target, Oop::small(count as i64).bits())
    }

    fn store_immediate(&mut self, holder: Gpr, index: i64, source: Gpr) -> Step {
        let (holder, value) = (self.object(holder), self.object(source));
        self.heap().set_slot(holder, index as usize, value);
        Step::Next
    }

    compiled_only! {
        enter_callback(i64, Label);
        store_argument(i64, Gpr);
        evaluate_block(Label);
        fail_callback(i64, i64);
        resume_caller();
        load_x87(Gpr, i64);
        leave_callback(i64);
        enter_leaf(i64, i64, i64, i64, Label);
        evaluate_leaf();
        leave_leaf();
        abandon_leaf();
        activate(Oop);
        class_check();
        enter_frame(Oop, i64, i64, Label);
        enter_block(Oop, i64, i64, i64, Label);
        leave_frame(Gpr);
        interpret(i64, i64);
        branch_due(Label);
        send(i64);
        send_value(Gpr, i64, i64);
        getter(Gpr, Gpr, i64, Label);
        setter(Gpr, Gpr, i64, Label);
        answer_of_cell(Gpr, Gpr, i64, Label);
        load_cell(Fpr, i64);
        store_cell(Gpr, i64, i64);
        check_cell(Gpr, i64, Label);
        enter_foreign(Label, i64, i64, i64, i64, i64, Oop);
        call_function(i64);
        return_foreign(Gpr, Label, i64);
        resume_foreign(i64);
        leave_foreign();
        branch_nil_tests(Label);
        call_primitive(i64, Label);
        call_block(Label);
        perform_selector(Label);
        new_instance(Label);
        new_sized(Label);
        scrambled(Label);
        string_size(Label);
        strings_equal(Label);
        byte_string(Label);
        push(Gpr);
        push_frame(i64);
        push_literal(Oop);
        push_known(i64);
        pop(Gpr);
        drop_(i64);
        known(Gpr, i64);
        branch_known(Condition, Gpr, i64, Label);
        check_integer(Gpr, Label);
        check_integers(Gpr, Gpr, Label);
        add_tagged(Gpr, Gpr, Gpr, Label);
        add_tagged_i(Gpr, Gpr, i64, Label);
        subtract_tagged(Gpr, Gpr, Gpr, Label);
        multiply_tagged(Gpr, Gpr, Gpr, Label);
        divide_tagged(Gpr, Gpr, Gpr, Label);
        modulo_tagged(Gpr, Gpr, Gpr, Label);
        element(Gpr, Gpr, Gpr, Label);
        store_element(Gpr, Gpr, Gpr, i64, Label);
        store_slot(Gpr, i64, Gpr);
        square_root(Fpr, Fpr);
    }

    fn note(&mut self, _text: &str) -> Step {
        Step::Next
    }
}
