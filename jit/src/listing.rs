//! RTL and the machine code it became, side by side.
//!
//! Addresses do not appear: what lies in the code is named by label or offset, what lies outside
//! by its name, so that listings of two runs are equal.

use crate::compiler::About;
use crate::isa::HOST;
use crate::isa::host::disassembly::{self, Symbols};
use crate::rtl::{Op, op};
use crate::stubs::StubAddresses;
use std::fmt::Write;

/// Column at which the machine code begins.
const CODE_COLUMN: usize = 50;

pub(crate) fn list(about: &About, code: &[u8], address: u64, stubs: &StubAddresses) -> String {
    let symbols = symbols(about, address, stubs);
    let lines = disassembly::disassemble(code, address, symbols);
    let mut text = format!("{}, {} bytes\n", about.name, code.len());
    let mut left = left_column(about, address, stubs).into_iter().peekable();
    for line in lines.iter().filter(|line| line.text != "int3") {
        // What has no code of its own stands alone on its line.
        let mut rtl = String::new();
        while let Some((_, next)) = left.next_if(|(offset, _)| *offset <= line.offset) {
            if !rtl.is_empty() {
                let _ = writeln!(text, "{rtl}");
            }
            rtl = next;
        }
        let _ = writeln!(
            text,
            "{rtl:<CODE_COLUMN$}  {:04x}  {}",
            line.offset, line.text
        );
    }
    for (_, rtl) in left {
        let _ = writeln!(text, "{rtl}");
    }
    text
}

/// The operations with their offsets; for the stubs, which have no RTL, their names.
fn left_column(about: &About, address: u64, stubs: &StubAddresses) -> Vec<(u32, String)> {
    if about.ops.is_empty() {
        let mut names = stubs.names();
        names.sort_by_key(|(_, stub)| *stub);
        let offset = |stub: u64| (stub - address) as u32;
        return names
            .into_iter()
            .map(|(name, stub)| (offset(stub), name + ":"))
            .collect();
    }
    let mut remarks = about.remarks.iter().peekable();
    let mut left = Vec::new();
    for (index, op) in about.ops.iter().enumerate() {
        let offset = about.op_offsets[index];
        while let Some((_, text)) = remarks.next_if(|(at, _)| *at as usize <= index) {
            left.push((offset, format!("  ; {text}")));
        }
        left.push((offset, op::line(op, HOST)));
    }
    let calls = |op: &Op| matches!(op, Op::CallForeign {} | Op::CallRegister { .. });
    if about.ops.iter().any(calls) {
        let end = about.op_offsets[about.ops.len()];
        left.push((end, "  ; where faults in C land".into()));
    }
    left
}

fn symbols(about: &About, address: u64, stubs: &StubAddresses) -> Symbols {
    let mut symbols = Symbols::default();
    for (name, stub) in stubs.names() {
        symbols.addresses.insert(stub, name);
    }
    if about.function != 0 {
        symbols.addresses.insert(about.function, "foreign".into());
    }
    if let Some((method, _)) = about.external
        && method.is_pointer()
    {
        symbols.addresses.insert(method.bits(), "method".into());
    }
    for (number, cell) in about.cells.iter().enumerate() {
        let addresses = &mut symbols.addresses;
        addresses.insert(*cell, format!("cell {number}"));
        addresses.insert(cell + 8, format!("cell {number} + 8"));
    }
    for (op, offset) in about.ops.iter().zip(about.op_offsets.iter()) {
        if let Op::Label { label } = op {
            symbols
                .addresses
                .insert(address + *offset as u64, label.to_string());
        }
        if let Op::Literal { object, .. }
        | Op::RuntimeWith { object, .. }
        | Op::PushLiteral { object }
        | Op::Activate { method: object }
        | Op::EnterForeign { method: object, .. }
        | Op::EnterFrame { method: object, .. }
        | Op::EnterBlock { method: object, .. } = op
            && object.is_pointer()
        {
            symbols.addresses.insert(object.bits(), "object".into());
        }
    }
    symbols
}
