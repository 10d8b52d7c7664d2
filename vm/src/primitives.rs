//! Primitives: what methods with `<primitive: #name>` do in Rust.
//!
//! A *plain* primitive is a function from receiver and arguments to a result or a [`Failure`]; it
//! allocates freely and never collects, so it may hold oops as it likes. A *control* primitive
//! changes which activation runs; the interpreter executes it.

mod arguments;
mod callbacks;
mod foreign;
mod lifetime;
mod memory;

mod arithmetic;
mod compiling;
mod doubles;
mod integers;
mod objects;
mod reflection;
mod sequences;
mod stack_frames;
mod streams;
mod system;
mod text;

pub use arguments::Arguments;
pub use integers::{SCRAMBLE_FACTOR, SCRAMBLE_MASK};

use crate::failure::Failure;
use crate::header::COUNT_MAX;
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
    ($($(#[$doc:meta])* $name:literal = $variant:ident, $counts:expr;)*) => {
        /// A primitive that changes which activation runs.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Control { $($(#[$doc])* $variant,)* }

        const CONTROL: &[(&str, Control)] = &[$(($name, Control::$variant),)*];

        impl Control {
            /// How many arguments the primitive takes.
            pub fn argument_counts(self) -> std::ops::RangeInclusive<usize> {
                match self { $(Control::$variant => $counts,)* }
            }
        }
    };
}

define_control! {
    /// `aBlock value…` with as many arguments as the block has parameters.
    "blockValue" = BlockValue, 0..=COUNT_MAX;
    /// `aBlock valueWithArguments: anArray`.
    "blockValueWithArguments" = BlockValueWithArguments, 1..=1;
    /// `receiver perform: selector [with: …]`.
    "perform" = Perform, 1..=COUNT_MAX;
    /// `receiver perform: selector withArguments: anArray`.
    "performWithArguments" = PerformWithArguments, 2..=2;
    /// `receiver perform: selector withArguments: anArray inSuperclass: aClass`.
    "performInSuperclass" = PerformInSuperclass, 3..=3;
    /// `aMethod invokeOn: receiver with: anArray`.
    "invokeMethod" = InvokeMethod, 2..=2;
    /// `… unwindTo: frame return: value`: cuts the stack and returns `value` from that frame.
    "unwindTo" = UnwindTo, 2..=2;
    /// `… resumeFrame: frame with: value`: cuts the stack and gives `value` to that frame as the
    /// answer it waits for.
    "resumeFrame" = ResumeFrame, 2..=2;
    /// `… restartFrame: frame`: cuts the stack and begins that activation anew.
    "restartFrame" = RestartFrame, 1..=1;
    /// `… terminate: value`: ends the run, unsuccessfully.
    "terminate" = Terminate, 0..=COUNT_MAX;
    /// `… exit: status`: ends the program.
    "exit" = Exit, 1..=1;
    /// `… leaveCallback: anObject`: ends the callback; the object goes on where the external call
    /// returns.
    "leaveCallback" = LeaveCallback, 1..=1;
    /// `aBlock returnHome: value`: returns from the Block's home, as `^` in the Block does.
    "returnHome" = ReturnHome, 1..=1;
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
    "copyExternalMethod" => foreign::copy_external_method;
    "installExternal" => foreign::install_external;
    "externalListing" => foreign::external_listing;
    "newCallback" => callbacks::new_callback;
    "installLeaf" => callbacks::install_leaf;
    "leafEpoch" => callbacks::leaf_epoch;
    "freeCallback" => callbacks::free_callback;
    "isInCallback" => callbacks::is_in_callback;
    "callbackPatience" => callbacks::set_patience;
    "holdVisitors" => callbacks::hold_visitors;
    "marshalling" => callbacks::marshalling;
    "callbackFrameOffset" => callbacks::frame_offset;

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

    // --- life of objects ---
    "pin" => lifetime::pin;
    "unpin" => lifetime::unpin;
    "isPinned" => lifetime::is_pinned;
    "registerFinalizer" => lifetime::register_finalizer;
    "cancelFinalizer" => lifetime::cancel_finalizer;
    "nextFinalizer" => lifetime::next_finalizer;
    "beginFinalization" => lifetime::begin_finalization;
    "endFinalization" => lifetime::end_finalization;
    "collectGarbage" => lifetime::collect_garbage;
    "collectYoung" => lifetime::collect_young;
    "memoryStatistics" => lifetime::memory_statistics;

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

    // --- any object ---
    "class" => objects::class;
    "identical" => objects::identical;
    "identityHash" => objects::identity_hash;
    "objectSize" => objects::object_size;
    "new" => objects::new;
    "newSized" => objects::new_sized;
    "shallowCopy" => objects::shallow_copy;
    "slotAt" => objects::slot_at;
    "slotAtPut" => objects::slot_at_put;
    "elementCount" => objects::element_count;
    "elementAt" => objects::element_at;
    "elementAtPut" => objects::element_at_put;

    // --- sequences ---
    "byteAt" => sequences::byte_at;
    "byteAtPut" => sequences::byte_at_put;
    "copyElements" => sequences::copy_elements;
    "replaceElements" => sequences::replace_elements;
    "concatenateBytes" => sequences::concatenate_bytes;
    "bytesEqual" => sequences::bytes_equal;
    "bytesCompare" => sequences::bytes_compare;
    "bytesHash" => sequences::bytes_hash;

    // --- numbers ---
    "numberAdd" => arithmetic::add;
    "numberSubtract" => arithmetic::subtract;
    "numberMultiply" => arithmetic::multiply;
    "numberDivide" => arithmetic::divide;
    "numberDoubleDivide" => arithmetic::double_divide;
    "numberModulo" => arithmetic::modulo;
    "numberRemainder" => arithmetic::remainder;
    "numberEqual" => arithmetic::equal;
    "numberLess" => arithmetic::less;
    "numberLessOrEqual" => arithmetic::less_or_equal;
    "numberGreater" => arithmetic::greater;
    "numberGreaterOrEqual" => arithmetic::greater_or_equal;
    "numberHash" => arithmetic::hash;
    "numberAsDouble" => arithmetic::as_double;
    "integerBitAnd" => integers::and;
    "integerBitOr" => integers::or;
    "integerBitXor" => integers::xor;
    "integerShiftLeft" => integers::shift_left;
    "integerShiftRight" => integers::shift_right;
    "integerBitLength" => integers::bit_length;
    "integerScramble" => integers::scramble;
    "integerPrint" => integers::print;
    "doubleSqrt" => doubles::sqrt;
    "doubleSin" => doubles::sin;
    "doubleCos" => doubles::cos;
    "doubleTan" => doubles::tan;
    "doubleArcSin" => doubles::arc_sin;
    "doubleArcCos" => doubles::arc_cos;
    "doubleArcTan" => doubles::arc_tan;
    "doubleArcTan2" => doubles::arc_tan_2;
    "doubleExp" => doubles::exp;
    "doubleLn" => doubles::ln;
    "doubleLog10" => doubles::log10;
    "doublePower" => doubles::power;
    "doubleTruncated" => doubles::truncated;
    "doublePrint" => doubles::print;
    "doublePrintDecimals" => doubles::print_decimals;
    "doubleBits" => doubles::bits;
    "doubleFromBits" => doubles::from_bits;

    // --- text ---
    "stringCharacterAt" => text::character_at;
    "stringByte" => text::byte_string;
    "stringCharacterCount" => text::character_count;
    "stringEqual" => text::equal;
    "stringFind" => text::find;
    "stringAsSymbol" => text::as_symbol;
    "stringAsUppercase" => text::as_uppercase;
    "stringAsLowercase" => text::as_lowercase;
    "stringAsInteger" => text::as_integer;
    "stringAsDouble" => text::as_double;
    "stringAsNumber" => text::as_number;
    "characterCode" => text::character_code;
    "characterFromCode" => text::character_from_code;
    "characterAsString" => text::character_as_string;
    "characterIsLetter" => text::character_is_letter;
    "characterIsUppercase" => text::character_is_uppercase;
    "characterIsLowercase" => text::character_is_lowercase;
    "characterAsUppercase" => text::character_as_uppercase;
    "characterAsLowercase" => text::character_as_lowercase;

    // --- classes and methods ---
    "classMethods" => reflection::class_methods;
    "classLookup" => reflection::class_lookup;
    "classAddMethod" => reflection::class_add_method;
    "classRemoveMethod" => reflection::class_remove_method;
    "classTable" => reflection::class_table;
    "methodArgumentCount" => reflection::method_argument_count;
    "methodTemporaryCount" => reflection::method_temporary_count;
    "methodDisassembly" => reflection::method_disassembly;
    "methodMachineCode" => reflection::method_machine_code;
    "compileClass" => compiling::compile_class;
    "compileMethod" => compiling::compile_method;
    "compileScript" => compiling::compile_script;
    "loadClass" => compiling::load_class;

    // --- surroundings ---
    "globalAt" => system::global_at;
    "globalAtPut" => system::global_at_put;
    "globalRemove" => system::global_remove;
    "globalNames" => system::global_names;
    "nanoseconds" => system::nanoseconds;
    "compilationNanoseconds" => system::compilation_nanoseconds;
    "epochNanoseconds" => system::epoch_nanoseconds;
    "arguments" => system::arguments;
    "saveImage" => system::save_image;
    "environmentAt" => system::environment_at;
    "failureReason" => system::failure_reason;
    "failureArgument" => system::failure_argument;
    "failureDetail" => system::failure_detail;
    "failureFault" => system::failure_fault;
    "fileOpen" => streams::file_open;
    "fileClose" => streams::file_close;
    "fileRead" => streams::file_read;
    "fileWrite" => streams::file_write;
    "fileFlush" => streams::file_flush;
    "fileSeek" => streams::file_seek;
    "filePosition" => streams::file_position;
    "fileSize" => streams::file_size;
    "pathKind" => streams::path_kind;
    "pathRemove" => streams::path_remove;
    "pathRename" => streams::path_rename;
    "makeDirectory" => streams::make_directory;
    "directoryEntries" => streams::directory_entries;
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

/// The name of the primitive with the given number; `None` for 0, which stands for none.
pub fn name(number: u16) -> Option<&'static str> {
    names().nth(usize::from(number).checked_sub(1)?)
}
