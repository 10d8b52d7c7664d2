//! What the collector starts from.
#![expect(unsafe_code, reason = "hands the collector the oops on the VM stack")]

use crate::vm::Vm;
use gc::Roots;
use gc::oop::Oop;

/// The VM's roots, apart from the heap that is being collected.
struct VmRoots<'a> {
    words: Vec<*mut Oop>,
    tables: Vec<&'a mut Oop>,
}

impl Roots for VmRoots<'_> {
    fn visit(&mut self, visitor: &mut dyn FnMut(&mut Oop)) {
        for table in &mut self.tables {
            visitor(table);
        }
        for &word in &self.words {
            // SAFETY: the words are those of the suspended VM stack, which nobody else touches
            // while a collection runs.
            visitor(unsafe { &mut *word });
        }
    }
}

impl Vm {
    /// Collects what is due. Every run must be published.
    pub(crate) fn collect_garbage(&mut self) {
        // SAFETY: this is a safe point: all oops are in the published stack and the tables.
        self.with_roots(|heap, roots| unsafe { heap.collect(roots) });
    }

    /// Collects everything that can be collected. Every run must be published.
    pub(crate) fn collect_everything(&mut self) {
        // SAFETY: as above.
        self.with_roots(|heap, roots| unsafe { heap.collect_full(roots) });
    }

    /// Leaves only live objects, for a snapshot. No run may be under way but published ones.
    pub fn collect_for_snapshot(&mut self) {
        self.collect_everything();
    }

    fn with_roots(&mut self, act: impl FnOnce(&mut gc::Heap, &mut VmRoots<'_>)) {
        let mut words = Vec::new();
        self.each_stack_oop(&mut |word| words.push(word));
        let context = &mut *self.context;
        let mut tables: Vec<&mut Oop> = vec![
            &mut context.nil,
            &mut context.true_object,
            &mut context.false_object,
        ];
        tables.extend(self.classes.iter_mut());
        tables.extend(self.globals.values_mut());
        tables.extend(self.symbols.each_mut());
        tables.extend(self.known_selectors.iter_mut());
        tables.extend(self.special_selectors.iter_mut());
        act(&mut context.heap, &mut VmRoots { words, tables });
        // Methods may have died, and the next one may be given their address.
        self.cache.clear();
    }

    /// Calls `visit` with the address of every oop on the VM stack.
    fn each_stack_oop(&self, visit: &mut dyn FnMut(*mut Oop)) {
        let current = crate::stack::Segment {
            sp: self.context.sp,
            fp: self.context.fp,
        };
        let mut end = self.stack.top();
        let context = &self.context;
        // Return addresses of primitives and foreign functions, which have no frame, lie among
        // the operands.
        let mut visit = |word: *mut Oop| {
            // SAFETY: the word lies in the live part of the VM stack.
            let bits = unsafe { crate::stack::word(word as u64) };
            if bits.wrapping_sub(context.code_start) >= context.code_size {
                visit(word);
            }
        };
        for &segment in self.runs.iter().chain([&current]) {
            // SAFETY: suspended runs have published their sp and fp.
            unsafe { segment.each_oop(end, &mut visit) };
            end = segment.sp;
        }
    }
}
