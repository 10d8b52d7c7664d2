//! Primitives that read and write memory: of a byte object, or of C by its address.
//!
//! A place is a *base* and a 0-based byte offset. The base is a byte object, within whose bytes
//! the access must lie, or an Integer address, which is trusted unless there is no memory, or it lies in the
//! first page.
//! A Symbol is no base: it stands for memory that is gone.
#![expect(unsafe_code, reason = "reads and writes C memory by address")]

use super::Arguments;
use crate::failure::Failure;
use crate::fault::Fault;
use crate::known::index;
use crate::probe;
use crate::vm::Vm;
use gc::Oop;
use num_bigint::BigInt;
use num_traits::ToPrimitive;

/// No program has objects below this address: what lies there is a NULL with an offset.
const FIRST_ADDRESS: u64 = 4096;

/// A place in memory of a known size, good until the next safe point.
#[derive(Clone, Copy)]
struct Place(u64);

impl Place {
    fn read<const N: usize>(self) -> Result<[u8; N], Failure> {
        if !probe::is_readable(self.0, N) {
            return Err(Failure::Fault);
        }
        // SAFETY: `place` checked byte objects' bounds; C addresses are the program's own word, and there is
        // memory.
        Ok(unsafe { (self.0 as *const [u8; N]).read_unaligned() })
    }

    fn write<const N: usize>(self, bytes: [u8; N]) -> Result<(), Failure> {
        if !probe::is_writable(self.0, N) {
            return Err(Failure::Fault);
        }
        // SAFETY: as above; literals and Symbols aside, byte objects may change.
        unsafe { (self.0 as *mut [u8; N]).write_unaligned(bytes) };
        Ok(())
    }
}

/// The place of `size` bytes that arguments `first` (base) and `first + 1` (offset) name.
fn place(vm: &mut Vm, arguments: Arguments, first: usize, size: usize) -> Result<Place, Failure> {
    let (base, offset) = (arguments.get(first), arguments.integer(first + 1)?);
    if base.is_pointer() && vm.heap().format_of(base).is_bytes() {
        // An Alien whose memory is gone has a Symbol in the place of its address.
        if vm.heap().class_index_of(base) == index::SYMBOL {
            return Err(Failure::Freed);
        }
        let offset = usize::try_from(offset).map_err(|_| Failure::BadIndex)?;
        let end = offset.checked_add(size).ok_or(Failure::BadIndex)?;
        if end > vm.heap().byte_len(base) {
            return Err(Failure::BadIndex);
        }
        vm.heap_mut().bytes_may_change(base);
        return Ok(Place(vm.heap().body_address(base) as u64 + offset as u64));
    }
    let base = vm.integer(base).ok_or(Failure::WrongType)?;
    let address = (base + offset).to_u64().ok_or(Failure::BadIndex)?;
    if address < FIRST_ADDRESS {
        vm.context.fault = Fault {
            signal: libc::SIGSEGV,
            address: Some(address),
        };
        return Err(Failure::Fault);
    }
    Ok(Place(address))
}

macro_rules! integer_accessors {
    ($($read:ident $write:ident $type:ty;)*) => {
        $(
            #[doc = concat!("base, offset → the `", stringify!($type), "` there.")]
            pub(super) fn $read(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
                let place = place(vm, arguments, 0, size_of::<$type>())?;
                let value = <$type>::from_ne_bytes(place.read()?);
                Ok(match i64::try_from(value) {
                    Ok(value) => vm.i64_object(value)?,
                    Err(_) => vm.integer_object(&BigInt::from(value))?,
                })
            }

            #[doc = concat!("base, offset, Integer → itself, stored as `", stringify!($type), "`.")]
            pub(super) fn $write(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
                let place = place(vm, arguments, 0, size_of::<$type>())?;
                let object = arguments.get(2);
                let value = match object.as_i64() {
                    Some(value) => <$type>::try_from(value).ok(),
                    None => {
                        let value = vm.integer(object).ok_or(Failure::WrongType)?;
                        <$type>::try_from(value).ok()
                    }
                };
                place.write(value.ok_or(Failure::OutOfRange)?.to_ne_bytes())?;
                Ok(object)
            }
        )*
    };
}

integer_accessors! {
    read_s8 write_s8 i8;
    read_u8 write_u8 u8;
    read_s16 write_s16 i16;
    read_u16 write_u16 u16;
    read_s32 write_s32 i32;
    read_u32 write_u32 u32;
    read_s64 write_s64 i64;
    read_u64 write_u64 u64;
}

/// base, offset → the `float` there, as a Double.
pub(super) fn read_f32(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let place = place(vm, arguments, 0, 4)?;
    Ok(vm.double_object(f64::from(f32::from_ne_bytes(place.read()?)))?)
}

/// base, offset → the `double` there.
pub(super) fn read_f64(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let place = place(vm, arguments, 0, 8)?;
    Ok(vm.double_object(f64::from_ne_bytes(place.read()?))?)
}

/// base, offset, number → itself, stored as `float`, rounded to nearest.
pub(super) fn write_f32(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let place = place(vm, arguments, 0, 4)?;
    let number = vm.number(arguments.get(2)).ok_or(Failure::WrongType)?;
    place.write((number.to_f64() as f32).to_ne_bytes())?;
    Ok(arguments.get(2))
}

/// base, offset, number → itself, stored as `double`.
pub(super) fn write_f64(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let place = place(vm, arguments, 0, 8)?;
    let number = vm.number(arguments.get(2)).ok_or(Failure::WrongType)?;
    place.write(number.to_f64().to_ne_bytes())?;
    Ok(arguments.get(2))
}

/// count, source base, source offset, target base, target offset: copies bytes, also where
/// source and target overlap. Answers the receiver.
pub(super) fn copy(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let count = arguments.size(vm, 0)?;
    let source = place(vm, arguments, 1, count)?;
    let target = place(vm, arguments, 3, count)?;
    if !probe::is_readable(source.0, count) || !probe::is_writable(target.0, count) {
        return Err(Failure::Fault);
    }
    // SAFETY: `place` checked byte objects' bounds; C addresses are the program's own word, and there is memory.
    unsafe { std::ptr::copy(source.0 as *const u8, target.0 as *mut u8, count) };
    Ok(arguments.receiver())
}

/// size → the address of so many zeroed bytes of C memory.
pub(super) fn allocate(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let size = arguments.size(vm, 0)?;
    // SAFETY: calloc has no preconditions; a size of 0 asks for one byte, to get an address.
    let address = unsafe { libc::calloc(1, size.max(1)) } as u64;
    if address == 0 {
        Err(Failure::OutOfMemory)
    } else {
        Ok(vm.u64_object(address)?)
    }
}

/// address → the receiver, the C memory being given back.
pub(super) fn free(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let address = vm
        .integer(arguments.get(0))
        .and_then(|address| address.to_u64());
    let address = address.ok_or(Failure::WrongType)?;
    // SAFETY: the image frees each address that `allocate` answered once: its Aliens forget it.
    unsafe { libc::free(address as *mut libc::c_void) };
    Ok(arguments.receiver())
}

/// A byte object → the address of its first byte, the object being kept from moving from now on.
pub(super) fn pin(vm: &mut Vm, arguments: Arguments) -> Result<Oop, Failure> {
    let object = arguments.get(0);
    if !object.is_pointer() || !vm.heap().format_of(object).is_bytes() {
        return Err(Failure::WrongType);
    }
    vm.heap_mut().pin(object);
    let address = vm.heap().body_address(object) as u64;
    Ok(vm.u64_object(address)?)
}
