//! What is known while a method is written: its class, what it answers, and the names in reach.

use crate::signatures::random::Random;

/// What an expression answers, as long as nothing goes wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Number,
    Truth,
    Text,
}

/// A class of the program.
#[derive(Debug)]
pub(super) struct Class {
    pub(super) name: &'static str,
    /// `None` for the root, which has no fields.
    pub(super) superclass: Option<&'static str>,
    /// Fields that hold numbers, inherited ones too.
    pub(super) numbers: &'static [&'static str],
}

impl Class {
    pub(super) const fn new(
        name: &'static str,
        superclass: Option<&'static str>,
        numbers: &'static [&'static str],
    ) -> Class {
        Class {
            name,
            superclass,
            numbers,
        }
    }
}

/// A selector that every object understands, and what its methods answer.
#[derive(Debug)]
pub(super) struct Selector {
    /// Its keywords, or the only word of a unary one.
    words: &'static [&'static str],
    pub(super) kind: Kind,
}

impl Selector {
    pub(super) fn argument_count(&self) -> usize {
        self.words.iter().filter(|word| word.ends_with(':')).count()
    }

    pub(super) fn name(&self) -> String {
        self.words.concat()
    }

    /// The message with these arguments.
    pub(super) fn message(&self, arguments: &[String]) -> String {
        if arguments.is_empty() {
            return self.name();
        }
        let parts = self.words.iter().zip(arguments);
        let parts: Vec<String> = parts
            .map(|(word, argument)| format!("{word} {argument}"))
            .collect();
        parts.join(" ")
    }
}

#[rustfmt::skip]
pub(super) const SELECTORS: &[Selector] = &[
    Selector { words: &["m"], kind: Kind::Number },
    Selector { words: &["n"], kind: Kind::Number },
    Selector { words: &["f:"], kind: Kind::Number },
    Selector { words: &["g:"], kind: Kind::Number },
    Selector { words: &["h:", "with:"], kind: Kind::Number },
    Selector { words: &["is:"], kind: Kind::Truth },
    Selector { words: &["name:"], kind: Kind::Text },
];

/// What classes themselves understand.
const OF_CLASSES: Selector = Selector {
    words: &["of:"],
    kind: Kind::Number,
};

/// Numbers around the limits of what a word holds, and others.
#[rustfmt::skip]
pub(super) const LITERALS: &[&str] = &[
    "0", "1", "2", "3", "5", "-1", "-2", "10", "100", "0.5", "2.0", "-3.5", "1.0e10", "0.0", "-0.0",
    // The least and greatest SmallInteger, and what is just beyond.
    "1152921504606846975", "1152921504606846976", "-1152921504606846976", "-1152921504606846977",
    "576460752303423488", "1073741824", "-2147483648", "4294967295", "9223372036854775807",
    "18446744073709551616", "-170141183460469231731687303715884105728",
    // The least and greatest immediate Doubles, and what is just beyond.
    "5.9e-39", "5.8e-39", "-5.877471754111438e-39", "3.4028234663852886e38", "3.4028236692093846e38",
    "6.8e38", "-1.7e38", "1.0e-300", "3.0e200", "-1.7976931348623157e308", "5.0e-324",
];

/// What is no number, and now and then stands where one is expected.
pub(super) const OTHERS: &[&str] = &["nil", "true", "'s'", "#x", "$c", "self", "#(1 2)"];

/// A variable in reach.
#[derive(Clone, Debug)]
pub(super) struct Name {
    pub(super) text: String,
    pub(super) kind: Kind,
    pub(super) is_assignable: bool,
}

/// An expression. A wild one may answer something long, which is not to be kept as it is: it would grow and grow.
pub(super) struct Expression {
    pub(super) text: String,
    pub(super) is_wild: bool,
}

impl Expression {
    pub(super) fn tame(text: impl Into<String>) -> Expression {
        Expression {
            text: text.into(),
            is_wild: false,
        }
    }

    pub(super) fn wild(text: impl Into<String>) -> Expression {
        Expression {
            text: text.into(),
            is_wild: true,
        }
    }

    /// The text of what may be kept.
    pub(super) fn kept(self) -> String {
        if self.is_wild {
            format!("(Clip of: {})", self.text)
        } else {
            self.text
        }
    }
}

/// Writes a method.
pub(super) struct Writer<'a> {
    pub(super) random: &'a mut Random,
    pub(super) class: &'a Class,
    pub(super) selector: &'a Selector,
    pub(super) is_class_side: bool,
    /// The method is text within another.
    pub(super) is_inner: bool,
    /// Innermost last.
    pub(super) names: Vec<Name>,
    /// How many names were made.
    serial: usize,
    /// Loops around what is written.
    pub(super) loops: usize,
}

impl<'a> Writer<'a> {
    pub(super) fn new(
        random: &'a mut Random,
        class: &'a Class,
        selector: &'a Selector,
    ) -> Writer<'a> {
        Writer {
            random,
            class,
            selector,
            is_class_side: false,
            is_inner: false,
            names: Vec::new(),
            serial: 0,
            loops: 0,
        }
    }

    pub(super) fn of_class_side(random: &'a mut Random, class: &'a Class) -> Writer<'a> {
        let mut writer = Writer::new(random, class, &OF_CLASSES);
        writer.is_class_side = true;
        writer
    }

    /// True where the fields that all objects of the ring have are in reach.
    pub(super) fn has_fields(&self) -> bool {
        !self.is_class_side && self.class.superclass.is_some()
    }

    /// A new name; it is in reach from now on.
    pub(super) fn declare(&mut self, kind: Kind, is_assignable: bool) -> String {
        self.serial += 1;
        let text = format!("v{}", self.serial);
        self.names.push(Name {
            text: text.clone(),
            kind,
            is_assignable,
        });
        text
    }

    /// What `write` writes with no more names in reach afterwards than before.
    pub(super) fn within<T>(&mut self, write: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.names.len();
        let written = write(self);
        self.names.truncate(before);
        written
    }

    /// What `write` writes inside of a loop.
    pub(super) fn in_loop<T>(&mut self, write: impl FnOnce(&mut Self) -> T) -> T {
        self.loops += 1;
        let written = self.within(write);
        self.loops -= 1;
        written
    }

    /// A name of a kind, if there is one.
    pub(super) fn name(&mut self, kind: Kind, is_assigned: bool) -> Option<String> {
        let fits = |name: &&Name| name.kind == kind && (name.is_assignable || !is_assigned);
        let names: Vec<&Name> = self.names.iter().filter(fits).collect();
        if names.is_empty() {
            return None;
        }
        Some(self.random.pick(&names).text.clone())
    }

    /// The whole method: a short one that calls nothing, or any.
    pub(super) fn method(&mut self) -> String {
        let arguments: Vec<String> = (0..self.selector.argument_count())
            .map(|_| self.declare(Kind::Number, false))
            .collect();
        let head = self.selector.message(&arguments);
        if self.has_fields() {
            let fields = self
                .class
                .numbers
                .iter()
                .map(|&field| (field, Kind::Number));
            for (field, kind) in fields.chain([("s", Kind::Text)]) {
                self.names.push(Name {
                    text: field.into(),
                    kind,
                    is_assignable: true,
                });
            }
        }
        if self.random.chance(1, 4) {
            return format!("{head} = ( {} )", self.short_body());
        }
        let temporaries: Vec<(String, Kind)> =
            [Kind::Number, Kind::Number, Kind::Number, Kind::Text]
                .into_iter()
                .map(|kind| (self.declare(kind, true), kind))
                .collect();
        let declared: Vec<&str> = temporaries.iter().map(|(name, _)| name.as_str()).collect();
        let mut body = String::new();
        for (name, kind) in &temporaries {
            let literal = self.literal(*kind);
            body += &format!("{name} := {literal}. ");
        }
        body += &self.statements(2);
        body += &self.statements(3);
        let answer = self.expression(self.selector.kind, 3).kept();
        let unfuelled = self.literal(self.selector.kind);
        let declared = declared.join(" ");
        format!("{head} = ( | {declared} | Meter tick ifTrue: [ ^{unfuelled} ]. {body}^{answer} )")
    }
}
