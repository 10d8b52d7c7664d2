//! The syntax tree, in an arena. Positions are byte offsets in the source text.
//!
//! A chain of messages is flat: `a b + c d: e` is one [`Send`] with three messages, so that long
//! chains need no recursion.

use std::cell::Cell;

/// A name and where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Name<'a> {
    /// The name.
    pub text: &'a str,
    /// Where it stands.
    pub at: u32,
}

/// A class definition.
#[derive(Debug)]
pub struct Class<'a> {
    /// Its name.
    pub name: Name<'a>,
    /// Its superclass.
    pub superclass: Superclass<'a>,
    /// The comment at its header.
    pub comment: Option<&'a str>,
    /// What stands before the separator.
    pub instance_side: Side<'a>,
    /// What stands behind it.
    pub class_side: Side<'a>,
    /// Where the definition starts.
    pub start: u32,
    /// Where it ends.
    pub end: u32,
}

/// The superclass that a definition names.
#[derive(Clone, Copy, Debug)]
pub enum Superclass<'a> {
    /// None.
    Default,
    /// `nil`
    Nil,
    /// A class.
    Named(Name<'a>),
}

/// Fields and methods of the instances or of the class.
#[derive(Clone, Copy, Debug, Default)]
pub struct Side<'a> {
    /// The fields.
    pub fields: &'a [Name<'a>],
    /// The methods.
    pub methods: &'a [Method<'a>],
}

/// A method.
#[derive(Debug)]
pub struct Method<'a> {
    /// The selector, at the position of its first part.
    pub selector: Name<'a>,
    /// The arguments.
    pub arguments: &'a [Name<'a>],
    /// The body is the word `primitive`.
    pub is_primitive: bool,
    /// The pragmas.
    pub pragmas: &'a [Pragma<'a>],
    /// Temporaries and statements.
    pub body: Sequence<'a>,
    /// Where it starts.
    pub start: u32,
    /// Where it ends.
    pub end: u32,
}

/// A pragma of a method.
#[derive(Debug)]
pub struct Pragma<'a> {
    /// Where it starts.
    pub at: u32,
    /// What it says.
    pub kind: PragmaKind<'a>,
}

/// What a pragma says.
#[derive(Debug)]
pub enum PragmaKind<'a> {
    /// `<C: text>`
    C(Name<'a>),
    /// `<library: 'name'>`
    Library(&'a str),
    /// `<primitive: #name>`, perhaps with `error: temporary`.
    Primitive {
        /// The primitive.
        name: &'a str,
        /// The temporary for the reason.
        error: Option<Name<'a>>,
    },
    /// Any other.
    Other {
        /// The keywords joined, or a name.
        selector: &'a str,
        /// One for each keyword.
        arguments: &'a [Literal<'a>],
    },
}

/// Temporaries and statements, of a method or block.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sequence<'a> {
    /// The temporaries.
    pub temporaries: &'a [Name<'a>],
    /// The statements. A return is the last.
    pub statements: &'a [Statement<'a>],
}

/// A statement.
#[derive(Clone, Copy, Debug)]
pub struct Statement<'a> {
    /// Its value.
    pub value: Expression<'a>,
    /// It starts with `^`.
    pub is_return: bool,
    /// Where it starts.
    pub at: u32,
}

/// An expression.
#[derive(Clone, Copy, Debug)]
pub enum Expression<'a> {
    /// A variable or pseudo-variable.
    Variable(&'a Variable<'a>),
    /// A literal.
    Literal(&'a Literal<'a>),
    /// A block.
    Block(&'a Block<'a>),
    /// `{ … }`
    Brace(&'a Brace<'a>),
    /// Messages.
    Send(&'a Send<'a>),
    /// Assignments.
    Assign(&'a Assign<'a>),
}

/// A use of a variable.
#[derive(Debug)]
pub struct Variable<'a> {
    /// Name and place.
    pub name: Name<'a>,
    /// What it refers to, once scopes have been analysed.
    pub binding: Cell<Binding>,
}

/// What a variable refers to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Binding {
    /// Not known yet, or a global.
    Global,
    /// `self`, or `super` where it is no receiver.
    SelfReference,
    /// `nil`
    Nil,
    /// `true`
    True,
    /// `false`
    False,
    /// An argument or temporary, by its number in the analysis.
    Local(u32),
    /// A field, by its slot.
    Field(u16),
}

/// A block.
#[derive(Debug)]
pub struct Block<'a> {
    /// The parameters.
    pub parameters: &'a [Name<'a>],
    /// Temporaries and statements.
    pub body: Sequence<'a>,
    /// Where it starts.
    pub start: u32,
    /// Where it ends.
    pub end: u32,
    /// Its scope, once scopes have been analysed.
    pub scope: Cell<u32>,
}

/// `{ … }`
#[derive(Debug)]
pub struct Brace<'a> {
    /// The elements.
    pub elements: &'a [Expression<'a>],
    /// Where it starts.
    pub at: u32,
}

/// Messages to a receiver, each sent to the result of the one before.
#[derive(Debug)]
pub struct Send<'a> {
    /// The first receiver.
    pub receiver: Expression<'a>,
    /// The messages, at least one.
    pub messages: &'a [Message<'a>],
    /// The messages after semicolons: they go to the receiver of the last of `messages`.
    pub cascade: &'a [Message<'a>],
}

/// Selector and arguments.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// The selector, at the position of its first part.
    pub selector: Name<'a>,
    /// The arguments.
    pub arguments: &'a [Expression<'a>],
}

/// `a := b := value`
#[derive(Debug)]
pub struct Assign<'a> {
    /// The variables, in the order of the text.
    pub targets: &'a [&'a Variable<'a>],
    /// The value.
    pub value: Expression<'a>,
}

/// A literal.
#[derive(Clone, Copy, Debug)]
pub enum Literal<'a> {
    /// `nil` in a literal Array.
    Nil,
    /// `true` in a literal Array.
    True,
    /// `false` in a literal Array.
    False,
    /// An Integer that fits.
    Integer(i64),
    /// An Integer that does not.
    LargeInteger(&'a LargeInteger<'a>),
    /// A Double.
    Double(f64),
    /// A Character.
    Character(char),
    /// A Symbol.
    Symbol(&'a str),
    /// A String.
    String(&'a str),
    /// An Array.
    Array(&'a [Literal<'a>]),
    /// A ByteArray.
    ByteArray(&'a [u8]),
}

/// An Integer literal of many digits: its value is ± `digits` in base `radix` · 10^`exponent`.
#[derive(Clone, Copy, Debug)]
pub struct LargeInteger<'a> {
    /// The sign.
    pub is_negative: bool,
    /// Digits of the base, and nothing else.
    pub digits: &'a str,
    /// The base, 2 to 36.
    pub radix: u32,
    /// The decimal exponent.
    pub exponent: u32,
}

/// Statements at the top level.
#[derive(Debug)]
pub struct Statements<'a> {
    /// The globals that `| a b |` declares, in the order of the text.
    pub declarations: &'a [Name<'a>],
    /// The statements.
    pub statements: &'a [Statement<'a>],
    /// Where they start.
    pub start: u32,
    /// Where they end.
    pub end: u32,
}

/// A part of a script.
#[derive(Debug)]
pub enum ScriptItem<'a> {
    /// A class definition.
    Class(&'a Class<'a>),
    /// The statements up to the next class definition.
    Statements(&'a Statements<'a>),
}
