//! RTL and the machine code it became, side by side.
//!
//! Addresses do not appear: what lies in the code is named by label or offset, what lies outside
//! by its name, so that listings of two runs are equal.

use crate::compiler::About;
use crate::isa::HOST;
use crate::isa::x64::disassembly::{self, Symbols};
use crate::rtl::{Op, op};
use crate::stubs::StubAddresses;
use std::fmt::Write;

/// Column at which the machine code begins.
const CODE_COLUMN: usize = 44;

pub(crate) fn list(about: &About, code: &[u8], address: u64, stubs: &StubAddresses) -> String {
    let symbols = symbols(about, address, stubs);
    let lines = disassembly::disassemble(code, address, symbols);
    let mut text = format!("{}: {} bytes\n", about.name, code.len());
    let mut left = about.ops.iter().zip(about.op_offsets.iter()).peekable();
    for line in &lines {
        // Operations without code of their own stand alone on their lines.
        let mut rtl = String::new();
        while let Some((op, _)) = left.next_if(|(_, offset)| **offset <= line.offset) {
            if !rtl.is_empty() {
                let _ = writeln!(text, "{rtl}");
            }
            rtl = op::line(op, HOST);
        }
        let _ = writeln!(
            text,
            "{rtl:<CODE_COLUMN$}{:04x}  {}",
            line.offset, line.text
        );
    }
    for (op, _) in left {
        let _ = writeln!(text, "{}", op::line(op, HOST));
    }
    text
}

fn symbols(about: &About, address: u64, stubs: &StubAddresses) -> Symbols {
    let mut symbols = Symbols::default();
    for (name, stub) in stubs.names() {
        symbols.addresses.insert(stub, name);
    }
    if about.function != 0 {
        symbols.addresses.insert(about.function, "foreign".into());
    }
    for (op, offset) in about.ops.iter().zip(about.op_offsets.iter()) {
        if let Op::Label { label } = op {
            symbols
                .addresses
                .insert(address + *offset as u64, label.to_string());
        }
        if let Op::Literal { object, .. } | Op::RuntimeWith { object, .. } = op
            && object.is_pointer()
        {
            symbols.addresses.insert(object.bits(), "object".into());
        }
    }
    symbols
}
