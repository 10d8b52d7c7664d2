//! Faults inside of foreign functions become failures of the call.
//!
//! ```text
//!   C function ── touches what is not there ──> signal ──> handler (here)
//!                                                            │ changes where the thread goes on
//!   landing of the compiled call (jit), or                 <─┘
//!   the trampoline of the interpreted one ──> the method fails, with the reason `fault`
//! ```
//!
//! Machine code that follows an address of the program's, an Alien's accessor say, fails in the same way; Rust code asks
//! `vm::probe` before it follows one.
//!
//! The innermost call is the one whose record lies lowest on the C stack: the compiled ones begin at the context's
//! `c_sp`, the interpreted ones have a `Call`. A fault anywhere else, and one of another thread, is a bug in the
//! program: it goes to the handler that was there before.

use crate::trampoline;
use jit::compiler::Compiler;
use std::cell::{Cell, RefCell};
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::Once;
use std::sync::atomic::{AtomicPtr, Ordering};
use vm::context::VmContext;
use vm::failure::Failure;
use vm::fault::{Fault, SIGNALS};
use vm::probe;

/// The direction flag, which C expects to be clear (psABI 3.2.1).
const DIRECTION: i64 = 1 << 10;
/// What the control registers of floating point are when a program begins (psABI 3.4.1).
const MXCSR: u32 = 0x1F80;
const X87_CONTROL: u16 = 0x037F;

/// `si_code` where the kernel has no address to tell: on x86-64 that of a non-canonical one.
const SI_KERNEL: i32 = 0x80;

/// What a thread's handler needs to know.
#[derive(Clone, Copy)]
struct Watched {
    context: *mut VmContext,
    compiler: *const RefCell<Compiler>,
}

thread_local! {
    /// Of the VM that runs on this thread.
    static WATCHED: Cell<Option<Watched>> = const { Cell::new(None) };
}

/// What handled the signals before, in the order of [`SIGNALS`].
static BEFORE: [AtomicPtr<libc::sigaction>; SIGNALS.len()] =
    [const { AtomicPtr::new(ptr::null_mut()) }; SIGNALS.len()];

/// From now on faults in foreign functions that the VM of `context` calls on this thread are failures. Both must
/// stay until `unwatch`.
pub(crate) fn watch(context: *mut VmContext, compiler: *const RefCell<Compiler>) {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(install);
    WATCHED.set(Some(Watched { context, compiler }));
}

/// The VM of this thread ends.
pub(crate) fn unwatch() {
    WATCHED.set(None);
}

fn install() {
    for ((signal, _), before) in SIGNALS.into_iter().zip(&BEFORE) {
        let mut old = MaybeUninit::<libc::sigaction>::zeroed();
        // SAFETY: a zeroed sigaction is one without flags; the handler has the signature that SA_SIGINFO asks
        // for, and does what handlers may.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = handle as *const () as usize;
            // On the thread's other stack, where it has one: C may have used up its own.
            action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
            libc::sigemptyset(&mut action.sa_mask);
            if libc::sigaction(signal, &action, old.as_mut_ptr()) == 0 {
                let old = Box::new(old.assume_init());
                before.store(Box::into_raw(old), Ordering::Release);
            }
        }
    }
}

extern "C" fn handle(signal: i32, info: *mut libc::siginfo_t, machine: *mut libc::c_void) {
    // SAFETY: the kernel hands over both, and nobody else uses them.
    let (info, machine) = unsafe { (&*info, &mut *machine.cast::<libc::ucontext_t>()) };
    if go_on(signal, info, machine).is_none() {
        pass_on(signal, info, machine);
    }
}

/// Lets the thread go on where the innermost foreign call ends; `None` where there is none.
fn go_on(signal: i32, info: &libc::siginfo_t, machine: &mut libc::ucontext_t) -> Option<()> {
    let watched = WATCHED.get()?;
    if !is_of_the_processor(info) {
        return None;
    }
    // SAFETY: what is watched stays until `unwatch`. Whatever else uses it is interrupted, and is not gone on with,
    // but for probes, which use nothing.
    let (context, compiler) = unsafe { (&mut *watched.context, &*watched.compiler) };
    let registers = &mut machine.uc_mcontext.gregs;
    let way = way_on(context, compiler, registers)?;
    // SAFETY: the signal is one that has an address.
    let address = unsafe { info.si_addr() } as u64;
    context.fault = Fault {
        signal,
        address: (info.si_code != SI_KERNEL).then_some(address),
    };
    registers[libc::REG_RIP as usize] = way.pc as i64;
    registers[libc::REG_RBX as usize] = way.rbx as i64;
    registers[libc::REG_RSP as usize] = way.rsp as i64;
    registers[libc::REG_EFL as usize] &= !DIRECTION;
    reset_floating_point(machine);
    Some(())
}

/// Where a thread goes on, and what registers are to hold there.
struct Way {
    pc: u64,
    rbx: u64,
    rsp: u64,
}

fn way_on(
    context: &mut VmContext,
    compiler: &RefCell<Compiler>,
    registers: &[i64; 23],
) -> Option<Way> {
    let register = |number: i32| registers[number as usize] as u64;
    let (pc, rsp, rbx) = (
        register(libc::REG_RIP),
        register(libc::REG_RSP),
        register(libc::REG_RBX),
    );
    if let Some(pc) = probe::refusal(pc) {
        return Some(Way { pc, rbx, rsp });
    }
    let at_context = &raw mut *context as u64;
    if context.is_in_code(pc)
        && let rbp = register(libc::REG_RBP)
        && let Some(exit) = compiler.try_borrow().ok()?.exit_of_fault(pc, rsp, rbp)
    {
        context.failure = Failure::Fault as u64;
        context.failure_argument = 0;
        context.failed_method = exit.method.unwrap_or(context.failed_method);
        return Some(Way {
            pc: exit.pc,
            rbx: at_context,
            rsp: exit.rsp,
        });
    }
    if let Some(call) = trampoline::abandoning()
        && (context.c_sp == 0 || call.place < context.c_sp)
    {
        let (pc, rbx) = (call.code, call.rbx);
        return Some(Way { pc, rbx, rsp });
    }
    // SAFETY: this is the thread of the context's VM, and C's stack pointer is what the kernel says.
    let pc = unsafe { compiler.try_borrow().ok()?.landing(context, rsp) }?;
    let rbx = at_context;
    Some(Way { pc, rbx, rsp })
}

/// False where a process has sent the signal.
fn is_of_the_processor(info: &libc::siginfo_t) -> bool {
    info.si_code > 0
}

/// Floating point as a C function must leave it: the modes as they were, the x87 stack empty.
fn reset_floating_point(machine: &mut libc::ucontext_t) {
    let state = machine.uc_mcontext.fpregs;
    if !state.is_null() {
        // SAFETY: the kernel has saved the state here, and loads it from here.
        unsafe {
            (*state).mxcsr = MXCSR;
            (*state).cwd = X87_CONTROL;
            (*state).swd = 0;
            (*state).ftw = 0;
        }
    }
}

/// Lets the handler from before have the signal. Where there was none the fault comes again, and ends the
/// process.
fn pass_on(signal: i32, info: &libc::siginfo_t, machine: &mut libc::ucontext_t) {
    let place = SIGNALS.iter().position(|(each, _)| *each == signal);
    let before = place.map_or(ptr::null_mut(), |place| {
        BEFORE[place].load(Ordering::Acquire)
    });
    // SAFETY: what is there was put there once, whole, and stays. A handler is called as its flags say.
    unsafe {
        let Some(before) = before.as_ref() else {
            libc::signal(signal, libc::SIG_DFL);
            return;
        };
        match before.sa_sigaction {
            libc::SIG_DFL | libc::SIG_IGN => {
                libc::signal(signal, libc::SIG_DFL);
            }
            handler if before.sa_flags & libc::SA_SIGINFO != 0 => {
                type Handler = extern "C" fn(i32, *const libc::siginfo_t, *mut libc::c_void);
                let handler = std::mem::transmute::<usize, Handler>(handler);
                handler(signal, info, (&raw mut *machine).cast());
            }
            handler => {
                let handler = std::mem::transmute::<usize, extern "C" fn(i32)>(handler);
                handler(signal);
            }
        }
    }
}
