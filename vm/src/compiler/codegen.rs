//! Code generation: syntax trees to bytecodes.
//!
//! Expressions are compiled for their value, which is left on the operand stack, or for their
//! effect. Inlined messages are in [`super::control`].

use super::ast::{
    Binding, Block, Expression, Literal, Message, Method, Name, PragmaKind, Send, Sequence,
    Statements, Variable,
};
use super::draft::{CodeDraft, CodeKind, ExternalPragma, LiteralDraft, Pragma, PrimitiveKind};
use super::emit::{Emitter, LITERAL_LIMIT};
use super::error::{CompileError, ErrorKind, Result};
use super::scope::{Analysis, Copied, Declarations, Outside, analyse};
use super::source::Source;
use super::{inline, number};
use crate::bytecode::{Bytecode, SpecialSend};

/// The most temporaries and arguments that instructions can number.
const NUMBER_LIMIT: usize = 255;

/// Code of a frame in the making.
pub(super) struct FrameCode<'a> {
    pub(super) emitter: Emitter<'a>,
    frame: u32,
    is_block: bool,
    /// The next free temporary.
    next_temporary: usize,
    /// The number of temporaries needed so far.
    temporary_count: usize,
}

/// Compiles one method with its blocks.
pub(super) struct Generator<'a, 's> {
    source: &'s Source,
    selector: &'a str,
    analysis: Analysis<'a>,
    /// The temporary of every variable that has one.
    slots: Vec<u8>,
    /// The temporary of every scope's vector.
    vectors: Vec<u8>,
    /// The frames around, outermost first; the last is the one code is emitted for.
    frames: Vec<FrameCode<'a>>,
    /// The bytes of the line that a position was last looked up in.
    line: (std::ops::Range<usize>, u32),
}

/// What a method returns at its end.
enum Ending {
    Receiver,
    LastValue,
    /// The result of this message to the receiver, with the selector and an Array of the arguments.
    Failure(&'static str),
}

/// Compiles a method.
pub(super) fn method<'a>(
    source: &Source,
    outside: &Outside<'_>,
    method: &Method<'a>,
) -> Result<CodeDraft> {
    let mut meta = Meta::of(source, method)?;
    let declarations = Declarations {
        arguments: method.arguments,
        error: meta.error,
        body: method.body,
    };
    let analysis = analyse(source, outside, &declarations)?;
    let has_statements = !method.body.statements.is_empty();
    let ending = match (&meta.external, &meta.primitive) {
        (Some(_), _) if !has_statements => Ending::Failure("externalCallFailed:arguments:"),
        (None, PrimitiveKind::SomPrimitive | PrimitiveKind::Named { .. }) if !has_statements => {
            Ending::Failure("primitiveFailed:arguments:")
        }
        _ => Ending::Receiver,
    };
    let selector = method.selector;
    let mut generator = Generator::new(source, selector.text, analysis);
    let mut draft =
        generator.outermost(selector.at, method.arguments.len(), &method.body, ending)?;
    if let (
        PrimitiveKind::Named {
            error_temporary, ..
        },
        Some(_),
    ) = (&mut meta.primitive, meta.error)
    {
        *error_temporary = generator.slots.get(method.arguments.len()).copied();
    }
    draft.primitive = meta.primitive;
    draft.external = meta.external;
    draft.pragmas = meta.pragmas;
    draft.source = method.start as usize..method.end as usize;
    Ok(draft)
}

/// Compiles statements as a method `doIt` that returns the last value.
pub(super) fn statements(source: &Source, unit: &Statements<'_>) -> Result<CodeDraft> {
    let outside = Outside {
        fields: hashbrown::HashMap::new(),
        assigns_globals: true,
    };
    let body = Sequence {
        temporaries: &[],
        statements: unit.statements,
    };
    let declarations = Declarations {
        arguments: &[],
        error: None,
        body,
    };
    let analysis = analyse(source, &outside, &declarations)?;
    let mut generator = Generator::new(source, "doIt", analysis);
    generator.begin_frame(0, false);
    for name in unit.declarations {
        generator.at(name.at);
        generator.emit(Bytecode::PushNil {});
        let literal = generator.code().global(name.text);
        generator.emit(Bytecode::StoreGlobal { literal });
        generator.emit(Bytecode::Pop {});
    }
    generator.enter_scope(0);
    generator.body(&body, &Ending::LastValue, 0)?;
    let mut draft = generator.finish_frame(unit.start, 0)?;
    draft.source = unit.start as usize..unit.end as usize;
    Ok(draft)
}

/// What a method says about itself.
struct Meta<'a> {
    primitive: PrimitiveKind,
    external: Option<ExternalPragma>,
    pragmas: Vec<Pragma>,
    error: Option<Name<'a>>,
}

impl<'a> Meta<'a> {
    fn of(source: &Source, method: &Method<'a>) -> Result<Meta<'a>> {
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
fn literal_draft(literal: &Literal<'_>) -> LiteralDraft {
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

impl<'a, 's> Generator<'a, 's> {
    fn new(source: &'s Source, selector: &'a str, analysis: Analysis<'a>) -> Generator<'a, 's> {
        let slots = vec![0; analysis.variables.len()];
        let vectors = vec![0; analysis.scopes.len()];
        let frames = Vec::new();
        Generator {
            source,
            selector,
            analysis,
            slots,
            vectors,
            frames,
            line: (0..0, 1),
        }
    }

    // --- frames --------------------------------------------------------------------------------

    fn outermost(
        &mut self,
        at: u32,
        argument_count: usize,
        body: &Sequence<'a>,
        ending: Ending,
    ) -> Result<CodeDraft> {
        self.begin_frame(0, false);
        self.at(at);
        self.enter_scope(0);
        self.body(body, &ending, argument_count)?;
        self.finish_frame(at, argument_count)
    }

    fn begin_frame(&mut self, frame: u32, is_block: bool) {
        let copied = self.analysis.frames[frame as usize].copied.len();
        self.frames.push(FrameCode {
            emitter: Emitter::default(),
            frame,
            is_block,
            next_temporary: copied,
            temporary_count: copied,
        });
    }

    /// The statements of a frame and its end.
    fn body(&mut self, body: &Sequence<'a>, ending: &Ending, arguments: usize) -> Result<()> {
        match ending {
            Ending::Receiver => {
                self.effects(body.statements)?;
                self.emit(Bytecode::ReturnSelf {});
            }
            Ending::LastValue => {
                self.values(body.statements)?;
                self.emit(Bytecode::ReturnTop {});
            }
            Ending::Failure(selector) => {
                self.emit(Bytecode::PushSelf {});
                let own = self.selector;
                let literal = self.code().symbol(own);
                self.emit(Bytecode::PushLiteral { literal });
                (0..arguments).for_each(|index| {
                    self.emit(Bytecode::PushArgument { index: index as u8 });
                });
                self.emit(Bytecode::MakeArray {
                    size: arguments as u16,
                });
                let selector = self.code().symbol(selector);
                self.emit(Bytecode::Send {
                    selector,
                    arguments: 2,
                });
                self.emit(Bytecode::ReturnTop {});
            }
        }
        Ok(())
    }

    fn finish_frame(&mut self, at: u32, argument_count: usize) -> Result<CodeDraft> {
        let Some(code) = self.frames.pop() else {
            unreachable!("a frame was begun")
        };
        let too_many = |what, limit| self.fail::<CodeDraft>(at, ErrorKind::TooMany { what, limit });
        if code.temporary_count > NUMBER_LIMIT {
            return too_many("temporaries in a method or block", NUMBER_LIMIT);
        }
        if code.emitter.literals.len() > LITERAL_LIMIT {
            return too_many("literals in a method or block", LITERAL_LIMIT);
        }
        let frame = &self.analysis.frames[code.frame as usize];
        let (kind, selector) = match code.is_block {
            true => (CodeKind::Block, format!("[] in {}", self.selector)),
            false => (CodeKind::Method, self.selector.to_owned()),
        };
        Ok(CodeDraft {
            selector,
            kind,
            argument_count,
            temporary_count: code.temporary_count,
            copied_count: frame.copied.len(),
            max_stack: code.emitter.max_stack,
            literals: code.emitter.literals,
            bytecodes: code.emitter.bytecodes,
            lines: code.emitter.lines,
            pragmas: Vec::new(),
            primitive: PrimitiveKind::None,
            external: None,
            needs_home: frame.needs_home,
            source: 0..0,
            name_position: self.source.position(at as usize),
        })
    }

    /// A block that is made into an object.
    fn block(&mut self, block: &'a Block<'a>) -> Result<()> {
        let scope = block.scope.get();
        let frame = self.analysis.scopes[scope as usize].frame;
        self.begin_frame(frame, true);
        self.at(block.start);
        self.enter_scope(scope);
        self.body(&block.body, &Ending::LastValue, 0)?;
        let mut draft = self.finish_frame(block.start, block.parameters.len())?;
        draft.source = block.start as usize..block.end as usize;
        self.at(block.start);
        let copied = std::mem::take(&mut self.analysis.frames[frame as usize].copied);
        for &copied in &copied {
            self.push_copied(copied);
        }
        let literal = self.code().literal(LiteralDraft::Block(Box::new(draft)));
        // More copied values than a u8 counts have failed as too many temporaries.
        self.emit(Bytecode::MakeBlock {
            literal,
            copied: copied.len() as u8,
        });
        self.analysis.frames[frame as usize].copied = copied;
        Ok(())
    }

    // --- scopes --------------------------------------------------------------------------------

    /// Gives the temporaries of a scope their slots, and emits what entering it takes.
    pub(super) fn enter_scope(&mut self, scope: u32) {
        self.enter_scope_with(scope, None);
    }

    /// As [`Self::enter_scope`]; the scope's first variable, a parameter, lives in the temporary
    /// given.
    pub(super) fn enter_scope_with(&mut self, scope: u32, parameter: Option<u8>) {
        let state = &self.analysis.scopes[scope as usize];
        let (variables, shared_count) = (state.variables.clone(), state.shared_count);
        let is_in_loop = state.is_in_loop;
        if shared_count > 0 {
            let index = self.new_temporary();
            self.vectors[scope as usize] = index;
            self.emit(Bytecode::MakeVector {
                index,
                size: shared_count,
            });
        }
        for id in variables.clone() {
            if let (Some(slot), true) = (parameter, id == variables.start) {
                self.slots[id as usize] = slot;
                continue;
            }
            let variable = &self.analysis.variables[id as usize];
            if variable.argument.is_some() || variable.shared.is_some() {
                continue;
            }
            let starts_as_nil = variable.starts_as_nil;
            let was_used = self.frame_code().next_temporary < self.frame_code().temporary_count;
            let index = self.new_temporary();
            self.slots[id as usize] = index;
            if starts_as_nil && (is_in_loop || was_used) {
                self.emit(Bytecode::PushNil {});
                self.emit(Bytecode::StoreTemporary { index });
                self.emit(Bytecode::Pop {});
            }
        }
    }

    /// Runs `generate`, then frees the temporaries that it took.
    pub(super) fn with_temporaries<T>(&mut self, generate: impl FnOnce(&mut Self) -> T) -> T {
        let next = self.frame_code().next_temporary;
        let result = generate(self);
        self.frame_code().next_temporary = next;
        result
    }

    /// A temporary of the current frame. Beyond the limit numbers repeat; the frame then fails.
    pub(super) fn new_temporary(&mut self) -> u8 {
        let code = self.frame_code();
        let index = code.next_temporary;
        code.next_temporary += 1;
        code.temporary_count = code.temporary_count.max(code.next_temporary);
        index as u8
    }

    fn frame_code(&mut self) -> &mut FrameCode<'a> {
        let Some(code) = self.frames.last_mut() else {
            unreachable!("a frame was begun")
        };
        code
    }

    pub(super) fn is_in_block(&mut self) -> bool {
        self.frame_code().is_block
    }

    pub(super) fn code(&mut self) -> &mut Emitter<'a> {
        &mut self.frame_code().emitter
    }

    pub(super) fn emit(&mut self, instruction: Bytecode) {
        self.code().emit(instruction);
    }

    /// What is emitted next belongs to this place in the text.
    pub(super) fn at(&mut self, at: u32) {
        if !self.line.0.contains(&(at as usize)) {
            let line = self.source.line(at as usize);
            self.line = (self.source.line_range(line), line);
        }
        let line = self.line.1;
        self.code().set_line(line);
    }

    fn fail<T>(&self, at: u32, kind: ErrorKind) -> Result<T> {
        Err(CompileError::new(self.source, at as usize, kind))
    }

    // --- statements ----------------------------------------------------------------------------

    /// Statements, all for their effect.
    pub(super) fn effects(&mut self, statements: &[super::ast::Statement<'a>]) -> Result<()> {
        for statement in statements {
            self.at(statement.at);
            if statement.is_return {
                self.returned(statement.value)?;
            } else {
                self.effect(statement.value)?;
            }
        }
        Ok(())
    }

    /// Statements, leaving the value of the last; nil where there is none.
    pub(super) fn values(&mut self, statements: &[super::ast::Statement<'a>]) -> Result<()> {
        let Some((last, before)) = statements.split_last() else {
            self.emit(Bytecode::PushNil {});
            return Ok(());
        };
        self.effects(before)?;
        self.at(last.at);
        match last.is_return {
            true => self.returned(last.value),
            false => self.value(last.value),
        }
    }

    fn returned(&mut self, value: Expression<'a>) -> Result<()> {
        let is_self = matches!(value, Expression::Variable(variable)
            if variable.binding.get() == Binding::SelfReference);
        if self.is_in_block() {
            self.value(value)?;
            self.emit(Bytecode::ReturnHome {});
        } else if is_self {
            self.emit(Bytecode::ReturnSelf {});
        } else {
            self.value(value)?;
            self.emit(Bytecode::ReturnTop {});
        }
        Ok(())
    }

    // --- expressions ---------------------------------------------------------------------------

    /// Compiles for the effect: the operand stack stays as it is.
    pub(super) fn effect(&mut self, expression: Expression<'a>) -> Result<()> {
        match expression {
            Expression::Variable(variable)
                if !matches!(variable.binding.get(), Binding::Global) =>
            {
                Ok(())
            }
            Expression::Literal(_) => Ok(()),
            Expression::Send(send) => self.send(send, false),
            Expression::Variable(_)
            | Expression::Block(_)
            | Expression::Brace(_)
            | Expression::Assign(_) => {
                self.value(expression)?;
                self.emit(Bytecode::Pop {});
                Ok(())
            }
        }
    }

    /// Compiles for the value.
    pub(super) fn value(&mut self, expression: Expression<'a>) -> Result<()> {
        match expression {
            Expression::Variable(variable) => self.push_variable(variable),
            Expression::Literal(literal) => self.push_literal(literal),
            Expression::Block(block) => return self.block(block),
            Expression::Send(send) => return self.send(send, true),
            Expression::Brace(brace) => {
                brace
                    .elements
                    .iter()
                    .try_for_each(|&element| self.value(element))?;
                self.at(brace.at);
                self.emit(Bytecode::MakeArray {
                    size: brace.elements.len() as u16,
                });
            }
            Expression::Assign(assign) => {
                self.value(assign.value)?;
                for target in assign.targets.iter().rev() {
                    self.at(target.name.at);
                    self.store_variable(target);
                }
            }
        }
        Ok(())
    }

    /// A chain of messages with its cascade.
    fn send(&mut self, send: &'a Send<'a>, for_value: bool) -> Result<()> {
        let last = send.messages.len() - 1;
        for index in 0..send.messages.len() {
            let is_last = index == last && send.cascade.is_empty();
            match inline::plan(send, index) {
                Some(plan) => self.inlined(send, index, plan, for_value || !is_last)?,
                None => {
                    if index == 0 {
                        self.value(send.receiver)?;
                    }
                    if index == last && !send.cascade.is_empty() {
                        self.emit(Bytecode::Duplicate {});
                    }
                    self.message(&send.messages[index], self.is_super_send(send, index))?;
                    if is_last && !for_value {
                        self.emit(Bytecode::Pop {});
                    }
                }
            }
        }
        let is_super = self.is_super_send(send, last);
        for (index, message) in send.cascade.iter().enumerate() {
            self.emit(Bytecode::Pop {});
            if index + 1 < send.cascade.len() {
                self.emit(Bytecode::Duplicate {});
            }
            self.message(message, is_super)?;
        }
        if !send.cascade.is_empty() && !for_value {
            self.emit(Bytecode::Pop {});
        }
        Ok(())
    }

    fn is_super_send(&self, send: &Send<'a>, index: usize) -> bool {
        index == 0 && inline::is_super(send.receiver)
    }

    /// Compiles arguments and send; the receiver is on the stack.
    fn message(&mut self, message: &Message<'a>, is_super: bool) -> Result<()> {
        if message.arguments.len() > NUMBER_LIMIT {
            let kind = ErrorKind::TooMany {
                what: "arguments of a message",
                limit: NUMBER_LIMIT,
            };
            return self.fail(message.selector.at, kind);
        }
        message
            .arguments
            .iter()
            .try_for_each(|&argument| self.value(argument))?;
        self.at(message.selector.at);
        let text = message.selector.text;
        match SpecialSend::from_selector(text) {
            Some(special) if !is_super => {
                self.emit(Bytecode::SendSpecial {
                    selector: special as u8,
                });
            }
            _ => {
                let selector = self.code().symbol(text);
                let arguments = message.arguments.len() as u8;
                self.emit(match is_super {
                    true => Bytecode::SendSuper {
                        selector,
                        arguments,
                    },
                    false => Bytecode::Send {
                        selector,
                        arguments,
                    },
                });
            }
        }
        Ok(())
    }

    // --- variables and literals ----------------------------------------------------------------

    fn push_literal(&mut self, literal: &Literal<'a>) {
        let number = match *literal {
            Literal::Nil => return self.emit(Bytecode::PushNil {}),
            Literal::True => return self.emit(Bytecode::PushTrue {}),
            Literal::False => return self.emit(Bytecode::PushFalse {}),
            Literal::Integer(value) => return self.push_integer(value),
            Literal::Double(value) => self.code().double(value),
            Literal::Character(value) => self.code().character(value),
            Literal::Symbol(text) => self.code().symbol(text),
            Literal::LargeInteger(_)
            | Literal::String(_)
            | Literal::Array(_)
            | Literal::ByteArray(_) => self.code().literal(literal_draft(literal)),
        };
        self.emit(Bytecode::PushLiteral { literal: number });
    }

    pub(super) fn push_integer(&mut self, value: i64) {
        match i8::try_from(value) {
            Ok(value) => self.emit(Bytecode::PushInteger { value }),
            Err(_) => {
                let literal = self.code().integer(value);
                self.emit(Bytecode::PushLiteral { literal });
            }
        }
    }

    fn push_variable(&mut self, variable: &Variable<'a>) {
        match variable.binding.get() {
            Binding::SelfReference => self.emit(Bytecode::PushSelf {}),
            Binding::Nil => self.emit(Bytecode::PushNil {}),
            Binding::True => self.emit(Bytecode::PushTrue {}),
            Binding::False => self.emit(Bytecode::PushFalse {}),
            Binding::Field(index) => self.emit(Bytecode::PushField { index }),
            Binding::Local(local) => self.push_local(local),
            Binding::Global => {
                self.at(variable.name.at);
                let literal = self.code().global(variable.name.text);
                self.emit(Bytecode::PushGlobal { literal });
            }
        }
    }

    fn push_local(&mut self, local: u32) {
        let variable = &self.analysis.variables[local as usize];
        let (scope, shared, argument) = (variable.scope, variable.shared, variable.argument);
        let is_own = variable.frame == self.frame_code().frame;
        let instruction = match (shared, argument) {
            (Some(slot), _) => Bytecode::PushShared {
                index: self.vector(scope),
                slot,
            },
            (None, Some(index)) if is_own => Bytecode::PushArgument { index },
            _ => Bytecode::PushTemporary {
                index: self.temporary(local, is_own),
            },
        };
        self.emit(instruction);
    }

    fn store_variable(&mut self, variable: &Variable<'a>) {
        let instruction = match variable.binding.get() {
            Binding::Local(local) => match self.analysis.variables[local as usize].shared {
                Some(slot) => {
                    let scope = self.analysis.variables[local as usize].scope;
                    Bytecode::StoreShared {
                        index: self.vector(scope),
                        slot,
                    }
                }
                None => Bytecode::StoreTemporary {
                    index: self.temporary(local, true),
                },
            },
            Binding::Field(index) => Bytecode::StoreField { index },
            Binding::Global => {
                let literal = self.code().global(variable.name.text);
                Bytecode::StoreGlobal { literal }
            }
            Binding::SelfReference | Binding::Nil | Binding::True | Binding::False => {
                unreachable!("the analysis refuses to assign to {}", variable.name.text)
            }
        };
        self.emit(instruction);
    }

    /// The temporary of a variable that is not shared: its own, or the copied value.
    fn temporary(&mut self, local: u32, is_own: bool) -> u8 {
        if is_own {
            self.slots[local as usize]
        } else {
            self.copied_index(Copied::Value(local))
        }
    }

    /// The temporary that holds the vector of a scope.
    fn vector(&mut self, scope: u32) -> u8 {
        if self.analysis.scopes[scope as usize].frame == self.frame_code().frame {
            return self.vectors[scope as usize];
        }
        self.copied_index(Copied::Vector(scope))
    }

    fn copied_index(&mut self, copied: Copied) -> u8 {
        let frame = self.frame_code().frame;
        let all = &self.analysis.frames[frame as usize].copied;
        let Some(index) = all.iter().position(|&each| each == copied) else {
            unreachable!("the analysis lists every variable that a block uses")
        };
        index as u8
    }

    fn push_copied(&mut self, copied: Copied) {
        match copied {
            Copied::Value(local) => self.push_local(local),
            Copied::Vector(scope) => {
                let index = self.vector(scope);
                self.emit(Bytecode::PushTemporary { index });
            }
        }
    }

    /// Stores the value on the stack into the parameter of an inlined block, keeping it there.
    pub(super) fn store_parameter(&mut self, block: &Block<'a>) -> Option<u8> {
        let scope = &self.analysis.scopes[block.scope.get() as usize];
        let parameter = scope.variables.start;
        block.parameters.first()?;
        let index = self.slots[parameter as usize];
        self.emit(Bytecode::StoreTemporary { index });
        Some(index)
    }
}
