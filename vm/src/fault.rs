//! Faults: what the processor refuses while a foreign function runs.

/// The signals that say so, with the names they have in the image.
pub const SIGNALS: [(i32, &str); 4] = [
    (libc::SIGSEGV, "SIGSEGV"),
    (libc::SIGBUS, "SIGBUS"),
    (libc::SIGILL, "SIGILL"),
    (libc::SIGFPE, "SIGFPE"),
];

/// One fault.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Fault {
    /// The signal, one of [`SIGNALS`]; 0 where there was no fault yet.
    pub signal: i32,
    /// The memory that was to be touched, or the instruction. The processor does not tell addresses
    /// that no memory can have ("non-canonical").
    pub address: Option<u64>,
}

impl Fault {
    /// What the image calls the signal.
    pub fn signal_name(self) -> Option<&'static str> {
        let known = SIGNALS.iter().find(|(signal, _)| *signal == self.signal);
        known.map(|(_, name)| *name)
    }
}
