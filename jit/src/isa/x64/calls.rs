//! Templates that leave the method's code: stubs, runtime entries, foreign functions.

use super::lower::Lowering;
use super::registers::{R13, RED_ZONE_BYTES, RESULT, STACK, TEMP, asm};
use super::stubs::{C_SP, FP, SP};
use crate::lowering::Fixup;
use crate::rtl::operand::{Gpr, Label};
use crate::rtl::{Op, Visitor};
use dynasmrt::{DynamicLabel, DynasmApi, DynasmLabelApi};
use gc::layout::WORD_BYTES;
use gc::oop::Oop;
use vm::context::HOLDS_ADDRESSES;
use vm::entry::Entry;

/// Keeps the VM stack pointer while C runs, beside the context: what comes next need not wait for memory. Callee-saved
/// in C; whoever calls a method has nothing in it. In the place of a send the frame tells as much.
const KEPT_STACK: Gpr = R13;

/// A foreign call in the place of a send.
#[derive(Clone, Copy)]
pub(super) struct ForeignCall {
    /// Where the send returns to.
    pub(super) back: DynamicLabel,
    /// From the frame down to the return address.
    pub(super) depth: i32,
    /// Bytes of receiver and arguments.
    pub(super) operand_bytes: i16,
    /// The stack pointer is at the first of them already: they were pushed.
    pub(super) is_pushed: bool,
    /// C gets addresses of objects.
    pub(super) holds: bool,
    /// `cstack` is the call's own.
    pub(super) reserves: bool,
    /// The external-call method.
    pub(super) method: Oop,
}

impl ForeignCall {
    /// From the frame down to what is below receiver and arguments once the call is back.
    fn depth_behind(&self) -> i32 {
        self.depth - WORD_BYTES as i32 - i32::from(self.operand_bytes)
    }

    /// From the frame down to the stack pointer while C does not run. Signal handlers leave the red zone alone (psABI
    /// 3.2.2), and nobody pushes anything: where receiver, arguments and return address fit there, the pointer stays where it
    /// will be behind the call. Moving it costs more than all the rest.
    fn resting_depth(&self) -> i32 {
        let below = i32::from(self.operand_bytes) + WORD_BYTES as i32;
        if below <= RED_ZONE_BYTES as i32 {
            self.depth_behind()
        } else {
            self.depth
        }
    }
}

impl Lowering<'_> {
    /// The frame becomes that of a send of an external-call method. `cstack` must be right for slow paths that stand
    /// behind `reserve`, and run before it.
    pub(super) fn begin_foreign_call(&mut self, call: ForeignCall) {
        let back = call.back;
        asm!(self.ops
            ; lea temp, [=>back]
            ; mov [frame - call.depth], temp
        );
        if call.is_pushed {
            asm!(self.ops; lea stack, [frame - call.resting_depth()]);
        }
        if call.reserves && !matches!(self.next_op, Some(Op::Reserve { .. })) {
            asm!(self.ops; mov cstack, [BYTE context + C_SP]);
        }
        self.foreign = Some(call);
        self.foreign_calls.push(call);
    }

    /// Where a callback has left the call, C does not return here: see `faults`.
    pub(super) fn end_foreign_call(&mut self, source: Gpr, done: Option<Label>) {
        self.move_(RESULT, source);
        let call = self.foreign.expect("a foreign call that has begun");
        if call.resting_depth() != call.depth_behind() {
            asm!(self.ops; lea stack, [frame - call.depth_behind()]);
        }
        if let Some(done) = done {
            let done = self.label_of(done);
            asm!(self.ops; jmp =>done);
        }
    }

    /// The last four bytes of the code are a distance to `target`.
    pub(super) fn fix_up(&mut self, target: u64) {
        let offset = self.offset() - 4;
        self.fixups.push(Fixup { offset, target });
    }

    pub(super) fn call_stub(&mut self, stub: u64) {
        self.stack_below_operands();
        asm!(self.ops; call DWORD 0);
        self.fix_up(stub);
        self.stack_at_rest();
    }

    /// Within a foreign call in the place of a send the stack pointer goes below all that is in use. Flags stay.
    pub(super) fn stack_below_operands(&mut self) {
        if let Some(call) = self.foreign {
            asm!(self.ops; lea stack, [frame - call.depth]);
        }
    }

    fn stack_at_rest(&mut self) {
        if let Some(call) = self.foreign {
            asm!(self.ops; lea stack, [frame - call.resting_depth()]);
        }
    }

    pub(super) fn jump_to_stub(&mut self, stub: u64) {
        asm!(self.ops; jmp DWORD 0);
        self.fix_up(stub);
    }

    /// Calls a runtime entry with the value in `temp`, and leaves its result there.
    pub(super) fn call_entry(&mut self, entry: Entry, extra: Option<Oop>, failed: Label) {
        let failed = self.label_of(failed);
        let extra = extra.map_or(0, |object| object.bits() as i64);
        self.load_constant(super::registers::TEMP2, extra);
        if !self.reserves() {
            asm!(self.ops; mov cstack, [BYTE context + C_SP]);
        }
        self.call_stub(self.request.stubs.entry(entry));
        asm!(self.ops; jnz =>failed);
    }

    pub(super) fn call_linked_function(&mut self) {
        self.call_function_at(self.request.function);
    }

    pub(super) fn call_function_at(&mut self, function: u64) {
        self.switch_to_c_stack();
        if self.is_near(function) {
            asm!(self.ops; call DWORD 0);
            self.fix_up(function);
        } else {
            asm!(self.ops
                ; mov temp2, QWORD function as i64
                ; call temp2
            );
        }
        self.note_call();
        self.switch_back();
    }

    pub(super) fn call_address(&mut self, function: Gpr) {
        self.switch_to_c_stack();
        asm!(self.ops; call Rq(function));
        self.note_call();
        self.switch_back();
    }

    /// True where every place in the code space reaches `target` with 32 bits.
    fn is_near(&self, target: u64) -> bool {
        let space = &self.request.code_space;
        let reaches = |from: u64| i32::try_from(target.wrapping_sub(from) as i64).is_ok();
        reaches(space.start) && reaches(space.end)
    }

    /// The VM's registers go to the context, for callbacks; the arguments' registers stay. From
    /// here on objects whose addresses C gets do not move: a callback, without which there is no collection, finds
    /// `HOLDS_ADDRESSES` in the stack pointer and counts the call as `Heap::hold_addresses` does.
    fn switch_to_c_stack(&mut self) {
        let holds = i32::from(self.holds()) * HOLDS_ADDRESSES as i32;
        let sp = match self.foreign {
            Some(call) => {
                asm!(self.ops; lea temp, [frame + (holds - call.depth)]);
                TEMP
            }
            None => {
                asm!(self.ops; mov Rq(KEPT_STACK), stack);
                if holds == 0 {
                    STACK
                } else {
                    asm!(self.ops; lea temp, [BYTE stack + holds as i8]);
                    TEMP
                }
            }
        };
        asm!(self.ops; mov [BYTE context + SP], Rq(sp));
        asm!(self.ops; mov [BYTE context + FP], frame);
        if self.reserves() {
            asm!(self.ops; mov rsp, cstack);
        } else {
            asm!(self.ops; mov rsp, [BYTE context + C_SP]);
        }
    }

    /// The results' registers stay. The frame register is callee-saved in C.
    fn switch_back(&mut self) {
        match self.foreign {
            Some(_) => self.stack_at_rest(),
            None => asm!(self.ops; mov stack, Rq(KEPT_STACK)),
        }
    }
}
