//! The RTL of a Block that calls nothing, for a callback: see `crate::leaf`.
//!
//! Bytecodes are translated as everywhere else. What differs: places are those of the leaf's frame, every
//! way out leads to where the leaf is abandoned, and a message to a pointer is what it reads.

use super::Generator;
use super::stack::{Operand, Place, Value};
use crate::isa::host::registers::*;
use crate::leaf::{LeafFrame, LeafParameter, LeafRequest, MemoryRead, ReadKind};
use crate::rtl::Op;
use crate::rtl::operand::{Condition, Gpr, Label, Precision, Width};
use vm::bytecode::{Bytecode, instructions};
use vm::vm::Vm;

/// Registers for operands: those that C does not want back, and the two that a leaf saves.
pub(super) const POOL: [Gpr; 8] = [RCX, RDX, RSI, RDI, R8, R9, R14, R15];
/// Offsets that are read; beyond them a leaf is not worth it.
const OFFSET_MAX: i64 = 1 << 20;

/// What a leaf is besides a piece of bytecode.
pub(super) struct Leaf {
    frame: LeafFrame,
    parameters: Vec<LeafParameter>,
    /// Where it is abandoned.
    abandoned: Label,
    /// Where it goes on with its answer.
    answered: Label,
    /// Whether it reads the Block or its variables.
    uses_block: bool,
    /// Set by what a leaf cannot do.
    is_unfit: bool,
}

/// The operations of a leaf's Block.
pub(crate) struct Body {
    pub(crate) ops: Vec<Op>,
    pub(crate) uses_block: bool,
    /// How many of the temporaries are copied values.
    pub(crate) copied: usize,
}

/// Translates the Block; labels begin at `labels`.
pub(crate) fn generate(
    vm: &Vm,
    request: &LeafRequest<'_>,
    frame: LeafFrame,
    abandoned: Label,
    labels: u32,
) -> Option<Body> {
    let mut generator = Generator::new(vm, request.compiled)?;
    if !instructions(&generator.code).all(|(_, instruction)| is_harmless(instruction)) {
        return None;
    }
    generator.labels = labels;
    let answered = generator.label();
    generator.stack.use_pool(&POOL);
    generator.leaf = Some(Leaf {
        frame,
        parameters: request.parameters.to_vec(),
        abandoned,
        answered,
        uses_block: frame.temporaries > 0,
        is_unfit: false,
    });
    generator.remember_parameters(request.parameters);
    generator.find_targets();
    generator.instructions();
    // Most Blocks have one way to their end, which is right here.
    if matches!(generator.ops.last(), Some(Op::Jump { label }) if *label == answered) {
        generator.ops.pop();
    }
    generator.emit(Op::Label { label: answered });
    let leaf = generator.leaf.take()?;
    let fits = !leaf.is_unfit && generator.labels < crate::rtl::check::LABEL_MAX;
    fits.then(|| Body {
        uses_block: leaf.uses_block,
        copied: generator.copied_count(),
        ops: generator.ops,
    })
}

/// False for what others could see, and for what takes its time: C waits.
fn is_harmless(instruction: Bytecode) -> bool {
    match instruction {
        Bytecode::PushSelf {}
        | Bytecode::PushNil {}
        | Bytecode::PushTrue {}
        | Bytecode::PushFalse {}
        | Bytecode::PushInteger { .. }
        | Bytecode::PushLiteral { .. }
        | Bytecode::PushArgument { .. }
        | Bytecode::PushTemporary { .. }
        | Bytecode::PushField { .. }
        | Bytecode::PushGlobal { .. }
        | Bytecode::PushShared { .. }
        | Bytecode::StoreArgument { .. }
        | Bytecode::StoreTemporary { .. }
        | Bytecode::Pop {}
        | Bytecode::Duplicate {}
        | Bytecode::Send { .. }
        | Bytecode::SendSpecial { .. }
        | Bytecode::Jump { .. }
        | Bytecode::JumpTrue { .. }
        | Bytecode::JumpFalse { .. }
        | Bytecode::JumpNil { .. }
        | Bytecode::JumpNotNil { .. }
        | Bytecode::ReturnTop {} => true,
        Bytecode::StoreField { .. }
        | Bytecode::StoreGlobal { .. }
        | Bytecode::StoreShared { .. }
        | Bytecode::MakeVector { .. }
        | Bytecode::MakeArray { .. }
        | Bytecode::MakeBlock { .. }
        | Bytecode::SendSuper { .. }
        | Bytecode::JumpBack { .. }
        | Bytecode::ReturnSelf {}
        | Bytecode::ReturnHome {} => false,
    }
}

impl Generator<'_> {
    /// What registers hold as the Block begins.
    fn remember_parameters(&mut self, parameters: &[LeafParameter]) {
        for (index, parameter) in parameters.iter().enumerate() {
            let place = Place::Argument(index as u8);
            match *parameter {
                LeafParameter::Object => {}
                LeafParameter::Integer(register) => {
                    self.stack.remember(place, Value::Gpr(register), true);
                }
                LeafParameter::Double(register) => {
                    self.stack.remember(place, Value::Fpr(register), false);
                }
                LeafParameter::Pointer { register, .. } => {
                    self.stack.remember(place, Value::Gpr(register), false);
                }
            }
        }
    }

    /// Notes that this is no leaf: what is made of it will not be used.
    pub(super) fn unfit(&mut self) {
        self.leaf.as_mut().expect("a leaf").is_unfit = true;
    }

    /// Where a leaf is abandoned; `None` for other code.
    pub(super) fn abandoned(&self) -> Option<Label> {
        self.leaf.as_ref().map(|leaf| leaf.abandoned)
    }

    /// Offset of a place in the leaf's frame.
    pub(super) fn leaf_offset(&mut self, place: Place) -> Option<i64> {
        let leaf = self.leaf.as_mut()?;
        let frame = leaf.frame;
        Some(match place {
            Place::Argument(index) => match leaf.parameters[usize::from(index)] {
                LeafParameter::Pointer { register, .. } => register_copy(register),
                LeafParameter::Object | LeafParameter::Integer(_) | LeafParameter::Double(_) => {
                    frame.argument(usize::from(index))
                }
            },
            Place::Temporary(index) => frame.temporary(usize::from(index)),
            Place::Receiver => {
                leaf.uses_block = true;
                frame.receiver()
            }
            Place::Closure => {
                leaf.uses_block = true;
                frame.closure()
            }
        })
    }

    /// The operand that stands for an argument, where it is not simply in the frame.
    pub(super) fn leaf_argument(&self, index: u8) -> Option<Value> {
        let leaf = self.leaf.as_ref()?;
        match leaf.parameters[usize::from(index)] {
            LeafParameter::Pointer { .. } => Some(Value::Pointer(index)),
            LeafParameter::Double(_) => {
                let cached = self.stack.cached(Place::Argument(index), true)?;
                Some(cached.value)
            }
            LeafParameter::Object | LeafParameter::Integer(_) => None,
        }
    }

    /// A leaf's pointers stay where they are.
    pub(super) fn is_pointer_argument(&self, index: u8) -> bool {
        matches!(self.leaf_argument(index), Some(Value::Pointer(_)))
    }

    /// Ends the leaf with the operand on top.
    pub(super) fn leaf_return(&mut self) -> bool {
        let Some(leaf) = &self.leaf else {
            return false;
        };
        let label = leaf.answered;
        let operand = self.pop();
        self.load(RESULT, operand.value);
        self.release(operand);
        self.emit(Op::Jump { label });
        self.reachable = false;
        true
    }

    /// A send of a leaf: a read, or nothing that a leaf can do. False for other code.
    pub(super) fn leaf_send(&mut self, arguments: usize) -> bool {
        if self.leaf.is_none() {
            return false;
        }
        match self.memory_read(arguments) {
            Some((index, read, offset)) => self.read_memory(arguments, index, read, offset),
            None => {
                self.unfit();
                (0..=arguments).for_each(|_| self.drop_top());
                self.push_value(Value::Known(0));
            }
        }
        true
    }

    /// The read that the send at hand is: of which argument, and how many bytes from its address on.
    fn memory_read(&self, arguments: usize) -> Option<(u8, MemoryRead, i64)> {
        let (instruction, _) = Bytecode::decode(&self.code, self.pc)?;
        let Bytecode::Send { selector, .. } = instruction else {
            return None;
        };
        let selector = self.literal(selector);
        let operands = &self.stack.operands;
        let Value::Pointer(index) = operands[operands.len() - 1 - arguments].value else {
            return None;
        };
        let leaf = self.leaf.as_ref()?;
        let LeafParameter::Pointer { size, reads, .. } = &leaf.parameters[usize::from(index)]
        else {
            return None;
        };
        let wanted = |read: &&MemoryRead| read.selector == selector;
        let read = *reads.iter().find(wanted)?;
        let offset = match (read.takes_offset, operands.last()?.value) {
            (true, Value::Integer(first)) if arguments == 1 && first >= 1 => first - 1,
            (false, _) if arguments == 0 => 0,
            _ => return None,
        };
        let offset = read.offset + offset;
        let end = offset + read.bytes;
        let is_inside = size.is_none_or(|size| end <= size) && end <= OFFSET_MAX;
        is_inside.then_some((index, read, offset))
    }

    fn read_memory(&mut self, arguments: usize, index: u8, read: MemoryRead, offset: i64) {
        (0..=arguments).for_each(|_| self.drop_top());
        let place = Operand::new(Value::Place(Place::Argument(index)));
        let (base, operand) = self.in_gpr(place);
        let abandoned = self.abandoned().expect("a leaf");
        // NULL is nil, which understands other messages.
        self.emit(Op::BranchI {
            condition: Condition::Eq,
            left: base,
            value: 0,
            label: abandoned,
        });
        let result = match read.kind {
            ReadKind::Float(precision) => self.read_float(precision, base, offset),
            ReadKind::Small(width) => self.read_integer(width, base, offset),
            ReadKind::Signed | ReadKind::Unsigned => self.read_integer(Width::W64, base, offset),
        };
        self.release(operand);
        if let Value::Gpr(target) = result.value {
            self.tag(read.kind, target, abandoned);
        }
        self.push(result);
        self.release(result);
    }

    fn read_integer(&mut self, width: Width, base: Gpr, offset: i64) -> Operand {
        let target = self.gpr();
        self.emit(Op::Load {
            target,
            width,
            base,
            offset,
        });
        Operand {
            value: Value::Gpr(target),
            integer: true,
        }
    }

    fn read_float(&mut self, precision: Precision, base: Gpr, offset: i64) -> Operand {
        let target = self.fpr();
        self.emit(Op::LoadF {
            target,
            precision,
            base,
            offset,
        });
        if precision == Precision::F32 {
            self.emit(Op::Widen {
                target,
                source: target,
            });
        }
        Operand::new(Value::Fpr(target))
    }

    fn tag(&mut self, kind: ReadKind, target: Gpr, abandoned: Label) {
        let source = target;
        if let ReadKind::Small(_) = kind {
            return self.emit(Op::TagSmall { target, source });
        }
        if kind == ReadKind::Unsigned {
            self.emit(Op::BranchI {
                condition: Condition::Lt,
                left: target,
                value: 0,
                label: abandoned,
            });
        }
        self.emit(Op::TagInteger {
            target,
            source,
            overflow: abandoned,
        });
    }
}

/// Where the frame has the copy of an argument register.
fn register_copy(register: Gpr) -> i64 {
    let registers = crate::isa::host::callbacks::Convention::SystemV.integers();
    let place = registers.iter().position(|&each| each == register);
    LeafFrame::integer(place.expect("an argument register"))
}
