//! Record 3: inline caches as data cells or in the code, for one class, four, and many.
//!
//! rdi is the receiver. Methods are frameless and only count, so that a figure is the price of
//! finding and calling them. Nothing is written here; `updates` measures that.

use crate::machine::{Assembler, CodeBlock, Machine, counted_loop};
use crate::table::{CHECKED_ITERATIONS, Table};
use dynasm::dynasm;
use dynasmrt::{AssemblyOffset, DynamicLabel, DynasmApi, DynasmLabelApi};

/// Mask of the class index in a header.
const CLASS_MASK: i32 = 0x3F_FFFF;
/// The class of the first method's receivers; the others follow.
const FIRST_CLASS: u32 = 100;

/// Where the class and the target of a send site stand, and who compares.
#[derive(Clone, Copy, PartialEq)]
enum Style {
    CallerCell,
    CallerPatched,
    CalleeCell,
    CalleePatched,
}

const STYLES: [(&str, Style); 4] = [
    (
        "data cell, caller compares: `cmp eax,[cell]; jne; call [cell+8]`",
        Style::CallerCell,
    ),
    (
        "in code, caller compares: `cmp eax,imm; jne; call rel`",
        Style::CallerPatched,
    ),
    (
        "data cell, callee compares: `mov edx,[cell]; call [cell+8]`",
        Style::CalleeCell,
    ),
    (
        "in code, callee compares: `mov edx,imm; call rel` (Cog)",
        Style::CalleePatched,
    ),
];

/// Sends in a loop from that many sites, each to a method of its own.
pub(crate) fn monomorphic() {
    let machine = Machine::new();
    let object = [u64::from(FIRST_CLASS), 0];
    let receiver = [object.as_ptr() as u64];
    for sites in [1, 64, 1024] {
        let blocks = STYLES.map(|(_, style)| monomorphic_block(style, sites, receiver.as_ptr()));
        let title = format!("Monomorphic send, {sites} site(s), each with its own method");
        let mut table = Table::new(&title, "send");
        for ((name, _), (block, entry)) in STYLES.iter().zip(&blocks) {
            let (machine, sites) = (&machine, sites as u64);
            table.row(*name, sites, sites * CHECKED_ITERATIONS, move |n| {
                machine.run(block, *entry, n)
            });
        }
        table.print();
    }
}

/// A send site's labels: its cell's class and target, and the method.
#[derive(Clone, Copy)]
struct Site {
    class: DynamicLabel,
    target: DynamicLabel,
    method: DynamicLabel,
}

impl Site {
    fn new(ops: &mut Assembler) -> Site {
        let mut label = || ops.new_dynamic_label();
        Site {
            class: label(),
            target: label(),
            method: label(),
        }
    }

    fn emit_cell(&self, ops: &mut Assembler, class: u32) {
        dynasm!(ops ; .arch x64
            ; =>self.class ; .u64 u64::from(class) ; =>self.target ; .abs64 =>self.method);
    }
}

fn monomorphic_block(
    style: Style,
    count: usize,
    receiver: *const u64,
) -> (CodeBlock, AssemblyOffset) {
    let code = |ops: &mut Assembler| {
        let sites: Vec<Site> = (0..count).map(|_| Site::new(ops)).collect();
        for site in &sites {
            emit_counting_method(ops, style, site.method);
        }
        let entry = counted_loop(
            ops,
            |ops| dynasm!(ops ; .arch x64 ; mov r13, QWORD receiver as i64),
            |ops, slow| {
                for site in &sites {
                    dynasm!(ops ; .arch x64 ; mov rdi, [r13]);
                    emit_site(ops, style, site, slow);
                }
            },
        );
        (sites, entry)
    };
    let (block, (_, entry)) = CodeBlock::with_data(code, |ops, (sites, _)| {
        for site in sites {
            site.emit_cell(ops, FIRST_CLASS);
        }
    });
    (block, entry)
}

/// Class index of the heap object in rdi, to eax.
pub(crate) fn fetch_class(ops: &mut Assembler, slow: DynamicLabel) {
    dynasm!(ops ; .arch x64
        ; test dil, 7 ; jnz =>slow ; mov eax, [rdi] ; and eax, CLASS_MASK);
}

fn emit_site(ops: &mut Assembler, style: Style, site: &Site, slow: DynamicLabel) {
    match style {
        Style::CallerCell => {
            fetch_class(ops, slow);
            dynasm!(ops ; .arch x64
                ; cmp eax, [=>site.class] ; jne =>slow ; call QWORD [=>site.target]);
        }
        Style::CallerPatched => {
            fetch_class(ops, slow);
            dynasm!(ops ; .arch x64
                ; cmp eax, DWORD FIRST_CLASS as i32 ; jne =>slow ; call =>site.method);
        }
        Style::CalleeCell => {
            dynasm!(ops ; .arch x64 ; mov edx, [=>site.class] ; call QWORD [=>site.target]);
        }
        Style::CalleePatched => {
            dynasm!(ops ; .arch x64 ; mov edx, DWORD FIRST_CLASS as i32 ; call =>site.method);
        }
    }
}

fn emit_counting_method(ops: &mut Assembler, style: Style, method: DynamicLabel) {
    let slow = ops.new_dynamic_label();
    ops.align(16, 0xCC);
    dynasm!(ops ; .arch x64 ; =>method);
    if matches!(style, Style::CalleeCell | Style::CalleePatched) {
        fetch_class(ops, slow);
        dynasm!(ops ; .arch x64 ; cmp eax, edx ; jne =>slow);
    }
    dynasm!(ops ; .arch x64 ; inc r15 ; ret ; =>slow ; ud2);
}

/// Classes at a polymorphic site.
const CLASSES: usize = 4;
/// Entries of the global lookup cache: class, selector, target.
const GLOBAL_ENTRIES: usize = 1024;
/// The selector of the polymorphic sends.
const SELECTOR: u32 = 0x155;

/// How a polymorphic site finds its target.
#[derive(Clone, Copy)]
enum Poly {
    /// Four data cells compared in line.
    Cells,
    /// The cell's class compared in line; what differs goes to a generated stub of immediates.
    CellThenStub,
    /// The cell leads to a generated stub of immediates.
    CellToStub,
    /// A direct call of such a stub.
    PatchedToStub,
    /// The cell leads to a stub shared by all sites that scans pairs of class and target.
    CellToScan,
    /// The cell leads to the shared probe of the global lookup cache.
    Megamorphic,
}

const POLY: [(&str, Poly); 6] = [
    ("four data cells compared in line", Poly::Cells),
    (
        "cell compared in line, then stub with immediates",
        Poly::CellThenStub,
    ),
    ("`call [cell+8]` to stub with immediates", Poly::CellToStub),
    (
        "`call rel` to stub with immediates (patched)",
        Poly::PatchedToStub,
    ),
    (
        "`call [cell+8]` to shared scan of data pairs",
        Poly::CellToScan,
    ),
    (
        "`call [cell+8]` to probe of the global cache",
        Poly::Megamorphic,
    ),
];

/// One site that sees four classes in a fixed shuffled order, short enough to be learnt by the
/// branch predictor, or too long.
pub(crate) fn polymorphic() {
    let machine = Machine::new();
    let objects: Vec<[u64; 2]> = (0..CLASSES)
        .map(|class| [u64::from(FIRST_CLASS) + class as u64, 0])
        .collect();
    for length in [64, 16384] {
        let order = shuffled_classes(length);
        let receivers: Vec<u64> = order.iter().map(|&c| objects[c].as_ptr() as u64).collect();
        let blocks = POLY.map(|(_, poly)| polymorphic_block(poly, &receivers));
        let expected = (0..CHECKED_ITERATIONS as usize)
            .map(|i| order[i] as u64 + 1)
            .sum();
        let title = format!("Polymorphic send, 4 classes, order repeats after {length} sends");
        let mut table = Table::new(&title, "send");
        for ((name, _), (block, entry)) in POLY.iter().zip(&blocks) {
            let machine = &machine;
            table.row(*name, 1, expected, move |n| machine.run(block, *entry, n));
        }
        table.print();
    }
}

/// A fixed pseudo-random sequence of class numbers.
fn shuffled_classes(length: usize) -> Vec<usize> {
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let step = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 33) as usize % CLASSES
    };
    (0..length).map(step).collect()
}

/// The labels of a polymorphic site.
struct PolySite {
    cells: [Site; CLASSES],
    /// The cell that leads to a stub, as its class says nothing.
    stub_cell: Site,
    global_cache: DynamicLabel,
    entry: AssemblyOffset,
}

fn polymorphic_block(poly: Poly, receivers: &[u64]) -> (CodeBlock, AssemblyOffset) {
    let code = |ops: &mut Assembler| {
        let cells = [(); CLASSES].map(|()| Site::new(ops));
        let (stub_cell, global_cache) = (Site::new(ops), ops.new_dynamic_label());
        for (index, cell) in cells.iter().enumerate() {
            ops.align(16, 0xCC);
            dynasm!(ops ; .arch x64 ; =>cell.method ; add r15, index as i32 + 1 ; ret);
        }
        let mut site = PolySite {
            cells,
            stub_cell,
            global_cache,
            entry: AssemblyOffset(0),
        };
        emit_stub(ops, poly, &site);
        site.entry = counted_loop(
            ops,
            |ops| {
                dynasm!(ops ; .arch x64
                    ; mov r13, QWORD receivers.as_ptr() as i64 ; xor r14d, r14d)
            },
            |ops, slow| {
                dynasm!(ops ; .arch x64
                    ; mov rdi, [r13 + r14 * 8] ; inc r14 ; and r14d, receivers.len() as i32 - 1);
                emit_polymorphic_site(ops, poly, &site, slow);
            },
        );
        site
    };
    let (block, site) = CodeBlock::with_data(code, emit_poly_data);
    (block, site.entry)
}

fn emit_polymorphic_site(ops: &mut Assembler, poly: Poly, site: &PolySite, slow: DynamicLabel) {
    match poly {
        Poly::Cells => {
            let (hits, done) = ([(); CLASSES].map(|()| ops.new_dynamic_label()), {
                ops.new_dynamic_label()
            });
            fetch_class(ops, slow);
            for (cell, hit) in site.cells.iter().zip(hits) {
                dynasm!(ops ; .arch x64 ; cmp eax, [=>cell.class] ; je =>hit);
            }
            dynasm!(ops ; .arch x64 ; jmp =>slow);
            for (cell, hit) in site.cells.iter().zip(hits) {
                dynasm!(ops ; .arch x64 ; =>hit ; call QWORD [=>cell.target] ; jmp =>done);
            }
            dynasm!(ops ; .arch x64 ; =>done);
        }
        Poly::CellThenStub => {
            let first = site.cells[0];
            fetch_class(ops, slow);
            // The miss path stands here, behind a jump, as it would behind the method.
            dynasm!(ops ; .arch x64
                ; cmp eax, [=>first.class] ; jne >miss
                ; call QWORD [=>first.target] ; jmp >done
                ; miss: ; call QWORD [=>site.stub_cell.target]
                ; done:
            );
        }
        Poly::CellToStub | Poly::CellToScan | Poly::Megamorphic => {
            dynasm!(ops ; .arch x64
                ; mov edx, [=>site.stub_cell.class] ; call QWORD [=>site.stub_cell.target]);
        }
        Poly::PatchedToStub => {
            dynasm!(ops ; .arch x64 ; mov edx, SELECTOR as i32 ; call =>site.stub_cell.method);
        }
    }
}

fn emit_stub(ops: &mut Assembler, poly: Poly, site: &PolySite) {
    let slow = ops.new_dynamic_label();
    ops.align(16, 0xCC);
    dynasm!(ops ; .arch x64 ; =>site.stub_cell.method);
    if !matches!(poly, Poly::CellThenStub) {
        fetch_class(ops, slow);
    }
    match poly {
        Poly::Cells | Poly::CellThenStub | Poly::CellToStub | Poly::PatchedToStub => {
            for (index, cell) in site.cells.iter().enumerate() {
                let class = FIRST_CLASS as i32 + index as i32;
                dynasm!(ops ; .arch x64 ; cmp eax, DWORD class ; je =>cell.method);
            }
        }
        Poly::CellToScan => {
            let first = site.cells[0];
            dynasm!(ops ; .arch x64
                ; lea r10, [=>first.class]
                ; next: ; cmp eax, [r10] ; je >hit ; add r10, 16 ; jmp <next
                ; hit: ; jmp QWORD [BYTE r10 + 8]
            );
        }
        Poly::Megamorphic => {
            let (index_mask, table) = (GLOBAL_ENTRIES as i32 - 1, site.global_cache);
            dynasm!(ops ; .arch x64
                ; mov ecx, eax ; xor ecx, edx ; and ecx, index_mask ; shl ecx, 4
                ; lea r10, [=>table] ; add r10, rcx
                ; cmp eax, [r10] ; jne =>slow
                ; cmp edx, [BYTE r10 + 4] ; jne =>slow
                ; jmp QWORD [BYTE r10 + 8]
            );
        }
    }
    dynasm!(ops ; .arch x64 ; =>slow ; ud2);
}

fn emit_poly_data(ops: &mut Assembler, site: &PolySite) {
    for (index, cell) in site.cells.iter().enumerate() {
        cell.emit_cell(ops, FIRST_CLASS + index as u32);
    }
    site.stub_cell.emit_cell(ops, SELECTOR);
    let home = |index: u32| ((FIRST_CLASS + index) ^ SELECTOR) as usize % GLOBAL_ENTRIES;
    dynasm!(ops ; .arch x64 ; .align 64 ; =>site.global_cache);
    for entry in 0..GLOBAL_ENTRIES {
        match (0..CLASSES as u32).find(|&index| home(index) == entry) {
            Some(index) => dynasm!(ops ; .arch x64
                ; .u32 FIRST_CLASS + index ; .u32 SELECTOR
                ; .abs64 =>site.cells[index as usize].method),
            None => dynasm!(ops ; .arch x64 ; .u64 0 ; .u64 0),
        }
    }
}
