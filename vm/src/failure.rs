//! Why a primitive or an external call refused: one table for Rust, machine code and the image.

/// Calls `$consumer!` with every reason: `Variant = code, "imageName";`.
#[macro_export]
macro_rules! for_each_failure {
    ($consumer:path) => {
        $consumer! {
            /// The object is of a class that cannot serve here.
            WrongType = 1, "wrongType";
            /// The number does not fit the type or the range.
            OutOfRange = 2, "outOfRange";
            /// The String has a NUL byte inside, where C would see its end.
            EmbeddedNul = 3, "embeddedNul";
            /// The index lies outside of the object.
            BadIndex = 4, "badIndex";
            /// Division by zero.
            DivisionByZero = 5, "divisionByZero";
            /// The heap is full.
            OutOfMemory = 6, "outOfMemory";
            /// The memory was freed, or its address is no longer valid.
            Freed = 7, "freed";
            /// The operating system refused; `errno` tells why.
            System = 8, "system";
            /// The object may not be changed.
            ReadOnly = 9, "readOnly";
            /// The size is negative or larger than any object can be.
            BadSize = 10, "badSize";
            /// Source text or RTL could not be compiled; the detail tells why.
            Compilation = 11, "compilation";
            /// The number of arguments is not what the method or block takes.
            ArgumentCount = 12, "argumentCount";
            /// What was asked for is not there.
            NotFound = 13, "notFound";
            /// This program was started without the machinery that is needed.
            Unsupported = 14, "unsupported";
            /// The foreign function did what the processor refuses: see `VmContext::fault`.
            Fault = 15, "fault";
        }
    };
}

macro_rules! define {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $name:literal;)*) => {
        /// Why a primitive or an external call refused.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(u64)]
        pub enum Failure { $($(#[$doc])* $variant = $code,)* }

        impl Failure {
            /// Every reason, in the order of the codes.
            pub const ALL: &[Failure] = &[$(Failure::$variant,)*];

            /// The Symbol the image knows the reason by.
            pub const fn name(self) -> &'static str {
                match self { $(Failure::$variant => $name,)* }
            }

            /// The reason with the given code.
            pub const fn from_code(code: u64) -> Option<Failure> {
                match code { $($code => Some(Failure::$variant),)* _ => None }
            }
        }
    };
}

for_each_failure!(define);

impl From<gc::OutOfMemory> for Failure {
    fn from(_: gc::OutOfMemory) -> Failure {
        Failure::OutOfMemory
    }
}
