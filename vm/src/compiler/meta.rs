//! What a method says about itself in pragmas, and literals as the loader takes them.

use super::ast::{Literal, Method, Name, PragmaKind};
use super::draft::{ExternalPragma, LiteralDraft, Pragma, PrimitiveKind};
use super::error::{CompileError, ErrorKind, Result};
use super::number;
use super::source::Source;

/// What a method says about itself.
pub(super) struct Meta<'a> {
    pub(super) primitive: PrimitiveKind,
    pub(super) external: Option<ExternalPragma>,
    pub(super) pragmas: Vec<Pragma>,
    /// The temporary that receives why the primitive failed.
    pub(super) error: Option<Name<'a>>,
}

impl<'a> Meta<'a> {
    /// Reads the pragmas of a method.
    pub(super) fn of(source: &Source, method: &Method<'a>) -> Result<Meta<'a>> {
        let mut meta = Meta {
            primitive: PrimitiveKind::None,
            external: None,
            pragmas: vec![],
            error: None,
        };
        if method.is_primitive {
            meta.primitive = PrimitiveKind::SomPrimitive;
        }
        let mut libraries = Vec::new();
        for pragma in method.pragmas {
            let twice = |keyword: &str| {
                let why = format!("expected one <{keyword}> pragma in a method, found another");
                Err(CompileError::new(
                    source,
                    pragma.at as usize,
                    ErrorKind::BadPragma(why),
                ))
            };
            match pragma.kind {
                PragmaKind::C(_) if meta.external.is_some() => return twice("C: …"),
                PragmaKind::C(text) => {
                    meta.external = Some(ExternalPragma {
                        text: text.text.to_owned(),
                        position: source.position(text.at as usize),
                        library: None,
                        has_failure_code: !method.body.statements.is_empty(),
                    });
                }
                PragmaKind::Library(_) if !libraries.is_empty() => return twice("library: …"),
                PragmaKind::Library(name) => libraries.push((name, pragma.at)),
                PragmaKind::Primitive { .. } if meta.primitive != PrimitiveKind::None => {
                    return twice("primitive: …");
                }
                PragmaKind::Primitive { name, error } => {
                    meta.error = error;
                    let name = name.to_owned();
                    meta.primitive = PrimitiveKind::Named {
                        name,
                        error_temporary: None,
                    };
                }
                PragmaKind::Other {
                    selector,
                    arguments,
                } => meta.pragmas.push(Pragma {
                    selector: selector.to_owned(),
                    arguments: arguments.iter().map(literal_draft).collect(),
                    position: source.position(pragma.at as usize),
                }),
            }
        }
        if let Some((name, at)) = libraries.pop() {
            match &mut meta.external {
                Some(external) => external.library = Some(name.to_owned()),
                None => {
                    let why = "expected <library: …> beside a <C: …> pragma, found no <C: …>";
                    let kind = ErrorKind::BadPragma(why.to_owned());
                    return Err(CompileError::new(source, at as usize, kind));
                }
            }
        }
        Ok(meta)
    }
}

/// A literal as the loader takes it.
pub(super) fn literal_draft(literal: &Literal<'_>) -> LiteralDraft {
    match literal {
        Literal::Nil => LiteralDraft::Nil,
        Literal::True => LiteralDraft::True,
        Literal::False => LiteralDraft::False,
        Literal::Integer(value) => LiteralDraft::Integer((*value).into()),
        Literal::LargeInteger(large) => LiteralDraft::Integer(number::value(large)),
        Literal::Double(value) => LiteralDraft::Double(*value),
        Literal::Character(value) => LiteralDraft::Character((*value).into()),
        Literal::Symbol(text) => LiteralDraft::Symbol((*text).to_owned()),
        Literal::String(text) => LiteralDraft::String(text.as_bytes().to_vec()),
        Literal::Array(elements) => {
            LiteralDraft::Array(elements.iter().map(literal_draft).collect())
        }
        Literal::ByteArray(bytes) => LiteralDraft::ByteArray(bytes.to_vec()),
    }
}
