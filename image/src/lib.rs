//! The image: the kernel in Smalltalk, its bootstrap, and snapshots.
//!
//! The sources are under `image/kernel`. [`bootstrap`] makes a VM of them, [`snapshot`] turns a VM
//! into bytes and back. This crate never knows machine code: a snapshot holds none.
//!
//! The invariant that matters most: a snapshot is checked before anything in it is believed, and
//! an image file on disk is replaced as a whole or not at all ([`file`]).

pub mod bootstrap;
mod bytes;
pub mod file;
pub mod snapshot;
