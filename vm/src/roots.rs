//! What the collector starts from.
//!
//! Of the places outside the heap only the VM stack and `unwinding` ever hold young objects: Symbols, Globals,
//! classes and whatever else stands in the VM's tables is allocated old. So a scavenge looks at
//! these alone, and a full collection at the tables too.
#![expect(unsafe_code, reason = "hands the collector the oops on the VM stack")]

use crate::called::CalledMethods;
use crate::codes::Codes;
use crate::stack::SuspendedRun;
use crate::symbols::SymbolTable;
use crate::vm::Vm;
use gc::oop::Oop;
use gc::{CollectionKind, Roots};

/// The VM's roots, apart from the heap that is being collected.
struct VmRoots<'a> {
    stack_top: u64,
    /// Where machine code lies: first address and size.
    code: [u64; 2],
    /// The current run, and so all that are suspended.
    current: SuspendedRun,
    /// What goes on where an external call returns.
    unwinding: &'a mut Oop,
    constants: [&'a mut Oop; 3],
    classes: &'a mut [Oop],
    globals: &'a mut hashbrown::HashMap<u64, Oop>,
    symbols: &'a mut SymbolTable,
    selectors: [&'a mut [Oop]; 2],
    codes: &'a mut Codes,
    called: &'a mut CalledMethods,
}

impl Roots for VmRoots<'_> {
    fn visit(&mut self, visitor: &mut dyn FnMut(&mut Oop)) {
        self.constants.iter_mut().for_each(|each| visitor(each));
        self.classes.iter_mut().for_each(&mut *visitor);
        self.globals.values_mut().for_each(&mut *visitor);
        self.symbols.each_mut().for_each(&mut *visitor);
        for table in &mut self.selectors {
            table.iter_mut().for_each(&mut *visitor);
        }
        self.called.each_mut().for_each(&mut *visitor);
        self.visit_young(visitor);
    }

    fn visit_weak(&mut self, kind: CollectionKind, alive: &mut dyn FnMut(Oop) -> Option<Oop>) {
        if kind == CollectionKind::Full {
            self.codes.condemn_dead(alive);
        }
    }

    fn visit_young(&mut self, visitor: &mut dyn FnMut(&mut Oop)) {
        visitor(self.unwinding);
        let [code, size] = self.code;
        // Return addresses of primitives and foreign functions that machine code called lie among
        // the operands; no object lies where they point to.
        let mut visit = |word: *mut Oop| {
            // SAFETY: the word belongs to the VM stack, which nobody else touches meanwhile.
            let word = unsafe { &mut *word };
            if word.bits().wrapping_sub(code) >= size {
                visitor(word);
            }
        };
        let mut run = &self.current;
        loop {
            // SAFETY: a run lies in an activation that lives until the run inside of it has ended.
            let outer = unsafe { run.outer.as_ref() };
            let end = outer.map_or(self.stack_top, |outer| outer.sp);
            // SAFETY: suspended runs have published their sp and fp.
            unsafe { run.each_oop(end, &mut visit) };
            match outer {
                Some(outer) => run = outer,
                None => break,
            }
        }
    }
}

impl Vm {
    /// Collects what is due. Every run must be published.
    pub(crate) fn collect_garbage(&mut self) {
        // SAFETY: this is a safe point: all oops are in the published stack and the tables.
        self.with_roots(|heap, roots| unsafe { heap.collect(roots) });
        // Handlers that return from an overflow in the ordinary way do not say so.
        self.settle_stack_limit(self.context.sp);
    }

    /// Collects everything that can be collected. Every run must be published.
    pub(crate) fn collect_everything(&mut self) {
        // SAFETY: as above.
        self.with_roots(|heap, roots| unsafe { heap.collect_full(roots) });
        if self.heap().has_finalizable() {
            // So that the next safe point hears of it.
            self.heap_mut().request_collection(CollectionKind::Scavenge);
        }
    }

    /// Leaves only live objects, for a snapshot. No run may be under way but published ones.
    pub fn collect_for_snapshot(&mut self) {
        self.collect_everything();
    }

    fn with_roots(&mut self, act: impl FnOnce(&mut gc::Heap, &mut VmRoots<'_>)) {
        self.release_called_methods();
        let context = &mut *self.context;
        let full_collections = context.heap.full_collections();
        let mut roots = VmRoots {
            stack_top: self.stack.top(),
            code: [context.code_start, context.code_size],
            current: SuspendedRun {
                sp: context.sp,
                fp: context.fp,
                outer: context.suspended,
                is_callback: 0,
            },
            unwinding: &mut context.unwinding,
            constants: [
                &mut context.nil,
                &mut context.true_object,
                &mut context.false_object,
            ],
            classes: &mut self.classes,
            globals: &mut self.globals,
            symbols: &mut self.symbols,
            selectors: [&mut self.known_selectors, &mut self.special_selectors],
            codes: &mut self.codes,
            called: &mut self.called,
        };
        act(&mut context.heap, &mut roots);
        if context.heap.full_collections() != full_collections {
            // Methods may have died, and the next one may be given their address.
            self.cache.clear();
            self.remove_condemned_code();
        }
    }
}
