//! Machine code: RTL, lowerings, code space. This crate never knows C declarations.
//!
//! ```text
//!   rtl ──check──> lowering (isa/*/lower) ──> code_space ──> enter
//!                         stubs ────────────────^
//! ```
//!
//! Start reading at [`rtl`], then [`compiler`], which puts the steps together.

#[expect(unsafe_code, reason = "reads and replaces return addresses")]
mod call_sites;
#[expect(unsafe_code, reason = "writes the cells that machine code reads")]
mod cells;
#[expect(
    unsafe_code,
    reason = "maps, protects and writes memory for machine code"
)]
pub mod code_memory;
pub mod code_space;
#[expect(unsafe_code, reason = "entering machine code is on the caller's word")]
pub mod compiler;
#[expect(unsafe_code, reason = "calls machine code")]
mod enter;
mod generate;
pub mod isa;
#[expect(clippy::wildcard_enum_match_arm, reason = "looks for a few of many")]
pub mod leaf;
mod listing;
pub mod lowering;
#[expect(unsafe_code, reason = "gives the stubs their type")]
pub mod methods;
pub mod perf_map;
pub mod rtl;
pub mod stubs;
#[expect(unsafe_code, reason = "writes the slots that machine code reads")]
pub mod thunks;
