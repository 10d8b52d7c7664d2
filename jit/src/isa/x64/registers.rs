//! The registers of x86-64 and their roles, named once for Rust, the assembler and the image.

use crate::isa::Isa;
use crate::rtl::operand::{Fpr, Gpr};

macro_rules! registers {
    ($type:ident, $names:ident: $($constant:ident = $number:literal $name:literal,)*) => {
        $(#[doc = concat!("`", $name, "`.")] pub const $constant: $type = $type::new($number);)*

        /// Names, indexed by encoding.
        const $names: &[&str] = &[$($name,)*];
        // A name's place in the list is its register's encoding.
        const _: () = { let mut next = 0; $(assert!($number == next); next += 1;)* let _ = next; };
    };
}

registers! {
    Gpr, GENERAL:
    RAX = 0 "rax", RCX = 1 "rcx", RDX = 2 "rdx", RBX = 3 "rbx",
    RSP = 4 "rsp", RBP = 5 "rbp", RSI = 6 "rsi", RDI = 7 "rdi",
    R8 = 8 "r8", R9 = 9 "r9", R10 = 10 "r10", R11 = 11 "r11",
    R12 = 12 "r12", R13 = 13 "r13", R14 = 14 "r14", R15 = 15 "r15",
}

registers! {
    Fpr, FLOAT:
    XMM0 = 0 "xmm0", XMM1 = 1 "xmm1", XMM2 = 2 "xmm2", XMM3 = 3 "xmm3",
    XMM4 = 4 "xmm4", XMM5 = 5 "xmm5", XMM6 = 6 "xmm6", XMM7 = 7 "xmm7",
    XMM8 = 8 "xmm8", XMM9 = 9 "xmm9", XMM10 = 10 "xmm10", XMM11 = 11 "xmm11",
    XMM12 = 12 "xmm12", XMM13 = 13 "xmm13", XMM14 = 14 "xmm14", XMM15 = 15 "xmm15",
}

/// Declares the roles: Rust constants, the ISA's table, and `asm!`, which is `dynasm!` with the
/// roles as register names. Private registers have no name in RTL. `$d` is a dollar sign.
macro_rules! roles {
    ($d:tt
     general { $($(#[$doc:meta])* $constant:ident = $register:ident $name:literal [$($alias:ident = $asm:ident)*];)* }
     private { $($(#[$pdoc:meta])* $pconstant:ident = $pregister:ident [$($palias:ident = $pasm:ident)*];)* }
     float { $($(#[$fdoc:meta])* $fconstant:ident = $fregister:ident $fname:literal [];)* }
     private_float { $($(#[$qdoc:meta])* $qconstant:ident = $qregister:ident [$qalias:ident = $qasm:ident];)* }) => {
        $($(#[$doc])* pub const $constant: Gpr = $register;)*
        $($(#[$pdoc])* pub const $pconstant: Gpr = $pregister;)*
        $($(#[$fdoc])* pub const $fconstant: Fpr = $fregister;)*
        $($(#[$qdoc])* pub const $qconstant: Fpr = $qregister;)*

        const ROLES: &[(&str, Gpr)] = &[$(($name, $constant),)*];
        const FLOAT_ROLES: &[(&str, Fpr)] = &[$(($fname, $fconstant),)*];
        const PRIVATE: &[Gpr] = &[$($pconstant,)*];
        const PRIVATE_FLOAT: &[Fpr] = &[$($qconstant,)*];

        /// `dynasm!` for x86-64 with the roles as register names; suffix `_d` and `_b` are the low
        /// 32 and 8 bits.
        macro_rules! asm {
            ($d ops:expr ; $d ($d t:tt)*) => {
                dynasmrt::dynasm!($d ops
                    ; .arch x64
                    $($(; .alias $alias, $asm)*)*
                    $($(; .alias $palias, $pasm)*)*
                    $(; .alias $qalias, $qasm)*
                    ; $d ($d t)*
                )
            };
        }
        pub(crate) use asm;
    };
}

/// What lies so far below the stack pointer signal handlers leave alone (psABI 3.2.2).
pub(crate) const RED_ZONE_BYTES: usize = 128;

roles! { $ general {
    /// Address of the `VmContext`. Callee-saved in C.
    CONTEXT = RBX "context" [context = rbx];
    /// VM stack pointer.
    STACK = RSP "stack" [stack = rsp];
    /// VM frame pointer. Callee-saved in C.
    FRAME = RBP "frame" [frame = rbp];
    /// Result of a method.
    RESULT = RAX "result" [result = rax];
    /// The producer's, for values between two operations. Callee-saved in C.
    SCRATCH = R14 "scratch" [];
    /// The producer's second. Callee-saved in C.
    SCRATCH2 = R15 "scratch2" [];
    /// Base of the outgoing stack arguments of a foreign call. Callee-saved in C.
    CSTACK = R12 "cstack" [cstack = r12];
} private {
    /// For values within one operation's code.
    TEMP = R10 [temp = r10 temp_d = r10d temp_b = r10b];
    /// The second.
    TEMP2 = R11 [temp2 = r11 temp2_d = r11d];
} float {
    /// The producer's, for values between two operations.
    FSCRATCH = XMM15 "fscratch" [];
} private_float {
    /// For values within one operation's code.
    FTEMP = XMM14 [ftemp = xmm14];
} }

/// The names and roles of x86-64.
pub static ISA: Isa = Isa {
    name: "x86-64",
    general: GENERAL,
    float: FLOAT,
    roles: ROLES,
    float_roles: FLOAT_ROLES,
    private: PRIVATE,
    private_float: PRIVATE_FLOAT,
};

impl From<Gpr> for u8 {
    /// For the assembler's dynamic registers.
    fn from(register: Gpr) -> u8 {
        register.number()
    }
}

impl From<Fpr> for u8 {
    /// For the assembler's dynamic registers.
    fn from(register: Fpr) -> u8 {
        register.number()
    }
}
