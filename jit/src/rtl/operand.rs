//! What the operands of RTL operations are made of, one Rust type per kind of the op table.

use crate::isa::Isa;
use gc::oop::Oop;
use std::fmt;
use vm::entry::Entry;

/// A general register, by the number that the machine encodes it with.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Gpr(u8);

/// A floating-point register, by the number that the machine encodes it with.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Fpr(u8);

impl Gpr {
    /// The register with the encoding `number`, 0 to 31.
    pub const fn new(number: u8) -> Gpr {
        assert!(number < 32, "no machine here has more registers");
        Gpr(number)
    }

    /// The encoding.
    #[inline(always)]
    pub const fn number(self) -> u8 {
        self.0
    }
}

impl Fpr {
    /// The register with the encoding `number`, 0 to 31.
    pub const fn new(number: u8) -> Fpr {
        assert!(number < 32, "no machine here has more registers");
        Fpr(number)
    }

    /// The encoding.
    #[inline(always)]
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// A place in one RTL sequence, numbered by its producer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Label(pub u32);

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "L{}", self.0)
    }
}

/// Declares an enum whose values the image knows by Symbols.
macro_rules! named {
    ($(#[$meta:meta])* $type:ident { $($(#[$doc:meta])* $variant:ident = $name:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum $type { $($(#[$doc])* $variant,)* }

        impl $type {
            /// Every value, in the order of declaration.
            pub const ALL: &[$type] = &[$($type::$variant,)*];

            /// The Symbol in the image.
            pub const fn name(self) -> &'static str {
                match self { $($type::$variant => $name,)* }
            }

            /// The value of a Symbol.
            pub fn from_name(name: &str) -> Option<$type> {
                match name { $($name => Some($type::$variant),)* _ => None }
            }
        }
    };
}

named! {
    /// Width of an integer in memory, and how it extends to 64 bits.
    Width {
        /// 8 bits, signed.
        S8 = "s8",
        /// 8 bits, unsigned.
        U8 = "u8",
        /// 16 bits, signed.
        S16 = "s16",
        /// 16 bits, unsigned.
        U16 = "u16",
        /// 32 bits, signed.
        S32 = "s32",
        /// 32 bits, unsigned.
        U32 = "u32",
        /// All 64 bits.
        W64 = "w64",
    }
}

impl Width {
    /// Bytes in memory.
    pub const fn bytes(self) -> usize {
        match self {
            Width::S8 | Width::U8 => 1,
            Width::S16 | Width::U16 => 2,
            Width::S32 | Width::U32 => 4,
            Width::W64 => 8,
        }
    }

    /// The low bits of `value`, extended to 64.
    pub const fn extend(self, value: u64) -> u64 {
        match self {
            Width::S8 => value as i8 as u64,
            Width::U8 => value as u8 as u64,
            Width::S16 => value as i16 as u64,
            Width::U16 => value as u16 as u64,
            Width::S32 => value as i32 as u64,
            Width::U32 => value as u32 as u64,
            Width::W64 => value,
        }
    }
}

named! {
    /// What a float register's content looks like in memory.
    Precision {
        /// `float`, 4 bytes; in the register a float too.
        F32 = "f32",
        /// `double`, 8 bytes.
        F64 = "f64",
        /// x87 `long double`, 10 bytes; in the register a double.
        F80 = "f80",
        /// 16 bytes as they are: vectors and `__float128`.
        V128 = "v128",
    }
}

named! {
    /// A relation between two values.
    Condition {
        /// Equal.
        Eq = "eq",
        /// Not equal.
        Ne = "ne",
        /// Less, signed.
        Lt = "lt",
        /// Less or equal, signed.
        Le = "le",
        /// Greater, signed.
        Gt = "gt",
        /// Greater or equal, signed.
        Ge = "ge",
        /// Less, unsigned.
        Below = "below",
        /// Less or equal, unsigned.
        BelowEq = "belowEq",
        /// Greater, unsigned.
        Above = "above",
        /// Greater or equal, unsigned.
        AboveEq = "aboveEq",
    }
}

impl Condition {
    /// True where `left` stands in this relation to `right`.
    pub const fn holds(self, left: u64, right: u64) -> bool {
        match self {
            Condition::Eq => left == right,
            Condition::Ne => left != right,
            Condition::Lt => (left as i64) < right as i64,
            Condition::Le => left as i64 <= right as i64,
            Condition::Gt => left as i64 > right as i64,
            Condition::Ge => left as i64 >= right as i64,
            Condition::Below => left < right,
            Condition::BelowEq => left <= right,
            Condition::Above => left > right,
            Condition::AboveEq => left >= right,
        }
    }

    /// The relation that holds between integers where this one does not.
    pub const fn opposite(self) -> Condition {
        match self {
            Condition::Eq => Condition::Ne,
            Condition::Ne => Condition::Eq,
            Condition::Lt => Condition::Ge,
            Condition::Le => Condition::Gt,
            Condition::Gt => Condition::Le,
            Condition::Ge => Condition::Lt,
            Condition::Below => Condition::AboveEq,
            Condition::BelowEq => Condition::Above,
            Condition::Above => Condition::BelowEq,
            Condition::AboveEq => Condition::Below,
        }
    }

    /// True where `left` stands in this relation to `right`; `None` for the unsigned relations,
    /// which doubles do not have.
    pub fn holds_between_doubles(self, left: f64, right: f64) -> Option<bool> {
        Some(match self {
            Condition::Eq => left == right,
            Condition::Ne => left != right,
            Condition::Lt => left < right,
            Condition::Le => left <= right,
            Condition::Gt => left > right,
            Condition::Ge => left >= right,
            Condition::Below | Condition::BelowEq | Condition::Above | Condition::AboveEq => {
                return None;
            }
        })
    }

    /// True for the relations of unsigned integers.
    pub const fn is_unsigned(self) -> bool {
        match self {
            Condition::Eq | Condition::Ne => false,
            Condition::Lt | Condition::Le | Condition::Gt | Condition::Ge => false,
            Condition::Below | Condition::BelowEq => true,
            Condition::Above | Condition::AboveEq => true,
        }
    }
}

/// The kind `Imm` of the op table.
pub type Imm = i64;
/// The kind `Lab` of the op table.
pub type Lab = Label;
/// The kind `Obj` of the op table.
pub type Obj = Oop;
/// The kind `Wid` of the op table.
pub type Wid = Width;
/// The kind `Pre` of the op table.
pub type Pre = Precision;
/// The kind `Con` of the op table.
pub type Con = Condition;
/// The kind `Ent` of the op table.
pub type Ent = Entry;
/// The kind `Txt` of the op table.
pub type Txt = Box<str>;

/// Reads the operands of one operation from some outer form, from first to last.
///
/// [`Op::read`](crate::rtl::Op::read) is generated from the op table and calls one method per
/// operand; `operand` is the operand's name there, for messages.
pub trait Reader {
    /// Why an operand cannot be read.
    type Error;
    /// Reads a general register.
    fn gpr(&mut self, operand: &'static str) -> Result<Gpr, Self::Error>;
    /// Reads a floating-point register.
    fn fpr(&mut self, operand: &'static str) -> Result<Fpr, Self::Error>;
    /// Reads a constant.
    fn imm(&mut self, operand: &'static str) -> Result<Imm, Self::Error>;
    /// Reads a label.
    fn lab(&mut self, operand: &'static str) -> Result<Lab, Self::Error>;
    /// Reads an object.
    fn obj(&mut self, operand: &'static str) -> Result<Obj, Self::Error>;
    /// Reads a width.
    fn wid(&mut self, operand: &'static str) -> Result<Wid, Self::Error>;
    /// Reads a precision.
    fn pre(&mut self, operand: &'static str) -> Result<Pre, Self::Error>;
    /// Reads a condition.
    fn con(&mut self, operand: &'static str) -> Result<Con, Self::Error>;
    /// Reads a runtime entry.
    fn ent(&mut self, operand: &'static str) -> Result<Ent, Self::Error>;
    /// Reads a text.
    fn txt(&mut self, operand: &'static str) -> Result<Txt, Self::Error>;
}

/// What every operand type can do, so that code can be generated from the op table.
pub trait Operand: Sized {
    /// How a visitor gets it.
    type Passed<'a>: Copy
    where
        Self: 'a;
    /// What a reader expects in its place, for messages.
    const EXPECTED: &'static str;
    /// Hands it to a visitor.
    fn pass(&self) -> Self::Passed<'_>;
    /// Gets it from a reader.
    fn read<R: Reader>(reader: &mut R, operand: &'static str) -> Result<Self, R::Error>;
    /// Prints it with the names of `isa`.
    fn print(&self, f: &mut fmt::Formatter<'_>, isa: &Isa) -> fmt::Result;
    /// The general register, where it is one.
    fn general_register(&self) -> Option<Gpr> {
        None
    }
    /// The floating-point register, where it is one.
    fn float_register(&self) -> Option<Fpr> {
        None
    }
    /// The label, where it is one.
    fn label(&self) -> Option<Label> {
        None
    }
}

/// Implements [`Operand`] for a type that is passed as it is.
macro_rules! operand {
    ($($type:ty, $method:ident, $expected:literal,
        |$value:ident, $f:ident, $isa:ident| $print:expr $(, $accessor:ident)?;)*) => {
        $(impl Operand for $type {
            type Passed<'a> = $type;
            const EXPECTED: &'static str = $expected;
            #[inline(always)]
            fn pass(&self) -> $type {
                *self
            }
            fn read<R: Reader>(reader: &mut R, operand: &'static str) -> Result<$type, R::Error> {
                reader.$method(operand)
            }
            fn print(&self, $f: &mut fmt::Formatter<'_>, $isa: &Isa) -> fmt::Result {
                let $value = *self;
                $print
            }
            $(fn $accessor(&self) -> Option<$type> {
                Some(*self)
            })?
        })*
    };
}

operand! {
    Gpr, gpr, "the Symbol of a general register", |value, f, isa| f.write_str(isa.gpr_name(value)),
        general_register;
    Fpr, fpr, "the Symbol of a floating-point register", |value, f, isa| f.write_str(isa.fpr_name(value)), float_register;
    Imm, imm, "an Integer of 64 bits", |value, f, _isa| print_constant(value, f);
    Label, lab, "a label, an Integer from 0", |value, f, _isa| write!(f, "{value}"), label;
    Oop, obj, "an object", |value, f, _isa| print_object(value, f);
    Width, wid, "a width (#s8 #u8 #s16 #u16 #s32 #u32 #w64)", |value, f, _isa| f.write_str(value.name());
    Precision, pre, "a precision (#f32 #f64 #f80 #v128)", |value, f, _isa| f.write_str(value.name());
    Condition, con, "a condition (#eq #ne #lt #le #gt #ge #below #belowEq #above #aboveEq)",
        |value, f, _isa| f.write_str(value.name());
    Entry, ent, "the Symbol of a runtime entry", |value, f, _isa| f.write_str(value.name());
}

impl Operand for Txt {
    type Passed<'a> = &'a str;
    const EXPECTED: &'static str = "a String";
    fn pass(&self) -> &str {
        self
    }
    fn read<R: Reader>(reader: &mut R, operand: &'static str) -> Result<Txt, R::Error> {
        reader.txt(operand)
    }
    fn print(&self, f: &mut fmt::Formatter<'_>, _isa: &Isa) -> fmt::Result {
        f.write_str(self)
    }
}

/// Constants that are more likely bit patterns than numbers are printed in hexadecimal.
fn print_constant(value: i64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if i32::try_from(value).is_ok() {
        write!(f, "{value}")
    } else {
        write!(f, "{value:#x}")
    }
}

/// Addresses of objects differ from run to run, so they are not printed.
fn print_object(value: Oop, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if value.is_pointer() {
        f.write_str("object")
    } else {
        write!(f, "{value:?}")
    }
}
