//! Constants that are stored side by side, two words at a time.
//!
//! A foreign call in the place of a send stores its constant arguments where the send would have them, and some again for
//! C: what it waits for is the processor's one or two stores in a cycle.

use crate::rtl::Op;
use crate::rtl::operand::{Gpr, Width};
use gc::layout::WORD_BYTES;

/// Makes one store of two in each pair of neighbours among the operations from an index on; `new_cell` makes a cell with two
/// words, and answers its number.
pub(super) fn pair_constants(
    ops: &mut Vec<Op>,
    from: usize,
    new_cell: &mut dyn FnMut([u64; 2]) -> i64,
) {
    let mut paired: Vec<Op> = Vec::with_capacity(ops.len() - from);
    for op in ops.drain(from..) {
        let pair = paired.last().and_then(|last| pair(last, &op));
        match pair {
            Some((base, offset, words)) => {
                let cell = new_cell(words);
                paired.pop();
                paired.push(Op::StoreCell { base, offset, cell });
            }
            None => paired.push(op),
        }
    }
    ops.extend(paired);
}

/// Base, offset and words of a store that does what these two do.
fn pair(one: &Op, other: &Op) -> Option<(Gpr, i64, [u64; 2])> {
    let (base, one, first) = stored(one)?;
    let (other_base, other, second) = stored(other)?;
    if base != other_base {
        None
    } else if one + WORD_BYTES as i64 == other {
        Some((base, one, [first, second]))
    } else if other + WORD_BYTES as i64 == one {
        Some((base, other, [second, first]))
    } else {
        None
    }
}

fn stored(op: &Op) -> Option<(Gpr, i64, u64)> {
    if let Op::StoreConstant {
        width: Width::W64,
        base,
        offset,
        value,
    } = *op
    {
        Some((base, offset, value as u64))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa::host::registers::FRAME;

    #[test]
    fn neighbours_are_stored_together() {
        let store = |offset, value| Op::StoreConstant {
            width: Width::W64,
            base: FRAME,
            offset,
            value,
        };
        let mut ops = vec![
            store(0, 9),
            store(-24, 1),
            store(-16, 2),
            store(-8, 3),
            store(-40, 4),
        ];
        let mut cells = Vec::new();
        pair_constants(&mut ops, 1, &mut |words| {
            cells.push(words);
            cells.len() as i64 - 1
        });
        let pair = Op::StoreCell {
            base: FRAME,
            offset: -24,
            cell: 0,
        };
        assert_eq!(ops, [store(0, 9), pair, store(-8, 3), store(-40, 4)]);
        assert_eq!(cells, [[1, 2]]);
    }
}
