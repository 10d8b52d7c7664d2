//! Which variable a name means, and where variables live.
//!
//! See [`super::analysis`] for the terms.

use super::analysis::{Analysis, Frame, Outside, Scope, Variable};
use super::ast::{Binding, Block, Expression, Name, Send, Sequence, Variable as VariableNode};
use super::error::{CompileError, ErrorKind, Result};
use super::inline::{self, Inlined};
use super::source::Source;
use hashbrown::{HashMap, HashSet};

/// What the outermost scope declares.
pub(super) struct Declarations<'a> {
    pub(super) arguments: &'a [Name<'a>],
    /// The temporary that a primitive stores the reason of its failure in.
    pub(super) error: Option<Name<'a>>,
    pub(super) body: Sequence<'a>,
}

const NUMBER_LIMIT: usize = 255;

/// Analyses a method: resolves every name in it and decides where its variables live.
pub(super) fn analyse<'a>(
    source: &Source,
    outside: &Outside<'_>,
    declarations: &Declarations<'a>,
) -> Result<Analysis<'a>> {
    let analysis = Analysis {
        variables: Vec::new(),
        scopes: Vec::new(),
        frames: Vec::new(),
    };
    let mut analyser = Analyser {
        source,
        outside,
        analysis,
        scopes: Vec::new(),
        frames: Vec::new(),
        loops: Vec::new(),
        loop_count: 0,
        visible: HashMap::new(),
        captures: HashSet::new(),
    };
    analyser.method(declarations)?;
    analyser.analysis.finish(NUMBER_LIMIT).map_err(|frame| {
        let what = "temporaries in a method or block";
        let kind = ErrorKind::TooMany {
            what,
            limit: NUMBER_LIMIT,
        };
        CompileError::new(source, frame.at as usize, kind)
    })
}

struct Analyser<'a, 's> {
    source: &'s Source,
    outside: &'s Outside<'s>,
    analysis: Analysis<'a>,
    /// The scopes around, outermost first.
    scopes: Vec<u32>,
    /// The frames around, outermost first, each with the number of `loops` outside of it.
    frames: Vec<(u32, usize)>,
    /// The inlined loops around, of all frames.
    loops: Vec<u32>,
    loop_count: u32,
    /// The declarations of each name in the scopes around, outermost first.
    visible: HashMap<&'a str, Vec<u32>>,
    /// Frames and the variables that they are known to capture.
    captures: HashSet<(u32, u32)>,
}

/// How a name is declared.
#[derive(Clone, Copy)]
enum Declaration {
    Argument,
    InlinedParameter,
    Temporary,
    ErrorTemporary,
}

impl<'a> Analyser<'a, '_> {
    fn fail<T>(&self, at: u32, kind: ErrorKind) -> Result<T> {
        Err(CompileError::new(self.source, at as usize, kind))
    }

    fn frame(&self) -> (u32, usize) {
        self.frames.last().copied().unwrap_or_default()
    }

    // --- declaring -----------------------------------------------------------------------------

    fn method(&mut self, declarations: &Declarations<'a>) -> Result<()> {
        self.enter_frame(0);
        self.enter_scope();
        self.declare_all(declarations.arguments, Declaration::Argument)?;
        if let Some(error) = declarations.error {
            self.declare_all(&[error], Declaration::ErrorTemporary)?;
        }
        self.sequence(&declarations.body)?;
        self.leave_scope();
        self.frames.pop();
        Ok(())
    }

    fn enter_frame(&mut self, at: u32) {
        self.frames
            .push((self.analysis.frames.len() as u32, self.loops.len()));
        self.analysis.frames.push(Frame {
            at,
            ..Frame::default()
        });
    }

    fn enter_scope(&mut self) -> u32 {
        let scope = self.analysis.scopes.len() as u32;
        let (frame, outer_loops) = self.frame();
        let first = self.analysis.variables.len() as u32;
        self.analysis.scopes.push(Scope {
            frame,
            variables: first..first,
            shared_count: 0,
            is_in_loop: self.loops.len() > outer_loops,
        });
        self.scopes.push(scope);
        scope
    }

    fn declare_all(&mut self, names: &[Name<'a>], declaration: Declaration) -> Result<()> {
        let scope = self.scopes.last().copied().unwrap_or_default();
        let (frame, _) = self.frame();
        for (index, &name) in names.iter().enumerate() {
            if index >= NUMBER_LIMIT {
                let what = match declaration {
                    Declaration::Argument | Declaration::InlinedParameter => "arguments",
                    Declaration::Temporary | Declaration::ErrorTemporary => "temporaries",
                };
                return self.fail(
                    name.at,
                    ErrorKind::TooMany {
                        what,
                        limit: NUMBER_LIMIT,
                    },
                );
            }
            let number = self.analysis.variables.len() as u32;
            let visible = self.visible.entry(name.text).or_default();
            let outer = visible
                .last()
                .map(|&outer| &self.analysis.variables[outer as usize]);
            if let Some(first) = outer.filter(|outer| outer.scope == scope) {
                let first = self.source.position(first.name.at as usize);
                let (what, name_text) = ("variable", name.text.to_owned());
                let kind = ErrorKind::Duplicate {
                    what,
                    name: name_text,
                    first,
                };
                return self.fail(name.at, kind);
            }
            visible.push(number);
            let is_argument = matches!(declaration, Declaration::Argument);
            self.analysis.variables.push(Variable {
                name,
                scope,
                frame,
                argument: is_argument.then_some(index as u8),
                fixed: match declaration {
                    Declaration::ErrorTemporary => Some("which the primitive sets"),
                    Declaration::Argument
                    | Declaration::InlinedParameter
                    | Declaration::Temporary => None,
                },
                is_parameter: !matches!(declaration, Declaration::Temporary),
                is_stored: false,
                shared: None,
                starts_as_nil: false,
                is_shared: false,
                is_captured: false,
                is_used: false,
                loop_depth: self.loops.len(),
                store_loop: None,
            });
            self.analysis.scopes[scope as usize].variables.end += 1;
        }
        Ok(())
    }

    fn leave_scope(&mut self) {
        let Some(scope) = self.scopes.pop() else {
            return;
        };
        for id in self.analysis.scopes[scope as usize].variables.clone() {
            let name = self.analysis.variables[id as usize].name.text;
            self.visible.get_mut(name).and_then(Vec::pop);
        }
    }

    // --- walking, in the order of evaluation ---------------------------------------------------

    fn sequence(&mut self, sequence: &Sequence<'a>) -> Result<()> {
        self.declare_all(sequence.temporaries, Declaration::Temporary)?;
        for statement in sequence.statements {
            self.expression(statement.value)?;
            if statement.is_return && self.frames.len() > 1 {
                for &(frame, _) in &self.frames {
                    self.analysis.frames[frame as usize].needs_home = true;
                }
            }
        }
        Ok(())
    }

    fn expression(&mut self, expression: Expression<'a>) -> Result<()> {
        match expression {
            Expression::Variable(variable) => {
                self.read(variable);
                Ok(())
            }
            Expression::Literal(_) => Ok(()),
            Expression::Block(block) => self.real_block(block),
            Expression::Brace(brace) => brace
                .elements
                .iter()
                .try_for_each(|&element| self.expression(element)),
            Expression::Send(send) => self.send(send),
            Expression::Assign(assign) => {
                self.expression(assign.value)?;
                assign
                    .targets
                    .iter()
                    .rev()
                    .try_for_each(|target| self.store(target))
            }
        }
    }

    fn send(&mut self, send: &Send<'a>) -> Result<()> {
        for (index, message) in send.messages.iter().enumerate() {
            let plan = inline::plan(send, index);
            let is_receiver_inlined =
                matches!(plan, Some(Inlined::While { .. } | Inlined::Repeat(_)));
            if index == 0 && !is_receiver_inlined {
                self.expression(send.receiver)?;
            }
            match plan {
                Some(plan) => self.inlined(plan)?,
                None => self.arguments(message.arguments)?,
            }
        }
        send.cascade
            .iter()
            .try_for_each(|message| self.arguments(message.arguments))
    }

    fn arguments(&mut self, arguments: &[Expression<'a>]) -> Result<()> {
        arguments
            .iter()
            .try_for_each(|&argument| self.expression(argument))
    }

    fn inlined(&mut self, plan: Inlined<'a>) -> Result<()> {
        match plan {
            Inlined::Conditional {
                when_true: first,
                when_false: second,
            }
            | Inlined::NilTest {
                when_nil: first,
                when_not_nil: second,
            } => {
                let blocks = [first, second];
                blocks
                    .into_iter()
                    .flatten()
                    .try_for_each(|block| self.inlined_block(block))
            }
            Inlined::And(block) | Inlined::Or(block) => self.inlined_block(block),
            Inlined::While {
                condition, body, ..
            } => self.in_loop([Some(condition), body].into_iter().flatten()),
            Inlined::Count { limit, body, .. } => {
                self.expression(limit)?;
                self.in_loop([body].into_iter())
            }
            Inlined::Repeat(body) | Inlined::Times(body) => self.in_loop([body].into_iter()),
        }
    }

    fn in_loop(&mut self, mut blocks: impl Iterator<Item = &'a Block<'a>>) -> Result<()> {
        self.loops.push(self.loop_count);
        self.loop_count += 1;
        let result = blocks.try_for_each(|block| self.inlined_block(block));
        self.loops.pop();
        result
    }

    fn inlined_block(&mut self, block: &'a Block<'a>) -> Result<()> {
        block.scope.set(self.enter_scope());
        self.declare_all(block.parameters, Declaration::InlinedParameter)?;
        self.sequence(&block.body)?;
        self.leave_scope();
        Ok(())
    }

    fn real_block(&mut self, block: &'a Block<'a>) -> Result<()> {
        self.enter_frame(block.start);
        block.scope.set(self.enter_scope());
        self.declare_all(block.parameters, Declaration::Argument)?;
        self.sequence(&block.body)?;
        self.leave_scope();
        self.frames.pop();
        Ok(())
    }

    // --- names ---------------------------------------------------------------------------------

    fn resolve(&mut self, node: &VariableNode<'a>) -> Binding {
        let name = node.name.text;
        let binding = match name {
            "self" | "super" => Binding::SelfReference,
            "nil" => Binding::Nil,
            "true" => Binding::True,
            "false" => Binding::False,
            _ => match self.local(name) {
                Some(local) => Binding::Local(local),
                None => match self.outside.fields.get(name) {
                    Some(&field) => Binding::Field(field),
                    None => Binding::Global,
                },
            },
        };
        node.binding.set(binding);
        binding
    }

    fn local(&self, name: &str) -> Option<u32> {
        self.visible.get(name)?.last().copied()
    }

    fn read(&mut self, node: &VariableNode<'a>) {
        if let Binding::Local(local) = self.resolve(node) {
            let variable = &mut self.analysis.variables[local as usize];
            variable.starts_as_nil |= !variable.is_used && !variable.is_parameter;
            variable.is_used = true;
            self.capture(local);
        }
    }

    fn store(&mut self, node: &VariableNode<'a>) -> Result<()> {
        let name = node.name;
        let refuse = |what| ErrorKind::NotAssignable {
            name: name.text.to_owned(),
            what,
        };
        match self.resolve(node) {
            Binding::SelfReference | Binding::Nil | Binding::True | Binding::False => {
                self.fail(name.at, refuse("which is always the same"))
            }
            Binding::Field(_) => Ok(()),
            Binding::Global if self.outside.assigns_globals => Ok(()),
            Binding::Global => self.fail(
                name.at,
                ErrorKind::UndeclaredAssignment(name.text.to_owned()),
            ),
            Binding::Local(local) => match self.analysis.variables[local as usize].fixed {
                Some(what) => self.fail(name.at, refuse(what)),
                None => {
                    self.store_local(local);
                    Ok(())
                }
            },
        }
    }

    fn store_local(&mut self, local: u32) {
        let is_own_scope =
            self.scopes.last() == Some(&self.analysis.variables[local as usize].scope);
        let current_frame = self.frame().0;
        let loops = &self.loops;
        let variable = &mut self.analysis.variables[local as usize];
        // A store within a nested block need not happen before a later read.
        variable.starts_as_nil |= !variable.is_used && !is_own_scope && !variable.is_parameter;
        variable.is_stored = true;
        variable.is_used = true;
        variable.is_shared |= variable.is_captured || variable.frame != current_frame;
        variable.store_loop = loops.get(variable.loop_depth).copied();
        self.capture(local);
    }

    /// Notes that the frames between here and the variable's have to bring it along.
    fn capture(&mut self, local: u32) {
        let variable = &mut self.analysis.variables[local as usize];
        let home = variable.frame;
        if home == self.frames.last().map_or(home, |&(frame, _)| frame) {
            return;
        }
        variable.is_captured = true;
        // The blocks of a loop that also stores: the store comes again after the block is made.
        let outermost = self.loops.get(variable.loop_depth).copied();
        variable.is_shared |= outermost.is_some() && outermost == variable.store_loop;
        for &(frame, _) in self.frames.iter().rev() {
            // What a frame captures, the frames between it and the variable's capture already.
            if frame == home || !self.captures.insert((frame, local)) {
                break;
            }
            self.analysis.frames[frame as usize].captured.push(local);
        }
    }
}
