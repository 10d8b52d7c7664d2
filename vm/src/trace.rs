//! Stack traces: `Class>>selector (file:line)`, newest activation first.

use crate::frame;
use crate::interpreter::FrameRef;
use crate::known::{block, class, index, is_block_class, method};
use crate::vm::Vm;
use gc::oop::Oop;

/// Lines shown at either end of a long trace.
const SHOWN: usize = 30;

impl Vm {
    /// The trace from a frame outwards; the middle of a deep one is left out and counted.
    pub(crate) fn trace_lines(&self, from: FrameRef) -> Vec<String> {
        let depth = std::iter::successors(Some(from), |&each| self.caller(each)).count();
        let mut lines = Vec::new();
        let frames = std::iter::successors(Some(from), |&each| self.caller(each));
        let mut return_pc = self.return_pc_into(from);
        for (position, each) in frames.enumerate() {
            let into = std::mem::replace(&mut return_pc, self.raw_word(each, frame::RETURN_PC));
            if position < SHOWN || position + SHOWN >= depth {
                lines.push(self.trace_line(each, into));
            } else if position == SHOWN {
                lines.push(format!("… {} more …", depth - 2 * SHOWN));
            }
        }
        lines
    }

    /// The return address that the frame `of` waits at: that of its callee, or the newest.
    fn return_pc_into(&self, of: FrameRef) -> u64 {
        let callee = self.frames().find(|&each| self.caller(each) == Some(of));
        callee.map_or(self.context.resume_pc, |callee| {
            self.raw_word(callee, frame::RETURN_PC)
        })
    }

    /// The bytecode pc behind the send that a frame waits in.
    fn pc_of(&self, of: FrameRef, return_pc: u64) -> usize {
        if self.context.is_machine_pc(return_pc)
            && let Some(generator) = &self.generator
            && let Some(pc) = generator.pc_of_send(return_pc)
        {
            return pc + 1;
        }
        let pc = self.frame_word(of, frame::PC).as_i64().unwrap_or(0);
        (if pc < 0 { -1 - pc } else { pc }) as usize
    }

    fn trace_line(&self, of: FrameRef, return_pc: u64) -> String {
        let compiled = self.frame_word(of, frame::METHOD);
        let receiver = self.frame_word(of, frame::SELF);
        let place = self.place_of(compiled, self.pc_of(of, return_pc));
        format!("{}{place}", self.activation_name(compiled, receiver))
    }

    /// `Class>>selector`, `Class(Holder)>>selector` for an inherited method, with `[] in ` before
    /// a block.
    fn activation_name(&self, compiled: Oop, receiver: Oop) -> String {
        let mut home = compiled;
        let mut prefix = String::new();
        while self.heap().class_index_of(home) == index::COMPILED_BLOCK {
            home = self.heap().slot(home, method::HOLDER);
            prefix.push_str("[] in ");
        }
        let holder = self.heap().slot(home, method::HOLDER);
        let selector = self.text(self.heap().slot(home, method::SELECTOR));
        if holder == self.nil() {
            return format!("{prefix}{selector}");
        }
        // A clean block has no receiver to tell.
        let is_clean = home != compiled && receiver == self.nil();
        let class_object = match is_clean {
            true => holder,
            false => self.class_of(receiver),
        };
        let (class_name, holder_name) = (self.class_name(class_object), self.class_name(holder));
        if class_object == holder {
            format!("{prefix}{class_name}>>{selector}")
        } else {
            format!("{prefix}{class_name}({holder_name})>>{selector}")
        }
    }

    fn place_of(&self, compiled: Oop, pc: usize) -> String {
        let name = self.heap().slot(compiled, method::SOURCE_NAME);
        match (name == self.nil(), self.line_at(compiled, pc)) {
            (false, Some(line)) => format!(" ({}:{line})", self.text(name)),
            (false, None) => format!(" ({})", self.text(name)),
            (true, Some(line)) => format!(" (line {line})"),
            (true, None) => String::new(),
        }
    }

    /// The source line of the instruction before `pc`, where the method knows it.
    fn line_at(&self, compiled: Oop, pc: usize) -> Option<i64> {
        let lines = self.heap().slot(compiled, method::LINES);
        if lines == self.nil() {
            return None;
        }
        let mut found = None;
        for pair in 0..self.heap().slot_count(lines) / 2 {
            let start = self.heap().slot(lines, 2 * pair).as_i64()?;
            if start as usize >= pc.max(1) {
                break;
            }
            found = self.heap().slot(lines, 2 * pair + 1).as_i64();
        }
        found
    }

    /// `Class>>selector` of a method, with `[] in ` before it for a block: for listings.
    pub fn code_name(&self, compiled: Oop) -> String {
        let holder = self.heap().slot(compiled, method::HOLDER);
        if self.heap().class_index_of(compiled) == index::COMPILED_BLOCK {
            return format!("[] in {}", self.code_name(holder));
        }
        let selector = self.text(self.heap().slot(compiled, method::SELECTOR));
        if holder == self.nil() {
            return selector;
        }
        format!("{}>>{selector}", self.class_name(holder))
    }

    /// The CompiledBlock of a literal that stands for a block: itself, or that of a clean Block.
    pub(crate) fn block_code(&self, literal: Oop) -> Option<Oop> {
        if !literal.is_pointer() {
            return None;
        }
        match self.heap().class_index_of(literal) {
            index::COMPILED_BLOCK => Some(literal),
            class if is_block_class(class) => Some(self.heap().slot(literal, block::METHOD)),
            _ => None,
        }
    }

    /// The bytecodes of a method and of the blocks in it, an instruction a line.
    pub fn bytecode_listing(&self, compiled: Oop) -> String {
        let heap = self.heap();
        let literals = heap.slot(compiled, method::LITERALS);
        let literal = |index: u16| self.describe_literal(heap.slot(literals, usize::from(index)));
        let code = heap.bytes(heap.slot(compiled, method::BYTECODES));
        // The last byte is the extra return that every method has.
        let code = &code[..code.len() - 1];
        let mut text = format!("{}\n", self.code_name(compiled));
        text.push_str(&crate::bytecode::disassemble(code, &literal));
        for position in 0..heap.slot_count(literals) {
            let each = heap.slot(literals, position);
            if let Some(block) = self.block_code(each) {
                text.push_str(&self.bytecode_listing(block));
            }
        }
        text
    }

    fn describe_literal(&self, literal: Oop) -> String {
        if !literal.is_pointer() {
            return format!("{literal:?}");
        }
        if let Some(block) = self.block_code(literal) {
            return self.code_name(block);
        }
        match self.heap().class_index_of(literal) {
            index::SYMBOL => format!("#{}", self.text(literal)),
            index::STRING => format!("'{}'", self.text(literal)),
            index::GLOBAL => self.text(self.heap().slot(literal, crate::known::global::NAME)),
            _ => format!("an instance of {}", self.class_name(self.class_of(literal))),
        }
    }

    /// True for a class or metaclass.
    #[inline]
    pub fn is_class(&self, object: Oop) -> bool {
        if !object.is_pointer() || self.heap().slot_count(object) < class::COUNT {
            return false;
        }
        let of = self.class_of(object);
        // A class is the instance of a metaclass; a metaclass is the instance of Metaclass.
        let metaclass = self.class_at(index::METACLASS);
        of == metaclass || self.class_of(of) == metaclass
    }
}
