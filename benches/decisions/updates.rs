//! Record 3: what it costs to change an inline cache, with the first send through it.
//!
//! A site is sent to with a receiver of one class, then of another, and is changed in between,
//! each time through the trampoline, as a cache miss handled in Rust would do it.

#![expect(unsafe_code, reason = "writes cells and code")]

use crate::caches::fetch_class;
use crate::machine::{Assembler, CodeBlock, Machine, PAGE_BYTES, counted_loop, protect};
use crate::table::{CHECKED_ITERATIONS, Table};
use dynasm::dynasm;
use dynasmrt::{AssemblyOffset, DynamicLabel, DynasmApi, DynasmLabelApi};

/// The two classes a site changes between.
const CLASSES: [u32; 2] = [100, 101];

/// Where the site keeps its class and target.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// In a cell on a data page.
    Cell,
    /// In the instructions, on a page that is protected again.
    Code,
    /// In the instructions, on a page that stays writable and executable.
    WritableCode,
    /// In a cell in the cache line behind the code, writable and executable.
    CellBesideCode,
}

struct Site {
    block: CodeBlock,
    entry: AssemblyOffset,
    /// Where the 32-bit class index and the target stand.
    class: AssemblyOffset,
    target: AssemblyOffset,
    methods: [AssemblyOffset; 2],
    /// Two objects of the two classes, and the word the site takes its receiver from.
    objects: Box<[[u64; 2]; 2]>,
    receiver: Box<u64>,
}

pub(crate) fn updates() {
    let machine = Machine::new();
    let rows = [
        ("no change (trampoline and send alone)", Place::Cell, false),
        ("data cell: two stores", Place::Cell, true),
        ("in code: mprotect, patch, mprotect", Place::Code, true),
        (
            "in code, page writable and executable (for reference)",
            Place::WritableCode,
            true,
        ),
        (
            "cell in the code's page (for reference)",
            Place::CellBesideCode,
            true,
        ),
    ];
    let mut sites = rows.map(|(_, place, _)| make_site(place));
    let mut table = Table::new("Change of an inline cache and the next send", "change");
    for ((name, place, changes), site) in rows.into_iter().zip(&mut sites) {
        // The two methods answer 1 and 2; an unchanged site keeps to the first.
        let expected = if changes {
            CHECKED_ITERATIONS / 2 * 3
        } else {
            CHECKED_ITERATIONS
        };
        let machine = &machine;
        table.row(name, 1, expected, move |n| {
            let mut sum = 0;
            for turn in 0..n {
                if changes {
                    change(site, place, turn as usize % 2);
                }
                sum += machine.run(&site.block, site.entry, 1);
            }
            sum
        });
    }
    table.print();
}

fn make_site(place: Place) -> Site {
    let objects = Box::new(CLASSES.map(|class| [u64::from(class), 0]));
    let receiver = Box::new(objects[0].as_ptr() as u64);
    let receiver_address = &raw const *receiver as i64;
    let (mut class, mut target) = (AssemblyOffset(0), AssemblyOffset(0));
    let mut data = (AssemblyOffset(0), AssemblyOffset(0));
    let code = |ops: &mut Assembler| {
        let labels: [DynamicLabel; 4] = [(); 4].map(|()| ops.new_dynamic_label());
        let [first, second, class_cell, target_cell] = labels;
        let methods = [first, second].map(|label| {
            ops.align(64, 0xCC);
            let offset = ops.offset();
            let answer = if label == first { 1 } else { 2 };
            dynasm!(ops ; .arch x64 ; =>label ; add r15, answer ; ret);
            offset
        });
        let entry = counted_loop(
            ops,
            |ops| dynasm!(ops ; .arch x64 ; mov r13, QWORD receiver_address),
            |ops, slow| {
                dynasm!(ops ; .arch x64 ; mov rdi, [r13]);
                fetch_class(ops, slow);
                if matches!(place, Place::Cell | Place::CellBesideCode) {
                    dynasm!(ops ; .arch x64
                        ; cmp eax, [=>class_cell] ; jne =>slow ; call QWORD [=>target_cell]);
                } else {
                    dynasm!(ops ; .arch x64 ; cmp eax, DWORD CLASSES[0] as i32);
                    class = AssemblyOffset(ops.offset().0 - 4);
                    dynasm!(ops ; .arch x64 ; jne =>slow ; call =>first);
                    target = AssemblyOffset(ops.offset().0 - 4);
                }
            },
        );
        if place == Place::CellBesideCode {
            (class, target) = emit_cell(ops, labels);
        }
        (labels, entry, methods)
    };
    let (block, (_, entry, methods)) = CodeBlock::with_data(code, |ops, (labels, ..)| {
        if place != Place::CellBesideCode {
            data = emit_cell(ops, *labels);
        }
    });
    if place == Place::Cell {
        (class, target) = data;
    }
    if matches!(place, Place::WritableCode | Place::CellBesideCode) {
        protect(
            block.at(AssemblyOffset(0)),
            block.code_bytes,
            WRITE | libc::PROT_EXEC,
        );
    }
    Site {
        block,
        entry,
        class,
        target,
        methods,
        objects,
        receiver,
    }
}

const WRITE: i32 = libc::PROT_READ | libc::PROT_WRITE;

fn emit_cell(ops: &mut Assembler, labels: [DynamicLabel; 4]) -> (AssemblyOffset, AssemblyOffset) {
    let [first, _, class_cell, target_cell] = labels;
    dynasm!(ops ; .arch x64 ; .align 8);
    let class = ops.offset();
    dynasm!(ops ; .arch x64
        ; =>class_cell ; .u64 u64::from(CLASSES[0]) ; =>target_cell ; .abs64 =>first);
    (class, AssemblyOffset(class.0 + 8))
}

/// Turns the site to the class of that number, and gives it a receiver of the class.
fn change(site: &mut Site, place: Place, turn: usize) {
    *site.receiver = site.objects[turn].as_ptr() as u64;
    let method = site.block.at(site.methods[turn]);
    let (class, target) = (site.block.at(site.class), site.block.at(site.target));
    let page = class.map_addr(|address| address & !(PAGE_BYTES - 1));
    if place == Place::Code {
        protect(page, PAGE_BYTES, WRITE);
    }
    // SAFETY: `make_site` recorded where the two values stand in its block, which no code runs in
    // now; the page is writable, as it is a data page, was made so for good, or just above.
    unsafe {
        class.cast::<u32>().write_unaligned(CLASSES[turn]);
        if matches!(place, Place::Cell | Place::CellBesideCode) {
            target.cast::<u64>().write_unaligned(method as u64);
        } else {
            let distance = method as i64 - (target as i64 + 4);
            target.cast::<i32>().write_unaligned(distance as i32);
        }
    }
    if place == Place::Code {
        protect(page, PAGE_BYTES, libc::PROT_READ | libc::PROT_EXEC);
    }
}
