//! The operation as a Rust enum, with its visitor, its reader and its printed form, all generated
//! from the op table.

use crate::for_each_rtl_op;
use crate::isa::Isa;
use crate::rtl::operand::{Con, Ent, Fpr, Gpr, Imm, Lab, Obj, Operand, Pre, Reader, Txt, Wid};
use std::any::Any;
use std::fmt;

/// Name and kind of one operand, for messages and documentation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OperandShape {
    /// The operand's name in the op table.
    pub name: &'static str,
    /// What stands for it in the image.
    pub expected: &'static str,
}

/// Why [`Op::read`] failed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ReadError<E> {
    /// No operation has this name.
    UnknownOp,
    /// An operand is wrong.
    Operand(E),
}

/// True for the name of an operand that is a register which the operation writes to.
pub fn is_written(operand: &str) -> bool {
    matches!(operand, "target" | "data")
}

macro_rules! define {
    ($($(#[$doc:meta])* $name:literal = $variant:ident $method:ident {
        $($field:ident: $kind:ident),*
    };)*) => {
        /// One RTL operation.
        #[derive(Clone, PartialEq, Debug)]
        pub enum Op {
            $($(#[$doc])* $variant {
                $(#[doc = concat!("Operand of kind `", stringify!($kind), "`.")] $field: $kind,)*
            },)*
        }

        impl Op {
            /// The name of every operation, in the order of the table.
            pub const NAMES: &[&str] = &[$($name,)*];

            /// The name that the image knows the operation by.
            pub const fn name(&self) -> &'static str {
                match self { $(Op::$variant { .. } => $name,)* }
            }

            /// The operands that the operation `name` takes.
            pub fn shape(name: &str) -> Option<&'static [OperandShape]> {
                match name {
                    $($name => Some(&[$(OperandShape {
                        name: stringify!($field),
                        expected: <$kind as Operand>::EXPECTED,
                    },)*]),)*
                    _ => None,
                }
            }

            /// Reads the operands of the operation `name`.
            pub fn read<R: Reader>(name: &str, reader: &mut R) -> Result<Op, ReadError<R::Error>> {
                // Operations without operands leave the reader alone.
                let _ = &reader;
                match name {
                    $($name => Ok(Op::$variant {
                        $($field: <$kind as Operand>::read(reader, stringify!($field))
                            .map_err(ReadError::Operand)?,)*
                    }),)*
                    _ => Err(ReadError::UnknownOp),
                }
            }

            /// Calls the visitor's method for this operation.
            #[inline]
            pub fn accept<V: Visitor + ?Sized>(&self, visitor: &mut V) -> V::Output {
                match self {
                    $(Op::$variant { $($field,)* } =>
                        visitor.$method($(<$kind as Operand>::pass($field),)*),)*
                }
            }

            /// The general registers among the operands, with the operands' names; see [`is_written`].
            pub fn general_registers(&self) -> impl Iterator<Item = (&'static str, Gpr)> {
                let registers: Vec<_> = match self {
                    $(Op::$variant { $($field,)* } => vec![
                        $((stringify!($field), Operand::general_register($field)),)*
                    ],)*
                };
                registers.into_iter().filter_map(|(name, register)| Some((name, register?)))
            }

            /// The floating-point registers among the operands, with the operands' names.
            pub fn float_registers(&self) -> impl Iterator<Item = (&'static str, Fpr)> {
                let registers: Vec<_> = match self {
                    $(Op::$variant { $($field,)* } => vec![
                        $((stringify!($field), Operand::float_register($field)),)*
                    ],)*
                };
                registers.into_iter().filter_map(|(name, register)| Some((name, register?)))
            }

            /// The label among the operands.
            pub fn label(&self) -> Option<Lab> {
                match self {
                    $(Op::$variant { $($field,)* } => {
                        let labels: &[Option<Lab>] = &[$(Operand::label($field),)*];
                        labels.iter().copied().flatten().next()
                    })*
                }
            }

            /// The operation with other labels: their numbers begin at `base`.
            pub fn with_labels_from(mut self, base: u32) -> Op {
                match &mut self {
                    $(Op::$variant { $($field,)* } => {
                        let operands: &mut [&mut dyn Any] = &mut [$($field),*];
                        for label in operands.iter_mut().filter_map(|each| each.downcast_mut::<Lab>()) {
                            label.0 += base;
                        }
                    })*
                }
                self
            }

            /// Prints the operands, separated by commas.
            fn print_operands(&self, f: &mut fmt::Formatter<'_>, isa: &Isa) -> fmt::Result {
                match self {
                    $(Op::$variant { $($field,)* } => {
                        let operands: &[&dyn Fn(&mut fmt::Formatter<'_>) -> fmt::Result] =
                            &[$(&|f| <$kind as Operand>::print($field, f, isa),)*];
                        print_separated(f, operands)
                    })*
                }
            }
        }

        /// One method per operation: who implements it has handled them all.
        #[expect(clippy::too_many_arguments, reason = "one for each operand")]
        pub trait Visitor {
            /// What each method answers.
            type Output;
            $($(#[$doc])* fn $method(
                &mut self, $($field: <$kind as Operand>::Passed<'_>,)*
            ) -> Self::Output;)*
        }
    };
}

for_each_rtl_op!(define);

fn print_separated(
    f: &mut fmt::Formatter<'_>,
    operands: &[&dyn Fn(&mut fmt::Formatter<'_>) -> fmt::Result],
) -> fmt::Result {
    for (index, operand) in operands.iter().enumerate() {
        f.write_str(if index == 0 { " " } else { ", " })?;
        operand(f)?;
    }
    Ok(())
}

impl Op {
    /// The operation as text, with the register names of `isa`: `untagInteger rdi, rdi, L1`.
    pub fn display<'a>(&'a self, isa: &'a Isa) -> impl fmt::Display + 'a {
        Displayed { op: self, isa }
    }
}

struct Displayed<'a> {
    op: &'a Op,
    isa: &'a Isa,
}

impl fmt::Display for Displayed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.op.name())?;
        self.op.print_operands(f, self.isa)
    }
}

/// A sequence as text, one operation per line: labels at the margin, the rest indented.
pub fn print_sequence(ops: &[Op], isa: &Isa) -> String {
    let mut text = String::new();
    for op in ops {
        text.push_str(&line(op, isa));
        text.push('\n');
    }
    text
}

/// One operation as a line of a listing: `L1:`, `; remark`, or indented.
pub fn line(op: &Op, isa: &Isa) -> String {
    if let Op::Label { label } = op {
        return format!("{label}:");
    }
    if let Op::Note { text } = op {
        return format!("  ; {text}");
    }
    format!("  {}", op.display(isa))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::isa;
    use crate::isa::x64::registers::{RDI, XMM0};
    use crate::rtl::operand::{Label, Precision};
    use gc::oop::Oop;

    #[test]
    fn an_op_prints_name_and_operands() {
        let cases = [
            (
                Op::UntagInteger {
                    target: RDI,
                    source: RDI,
                    other: Label(1),
                },
                "untagInteger rdi, rdi, L1",
            ),
            (
                Op::LoadF {
                    target: XMM0,
                    precision: Precision::F32,
                    base: RDI,
                    offset: -8,
                },
                "loadF xmm0, f32, rdi, -8",
            ),
            (
                Op::Literal {
                    target: RDI,
                    object: Oop::small(7),
                },
                "literal rdi, 7",
            ),
            (Op::CallForeign {}, "callForeign"),
            (
                Op::Constant {
                    target: RDI,
                    value: 1 << 40,
                },
                "constant rdi, 0x10000000000",
            ),
        ];
        for (op, text) in cases {
            assert_eq!(op.display(&isa::X64).to_string(), text);
        }
    }

    #[test]
    fn names_are_unique_and_have_shapes() {
        for (index, name) in Op::NAMES.iter().enumerate() {
            assert!(Op::shape(name).is_some());
            assert!(
                !Op::NAMES[..index].contains(name),
                "{name} stands twice in the table"
            );
        }
        assert_eq!(Op::shape("noSuchOp"), None);
    }
}
