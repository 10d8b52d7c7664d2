//! Emission of the instructions of one method or block.

use super::draft::LiteralDraft;
use crate::bytecode::{Bytecode, Flow};
use hashbrown::HashMap;
use num_bigint::BigInt;

/// A jump target within an [`Emitter`].
#[derive(Clone, Copy)]
pub(super) struct Label(usize);

struct LabelState {
    pc: Option<usize>,
    /// The operand stack's depth at the target, once something jumps there.
    depth: Option<usize>,
    /// The jumps whose distances are open.
    open: Vec<usize>,
}

/// Literals that are kept once.
#[derive(PartialEq, Eq, Hash)]
enum LiteralKey<'a> {
    Symbol(&'a str),
    Global(&'a str),
    Integer(i64),
    Double(u64),
    Character(char),
}

/// The most literals that instructions can number.
pub(super) const LITERAL_LIMIT: usize = u16::MAX as usize;

/// Collects instructions, literals and lines, and follows the operand stack's depth.
///
/// Behind a jump or return, where no label is bound, nothing can be reached: what is emitted there
/// is dropped.
#[derive(Default)]
pub(super) struct Emitter<'a> {
    pub(super) bytecodes: Vec<u8>,
    pub(super) literals: Vec<LiteralDraft>,
    pub(super) lines: Vec<(u32, u32)>,
    pub(super) max_stack: usize,
    known: HashMap<LiteralKey<'a>, u16>,
    labels: Vec<LabelState>,
    depth: usize,
    is_unreachable: bool,
    line: u32,
}

impl<'a> Emitter<'a> {
    /// The line of what is emitted next.
    pub(super) fn set_line(&mut self, line: u32) {
        self.line = line;
    }

    /// Appends an instruction.
    pub(super) fn emit(&mut self, instruction: Bytecode) {
        if self.is_unreachable {
            return;
        }
        if self.lines.last().is_none_or(|&(_, line)| line != self.line) {
            self.lines.push((self.bytecodes.len() as u32, self.line));
        }
        instruction.encode(&mut self.bytecodes);
        debug_assert!(
            self.depth >= instruction.pops(),
            "{instruction:?} finds too little"
        );
        self.depth = self.depth - instruction.pops() + instruction.pushes();
        self.max_stack = self.max_stack.max(self.depth);
        self.is_unreachable = matches!(instruction.flow(), Flow::Goto(_) | Flow::Leave);
    }

    // --- labels --------------------------------------------------------------------------------

    /// A label to be bound later.
    pub(super) fn label(&mut self) -> Label {
        self.labels.push(LabelState {
            pc: None,
            depth: None,
            open: Vec::new(),
        });
        Label(self.labels.len() - 1)
    }

    /// A label here, for jumps back.
    pub(super) fn label_here(&mut self) -> Label {
        let label = self.label();
        self.bind(label);
        label
    }

    /// Binds the label to the next instruction.
    pub(super) fn bind(&mut self, label: Label) {
        let here = self.bytecodes.len();
        let state = &mut self.labels[label.0];
        state.pc = Some(here);
        for pc in state.open.drain(..) {
            Bytecode::set_jump_target(&mut self.bytecodes, pc, here);
        }
        if let Some(depth) = state.depth {
            debug_assert!(
                self.is_unreachable || self.depth == depth,
                "depths differ at a label"
            );
            self.depth = depth;
            self.is_unreachable = false;
        }
    }

    /// Emits a jump to the label. `make` makes it of its distance.
    pub(super) fn jump(&mut self, label: Label, make: impl Fn(i32) -> Bytecode) {
        if self.is_unreachable {
            return;
        }
        let start = self.bytecodes.len();
        self.emit(make(0));
        match self.labels[label.0].pc {
            Some(target) => Bytecode::set_jump_target(&mut self.bytecodes, start, target),
            None => {
                let state = &mut self.labels[label.0];
                state.open.push(start);
                debug_assert!(state.depth.is_none_or(|depth| depth == self.depth));
                state.depth = Some(self.depth);
            }
        }
    }

    // --- literals ------------------------------------------------------------------------------

    /// The number of a literal. Beyond the limit numbers repeat; who finishes the code checks.
    pub(super) fn literal(&mut self, literal: LiteralDraft) -> u16 {
        self.literals.push(literal);
        (self.literals.len() - 1) as u16
    }

    fn known(&mut self, key: LiteralKey<'a>, draft: impl FnOnce() -> LiteralDraft) -> u16 {
        let next = self.literals.len() as u16;
        let literals = &mut self.literals;
        *self.known.entry(key).or_insert_with(|| {
            literals.push(draft());
            next
        })
    }

    pub(super) fn symbol(&mut self, text: &'a str) -> u16 {
        self.known(LiteralKey::Symbol(text), || {
            LiteralDraft::Symbol(text.to_owned())
        })
    }

    pub(super) fn global(&mut self, name: &'a str) -> u16 {
        self.known(LiteralKey::Global(name), || {
            LiteralDraft::Global(name.to_owned())
        })
    }

    pub(super) fn integer(&mut self, value: i64) -> u16 {
        self.known(LiteralKey::Integer(value), || {
            LiteralDraft::Integer(BigInt::from(value))
        })
    }

    pub(super) fn double(&mut self, value: f64) -> u16 {
        self.known(LiteralKey::Double(value.to_bits()), || {
            LiteralDraft::Double(value)
        })
    }

    pub(super) fn character(&mut self, value: char) -> u16 {
        self.known(LiteralKey::Character(value), || {
            LiteralDraft::Character(value.into())
        })
    }
}
