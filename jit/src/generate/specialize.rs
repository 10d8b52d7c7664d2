//! A marshalling sequence for arguments of which something is known.
//!
//! What the sequence would find out is decided here: tags of constants and of SmallIntegers, ranges of constants; branches
//! that are never taken go, and with them the slow paths that nobody reaches any more. Where nobody wants the result,
//! it is not made.

use crate::isa::host::registers::{SCRATCH, SCRATCH2};
use crate::rtl::Op;
use crate::rtl::op::is_written;
use crate::rtl::operand::{Fpr, Gpr, Label};
use gc::oop::{Oop, TAG_BITS};
use std::collections::HashMap;

/// What is known of an argument, or of a register.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Known {
    /// The immediate object.
    Object(Oop),
    /// The word, which is no object.
    Word(i64),
    /// A SmallInteger.
    Integer,
}

/// Makes a cell with these bits; answers its number.
pub(super) type NewCell<'a> = dyn FnMut(u64) -> i64 + 'a;

/// More rounds than any sequence has taken.
const ROUNDS_MAX: usize = 8;

/// `ops` for registers of which `known` says something at the operation of the same index, which loads an argument.
pub(super) fn specialize(
    mut ops: Vec<Op>,
    mut known: HashMap<usize, Known>,
    is_used: bool,
    cells: &mut NewCell<'_>,
) -> Vec<Op> {
    if !is_used {
        drop_result(&mut ops, &mut known);
    }
    for _ in 0..ROUNDS_MAX {
        let before = ops.len();
        let folded = fold(&ops, &known, cells);
        // What is known of arguments is in the operations now.
        known = folded.known;
        ops = folded.ops;
        prune(&mut ops, &mut known);
        drop_unused(&mut ops, &mut known);
        if ops.len() == before {
            break;
        }
    }
    ops
}

struct Folded {
    ops: Vec<Op>,
    known: HashMap<usize, Known>,
}

/// Decides what can be decided from above to below.
fn fold(ops: &[Op], known: &HashMap<usize, Known>, cells: &mut NewCell<'_>) -> Folded {
    let mut registers: HashMap<Gpr, Known> = HashMap::new();
    let mut folded = Folded {
        ops: Vec::with_capacity(ops.len()),
        known: HashMap::new(),
    };
    for (index, op) in ops.iter().enumerate() {
        if matches!(op, Op::Label { .. }) {
            registers.clear();
        }
        let replaced = replacement(op, &registers, cells);
        for op in replaced.as_deref().unwrap_or(std::slice::from_ref(op)) {
            note(op, &mut registers);
            folded.ops.push(op.clone());
        }
        if let (Some(&fact), Some(target)) = (known.get(&index), target(op)) {
            registers.insert(target, fact);
            folded.known.insert(folded.ops.len() - 1, fact);
        }
    }
    folded
}

/// What stands for an operation whose operands are known; nothing where it stays as it is.
fn replacement(
    op: &Op,
    registers: &HashMap<Gpr, Known>,
    cells: &mut NewCell<'_>,
) -> Option<Vec<Op>> {
    let known = |register: &Gpr| registers.get(register).copied();
    let word = |register: &Gpr| match known(register)? {
        Known::Word(word) => Some(word),
        Known::Object(_) | Known::Integer => None,
    };
    let object = |register: &Gpr| match known(register)? {
        Known::Object(object) => Some(object),
        Known::Word(_) | Known::Integer => None,
    };
    match op {
        Op::UntagInteger { target, source, .. } if known(source) == Some(Known::Integer) => {
            Some(vec![Op::ShiftRightI {
                target: *target,
                left: *source,
                count: i64::from(TAG_BITS),
            }])
        }
        Op::UntagInteger {
            target,
            source,
            other,
        } => match object(source)?.as_i64() {
            Some(value) => Some(constant(*target, value)),
            None => Some(branch(true, *other)),
        },
        Op::UnboxFloat {
            target,
            source,
            other,
        } => match object(source)?.as_f64() {
            Some(value) => Some(vec![load_double(*target, value, cells)]),
            None => Some(branch(true, *other)),
        },
        Op::Store {
            width,
            base,
            offset,
            source,
        } => Some(vec![Op::StoreConstant {
            width: *width,
            base: *base,
            offset: *offset,
            value: word(source)?,
        }]),
        Op::IntegerToFloat { target, source } => {
            Some(vec![load_double(*target, word(source)? as f64, cells)])
        }
        Op::Extend {
            target,
            width,
            source,
        } => Some(constant(*target, width.extend(word(source)? as u64) as i64)),
        Op::Move { target, source } => Some(constant(*target, word(source)?)),
        Op::Branch {
            condition,
            left,
            right,
            label,
        } => {
            let holds = condition.holds(word(left)? as u64, word(right)? as u64);
            Some(branch(holds, *label))
        }
        Op::BranchI {
            condition,
            left,
            value,
            label,
        } => {
            let holds = condition.holds(word(left)? as u64, *value as u64);
            Some(branch(holds, *label))
        }
        _ => None,
    }
}

fn constant(target: Gpr, value: i64) -> Vec<Op> {
    vec![Op::Constant { target, value }]
}

fn load_double(target: Fpr, value: f64, cells: &mut NewCell<'_>) -> Op {
    let cell = cells(value.to_bits());
    Op::LoadCell { target, cell }
}

fn branch(holds: bool, label: Label) -> Vec<Op> {
    if holds {
        vec![Op::Jump { label }]
    } else {
        Vec::new()
    }
}

/// What is known of registers behind an operation.
fn note(op: &Op, registers: &mut HashMap<Gpr, Known>) {
    if matches!(op, Op::CallFunction { .. } | Op::CallRegister { .. }) {
        return registers.clear();
    }
    for (operand, register) in op.general_registers() {
        if is_written(operand) {
            registers.remove(&register);
        }
    }
    match op {
        Op::Constant { target, value } => {
            registers.insert(*target, Known::Word(*value));
        }
        Op::Literal { target, object } if !object.is_pointer() => {
            registers.insert(*target, Known::Object(*object));
        }
        _ => {}
    }
}

fn target(op: &Op) -> Option<Gpr> {
    let mut registers = op.general_registers();
    registers
        .find(|(name, _)| *name == "target")
        .map(|pair| pair.1)
}

/// True where control does not go on behind the operation.
fn ends(op: &Op) -> bool {
    matches!(
        op,
        Op::ReturnForeign { .. } | Op::Fail { .. } | Op::Jump { .. }
    )
}

/// Takes out what is never reached, and labels that nothing goes to.
fn prune(ops: &mut Vec<Op>, known: &mut HashMap<usize, Known>) {
    let mut places = HashMap::new();
    for (index, op) in ops.iter().enumerate() {
        if let Op::Label { label } = op {
            places.insert(*label, index);
        }
    }
    let mut is_reached = vec![false; ops.len()];
    let mut goes_to = vec![false; ops.len()];
    let mut open = vec![0];
    while let Some(index) = open.pop() {
        if index >= ops.len() || std::mem::replace(&mut is_reached[index], true) {
            continue;
        }
        let op = &ops[index];
        if !ends(op) {
            open.push(index + 1);
        }
        if !matches!(op, Op::Label { .. })
            && let Some(&place) = op.label().as_ref().and_then(|label| places.get(label))
        {
            goes_to[place] = true;
            open.push(place);
        }
    }
    let stays = |index: usize, op: &Op| {
        is_reached[index] && (goes_to[index] || !matches!(op, Op::Label { .. }))
    };
    retain(ops, known, stays);
}

/// Keeps some of the operations, and what is known at them.
fn retain(
    ops: &mut Vec<Op>,
    known: &mut HashMap<usize, Known>,
    stays: impl Fn(usize, &Op) -> bool,
) {
    let mut kept = Vec::with_capacity(ops.len());
    let mut facts = HashMap::new();
    for (index, op) in ops.drain(..).enumerate() {
        if stays(index, &op) {
            if let Some(&fact) = known.get(&index) {
                facts.insert(kept.len(), fact);
            }
            kept.push(op);
        }
    }
    *ops = kept;
    *known = facts;
}

/// Takes out what does nothing but make the result, in front of each return.
fn drop_result(ops: &mut Vec<Op>, known: &mut HashMap<usize, Known>) {
    let mut is_useless = vec![false; ops.len()];
    for index in 0..ops.len() {
        if matches!(ops[index], Op::ReturnForeign { .. }) {
            let before = ops[..index].iter().rposition(|op| !only_makes_a_result(op));
            is_useless[before.map_or(0, |before| before + 1)..index].fill(true);
        }
    }
    retain(ops, known, |index, _| !is_useless[index]);
}

/// Takes out constants in registers that are written to before they are read.
fn drop_unused(ops: &mut Vec<Op>, known: &mut HashMap<usize, Known>) {
    let is_unused = |index: usize, op: &Op| {
        let only_loads = matches!(op, Op::Constant { .. } | Op::Literal { .. });
        only_loads && target(op).is_some_and(|register| is_overwritten(&ops[index + 1..], register))
    };
    let unused: Vec<bool> = ops
        .iter()
        .enumerate()
        .map(|(index, op)| is_unused(index, op))
        .collect();
    retain(ops, known, |index, _| !unused[index]);
}

/// Whether a register is written to, or the code ends, before anybody reads it; a branch may lead to a reader.
fn is_overwritten(ops: &[Op], register: Gpr) -> bool {
    for op in ops {
        let reads = |(name, each): (&str, Gpr)| !is_written(name) && each == register;
        if op.general_registers().any(reads) {
            return false;
        }
        if target(op) == Some(register) {
            return true;
        }
        // A function reads its arguments.
        let is_scratch = [SCRATCH, SCRATCH2].contains(&register);
        if matches!(op, Op::CallFunction { .. } | Op::CallRegister { .. }) && !is_scratch {
            return false;
        }
        if ends(op) {
            return matches!(op, Op::ReturnForeign { .. });
        }
        if op.label().is_some() {
            return false;
        }
    }
    true
}

fn only_makes_a_result(op: &Op) -> bool {
    matches!(
        op,
        Op::Extend { .. }
            | Op::TagSmall { .. }
            | Op::TagInteger { .. }
            | Op::TagCharacter { .. }
            | Op::BoxFloat { .. }
            | Op::Widen { .. }
            | Op::Move { .. }
    )
}

#[cfg(test)]
mod tests;
