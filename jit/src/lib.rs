//! Machine code: RTL, lowerings, code space. This crate never knows C declarations.

pub mod rtl;
