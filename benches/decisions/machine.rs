//! What the experiments run on: code blocks, the VM context and the way into machine code.
//!
//! Registers in every experiment: `rsp` is the VM stack, `rbx` the [`VmContext`], `r12` the number
//! of iterations left, `r15` the result. C preserves all of `rbx`, `rbp` and `r12` to `r15`.

#![expect(unsafe_code, reason = "makes machine code and calls it")]

use dynasm::dynasm;
use dynasmrt::{AssemblyOffset, DynamicLabel, DynasmApi, DynasmLabelApi, VecAssembler};
use std::cell::UnsafeCell;
use std::mem::offset_of;

/// The assembler: code for a known base address, as a vector of bytes.
pub(crate) type Assembler = VecAssembler<dynasmrt::x64::X64Relocation>;

/// A general or xmm register by its number, for templates where a table chooses it.
#[derive(Clone, Copy)]
pub(crate) struct Register(pub(crate) u8);

impl From<Register> for u8 {
    fn from(register: Register) -> u8 {
        register.0
    }
}

/// Size of a page, in bytes.
pub(crate) const PAGE_BYTES: usize = 4096;
/// Address space reserved for one code block, in bytes.
const BLOCK_BYTES: usize = 1 << 20;
/// Size of the VM stack, in words.
const STACK_WORDS: usize = 1 << 15;
/// Size of the nursery, in words: 4 MiB.
const NURSERY_WORDS: usize = 1 << 19;

/// The state that machine code shares with the run-time system. All fields are 64 bits.
#[repr(C)]
pub(crate) struct VmContext {
    /// Where the VM stack starts: its highest address.
    pub(crate) vm_stack: u64,
    /// The C stack to run foreign code on, 16-byte aligned.
    pub(crate) c_stack: u64,
    /// The VM stack pointer and frame pointer when machine code was left.
    pub(crate) vm_sp: u64,
    pub(crate) vm_fp: u64,
    /// The number of the external-call method that machine code was left from.
    pub(crate) external_method: u64,
    /// A frame must not start below this address.
    pub(crate) stack_limit: u64,
    /// The address of this thread's `errno`, and the value kept after the last foreign call.
    pub(crate) errno_address: u64,
    pub(crate) errno: u64,
    /// Bump allocation: next free address, end and start of the nursery.
    pub(crate) free: u64,
    pub(crate) nursery_end: u64,
    pub(crate) nursery_start: u64,
    /// What `nil` is to the experiments.
    pub(crate) nil: u64,
    /// The table of run-time entries: its one row.
    pub(crate) helper: extern "C" fn(u64) -> u64,
}

/// Offsets within [`VmContext`], as bytes of displacement.
macro_rules! offsets {
    ($( $name:ident = $field:ident; )*) => {
        $( pub(crate) const $name: i8 = offset_of!(VmContext, $field) as i8; )*
    };
}
offsets! {
    VM_STACK = vm_stack; C_STACK = c_stack; VM_SP = vm_sp; VM_FP = vm_fp;
    EXTERNAL_METHOD = external_method;
    STACK_LIMIT = stack_limit; ERRNO_ADDRESS = errno_address; ERRNO = errno;
    FREE = free; NURSERY_END = nursery_end; NURSERY_START = nursery_start;
    NIL = nil; HELPER = helper;
}

extern "C" fn helper(value: u64) -> u64 {
    value + 1
}

/// Pages of machine code, and after them pages of data that the code refers to.
pub(crate) struct CodeBlock {
    base: *mut u8,
    /// Size of the code pages, in bytes.
    pub(crate) code_bytes: usize,
}

impl CodeBlock {
    /// Assembles code that has no data of its own.
    pub(crate) fn new<T>(code: impl FnOnce(&mut Assembler) -> T) -> (CodeBlock, T) {
        CodeBlock::with_data(code, |_, _| ())
    }

    /// Assembles code, then on the next page data, which stays writable. The code pages are
    /// executable and read-only afterwards.
    pub(crate) fn with_data<T>(
        code: impl FnOnce(&mut Assembler) -> T,
        data: impl FnOnce(&mut Assembler, &T),
    ) -> (CodeBlock, T) {
        let base = map(BLOCK_BYTES, libc::PROT_READ | libc::PROT_WRITE);
        let mut ops = Assembler::new(base as usize);
        let made = code(&mut ops);
        ops.align(PAGE_BYTES, 0xCC);
        let code_bytes = ops.offset().0;
        data(&mut ops, &made);
        let bytes = ops.finalize().expect("every label is bound");
        assert!(
            bytes.len() <= BLOCK_BYTES,
            "code block of {} bytes",
            bytes.len()
        );
        // SAFETY: the fresh mapping is BLOCK_BYTES long, which the assertion compares.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), base, bytes.len()) };
        protect(base, code_bytes, libc::PROT_READ | libc::PROT_EXEC);
        (CodeBlock { base, code_bytes }, made)
    }

    /// The address of an offset into the block.
    pub(crate) fn at(&self, offset: AssemblyOffset) -> *mut u8 {
        self.base.wrapping_add(offset.0)
    }
}

impl Drop for CodeBlock {
    fn drop(&mut self) {
        // SAFETY: the mapping was made by `with_data`, with this size, and nothing runs in it.
        unsafe { libc::munmap(self.base.cast(), BLOCK_BYTES) };
    }
}

/// Maps fresh zeroed memory.
pub(crate) fn map(bytes: usize, protection: i32) -> *mut u8 {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: a mapping at an address of the system's choice touches nothing that exists.
    let base = unsafe { libc::mmap(std::ptr::null_mut(), bytes, protection, flags, -1, 0) };
    assert_ne!(base, libc::MAP_FAILED, "mmap of {bytes} bytes");
    base.cast()
}

/// Changes the protection of whole pages.
pub(crate) fn protect(base: *mut u8, bytes: usize, protection: i32) {
    // SAFETY: callers pass pages of their own mappings, which Rust holds no references into.
    let result = unsafe { libc::mprotect(base.cast(), bytes, protection) };
    assert_eq!(result, 0, "mprotect of {bytes} bytes");
}

/// Emits an aligned loop: `setup` once, then `body` for each iteration; answers its entry. Both get
/// a label to branch to where a check fails, which no experiment expects: it traps.
pub(crate) fn counted_loop(
    ops: &mut Assembler,
    setup: impl FnOnce(&mut Assembler),
    body: impl FnOnce(&mut Assembler, DynamicLabel),
) -> AssemblyOffset {
    let (top, slow) = (ops.new_dynamic_label(), ops.new_dynamic_label());
    ops.align(64, 0xCC);
    let entry = ops.offset();
    dynasm!(ops ; .arch x64 ; xor r15d, r15d);
    setup(ops);
    dynasm!(ops ; .arch x64 ; .align 64 ; =>top);
    body(ops, slow);
    dynasm!(ops ; .arch x64 ; dec r12 ; jnz =>top ; mov rax, r15 ; ret ; =>slow ; ud2);
    entry
}

/// The context, its memory and the trampoline into machine code.
pub(crate) struct Machine {
    context: Box<UnsafeCell<VmContext>>,
    trampolines: CodeBlock,
    enter: AssemblyOffset,
    _stack: Vec<u64>,
    _nursery: Vec<u64>,
}

impl Machine {
    pub(crate) fn new() -> Machine {
        let mut stack = vec![0u64; STACK_WORDS];
        let mut nursery = vec![0u64; NURSERY_WORDS];
        let (stack_start, nursery_start) = (stack.as_mut_ptr(), nursery.as_mut_ptr());
        let context = VmContext {
            vm_stack: stack_start.wrapping_add(STACK_WORDS) as u64 & !15,
            c_stack: 0,
            vm_sp: 0,
            vm_fp: 0,
            external_method: 0,
            stack_limit: stack_start as u64 + 4096,
            // SAFETY: the function only answers the address of this thread's variable.
            errno_address: unsafe { libc::__errno_location() } as u64,
            errno: 0,
            free: nursery_start as u64,
            nursery_end: nursery_start.wrapping_add(NURSERY_WORDS) as u64,
            nursery_start: nursery_start as u64,
            nil: 0x1000,
            helper,
        };
        let (trampolines, enter) = CodeBlock::new(|ops| emit_enter(ops, false));
        let context = Box::new(UnsafeCell::new(context));
        Machine {
            context,
            trampolines,
            enter,
            _stack: stack,
            _nursery: nursery,
        }
    }

    /// The address of the context.
    pub(crate) fn context(&self) -> *mut VmContext {
        self.context.get()
    }

    /// Runs the loop at `entry` of `block` that many times and answers its result.
    pub(crate) fn run(&self, block: &CodeBlock, entry: AssemblyOffset, iterations: u64) -> u64 {
        let enter = enter_function(&self.trampolines, self.enter);
        enter(self.context(), block.at(entry), iterations)
    }
}

/// A trampoline: context, code address, number of iterations -> result.
pub(crate) type Enter = extern "C" fn(*mut VmContext, *const u8, u64) -> u64;

/// The trampoline that [`emit_enter`] has put at `offset` of `block`.
pub(crate) fn enter_function(block: &CodeBlock, offset: AssemblyOffset) -> Enter {
    // SAFETY: `emit_enter` wrote a C function of this type there, and the block is executable.
    unsafe { std::mem::transmute::<*mut u8, Enter>(block.at(offset)) }
}

/// Emits the trampoline from C to machine code: saves the callee-saved registers, leaves the C
/// stack in the context, goes to the VM stack and calls the code. With `by_jump` it pushes the
/// return address and jumps, which leaves the processor's return predictor out of step.
pub(crate) fn emit_enter(ops: &mut Assembler, by_jump: bool) -> AssemblyOffset {
    ops.align(64, 0xCC);
    let entry = ops.offset();
    dynasm!(ops ; .arch x64
        ; push rbx ; push rbp ; push r12 ; push r13 ; push r14 ; push r15
        ; sub rsp, 8
        ; mov rbx, rdi
        ; mov r12, rdx
        ; mov [BYTE rbx + C_STACK], rsp
        ; mov rsp, [BYTE rbx + VM_STACK]
    );
    if by_jump {
        dynasm!(ops ; .arch x64 ; lea rax, [>back] ; push rax ; jmp rsi ; back:);
    } else {
        dynasm!(ops ; .arch x64 ; call rsi);
    }
    dynasm!(ops ; .arch x64
        ; mov rsp, [BYTE rbx + C_STACK]
        ; add rsp, 8
        ; pop r15 ; pop r14 ; pop r13 ; pop r12 ; pop rbp ; pop rbx
        ; ret
    );
    entry
}

/// Keeps this thread on one core; where the system refuses, it runs unpinned and says so.
pub(crate) fn pin_to_core(core: usize) {
    // SAFETY: a zeroed set is the empty set, CPU_SET writes within it, and the call reads it.
    let result = unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(core, &mut set);
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &set)
    };
    if result != 0 {
        eprintln!("decisions: cannot pin to core {core}, measuring unpinned");
    }
}

/// The processor's name, as the system tells it.
pub(crate) fn cpu_model() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = info.lines().find(|line| line.starts_with("model name"));
    line.and_then(|line| line.split_once(": "))
        .map_or("unknown", |(_, name)| name)
        .to_owned()
}
