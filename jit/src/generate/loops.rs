//! Loops: what stays in registers from round to round, and the ways in.
//!
//! At the head of a loop registers hold what they held when it was first reached: numbers, if the
//! loop stores nothing else there. The end of the body and the entry for interpreted frames bring
//! about the same. Frame and operand stack are up to date throughout.

use super::stack::{Cached, Place, Value};
use super::{Generator, LoopHead};
use crate::isa::host::registers::RESULT;
use crate::rtl::Op;
use crate::rtl::operand::Label;
use vm::bytecode::{Bytecode, SEEN_FLOATS, SEEN_OTHERS, SpecialSend, instructions};
use vm::entry::Entry;

/// What a loop stores into a place.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stores {
    only_integers: bool,
    only_floats: bool,
}

impl Generator<'_> {
    /// Where a jump to `at` ends up: behind `and:` and `or:` a constant is pushed there, and the
    /// next instruction jumps on it.
    pub(super) fn through(&mut self, at: usize) -> usize {
        let Some((first, next)) = Bytecode::decode(&self.code, at) else {
            return at;
        };
        let constant = match first {
            Bytecode::PushTrue {} => true,
            Bytecode::PushFalse {} => false,
            _ => return at,
        };
        let Some((second, end)) = Bytecode::decode(&self.code, next) else {
            return at;
        };
        let jumps = match second {
            Bytecode::JumpTrue { .. } => constant,
            Bytecode::JumpFalse { .. } => !constant,
            _ => return at,
        };
        let to = if jumps {
            end.wrapping_add_signed(second.distance() as isize)
        } else {
            end
        };
        if to <= self.next {
            return at;
        }
        self.add_target(to);
        to
    }

    pub(super) fn add_target(&mut self, at: usize) {
        let label = self.label();
        self.targets.entry(at).or_insert(super::JumpTarget {
            label,
            depth: None,
            is_loop: false,
            cache: None,
        });
    }

    /// Marks the head of a loop at the current instruction.
    pub(super) fn begin_loop(&mut self, label: Label) {
        let mut cache: Vec<Cached> = Vec::new();
        for cached in self.stack.snapshot().cache {
            // Two places in one register may not stay alike.
            if cache.iter().any(|each| each.value == cached.value) {
                continue;
            }
            let stores = self.stores_in_loop(cached.place);
            match cached.value {
                Value::Fpr(_) if !stores.only_floats => {}
                _ => cache.push(Cached {
                    integer: cached.integer && stores.only_integers,
                    ..cached
                }),
            }
        }
        self.stack.set_cache(cache.clone());
        self.emit(Op::Label { label });
        self.heads.push(LoopHead {
            pc: self.pc,
            label,
            cache,
        });
    }

    /// What the loop that begins at the current instruction stores into a place.
    fn stores_in_loop(&self, place: Place) -> Stores {
        let mut stores = Stores {
            only_integers: true,
            only_floats: true,
        };
        let mut end = self.pc;
        for (pc, instruction) in instructions(&self.code) {
            let after = pc + instruction.opcode().width();
            if let Bytecode::JumpBack { distance } = instruction
                && after.wrapping_add_signed(distance as isize) == self.pc
            {
                end = after;
            }
        }
        let mut before = None;
        for (pc, instruction) in instructions(&self.code) {
            let stored = match instruction {
                Bytecode::StoreTemporary { index } => Some(Place::Temporary(index)),
                Bytecode::MakeVector { index, .. } => Some(Place::Temporary(index)),
                Bytecode::StoreArgument { index } => Some(Place::Argument(index)),
                _ => None,
            };
            if pc >= self.pc && pc < end && stored == Some(place) {
                let (integer, float) = self.makes_number(before);
                stores.only_integers &= integer;
                stores.only_floats &= float;
            }
            before = Some(instruction);
        }
        stores
    }

    /// Whether an instruction leaves a SmallInteger, or a float, for all that was seen.
    fn makes_number(&self, instruction: Option<Bytecode>) -> (bool, bool) {
        match instruction {
            Some(Bytecode::PushInteger { .. }) => (true, false),
            Some(Bytecode::PushLiteral { literal }) => {
                let object = self.literal(literal);
                (object.is_small_integer(), object.as_f64().is_some())
            }
            Some(Bytecode::SendSpecial { selector }) => {
                let arithmetic = matches!(
                    SpecialSend::from_number(selector),
                    Some(SpecialSend::Add | SpecialSend::Subtract | SpecialSend::Multiply)
                );
                let integer = matches!(
                    SpecialSend::from_number(selector),
                    Some(SpecialSend::Modulo | SpecialSend::BitAnd | SpecialSend::Divide)
                );
                let seen = selector & (SEEN_FLOATS | SEEN_OTHERS);
                let divides = SpecialSend::from_number(selector) == Some(SpecialSend::Divide);
                (
                    seen == 0 && (arithmetic || integer),
                    seen == SEEN_FLOATS && (arithmetic || divides),
                )
            }
            _ => (false, false),
        }
    }

    /// The end of a loop's body: registers get what they are to hold at its head.
    pub(super) fn close_loop(&mut self, distance: i32) {
        let at = self.next.wrapping_add_signed(distance as isize);
        let head = self.heads.iter().position(|head| head.pc == at);
        let Some(head) = head else {
            // A loop whose head was not reached when it was translated.
            self.emit(Op::Interpret {
                pc: self.pc as i64,
                speculation: 0,
            });
            return;
        };
        let (label, wanted) = (self.heads[head].label, self.heads[head].cache.clone());
        let here = self.stack.snapshot().cache;
        let failed = self.exit(&[], false);
        self.move_into_place(&wanted, &here, failed);
        for cached in &wanted {
            let known = |each: &Cached| {
                each.place == cached.place && each.integer && matches!(each.value, Value::Gpr(_))
            };
            if let (Value::Gpr(source), true) = (cached.value, cached.integer)
                && !here.iter().any(known)
            {
                self.emit(Op::CheckInteger {
                    source,
                    other: failed,
                });
            }
        }
        self.emit(Op::Jump { label });
    }

    /// Moves values to where the loop's head wants them; what is nowhere is read again.
    fn move_into_place(&mut self, wanted: &[Cached], here: &[Cached], failed: Label) {
        let is_float = |value| matches!(value, Value::Fpr(_));
        let mut moves: Vec<(Value, Option<Value>, Place)> = Vec::new();
        for cached in wanted {
            let same = |each: &&Cached| {
                each.place == cached.place && is_float(each.value) == is_float(cached.value)
            };
            let source = here.iter().find(same).map(|each| each.value);
            if source != Some(cached.value) {
                moves.push((cached.value, source, cached.place));
            }
        }
        while !moves.is_empty() {
            let free = |&(target, _, _): &(Value, Option<Value>, Place)| {
                !moves.iter().any(|each| each.1 == Some(target))
            };
            // Where each waits for another, one is read again.
            let Some(index) = moves.iter().position(free) else {
                moves[0].1 = None;
                continue;
            };
            let (target, source, place) = moves.remove(index);
            match (target, source) {
                (Value::Fpr(target), Some(Value::Fpr(source))) => {
                    self.emit(Op::MoveF { target, source });
                }
                (Value::Fpr(target), _) => {
                    self.load_place(RESULT, place);
                    self.unbox_float(target, RESULT, Entry::DoubleToF64, failed);
                }
                (Value::Gpr(target), Some(Value::Gpr(source))) => {
                    self.emit(Op::Move { target, source });
                }
                (Value::Gpr(target), _) => self.load_place(target, place),
                _ => unreachable!("places are held in registers"),
            }
        }
    }

    /// The entries for frames that come from the interpreter.
    pub(super) fn emit_loop_entries(&mut self) {
        for LoopHead { pc, label, cache } in std::mem::take(&mut self.heads) {
            let failed = self.label();
            self.loops.push((pc, self.ops.len()));
            for cached in &cache {
                match cached.value {
                    Value::Fpr(target) => {
                        self.load_place(RESULT, cached.place);
                        self.unbox_float(target, RESULT, Entry::DoubleToF64, failed);
                    }
                    Value::Gpr(target) => {
                        self.load_place(target, cached.place);
                        if cached.integer {
                            self.emit(Op::CheckInteger {
                                source: target,
                                other: failed,
                            });
                        }
                    }
                    _ => unreachable!("places are held in registers"),
                }
            }
            self.emit(Op::Jump { label });
            self.emit(Op::Label { label: failed });
            self.emit(Op::Interpret {
                pc: pc as i64,
                speculation: 0,
            });
        }
    }
}
