//! Expressions by kind.

use super::CLASSES;
use super::writer::{Expression, Kind, LITERALS, OTHERS, SELECTORS, Selector, Writer};

const COMPARISONS: &[&str] = &["<", ">", "<=", ">=", "=", "<>", "~=", "=="];
/// Operations whose result may be long.
const DIVISIONS: &[&str] = &["*", "*", "*", "/", "%", "max:", "min:", "quo:", "rem:"];
#[rustfmt::skip]
const UNARY: &[&str] = &[
    "abs", "negated", "sign", "sqrt", "floor", "truncated", "rounded", "asDouble", "squared", "yourself", "asString size",
    "isNil printString size", "class name size",
];
const TESTS: &[&str] = &["isNil", "notNil", "isInteger", "isNumber", "isDouble"];
const TEXTS: &[&str] = &["''", "'a'", "'bc'", "'it''s'", "#sym asString", "'x' + 'y'"];

impl Writer<'_> {
    /// A literal of a kind.
    pub(super) fn literal(&mut self, kind: Kind) -> String {
        let choices = match kind {
            Kind::Number => LITERALS,
            Kind::Truth => &["true", "false"],
            Kind::Text => TEXTS,
        };
        format!("({})", self.random.pick(choices))
    }

    /// An expression of a kind, so many levels deep at most.
    pub(super) fn expression(&mut self, kind: Kind, depth: usize) -> Expression {
        match kind {
            Kind::Number => self.number(depth),
            Kind::Truth => Expression::tame(self.truth(depth)),
            Kind::Text => self.string(depth),
        }
    }

    /// The same as what may be kept.
    pub(super) fn kept(&mut self, kind: Kind, depth: usize) -> String {
        self.expression(kind, depth).kept()
    }

    /// The body of a method that calls nothing of the program's.
    pub(super) fn short_body(&mut self) -> String {
        let kind = self.selector.kind;
        let name = self.name(kind, false);
        let assigned = self.name(kind, true);
        let literal = self.literal(kind);
        match (self.random.below(6), kind) {
            (0, Kind::Number | Kind::Text) => format!("^{}", name.unwrap_or(literal)),
            (1, Kind::Number) => match assigned {
                Some(field) => format!("{field} := {}", name.unwrap_or(literal)),
                None => format!("^{literal}"),
            },
            (2, Kind::Number) => "^self class name size".into(),
            _ => format!("^{}", self.leaf(kind)),
        }
    }

    /// An expression without sends of the program's own messages.
    fn leaf(&mut self, kind: Kind) -> String {
        let left = self.atom();
        let right = self.atom();
        match kind {
            Kind::Number => format!(
                "({left} {} {right})",
                self.random.pick(&["+", "-", "%", "max:", "min:"])
            ),
            Kind::Truth => format!("({left} {} {right})", self.random.pick(COMPARISONS)),
            Kind::Text => format!("(Clip of: {left} printString)"),
        }
    }

    /// A number without any send.
    fn atom(&mut self) -> String {
        match self.name(Kind::Number, false) {
            Some(name) if self.random.chance(3, 4) => name,
            _ => self.literal(Kind::Number),
        }
    }

    fn number(&mut self, depth: usize) -> Expression {
        if depth == 0 {
            return Expression::tame(self.atom());
        }
        let below = depth - 1;
        let weights = [6, 24, 4, 5, 10, 6, 7, 6, 4, 5, 4, 2, 2];
        match self.random.weighted(&weights) {
            0 => Expression::tame(self.atom()),
            1 => self.arithmetic(below),
            2 => self.unary(below),
            3 => self.conditional(Kind::Number, below),
            4 => self.send(Kind::Number, below),
            5 => self.performed(below),
            6 => self.element(below),
            7 => self.block_called(below),
            8 => self.assignment(below),
            9 => self.guarded(Kind::Number, below),
            10 => self.reduced(below),
            11 => Expression::wild(*self.random.pick(OTHERS)),
            _ => Expression::tame(format!("({} size)", self.string(below).text)),
        }
    }

    fn arithmetic(&mut self, depth: usize) -> Expression {
        let left = self.number(depth);
        match self.random.below(12) {
            0..=4 => {
                let right = self.number(depth);
                let operator = self.random.pick(&["+", "-"]);
                Expression {
                    text: format!("({} {operator} {})", left.text, right.text),
                    is_wild: left.is_wild || right.is_wild,
                }
            }
            5..=7 => {
                let operator = self.random.pick(&["*", "/", "%", "//", "\\\\"]);
                let small = self.random.pick(&["2", "3", "-7", "0.5", "10"]);
                Expression {
                    text: format!("({} {operator} {small})", left.text),
                    is_wild: left.is_wild,
                }
            }
            8 | 9 => self.bits(left.text, depth),
            _ => {
                let operator = self.random.pick(DIVISIONS);
                Expression::wild(format!(
                    "({} {operator} {})",
                    left.text,
                    self.number(depth).text
                ))
            }
        }
    }

    /// An operation on bits, mostly of Integers.
    fn bits(&mut self, left: String, depth: usize) -> Expression {
        let mut integer = |text: String| match self.random.chance(1, 6) {
            true => text,
            false => format!("({text} truncated)"),
        };
        let left = integer(left);
        if self.random.chance(1, 2) {
            let operator = self.random.pick(&["<<", ">>"]);
            return Expression::wild(format!("({left} {operator} {})", self.random.below(70)));
        }
        let right = self.number(depth).text;
        let operator = self.random.pick(&["&", "&", "|", "bitXor:"]);
        Expression::wild(format!("({left} {operator} ({right} truncated))"))
    }

    fn unary(&mut self, depth: usize) -> Expression {
        let operand = self.number(depth).text;
        Expression::wild(format!("({operand} {})", self.random.pick(UNARY)))
    }

    fn conditional(&mut self, kind: Kind, depth: usize) -> Expression {
        let condition = self.truth(depth);
        let yes = self.expression(kind, depth);
        let no = self.expression(kind, depth);
        let is_wild = yes.is_wild || no.is_wild;
        let text = match self.random.below(6) {
            0 => format!("({condition} ifTrue: [ {} ])", yes.text),
            1 => format!(
                "(({condition} ifTrue: [ {} ]) ifNil: [ {} ])",
                yes.text, no.text
            ),
            _ => format!(
                "({condition} ifTrue: [ {} ] ifFalse: [ {} ])",
                yes.text, no.text
            ),
        };
        Expression { text, is_wild }
    }

    /// Somebody who understands the program's messages.
    fn receiver(&mut self) -> String {
        let fixed = self.random.below(CLASSES.len()) + 1;
        match self.random.below(6) {
            0..=2 if !self.is_class_side => "self".into(),
            3 if self.has_fields() => "peer".into(),
            4 => {
                let index = self.atom();
                let count = CLASSES.len();
                format!(
                    "(Objects at: ({index} isInteger ifTrue: [ {index} % {count} + 1 ] ifFalse: [ {fixed} ]))"
                )
            }
            _ => format!("(Objects at: {fixed})"),
        }
    }

    fn selector_of(&mut self, kind: Kind) -> &'static Selector {
        let fitting: Vec<&Selector> = SELECTORS.iter().filter(|each| each.kind == kind).collect();
        fitting[self.random.below(fitting.len())]
    }

    fn arguments(&mut self, selector: &Selector, depth: usize) -> Vec<String> {
        (0..selector.argument_count())
            .map(|_| self.kept(Kind::Number, depth))
            .collect()
    }

    fn send(&mut self, kind: Kind, depth: usize) -> Expression {
        let argument = self.kept(Kind::Number, depth);
        match self.random.below(12) {
            0 if self.is_class_side => return Expression::tame("(self tally)"),
            0 => return Expression::tame(format!("(self class of: {argument})")),
            1 => {
                let class = self.random.pick(CLASSES).name;
                return Expression::tame(format!("({class} of: {argument})"));
            }
            2 | 3 if !self.is_class_side && self.class.superclass.is_some() => {
                let selector = if self.selector.kind == kind {
                    self.selector
                } else {
                    self.selector_of(kind)
                };
                let arguments = self.arguments(selector, depth);
                return Expression::tame(format!("(super {})", selector.message(&arguments)));
            }
            4 if kind == Kind::Number => {
                let accessor = self.random.pick(&["x", "y", "s size"]);
                return Expression::tame(format!("({} {accessor})", self.receiver()));
            }
            5 => {
                let selector = self.selector_of(kind);
                let arguments = self.arguments(selector, depth);
                let message = selector.message(&arguments);
                return Expression::tame(format!(
                    "({} x: {argument}; yourself; {message})",
                    self.receiver()
                ));
            }
            6 if self.random.chance(1, 8) => {
                return Expression::tame(format!("({} nobodyKnows: {argument})", self.receiver()));
            }
            _ => {}
        }
        let selector = self.selector_of(kind);
        let arguments = self.arguments(selector, depth);
        Expression::tame(format!(
            "({} {})",
            self.receiver(),
            selector.message(&arguments)
        ))
    }

    fn performed(&mut self, depth: usize) -> Expression {
        let receiver = self.receiver();
        let selector = self.selector_of(Kind::Number);
        let name = selector.name();
        let arguments = self.arguments(selector, depth);
        match self.random.below(5) {
            0 => {
                let index = self.truth(depth);
                let names = format!("({index} ifTrue: [ #m ] ifFalse: [ #n ])");
                Expression::tame(format!("({receiver} perform: {names})"))
            }
            1 => {
                let (left, right) = (self.number(depth).text, self.number(depth).text);
                let operator = self.random.pick(&["+", "-", "*", "<", "max:", "=="]);
                Expression::wild(format!("({left} perform: #{operator} with: {right})"))
            }
            2 => {
                let arguments = arguments.join(". ");
                Expression::tame(format!(
                    "({receiver} perform: #{name} withArguments: {{ {arguments} }})"
                ))
            }
            _ => {
                let parts: String = arguments
                    .iter()
                    .map(|each| format!(" with: {each}"))
                    .collect();
                Expression::tame(format!("({receiver} perform: #{name}{parts})"))
            }
        }
    }

    /// Something about the array, where there is one.
    fn element(&mut self, depth: usize) -> Expression {
        let items = self.items();
        let index = self.random.pick(&["1", "2", "3", "1", "2", "3", "4"]);
        let computed = self.atom();
        match self.random.below(6) {
            0 => {
                let value = self.kept(Kind::Number, depth);
                Expression::wild(format!("({items} at: {index} put: {value})"))
            }
            1 if self.random.chance(1, 4) => Expression::wild(format!("({items} at: {computed})")),
            2 => Expression::wild(format!("({items} at: {computed} truncated % 3 + 1)")),
            3 => Expression::tame(format!("({items} size)")),
            _ => Expression::wild(format!("({items} at: {index})")),
        }
    }

    /// An array.
    pub(super) fn items(&mut self) -> String {
        if self.has_fields() && self.random.chance(3, 4) {
            return "items".into();
        }
        let (a, b) = (self.atom(), self.atom());
        match self.random.below(3) {
            0 => "#(1 2.5 7)".into(),
            1 => "((Objects at: 2) items)".into(),
            _ => format!("{{ {a}. {b}. 3 }}"),
        }
    }

    fn block_called(&mut self, depth: usize) -> Expression {
        match self.random.below(5) {
            0 => {
                let receiver = if self.has_fields() {
                    "block".into()
                } else {
                    "(Objects at: 1) block".to_owned()
                };
                Expression::wild(format!(
                    "({receiver} value: {})",
                    self.kept(Kind::Number, depth)
                ))
            }
            1 => {
                let (first, second) = (
                    self.kept(Kind::Number, depth),
                    self.kept(Kind::Number, depth),
                );
                self.within(|writer| {
                    let (a, b) = (
                        writer.declare(Kind::Number, false),
                        writer.declare(Kind::Number, false),
                    );
                    let body = writer.number(depth).text;
                    Expression::wild(format!(
                        "([:{a} :{b} | {body} ] value: {first} value: {second})"
                    ))
                })
            }
            2 => self.within(|writer| {
                let local = writer.declare(Kind::Number, true);
                let (start, body) = (writer.atom(), writer.statement(depth));
                let answer = writer.number(depth).text;
                Expression::wild(format!(
                    "([ | {local} | {local} := {start}. {body} {answer} ] value)"
                ))
            }),
            _ => {
                let argument = self.kept(Kind::Number, depth);
                self.within(|writer| {
                    let parameter = writer.declare(Kind::Number, false);
                    let body = writer.number(depth).text;
                    Expression::wild(format!("([:{parameter} | {body} ] value: {argument})"))
                })
            }
        }
    }

    fn assignment(&mut self, depth: usize) -> Expression {
        let value = self.kept(Kind::Number, depth);
        match self.name(Kind::Number, true) {
            Some(name) => Expression::tame(format!("({name} := {value})")),
            None => Expression::tame(value),
        }
    }

    /// An expression whose errors or unwinding are looked after.
    pub(super) fn guarded(&mut self, kind: Kind, depth: usize) -> Expression {
        let body = self.expression(kind, depth);
        let other = self.expression(kind, depth);
        let is_wild = body.is_wild || other.is_wild;
        let (body, other) = (body.text, other.text);
        let mark = self.random.below(100);
        let text = match self.random.below(9) {
            0 => format!("([ {body} ] ensure: [ Trail add: {mark} ])"),
            1 => format!("([ {body} ] ifCurtailed: [ Trail add: {mark} ])"),
            2 => format!("([ {body} ] on: Error do: [:it | it return: {other} ])"),
            3 => format!("([ {body} ] on: Error do: [:it | it retryUsing: [ {other} ] ])"),
            4 => format!("([ {body} ] on: ZeroDivide do: [:it | {other} ])"),
            5 => format!(
                "([ (Notification signal: 'n') ifNil: [ {body} ] ] on: Notification do: [:it | it resume: {other} ])"
            ),
            6 => format!(
                "([ [ {body} ] on: ZeroDivide do: [:it | it signal ] ] on: Error do: [:it | {other} ])"
            ),
            7 => format!(
                "([ [ {body} ] on: Error do: [:it | Trail add: {mark}. it pass ] ] on: Error do: [:it | {other} ])"
            ),
            _ => format!(
                "([ {body} ] on: Error do: [:it | Trail add: (Clip of: it messageText). {other} ])"
            ),
        };
        Expression { text, is_wild }
    }

    /// A number out of a whole collection.
    fn reduced(&mut self, depth: usize) -> Expression {
        let items = self.items();
        let start = self.atom();
        self.in_loop(|writer| {
            let (a, b) = (
                writer.declare(Kind::Number, false),
                writer.declare(Kind::Number, false),
            );
            let body = writer.number(depth.min(1)).kept();
            let test = writer.truth(depth.min(1));
            Expression::wild(match writer.random.below(6) {
                0 => format!("({items} inject: {start} into: [:{a} :{b} | {body} ])"),
                1 => format!(
                    "((1 to: 4) inject: {start} into: [:{a} :{b} | Clip of: {a} + {body} ])"
                ),
                2 => format!("(({items} collect: [:{a} | | {b} | {b} := {a}. {body} ]) at: 2)"),
                3 => format!("({items} select: [:{a} | | {b} | {b} := {a}. {test} ]) size"),
                4 => format!(
                    "({items} detect: [:{a} | | {b} | {b} := {a}. {test} ] ifNone: [ {start} ])"
                ),
                _ => format!("({items} inject: {start} into: [:{a} :{b} | {a} + {b} ])"),
            })
            .parenthesised()
        })
    }

    /// A condition.
    pub(super) fn truth(&mut self, depth: usize) -> String {
        let below = depth.saturating_sub(1);
        let (left, right) = (self.number(below).text, self.number(below).text);
        let test = format!("({left} {} {right})", self.random.pick(COMPARISONS));
        match self.random.below(if depth > 0 { 12 } else { 1 }) {
            1 => format!("({test} and: [ {} ])", self.truth(below)),
            2 => format!("({test} or: [ {} ])", self.truth(below)),
            3 => format!("{test} not").parenthesised(),
            4 => format!("({left} {})", self.random.pick(TESTS)),
            5 => self.send(Kind::Truth, below).text,
            6 => format!(
                "({} = {})",
                self.string(below).text,
                self.string(below).text
            ),
            7 => format!("({test} & {})", self.truth(below)),
            _ => test,
        }
    }

    fn string(&mut self, depth: usize) -> Expression {
        let below = depth.saturating_sub(1);
        match self.random.below(if depth > 0 { 10 } else { 3 }) {
            0..=2 => match self.name(Kind::Text, false) {
                Some(name) => Expression::tame(name),
                None => Expression::tame(self.literal(Kind::Text)),
            },
            3 => Expression::tame(self.literal(Kind::Text)),
            4 | 5 => {
                let (left, right) = (self.string(below).text, self.string(below).text);
                Expression::wild(format!("({left} + {right})"))
            }
            6 => Expression::wild(format!("({} printString)", self.number(below).text)),
            7 => self.conditional(Kind::Text, below),
            8 => self.guarded(Kind::Text, below),
            _ => self.send(Kind::Text, below),
        }
    }
}

/// Puts parentheses around.
trait Parenthesised {
    fn parenthesised(self) -> Self;
}

impl Parenthesised for String {
    fn parenthesised(self) -> String {
        format!("({self})")
    }
}

impl Parenthesised for Expression {
    fn parenthesised(self) -> Expression {
        Expression {
            text: self.text.parenthesised(),
            is_wild: self.is_wild,
        }
    }
}
