//! The virtual machine: owner of the heap, the stack and the tables around them.

use crate::called::CalledMethods;
use crate::codes::Codes;
use crate::context::VmContext;
use crate::entry;
use crate::fault::Fault;
use crate::foreign::Foreign;
use crate::known::{self, KnownSelector, class, global, index};
use crate::lookup::{self, Found, MethodCache};
use crate::stack::VmStack;
use crate::symbols::SymbolTable;
use crate::usual::Survey;
use gc::layout::{ClassIndex, Format};
use gc::oop::Oop;
use gc::{Heap, HeapOptions, OutOfMemory};
use std::collections::HashSet;
use std::path::PathBuf;

/// What a VM is started with.
#[derive(Clone, Debug)]
pub struct Options {
    /// Sizes and checks of the object memory.
    pub heap: HeapOptions,
    /// Usable bytes of the VM stack.
    pub stack_bytes: usize,
    /// When methods are compiled, where there is a generator.
    pub tiering: crate::compile::Tiering,
    /// Prints every bytecode executed on standard error.
    pub trace_bytecode: bool,
    /// Directories where classes are looked for by name.
    pub class_path: Vec<PathBuf>,
    /// What `System arguments` answers.
    pub arguments: Vec<String>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            heap: HeapOptions::default(),
            stack_bytes: 64 << 20,
            tiering: crate::compile::Tiering { threshold: 500 },
            trace_bytecode: false,
            class_path: Vec::new(),
            arguments: Vec::new(),
        }
    }
}

/// What the program may ask for later, and finalizers and callbacks of other threads that run in between must not
/// change.
#[derive(Clone, Debug, Default)]
pub(crate) struct Undisturbed {
    pub(crate) failure: u64,
    pub(crate) failure_argument: u64,
    pub(crate) failure_detail: Option<String>,
    pub(crate) fault: Fault,
    pub(crate) errno: u64,
}

impl Vm {
    /// Puts aside what must not be changed.
    pub(crate) fn put_aside(&mut self) -> Undisturbed {
        Undisturbed {
            failure: self.context.failure,
            failure_argument: self.context.failure_argument,
            failure_detail: self.failure_detail.take(),
            fault: self.context.fault,
            errno: self.context.errno,
        }
    }

    /// Takes back what was put aside.
    pub(crate) fn take_back(&mut self, kept: Undisturbed) {
        self.context.failure = kept.failure;
        self.context.failure_argument = kept.failure_argument;
        self.failure_detail = kept.failure_detail;
        self.context.fault = kept.fault;
        self.context.errno = kept.errno;
    }
}

/// Saves a snapshot of a VM in a file.
pub type ImageSaver = fn(&mut Vm, &std::path::Path) -> Result<(), String>;

/// The virtual machine.
pub struct Vm {
    /// The registers, and within them the heap.
    pub context: Box<VmContext>,
    /// The foreign-function machinery, where the program has one.
    pub foreign: Option<std::rc::Rc<dyn Foreign>>,
    /// Saves a snapshot, where the program can. The error is a sentence for the user.
    pub image_saver: Option<ImageSaver>,
    /// What the VM was started with.
    pub options: Options,
    /// What makes machine code of methods, where there is something.
    pub(crate) generator: Option<Box<dyn crate::compile::CodeGenerator>>,
    pub(crate) entry_points: Option<crate::compile::EntryPoints>,
    /// Below this address the VM stack is used up.
    pub(crate) stack_end: u64,
    pub(crate) stack: VmStack,
    pub(crate) symbols: SymbolTable,
    /// Selectors of methods whose code is part of leaves.
    pub(crate) relied: HashSet<String>,
    /// The code of methods.
    pub(crate) codes: Codes,
    /// Special sends whose fast paths are not what is to be done, as bits.
    pub(crate) unusual_sends: u32,
    /// Methods whose foreign calls are under way.
    pub(crate) called: CalledMethods,
    /// How many methods lost their code because the code space was full.
    pub evicted_code: u64,
    /// What machine code goes by; `None` where methods have changed since.
    pub(crate) survey: Option<Survey>,
    /// Class objects by class index; nil where an index is free.
    pub(crate) classes: Vec<Oop>,
    /// Global objects by the address of their name's Symbol.
    pub(crate) globals: hashbrown::HashMap<u64, Oop>,
    pub(crate) cache: MethodCache,
    pub(crate) known_selectors: Vec<Oop>,
    pub(crate) special_selectors: Vec<Oop>,
    /// [`INTERRUPTED`], [`VISITED`] and [`MEMORY_FULL`]; looked at by the safe points.
    pub interrupt: std::sync::Arc<std::sync::atomic::AtomicU8>,
    /// Callbacks from other threads.
    pub visitors: std::sync::Arc<crate::visitors::Visitors>,
    /// Where the C stack begins, or 0.
    pub(crate) c_stack_end: u64,
    /// See [`VmContext::c_limit`].
    pub(crate) c_limit: u64,
    /// How the run ended that a callback was, where it takes the runs outside with it.
    pub(crate) ending: Option<crate::interpreter::RunEnd>,
    /// What the last failed primitive or compilation had to say.
    pub failure_detail: Option<String>,
    /// While finalizers run: what they must leave as it was.
    pub(crate) finalization: Option<Undisturbed>,
    /// How many pieces of code run that callbacks of other threads must not disturb.
    pub(crate) held_visitors: u32,
    /// Set by `System exit:`.
    pub exit_status: Option<i32>,
    /// Open files by handle.
    pub(crate) files: crate::files::Files,
    pub(crate) started: std::time::Instant,
    /// Spent on making machine code of methods.
    pub(crate) compilation_time: std::time::Duration,
}

/// A bit of [`Vm::interrupt`]: the user interrupts.
pub const INTERRUPTED: u8 = 1;
/// A bit of [`Vm::interrupt`]: another thread's callback waits, or was given up.
pub const VISITED: u8 = 2;
/// A bit of [`Vm::interrupt`]: a runtime entry went beyond the greatest size of the heap.
pub const MEMORY_FULL: u8 = 4;

impl Vm {
    /// A VM with an empty heap: no nil, no classes. See [`crate::genesis`] and the image crate.
    pub fn empty(options: Options) -> Result<Box<Vm>, String> {
        let heap = Heap::new(options.heap).map_err(|error| error.to_string())?;
        let stack = VmStack::new(options.stack_bytes)
            .map_err(|error| format!("cannot reserve the VM stack: {error}"))?;
        let context = VmContext::new(heap, stack.top(), stack.limit(), entry::table());
        let (c_stack_end, c_limit) = crate::callback::c_stack();
        let mut vm = Box::new(Vm {
            context: Box::new(context),
            foreign: None,
            generator: None,
            entry_points: None,
            stack_end: stack.limit(),
            image_saver: None,
            options,
            stack,
            symbols: SymbolTable::default(),
            relied: HashSet::new(),
            codes: Codes::default(),
            called: CalledMethods::default(),
            unusual_sends: 0,
            evicted_code: 0,
            survey: None,
            classes: Vec::new(),
            globals: hashbrown::HashMap::new(),
            cache: MethodCache::default(),
            known_selectors: Vec::new(),
            special_selectors: Vec::new(),
            interrupt: std::sync::Arc::default(),
            visitors: std::sync::Arc::default(),
            c_stack_end,
            c_limit,
            ending: None,
            failure_detail: None,
            finalization: None,
            held_visitors: 0,
            exit_status: None,
            files: crate::files::Files::default(),
            started: std::time::Instant::now(),
            compilation_time: std::time::Duration::ZERO,
        });
        vm.context.vm = &raw const *vm as u64;
        vm.context.c_limit = vm.c_limit;
        vm.context.visitors = std::sync::Arc::as_ptr(&vm.visitors);
        vm.context.interrupt = std::sync::Arc::as_ptr(&vm.interrupt);
        Ok(vm)
    }

    /// The heap.
    #[inline(always)]
    pub fn heap(&self) -> &Heap {
        &self.context.heap
    }

    /// The heap, to change it.
    #[inline(always)]
    pub fn heap_mut(&mut self) -> &mut Heap {
        &mut self.context.heap
    }

    /// nil.
    #[inline(always)]
    pub fn nil(&self) -> Oop {
        self.context.nil
    }

    /// true or false.
    #[inline(always)]
    pub fn boolean(&self, value: bool) -> Oop {
        if value {
            self.context.true_object
        } else {
            self.context.false_object
        }
    }

    /// The class object of a class index.
    ///
    /// # Panics
    /// Where no class has that index: headers hold only indices of the class table.
    #[inline(always)]
    pub fn class_at(&self, class: ClassIndex) -> Oop {
        self.classes[class.index() as usize]
    }

    /// The class of any object.
    #[inline(always)]
    pub fn class_of(&self, object: Oop) -> Oop {
        self.class_at(self.heap().class_index_of(object))
    }

    /// The class index that instances of a class get.
    pub fn index_of_class(&self, class_object: Oop) -> ClassIndex {
        let number = self
            .heap()
            .slot(class_object, class::INDEX)
            .as_i64()
            .expect("a class index");
        ClassIndex::new(number as u32)
    }

    /// The Symbol of a text.
    pub fn symbol(&mut self, text: &str) -> Result<Oop, OutOfMemory> {
        self.symbols.intern(&mut self.context.heap, text.as_bytes())
    }

    /// The Symbol of a text where there is one already.
    pub fn existing_symbol(&self, text: &[u8]) -> Option<Oop> {
        self.symbols.find(self.heap(), text)
    }

    /// A new String.
    pub fn string(&mut self, bytes: &[u8]) -> Result<Oop, OutOfMemory> {
        let string = self.heap_mut().allocate_bytes(index::STRING, bytes.len())?;
        self.heap_mut().bytes_mut(string).copy_from_slice(bytes);
        Ok(string)
    }

    /// A new Array.
    pub fn array(&mut self, elements: &[Oop]) -> Result<Oop, OutOfMemory> {
        let array = self
            .heap_mut()
            .allocate(index::ARRAY, Format::INDEXABLE, elements.len())?;
        for (index, &element) in elements.iter().enumerate() {
            self.heap_mut().set_slot(array, index, element);
        }
        Ok(array)
    }

    /// The text of a String or Symbol, lossily.
    pub fn text(&self, string: Oop) -> String {
        if string.is_pointer() && self.heap().format_of(string).is_bytes() {
            String::from_utf8_lossy(self.heap().bytes(string)).into_owned()
        } else {
            format!("{string:?}")
        }
    }

    /// True for a String or Symbol.
    pub fn is_string(&self, object: Oop) -> bool {
        if !object.is_pointer() || !self.heap().format_of(object).is_bytes() {
            return false;
        }
        let class = self.heap().class_index_of(object);
        class == index::STRING
            || class == index::SYMBOL
            || (class != index::BYTE_ARRAY
                && self.inherits_from(self.class_at(class), self.class_at(index::STRING)))
    }

    /// True where `class_object` is `ancestor` or below it.
    pub fn inherits_from(&self, class_object: Oop, ancestor: Oop) -> bool {
        let mut each = class_object;
        while each != self.nil() {
            if each == ancestor {
                return true;
            }
            each = self.heap().slot(each, class::SUPERCLASS);
        }
        false
    }

    /// The Global object of a name, made where there is none.
    pub fn global(&mut self, name: &str) -> Result<Oop, OutOfMemory> {
        let symbol = self.symbol(name)?;
        if let Some(&found) = self.globals.get(&symbol.bits()) {
            return Ok(found);
        }
        let made = self
            .heap_mut()
            .allocate_old(index::GLOBAL, Format::FIXED, global::COUNT)?;
        self.heap_mut().set_slot(made, global::NAME, symbol);
        self.heap_mut().set_slot(made, global::VALUE, made);
        self.globals.insert(symbol.bits(), made);
        Ok(made)
    }

    /// The value of a global variable, where it is set.
    pub fn global_value(&self, name: &str) -> Option<Oop> {
        let symbol = self.existing_symbol(name.as_bytes())?;
        let found = *self.globals.get(&symbol.bits())?;
        let value = self.heap().slot(found, global::VALUE);
        (value != found).then_some(value)
    }

    /// Sets a global variable.
    pub fn set_global(&mut self, name: &str, value: Oop) -> Result<(), OutOfMemory> {
        let found = self.global(name)?;
        self.heap_mut().set_slot(found, global::VALUE, value);
        Ok(())
    }

    /// The names of all set globals, sorted: for completion.
    pub fn global_names(&self) -> Vec<String> {
        let set = |global: &&Oop| self.heap().slot(**global, global::VALUE) != **global;
        let name = |global: &Oop| self.text(self.heap().slot(*global, global::NAME));
        let mut names: Vec<String> = self.globals.values().filter(set).map(name).collect();
        names.sort();
        names
    }

    /// The texts of all Symbols: for completion.
    pub fn symbol_texts(&self) -> Vec<String> {
        self.symbols
            .each()
            .map(|symbol| self.text(symbol))
            .collect()
    }

    /// The method for a class and a selector, from the cache or by lookup.
    #[inline(always)]
    pub(crate) fn find_method(&mut self, class: ClassIndex, selector: Oop) -> Option<Found> {
        match self.cache.get(class, selector) {
            Some(found) => Some(found),
            None => self.look_up(class, selector),
        }
    }

    /// What a Symbol selects has changed.
    pub(crate) fn method_changed(&mut self, selector: Oop) {
        self.abandon_leaves(selector);
        self.review_methods(Some(selector));
        if let Some(mut generator) = self.generator.take() {
            generator.method_changed(selector, &|class| self.method_for(class, selector));
            self.generator = Some(generator);
        }
        self.cache.forget(selector, self.classes.len());
    }

    /// Drops what lookups have found.
    pub(crate) fn forget_lookups(&mut self) {
        self.cache.clear();
        self.unlink_sends();
    }

    /// A leaf has the code of what the Symbols in an Array select now.
    pub(crate) fn rely_on(&mut self, selectors: Oop) {
        for index in 0..self.heap().slot_count(selectors) {
            let selector = self.text(self.heap().slot(selectors, index));
            self.relied.insert(selector);
        }
    }

    /// What a Symbol selects has changed: leaves that rely on it are abandoned from now on.
    pub(crate) fn abandon_leaves(&mut self, selector: Oop) {
        if !self.relied.is_empty() && self.relied.contains(&self.text(selector)) {
            self.abandon_all_leaves();
        }
    }

    /// Leaves are abandoned from now on, whatever they rely on.
    pub(crate) fn abandon_all_leaves(&mut self) {
        self.relied.clear();
        self.context.epoch += 1;
    }

    /// Nanoseconds spent on making machine code of methods, and since the VM was started.
    pub fn compilation_and_running_ns(&self) -> (u64, u64) {
        let running = self.started.elapsed();
        (
            self.compilation_time.as_nanos() as u64,
            running.as_nanos() as u64,
        )
    }

    /// Gives the VM a machine-code generator; from now on methods are compiled.
    pub fn set_generator(&mut self, generator: Box<dyn crate::compile::CodeGenerator>) {
        let points = generator.entry_points();
        self.context.interpreter_return = points.interpreter_return;
        self.context.code_start = points.code.start;
        self.context.code_size = points.code.end - points.code.start;
        self.context.resume_pc = points.interpreter_return;
        self.entry_points = Some(points);
        self.generator = Some(generator);
    }

    /// What interrupts the running computation from a signal handler or another thread, for as
    /// long as the VM lives.
    pub fn interrupter(&mut self) -> impl Fn() + Send + Sync + 'static {
        let flag = self.interrupt.clone();
        let limit = &raw mut self.context.stack_limit as usize;
        move || {
            flag.fetch_or(INTERRUPTED, std::sync::atomic::Ordering::Relaxed);
            crate::context::request_safe_point_at(limit);
        }
    }

    /// Sets where the VM stack is used up.
    pub(crate) fn set_stack_end(&mut self, address: u64) {
        self.stack_end = address;
        self.context.stack_limit = address;
    }

    /// The stack was cut to `sp`: where that leaves room again, the reserves are given back.
    pub(crate) fn settle_stack_limit(&mut self, sp: u64) {
        let limit = self.stack.limit();
        if sp >= limit + crate::stack::RESERVE_BYTES {
            self.set_stack_end(limit);
        }
    }

    #[cold]
    fn look_up(&mut self, class: ClassIndex, selector: Oop) -> Option<Found> {
        let class_object = self.class_at(class);
        let method = lookup::lookup(self.heap(), class_object, selector, self.nil())?;
        let found = Found {
            method,
            header: lookup::header_of(self.heap(), method),
        };
        self.cache.put(class, selector, found);
        Some(found)
    }

    /// The Symbol of a selector that the VM sends.
    pub(crate) fn selector(&self, known: KnownSelector) -> Oop {
        self.known_selectors[known as usize]
    }

    /// `Name` or `Name class`, for messages.
    pub fn class_name(&self, class_object: Oop) -> String {
        let name = self.heap().slot(class_object, class::NAME);
        if name == self.nil() {
            "an anonymous class".into()
        } else {
            self.text(name)
        }
    }

    /// Fills the tables of selectors, once Symbols can be made.
    pub fn intern_selectors(&mut self) -> Result<(), OutOfMemory> {
        self.known_selectors = KnownSelector::ALL
            .iter()
            .map(|known| self.symbol(known.text()))
            .collect::<Result<_, _>>()?;
        self.special_selectors = crate::bytecode::SpecialSend::ALL
            .iter()
            .map(|special| self.symbol(special.selector()))
            .collect::<Result<_, _>>()?;
        Ok(())
    }

    /// Class objects by class index, nil where free: for the image.
    pub fn class_table(&self) -> &[Oop] {
        &self.classes
    }

    /// Replaces the tables around the heap by what an image held: nil, true and false, the class
    /// table, the globals and the Symbols.
    pub fn adopt_tables(
        &mut self,
        [nil, true_object, false_object]: [Oop; 3],
        classes: Vec<Oop>,
        globals: &[Oop],
        symbols: &[Oop],
    ) -> Result<(), OutOfMemory> {
        self.context.nil = nil;
        self.context.true_object = true_object;
        self.context.false_object = false_object;
        self.heap_mut().set_nil(nil);
        self.classes = classes;
        self.symbols = SymbolTable::of(self.heap(), symbols);
        self.globals = globals
            .iter()
            .map(|&each| (self.heap().slot(each, global::NAME).bits(), each))
            .collect();
        self.forget_lookups();
        self.intern_selectors()?;
        self.review_methods(None);
        Ok(())
    }

    /// Every Global object, sorted by name so that images are reproducible.
    pub fn all_globals(&self) -> Vec<Oop> {
        let mut all: Vec<Oop> = self.globals.values().copied().collect();
        all.sort_by_key(|&each| self.text(self.heap().slot(each, global::NAME)));
        all
    }

    /// Every Symbol, sorted by text.
    pub fn all_symbols(&self) -> Vec<Oop> {
        let mut all: Vec<Oop> = self.symbols.each().collect();
        all.sort_by_key(|&each| self.heap().bytes(each).to_vec());
        all
    }

    /// Which representation of a known class a class index stands for.
    pub fn known_shape(class: ClassIndex) -> Option<known::Shape> {
        known::CLASSES
            .iter()
            .find(|row| row.1 == class)
            .map(|row| row.2)
    }
}
