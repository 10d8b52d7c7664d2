//! What the compiler makes: classes and code that live outside of the object memory.
//!
//! A loader turns drafts into objects. Nothing here refers to the source text or the syntax tree.

use super::source::Position;
use num_bigint::BigInt;
use std::ops::Range;

/// What a [`CodeDraft`] is activated by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CodeKind {
    /// A send.
    Method,
    /// The `value` messages of a Block.
    Block,
}

/// A primitive that a method declares.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum PrimitiveKind {
    /// None: the method is its bytecodes.
    #[default]
    None,
    /// The body is the word `primitive`, as SOM writes it: the primitive is found by class and
    /// selector. The bytecodes are for where there is none: they send
    /// `missingPrimitive:arguments:`.
    SomPrimitive,
    /// `<primitive: #name>`: the bytecodes run when it fails.
    Named {
        /// The name.
        name: String,
        /// The temporary that receives why it failed: `<primitive: #name error: temporary>`.
        error_temporary: Option<u8>,
    },
}

/// A pragma in a method: `<keyword: literal …>`, or a name alone.
#[derive(Clone, PartialEq, Debug)]
pub struct Pragma {
    /// The keywords joined, or the name.
    pub selector: String,
    /// One literal for each keyword. A plain name counts as a Symbol.
    pub arguments: Vec<LiteralDraft>,
    /// Where the pragma starts.
    pub position: Position,
}

/// The foreign function that a method calls: `<C: text>`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExternalPragma {
    /// The C text between `<C:` and `>`, trimmed.
    pub text: String,
    /// Where the C text starts.
    pub position: Position,
    /// The library of `<library: 'name'>`.
    pub library: Option<String>,
    /// Statements follow the pragmas, to be run when the call fails. Without them the bytecodes
    /// send `externalCallFailed:arguments:`.
    pub has_failure_code: bool,
}

/// A compiled method or block.
#[derive(Clone, PartialEq, Debug)]
pub struct CodeDraft {
    /// The selector; of a block `[] in ` and the selector of its method.
    pub selector: String,
    /// Method or block.
    pub kind: CodeKind,
    /// Number of arguments.
    pub argument_count: usize,
    /// Number of temporaries, at most 255. The first `copied_count` hold the copied values.
    pub temporary_count: usize,
    /// Number of values that a block brings along in its first temporaries; 0 in a method.
    pub copied_count: usize,
    /// Greatest depth of the operand stack.
    pub max_stack: usize,
    /// The literals.
    pub literals: Vec<LiteralDraft>,
    /// The instructions, see [`crate::bytecode`].
    pub bytecodes: Vec<u8>,
    /// Where a line starts: pc and line, ascending pcs. A line holds until the next entry.
    pub lines: Vec<(u32, u32)>,
    /// The pragmas, except `<C:>` and `<library:>`.
    pub pragmas: Vec<Pragma>,
    /// The primitive.
    pub primitive: PrimitiveKind,
    /// The foreign call.
    pub external: Option<ExternalPragma>,
    /// Method: a block inside may return from it. Block: it, or a block inside, may return from
    /// the home activation, so the Block holds the home token.
    pub needs_home: bool,
    /// The bytes of the source text it was compiled from.
    pub source: Range<usize>,
    /// Where its selector stands; of a block its `[`.
    pub name_position: Position,
}

/// A literal of a [`CodeDraft`], or an element of one.
#[derive(Clone, PartialEq, Debug)]
pub enum LiteralDraft {
    /// nil
    Nil,
    /// true
    True,
    /// false
    False,
    /// An Integer of any size.
    Integer(BigInt),
    /// A Double.
    Double(f64),
    /// A Character: its code point.
    Character(u32),
    /// A Symbol.
    Symbol(String),
    /// A String: its bytes, UTF-8 as written in the source.
    String(Vec<u8>),
    /// An Array.
    Array(Vec<LiteralDraft>),
    /// A ByteArray.
    ByteArray(Vec<u8>),
    /// The Global of this name.
    Global(String),
    /// The code of a block.
    Block(Box<CodeDraft>),
    /// A block that takes nothing from where it stands, see [`CodeDraft::is_clean`]: one Block for all times.
    CleanBlock(Box<CodeDraft>),
}

/// The superclass that a class definition names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SuperclassDraft {
    /// None: Object.
    Default,
    /// `nil`: the class is a root.
    Nil,
    /// The class of this name.
    Named(String),
}

/// A compiled class definition.
#[derive(Clone, PartialEq, Debug)]
pub struct ClassDraft {
    /// The name.
    pub name: String,
    /// Where the name stands.
    pub name_position: Position,
    /// The superclass.
    pub superclass: SuperclassDraft,
    /// Fields of the instances, without the inherited ones.
    pub instance_fields: Vec<(String, Position)>,
    /// Fields of the class, without the inherited ones.
    pub class_fields: Vec<(String, Position)>,
    /// Methods of the instances.
    pub instance_methods: Vec<CodeDraft>,
    /// Methods of the class.
    pub class_methods: Vec<CodeDraft>,
    /// The comment directly after the opening parenthesis, else the one directly before the name.
    pub comment: Option<String>,
    /// The bytes of the source text it was compiled from.
    pub source: Range<usize>,
}

impl CodeDraft {
    /// Whether nothing in the code depends on where it stands: no variable around it, no `self`, no `^`.
    pub fn is_clean(&self) -> bool {
        let mut instructions = crate::bytecode::instructions(&self.bytecodes);
        self.copied_count == 0
            && !self.needs_home
            && instructions.all(|(_, instruction)| !instruction.uses_receiver())
    }

    /// A listing: header, instructions with literals spelled out, blocks indented below.
    pub fn listing(&self) -> String {
        let mut text = format!(
            "{} | arguments {} temporaries {} copied {} stack {}{}\n",
            self.selector,
            self.argument_count,
            self.temporary_count,
            self.copied_count,
            self.max_stack,
            if self.needs_home { " home" } else { "" },
        );
        let literal = |number: u16| match self.literals.get(usize::from(number)) {
            Some(literal) => literal.describe(),
            None => format!("(no literal {number})"),
        };
        text.push_str(&crate::bytecode::disassemble(&self.bytecodes, &literal));
        for literal in &self.literals {
            if let LiteralDraft::Block(block) | LiteralDraft::CleanBlock(block) = literal {
                for line in block.listing().lines() {
                    text.push_str("  ");
                    text.push_str(line);
                    text.push('\n');
                }
            }
        }
        text
    }
}

impl LiteralDraft {
    /// The literal as text for listings.
    pub fn describe(&self) -> String {
        match self {
            LiteralDraft::Nil => "nil".to_owned(),
            LiteralDraft::True => "true".to_owned(),
            LiteralDraft::False => "false".to_owned(),
            LiteralDraft::Integer(value) => value.to_string(),
            LiteralDraft::Double(value) => format!("{value:?}"),
            LiteralDraft::Character(code) => match char::from_u32(*code) {
                Some(character) => format!("${character}"),
                None => format!("$<{code}>"),
            },
            LiteralDraft::Symbol(text) => format!("#{text}"),
            LiteralDraft::String(bytes) => format!("{:?}", String::from_utf8_lossy(bytes)),
            LiteralDraft::Array(elements) => {
                let elements: Vec<_> = elements.iter().map(LiteralDraft::describe).collect();
                format!("#({})", elements.join(" "))
            }
            LiteralDraft::ByteArray(bytes) => {
                let bytes: Vec<_> = bytes.iter().map(u8::to_string).collect();
                format!("#[{}]", bytes.join(" "))
            }
            LiteralDraft::Global(name) => format!("@{name}"),
            LiteralDraft::Block(block) => format!("[block at {}]", block.name_position.line),
            LiteralDraft::CleanBlock(block) => {
                format!("[clean block at {}]", block.name_position.line)
            }
        }
    }
}
