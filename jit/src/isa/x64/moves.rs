//! Templates that move, extend and compare.

use super::lower::Lowering;
use super::registers::{CONTEXT, FTEMP, STACK, TEMP, asm};
use super::stubs::VALUE;
use crate::rtl::Visitor;
use crate::rtl::operand::{Condition, Fpr, Gpr, Label, Precision, Width};
use dynasmrt::{DynasmApi, DynasmLabelApi};
use gc::layout::WORD_BYTES;

/// Up to so many bytes are copied without a loop.
const UNROLLED_COPY: i32 = 128;

/// An instruction that reads memory at `base + offset`, with the shortest displacement.
macro_rules! load {
    ($self:ident, $mnemonic:ident $kind:ident($register:expr), $size:ident, $base:ident, $offset:ident) => {
        if let Ok(offset) = i8::try_from($offset) {
            asm!($self.ops; $mnemonic $kind($register), $size [BYTE Rq($base) + offset])
        } else {
            asm!($self.ops; $mnemonic $kind($register), $size [DWORD Rq($base) + $offset])
        }
    };
}

/// An instruction that writes memory at `base + offset`, with the shortest displacement: a register, or a constant.
macro_rules! store {
    ($self:ident, $mnemonic:ident $size:ident, $base:ident, $offset:ident, $kind:ident($register:expr)) => {
        if let Ok(offset) = i8::try_from($offset) {
            asm!($self.ops; $mnemonic $size [BYTE Rq($base) + offset], $kind($register))
        } else {
            asm!($self.ops; $mnemonic $size [DWORD Rq($base) + $offset], $kind($register))
        }
    };
    ($self:ident, $mnemonic:ident $size:ident, $base:ident, $offset:ident, $kind:ident $value:expr) => {
        if let Ok(offset) = i8::try_from($offset) {
            asm!($self.ops; $mnemonic $size [BYTE Rq($base) + offset], $kind $value)
        } else {
            asm!($self.ops; $mnemonic $size [DWORD Rq($base) + $offset], $kind $value)
        }
    };
}

impl Lowering<'_> {
    /// `target := value` in the fewest bytes; changes the flags.
    pub(super) fn load_constant(&mut self, target: Gpr, value: i64) {
        if value == 0 {
            asm!(self.ops; xor Rd(target), Rd(target));
        } else if u32::try_from(value).is_ok() {
            asm!(self.ops; mov Rd(target), DWORD value as i32);
        } else if let Ok(value) = i32::try_from(value) {
            asm!(self.ops; mov Rq(target), DWORD value);
        } else {
            asm!(self.ops; mov Rq(target), QWORD value);
        }
    }

    pub(super) fn load_integer(&mut self, target: Gpr, width: Width, base: Gpr, offset: i32) {
        match width {
            Width::S8 => load!(self, movsx Rq(target), BYTE, base, offset),
            Width::U8 => load!(self, movzx Rd(target), BYTE, base, offset),
            Width::S16 => load!(self, movsx Rq(target), WORD, base, offset),
            Width::U16 => load!(self, movzx Rd(target), WORD, base, offset),
            Width::S32 => load!(self, movsxd Rq(target), DWORD, base, offset),
            Width::U32 => load!(self, mov Rd(target), DWORD, base, offset),
            Width::W64 => load!(self, mov Rq(target), QWORD, base, offset),
        }
    }

    pub(super) fn store_integer(&mut self, width: Width, base: Gpr, offset: i32, source: Gpr) {
        match width {
            Width::S8 | Width::U8 => store!(self, mov BYTE, base, offset, Rb(source)),
            Width::S16 | Width::U16 => store!(self, mov WORD, base, offset, Rw(source)),
            Width::S32 | Width::U32 => store!(self, mov DWORD, base, offset, Rd(source)),
            Width::W64 => store!(self, mov QWORD, base, offset, Rq(source)),
        }
    }

    /// Stores the whole float register, two words.
    pub(super) fn store_words(&mut self, base: Gpr, offset: i32, source: Fpr) {
        store!(self, movups OWORD, base, offset, Rx(source))
    }

    pub(super) fn store_integer_constant(
        &mut self,
        width: Width,
        base: Gpr,
        offset: i32,
        value: i64,
    ) {
        match width {
            Width::S8 | Width::U8 => store!(self, mov BYTE, base, offset, BYTE value as i8),
            Width::S16 | Width::U16 => store!(self, mov WORD, base, offset, WORD value as i16),
            Width::S32 | Width::U32 => store!(self, mov DWORD, base, offset, DWORD value as i32),
            Width::W64 => match i32::try_from(value) {
                Ok(value) => store!(self, mov QWORD, base, offset, DWORD value),
                Err(_) => {
                    self.load_constant(TEMP, value);
                    self.store_integer(width, base, offset, TEMP);
                }
            },
        }
    }

    pub(super) fn extend_integer(&mut self, target: Gpr, width: Width, source: Gpr) {
        match width {
            Width::S8 => asm!(self.ops; movsx Rq(target), Rb(source)),
            Width::U8 => asm!(self.ops; movzx Rd(target), Rb(source)),
            Width::S16 => asm!(self.ops; movsx Rq(target), Rw(source)),
            Width::U16 => asm!(self.ops; movzx Rd(target), Rw(source)),
            Width::S32 => asm!(self.ops; movsxd Rq(target), Rd(source)),
            Width::U32 => asm!(self.ops; mov Rd(target), Rd(source)),
            Width::W64 => self.move_(target, source),
        }
    }

    /// Where the x87 stack and the float registers meet: base and offset. In the red zone below the stack pointer, which
    /// signal handlers leave alone (psABI 3.2.2); a foreign call in the place of a send has its operands there, and a context
    /// whose value is of no use meanwhile.
    fn meeting_place(&self) -> (Gpr, i8) {
        match self.foreign {
            Some(_) => (CONTEXT, VALUE),
            None => (STACK, -(WORD_BYTES as i8)),
        }
    }

    pub(super) fn load_float(&mut self, target: Fpr, precision: Precision, base: Gpr, offset: i32) {
        match precision {
            Precision::F32 => load!(self, movss Rx(target), DWORD, base, offset),
            Precision::F64 => load!(self, movsd Rx(target), QWORD, base, offset),
            Precision::F80 => {
                let (place, at) = self.meeting_place();
                asm!(self.ops
                    ; fld TWORD [DWORD Rq(base) + offset]
                    ; fstp QWORD [BYTE Rq(place) + at]
                    ; movsd Rx(target), QWORD [BYTE Rq(place) + at]
                );
            }
            Precision::V128 => load!(self, movups Rx(target), OWORD, base, offset),
        }
    }

    pub(super) fn store_float(
        &mut self,
        precision: Precision,
        base: Gpr,
        offset: i32,
        source: Fpr,
    ) {
        match precision {
            Precision::F32 => store!(self, movss DWORD, base, offset, Rx(source)),
            Precision::F64 => store!(self, movsd QWORD, base, offset, Rx(source)),
            Precision::F80 => {
                let (place, at) = self.meeting_place();
                asm!(self.ops
                    ; movsd QWORD [BYTE Rq(place) + at], Rx(source)
                    ; fld QWORD [BYTE Rq(place) + at]
                    ; fstp TWORD [DWORD Rq(base) + offset]
                );
            }
            Precision::V128 => store!(self, movups OWORD, base, offset, Rx(source)),
        }
    }

    /// Sixteen bytes at a time: one after the other where they are few, else in a loop; then what is
    /// left, in halves.
    pub(super) fn copy_block(
        &mut self,
        (base, offset): (Gpr, i32),
        (source, from): (Gpr, i32),
        bytes: i32,
    ) {
        let mut done = 0;
        if bytes > UNROLLED_COPY {
            done = bytes & !15;
            asm!(self.ops
                ; xor temp_d, temp_d
                ; next:
                ; movups ftemp, OWORD [Rq(source) + temp + from]
                ; movups OWORD [Rq(base) + temp + offset], ftemp
                ; add temp, BYTE 16
                ; cmp temp, DWORD done
                ; jb <next
            );
        }
        let mut left = bytes - done;
        while left > 0 {
            let (to, at) = (offset + done, from + done);
            let step = 1 << left.ilog2().min(4);
            match step {
                16 => {
                    self.load_float(FTEMP, Precision::V128, source, at);
                    self.store_float(Precision::V128, base, to, FTEMP);
                }
                8 => self.copy_integer(Width::W64, (base, to), (source, at)),
                4 => self.copy_integer(Width::U32, (base, to), (source, at)),
                2 => self.copy_integer(Width::U16, (base, to), (source, at)),
                _ => self.copy_integer(Width::U8, (base, to), (source, at)),
            }
            done += step;
            left -= step;
        }
    }

    fn copy_integer(&mut self, width: Width, (base, to): (Gpr, i32), (source, at): (Gpr, i32)) {
        self.load_integer(TEMP, width, source, at);
        self.store_integer(width, base, to, TEMP);
    }

    pub(super) fn store_x87_top(&mut self, base: Gpr, offset: i32) {
        asm!(self.ops; fstp TWORD [DWORD Rq(base) + offset]);
    }

    /// `cmp` with a sign-extended byte, which the assembler only has with 32 bits:
    /// REX.W 83 /7 ib.
    pub(super) fn compare_byte(&mut self, left: Gpr, value: i8) {
        let (high, low) = (left.number() >> 3, left.number() & 7);
        self.ops
            .extend([0x48 | high, 0x83, 0xF8 | low, value as u8]);
    }

    pub(super) fn compare_constant(&mut self, left: Gpr, value: i64) {
        if value == 0 {
            asm!(self.ops; test Rq(left), Rq(left));
        } else if let Ok(value) = i8::try_from(value) {
            self.compare_byte(left, value);
        } else if let Ok(value) = i32::try_from(value) {
            asm!(self.ops; cmp Rq(left), DWORD value);
        } else {
            self.load_constant(TEMP, value);
            asm!(self.ops; cmp Rq(left), temp);
        }
    }

    pub(super) fn jump_if(&mut self, condition: Condition, label: Label) {
        let label = self.label_of(label);
        match condition {
            Condition::Eq => asm!(self.ops; je =>label),
            Condition::Ne => asm!(self.ops; jne =>label),
            Condition::Lt => asm!(self.ops; jl =>label),
            Condition::Le => asm!(self.ops; jle =>label),
            Condition::Gt => asm!(self.ops; jg =>label),
            Condition::Ge => asm!(self.ops; jge =>label),
            Condition::Below => asm!(self.ops; jb =>label),
            Condition::BelowEq => asm!(self.ops; jbe =>label),
            Condition::Above => asm!(self.ops; ja =>label),
            Condition::AboveEq => asm!(self.ops; jae =>label),
        }
    }

    /// `ucomisd` sets the zero, parity and carry flags all where an operand is NaN, so "above" and
    /// "above or equal" are false then; "less" is "above" with the operands exchanged.
    pub(super) fn jump_if_doubles(
        &mut self,
        condition: Condition,
        left: Fpr,
        right: Fpr,
        label: Label,
    ) {
        let target = self.label_of(label);
        match condition {
            Condition::Eq => asm!(self.ops
                ; ucomisd Rx(left), Rx(right)
                ; jp BYTE >unordered
                ; je =>target
                ; unordered:
            ),
            Condition::Ne => asm!(self.ops
                ; ucomisd Rx(left), Rx(right)
                ; jp =>target
                ; jne =>target
            ),
            Condition::Lt => asm!(self.ops; ucomisd Rx(right), Rx(left); ja =>target),
            Condition::Le => asm!(self.ops; ucomisd Rx(right), Rx(left); jae =>target),
            Condition::Gt => asm!(self.ops; ucomisd Rx(left), Rx(right); ja =>target),
            Condition::Ge => asm!(self.ops; ucomisd Rx(left), Rx(right); jae =>target),
            Condition::Below | Condition::BelowEq | Condition::Above | Condition::AboveEq => {
                unreachable!("the check refuses unsigned conditions between doubles")
            }
        }
    }
}
