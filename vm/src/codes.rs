//! Which machine code belongs to which method, and when it goes.
//!
//! Code lives as long as its method, unless the method gets other code or the code space needs the room.
//! ```text
//!   owned ──method collected, compiled or linked anew──> condemned ──no return address leads there──> removed
//!         ──code space full, among the oldest, no return address leads there────────────────────────> removed
//! ```
//! Whatever is in the middle of code has a return address into it on one of the two stacks: on the VM stack where
//! it sent a message, on the C stack where it called C or Rust. All their words are looked at and every one that could be such
//! an address counts, so nothing needs to tell what it runs.
#![expect(unsafe_code, reason = "reads the words of both stacks")]

use crate::foreign::ExternalCode;
use crate::known::method;
use crate::vm::Vm;
use gc::oop::Oop;
use hashbrown::HashMap;
use std::ops::Range;

/// The machine code of the VM's methods and blocks.
#[derive(Default)]
pub(crate) struct Codes {
    /// By the bits of the Method, CompiledBlock or Primitive, which is old and so does not move. It is not kept
    /// alive by this.
    owned: HashMap<u64, ExternalCode>,
    /// Code that no method has any more.
    condemned: Vec<ExternalCode>,
}

impl Codes {
    /// Condemns the code of the methods that a full collection has found dead.
    pub(crate) fn condemn_dead(&mut self, alive: &mut dyn FnMut(Oop) -> Option<Oop>) {
        let condemned = &mut self.condemned;
        self.owned.retain(|&bits, code| {
            // SAFETY: the bits are those of an object that was alive at the last full collection and
            // has not been swept since.
            let is_alive = alive(unsafe { Oop::from_bits(bits) }).is_some();
            if !is_alive {
                condemned.push(*code);
            }
            is_alive
        });
    }
}

/// The words on the stacks that can be return addresses into machine code.
pub struct ReturnAddresses {
    sorted: Vec<u64>,
    /// False where the system does not tell how far the C stack goes.
    complete: bool,
}

impl ReturnAddresses {
    /// These words; `complete` where there are no others.
    pub fn new(mut words: Vec<u64>, complete: bool) -> ReturnAddresses {
        words.sort_unstable();
        ReturnAddresses {
            sorted: words,
            complete,
        }
    }

    /// True where one leads to code at these addresses, or right behind it: a call can be the last instruction.
    pub fn lead_into(&self, code: &Range<u64>) -> bool {
        if !self.complete {
            return true;
        }
        let first = self.sorted.partition_point(|&each| each < code.start);
        self.sorted.get(first).is_some_and(|&each| each <= code.end)
    }
}

impl Vm {
    /// Gives a method its code.
    pub(crate) fn own_code(&mut self, compiled: Oop, code: ExternalCode) {
        debug_assert!(!self.heap().is_young(compiled), "methods are allocated old");
        self.heap_mut()
            .set_slot(compiled, method::CODE, Oop::small(code.to_slot()));
        let before = self.codes.owned.insert(compiled.bits(), code);
        self.codes.condemned.extend(before);
    }

    /// Takes a method's code from it: it goes as soon as nothing runs it.
    pub(crate) fn disown_code(&mut self, compiled: Oop) {
        self.heap_mut().set_slot(compiled, method::CODE, Oop::ZERO);
        let code = self.codes.owned.remove(&compiled.bits());
        self.codes.condemned.extend(code);
    }

    /// Takes their code from all methods and blocks that were compiled from bytecodes. Activations that run it go on
    /// with it.
    pub(crate) fn disown_compiled(&mut self) {
        for bits in self.codes.owned.keys().copied().collect::<Vec<_>>() {
            // SAFETY: what has code is old, and alive: see `condemn_dead`.
            let compiled = unsafe { Oop::from_bits(bits) };
            if !self.is_external(compiled) {
                self.disown_code(compiled);
            }
        }
    }

    /// Removes the condemned code that nothing runs. Every run must be published.
    pub(crate) fn remove_condemned_code(&mut self) {
        if !self.codes.condemned.is_empty() {
            self.unlink_sends();
            self.remove_condemned(&self.return_addresses());
        }
    }

    /// The same with sends unlinked; true where some is gone.
    fn remove_condemned(&mut self, running: &ReturnAddresses) -> bool {
        let condemned = std::mem::take(&mut self.codes.condemned);
        let waiting = condemned.len();
        for code in condemned {
            if !self.remove_code(code, running) {
                self.codes.condemned.push(code);
            }
        }
        self.codes.condemned.len() < waiting
    }

    /// True where the code is gone, false where it runs.
    fn remove_code(&mut self, code: ExternalCode, running: &ReturnAddresses) -> bool {
        if let (ExternalCode::Machine(address), Some(generator)) = (code, &mut self.generator)
            && let Some(removed) = generator.remove(address, running)
        {
            return removed;
        }
        match &self.foreign {
            Some(foreign) => foreign.remove(code, running),
            None => true,
        }
    }

    /// Makes room in the code space: removes condemned code and the oldest code of methods, a quarter of
    /// it, but for what runs. The methods are compiled anew when they are hot again. False where all of it
    /// runs. Every run must be published.
    pub(crate) fn evict_code(&mut self) -> bool {
        self.unlink_sends();
        let running = self.return_addresses();
        let is_some_gone = self.remove_condemned(&running);
        let generator = self.generator.as_mut();
        let evicted = generator.map_or(Vec::new(), |generator| generator.evict(&running));
        for &compiled in &evicted {
            self.codes.owned.remove(&compiled.bits());
            let heap = self.heap_mut();
            heap.set_slot(compiled, method::CODE, Oop::ZERO);
            heap.set_slot(compiled, method::COUNTER, Oop::ZERO);
        }
        self.evicted_code += evicted.len() as u64;
        is_some_gone || !evicted.is_empty()
    }

    /// Makes every send of machine code look its method up again.
    pub(crate) fn unlink_sends(&mut self) {
        if let Some(generator) = &mut self.generator {
            generator.unlink();
        }
    }

    /// All words on both stacks that lie in the code space.
    fn return_addresses(&self) -> ReturnAddresses {
        let context = &*self.context;
        let here = 0_u64;
        let c_stack = (&raw const here as u64)..self.c_stack_end;
        let mut found = vec![context.resume_pc, context.unwinding_return];
        for words in [context.sp..self.stack.top(), c_stack] {
            for address in words.step_by(8) {
                // SAFETY: live parts of stacks are mapped, from their pointers up to where they begin; words
                // of frames whose functions keep changing them are read as they happen to be.
                let word = unsafe { (address as *const u64).read_volatile() };
                if context.is_in_code(word) {
                    found.push(word);
                }
            }
        }
        ReturnAddresses::new(found, self.c_stack_end != 0)
    }
}
