//! Code that pushes and stores variables and pushes literals.

use super::analysis::Copied;
use super::ast::{Binding, Block, Literal, Variable};
use super::codegen::Generator;
use super::meta::literal_draft;
use crate::bytecode::Bytecode;

impl<'a> Generator<'a, '_> {
    pub(super) fn push_literal(&mut self, literal: &Literal<'a>) {
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

    pub(super) fn push_variable(&mut self, variable: &Variable<'a>) {
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

    pub(super) fn store_variable(&mut self, variable: &Variable<'a>) {
        let instruction = match variable.binding.get() {
            Binding::Local(local) => return self.store_local(local),
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

    /// Stores the value on the stack, keeping it there. Only the variable's own frame stores what
    /// is not shared.
    pub(super) fn store_local(&mut self, local: u32) {
        let variable = &self.analysis.variables[local as usize];
        let (scope, shared, argument) = (variable.scope, variable.shared, variable.argument);
        let instruction = match (shared, argument) {
            (Some(slot), _) => Bytecode::StoreShared {
                index: self.vector(scope),
                slot,
            },
            (None, Some(index)) => Bytecode::StoreArgument { index },
            (None, None) => Bytecode::StoreTemporary {
                index: self.slots[local as usize],
            },
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

    pub(super) fn push_copied(&mut self, copied: Copied) {
        match copied {
            Copied::Value(local) => self.push_local(local),
            Copied::Vector(scope) => {
                let index = self.vector(scope);
                self.emit(Bytecode::PushTemporary { index });
            }
        }
    }

    /// Stores the value on the stack into the parameter of an inlined block, keeping it there.
    pub(super) fn store_parameter(&mut self, block: &Block<'a>) {
        let scope = &self.analysis.scopes[block.scope.get() as usize];
        self.store_local(scope.variables.start);
    }
}
