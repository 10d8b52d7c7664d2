//! The machine code that is shared by all methods: the way in, the ways out, and what is too long
//! to be repeated.
//!
//! | stub | called by | does |
//! | --- | --- | --- |
//! | enter | Rust | switches to the VM stack, runs a method's code, answers an `Outcome` |
//! | exit failed | `fail` | leaves to whoever called `enter`, arguments still on the VM stack |
//! | exit faulted | the handler of faults | the same |
//! | go | Rust | as enter, into the middle of code |
//! | exit … | methods | leave to the driver: unlinked send, frame to interpret, method to activate |
//! | unwinding | a return | leaves to the driver, which goes on with what has left the external call |
//! | callback exit | an exit | lets the driver of a callback run what its code left to it |
//! | C string | `cString` | checks a byte object for NULs |
//! | entry | `runtime…` | calls a runtime entry on the C stack, keeping all registers |

use vm::entry::{ENTRY_COUNT, Entry};

/// Offsets of the stubs within their piece of code.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StubOffsets {
    /// `extern "C" fn(context, code) -> Outcome`.
    pub enter: u32,
    /// Where a method's code returns to when it was called by `enter`.
    pub enter_return: u32,
    /// Jumped to by `fail`.
    pub exit_failed: u32,
    /// Where code goes on that followed an address of the program's.
    pub exit_faulted: u32,
    /// `extern "C" fn(context, code, value) -> Outcome`: goes on in the middle of code.
    pub go: u32,
    /// Jumped to where a send is to be looked up.
    pub exit_unlinked: u32,
    /// Jumped to where the interpreter is to go on with the frame.
    pub exit_interpret: u32,
    /// Jumped to where the interpreter is to activate a method.
    pub exit_activate: u32,
    /// Where a method returns to whose external call is left.
    pub unwinding: u32,
    /// Jumped to where code that a callback runs leaves to its driver.
    pub callback_exit: u32,
    /// Called by `cString`.
    pub c_string: u32,
    /// Called by `runtime…`, indexed by `Entry as usize`.
    pub entries: [u32; ENTRY_COUNT],
}

/// The stubs as a position-independent piece of code.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StubCode {
    /// The machine code.
    pub bytes: Vec<u8>,
    /// Where in it each stub begins.
    pub offsets: StubOffsets,
}

/// The stubs' addresses.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StubAddresses {
    base: u64,
    offsets: StubOffsets,
}

impl StubAddresses {
    /// The addresses of stubs whose code begins at `base`.
    pub fn new(base: u64, offsets: StubOffsets) -> StubAddresses {
        StubAddresses { base, offsets }
    }

    /// `extern "C" fn(context, code) -> Outcome`.
    pub fn enter(&self) -> u64 {
        self.base + self.offsets.enter as u64
    }

    /// Where a method's code returns to when it was called by `enter`.
    pub fn enter_return(&self) -> u64 {
        self.base + self.offsets.enter_return as u64
    }

    /// Jumped to by `fail`, with the external-call method's oop in `temp2`.
    pub fn exit_failed(&self) -> u64 {
        self.base + self.offsets.exit_failed as u64
    }

    /// Where code goes on that followed an address of the program's; the context has the method.
    pub fn exit_faulted(&self) -> u64 {
        self.base + self.offsets.exit_faulted as u64
    }

    /// `extern "C" fn(context, code, value) -> Outcome`.
    pub fn go(&self) -> u64 {
        self.base + self.offsets.go as u64
    }

    /// Jumped to where a send is to be looked up.
    pub fn exit_unlinked(&self) -> u64 {
        self.base + self.offsets.exit_unlinked as u64
    }

    /// Jumped to where the interpreter is to go on with the frame.
    pub fn exit_interpret(&self) -> u64 {
        self.base + self.offsets.exit_interpret as u64
    }

    /// Jumped to where the interpreter is to activate a method, whose oop is in `temp`.
    pub fn exit_activate(&self) -> u64 {
        self.base + self.offsets.exit_activate as u64
    }

    /// Where a method returns to whose external call is left, see `vm::callback`.
    pub fn unwinding(&self) -> u64 {
        self.base + self.offsets.unwinding as u64
    }

    /// Jumped to where code that a callback runs leaves to its driver.
    pub fn callback_exit(&self) -> u64 {
        self.base + self.offsets.callback_exit as u64
    }

    /// Called by `cString`.
    pub fn c_string(&self) -> u64 {
        self.base + self.offsets.c_string as u64
    }

    /// Called by `runtime…`.
    pub fn entry(&self, entry: Entry) -> u64 {
        self.base + self.offsets.entries[entry as usize] as u64
    }

    /// Name and address of every stub, for listings.
    pub fn names(&self) -> Vec<(String, u64)> {
        let mut names = vec![
            ("enter".into(), self.enter()),
            ("enter_return".into(), self.enter_return()),
            ("exit_failed".into(), self.exit_failed()),
            ("exit_faulted".into(), self.exit_faulted()),
            ("go".into(), self.go()),
            ("exit_unlinked".into(), self.exit_unlinked()),
            ("exit_interpret".into(), self.exit_interpret()),
            ("exit_activate".into(), self.exit_activate()),
            ("unwinding".into(), self.unwinding()),
            ("callback_exit".into(), self.callback_exit()),
            ("c_string".into(), self.c_string()),
        ];
        names.extend(
            Entry::ALL
                .iter()
                .map(|entry| (entry.name().into(), self.entry(*entry))),
        );
        names
    }
}
