//! What the image tells of a leaf's parameters, an Array with one row for each:
//!
//! ```smalltalk
//! nil                              "an object, in memory"
//! #( #integer #rdi )               "a SmallInteger, left in a register"
//! #( #double #xmm0 )               "a double that is still in its register"
//! #( #pointer #rsi size reads )    "an address, of so many bytes or nil"
//! ```
//!
//! Each of the reads is `#( selector takesOffset offset bytes kind )`, where the kind is a width or precision as
//! RTL has them, or `#u64`.

use crate::decode::{elements, text};
use gc::{Heap, Oop};
use jit::isa::Isa;
use jit::leaf::{LeafParameter, MemoryRead, ReadKind};
use jit::rtl::{Precision, Width};

/// The parameters in an Array of rows, with the register names of `isa`.
pub(crate) fn parameters(heap: &Heap, rows: Oop, isa: &Isa) -> Result<Vec<LeafParameter>, String> {
    let count = elements(heap, rows).ok_or("expected an Array of parameters")?;
    let parameter = |index| {
        let row = heap.slot(rows, index);
        parameter(heap, row, isa)
            .ok_or_else(|| format!("parameter {}: expected nil or a row", index + 1))
    };
    (0..count).map(parameter).collect()
}

fn parameter(heap: &Heap, row: Oop, isa: &Isa) -> Option<LeafParameter> {
    let size = elements(heap, row)?;
    if size == 0 {
        // nil has no slots.
        return Some(LeafParameter::Object);
    }
    if size < 2 {
        return None;
    }
    let register = text(heap, heap.slot(row, 1))?;
    match text(heap, heap.slot(row, 0))? {
        "integer" => Some(LeafParameter::Integer(isa.gpr(register)?)),
        "double" => Some(LeafParameter::Double(isa.fpr(register)?)),
        "pointer" if size == 4 => {
            let reads = heap.slot(row, 3);
            let read = |index| memory_read(heap, heap.slot(reads, index));
            Some(LeafParameter::Pointer {
                register: isa.gpr(register)?,
                size: heap.slot(row, 2).as_i64(),
                reads: (0..elements(heap, reads)?)
                    .map(read)
                    .collect::<Option<_>>()?,
            })
        }
        _ => None,
    }
}

fn memory_read(heap: &Heap, row: Oop) -> Option<MemoryRead> {
    if elements(heap, row)? != 5 {
        return None;
    }
    let kind = text(heap, heap.slot(row, 4))?;
    let kind = match (kind, Width::from_name(kind), Precision::from_name(kind)) {
        ("u64", ..) => ReadKind::Unsigned,
        (_, Some(Width::W64), _) => ReadKind::Signed,
        (_, Some(width), _) => ReadKind::Small(width),
        (_, None, Some(precision)) => ReadKind::Float(precision),
        (_, None, None) => return None,
    };
    Some(MemoryRead {
        selector: heap.slot(row, 0),
        takes_offset: heap.slot(row, 1).as_i64()? == 1,
        offset: heap.slot(row, 2).as_i64()?,
        bytes: heap.slot(row, 3).as_i64()?,
        kind,
    })
}
