//! Runtime entries: what machine code and the RTL interpreter call in Rust.
//!
//! Every entry is `extern "C" fn(context, value, extra) -> status`. Status 0 means done, with the
//! result in `context.value`; any other status is the code of a [`crate::failure::Failure`], which
//! the caller records. Entries run on the C stack, allocate freely and never collect.

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
            /// An address and, as the further argument, a class → an Alien of that class, NULL → nil.
            "pointerToAlien" = PointerToAlien => pointer_to_alien;
            /// nil, a byte object without embedded NUL, or an Alien → the address of its bytes.
            "objectToCString" = ObjectToCString => object_to_c_string;
            /// nil, a byte object, or an Alien → the address of its data.
            "objectToPointer" = ObjectToPointer => object_to_pointer;
        }
    };
}

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
    };
}

for_each_runtime_entry!(define);

/// Number of runtime entries.
pub const ENTRY_COUNT: usize = Entry::ALL.len();
