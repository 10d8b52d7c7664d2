//! From a register file in memory to a C function and back, for the RTL interpreter.
//!
//! System V AMD64 (psABI 3.2.3): integer arguments in rdi, rsi, rdx, rcx, r8, r9; float arguments in
//! xmm0 to xmm7, their number in al for variadic functions; r10 is the static chain; results in rax,
//! rdx, xmm0, xmm1 and the x87 registers st0, st1.

use std::arch::global_asm;
use std::cell::Cell;
use std::mem::offset_of;
use std::ptr;

/// Number of x87 registers that results can come in.
const X87_RESULTS: usize = 2;

/// The registers that RTL works on.
#[derive(Clone, PartialEq, Debug)]
#[repr(C, align(16))]
pub struct Registers {
    /// Floating-point registers, by encoding.
    pub float: [u128; 16],
    /// What the last call left on the x87 stack, the top first, 10 bytes each.
    pub x87: [u128; X87_RESULTS],
    /// General registers, by encoding.
    pub general: [u64; 16],
    /// How many values `x87` holds.
    pub x87_count: u64,
}

impl Registers {
    /// All zero.
    pub fn new() -> Registers {
        Registers {
            float: [0; 16],
            x87: [0; X87_RESULTS],
            general: [0; 16],
            x87_count: 0,
        }
    }
}

impl Default for Registers {
    fn default() -> Registers {
        Registers::new()
    }
}

/// One call: what the trampoline reads and writes.
#[repr(C)]
struct Call {
    registers: *mut Registers,
    stack: *const u128,
    /// Number of 8-byte words at `stack`, even.
    stack_words: u64,
    function: u64,
    errno_location: *const i32,
    errno: u64,
    /// What the function of the call around this one was called by, or null.
    outer: *mut Call,
    /// The trampoline's frame pointer.
    frame: u64,
    /// Not 0 where the function did not come back.
    abandoned: u64,
}

thread_local! {
    /// The call whose function is running, or null.
    static INNERMOST: Cell<*mut Call> = const { Cell::new(ptr::null_mut()) };
}

unsafe extern "C" {
    fn ripley_call_foreign(call: *mut Call);
    fn ripley_abandon_foreign();
}

/// Where a thread goes on whose function is not to come back.
pub(crate) struct Abandoning {
    /// On the C stack: calls made later lie below it.
    pub(crate) place: u64,
    /// The code that goes on.
    pub(crate) code: u64,
    /// What `rbx` must hold then.
    pub(crate) rbx: u64,
}

/// How to leave the innermost call of this thread, if there is one.
pub(crate) fn abandoning() -> Option<Abandoning> {
    let call = INNERMOST.get();
    (!call.is_null()).then_some(Abandoning {
        place: call as u64,
        code: ripley_abandon_foreign as *const () as u64,
        rbx: call as u64,
    })
}

/// Calls `function` with the arguments in `registers` and a copy of `stack` on the C stack; the
/// results go to `registers`. Answers `errno` as it was right after the call, which is read at
/// `errno_location`; `None` where a fault ended the call.
///
/// # Safety
/// `function` is the address of a C function that takes such arguments; `errno_location` is that of
/// this thread.
pub unsafe fn call(
    registers: &mut Registers,
    stack: &[u128],
    function: u64,
    errno_location: u64,
) -> Option<u64> {
    let mut call = Call {
        registers,
        stack: stack.as_ptr(),
        stack_words: stack.len() as u64 * 2,
        function,
        errno_location: errno_location as *const i32,
        errno: 0,
        outer: INNERMOST.get(),
        frame: 0,
        abandoned: 0,
    };
    INNERMOST.set(&raw mut call);
    // SAFETY: the trampoline follows the C calling convention and reads and writes what `call`
    // points to, which lives until it is back; the caller vouches for the function.
    unsafe { ripley_call_foreign(&raw mut call) };
    INNERMOST.set(call.outer);
    (call.abandoned == 0).then_some(call.errno)
}

/// An x87 `long double` as the nearest double.
pub fn extended_to_double(extended: &[u8; 10]) -> f64 {
    let mut double = 0.0f64;
    // SAFETY: reads 10 bytes and writes 8, both of which are there; the x87 stack is left as found.
    unsafe {
        std::arch::asm!(
            "fld tbyte ptr [{from}]",
            "fstp qword ptr [{to}]",
            from = in(reg) extended.as_ptr(),
            to = in(reg) &mut double,
            options(nostack),
        );
    }
    double
}

/// A double as an x87 `long double`.
pub fn double_to_extended(double: f64) -> [u8; 10] {
    let mut extended = [0u8; 10];
    // SAFETY: reads 8 bytes and writes 10, both of which are there; the x87 stack is left as found.
    unsafe {
        std::arch::asm!(
            "fld qword ptr [{from}]",
            "fstp tbyte ptr [{to}]",
            from = in(reg) &double,
            to = in(reg) extended.as_mut_ptr(),
            options(nostack),
        );
    }
    extended
}

// rbx holds the `Call` throughout, and the registers that a callee keeps lie below rbp, so that the call can be
// abandoned from anywhere. An x87 register is empty where `fxam` sets C3 and C0 but not C2:
// bits 14, 8 and 10 of the status word.
global_asm!(
    ".globl ripley_call_foreign, ripley_abandon_foreign",
    "ripley_call_foreign:",
    "push rbp",
    "mov rbp, rsp",
    "push rbx",
    "push r12",
    "push r13",
    "push r14",
    "push r15",
    "sub rsp, 8",
    "mov rbx, rdi",
    "mov [rbx + {frame}], rbp",
    // The stack arguments: an even number of words keeps rsp a multiple of 16.
    "mov rcx, [rbx + {stack_words}]",
    "mov rsi, [rbx + {stack}]",
    "lea rax, [rcx * 8]",
    "sub rsp, rax",
    "mov rdi, rsp",
    "rep movsq",
    // The argument registers.
    "mov r12, [rbx + {registers}]",
    "movaps xmm0, [r12 + {float} + 16 * 0]",
    "movaps xmm1, [r12 + {float} + 16 * 1]",
    "movaps xmm2, [r12 + {float} + 16 * 2]",
    "movaps xmm3, [r12 + {float} + 16 * 3]",
    "movaps xmm4, [r12 + {float} + 16 * 4]",
    "movaps xmm5, [r12 + {float} + 16 * 5]",
    "movaps xmm6, [r12 + {float} + 16 * 6]",
    "movaps xmm7, [r12 + {float} + 16 * 7]",
    "mov rax, [r12 + {general} + 8 * 0]",
    "mov rcx, [r12 + {general} + 8 * 1]",
    "mov rdx, [r12 + {general} + 8 * 2]",
    "mov rsi, [r12 + {general} + 8 * 6]",
    "mov rdi, [r12 + {general} + 8 * 7]",
    "mov r8,  [r12 + {general} + 8 * 8]",
    "mov r9,  [r12 + {general} + 8 * 9]",
    "mov r10, [r12 + {general} + 8 * 10]",
    "mov r11, [rbx + {function}]",
    "call r11",
    // The results.
    "mov [r12 + {general} + 8 * 0], rax",
    "mov [r12 + {general} + 8 * 2], rdx",
    "movaps [r12 + {float} + 16 * 0], xmm0",
    "movaps [r12 + {float} + 16 * 1], xmm1",
    "mov rcx, [rbx + {errno_location}]",
    "mov ecx, [rcx]",
    "mov [rbx + {errno}], rcx",
    // What stands on the x87 stack.
    "xor ecx, ecx",
    "lea rdx, [r12 + {x87}]",
    "2:",
    "fxam",
    "fnstsw ax",
    "and eax, 0x4500",
    "cmp eax, 0x4100",
    "je 3f",
    "fstp tbyte ptr [rdx]",
    "add rdx, 16",
    "inc ecx",
    "cmp ecx, {x87_results}",
    "jb 2b",
    "3:",
    "mov [r12 + {x87_count}], rcx",
    "4:",
    "lea rsp, [rbp - 40]",
    "pop r15",
    "pop r14",
    "pop r13",
    "pop r12",
    "pop rbx",
    "pop rbp",
    "ret",
    // Nothing but rbx is as it was.
    "ripley_abandon_foreign:",
    "mov rbp, [rbx + {frame}]",
    "mov qword ptr [rbx + {abandoned}], 1",
    "jmp 4b",
    registers = const offset_of!(Call, registers),
    stack = const offset_of!(Call, stack),
    stack_words = const offset_of!(Call, stack_words),
    function = const offset_of!(Call, function),
    errno_location = const offset_of!(Call, errno_location),
    errno = const offset_of!(Call, errno),
    frame = const offset_of!(Call, frame),
    abandoned = const offset_of!(Call, abandoned),
    general = const offset_of!(Registers, general),
    float = const offset_of!(Registers, float),
    x87 = const offset_of!(Registers, x87),
    x87_count = const offset_of!(Registers, x87_count),
    x87_results = const X87_RESULTS,
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_doubles_convert_both_ways() {
        for value in [0.0, -0.0, 1.5, -3.25e300, 5e-324, f64::MAX, f64::INFINITY] {
            let back = extended_to_double(&double_to_extended(value));
            assert_eq!(back.to_bits(), value.to_bits());
        }
        assert_eq!(
            double_to_extended(1.0),
            [0, 0, 0, 0, 0, 0, 0, 0x80, 0xFF, 0x3F]
        );
    }

    #[test]
    fn registers_and_stack_reach_the_function_and_results_come_back() {
        extern "C" fn mix(
            a: u64,
            _b: u64,
            _c: u64,
            _d: u64,
            _e: u64,
            f: u64,
            g: u64,
            x: f64,
        ) -> f64 {
            // SAFETY: errno is always there.
            unsafe { *libc::__errno_location() = 77 };
            (a * 100 + f * 10 + g) as f64 + x
        }
        let mut registers = Registers::new();
        registers.general[7] = 3;
        registers.general[9] = 4;
        registers.float[0] = 0.25f64.to_bits() as u128;
        // SAFETY: the arguments are those of `mix`.
        let errno = unsafe {
            let errno_location = libc::__errno_location() as u64;
            call(
                &mut registers,
                &[5],
                mix as *const () as u64,
                errno_location,
            )
        };
        assert_eq!(f64::from_bits(registers.float[0] as u64), 345.25);
        assert_eq!((errno, registers.x87_count), (Some(77), 0));
    }
}
