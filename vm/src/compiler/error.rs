//! What is wrong with a source text, and where.

use super::source::{Position, Source};
use std::fmt;

/// What compiling answers. The error is boxed so that results stay small.
pub type Result<T> = std::result::Result<T, Box<CompileError>>;

/// A mistake in a source text. `Display` prints `file:line:column: message`, the line of the text
/// and a caret below the place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CompileError {
    /// Name of the text.
    pub file: String,
    /// Where the mistake is.
    pub position: Position,
    /// What is wrong.
    pub kind: ErrorKind,
    /// The text ended too early: more text could make it right.
    pub incomplete: bool,
    excerpt: String,
    caret: String,
}

/// The kinds of mistakes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ErrorKind {
    /// Another token belongs here.
    Expected {
        /// What could stand here.
        expected: String,
        /// What stands here.
        found: String,
    },
    /// A string, comment or the like has no end; the position is its start.
    Unterminated {
        /// What has no end.
        what: &'static str,
        /// What would end it.
        close: &'static str,
    },
    /// A character that no token starts with.
    UnexpectedCharacter(char),
    /// A backslash before something that is no escape.
    UnknownEscape(char),
    /// A number that cannot be read; the text says why.
    BadNumber(String),
    /// A byte that is no UTF-8.
    NotUtf8(u8),
    /// The text does not fit 31-bit offsets.
    TextTooLong,
    /// Parentheses, blocks and the like are nested deeper than the limit.
    TooDeep(u32),
    /// More of something than the bytecodes can number.
    TooMany {
        /// Of what.
        what: &'static str,
        /// The greatest number that works.
        limit: usize,
    },
    /// A name is declared twice.
    Duplicate {
        /// What the name names.
        what: &'static str,
        /// The name.
        name: String,
        /// Where it is declared first.
        first: Position,
    },
    /// A name that the language has taken.
    Reserved(String),
    /// An assignment to a name that is not declared.
    UndeclaredAssignment(String),
    /// An assignment to something that does not change.
    NotAssignable {
        /// The name.
        name: String,
        /// What it names.
        what: &'static str,
    },
    /// A pragma that does not belong here; the text says why.
    BadPragma(String),
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ErrorKind::Expected { expected, found } => {
                write!(f, "expected {expected}, found {found}")
            }
            ErrorKind::Unterminated { what, close } => {
                write!(
                    f,
                    "unterminated {what}: expected {close}, found the end of the text"
                )
            }
            ErrorKind::UnexpectedCharacter(character) => {
                write!(
                    f,
                    "expected an expression or declaration, found {character:?}, "
                )?;
                write!(f, "a character that no token starts with")
            }
            ErrorKind::UnknownEscape(character) => {
                write!(f, "expected one of t b n r f 0 ' \\ after the backslash, ")?;
                write!(f, "found {character:?}")
            }
            ErrorKind::BadNumber(why) | ErrorKind::BadPragma(why) => f.write_str(why),
            ErrorKind::NotUtf8(byte) => {
                write!(f, "expected UTF-8 text, found the byte {byte:#04x}")
            }
            ErrorKind::TextTooLong => write!(f, "expected a text of less than 2 GiB"),
            ErrorKind::TooDeep(limit) => {
                write!(f, "expected at most {limit} levels of nesting, found more")
            }
            ErrorKind::TooMany { what, limit } => {
                write!(f, "expected at most {limit} {what}, found more")
            }
            ErrorKind::Duplicate { what, name, first } => {
                let Position { line, column, .. } = first;
                write!(f, "expected a new {what} name, found '{name}', ")?;
                write!(f, "which is already declared at {line}:{column}")
            }
            ErrorKind::Reserved(name) => {
                write!(
                    f,
                    "expected a name to declare, found '{name}', which is reserved"
                )
            }
            ErrorKind::UndeclaredAssignment(name) => {
                write!(f, "expected a variable to assign to, found '{name}', ")?;
                write!(
                    f,
                    "which is not declared (a global is set by `system global: #{name} put:`)"
                )
            }
            ErrorKind::NotAssignable { name, what } => {
                write!(
                    f,
                    "expected a variable to assign to, found '{name}', {what}"
                )
            }
        }
    }
}

/// Characters of a long line shown before and after the place.
const EXCERPT_CHARACTERS: usize = 72;

impl CompileError {
    /// An error of the given kind at byte `offset`.
    pub fn new(source: &Source, offset: usize, kind: ErrorKind) -> Box<CompileError> {
        let position = source.position(offset);
        let line = source.line_range(position.line);
        let at = (position.offset as usize).min(line.end);
        let before = &source.text()[line.start..at];
        let after = source.text()[at..line.end].trim_end_matches('\r');
        let first = before.char_indices().rev().take(EXCERPT_CHARACTERS).last();
        let before = &before[first.map_or(0, |(start, _)| start)..];
        let blank = |c: char| if c == '\t' { '\t' } else { ' ' };
        // Control characters would act on the terminal that the message is shown on.
        let shown = |c: char| {
            if c.is_control() && c != '\t' {
                char::REPLACEMENT_CHARACTER
            } else {
                c
            }
        };
        Box::new(CompileError {
            file: source.name().to_owned(),
            position,
            kind,
            incomplete: false,
            excerpt: before
                .chars()
                .chain(after.chars().take(EXCERPT_CHARACTERS))
                .map(shown)
                .collect(),
            caret: before.chars().map(blank).chain(['^']).collect(),
        })
    }

    /// The same error, marked as one that more text could mend.
    pub(super) fn incomplete(mut self: Box<Self>, incomplete: bool) -> Box<CompileError> {
        self.incomplete = incomplete;
        self
    }

    /// The message alone, without place and excerpt.
    pub fn message(&self) -> String {
        self.kind.to_string()
    }
}

impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Position { line, column, .. } = self.position;
        writeln!(f, "{}:{line}:{column}: {}", self.file, self.kind)?;
        writeln!(f, "    {}", self.excerpt)?;
        write!(f, "    {}", self.caret)
    }
}

impl std::error::Error for CompileError {}
