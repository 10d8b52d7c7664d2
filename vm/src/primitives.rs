//! Primitives: what methods with `<primitive: #name>` do in Rust.
//!
//! A *plain* primitive is a function from receiver and arguments to a result or a [`Failure`]; it
//! allocates freely and never collects, so it may hold oops as it likes. A *control* primitive
//! changes which activation runs; the interpreter executes it.

mod arguments;
mod foreign;
mod memory;

mod stack_frames;

pub use arguments::Arguments;

use crate::failure::Failure;
use crate::vm::Vm;
use gc::oop::Oop;

/// A plain primitive.
pub type PlainFunction = fn(&mut Vm, Arguments) -> Result<Oop, Failure>;

/// What a primitive number stands for.
#[derive(Clone, Copy)]
pub enum Primitive {
    /// Call the function.
    Plain(PlainFunction),
    /// Let the interpreter do it.
    Control(Control),
}

macro_rules! define_control {
    ($($(#[$doc:meta])* $name:literal = $variant:ident;)*) => {
        /// A primitive that changes which activation runs.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Control { $($(#[$doc])* $variant,)* }

        const CONTROL: &[(&str, Control)] = &[$(($name, Control::$variant),)*];
    };
}

define_control! {
    /// `aBlock value…` with as many arguments as the block has parameters.
    "blockValue" = BlockValue;
    /// `aBlock valueWithArguments: anArray`.
    "blockValueWithArguments" = BlockValueWithArguments;
    /// `receiver perform: selector [with: …]`.
    "perform" = Perform;
    /// `receiver perform: selector withArguments: anArray`.
    "performWithArguments" = PerformWithArguments;
    /// `receiver perform: selector withArguments: anArray inSuperclass: aClass`.
    "performInSuperclass" = PerformInSuperclass;
    /// `aMethod invokeOn: receiver with: anArray`.
    "invokeMethod" = InvokeMethod;
    /// `… unwindTo: frame return: value`: cuts the stack and returns `value` from that frame.
    "unwindTo" = UnwindTo;
    /// `… restartFrame: frame`: cuts the stack and begins that activation anew.
    "restartFrame" = RestartFrame;
    /// `… terminate: value`: ends the run, unsuccessfully.
    "terminate" = Terminate;
    /// `… exit: status`: ends the program.
    "exit" = Exit;
}

macro_rules! define_plain {
    ($($name:literal => $function:path;)*) => {
        const PLAIN: &[(&str, PlainFunction)] = &[$(($name, $function),)*];
    };
}

define_plain! {

    // --- foreign functions ---
    "libraryOpen" => foreign::library_open;
    "librarySymbol" => foreign::library_symbol;
    "errno" => foreign::errno;
    "machine" => foreign::machine;
    "newSubclass" => foreign::new_subclass;
    "newExternalMethod" => foreign::new_external_method;
    "installExternal" => foreign::install_external;
    "externalListing" => foreign::external_listing;

    // --- memory ---
    "memoryReadS8" => memory::read_s8;
    "memoryWriteS8" => memory::write_s8;
    "memoryReadU8" => memory::read_u8;
    "memoryWriteU8" => memory::write_u8;
    "memoryReadS16" => memory::read_s16;
    "memoryWriteS16" => memory::write_s16;
    "memoryReadU16" => memory::read_u16;
    "memoryWriteU16" => memory::write_u16;
    "memoryReadS32" => memory::read_s32;
    "memoryWriteS32" => memory::write_s32;
    "memoryReadU32" => memory::read_u32;
    "memoryWriteU32" => memory::write_u32;
    "memoryReadS64" => memory::read_s64;
    "memoryWriteS64" => memory::write_s64;
    "memoryReadU64" => memory::read_u64;
    "memoryWriteU64" => memory::write_u64;
    "memoryReadF32" => memory::read_f32;
    "memoryWriteF32" => memory::write_f32;
    "memoryReadF64" => memory::read_f64;
    "memoryWriteF64" => memory::write_f64;
    "memoryCopy" => memory::copy;
    "memoryAllocate" => memory::allocate;
    "memoryFree" => memory::free;
    "objectPin" => memory::pin;

    // --- activations ---
    "currentFrame" => stack_frames::current_frame;
    "frameCaller" => stack_frames::frame_caller;
    "frameMethod" => stack_frames::frame_method;
    "frameSelf" => stack_frames::frame_self;
    "frameReceiver" => stack_frames::frame_receiver;
    "frameArgument" => stack_frames::frame_argument;
    "frameTemporary" => stack_frames::frame_temporary;
    "frameTemporaryPut" => stack_frames::frame_temporary_put;
    "nextMarkedFrame" => stack_frames::next_marked_frame;
    "traceFrom" => stack_frames::trace_from;

}

/// The number that method headers hold for a primitive's name; 0 means no primitive.
pub fn number_of(name: &str) -> Option<u16> {
    let control = CONTROL.iter().map(|row| row.0);
    let plain = PLAIN.iter().map(|row| row.0);
    control
        .chain(plain)
        .position(|each| each == name)
        .map(|index| index as u16 + 1)
}

/// The primitive of a number.
///
/// # Panics
/// Where no primitive has that number: method headers hold only numbers of the tables.
#[inline(always)]
pub fn by_number(number: u16) -> Primitive {
    let index = usize::from(number) - 1;
    match CONTROL.get(index) {
        Some(&(_, control)) => Primitive::Control(control),
        None => Primitive::Plain(PLAIN[index - CONTROL.len()].1),
    }
}

/// The names of all primitives in the order of their numbers: images record them, since the
/// numbers may change from build to build.
pub fn names() -> impl Iterator<Item = &'static str> {
    CONTROL
        .iter()
        .map(|row| row.0)
        .chain(PLAIN.iter().map(|row| row.0))
}
