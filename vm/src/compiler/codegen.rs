//! Code generation: the frames of a method, their scopes and their temporaries.
//!
//! What is in the frames is compiled in [`super::evaluate`].

use super::analysis::{Analysis, Outside};
use super::ast::{Block, Method, Sequence, Statements};
use super::draft::{CodeDraft, CodeKind, LiteralDraft, PrimitiveKind};
use super::emit::{Emitter, LITERAL_LIMIT};
use super::error::{CompileError, ErrorKind, Result};
use super::meta::Meta;
use super::scope::{Declarations, analyse};
use super::source::Source;
use crate::bytecode::Bytecode;

/// The most temporaries and arguments that instructions can number.
pub(super) const NUMBER_LIMIT: usize = 255;

/// Code of a frame in the making.
pub(super) struct FrameCode<'a> {
    pub(super) emitter: Emitter<'a>,
    /// Its number in the analysis.
    pub(super) frame: u32,
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
    pub(super) analysis: Analysis<'a>,
    /// The temporary of every variable that has one.
    pub(super) slots: Vec<u8>,
    /// The temporary of every scope's vector.
    pub(super) vectors: Vec<u8>,
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
        (None, PrimitiveKind::SomPrimitive) => Ending::Failure("missingPrimitive:arguments:"),
        (None, PrimitiveKind::Named { .. }) if !has_statements => {
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
    pub(super) fn block(&mut self, block: &'a Block<'a>) -> Result<()> {
        let scope = block.scope.get();
        let frame = self.analysis.scopes[scope as usize].frame;
        self.begin_frame(frame, true);
        self.at(block.start);
        self.enter_scope(scope);
        self.body(&block.body, &Ending::LastValue, 0)?;
        let mut draft = self.finish_frame(block.start, block.parameters.len())?;
        draft.source = block.start as usize..block.end as usize;
        self.at(block.start);
        if draft.is_clean() {
            let literal = self
                .code()
                .literal(LiteralDraft::CleanBlock(Box::new(draft)));
            self.emit(Bytecode::PushLiteral { literal });
            return Ok(());
        }
        let copied = std::mem::take(&mut self.analysis.frames[frame as usize].copied);
        for &copied in &copied {
            self.push_copied(copied);
        }
        let literal = self.code().literal(LiteralDraft::Block(Box::new(draft)));
        // The analysis has refused more copied values than a u8 counts.
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

    /// As [`Self::enter_scope`]; the scope's first variable, a parameter, starts with the value in
    /// the temporary given, and lives there unless it is assigned to.
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
            let parameter = parameter.filter(|_| id == variables.start);
            self.enter_variable(id, parameter, is_in_loop);
        }
    }

    /// Gives a variable its slot and its first value.
    fn enter_variable(&mut self, id: u32, parameter: Option<u8>, is_in_loop: bool) {
        let variable = &self.analysis.variables[id as usize];
        let (argument, is_shared) = (variable.argument, variable.shared.is_some());
        let (starts_as_nil, is_stored) = (variable.starts_as_nil, variable.is_stored);
        if let (Some(slot), false) = (parameter, is_stored) {
            self.slots[id as usize] = slot;
            return;
        }
        if argument.is_none() && !is_shared {
            let was_used = self.frame_code().next_temporary < self.frame_code().temporary_count;
            self.slots[id as usize] = self.new_temporary();
            if starts_as_nil && (is_in_loop || was_used) {
                self.start_with(id, Bytecode::PushNil {});
            }
        }
        if let Some(index) = parameter {
            self.start_with(id, Bytecode::PushTemporary { index });
        } else if let (Some(index), true) = (argument, is_shared) {
            self.start_with(id, Bytecode::PushArgument { index });
        }
    }

    fn start_with(&mut self, id: u32, push: Bytecode) {
        self.emit(push);
        self.store_local(id);
        self.emit(Bytecode::Pop {});
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

    /// The frame that code is emitted for.
    pub(super) fn frame_code(&mut self) -> &mut FrameCode<'a> {
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

    pub(super) fn fail<T>(&self, at: u32, kind: ErrorKind) -> Result<T> {
        Err(CompileError::new(self.source, at as usize, kind))
    }
}
