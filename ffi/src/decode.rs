//! RTL as the image makes it, an Array of Arrays, to [`Op`]s.
//!
//! ```smalltalk
//! #( #(argument rdi 1) #(untagInteger rdi rdi 0) #(callForeign) … )
//! ```
//!
//! Which operands an operation takes is in the op table alone: [`Op::read`] asks for them.

use gc::{Heap, Oop};
use jit::isa::Isa;
use jit::rtl::op::ReadError;
use jit::rtl::operand::{Operand, Reader};
use jit::rtl::{Condition, Fpr, Gpr, Label, Op, Precision, Width};
use std::fmt;
use vm::entry::Entry;

/// What is wrong with an RTL object.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DecodeError {
    /// Number of the operation, from 1; 0 where the sequence itself is wrong.
    pub number: usize,
    /// Name of the operation, where it has one.
    pub op: String,
    /// What is wrong with it.
    pub message: String,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.number, self.op.as_str()) {
            (0, _) => write!(f, "RTL: {}", self.message),
            (number, "") => write!(f, "RTL operation {number}: {}", self.message),
            (number, op) => write!(f, "RTL operation {number} ({op}): {}", self.message),
        }
    }
}

impl std::error::Error for DecodeError {}

/// The operations in an Array of Arrays, with the register names of `isa`.
pub fn decode(heap: &Heap, rtl: Oop, isa: &Isa) -> Result<Vec<Op>, DecodeError> {
    let error = |number, op: &str, message| DecodeError {
        number,
        op: op.into(),
        message,
    };
    let rows = elements(heap, rtl)
        .ok_or_else(|| error(0, "", format!("expected an Array, got {}", show(heap, rtl))))?;
    let mut ops = Vec::with_capacity(rows);
    for index in 0..rows {
        let row = heap.slot(rtl, index);
        let size = elements(heap, row)
            .filter(|size| *size > 0)
            .ok_or_else(|| {
                let got = show(heap, row);
                error(
                    index + 1,
                    "",
                    format!("expected an Array with the operation's name, got {got}"),
                )
            })?;
        let first = heap.slot(row, 0);
        let name = text(heap, first).ok_or_else(|| {
            let got = show(heap, first);
            error(
                index + 1,
                "",
                format!("expected the operation's name, got {got}"),
            )
        })?;
        let op = decode_row(heap, row, size, name, isa);
        ops.push(op.map_err(|message| error(index + 1, name, message))?);
    }
    Ok(ops)
}

fn decode_row(heap: &Heap, row: Oop, size: usize, name: &str, isa: &Isa) -> Result<Op, String> {
    let shape = Op::shape(name).ok_or("there is no such operation")?;
    if size != shape.len() + 1 {
        let names: Vec<&str> = shape.iter().map(|operand| operand.name).collect();
        return Err(format!(
            "it takes {} operands ({}), got {}",
            shape.len(),
            names.join(", "),
            size - 1
        ));
    }
    let mut reader = RowReader {
        heap,
        isa,
        row,
        next: 1,
    };
    Op::read(name, &mut reader).map_err(|error| match error {
        ReadError::UnknownOp => "there is no such operation".into(),
        ReadError::Operand(message) => message,
    })
}

/// The value of an Integer object, where it has 64 bits: SmallIntegers now. The producer splits
/// greater constants, so that this crate need not know the class of large integers.
fn integer(_heap: &Heap, oop: Oop) -> Option<i64> {
    oop.as_i64()
}

/// Number of elements of an Array.
pub(crate) fn elements(heap: &Heap, oop: Oop) -> Option<usize> {
    let array = oop.is_pointer() && heap.format_of(oop).has_pointers();
    array.then(|| heap.slot_count(oop))
}

/// The text of a Symbol or String.
pub(crate) fn text(heap: &Heap, oop: Oop) -> Option<&str> {
    if !oop.is_pointer() || !heap.format_of(oop).is_bytes() {
        return None;
    }
    std::str::from_utf8(heap.bytes(oop)).ok()
}

/// An object for a message.
fn show(heap: &Heap, oop: Oop) -> String {
    match (text(heap, oop), elements(heap, oop)) {
        (Some(text), _) => format!("#{text}"),
        (None, Some(size)) => format!("an object with {size} slots"),
        (None, None) => format!("{oop:?}"),
    }
}

/// Reads one row's operands in order.
struct RowReader<'a> {
    heap: &'a Heap,
    isa: &'a Isa,
    row: Oop,
    next: usize,
}

impl RowReader<'_> {
    /// The next operand, through `convert`.
    fn take<T: Operand>(
        &mut self,
        operand: &str,
        convert: impl FnOnce(&Self, Oop) -> Option<T>,
    ) -> Result<T, String> {
        let number = self.next;
        self.next += 1;
        let oop = self.heap.slot(self.row, number);
        convert(self, oop).ok_or_else(|| {
            let got = show(self.heap, oop);
            format!(
                "operand {number} ({operand}): expected {}, got {got}",
                T::EXPECTED
            )
        })
    }

    /// The next operand, a Symbol, through `convert`.
    fn named<T: Operand>(
        &mut self,
        operand: &str,
        convert: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, String> {
        self.take(operand, |reader, oop| {
            text(reader.heap, oop).and_then(convert)
        })
    }
}

impl Reader for RowReader<'_> {
    type Error = String;

    fn gpr(&mut self, operand: &'static str) -> Result<Gpr, String> {
        let isa = self.isa;
        self.named(operand, |name| isa.gpr(name))
    }

    fn fpr(&mut self, operand: &'static str) -> Result<Fpr, String> {
        let isa = self.isa;
        self.named(operand, |name| isa.fpr(name))
    }

    fn imm(&mut self, operand: &'static str) -> Result<i64, String> {
        self.take(operand, |reader, oop| integer(reader.heap, oop))
    }

    fn lab(&mut self, operand: &'static str) -> Result<Label, String> {
        self.take(operand, |reader, oop| {
            integer(reader.heap, oop)
                .and_then(|number| u32::try_from(number).ok())
                .map(Label)
        })
    }

    fn obj(&mut self, operand: &'static str) -> Result<Oop, String> {
        self.take(operand, |_, oop| Some(oop))
    }

    fn wid(&mut self, operand: &'static str) -> Result<Width, String> {
        self.named(operand, Width::from_name)
    }

    fn pre(&mut self, operand: &'static str) -> Result<Precision, String> {
        self.named(operand, Precision::from_name)
    }

    fn con(&mut self, operand: &'static str) -> Result<Condition, String> {
        self.named(operand, Condition::from_name)
    }

    fn ent(&mut self, operand: &'static str) -> Result<Entry, String> {
        self.named(operand, Entry::from_name)
    }

    fn txt(&mut self, operand: &'static str) -> Result<Box<str>, String> {
        self.take(operand, |reader, oop| text(reader.heap, oop).map(Box::from))
    }
}
