//! The object memory: tagged words, headers, spaces and the collector.
//!
//! This crate never knows Smalltalk, bytecodes or machine code. Start reading at [`layout`].

pub mod heap;
pub mod layout;
pub mod oop;
