//! What an RTL sequence must be before anybody executes it.
//!
//! The lowerings and the RTL interpreter rely on these rules instead of checking again:
//!
//! - every label that an operation goes to is marked exactly once;
//! - the last operation does not run on into nothing;
//! - constants lie in the range that their operation has a meaning for;
//! - `context`, `stack`, `frame` and `cstack` are no targets, and `cstack` is read only where the
//!   sequence reserves;
//! - the registers that belong to the lowering are no operands.

use crate::isa::Isa;
use crate::rtl::Op;
use crate::rtl::op::is_written;
use crate::rtl::operand::{Condition, Gpr, Label};
use gc::layout::{CLASS_INDEX_MASK, Format};
use std::fmt;
use vm::callback::{FLOAT_REGISTERS, INTEGER_REGISTERS};
use vm::entry::Entry;
use vm::failure::Failure;
use vm::known::alien;

/// Bytes of stack arguments that one call may have.
pub const RESERVE_BYTES_MAX: i64 = 1 << 20;
/// Bytes that one `copyBytes` copies: a struct passed by value is no longer than the arguments.
pub const COPY_BYTES_MAX: i64 = RESERVE_BYTES_MAX;
/// Greatest number of an argument that `fail` tells: elements of an Array may be meant.
pub const FAIL_ARGUMENT_MAX: i64 = 0xFFFF;
/// Greatest number of a label.
pub const LABEL_MAX: u32 = 0xFFFF;
/// Largest index of a slot that `slot` reads: its byte offset fits 32 bits.
pub const SLOT_INDEX_MAX: i64 = (1 << 27) - 1;

/// Most slots of an object that `allocate` makes outside of bytecodes.
pub const ALLOCATE_SLOTS_MAX: i64 = 64;

/// Most bytes of a struct that `allocateStruct` makes: their words are counted in the header itself.
pub const ALLOCATE_BYTES_MAX: i64 = 1024;

/// Most words of a leaf's frame: its arguments and temporaries are numbered by bytes.
pub const LEAF_WORDS_MAX: i64 = 1024;

/// What is wrong with a sequence.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RtlError {
    /// Index of the operation at fault, from 0.
    pub index: usize,
    /// The operation, printed.
    pub op: String,
    /// What is wrong with it.
    pub message: String,
}

impl fmt::Display for RtlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "RTL operation {} ({}): {}",
            self.index + 1,
            self.op,
            self.message
        )
    }
}

impl std::error::Error for RtlError {}

/// What is known of a checked sequence.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Facts {
    /// Index of the operation that marks each label, by the label's number.
    labels: Vec<Option<u32>>,
    /// Index of the `reserve` operation, or of the `enterCallback`, which reserves too.
    pub reserve: Option<usize>,
    /// True where the sequence takes addresses inside of objects, which must not move before the
    /// foreign call is over.
    pub takes_addresses: bool,
}

impl Facts {
    /// Index of the operation that marks `label`.
    ///
    /// # Panics
    /// Where none does; the check has found one for every label that is gone to.
    #[inline]
    pub fn place(&self, label: Label) -> usize {
        self.place_if_marked(label)
            .expect("the check has found the label's mark")
    }

    fn place_if_marked(&self, label: Label) -> Option<usize> {
        self.labels
            .get(label.0 as usize)
            .copied()
            .flatten()
            .map(|index| index as usize)
    }

    fn mark(&mut self, label: Label, index: usize) -> Result<(), String> {
        if label.0 > LABEL_MAX {
            return Err(format!(
                "{label} is more than the greatest label, {LABEL_MAX}"
            ));
        }
        let number = label.0 as usize;
        if self.labels.len() <= number {
            self.labels.resize(number + 1, None);
        }
        match self.labels[number].replace(index as u32) {
            Some(_) => Err(format!("{label} is marked twice")),
            None => Ok(()),
        }
    }
}

/// Checks a sequence of a method with `argument_count` arguments, made for `isa`.
pub fn check(ops: &[Op], argument_count: usize, isa: &Isa) -> Result<Facts, RtlError> {
    let mut checker = Checker {
        argument_count,
        isa,
        facts: Facts::default(),
    };
    let at = |index: usize, message: String| RtlError {
        index,
        op: ops
            .get(index)
            .map_or_else(|| "end".into(), |op| op.display(isa).to_string()),
        message,
    };
    for (index, op) in ops.iter().enumerate() {
        if is_of_bytecodes(op) {
            return Err(at(index, "belongs to methods made of bytecodes".into()));
        }
        checker
            .note_place(index, op)
            .map_err(|message| at(index, message))?;
    }
    let first = ops.iter().find(|op| !matches!(op, Op::Note { .. }));
    let is_callback = matches!(first, Some(Op::EnterCallback { .. } | Op::EnterLeaf { .. }));
    for (index, op) in ops.iter().enumerate() {
        if is_callback && is_of_methods(op) {
            return Err(at(
                index,
                "belongs to methods, and this is a callback".into(),
            ));
        }
        if !is_callback && is_of_callbacks(op) {
            return Err(at(
                index,
                "belongs to callbacks, which begin with enterCallback or enterLeaf".into(),
            ));
        }
        checker
            .check_registers(op)
            .map_err(|message| at(index, message))?;
        checker
            .check_label(op)
            .map_err(|message| at(index, message))?;
        checker
            .check_constants(op)
            .map_err(|message| at(index, message))?;
    }
    let last = ops.iter().rposition(|op| !matches!(op, Op::Note { .. }));
    match last {
        Some(index) if !ends(&ops[index]) => Err(at(
            index,
            "the sequence must end in return, fail or jump".into(),
        )),
        Some(_) => Ok(checker.facts),
        None => Err(at(0, "the sequence is empty".into())),
    }
}

/// True where the operation's result may be an address inside of an object.
fn takes_address(op: &Op) -> bool {
    if let Op::Runtime { entry, .. } | Op::RuntimeWith { entry, .. } = op {
        return matches!(entry, Entry::ObjectToCString | Entry::ObjectToPointer);
    }
    matches!(
        op,
        Op::CString { .. } | Op::BodyAddress { .. } | Op::AlienAddress { .. }
    )
}

/// True for the operations of methods made of bytecodes, which marshalling has no frame for.
pub fn is_of_bytecodes(op: &Op) -> bool {
    matches!(
        op,
        Op::Activate { .. }
            | Op::ClassCheck {}
            | Op::EnterFrame { .. }
            | Op::EnterBlock { .. }
            | Op::LeaveFrame { .. }
            | Op::Interpret { .. }
            | Op::BranchDue { .. }
            | Op::Send { .. }
            | Op::SendValue { .. }
            | Op::Getter { .. }
            | Op::Setter { .. }
            | Op::AnswerOfCell { .. }
            | Op::LoadCell { .. }
            | Op::StoreCell { .. }
            | Op::CheckCell { .. }
            | Op::EnterForeign { .. }
            | Op::CallFunction { .. }
            | Op::ReturnForeign { .. }
            | Op::ResumeForeign { .. }
            | Op::LeaveForeign {}
            | Op::BranchNilTests { .. }
            | Op::CallPrimitive { .. }
            | Op::CallBlock { .. }
            | Op::PerformSelector { .. }
            | Op::NewInstance { .. }
            | Op::NewSized { .. }
            | Op::Scrambled { .. }
            | Op::StringSize { .. }
            | Op::StringsEqual { .. }
            | Op::ByteString { .. }
            | Op::Push { .. }
            | Op::PushFrame { .. }
            | Op::PushLiteral { .. }
            | Op::PushKnown { .. }
            | Op::Pop { .. }
            | Op::Drop { .. }
            | Op::Known { .. }
            | Op::BranchKnown { .. }
            | Op::CheckInteger { .. }
            | Op::CheckIntegers { .. }
            | Op::AddTagged { .. }
            | Op::AddTaggedI { .. }
            | Op::SubtractTagged { .. }
            | Op::MultiplyTagged { .. }
            | Op::DivideTagged { .. }
            | Op::ModuloTagged { .. }
            | Op::Element { .. }
            | Op::StoreElement { .. }
            | Op::StoreSlot { .. }
            | Op::SquareRoot { .. }
    )
}

/// True for the operations of code that C calls.
pub fn is_of_callbacks(op: &Op) -> bool {
    matches!(
        op,
        Op::EnterCallback { .. }
            | Op::StoreArgument { .. }
            | Op::EvaluateBlock { .. }
            | Op::FailCallback { .. }
            | Op::ResumeCaller {}
            | Op::LoadX87 { .. }
            | Op::LeaveCallback { .. }
            | Op::EnterLeaf { .. }
            | Op::EvaluateLeaf {}
            | Op::LeaveLeaf {}
            | Op::AbandonLeaf {}
    )
}

/// True for the operations that belong to a method's activation, which a callback does not have.
fn is_of_methods(op: &Op) -> bool {
    matches!(
        op,
        Op::Argument { .. }
            | Op::Reserve { .. }
            | Op::Return { .. }
            | Op::Fail { .. }
            | Op::CallForeign {}
            | Op::CallRegister { .. }
    )
}

/// True where control does not go on behind the operation.
fn ends(op: &Op) -> bool {
    matches!(
        op,
        Op::Return { .. }
            | Op::Fail { .. }
            | Op::Jump { .. }
            | Op::LeaveCallback { .. }
            | Op::LeaveLeaf {}
            | Op::AbandonLeaf {}
    )
}

struct Checker<'a> {
    argument_count: usize,
    isa: &'a Isa,
    facts: Facts,
}

type Checked = Result<(), String>;

impl Checker<'_> {
    fn role(&self, name: &str) -> Option<Gpr> {
        self.isa.gpr(name)
    }

    /// Records what is true of the sequence as a whole: labels, for one, may be gone to from
    /// anywhere.
    fn note_place(&mut self, index: usize, op: &Op) -> Checked {
        if let Op::Label { label } = op {
            self.facts.mark(*label, index)?;
        }
        if let Op::Reserve { .. } = op
            && self.facts.reserve.replace(index).is_some()
        {
            return Err("a sequence reserves at most once".into());
        }
        if let Op::EnterCallback { .. } = op
            && self.facts.reserve.replace(index).is_some()
        {
            return Err("a callback is entered once".into());
        }
        self.facts.takes_addresses |= takes_address(op);
        Ok(())
    }

    fn check_label(&self, op: &Op) -> Checked {
        match op.label() {
            Some(label) if self.facts.place_if_marked(label).is_none() => {
                Err(format!("{label} is marked nowhere"))
            }
            _ => Ok(()),
        }
    }

    fn check_registers(&self, op: &Op) -> Checked {
        for (operand, register) in op.general_registers() {
            if self.isa.private.contains(&register) {
                return Err(private(operand, self.isa.gpr_name(register)));
            }
            if is_written(operand) {
                self.check_target(register)?;
            } else if self.role("cstack") == Some(register) && self.facts.reserve.is_none() {
                return Err(format!("{operand} is cstack, and nothing was reserved"));
            }
        }
        for (operand, register) in op.float_registers() {
            if self.isa.private_float.contains(&register) {
                return Err(private(operand, self.isa.fpr_name(register)));
            }
        }
        Ok(())
    }

    fn check_target(&self, register: Gpr) -> Checked {
        for role in ["context", "stack", "frame", "cstack"] {
            if self.role(role) == Some(register) {
                return Err(format!("{role} cannot be a target"));
            }
        }
        Ok(())
    }

    fn check_constants(&self, op: &Op) -> Checked {
        match *op {
            Op::Load { offset, .. }
            | Op::Store { offset, .. }
            | Op::StoreConstant { offset, .. }
            | Op::LoadF { offset, .. }
            | Op::StoreF { offset, .. }
            | Op::LoadX87 { offset, .. }
            | Op::StoreX87 { offset, .. } => {
                range("offset", offset, i32::MIN as i64, i32::MAX as i64)
            }
            Op::CopyBytes {
                offset,
                from,
                bytes,
                ..
            } => {
                range("bytes", bytes, 0, COPY_BYTES_MAX)?;
                let greatest = i32::MAX as i64 - bytes;
                range("offset", offset, i32::MIN as i64, greatest)?;
                range("from", from, i32::MIN as i64, greatest)
            }
            Op::ShiftLeftI { count, .. }
            | Op::ShiftRightI { count, .. }
            | Op::ShiftRightUnsignedI { count, .. } => range("count", count, 0, 63),
            Op::Argument { index, .. } => range("index", index, 0, self.argument_count as i64),
            Op::Slot { index, .. } | Op::StoreImmediate { index, .. } => {
                range("index", index, 0, SLOT_INDEX_MAX)
            }
            Op::Allocate {
                class,
                format,
                slots,
                ..
            } => {
                range("class", class, 1, i64::from(CLASS_INDEX_MASK))?;
                range("format", format, 0, i64::from(Format::FIXED.bits()))?;
                range("slots", slots, 0, ALLOCATE_SLOTS_MAX)
            }
            Op::CheckClass { class, .. } => range("class", class, 1, i64::from(CLASS_INDEX_MASK)),
            Op::AllocateStruct {
                class,
                slots,
                bytes,
                ..
            } => {
                range("class", class, 1, i64::from(CLASS_INDEX_MASK))?;
                range("slots", slots, alien::COUNT as i64, ALLOCATE_SLOTS_MAX)?;
                range("bytes", bytes, 0, ALLOCATE_BYTES_MAX)
            }
            Op::DescribeCall { .. } => Ok(()),
            Op::Reserve { bytes } => range("bytes", bytes, 0, RESERVE_BYTES_MAX),
            Op::BranchF { condition, .. } => check_float_condition(condition),
            Op::EnterCallback { convention, .. } => range("convention", convention, 0, 1),
            Op::EnterLeaf {
                integers,
                floats,
                words,
                ..
            } => {
                range("integers", integers, 0, INTEGER_REGISTERS as i64)?;
                range("floats", floats, 0, FLOAT_REGISTERS as i64)?;
                range("words", words, 0, LEAF_WORDS_MAX)
            }
            Op::LeaveCallback { convention } => range("convention", convention, 0, 1),
            Op::StoreArgument { index, .. } => range("index", index, 1, self.argument_count as i64),
            Op::Fail { argument, reason } | Op::FailCallback { argument, reason } => {
                range("argument", argument, 0, FAIL_ARGUMENT_MAX)?;
                if reason == 0 || Failure::from_code(reason as u64).is_some() {
                    Ok(())
                } else {
                    Err(format!("reason is {reason}, which is no code of a failure"))
                }
            }
            Op::Move { .. } | Op::MoveF { .. } | Op::Constant { .. } | Op::Literal { .. } => Ok(()),
            Op::BitsToFloat { .. } | Op::BitsFromFloat { .. } | Op::Extend { .. } => Ok(()),
            Op::Add { .. } | Op::Subtract { .. } | Op::Multiply { .. } | Op::And { .. } => Ok(()),
            Op::Or { .. } | Op::Xor { .. } | Op::AddI { .. } | Op::AndI { .. } => Ok(()),
            Op::AddF { .. } | Op::SubtractF { .. } | Op::MultiplyF { .. } => Ok(()),
            Op::DivideF { .. } | Op::IntegerToFloat { .. } | Op::FloatToInteger { .. } => Ok(()),
            Op::Widen { .. } | Op::Narrow { .. } | Op::Label { .. } | Op::Jump { .. } => Ok(()),
            Op::Branch { .. } | Op::BranchI { .. } | Op::UntagInteger { .. } => Ok(()),
            Op::TagInteger { .. } | Op::TagSmall { .. } | Op::UntagCharacter { .. } => Ok(()),
            Op::TagCharacter { .. } | Op::UnboxFloat { .. } | Op::BoxFloat { .. } => Ok(()),
            Op::AlienAddress { .. } | Op::AlienData { .. } => Ok(()),
            Op::ClassIndex { .. } | Op::CheckBytes { .. } | Op::CString { .. } => Ok(()),
            Op::BodyAddress { .. } | Op::CallForeign {} | Op::CallRegister { .. } => Ok(()),
            Op::Runtime { .. } | Op::RuntimeWith { .. } | Op::RuntimeToFloat { .. } => Ok(()),
            Op::Activate { .. }
            | Op::ClassCheck {}
            | Op::EnterFrame { .. }
            | Op::EnterBlock { .. }
            | Op::LeaveFrame { .. }
            | Op::Interpret { .. }
            | Op::BranchDue { .. }
            | Op::Send { .. }
            | Op::SendValue { .. }
            | Op::Getter { .. }
            | Op::Setter { .. }
            | Op::AnswerOfCell { .. }
            | Op::LoadCell { .. }
            | Op::StoreCell { .. }
            | Op::CheckCell { .. }
            | Op::EnterForeign { .. }
            | Op::CallFunction { .. }
            | Op::ReturnForeign { .. }
            | Op::ResumeForeign { .. }
            | Op::LeaveForeign {}
            | Op::BranchNilTests { .. }
            | Op::CallPrimitive { .. }
            | Op::CallBlock { .. }
            | Op::PerformSelector { .. }
            | Op::NewInstance { .. }
            | Op::NewSized { .. }
            | Op::Scrambled { .. }
            | Op::StringSize { .. }
            | Op::StringsEqual { .. }
            | Op::ByteString { .. }
            | Op::Push { .. }
            | Op::PushFrame { .. }
            | Op::PushLiteral { .. }
            | Op::PushKnown { .. }
            | Op::Pop { .. }
            | Op::Drop { .. }
            | Op::Known { .. }
            | Op::BranchKnown { .. }
            | Op::CheckInteger { .. }
            | Op::CheckIntegers { .. }
            | Op::AddTagged { .. }
            | Op::AddTaggedI { .. }
            | Op::SubtractTagged { .. }
            | Op::MultiplyTagged { .. }
            | Op::DivideTagged { .. }
            | Op::ModuloTagged { .. }
            | Op::Element { .. }
            | Op::StoreElement { .. }
            | Op::ArraySize { .. }
            | Op::StoreSlot { .. }
            | Op::SquareRoot { .. } => Ok(()),
            Op::EvaluateBlock { .. } | Op::ResumeCaller {} => Ok(()),
            Op::EvaluateLeaf {} | Op::LeaveLeaf {} | Op::AbandonLeaf {} => Ok(()),
            Op::RuntimeFromFloat { .. } | Op::Return { .. } | Op::Note { .. } => Ok(()),
        }
    }
}

fn check_float_condition(condition: Condition) -> Checked {
    if condition.is_unsigned() {
        return Err(format!("doubles have no condition {}", condition.name()));
    }
    Ok(())
}

fn private(operand: &str, name: &str) -> String {
    format!("{operand} is {name}, which belongs to the lowering")
}

fn range(operand: &str, value: i64, least: i64, greatest: i64) -> Checked {
    if (least..=greatest).contains(&value) {
        Ok(())
    } else {
        Err(format!(
            "{operand} is {value}, not from {least} to {greatest}"
        ))
    }
}

#[cfg(test)]
mod tests;
