//! The source compiler: text to bytecodes, apart from the object memory.
//!
//! ```text
//! Source --Lexer, Parser--> syntax tree (arena) --scope, codegen--> ClassDraft, CodeDraft
//! ```
//!
//! Parsing needs the text alone. Compiling needs the names of the inherited fields too, so it is a
//! second step. A loader turns the drafts into objects.

mod access;
mod analysis;
pub mod ast;
mod check;
mod codegen;
mod control;
pub mod draft;
mod emit;
pub mod error;
mod evaluate;
mod expression;
mod inline;
pub mod lexer;
mod literal;
mod meta;
pub(crate) mod number;
pub mod parser;
mod pragma;
mod scope;
mod script;
pub mod source;

use analysis::Outside;
use ast::{Class, Method, Name, ScriptItem, Side, Statements, Superclass};
pub use bumpalo::Bump as Arena;
pub use check::check;
use draft::{ClassDraft, CodeDraft, SuperclassDraft};
pub use error::{CompileError, ErrorKind, Result};
use hashbrown::HashMap;
use parser::Parser;
pub use source::{Position, Source};

/// The most fields that instructions can number, inherited ones included.
const FIELD_LIMIT: usize = u16::MAX as usize;

/// Parses a file that defines one class.
///
/// # Errors
/// The first mistake in the text.
pub fn parse_class<'a>(arena: &'a Arena, source: &'a Source) -> Result<Class<'a>> {
    let mut parser = Parser::new(arena, source)?;
    let class = parser.class()?;
    parser.end("the end of the text after the class definition")?;
    Ok(class)
}

/// Parses a script: class definitions and statements, in the order of the text.
///
/// # Errors
/// The first mistake in the text.
pub fn parse_script<'a>(arena: &'a Arena, source: &'a Source) -> Result<Vec<ScriptItem<'a>>> {
    Parser::new(arena, source)?.script()
}

/// Compiles a class definition. The fields are those that the superclass and its metaclass have,
/// inherited ones included, in the order of their slots.
///
/// # Errors
/// The first mistake in the text.
pub fn compile_class(
    source: &Source,
    class: &Class<'_>,
    inherited_instance_fields: &[String],
    inherited_class_fields: &[String],
) -> Result<ClassDraft> {
    let fields = |side: &Side<'_>| -> Vec<(String, Position)> {
        let place = |name: &Name<'_>| (name.text.to_owned(), source.position(name.at as usize));
        side.fields.iter().map(place).collect()
    };
    let instance_methods = compile_side(source, &class.instance_side, inherited_instance_fields)?;
    let class_methods = compile_side(source, &class.class_side, inherited_class_fields)?;
    Ok(ClassDraft {
        name: class.name.text.to_owned(),
        name_position: source.position(class.name.at as usize),
        superclass: match class.superclass {
            Superclass::Default => SuperclassDraft::Default,
            Superclass::Nil => SuperclassDraft::Nil,
            Superclass::Named(name) => SuperclassDraft::Named(name.text.to_owned()),
        },
        instance_fields: fields(&class.instance_side),
        class_fields: fields(&class.class_side),
        instance_methods,
        class_methods,
        comment: class.comment.map(|comment| comment.trim().to_owned()),
        source: class.start as usize..class.end as usize,
    })
}

fn compile_side(source: &Source, side: &Side<'_>, inherited: &[String]) -> Result<Vec<CodeDraft>> {
    let limit = FIELD_LIMIT.saturating_sub(inherited.len());
    if let Some(name) = side.fields.get(limit) {
        let kind = ErrorKind::TooMany {
            what: "fields",
            limit: FIELD_LIMIT,
        };
        return Err(CompileError::new(source, name.at as usize, kind));
    }
    refuse_duplicates(source, "field", side.fields.iter().copied())?;
    refuse_duplicates(
        source,
        "method",
        side.methods.iter().map(|method| method.selector),
    )?;
    let own = side.fields.iter().map(|name| name.text);
    let outside = outside(inherited.iter().map(String::as_str).chain(own));
    side.methods
        .iter()
        .map(|method| checked(codegen::method(source, &outside, method)))
        .collect()
}

/// Names outside of a method that has these fields. A field shadows an inherited one.
fn outside<'a>(fields: impl Iterator<Item = &'a str>) -> Outside<'a> {
    let fields = fields
        .enumerate()
        .map(|(slot, name)| (name, slot as u16))
        .collect();
    Outside {
        fields,
        assigns_globals: false,
    }
}

fn refuse_duplicates<'a>(
    source: &Source,
    what: &'static str,
    names: impl Iterator<Item = Name<'a>>,
) -> Result<()> {
    let mut seen = HashMap::new();
    for name in names {
        if let Some(first) = seen.insert(name.text, name.at) {
            let first = source.position(first as usize);
            let kind = ErrorKind::Duplicate {
                what,
                name: name.text.to_owned(),
                first,
            };
            return Err(CompileError::new(source, name.at as usize, kind));
        }
    }
    Ok(())
}

/// Compiles top-level statements as a method `doIt` that returns the value of the last.
///
/// # Errors
/// The first mistake in the text.
pub fn compile_statements(source: &Source, statements: &Statements<'_>) -> Result<CodeDraft> {
    checked(codegen::statements(source, statements))
}

/// Compiles the text of one method for a class with the given fields.
///
/// # Errors
/// The first mistake in the text.
pub fn compile_method(source: &Source, fields: &[String]) -> Result<CodeDraft> {
    let arena = Arena::new();
    let mut parser = Parser::new(&arena, source)?;
    let method: Method<'_> = parser.method()?;
    parser.end("the end of the text after the method")?;
    let outside = outside(fields.iter().map(String::as_str));
    checked(codegen::method(source, &outside, &method))
}

/// In debug builds, makes sure that the code keeps the rules of the bytecode set.
fn checked(draft: Result<CodeDraft>) -> Result<CodeDraft> {
    if cfg!(debug_assertions)
        && let Ok(draft) = &draft
    {
        assert_eq!(
            check(draft),
            Ok(()),
            "compiled code is wrong:\n{}",
            draft.listing()
        );
    }
    draft
}
