//! Code of inlined messages: conditions, loops and tests for nil.

use super::ast::{Block, Expression, Literal, Send};
use super::codegen::Generator;
use super::emit::Label;
use super::error::Result;
use super::inline::{self, Inlined, Step};
use crate::bytecode::{Bytecode, SpecialSend};

impl<'a> Generator<'a, '_> {
    /// Message `index` of `send` as jumps. The receiver is the value of the messages before, which
    /// is on the stack; the first message evaluates its receiver here.
    pub(super) fn inlined(
        &mut self,
        send: &'a Send<'a>,
        index: usize,
        plan: Inlined<'a>,
        for_value: bool,
    ) -> Result<()> {
        let receiver = (index == 0).then_some(send.receiver);
        let selector = send.messages[index].selector;
        match plan {
            Inlined::Conditional {
                when_true,
                when_false,
            } => self.conditional(receiver, selector.text, [when_true, when_false], for_value),
            Inlined::And(_) | Inlined::Or(_) => self.boolean(send, index, plan, for_value),
            Inlined::NilTest {
                when_nil,
                when_not_nil,
            } => {
                self.evaluate(receiver)?;
                self.nil_test(when_nil, when_not_nil, for_value)
            }
            Inlined::While {
                condition,
                body,
                while_value,
            } => {
                self.while_loop(condition, body, while_value, selector.text)?;
                self.nil_value(for_value);
                Ok(())
            }
            Inlined::Repeat(body) => {
                let head = self.code().label_here();
                self.block_effect(body)?;
                self.code()
                    .jump(head, |distance| Bytecode::JumpBack { distance });
                Ok(())
            }
            Inlined::Count { limit, step, body } => {
                self.evaluate(receiver)?;
                self.at(selector.at);
                self.with_temporaries(|this| {
                    this.count_loop(limit, step, body, selector.text, for_value)
                })
            }
            Inlined::Times(body) => {
                self.evaluate(receiver)?;
                self.at(selector.at);
                self.with_temporaries(|this| this.times_loop(body, selector.text, for_value))
            }
        }
    }

    fn evaluate(&mut self, receiver: Option<Expression<'a>>) -> Result<()> {
        receiver.map_or(Ok(()), |receiver| self.value(receiver))
    }

    fn nil_value(&mut self, for_value: bool) {
        if for_value {
            self.emit(Bytecode::PushNil {});
        }
    }

    // --- blocks in line ------------------------------------------------------------------------

    fn block_value(&mut self, block: &'a Block<'a>) -> Result<()> {
        self.with_temporaries(|this| {
            this.enter_scope(block.scope.get());
            this.values(block.body.statements)
        })
    }

    fn block_effect(&mut self, block: &'a Block<'a>) -> Result<()> {
        self.with_temporaries(|this| {
            this.enter_scope(block.scope.get());
            this.effects(block.body.statements)
        })
    }

    /// A branch: the block's value or effect; without a block nil.
    fn branch(&mut self, block: Option<&'a Block<'a>>, for_value: bool) -> Result<()> {
        match block {
            Some(block) if for_value => self.block_value(block),
            Some(block) => self.block_effect(block),
            None => {
                self.nil_value(for_value);
                Ok(())
            }
        }
    }

    // --- conditions ----------------------------------------------------------------------------

    /// Pops a Boolean and jumps where it is `jump_on`. `selector` is what a receiver that is no
    /// Boolean did not understand.
    fn jump_if(&mut self, jump_on: bool, label: Label, selector: &'a str) {
        let selector = self.code().symbol(selector);
        self.code().jump(label, |distance| match jump_on {
            true => Bytecode::JumpTrue { distance, selector },
            false => Bytecode::JumpFalse { distance, selector },
        });
    }

    /// Evaluates an expression and jumps where it is `jump_on`. `and:` and `or:` at its end jump
    /// by themselves and make no value.
    fn condition(
        &mut self,
        expression: Expression<'a>,
        jump_on: bool,
        label: Label,
        selector: &'a str,
    ) -> Result<()> {
        if let Expression::Send(send) = expression
            && let [message] = send.messages
            && let Some(Inlined::And(block) | Inlined::Or(block)) = inline::plan(send, 0)
        {
            let is_and = matches!(inline::plan(send, 0), Some(Inlined::And(_)));
            let text = message.selector.text;
            // `and:` is false, and `or:` true, as soon as its receiver is.
            if jump_on != is_and {
                self.condition(send.receiver, jump_on, label, text)?;
                return self.block_condition(block, jump_on, label, selector);
            }
            let decided = self.code().label();
            self.condition(send.receiver, !jump_on, decided, text)?;
            self.block_condition(block, jump_on, label, selector)?;
            self.code().bind(decided);
            return Ok(());
        }
        self.value(expression)?;
        self.jump_if(jump_on, label, selector);
        Ok(())
    }

    /// Runs a block's statements and jumps where the last is `jump_on`.
    fn block_condition(
        &mut self,
        block: &'a Block<'a>,
        jump_on: bool,
        label: Label,
        selector: &'a str,
    ) -> Result<()> {
        self.with_temporaries(|this| {
            this.enter_scope(block.scope.get());
            match block.body.statements.split_last() {
                Some((last, before)) if !last.is_return => {
                    this.effects(before)?;
                    this.at(last.at);
                    this.condition(last.value, jump_on, label, selector)
                }
                _ => {
                    this.values(block.body.statements)?;
                    this.jump_if(jump_on, label, selector);
                    Ok(())
                }
            }
        })
    }

    /// `branches` are for true and for false.
    fn conditional(
        &mut self,
        receiver: Option<Expression<'a>>,
        selector: &'a str,
        branches: [Option<&'a Block<'a>>; 2],
        for_value: bool,
    ) -> Result<()> {
        // With one branch and no value wanted, jump over the branch that is there.
        let [when_true, when_false] = branches;
        let jump_on = when_true.is_none() && !for_value;
        let (first, second) = if jump_on {
            (when_false, None)
        } else {
            (when_true, when_false)
        };
        let otherwise = self.code().label();
        match receiver {
            Some(receiver) => self.condition(receiver, jump_on, otherwise, selector)?,
            None => self.jump_if(jump_on, otherwise, selector),
        }
        self.branch(first, for_value)?;
        self.otherwise(otherwise, second, for_value)
    }

    /// Ends a branch; what follows `otherwise` is the other branch.
    fn otherwise(
        &mut self,
        otherwise: Label,
        block: Option<&'a Block<'a>>,
        for_value: bool,
    ) -> Result<()> {
        if block.is_none() && !for_value {
            self.code().bind(otherwise);
            return Ok(());
        }
        let end = self.code().label();
        self.code()
            .jump(end, |distance| Bytecode::Jump { distance });
        self.code().bind(otherwise);
        self.branch(block, for_value)?;
        self.code().bind(end);
        Ok(())
    }

    /// `and:` and `or:` for their value or effect.
    fn boolean(
        &mut self,
        send: &'a Send<'a>,
        index: usize,
        plan: Inlined<'a>,
        for_value: bool,
    ) -> Result<()> {
        let (Inlined::And(block) | Inlined::Or(block)) = plan else {
            unreachable!("called for and: and or: alone")
        };
        let is_and = matches!(plan, Inlined::And(_));
        let selector = send.messages[index].selector.text;
        let decided = self.code().label();
        match index {
            0 => self.condition(send.receiver, !is_and, decided, selector)?,
            _ => self.jump_if(!is_and, decided, selector),
        }
        self.branch(Some(block), for_value)?;
        if !for_value {
            self.code().bind(decided);
            return Ok(());
        }
        let end = self.code().label();
        self.code()
            .jump(end, |distance| Bytecode::Jump { distance });
        self.code().bind(decided);
        self.emit(if is_and {
            Bytecode::PushFalse {}
        } else {
            Bytecode::PushTrue {}
        });
        self.code().bind(end);
        Ok(())
    }

    /// Tests for nil; the receiver is on the stack.
    fn nil_test(
        &mut self,
        when_nil: Option<&'a Block<'a>>,
        when_not_nil: Option<&'a Block<'a>>,
        for_value: bool,
    ) -> Result<()> {
        let otherwise = self.code().label();
        let Some(when_not_nil) = when_not_nil else {
            // `ifNil:` alone: the receiver itself is the value when it is not nil.
            if for_value {
                self.emit(Bytecode::Duplicate {});
            }
            self.code()
                .jump(otherwise, |distance| Bytecode::JumpNotNil { distance });
            if for_value {
                self.emit(Bytecode::Pop {});
            }
            self.branch(when_nil, for_value)?;
            self.code().bind(otherwise);
            return Ok(());
        };
        // The parameter's temporary is free again after the branch for not nil.
        self.with_temporaries(|this| {
            let takes_value = !when_not_nil.parameters.is_empty();
            if takes_value {
                this.emit(Bytecode::Duplicate {});
            }
            this.code()
                .jump(otherwise, |distance| Bytecode::JumpNil { distance });
            this.enter_scope(when_not_nil.scope.get());
            if takes_value {
                this.store_parameter(when_not_nil);
                this.emit(Bytecode::Pop {});
            }
            match for_value {
                true => this.values(when_not_nil.body.statements),
                false => this.effects(when_not_nil.body.statements),
            }
        })?;
        let takes_value = !when_not_nil.parameters.is_empty();
        if !takes_value {
            return self.otherwise(otherwise, when_nil, for_value);
        }
        let end = self.code().label();
        self.code()
            .jump(end, |distance| Bytecode::Jump { distance });
        self.code().bind(otherwise);
        self.emit(Bytecode::Pop {});
        self.branch(when_nil, for_value)?;
        self.code().bind(end);
        Ok(())
    }

    // --- loops ---------------------------------------------------------------------------------

    fn while_loop(
        &mut self,
        condition: &'a Block<'a>,
        body: Option<&'a Block<'a>>,
        while_value: bool,
        selector: &'a str,
    ) -> Result<()> {
        let head = self.code().label_here();
        let end = self.code().label();
        self.block_condition(condition, !while_value, end, selector)?;
        if let Some(body) = body {
            self.block_effect(body)?;
        }
        self.code()
            .jump(head, |distance| Bytecode::JumpBack { distance });
        self.code().bind(end);
        Ok(())
    }

    /// A counting loop; the start is on the stack, and stays there where it is the value.
    fn count_loop(
        &mut self,
        limit: Expression<'a>,
        step: Step,
        body: &'a Block<'a>,
        selector: &'a str,
        for_value: bool,
    ) -> Result<()> {
        // A literal limit is pushed in each round, anything else is evaluated once.
        let literal_limit = if let Expression::Literal(&Literal::Integer(value)) = limit {
            Some(value)
        } else {
            None
        };
        let limit_temporary = match literal_limit {
            Some(_) => None,
            None => {
                self.value(limit)?;
                let index = self.new_temporary();
                self.emit(Bytecode::StoreTemporary { index });
                self.emit(Bytecode::Pop {});
                Some(index)
            }
        };
        let counter = self.new_temporary();
        self.emit(Bytecode::StoreTemporary { index: counter });
        if !for_value {
            self.emit(Bytecode::Pop {});
        }
        let head = self.code().label_here();
        let end = self.code().label();
        self.emit(Bytecode::PushTemporary { index: counter });
        match (limit_temporary, literal_limit) {
            (Some(index), _) => self.emit(Bytecode::PushTemporary { index }),
            (None, value) => self.push_integer(value.unwrap_or_default()),
        }
        self.special(match step.is_descending() {
            true => SpecialSend::GreaterOrEqual,
            false => SpecialSend::LessOrEqual,
        });
        self.jump_if(false, end, selector);
        self.round(counter, step, body, head)?;
        self.code().bind(end);
        Ok(())
    }

    /// The body of a counting loop, with the counter as its parameter, and the way back.
    fn round(&mut self, counter: u8, step: Step, body: &'a Block<'a>, head: Label) -> Result<()> {
        self.with_temporaries(|this| {
            let parameter = (!body.parameters.is_empty()).then_some(counter);
            this.enter_scope_with(body.scope.get(), parameter);
            this.effects(body.body.statements)
        })?;
        self.emit(Bytecode::PushTemporary { index: counter });
        match step {
            Step::Integer(value) => self.push_integer(value),
            Step::Double(value) => {
                let literal = self.code().double(value);
                self.emit(Bytecode::PushLiteral { literal });
            }
        }
        self.special(SpecialSend::Add);
        self.emit(Bytecode::StoreTemporary { index: counter });
        self.emit(Bytecode::Pop {});
        self.code()
            .jump(head, |distance| Bytecode::JumpBack { distance });
        Ok(())
    }

    /// `timesRepeat:`; the number of rounds is on the stack, and stays where it is the value.
    fn times_loop(
        &mut self,
        body: &'a Block<'a>,
        selector: &'a str,
        for_value: bool,
    ) -> Result<()> {
        let limit = self.new_temporary();
        let counter = self.new_temporary();
        self.emit(Bytecode::StoreTemporary { index: limit });
        if !for_value {
            self.emit(Bytecode::Pop {});
        }
        self.emit(Bytecode::PushInteger { value: 1 });
        self.emit(Bytecode::StoreTemporary { index: counter });
        self.emit(Bytecode::Pop {});
        let head = self.code().label_here();
        let end = self.code().label();
        self.emit(Bytecode::PushTemporary { index: counter });
        self.emit(Bytecode::PushTemporary { index: limit });
        self.special(SpecialSend::LessOrEqual);
        self.jump_if(false, end, selector);
        self.round(counter, Step::Integer(1), body, head)?;
        self.code().bind(end);
        Ok(())
    }

    fn special(&mut self, special: SpecialSend) {
        self.emit(Bytecode::SendSpecial {
            selector: special as u8,
        });
    }
}
