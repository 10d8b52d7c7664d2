//! Runtime entries: what machine code and the RTL interpreter call in Rust.
//!
//! Every entry is `extern "C" fn(context, value, extra) -> status`. Status 0 means done, with the
//! result in `context.value`; any other status is the code of a [`crate::failure::Failure`], which
//! the caller records. Entries run on the C stack, allocate freely and never collect: where the heap is
//! full, they go beyond its limit, and the next safe point tells the program of it. So no result
//! of a foreign call is lost, nor do they fail for want of a collection.
#![expect(unsafe_code, reason = "called by machine code with raw addresses")]

use crate::context::VmContext;
use crate::failure::Failure;
use crate::known::{alien, complex, index};
use crate::primitives::Arguments;
use crate::probe;
use crate::vm::Vm;
use gc::oop::Oop;
use num_bigint::BigInt;
use num_traits::ToPrimitive;

/// Calls `$consumer!` with every runtime entry: `"name" = Variant => function;`.
#[macro_export]
macro_rules! for_each_runtime_entry {
    ($consumer:path) => {
        $consumer! {
            /// Any Integer object in the range of `int64_t` → its 64 bits.
            "integerToI64" = IntegerToI64 => integer_to_i64;
            /// Any Integer object in the range of `uint64_t` → its 64 bits.
            "integerToU64" = IntegerToU64 => integer_to_u64;
            /// Any Integer or Double object → the bits of its double.
            "numberToF64" = NumberToF64 => number_to_f64;
            /// 64 bits, signed → an Integer object.
            "i64ToInteger" = I64ToInteger => i64_to_integer;
            /// 64 bits, unsigned → an Integer object.
            "u64ToInteger" = U64ToInteger => u64_to_integer;
            /// The bits of a double → a Double object.
            "f64ToDouble" = F64ToDouble => f64_to_double;
            /// The address of a NUL-terminated string → a String with a copy, NULL → nil.
            "cStringToString" = CStringToString => c_string_to_string;
            /// An address and, as the further argument, an Alien → an Alien of the same class and
            /// size there, NULL → nil.
            "pointerToAlien" = PointerToAlien => pointer_to_alien;
            /// nil, a byte object without embedded NUL, or an Alien → the address of its bytes.
            "objectToCString" = ObjectToCString => object_to_c_string;
            /// nil, a byte object, or an Alien → the address of its data.
            "objectToPointer" = ObjectToPointer => object_to_pointer;
            /// As `objectToCString`; a byte object does not move from then on.
            "objectToFixedCString" = ObjectToFixedCString => object_to_fixed_c_string;
            /// As `objectToPointer`; bytes in the heap do not move from then on.
            "objectToFixedPointer" = ObjectToFixedPointer => object_to_fixed_pointer;
            /// As `objectToFixedCString`, for the answer of a callback's block.
            "answerToCString" = AnswerToCString => answer_to_c_string;
            /// As `objectToFixedPointer`, for the answer of a callback's block.
            "answerToPointer" = AnswerToPointer => answer_to_pointer;
            /// An Alien of the class of the further argument or below it, or a plain Alien of at least
            /// its size → the address of its data.
            "objectToStruct" = ObjectToStruct => object_to_struct;
            /// As `objectToStruct`, for the answer of a callback's block: its bytes can be read.
            "answerToStruct" = AnswerToStruct => answer_to_struct;
            /// Anything and, as the further argument, an Alien → an Alien of the same class and size
            /// over zeros in the heap.
            "newStruct" = NewStruct => new_struct;
            /// An Alien and, as the further argument, another → an Alien of the other's class and
            /// size within the first, as many bytes from its start as the other's address says. Where
            /// the other has no size, it is what is left of the first.
            "aliensPart" = AliensPart => aliens_part;
            /// Any number or Complex → the bits of its real part as a double.
            "numberToReal" = NumberToReal => number_to_real;
            /// Any number or Complex → the bits of its imaginary part as a double.
            "numberToImaginary" = NumberToImaginary => number_to_imaginary;
            /// The address of two doubles → a Complex object.
            "doublesToComplex" = DoublesToComplex => doubles_to_complex;
            /// Any Integer object in the range of `__int128` → its upper 64 bits.
            "integerToHighI64" = IntegerToHighI64 => integer_to_high_i64;
            /// Any Integer object in the range of `unsigned __int128` → its upper 64 bits.
            "integerToHighU64" = IntegerToHighU64 => integer_to_high_u64;
            /// Any Integer object → the lower 64 bits of its two's complement.
            "integerToLow64" = IntegerToLow64 => integer_to_low64;
            /// The address of an `__int128` → an Integer object.
            "i128ToInteger" = I128ToInteger => i128_to_integer;
            /// The address of an `unsigned __int128` → an Integer object.
            "u128ToInteger" = U128ToInteger => u128_to_integer;
            /// The bits of a double → a Double object. Does not fail.
            "boxDouble" = BoxDouble => box_double;
            /// A Double object → the bits of its double.
            "doubleToF64" = DoubleToF64 => double_to_f64;
            /// A Double, or an Integer that is one without rounding → the bits of its double.
            "exactToF64" = ExactToF64 => exact_to_f64;
            /// An old object, and the index of a slot that was stored into → nothing.
            "rememberSlot" = RememberSlot => remember_slot;
            /// The number of a plain primitive, and how many arguments lie behind the return address
            /// on the VM stack → its answer.
            "primitive" = Primitive => primitive;
        }
    };
}

/// The signature of every entry.
pub type EntryFunction = unsafe extern "C" fn(*mut VmContext, u64, u64) -> u64;

macro_rules! define {
    ($($(#[$doc:meta])* $name:literal = $variant:ident => $function:ident;)*) => {
        /// A runtime entry.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(usize)]
        pub enum Entry { $($(#[$doc])* $variant,)* }

        impl Entry {
            /// Every entry, in the order of the context's table.
            pub const ALL: &[Entry] = &[$(Entry::$variant,)*];

            /// The Symbol the image knows the entry by.
            pub const fn name(self) -> &'static str {
                match self { $(Entry::$variant => $name,)* }
            }

            /// The entry of a name.
            pub fn from_name(name: &str) -> Option<Entry> {
                match name { $($name => Some(Entry::$variant),)* _ => None }
            }
        }

        $(
            /// The entry as machine code calls it: see the row of the table.
            ///
            /// # Safety
            /// `context` is the context of a live VM that is suspended in this call.
            unsafe extern "C" fn $function(context: *mut VmContext, value: u64, extra: u64) -> u64 {
                // SAFETY: the caller promises a live, suspended VM, whose address the context has.
                let vm = unsafe { &mut *((*context).vm as *mut Vm) };
                let mut result = implementation::$function(vm, value, extra);
                if result == Err(Failure::OutOfMemory) && Entry::$variant != Entry::Primitive {
                    result = vm.beyond_limit(|vm| implementation::$function(vm, value, extra));
                }
                match result {
                    Ok(bits) => {
                        vm.context.value = bits;
                        if vm.heap().collection_due() {
                            vm.context.request_safe_point();
                        }
                        0
                    }
                    Err(failure) => failure as u64,
                }
            }
        )*

        /// The addresses of the entries, in the order of [`Entry::ALL`].
        pub fn table() -> [u64; ENTRY_COUNT] {
            [$($function as EntryFunction as usize as u64,)*]
        }
    };
}

for_each_runtime_entry!(define);

/// Number of runtime entries.
pub const ENTRY_COUNT: usize = Entry::ALL.len();

/// The address of this thread's `errno`.
pub fn errno_location() -> u64 {
    // SAFETY: the call has no preconditions.
    unsafe { libc::__errno_location() as u64 }
}

impl Vm {
    /// Does something that may take the heap beyond its limit.
    pub(crate) fn without_limit<T>(&mut self, act: impl FnOnce(&mut Vm) -> T) -> T {
        self.heap_mut().go_beyond_limit(true);
        let result = act(self);
        self.heap_mut().go_beyond_limit(false);
        result
    }

    /// Does what the heap has no room for all the same, and has the next safe point look after it.
    #[cold]
    fn beyond_limit<T>(&mut self, act: impl FnOnce(&mut Vm) -> T) -> T {
        let result = self.without_limit(act);
        self.heap_mut().request_collection(gc::CollectionKind::Full);
        self.interrupt
            .fetch_or(crate::vm::MEMORY_FULL, std::sync::atomic::Ordering::Relaxed);
        result
    }
}

/// An oop passed as bits.
fn oop(bits: u64) -> Oop {
    // SAFETY: machine code and the RTL interpreter pass oops that they read from the stack.
    unsafe { Oop::from_bits(bits) }
}

/// The address of a pointer argument's data, for the rows below.
fn address_of(vm: &Vm, object: Oop) -> Result<u64, Failure> {
    if object == vm.nil() {
        return Ok(0);
    }
    if !object.is_pointer() {
        return Err(Failure::WrongType);
    }
    let heap = vm.heap();
    if heap.format_of(object).is_bytes() {
        return Ok(heap.body_address(object) as u64);
    }
    if !vm.inherits_from(vm.class_of(object), vm.class_at(index::ALIEN)) {
        return Err(Failure::WrongType);
    }
    address_of_alien(vm, object)
}

/// The address of an Alien's data: its own counts from the start of the bytes or the Alien that it is
/// a part of, where it is one.
fn address_of_alien(vm: &Vm, alien: Oop) -> Result<u64, Failure> {
    let heap = vm.heap();
    // Addresses past 2^60 take a large integer; no user address does, but `-1 asAlien` may.
    let own = vm
        .integer(heap.slot(alien, alien::ADDRESS))
        .ok_or(Failure::Freed)?;
    let own = own.to_u64().ok_or(Failure::OutOfRange)?;
    let whole = heap.slot(alien, alien::DATA);
    if whole == vm.nil() {
        Ok(own)
    } else if heap.format_of(whole).is_bytes() {
        Ok(heap.body_address(whole) as u64 + own)
    } else {
        Ok(address_of_alien(vm, whole)?.wrapping_add(own))
    }
}

/// Keeps the bytes in the heap that an object is, or is an Alien over, from moving.
fn pin_bytes(vm: &mut Vm, object: Oop) {
    if !object.is_pointer() {
        return;
    }
    let mut bytes = object;
    if vm.inherits_from(vm.class_of(object), vm.class_at(index::ALIEN)) {
        bytes = vm.heap().slot(object, alien::DATA);
    }
    if bytes.is_pointer() && vm.heap().format_of(bytes).is_bytes() {
        vm.heap_mut().pin(bytes);
    }
}

/// The number of bytes of an Alien, where it is known.
fn size_of_alien(vm: &Vm, alien: Oop) -> Option<usize> {
    let size = vm.heap().slot(alien, alien::SIZE).as_i64()?;
    usize::try_from(size).ok()
}

/// A new Alien of the class and size of another.
fn alien_like(vm: &mut Vm, model: Oop, address: Oop, data: Oop) -> Result<Oop, Failure> {
    let made = vm.instantiate(vm.class_of(model), 0)?;
    let size = vm.heap().slot(model, alien::SIZE);
    let heap = vm.heap_mut();
    heap.set_slot(made, alien::ADDRESS, address);
    heap.set_slot(made, alien::SIZE, size);
    heap.set_slot(made, alien::DATA, data);
    Ok(made)
}

/// The real and imaginary part of a number or a Complex.
fn parts_of_number(vm: &Vm, object: Oop) -> Result<(f64, f64), Failure> {
    if let Some(number) = vm.number(object) {
        return Ok((number.to_f64(), 0.0));
    }
    if !object.is_pointer() || vm.heap().class_index_of(object) != index::COMPLEX {
        return Err(Failure::WrongType);
    }
    let part = |slot| {
        let number = vm.number(vm.heap().slot(object, slot));
        number
            .map(|number| number.to_f64())
            .ok_or(Failure::WrongType)
    };
    Ok((part(complex::REAL)?, part(complex::IMAGINARY)?))
}

/// What the entries do, in terms of the VM.
mod implementation {
    use super::*;

    pub(super) fn integer_to_i64(vm: &mut Vm, value: u64, _: u64) -> Result<u64, Failure> {
        let integer = vm.integer(oop(value)).ok_or(Failure::WrongType)?;
        integer
            .to_i64()
            .map(|value| value as u64)
            .ok_or(Failure::OutOfRange)
    }

    pub(super) fn integer_to_u64(vm: &mut Vm, value: u64, _: u64) -> Result<u64, Failure> {
        let integer = vm.integer(oop(value)).ok_or(Failure::WrongType)?;
        integer.to_u64().ok_or(Failure::OutOfRange)
    }

    pub(super) fn number_to_f64(vm: &mut Vm, value: u64, _: u64) -> Result<u64, Failure> {
        let number = vm.number(oop(value)).ok_or(Failure::WrongType)?;
        Ok(number.to_f64().to_bits())
    }

    pub(super) fn i64_to_integer(vm: &mut Vm, value: u64, _: u64) -> Result<u64, Failure> {
        Ok(vm.i64_object(value as i64)?.bits())
    }

    pub(super) fn u64_to_integer(vm: &mut Vm, value: u64, _: u64) -> Result<u64, Failure> {
        Ok(vm.u64_object(value)?.bits())
    }

    pub(super) fn f64_to_double(vm: &mut Vm, value: u64, _: u64) -> Result<u64, Failure> {
        Ok(vm.double_object(f64::from_bits(value))?.bits())
    }

    pub(super) fn c_string_to_string(vm: &mut Vm, value: u64, _: u64) -> Result<u64, Failure> {
        if value == 0 {
            return Ok(vm.nil().bits());
        }
        // SAFETY: the C declaration says that there is a NUL-terminated string, which is copied at once.
        let bytes = unsafe { probe::c_string(value) }.ok_or(Failure::Fault)?;
        Ok(vm.string(bytes)?.bits())
    }

    pub(super) fn pointer_to_alien(vm: &mut Vm, value: u64, extra: u64) -> Result<u64, Failure> {
        if value == 0 {
            return Ok(vm.nil().bits());
        }
        let address = vm.u64_object(value)?;
        let nil = vm.nil();
        Ok(alien_like(vm, oop(extra), address, nil)?.bits())
    }

    pub(super) fn object_to_c_string(vm: &mut Vm, value: u64, _: u64) -> Result<u64, Failure> {
        let object = oop(value);
        if object.is_pointer()
            && vm.heap().format_of(object).is_bytes()
            && vm.heap().bytes(object).contains(&0)
        {
            return Err(Failure::EmbeddedNul);
        }
        address_of(vm, object)
    }

    pub(super) fn box_double(vm: &mut Vm, value: u64, _: u64) -> Result<u64, Failure> {
        f64_to_double(vm, value, 0)
    }

    pub(super) fn double_to_f64(vm: &mut Vm, value: u64, _: u64) -> Result<u64, Failure> {
        let object = oop(value);
        if let Some(value) = object.as_f64() {
            return Ok(value.to_bits());
        }
        if object.is_pointer() && vm.heap().class_index_of(object) == index::DOUBLE {
            return Ok(vm.heap().word(object, 0));
        }
        Err(Failure::WrongType)
    }

    pub(super) fn exact_to_f64(vm: &mut Vm, value: u64, extra: u64) -> Result<u64, Failure> {
        match oop(value).as_i64() {
            Some(value) if value.unsigned_abs() <= 1 << 53 => Ok((value as f64).to_bits()),
            Some(_) => Err(Failure::OutOfRange),
            None => double_to_f64(vm, value, extra),
        }
    }

    pub(super) fn remember_slot(vm: &mut Vm, value: u64, extra: u64) -> Result<u64, Failure> {
        vm.heap_mut().remember_slot(oop(value), extra as usize);
        Ok(0)
    }

    pub(super) fn primitive(vm: &mut Vm, value: u64, extra: u64) -> Result<u64, Failure> {
        let function = Vm::plain_primitive(value as u16).ok_or(Failure::Unsupported)?;
        // SAFETY: below the return address lie the receiver and as many arguments.
        let arguments = unsafe { Arguments::new(vm.context.sp + 8, extra as usize) };
        Ok(function(vm, arguments)?.bits())
    }

    pub(super) fn object_to_pointer(vm: &mut Vm, value: u64, _: u64) -> Result<u64, Failure> {
        let object = oop(value);
        if object.is_pointer() && vm.heap().format_of(object).is_bytes() {
            vm.heap_mut().bytes_may_change(object);
        }
        address_of(vm, object)
    }

    pub(super) fn object_to_fixed_c_string(
        vm: &mut Vm,
        value: u64,
        extra: u64,
    ) -> Result<u64, Failure> {
        pin_bytes(vm, oop(value));
        object_to_c_string(vm, value, extra)
    }

    pub(super) fn answer_to_c_string(vm: &mut Vm, value: u64, extra: u64) -> Result<u64, Failure> {
        vm.keep_answer(oop(value));
        object_to_fixed_c_string(vm, value, extra)
    }

    pub(super) fn answer_to_pointer(vm: &mut Vm, value: u64, extra: u64) -> Result<u64, Failure> {
        vm.keep_answer(oop(value));
        object_to_fixed_pointer(vm, value, extra)
    }

    pub(super) fn object_to_fixed_pointer(vm: &mut Vm, value: u64, _: u64) -> Result<u64, Failure> {
        pin_bytes(vm, oop(value));
        address_of(vm, oop(value))
    }

    pub(super) fn object_to_struct(vm: &mut Vm, value: u64, extra: u64) -> Result<u64, Failure> {
        let (object, model) = (oop(value), oop(extra));
        let (class, expected) = (vm.class_of(object), vm.class_of(model));
        let plain = class == vm.class_at(index::ALIEN);
        if !plain && !vm.inherits_from(class, expected) {
            return Err(Failure::WrongType);
        }
        let address = address_of_alien(vm, object)?;
        // An instance without a size is a pointer that C answered, whose type vouches for it.
        let size = size_of_alien(vm, object);
        if (plain || size.is_some()) && size < size_of_alien(vm, model) {
            return Err(Failure::WrongType);
        }
        Ok(address)
    }

    pub(super) fn answer_to_struct(vm: &mut Vm, value: u64, extra: u64) -> Result<u64, Failure> {
        let address = object_to_struct(vm, value, extra)?;
        let size = size_of_alien(vm, oop(extra)).unwrap_or(0);
        // A fault in a callback's own code would be nobody's.
        if probe::is_readable(address, size) {
            Ok(address)
        } else {
            Err(Failure::Fault)
        }
    }

    pub(super) fn new_struct(vm: &mut Vm, _: u64, extra: u64) -> Result<u64, Failure> {
        let model = oop(extra);
        let size = size_of_alien(vm, model).ok_or(Failure::BadSize)?;
        let data = vm.heap_mut().allocate_bytes(index::BYTE_ARRAY, size)?;
        Ok(alien_like(vm, model, Oop::ZERO, data)?.bits())
    }

    pub(super) fn aliens_part(vm: &mut Vm, value: u64, extra: u64) -> Result<u64, Failure> {
        let (whole, model) = (oop(value), oop(extra));
        // What was freed has no parts.
        address_of_alien(vm, whole)?;
        let place = vm.heap().slot(model, alien::ADDRESS).as_i64();
        let place = place.ok_or(Failure::WrongType)?;
        let mut data = vm.heap().slot(whole, alien::DATA);
        let mut start = 0;
        if data == vm.nil() {
            // The part keeps the whole alive, and is freed with it.
            data = whole;
        } else {
            let own = vm.heap().slot(whole, alien::ADDRESS).as_i64();
            start = own.ok_or(Failure::Freed)?;
        }
        let part = alien_like(vm, model, Oop::small(start + place), data)?;
        if let (None, Some(size)) = (size_of_alien(vm, model), size_of_alien(vm, whole)) {
            let left = Oop::small((size as i64 - place).max(0));
            vm.heap_mut().set_slot(part, alien::SIZE, left);
        }
        Ok(part.bits())
    }

    pub(super) fn number_to_real(vm: &mut Vm, value: u64, _: u64) -> Result<u64, Failure> {
        Ok(parts_of_number(vm, oop(value))?.0.to_bits())
    }

    pub(super) fn number_to_imaginary(vm: &mut Vm, value: u64, _: u64) -> Result<u64, Failure> {
        Ok(parts_of_number(vm, oop(value))?.1.to_bits())
    }

    pub(super) fn doubles_to_complex(vm: &mut Vm, value: u64, _: u64) -> Result<u64, Failure> {
        // SAFETY: the producer of the RTL has put two doubles there.
        let [real, imaginary] = unsafe { (value as *const [f64; 2]).read_unaligned() };
        let made = vm.instantiate(vm.class_at(index::COMPLEX), 0)?;
        let (real, imaginary) = (vm.double_object(real)?, vm.double_object(imaginary)?);
        vm.heap_mut().set_slot(made, complex::REAL, real);
        vm.heap_mut().set_slot(made, complex::IMAGINARY, imaginary);
        Ok(made.bits())
    }

    pub(super) fn integer_to_high_i64(vm: &mut Vm, value: u64, _: u64) -> Result<u64, Failure> {
        let integer = vm.integer(oop(value)).ok_or(Failure::WrongType)?;
        let integer = integer.to_i128().ok_or(Failure::OutOfRange)?;
        Ok((integer >> 64) as u64)
    }

    pub(super) fn integer_to_high_u64(vm: &mut Vm, value: u64, _: u64) -> Result<u64, Failure> {
        let integer = vm.integer(oop(value)).ok_or(Failure::WrongType)?;
        let integer = integer.to_u128().ok_or(Failure::OutOfRange)?;
        Ok((integer >> 64) as u64)
    }

    pub(super) fn integer_to_low64(vm: &mut Vm, value: u64, _: u64) -> Result<u64, Failure> {
        let integer = vm.integer(oop(value)).ok_or(Failure::WrongType)?;
        let low: BigInt = integer & BigInt::from(u64::MAX);
        low.to_u64().ok_or(Failure::OutOfRange)
    }

    pub(super) fn i128_to_integer(vm: &mut Vm, value: u64, _: u64) -> Result<u64, Failure> {
        // SAFETY: the producer of the RTL has put 16 bytes there.
        let integer = unsafe { (value as *const i128).read_unaligned() };
        Ok(vm.integer_object(&BigInt::from(integer))?.bits())
    }

    pub(super) fn u128_to_integer(vm: &mut Vm, value: u64, _: u64) -> Result<u64, Failure> {
        // SAFETY: the producer of the RTL has put 16 bytes there.
        let integer = unsafe { (value as *const u128).read_unaligned() };
        Ok(vm.integer_object(&BigInt::from(integer))?.bits())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_is_found_by_its_name() {
        for &entry in Entry::ALL {
            assert_eq!(Entry::from_name(entry.name()), Some(entry));
        }
        assert_eq!(Entry::from_name("nothing"), None);
        assert!(table().iter().all(|&address| address != 0));
    }
}
