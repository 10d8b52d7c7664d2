//! The virtual machine: source to bytecode, frames and the VM stack, interpreter, lookup, primitives.
//!
//! This crate never knows machine code: it declares what it asks of others in [`foreign`].

pub mod bytecode;
pub mod callback;
mod called;
pub mod classes;
pub mod codes;
pub mod compile;
pub mod compiler;
pub mod context;
pub mod entry;
pub mod failure;
mod fast_paths;
pub mod fault;
pub mod files;
#[expect(
    unsafe_code,
    reason = "declares what enters machine code and foreign functions"
)]
pub mod foreign;
pub mod frame;
pub mod genesis;
pub mod header;
pub mod install;
pub mod interpreter;
pub mod known;
pub mod loader;
pub mod lookup;
pub mod namespace;
pub mod numbers;
pub mod primitives;
pub mod probe;
pub mod roots;
pub mod stack;
pub mod symbols;
pub mod trace;
mod usual;
pub mod visitors;
pub mod vm;
