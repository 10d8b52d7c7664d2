//! Leaves: callbacks whose Block calls nothing.
//!
//! Such a Block (a comparison of two elements, say) needs no activation that anybody could see: it runs
//! on the C stack as a C function would, with pointers as the addresses they are. Its machine code is
//! made of two RTL sequences: the one that the image makes of the C signature, and the one of the Block's
//! bytecodes, which stands in the place of `evaluateLeaf`.
//!
//! A leaf changes nothing that anybody else sees. So wherever something is not as it was made for (a sum
//! that overflows, another thread), it is abandoned: the argument registers are what they were, and the
//! signature's own entry begins anew.
//!
//! ```text
//!  high     return address into C
//!  rbp ->   caller's rbp
//!           rbx, r14, r15               C's
//!           address of the CallbackSlot
//!           general argument registers  as they were; a pointer is read from here
//!           float argument registers
//!           the Block
//!           self
//!           arguments                   objects
//!           temporaries
//!  rsp ->   operands
//! ```

use crate::generate;
use crate::isa::host::registers::{FRAME, RESULT};
use crate::rtl::operand::{Gpr, Precision, Width};
use crate::rtl::{Fpr, Op};
use gc::oop::Oop;
use std::mem::offset_of;
use vm::callback::CallbackSlot;
use vm::known::block;
use vm::vm::Vm;

/// Where the words of a leaf's frame are, in bytes from rbp.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LeafFrame {
    /// General argument registers in use.
    pub integers: usize,
    /// Float argument registers in use.
    pub floats: usize,
    /// Arguments of the Block.
    pub arguments: usize,
    /// Temporaries of the Block, copied values included.
    pub temporaries: usize,
}

const fn word(number: usize) -> i64 {
    -8 * (number as i64 + 1)
}

impl LeafFrame {
    /// C's registers that are saved.
    const SAVED: usize = 3;
    /// The address of the callback's slot.
    pub const SLOT: i64 = word(LeafFrame::SAVED);

    /// One of C's registers.
    pub const fn saved(place: usize) -> i64 {
        word(place)
    }

    /// A general argument register.
    pub const fn integer(place: usize) -> i64 {
        word(LeafFrame::SAVED + 1 + place)
    }

    /// A float argument register; its lower half counts.
    pub const fn float(integers: usize, place: usize) -> i64 {
        word(LeafFrame::SAVED + 1 + integers + place)
    }

    const fn objects(self) -> usize {
        LeafFrame::SAVED + 1 + self.integers + self.floats
    }

    /// The Block.
    pub const fn closure(self) -> i64 {
        word(self.objects())
    }

    /// `self`.
    pub const fn receiver(self) -> i64 {
        word(self.objects() + 1)
    }

    /// An argument of the Block, from 0.
    pub const fn argument(self, index: usize) -> i64 {
        word(self.objects() + 2 + index)
    }

    /// A temporary of the Block, from 0.
    pub const fn temporary(self, index: usize) -> i64 {
        word(self.objects() + 2 + self.arguments + index)
    }

    /// Words of the whole frame below rbp, operands left out.
    pub const fn words(self) -> usize {
        self.objects() + 2 + self.arguments + self.temporaries
    }
}

/// What a message to a pointer reads.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum ReadKind {
    /// An integer that always fits a SmallInteger.
    Small(Width),
    /// 64 bits with a sign.
    Signed,
    /// 64 bits without one.
    Unsigned,
    /// A float.
    Float(Precision),
}

/// A message to a pointer that reads memory and does nothing else.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct MemoryRead {
    /// The message's selector, a Symbol.
    pub selector: Oop,
    /// Whether its argument is the offset of the first byte, from 1.
    pub takes_offset: bool,
    /// Bytes from the address on, that of the argument not counted.
    pub offset: i64,
    /// Bytes read.
    pub bytes: i64,
    /// What is read.
    pub kind: ReadKind,
}

/// What is known of a parameter besides that it is an object in memory.
#[derive(Clone, PartialEq, Debug)]
pub enum LeafParameter {
    /// Nothing.
    Object,
    /// A SmallInteger, which is left in the register that C has passed it in.
    Integer(Gpr),
    /// A double that is still in the register that C has passed it in.
    Double(Fpr),
    /// The address that C has passed in a register.
    Pointer {
        /// The register.
        register: Gpr,
        /// How many bytes are there, where that is known.
        size: Option<i64>,
        /// The messages that read from there.
        reads: Vec<MemoryRead>,
    },
}

/// What a leaf is made of.
pub struct LeafRequest<'a> {
    /// The image's sequence, checked.
    pub ops: &'a [Op],
    /// The CompiledBlock.
    pub compiled: Oop,
    /// One for each argument of the Block.
    pub parameters: &'a [LeafParameter],
}

/// The whole sequence; `None` where the Block is no leaf.
pub(crate) fn make(vm: &Vm, request: &LeafRequest<'_>) -> Option<Vec<Op>> {
    let frame = frame_of(vm, request)?;
    if frame.arguments != request.parameters.len() {
        return None;
    }
    let labels = request.ops.iter().filter_map(Op::label).max();
    let abandoned = request.ops.iter().find_map(|op| match op {
        Op::EnterLeaf { other, .. } => Some(*other),
        _ => None,
    })?;
    let body = generate::leaf::generate(
        vm,
        request,
        frame,
        abandoned,
        labels.map_or(0, |label| label.0 + 1),
    )?;
    let epoch = i64::from(vm.context.epoch);
    let mut ops = Vec::with_capacity(request.ops.len() + body.ops.len() + 16);
    for op in request.ops {
        match op {
            Op::EnterLeaf {
                integers,
                floats,
                other,
                ..
            } => ops.push(Op::EnterLeaf {
                integers: *integers,
                floats: *floats,
                words: (frame.words() + frame.words() % 2) as i64,
                epoch,
                other: *other,
            }),
            Op::StoreArgument { index, source } => {
                keep_argument(&mut ops, request, frame, *index as usize - 1, *source);
            }
            Op::EvaluateLeaf {} => {
                if body.uses_block {
                    load_block(&mut ops, frame, body.copied);
                }
                ops.extend_from_slice(&body.ops);
            }
            other => ops.push(other.clone()),
        }
    }
    Some(ops)
}

fn frame_of(vm: &Vm, request: &LeafRequest<'_>) -> Option<LeafFrame> {
    let header = vm::lookup::header_of(vm.heap(), request.compiled);
    let registers = request.ops.iter().find_map(|op| match op {
        Op::EnterLeaf {
            integers, floats, ..
        } => Some((*integers as usize, *floats as usize)),
        _ => None,
    })?;
    Some(LeafFrame {
        integers: registers.0,
        floats: registers.1,
        arguments: header.arguments(),
        temporaries: header.temporaries(),
    })
}

/// An argument goes to its place, and where it is to be left in a register, there too.
fn keep_argument(
    ops: &mut Vec<Op>,
    request: &LeafRequest<'_>,
    frame: LeafFrame,
    index: usize,
    source: Gpr,
) {
    match request.parameters[index] {
        // The copy of the register is the place.
        LeafParameter::Pointer { .. } => return,
        LeafParameter::Integer(target) => ops.push(Op::Move { target, source }),
        LeafParameter::Object | LeafParameter::Double(_) => {}
    }
    ops.push(store(frame.argument(index), source));
}

fn store(offset: i64, source: Gpr) -> Op {
    Op::Store {
        width: Width::W64,
        base: FRAME,
        offset,
        source,
    }
}

/// The Block, what `self` is in it, and its temporaries.
fn load_block(ops: &mut Vec<Op>, frame: LeafFrame, copied: usize) {
    let load = |base, offset| Op::Load {
        target: RESULT,
        width: Width::W64,
        base,
        offset,
    };
    let slot = |index: usize| Op::Slot {
        target: RESULT,
        source: RESULT,
        index: index as i64,
    };
    let cell = offset_of!(CallbackSlot, cell) as i64;
    ops.extend([
        load(FRAME, LeafFrame::SLOT),
        load(RESULT, cell),
        slot(0),
        store(frame.closure(), RESULT),
        slot(block::RECEIVER),
        store(frame.receiver(), RESULT),
    ]);
    for index in 0..copied {
        ops.extend([
            load(FRAME, frame.closure()),
            slot(block::COUNT + index),
            store(frame.temporary(index), RESULT),
        ]);
    }
    if copied < frame.temporaries {
        ops.push(Op::Known {
            target: RESULT,
            which: 0,
        });
    }
    for index in copied..frame.temporaries {
        ops.push(store(frame.temporary(index), RESULT));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_frame_are_all_different() {
        let frame = LeafFrame {
            integers: 2,
            floats: 3,
            arguments: 4,
            temporaries: 2,
        };
        let mut words: Vec<i64> = (0..LeafFrame::SAVED).map(LeafFrame::saved).collect();
        words.push(LeafFrame::SLOT);
        words.extend((0..2).map(LeafFrame::integer));
        words.extend((0..3).map(|place| LeafFrame::float(2, place)));
        words.extend([frame.closure(), frame.receiver()]);
        words.extend((0..4).map(|index| frame.argument(index)));
        words.extend((0..2).map(|index| frame.temporary(index)));
        let expected: Vec<i64> = (1..=frame.words() as i64).map(|word| -8 * word).collect();
        assert_eq!(words, expected);
    }
}
