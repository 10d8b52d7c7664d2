//! The virtual machine: source to bytecode, frames and the VM stack, interpreter, lookup, primitives.
//!
//! This crate never knows machine code: it declares what it asks of others in [`foreign`].

pub mod bytecode;
pub mod compiler;
pub mod context;
pub mod entry;
pub mod failure;
pub mod foreign;
pub mod frame;
