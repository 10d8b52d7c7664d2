//! The heap: spaces and what machine code sees of them.

/// Bump-allocation window of eden, in addresses.
#[repr(C)]
pub struct AllocationWindow {
    /// Where the next object begins.
    pub next: u64,
    /// First address behind the window.
    pub limit: u64,
}

/// Where the nursery lies: an address is young where `address - start < size`, unsigned.
#[repr(C)]
pub struct NurseryBounds {
    /// First address.
    pub start: u64,
    /// Size in bytes.
    pub size: u64,
}

/// The object memory; the first two fields are read and written by machine code.
#[repr(C)]
pub struct Heap {
    /// Where the next small object goes.
    pub window: AllocationWindow,
    /// Which addresses are young.
    pub nursery: NurseryBounds,
}
