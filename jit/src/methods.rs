//! Machine code of methods and blocks: what the VM asks of a generator, over the one code space.

use crate::cells::{Cell, Cells};
use crate::compiler::{About, Compiler};
use crate::generate::{Cache, CacheKind, Front, Generated, Trivial, generate};
use crate::isa::host::{self, caches};
use crate::lowering::{Lines, Lowered, Request};
use crate::rtl::check::Facts;
use gc::layout::ClassIndex;
use gc::oop::Oop;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use vm::bytecode::Bytecode;
use vm::codes::ReturnAddresses;
use vm::compile::{CodeGenerator, EnterFunction, EntryPoints, NotCompiled};
use vm::vm::Vm;

/// Classes that a site's polymorphic stub tells apart; beyond them it asks the global cache.
const POLYMORPHIC_MAX: usize = 4;
/// Lines of the global cache of megamorphic sites; a power of two.
const LINES: usize = 1024;

/// Which code a send goes to, by class and selector: what megamorphic sites look into, and what is performed. For
/// that the number of arguments is part of the selector, since a program can perform with any.
#[derive(Clone, Copy, Default)]
#[repr(C)]
pub(crate) struct Line {
    pub(crate) class: u64,
    pub(crate) selector: u64,
    pub(crate) target: u64,
    pub(crate) unused: u64,
}

/// Lets the line for a class and a selector lead to `target`; `key` is what stands for the selector there.
fn fill_line(lines: &mut [Line; LINES], class: ClassIndex, selector: Oop, key: u64, target: u64) {
    lines[Methods::line(class, selector)] = Line {
        class: u64::from(class.index()),
        selector: key,
        target,
        unused: 0,
    };
}

impl Line {
    /// Whether what is sent or performed is this Symbol.
    fn is_of(&self, selector: Oop) -> bool {
        self.selector & !gc::oop::TAG_MASK == selector.bits()
    }

    /// What stands for the Symbol with these bits in the line of what is performed with so many arguments.
    pub(crate) const fn of_performed(selector: u64, count: usize) -> u64 {
        selector + count as u64 + 1
    }
}

/// Most arguments of what is performed by machine code: the number goes where a Symbol's tag is zero.
const PERFORMED_MAX: usize = gc::oop::TAG_MASK as usize - 1;

/// What is known of a method's code.
struct Code {
    /// The Method, CompiledBlock or Primitive.
    compiled: Oop,
    /// Codes are numbered as they are made.
    number: u64,
    /// Where the piece of code begins.
    base: u64,
    /// The return addresses of its sends.
    sites: Box<[u64]>,
    /// The entry that checks the receiver's class.
    checked: Option<u64>,
    /// Where loops begin, by pc.
    loops: HashMap<usize, u64>,
    /// What it does, if that is one thing.
    trivial: Option<Trivial>,
}

/// What is known of a send.
struct Site {
    /// The bytecode pc of the send.
    pc: usize,
    cell: u64,
    argument_count: usize,
    /// The receiver's class makes no difference: the lookup begins above the class of the method.
    is_super: bool,
    /// The classes met, with the code for them.
    targets: Vec<(ClassIndex, u64)>,
    /// The stub that the cell leads to, where it is the site's own.
    stub: Option<u64>,
    /// The cell in front of the send.
    front: Option<(u64, Front)>,
}

/// A cell with the class of the receivers of a send, in the place of which something else stands.
struct Guard {
    cell: u64,
    /// The method that the class has to have; without one it is enough that any class's has changed.
    method: Option<(ClassIndex, Oop)>,
}

/// The machine code of methods and blocks.
pub struct Methods {
    compiler: Rc<RefCell<Compiler>>,
    cells: Cells,
    /// By unchecked entry.
    codes: HashMap<u64, Code>,
    /// Codes made so far.
    made: u64,
    /// By return address.
    sites: HashMap<u64, Site>,
    lines: Box<[Line; LINES]>,
    /// The return addresses of sends that are linked, by the selector's bits.
    linked: HashMap<u64, Vec<u64>>,
    /// What stands in the place of sends, by the selector's bits.
    guards: HashMap<u64, Vec<Guard>>,
    trace: bool,
}

impl Methods {
    /// Makes machine code into the code space of `compiler`; `trace` lists it on standard error.
    pub fn new(compiler: Rc<RefCell<Compiler>>, trace: bool) -> Methods {
        let cells = Cells::new(compiler.borrow().space.data());
        Methods {
            compiler,
            cells,
            codes: HashMap::new(),
            made: 0,
            sites: HashMap::new(),
            lines: Box::new([Line::default(); LINES]),
            linked: HashMap::new(),
            guards: HashMap::new(),
            trace,
        }
    }

    fn table(&self) -> Lines {
        Lines {
            address: self.lines.as_ptr() as u64,
            count: LINES,
        }
    }

    fn unlinked_cell(&self) -> Cell {
        Cell {
            class: u64::from(u32::MAX),
            target: self.compiler.borrow().stubs().exit_unlinked(),
        }
    }

    fn take_cells(&mut self, count: usize) -> Option<Vec<u64>> {
        let unlinked = self.unlinked_cell();
        let mut cells = Vec::with_capacity(count);
        for _ in 0..count {
            let Some(cell) = self.cells.take() else {
                cells.drain(..).for_each(|each| self.cells.give_back(each));
                return None;
            };
            self.cells.set(cell, unlinked);
            cells.push(cell);
        }
        Some(cells)
    }

    fn put(
        &mut self,
        name: String,
        generated: &Generated,
        cells: &[u64],
        lowered: Lowered,
    ) -> Option<u64> {
        let about = About {
            name,
            ops: generated.ops.clone().into(),
            op_offsets: lowered.op_offsets.clone().into(),
            function: 0,
            external: None,
            cells: cells.into(),
            foreign_calls: lowered.foreign_calls.clone().into(),
            remarks: generated.remarks.clone().into(),
        };
        let mut compiler = self.compiler.borrow_mut();
        let base = compiler.put(lowered, about).ok()?;
        if self.trace {
            eprint!("{}", compiler.listing(base).unwrap_or_default());
        }
        Some(base)
    }

    /// Leads a site's cell to a stub of its own; false where there is no room for it.
    fn install_stub(&mut self, return_address: u64, bytes: Lowered) -> bool {
        let about = About {
            name: "send".into(),
            ops: Box::new([]),
            op_offsets: Box::new([]),
            function: 0,
            external: None,
            cells: Box::new([]),
            foreign_calls: Box::new([]),
            remarks: Box::new([]),
        };
        let made = self.compiler.borrow_mut().put(bytes, about);
        let Ok(stub) = made else {
            return false;
        };
        let site = self.sites.get_mut(&return_address).expect("a site");
        let cell = site.cell;
        let old = site.stub.replace(stub);
        self.cells.set(
            cell,
            Cell {
                class: u64::from(u32::MAX),
                target: stub,
            },
        );
        if let Some(old) = old {
            self.compiler.borrow_mut().remove(old);
        }
        true
    }

    /// Takes the code with this entry away, with its sites and cells. No send is linked, and it does not run.
    fn discard(&mut self, entry: u64) {
        let code = self.codes.remove(&entry).expect("code of a method");
        for site in &code.sites {
            self.sites.remove(site);
        }
        let mut compiler = self.compiler.borrow_mut();
        let about = compiler.space.about(code.base).expect("a piece of code");
        let cells = &about.cells;
        self.guards.retain(|_, guards| {
            guards.retain(|guard| !cells.contains(&guard.cell));
            !guards.is_empty()
        });
        for &cell in cells {
            self.cells.give_back(cell);
        }
        compiler.remove(code.base);
    }

    /// Makes the sends of a selector, which is given by its bits, look their methods up again; the global cache aside.
    fn unlink_sites(&mut self, selector: u64) {
        let unlinked = self.unlinked_cell();
        let mut compiler = self.compiler.borrow_mut();
        for return_address in self.linked.remove(&selector).unwrap_or_default() {
            // Gone with its code, it may be another's by now, which is looked up once more.
            let Some(site) = self.sites.get_mut(&return_address) else {
                continue;
            };
            self.cells.set(site.cell, unlinked);
            if let Some((cell, _)) = site.front {
                self.cells.set(cell, Cell::NONE);
            }
            site.targets.clear();
            if let Some(stub) = site.stub.take() {
                compiler.remove(stub);
            }
        }
    }

    fn line(class: ClassIndex, selector: Oop) -> usize {
        (selector.bits() >> 3 ^ u64::from(class.index())) as usize % LINES
    }
}

impl CodeGenerator for Methods {
    fn entry_points(&self) -> EntryPoints {
        let compiler = self.compiler.borrow();
        let stubs = compiler.stubs();
        let function = |address: u64| {
            // SAFETY: the stubs follow the C calling convention with this signature, and live as
            // long as the compiler, which the VM keeps for as long as it runs.
            unsafe { std::mem::transmute::<usize, EnterFunction>(address as usize) }
        };
        EntryPoints {
            call: function(stubs.enter()),
            go: function(stubs.go()),
            interpreter_return: stubs.enter_return(),
            code: compiler.space.range(),
        }
    }

    fn compile(&mut self, vm: &mut Vm, compiled: Oop) -> Result<u64, NotCompiled> {
        vm.survey_methods();
        let generated = generate(vm, compiled, Some(&self.compiler.borrow()));
        let generated = generated.ok_or(NotCompiled::Unsuitable)?;
        let cells = self.take_cells(generated.caches.len());
        let cells = cells.ok_or(NotCompiled::NoRoom)?;
        let argument_count = vm::lookup::header_of(vm.heap(), compiled).arguments();
        let lowered = {
            let compiler = self.compiler.borrow();
            host::lower::lower(&Request {
                ops: &generated.ops,
                facts: &Facts::default(),
                method: Oop::ZERO,
                argument_count,
                function: 0,
                stubs: compiler.stubs(),
                cells: &cells,
                code_space: compiler.space.range(),
                lines: self.table(),
            })
        };
        let (offsets, checked) = (lowered.op_offsets.clone(), lowered.checked_entry);
        let Some(base) = self.put(vm.code_name(compiled), &generated, &cells, lowered) else {
            cells.iter().for_each(|&cell| self.cells.give_back(cell));
            return Err(NotCompiled::NoRoom);
        };
        let address = |offset: u32| base + u64::from(offset);
        let entry = address(offsets[generated.entry]);
        let mut fronts = HashMap::new();
        for (&cell, cache) in cells.iter().zip(&generated.caches) {
            match cache.kind {
                CacheKind::Send(_) => {}
                CacheKind::Front(front) => {
                    self.cells.set(cell, Cell::NONE);
                    fronts.insert(cache.pc, (cell, front));
                }
                CacheKind::Constant([class, target]) => {
                    self.cells.set(cell, Cell { class, target });
                }
                CacheKind::Guard {
                    selector,
                    class,
                    method,
                } => {
                    let guard = Guard {
                        cell,
                        method: method.map(|method| (class, method)),
                    };
                    let (class, target) = (u64::from(class.index()), 0);
                    self.cells.set(cell, Cell { class, target });
                    let guards = self.guards.entry(selector.bits()).or_default();
                    guards.push(guard);
                }
            }
        }
        let mut sites = Vec::new();
        for (&cell, &Cache { pc, kind }) in cells.iter().zip(&generated.caches) {
            let CacheKind::Send(op) = kind else { continue };
            let sent = sent_at(vm, compiled, pc);
            let site = Site {
                pc,
                cell,
                argument_count: sent.pops() - 1,
                is_super: matches!(sent, Bytecode::SendSuper { .. }),
                targets: Vec::new(),
                stub: None,
                front: fronts.get(&pc).copied(),
            };
            let return_address = address(offsets[op + 1]);
            sites.push(return_address);
            self.sites.insert(return_address, site);
        }
        let loops = generated.loops.iter();
        self.made += 1;
        let code = Code {
            compiled,
            number: self.made,
            base,
            sites: sites.into(),
            checked: checked.map(address),
            loops: loops.map(|&(pc, op)| (pc, address(offsets[op]))).collect(),
            trivial: generated.trivial,
        };
        self.codes.insert(entry, code);
        Ok(entry)
    }

    fn loop_entry(&self, code: u64, pc: usize) -> Option<u64> {
        self.codes.get(&code)?.loops.get(&pc).copied()
    }

    fn pc_of_send(&self, return_address: u64) -> Option<usize> {
        self.sites.get(&return_address).map(|site| site.pc)
    }

    fn link(
        &mut self,
        return_address: u64,
        class: ClassIndex,
        class_object: Oop,
        selector: Oop,
        code: u64,
    ) -> bool {
        let known = self.codes.get(&code);
        let checked = known.and_then(|code| code.checked);
        let trivial = known.and_then(|code| code.trivial);
        let Some(site) = self.sites.get_mut(&return_address) else {
            return true;
        };
        let count = site.argument_count;
        if site.targets.is_empty() {
            let linked = self.linked.entry(selector.bits()).or_default();
            linked.push(return_address);
        }
        if site.is_super {
            site.targets.push((class, code));
            let class = u64::from(u32::MAX);
            let target = code;
            self.cells.set(site.cell, Cell { class, target });
            return true;
        }
        if site.targets.len() > POLYMORPHIC_MAX {
            fill_line(&mut self.lines, class, selector, selector.bits(), code);
            return true;
        }
        site.targets.retain(|&(each, _)| each != class);
        site.targets.push((class, code));
        let targets = site.targets.clone();
        if let (1, Some(target), None) = (targets.len(), checked, site.stub) {
            let class = u64::from(class.index());
            if let (Some((cell, front)), Some(trivial)) = (site.front, trivial)
                && let Some(target) = trivial.beside_class(front, class_object)
            {
                self.cells.set(cell, Cell { class, target });
            }
            self.cells.set(site.cell, Cell { class, target });
            return true;
        }
        let unlinked = self.compiler.borrow().stubs().exit_unlinked();
        let stub = if targets.len() <= POLYMORPHIC_MAX {
            caches::polymorphic(count, &targets, unlinked)
        } else {
            for (class, target) in targets {
                fill_line(&mut self.lines, class, selector, selector.bits(), target);
            }
            caches::megamorphic(count, selector, self.table(), unlinked)
        };
        self.install_stub(return_address, stub)
    }

    fn link_performed(&mut self, class: ClassIndex, selector: Oop, count: usize, code: u64) {
        if count <= PERFORMED_MAX {
            let key = Line::of_performed(selector.bits(), count);
            fill_line(&mut self.lines, class, selector, key, code);
        }
    }

    fn method_changed(&mut self, selector: Oop, method_of: &dyn Fn(ClassIndex) -> Option<Oop>) {
        self.unlink_sites(selector.bits());
        for line in self.lines.iter_mut() {
            if line.is_of(selector) {
                *line = Line::default();
            }
        }
        let Some(guards) = self.guards.get_mut(&selector.bits()) else {
            return;
        };
        let cells = &mut self.cells;
        guards.retain(|guard| {
            let holds = guard
                .method
                .is_some_and(|(class, method)| method_of(class) == Some(method));
            if !holds {
                cells.set(guard.cell, Cell::NONE);
            }
            holds
        });
    }

    fn unlink(&mut self) {
        for selector in self.linked.keys().copied().collect::<Vec<_>>() {
            self.unlink_sites(selector);
        }
        self.lines.fill(Line::default());
    }

    fn remove(&mut self, code: u64, running: &ReturnAddresses) -> Option<bool> {
        let base = self.codes.get(&code)?.base;
        let runs = self.compiler.borrow().runs(base, running);
        if !runs {
            self.discard(code);
        }
        Some(!runs)
    }

    fn evict(&mut self, running: &ReturnAddresses) -> Vec<Oop> {
        let used = self.compiler.borrow().space.used();
        let kept = used - used / 4;
        let mut idle: Vec<_> = {
            let compiler = self.compiler.borrow();
            let codes = self.codes.iter();
            let idle = codes.filter(|(_, code)| !compiler.runs(code.base, running));
            idle.map(|(&entry, code)| (code.number, entry, code.compiled))
                .collect()
        };
        idle.sort_unstable_by_key(|&(number, ..)| number);
        let mut evicted = Vec::new();
        for (_, entry, compiled) in idle {
            if self.compiler.borrow().space.used() <= kept {
                break;
            }
            self.discard(entry);
            evicted.push(compiled);
        }
        evicted
    }

    fn listing(&self, code: u64) -> Option<String> {
        let base = self.codes.get(&code)?.base;
        self.compiler.borrow().listing(base)
    }
}

/// The send at `pc`.
fn sent_at(vm: &Vm, compiled: Oop, pc: usize) -> Bytecode {
    let heap = vm.heap();
    let code = heap.bytes(heap.slot(compiled, vm::known::method::BYTECODES));
    let (instruction, _) = Bytecode::decode(code, pc).expect("a bytecode");
    instruction
}
