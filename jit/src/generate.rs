//! Bytecodes to RTL, with a simulated operand stack.
//!
//! | file | owns |
//! | --- | --- |
//! | here | the pass over a method: jump targets, entries, loop heads |
//! | `stack` | where operands are, and which registers are free |
//! | `operands` | operands in and out of registers and memory |
//! | `visitor` | every bytecode but the special sends |
//! | `special` | special sends: fast paths for integers, Arrays, Booleans |
//! | `comparisons` | comparisons and the jumps behind them |
//! | `floats` | unboxed arithmetic |
//! | `loops` | what stays in registers around a loop |
//! | `slow` | what rarely happens, behind the body |
//! | `leaf` | the Block of a callback that calls nothing |
//!
//! At every send and wherever ways meet, frame and operand stack are what the interpreter would
//! have made of them: the frame can change hands there.

#[expect(clippy::wildcard_enum_match_arm, reason = "looks for a few of many")]
mod comparisons;
#[expect(clippy::wildcard_enum_match_arm, reason = "looks for a few of many")]
mod external;
#[expect(clippy::wildcard_enum_match_arm, reason = "looks for a few of many")]
mod floats;
mod frameless;
mod known;
pub(crate) mod leaf;
#[expect(clippy::wildcard_enum_match_arm, reason = "looks for a few of many")]
mod loops;
#[expect(clippy::wildcard_enum_match_arm, reason = "looks for a few of many")]
mod operands;
mod pairs;
#[expect(clippy::wildcard_enum_match_arm, reason = "looks for a few of many")]
mod slow;
#[expect(clippy::wildcard_enum_match_arm, reason = "looks for a few of many")]
mod special;
#[expect(clippy::wildcard_enum_match_arm, reason = "looks for a few of many")]
mod specialize;
mod stack;
#[expect(clippy::wildcard_enum_match_arm, reason = "looks for a few of many")]
mod visitor;

use crate::compiler::Compiler;
use crate::rtl::operand::Label;
use crate::rtl::{Gpr, Op};
use gc::layout::{ClassIndex, HEADER_BYTES, WORD_BYTES};
use gc::oop::Oop;
use slow::Slow;
use stack::{Cached, Stack};
use std::collections::HashMap;
use vm::bytecode::{Bytecode, Flow, SEEN_OTHERS, SpecialSend, instructions};
use vm::frame;
use vm::header::{self, MethodHeader};
use vm::known::{index, method};
use vm::vm::Vm;

/// What a cell is for, and the pc of the send that it belongs to.
#[derive(Clone, Copy)]
pub(crate) struct Cache {
    pub(crate) pc: usize,
    pub(crate) kind: CacheKind,
}

/// What stands in front of a send, for methods that do nothing but that.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Front {
    /// Answer a slot of the receiver.
    Getter,
    /// Store the argument into a slot of the receiver.
    Setter,
    /// Answer the receiver's class.
    Class,
}

/// A method that does nothing but one thing.
#[derive(Clone, Copy)]
pub(crate) enum Trivial {
    /// Answers the slot of this index.
    Getter(usize),
    /// Stores its argument into the slot of this index.
    Setter(usize),
    /// Answers its receiver's class.
    Class,
}

impl Trivial {
    /// What the cell in front of a send holds beside the receiver's class, whose object is `class_object`; `None`
    /// where the code there expects another kind of method.
    pub(crate) fn beside_class(self, expected: Front, class_object: Oop) -> Option<u64> {
        let (is_expected, beside) = match self {
            Trivial::Getter(slot) => (expected == Front::Getter, offset_of_slot(slot)),
            Trivial::Setter(slot) => (expected == Front::Setter, offset_of_slot(slot)),
            Trivial::Class => (expected == Front::Class, class_object.bits()),
        };
        is_expected.then_some(beside)
    }
}

/// From an object to its slot, in bytes.
const fn offset_of_slot(slot: usize) -> u64 {
    (HEADER_BYTES + slot * WORD_BYTES) as u64
}

/// Who reads a cell.
#[derive(Clone, Copy)]
pub(crate) enum CacheKind {
    /// The send that is the operation of this index.
    Send(usize),
    /// What stands in front of the send of the same pc.
    Front(Front),
    /// What stands in the place of the send, as long as the method is what it is.
    Guard {
        /// The selector, a Symbol.
        selector: Oop,
        /// Of the receivers.
        class: ClassIndex,
        /// The method that they have to have; `None` where no class's may change.
        method: Option<Oop>,
    },
    /// Two words, or one and none.
    Constant([u64; 2]),
}

/// RTL of a method.
pub(crate) struct Generated {
    pub(crate) ops: Vec<Op>,
    /// Index of the operation that the unchecked entry lies before.
    pub(crate) entry: usize,
    /// What each cell is for.
    pub(crate) caches: Vec<Cache>,
    /// What it does, if that is one thing.
    pub(crate) trivial: Option<Trivial>,
    /// Of each loop head: its pc and the index of the operation.
    pub(crate) loops: Vec<(usize, usize)>,
    /// What stands beside the operations: their index and the line.
    pub(crate) remarks: Vec<(u32, String)>,
}

/// Methods with more bytes of bytecode stay interpreted.
const BYTECODES_MAX: usize = 20_000;

/// Makes the RTL of a Method, CompiledBlock or Primitive; `None` where it is to be interpreted.
///
/// `compiler` has the code of external-call methods, which may take the place of sends.
pub(crate) fn generate(vm: &Vm, compiled: Oop, compiler: Option<&Compiler>) -> Option<Generated> {
    let mut generator = Generator::new(vm, compiled)?;
    generator.compiler = compiler;
    if generator.header.primitive() != 0 {
        generator.primitive()?;
    } else {
        generator.method()?;
    }
    Some(Generated {
        ops: generator.ops,
        entry: generator.entry,
        caches: generator.caches,
        trivial: trivial(vm, compiled),
        loops: generator.loops,
        remarks: generator.remarks,
    })
}

/// The one thing that a method does, if that is all.
fn trivial(vm: &Vm, compiled: Oop) -> Option<Trivial> {
    let getter = vm.slot_answered(compiled).map(Trivial::Getter);
    let setter = || vm.slot_stored(compiled).map(Trivial::Setter);
    let class = || vm.answers_class(compiled).then_some(Trivial::Class);
    getter.or_else(setter).or_else(class)
}

/// A place that jumps go to.
struct JumpTarget {
    label: Label,
    /// Depth of the operand stack there, once a jump has told.
    depth: Option<usize>,
    is_loop: bool,
    /// What registers hold wherever a jump to here begins.
    cache: Option<Vec<Cached>>,
}

/// What registers hold at the head of a loop, however it is reached.
struct LoopHead {
    pc: usize,
    label: Label,
    cache: Vec<Cached>,
}

struct Generator<'a> {
    vm: &'a Vm,
    compiled: Oop,
    header: MethodHeader,
    argument_count: usize,
    literals: Oop,
    code: Vec<u8>,
    ops: Vec<Op>,
    entry: usize,
    caches: Vec<Cache>,
    loops: Vec<(usize, usize)>,
    remarks: Vec<(u32, String)>,
    slow: Vec<Slow>,
    stack: Stack,
    labels: u32,
    /// How many foreign calls stand in the place of sends so far.
    foreign_calls: i64,
    targets: HashMap<usize, JumpTarget>,
    /// The instruction being translated, and the one behind it.
    pc: usize,
    next: usize,
    reachable: bool,
    /// The jump that a comparison took with it.
    fused: Option<usize>,
    /// The instruction before, unless control comes from elsewhere.
    preceding: Option<Bytecode>,
    heads: Vec<LoopHead>,
    /// Set for the Block of a callback that calls nothing.
    leaf: Option<leaf::Leaf>,
    compiler: Option<&'a Compiler>,
}

impl<'a> Generator<'a> {
    /// The generator of a code object; `None` where that is too long or no bytecode.
    fn new(vm: &'a Vm, compiled: Oop) -> Option<Generator<'a>> {
        let heap = vm.heap();
        let header = vm::lookup::header_of(heap, compiled);
        if header.has(header::EXTERNAL) {
            return None;
        }
        let mut bytes = heap.bytes(heap.slot(compiled, method::BYTECODES)).to_vec();
        if bytes.len() > BYTECODES_MAX {
            return None;
        }
        mark_unusual(vm, &mut bytes);
        Some(Generator {
            vm,
            compiled,
            header,
            argument_count: header.arguments(),
            literals: heap.slot(compiled, method::LITERALS),
            // The last byte is the extra return that every method has.
            code: bytes[..bytes.len() - 1].to_vec(),
            ops: Vec::new(),
            entry: 0,
            caches: Vec::new(),
            loops: Vec::new(),
            remarks: Vec::new(),
            slow: Vec::new(),
            stack: Stack::default(),
            labels: 0,
            foreign_calls: 0,
            targets: HashMap::new(),
            pc: 0,
            next: 0,
            reachable: true,
            fused: None,
            preceding: None,
            heads: Vec::new(),
            leaf: None,
            compiler: None,
        })
    }
}

/// Special sends that are made like others may answer anything: nobody is to conclude something from what was seen.
fn mark_unusual(vm: &Vm, code: &mut [u8]) {
    let place = |(pc, instruction)| {
        let Bytecode::SendSpecial { selector } = instruction else {
            return None;
        };
        let special = SpecialSend::from_number(selector)?;
        vm.is_unusual(special).then_some(pc)
    };
    let places: Vec<usize> = instructions(code).filter_map(place).collect();
    for pc in places {
        code[pc + 1] |= SEEN_OTHERS;
    }
}

impl Generator<'_> {
    fn emit(&mut self, op: Op) {
        self.ops.push(op);
    }

    fn label(&mut self) -> Label {
        self.labels += 1;
        Label(self.labels - 1)
    }

    fn literal(&self, index: u16) -> Oop {
        self.vm.heap().slot(self.literals, usize::from(index))
    }

    /// The send of the instruction at `pc`, receiver and arguments being on the stack.
    fn emit_send(&mut self, pc: usize) {
        let cell = self.cell(pc, CacheKind::Send(self.ops.len()));
        self.emit(Op::Send { cell });
    }

    /// The number of a new cell.
    fn cell(&mut self, pc: usize, kind: CacheKind) -> i64 {
        self.caches.push(Cache { pc, kind });
        self.caches.len() as i64 - 1
    }

    fn method(&mut self) -> Option<()> {
        if self.frameless() || self.setter() {
            return Some(());
        }
        self.find_targets();
        self.prologue();
        self.instructions();
        self.emit_loop_entries();
        self.emit_slow_paths();
        // Labels that nothing marks would be jumps into nothing.
        (self.labels < crate::rtl::check::LABEL_MAX).then_some(())
    }

    fn instructions(&mut self) {
        let code = self.code.clone();
        for (pc, instruction) in instructions(&code) {
            self.pc = pc;
            self.next = pc + instruction.opcode().width();
            self.arrive();
            if self.fused.take() == Some(pc) || !self.reachable {
                continue;
            }
            self.remark(instruction);
            let following = Bytecode::decode(&code, self.next).map(|pair| pair.0);
            self.translate(instruction, following);
            self.preceding = Some(instruction);
        }
    }

    fn is_block(&self) -> bool {
        self.vm.heap().class_index_of(self.compiled) == index::COMPILED_BLOCK
    }

    fn remark(&mut self, instruction: Bytecode) {
        let heap = self.vm.heap();
        let literals = self.literals;
        let literal = |index: u16| {
            let object = heap.slot(literals, usize::from(index));
            if object.is_pointer() && heap.format_of(object).is_bytes() {
                format!("#{}", self.vm.text(object))
            } else {
                format!("literal {index}")
            }
        };
        if let Some(line) = self.line() {
            self.remarks
                .push((self.ops.len() as u32, format!("line {line}")));
        }
        let text = instruction.describe(self.next, &literal);
        self.remarks
            .push((self.ops.len() as u32, format!("{} {text}", self.pc)));
    }

    /// The source line that begins with the current instruction, if one does.
    fn line(&self) -> Option<i64> {
        let heap = self.vm.heap();
        let lines = heap.slot(self.compiled, method::LINES);
        if lines == self.vm.nil() {
            return None;
        }
        let here = Some(self.pc as i64);
        (0..heap.slot_count(lines) / 2)
            .find(|&pair| heap.slot(lines, 2 * pair).as_i64() == here)
            .and_then(|pair| heap.slot(lines, 2 * pair + 1).as_i64())
    }

    fn find_targets(&mut self) {
        let code = self.code.clone();
        for (pc, instruction) in instructions(&code) {
            let end = pc + instruction.opcode().width();
            let (distance, is_loop) = match instruction.flow() {
                Flow::Goto(distance) => (distance, distance < 0),
                Flow::Branch(distance) => (distance, false),
                Flow::Next | Flow::Leave => continue,
            };
            let at = end.wrapping_add_signed(distance as isize);
            let label = match self.targets.get(&at) {
                Some(target) => target.label,
                None => self.label(),
            };
            let target = self.targets.entry(at).or_insert(JumpTarget {
                label,
                depth: None,
                is_loop,
                cache: None,
            });
            target.is_loop |= is_loop;
        }
    }

    /// Marks the place where jumps to the current instruction arrive.
    fn arrive(&mut self) {
        let Some(target) = self.targets.get(&self.pc) else {
            return;
        };
        let (label, depth, is_loop) = (target.label, target.depth, target.is_loop);
        if self.reachable {
            self.flush();
            self.jump_begins(self.pc, true);
        } else if let Some(depth) = depth {
            self.reachable = true;
            self.stack.reset(depth);
        }
        let target = self.targets.get_mut(&self.pc).expect("seen above");
        let cache = target.cache.take().unwrap_or_default();
        self.stack.set_cache(cache);
        if is_loop && self.reachable {
            self.begin_loop(label);
        } else {
            self.emit(Op::Label { label });
        }
    }

    /// A jump to `at` begins here; `keeps` tells whether registers hold what they are thought to.
    fn jump_begins(&mut self, at: usize, keeps: bool) {
        let here = if keeps {
            self.stack.snapshot().cache
        } else {
            Vec::new()
        };
        let target = self.targets.get_mut(&at).expect("a jump target");
        target.cache = Some(match target.cache.take() {
            None => here,
            Some(there) => stack::common(&there, &here),
        });
    }

    /// The label that a jump of the current instruction goes to; the operands are in memory.
    fn target(&mut self, distance: i32) -> Label {
        let at = self.next.wrapping_add_signed(distance as isize);
        self.target_at(at)
    }

    fn target_at(&mut self, at: usize) -> Label {
        let depth = self.stack.depth();
        if at > self.pc {
            self.jump_begins(at, true);
        }
        let target = self.targets.get_mut(&at).expect("a jump target");
        target.depth = Some(depth);
        target.label
    }

    /// Bytes from the frame down to the stack pointer, all operands being in memory.
    fn stack_depth(&self) -> i64 {
        let words = self.header.temporaries() + self.stack.depth();
        (words * WORD_BYTES) as i64 - frame::PC as i64
    }

    fn words(&self) -> i64 {
        (self.header.temporaries() + self.header.max_stack() + 8) as i64
    }

    fn prologue(&mut self) {
        let overflow = self.label();
        let method = self.compiled;
        self.emit(Op::Label { label: overflow });
        self.emit(Op::Activate { method });
        let heap = self.vm.heap();
        let temporaries = self.header.temporaries() as i64;
        let words = self.words();
        if heap.class_index_of(method) == index::COMPILED_BLOCK {
            self.entry = self.ops.len();
            // A block's first temporaries are its copied values; how many it has, the Block knows.
            let copied = self.copied_count() as i64;
            self.emit(Op::EnterBlock {
                method,
                copied,
                temporaries: temporaries - copied,
                words,
                overflow,
            });
        } else {
            self.emit(Op::ClassCheck {});
            self.entry = self.ops.len();
            self.emit(Op::EnterFrame {
                method,
                temporaries,
                words,
                overflow,
            });
        }
    }

    /// How many values Blocks of this code carry: what its `make_block` in the outer code says.
    fn copied_count(&self) -> usize {
        let heap = self.vm.heap();
        let outer = heap.slot(self.compiled, method::HOLDER);
        let literals = heap.slot(outer, method::LITERALS);
        let code = heap.bytes(heap.slot(outer, method::BYTECODES));
        for (_, instruction) in instructions(&code[..code.len() - 1]) {
            if let Bytecode::MakeBlock { literal, copied } = instruction
                && heap.slot(literals, usize::from(literal)) == self.compiled
            {
                return usize::from(copied);
            }
        }
        0
    }

    /// Reads a slot of an object in a register.
    fn slot(&mut self, target: Gpr, source: Gpr, index: usize) {
        self.emit(Op::Slot {
            target,
            source,
            index: index as i64,
        });
    }
}
