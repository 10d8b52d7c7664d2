//! Machine code as text, with names for what it refers to.

use gc::Heap;
use iced_x86::{
    Decoder, DecoderOptions, Formatter, Instruction, NasmFormatter, OpKind, Register,
    SymbolResolver, SymbolResult,
};
use std::collections::HashMap;
use std::mem::offset_of;
use vm::context::VmContext;

/// One instruction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// Offset from the beginning of the code.
    pub offset: u32,
    /// The instruction in the syntax of nasm.
    pub text: String,
}

/// Names of what code refers to.
#[derive(Clone, Default, Debug)]
pub struct Symbols {
    /// Names of addresses and of other 64-bit constants.
    pub addresses: HashMap<u64, String>,
}

/// The instructions of `code`, which lies at `address`.
pub fn disassemble(code: &[u8], address: u64, symbols: Symbols) -> Vec<Line> {
    let range = address..address + code.len() as u64;
    let mut formatter = formatter(Resolver { symbols, range });
    let mut decoder = Decoder::with_ip(64, code, address, DecoderOptions::NONE);
    let mut lines = Vec::new();
    while decoder.can_decode() {
        let instruction = decoder.decode();
        let mut text = String::new();
        formatter.format(&instruction, &mut text);
        let text = text.replace(CONTEXT_BASE, CONTEXT_FIELD);
        lines.push(Line {
            offset: (instruction.ip() - address) as u32,
            text,
        });
    }
    lines
}

fn formatter(resolver: Resolver) -> NasmFormatter {
    let mut formatter = NasmFormatter::with_options(Some(Box::new(resolver)), None);
    let options = formatter.options_mut();
    options.set_space_after_operand_separator(true);
    options.set_hex_prefix("0x");
    options.set_hex_suffix("");
    options.set_uppercase_hex(false);
    options.set_small_hex_numbers_in_decimal(true);
    options.set_show_branch_size(false);
    options.set_signed_immediate_operands(true);
    formatter
}

struct Resolver {
    symbols: Symbols,
    /// The code's own addresses.
    range: std::ops::Range<u64>,
}

impl SymbolResolver for Resolver {
    fn symbol(
        &mut self,
        instruction: &Instruction,
        _operand: u32,
        instruction_operand: Option<u32>,
        address: u64,
        address_size: u32,
    ) -> Option<SymbolResult<'_>> {
        let kind = instruction_operand.map(|operand| instruction.op_kind(operand));
        if kind == Some(OpKind::Memory) && instruction.segment_prefix() == Register::FS {
            // The one thing of the thread that machine code looks at; where it lies is the C library's affair.
            return Some(SymbolResult::with_str(address, "errno"));
        }
        if kind == Some(OpKind::Memory) && !instruction.is_ip_rel_memory_operand() {
            let field = field_name(instruction.memory_base(), address)?;
            return Some(SymbolResult::with_string(address, field));
        }
        // Only constants as wide as an address can be one; smaller ones equal it by accident.
        if address_size < 8 {
            return None;
        }
        if let Some(name) = self.symbols.addresses.get(&address) {
            return Some(SymbolResult::with_str(address, name));
        }
        let offset = address.wrapping_sub(self.range.start);
        self.range
            .contains(&address)
            .then(|| SymbolResult::with_string(address, format!("+{offset:#06x}")))
    }
}

/// What the formatter makes of a field of the context, and what it is to look like.
const CONTEXT_BASE: &str = "rbx+context.";
const CONTEXT_FIELD: &str = "context.";

/// Name of the context's field at `offset`, where `base` is the context's register.
fn field_name(base: Register, offset: u64) -> Option<String> {
    if base != Register::RBX {
        return None;
    }
    let heap = offset_of!(VmContext, heap);
    let held = ("heap.held", heap + Heap::OFFSET_HELD);
    let floor = ("heap.held_floor", heap + Heap::OFFSET_HELD_FLOOR);
    let mut fields = FIELDS.iter().copied().chain([held, floor]);
    let (name, _) = fields.find(|(_, place)| *place as u64 == offset)?;
    Some(format!("{CONTEXT_FIELD}{name}"))
}

macro_rules! fields {
    ($($field:ident)*) => { [$((stringify!($field), offset_of!(VmContext, $field)),)*] };
}

/// The fields that machine code refers to.
const FIELDS: [(&str, usize); 15] = fields! {
    sp fp c_sp stack_limit value failure failure_argument nil true_object false_object
    errno_location errno resume_pc epoch unusual_nil_tests
};
