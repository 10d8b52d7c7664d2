//! Statements: assignments, loops, returns, kept blocks and methods defined anew.

use super::CLASSES;
use super::writer::{Kind, SELECTORS, Writer};

/// No deeper loops than that.
const LOOPS_MAX: usize = 2;

impl Writer<'_> {
    /// A few statements, each with its period.
    pub(super) fn statements(&mut self, depth: usize) -> String {
        let count = 1 + self.random.below(3);
        (0..count).map(|_| self.statement(depth) + " ").collect()
    }

    /// One statement with its period.
    pub(super) fn statement(&mut self, depth: usize) -> String {
        if depth == 0 {
            return self.assign(1);
        }
        let below = depth - 1;
        match self.random.weighted(&[22, 8, 10, 6, 5, 4, 5, 3, 3, 4, 3]) {
            0 => self.assign(depth),
            1 => self.branch(below),
            2 | 3 if self.loops < LOOPS_MAX => self.in_loop(|writer| writer.count(below)),
            4 if self.loops < LOOPS_MAX => self.in_loop(|writer| writer.loop_while(below)),
            5 => self.leave(),
            6 => self.keep_block(below),
            7 => self.define_method(),
            8 => self.protect(below),
            9 => format!("{}.", self.kept(Kind::Number, depth)),
            10 => format!("Trail add: {}.", self.kept(Kind::Number, below)),
            _ => self.assign(depth),
        }
    }

    fn assign(&mut self, depth: usize) -> String {
        let kind = if self.random.chance(1, 6) {
            Kind::Text
        } else {
            Kind::Number
        };
        let value = self.kept(kind, depth);
        match self.name(kind, true) {
            Some(name) => format!("{name} := {value}."),
            None => format!("{value}."),
        }
    }

    fn branch(&mut self, depth: usize) -> String {
        let condition = self.truth(depth);
        let yes = self.within(|writer| writer.statements(depth));
        if self.random.chance(1, 2) {
            return format!("{condition} ifTrue: [ {yes}].");
        }
        let no = self.within(|writer| writer.statements(depth));
        format!("{condition} ifTrue: [ {yes}] ifFalse: [ {no}].")
    }

    /// A loop over numbers or elements.
    fn count(&mut self, depth: usize) -> String {
        let limit = self.random.below(6);
        let computed = self.kept(Kind::Number, 0);
        let items = self.items();
        let each = self.declare(Kind::Number, false);
        let mut body = self.statements(depth);
        let is_inlined_count = match self.random.below(7) {
            0 => return format!("{items} do: [:{each} | {body}]."),
            1 => return format!("{items} doIndexes: [:{each} | {body}]."),
            2 => return format!("#(1 2.5 3) do: [:{each} | {body}]."),
            3 => return format!("{limit} timesRepeat: [ | {each} | {each} := 1. {body}]."),
            choice => choice,
        };
        if self.random.chance(1, 8) {
            body += &format!("{each} := {each} + 1. ");
        }
        match is_inlined_count {
            4 => format!("{limit} to: 1 by: -2 do: [:{each} | {body}]."),
            5 => format!("1 to: ({computed} % 7) do: [:{each} | {body}]."),
            _ => format!("1 to: {limit} do: [:{each} | {body}]."),
        }
    }

    fn loop_while(&mut self, depth: usize) -> String {
        let counter = self.declare(Kind::Number, false);
        let condition = self.truth(depth.min(1));
        let body = self.statements(depth);
        let rounds = self.random.below(6);
        let message = *self.random.pick(&["whileTrue:", "whileFalse:"]);
        let test = if message == "whileTrue:" {
            format!("{counter} < {rounds} and: [ {condition} ]")
        } else {
            format!("{counter} >= {rounds} or: [ {condition} ]")
        };
        format!(
            "[ | {counter} | {counter} := 0. [ {test} ] {message} [ {counter} := {counter} + 1. {body}] ] value."
        )
    }

    /// A return, seldom without a condition.
    fn leave(&mut self) -> String {
        let answer = self.kept(self.selector.kind, 1);
        let condition = self.truth(1);
        match self.random.below(4) {
            0 => format!("({condition} and: [ Meter tick ]) ifTrue: [ ^{answer} ]."),
            1 => format!("{{ 1. 2 }} do: [:any | {condition} ifTrue: [ ^{answer} ] ]."),
            2 => format!("[ {condition} ifTrue: [ ^{answer} ] ] ensure: [ Trail add: 0 ]."),
            _ => format!("{condition} ifTrue: [ ^{answer} ]."),
        }
    }

    /// Keeps a block, which may outlive its home and then return from there.
    fn keep_block(&mut self, depth: usize) -> String {
        if !self.has_fields() {
            return self.assign(depth);
        }
        self.within(|writer| {
            let parameter = writer.declare(Kind::Number, false);
            let body = writer.kept(Kind::Number, depth);
            let unfuelled = writer.literal(Kind::Number);
            if writer.random.chance(1, 4) {
                let answer = writer.kept(writer.selector.kind, 1);
                let condition = writer.truth(0);
                return format!(
                    "block := [:{parameter} | {condition} ifTrue: [ ^{answer} ]. {parameter} ]."
                );
            }
            format!(
                "block := [:{parameter} | Meter tick ifTrue: [ {unfuelled} ] ifFalse: [ {body} ] ]."
            )
        })
    }

    /// Statements that are unwound or whose errors end them.
    fn protect(&mut self, depth: usize) -> String {
        let body = self.within(|writer| writer.statements(depth));
        let mark = self.random.below(100);
        match self.random.below(4) {
            0 => format!("[ {body}] ensure: [ Trail add: {mark} ]."),
            1 => {
                let after = self.within(|writer| writer.statement(depth));
                format!("[ {body}] ensure: [ {after} ].")
            }
            2 => format!(
                "[ {body}] on: Error do: [:it | Meter tick ifTrue: [ 1 ] ifFalse: [ it retry ] ]."
            ),
            _ => format!("[ {body}] on: Error do: [:it | Trail add: {mark} ]."),
        }
    }

    /// Defines a method of some class anew, or takes it away.
    fn define_method(&mut self) -> String {
        if self.is_inner {
            return self.assign(1);
        }
        let class = self.random.pick(CLASSES);
        let selector = self.random.pick(SELECTORS);
        if self.random.chance(1, 3) {
            let (class, selector) = (class.name, selector.name());
            return format!(
                "({class} includesSelector: #{selector}) ifTrue: [ {class} removeMethod: #{selector} ]."
            );
        }
        let mut inner = Writer::new(self.random, class, selector);
        inner.is_inner = true;
        let source = inner.method().replace('\'', "''");
        format!("{} compile: '{source}'.", class.name)
    }
}
