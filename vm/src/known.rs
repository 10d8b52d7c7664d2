//! What the VM knows of the image by heart: classes with fixed indices, their slots, and the
//! selectors it sends itself. Bootstrap checks the kernel's sources against these tables.

use gc::layout::{ClassIndex, Format};

/// The shape of a class's instances.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape {
    /// Named slots only.
    Fixed,
    /// Named slots, then indexable ones.
    Indexable,
    /// Bytes.
    Bytes,
    /// Named slots, then indexable ones, none of which keeps its object alive.
    Weak,
    /// A key and what lives only as long as the key does.
    Ephemeron,
    /// 64-bit words without pointers.
    Words,
    /// Not in the heap, or without instances.
    Immediate,
}

impl Shape {
    /// The format of instances, where they are in the heap and not bytes.
    pub const fn format(self) -> Format {
        match self {
            Shape::Fixed | Shape::Immediate => Format::FIXED,
            Shape::Indexable => Format::INDEXABLE,
            Shape::Weak => Format::WEAK,
            Shape::Ephemeron => Format::EPHEMERON,
            Shape::Words => Format::WORDS,
            Shape::Bytes => Format::bytes(0),
        }
    }
}

/// Calls `$consumer!` with every class known to the VM: `CONSTANT = "Name", Shape;` in the order of
/// their indices. Two rows of one name are two representations of one class.
#[macro_export]
macro_rules! for_each_known_class {
    ($consumer:path) => {
        $consumer! {
            OBJECT = "Object", Fixed;
            CLASS = "Class", Fixed;
            METACLASS = "Metaclass", Fixed;
            METHOD = "Method", Fixed;
            COMPILED_BLOCK = "CompiledBlock", Fixed;
            PRIMITIVE = "Primitive", Fixed;
            BLOCK = "Block", Indexable;
            BLOCK_1 = "Block1", Indexable;
            BLOCK_2 = "Block2", Indexable;
            BLOCK_3 = "Block3", Indexable;
            BLOCK_N = "BlockN", Indexable;
            GLOBAL = "Global", Fixed;
            HOME = "Home", Fixed;
            NIL = "Nil", Fixed;
            BOOLEAN = "Boolean", Fixed;
            TRUE = "True", Fixed;
            FALSE = "False", Fixed;
            SYSTEM = "System", Fixed;
            ARRAY = "Array", Indexable;
            STRING = "String", Bytes;
            SYMBOL = "Symbol", Bytes;
            BYTE_ARRAY = "ByteArray", Bytes;
            LARGE_POSITIVE = "Integer", Words;
            LARGE_NEGATIVE = "Integer", Words;
            DOUBLE = "Double", Words;
            CHARACTER = "Character", Immediate;
            ALIEN = "Alien", Fixed;
            WEAK_ARRAY = "WeakArray", Weak;
            WEAK_REFERENCE = "WeakReference", Weak;
            EPHEMERON = "Ephemeron", Ephemeron;
            COMPLEX = "Complex", Fixed;
        }
    };
}

macro_rules! define_classes {
    ($($constant:ident = $name:literal, $shape:ident;)*) => {
        #[expect(non_camel_case_types, reason = "the variants only number the constants")]
        #[expect(clippy::upper_case_acronyms, reason = "the variants only number the constants")]
        enum Number { $($constant,)* }

        /// Class indices of the known classes.
        pub mod index {
            use super::{ClassIndex, Number};
            $(
                #[doc = concat!("`", $name, "`.")]
                pub const $constant: ClassIndex =
                    ClassIndex::new(ClassIndex::FIRST_FREE.index() + Number::$constant as u32);
            )*
        }

        /// Name, index and shape of every known class.
        pub const CLASSES: &[(&str, ClassIndex, Shape)] =
            &[$(($name, index::$constant, Shape::$shape),)*];
    };
}

for_each_known_class!(define_classes);

/// The immediates' class indices and the names of their classes.
pub const IMMEDIATE_CLASSES: &[(&str, ClassIndex)] = &[
    ("Integer", ClassIndex::SMALL_INTEGER),
    ("Character", ClassIndex::CHARACTER),
    ("Double", ClassIndex::IMMEDIATE_FLOAT),
];

macro_rules! define_slots {
    ($($(#[$doc:meta])* $module:ident of $class:literal { $($constant:ident = $field:literal),* })*) => {
        $(
            $(#[$doc])*
            pub mod $module {
                #[allow(
                    non_camel_case_types,
                    clippy::upper_case_acronyms,
                    reason = "the variants only number the constants"
                )]
                enum Number { $($constant,)* COUNT_ }
                $(
                    #[doc = concat!("Slot `", $field, "`.")]
                    pub const $constant: usize = Number::$constant as usize;
                )*
                /// Number of named slots.
                pub const COUNT: usize = Number::COUNT_ as usize;
            }
        )*

        /// Class name and field names of every class whose slots the VM uses.
        pub const FIELDS: &[(&str, &[&str])] = &[$(($class, &[$($field),*]),)*];
    };
}

define_slots! {
    /// Slots of a class.
    class of "Class" {
        SUPERCLASS = "superclass", METHODS = "methodDictionary", FORMAT = "format",
        INDEX = "classIndex", NAME = "name", FIELDS = "fields", COMMENT = "comment",
        THIS_CLASS = "thisClass", STATE = "state"
    }
    /// Slots of a compiled method or block.
    method of "Method" {
        SELECTOR = "signature", HOLDER = "holder", HEADER = "header", LITERALS = "literals",
        BYTECODES = "bytecodes", CODE = "code", EXTERNAL = "external", SOURCE = "source",
        LINES = "lines", SOURCE_NAME = "sourceName", COUNTER = "counter"
    }
    /// Slots of a Block before the copied values.
    block of "Block" { METHOD = "method", RECEIVER = "receiver", HOME = "home" }
    /// Slots of a Global: while unset, the value is the Global itself.
    global of "Global" { NAME = "name", VALUE = "value" }
    /// Slots of an Alien: `address` counts from the first byte of `data`, where that is not nil.
    alien of "Alien" { ADDRESS = "address", SIZE = "size", DATA = "data" }
    /// Slots of a Complex: two numbers.
    complex of "Complex" { REAL = "real", IMAGINARY = "imaginary" }
    /// Slots of an Ephemeron; the collector knows the key by its place.
    ephemeron of "Ephemeron" { KEY = "key", VALUE = "value" }
}

/// Calls `$consumer!` with the selectors that the VM sends or tests for.
#[macro_export]
macro_rules! for_each_known_selector {
    ($consumer:path) => {
        $consumer! {
            DoesNotUnderstand = "doesNotUnderstand:arguments:";
            MustBeBoolean = "mustBeBoolean:";
            UnknownGlobal = "unknownGlobal:";
            EscapedBlock = "escapedBlock:";
            NonLocalReturn = "nonLocalReturn:to:";
            RecursionTooDeep = "recursionTooDeep";
            OutOfMemory = "outOfMemory";
            PrimitiveFailed = "primitiveFailed:arguments:";
            Interrupted = "interrupted";
            FinalizationDue = "finalizationDue";
            ActivateExternal = "activate:receiver:arguments:";
            GoOnUnwinding = "goOnUnwinding:";
            ReturnThroughC = "returnThroughC:";
        }
    };
}

macro_rules! define_selectors {
    ($($variant:ident = $name:literal;)*) => {
        /// A selector that the VM sends.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum KnownSelector {
            $(#[doc = concat!("`", $name, "`")] $variant,)*
        }

        impl KnownSelector {
            /// All of them.
            pub const ALL: &[KnownSelector] = &[$(KnownSelector::$variant,)*];

            /// The selector's text.
            pub const fn text(self) -> &'static str {
                match self { $(KnownSelector::$variant => $name,)* }
            }
        }
    };
}

for_each_known_selector!(define_selectors);

/// The class of Blocks with a number of parameters, as SOM numbers them.
pub fn block_class(parameters: usize) -> ClassIndex {
    match parameters {
        0 => index::BLOCK_1,
        1 => index::BLOCK_2,
        2 => index::BLOCK_3,
        _ => index::BLOCK_N,
    }
}

/// True for the class indices of Blocks.
#[inline(always)]
pub fn is_block_class(class: ClassIndex) -> bool {
    (index::BLOCK..=index::BLOCK_N).contains(&class)
}
