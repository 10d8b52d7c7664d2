//! Random signatures: callees made by the C compiler, called from Smalltalk.
//!
//! A batch is one C file and one script. Every function of the file knows which arguments it is to
//! get and what it answers; the script declares the functions, calls each of them with these
//! arguments, and compares. Neither side takes a value from the other, so that an argument and a
//! result cannot be wrong together. Then C calls back: see [`callback`].

pub mod callback;
pub mod callee;
pub mod caller;
pub mod random;
pub mod run;
pub mod types;
pub mod values;

use random::Random;
use std::rc::Rc;
use types::{Aggregate, Float, Kinds, Pointer, Type, Weights};
use values::Value;

/// A parameter and the argument that is passed for it.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its type.
    pub of: Type,
    /// What is passed.
    pub value: Value,
    /// Whether its declaration names it.
    pub named: bool,
    /// Whether the callee looks at all 32 bits of a narrow argument.
    pub widened: bool,
}

/// An argument of the variable part of a call.
#[derive(Clone, Debug)]
pub enum Variable {
    /// An Integer in the range of `long long`.
    Signed(i64),
    /// An Integer above it, up to 64 bits.
    Unsigned(u64),
    /// A Float.
    Double(f64),
    /// A String.
    Text(Vec<u8>),
    /// An Alien, or nil.
    Pointer(u64),
}

/// How Smalltalk calls a function.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Route {
    /// By a method that `declare:` made.
    Declared,
    /// By a method with a `<C: …>` pragma.
    Method,
    /// Through a CFunction.
    Pointer,
}

/// A function, and a call of it.
#[derive(Clone, Debug)]
pub struct Signature {
    /// Its number, which its name has.
    pub number: usize,
    /// The fixed parameters.
    pub parameters: Vec<Parameter>,
    /// The variable part, where it has one.
    pub variable: Option<Vec<Variable>>,
    /// The variable part of a callback.
    pub rest: Vec<Parameter>,
    /// Type and value of the result; `None` is `void`.
    pub result: Option<(Type, Value)>,
    /// Whether the callee leaves garbage beside its result in the register.
    pub dirty: bool,
    /// Whether it is declared with `__attribute__((ms_abi))`.
    pub microsoft: bool,
    /// How it is called.
    pub route: Route,
    /// A parameter for which a wrong object is passed, in a second call.
    pub refused: Option<usize>,
    /// Whether a block is tried too that answers what the result's type does not take.
    pub misanswers: bool,
}

/// Who calls whom in a batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Directions {
    /// Smalltalk calls C.
    pub calls: bool,
    /// C calls Smalltalk.
    pub callbacks: bool,
}

impl Directions {
    /// Both directions.
    pub const BOTH: Directions = Directions {
        calls: true,
        callbacks: true,
    };
}

impl Signature {
    /// A random one.
    pub fn choose(
        random: &mut Random,
        number: usize,
        kinds: Kinds,
        aggregates: &[Rc<Aggregate>],
    ) -> Signature {
        let weights = Weights::choose(random);
        // Few arguments, about as many as there are registers, more than there are.
        let count = match random.below(4) {
            0 => random.below(4),
            1 | 2 => 4 + random.below(9),
            _ => 10 + random.below(21),
        };
        let parameters: Vec<Parameter> = (0..count)
            .map(|_| Parameter::choose(random, weights, kinds, aggregates))
            .collect();
        let variable = (!parameters.is_empty() && random.chance(1, 8)).then(|| {
            (0..random.below(12))
                .map(|_| Variable::choose(random))
                .collect()
        });
        let rest = (0..if variable.is_some() {
            random.below(16)
        } else {
            0
        })
            .map(|_| Parameter::choose_promoted(random, weights, kinds, aggregates))
            .collect();
        let microsoft = kinds.microsoft && random.chance(1, 2);
        Signature {
            number,
            result: choose_result(random, kinds, aggregates),
            dirty: random.chance(1, 2) && !microsoft,
            microsoft,
            route: match random.below(4) {
                0 => Route::Method,
                1 if variable.is_none() => Route::Pointer,
                _ => Route::Declared,
            },
            refused: (random.chance(1, 3) && !parameters.is_empty())
                .then(|| random.below(parameters.len())),
            misanswers: random.chance(1, 3),
            parameters,
            variable,
            rest,
        }
    }

    /// Whether nothing but the standard headers declares its types.
    pub fn is_of_known_types(&self) -> bool {
        let parameters = self.parameters.iter().map(|parameter| &parameter.of);
        let result = self.result.iter().map(|(of, _)| of);
        parameters.chain(result).all(|of| match of {
            Type::Aggregate(_) => false,
            Type::Integer(integer) => !integer.name.starts_with("enum"),
            Type::Bool | Type::Float(_) | Type::Complex(_) | Type::Pointer(_) => true,
        })
    }

    /// Its C declaration, up to the semicolon: `result` names the type of its result, and
    /// `parameter` declares the parameter of an index.
    pub fn declaration(&self, result: &str, parameter: impl Fn(usize) -> String) -> String {
        let convention = if self.microsoft {
            " __attribute__((ms_abi))"
        } else {
            ""
        };
        let list = self.parameter_list(parameter);
        format!("{result}{convention} f{}({list})", self.number)
    }

    /// What stands in the parentheses of its declaration.
    pub fn parameter_list(&self, parameter: impl Fn(usize) -> String) -> String {
        let mut parameters: Vec<String> = (0..self.parameters.len()).map(parameter).collect();
        if self.variable.is_some() {
            parameters.push("...".into());
        }
        if parameters.is_empty() {
            "void".into()
        } else {
            parameters.join(", ")
        }
    }
}

impl Parameter {
    fn choose(
        random: &mut Random,
        weights: Weights,
        kinds: Kinds,
        aggregates: &[Rc<Aggregate>],
    ) -> Parameter {
        let of = Type::choose(random, weights, kinds, aggregates);
        Parameter {
            value: Value::choose(random, &of),
            of,
            named: random.chance(1, 2),
            widened: random.chance(1, 2),
        }
    }
}

impl Parameter {
    /// One whose type C's default promotions leave alone.
    fn choose_promoted(
        random: &mut Random,
        weights: Weights,
        kinds: Kinds,
        aggregates: &[Rc<Aggregate>],
    ) -> Parameter {
        loop {
            let parameter = Parameter::choose(random, weights, kinds, aggregates);
            match parameter.of {
                Type::Integer(integer) if integer.bits < 32 => {}
                Type::Bool | Type::Float(Float::Single) => {}
                Type::Integer(_)
                | Type::Float(_)
                | Type::Complex(_)
                | Type::Pointer(_)
                | Type::Aggregate(_) => return parameter,
            }
        }
    }
}

impl Variable {
    fn choose(random: &mut Random) -> Variable {
        match random.below(6) {
            0 => Variable::Signed((random.bits() as i64) >> random.below(64)),
            1 => Variable::Unsigned(random.bits() | 1 << 63),
            2 | 3 => Variable::Double(f64::from_bits(random.bits())),
            4 => Variable::Text(b"text "[..random.below(6)].to_vec()),
            _ => Variable::Pointer(random.bits() << random.below(65).min(63)),
        }
    }
}

fn choose_result(
    random: &mut Random,
    kinds: Kinds,
    aggregates: &[Rc<Aggregate>],
) -> Option<(Type, Value)> {
    if random.chance(1, 8) {
        return None;
    }
    let weights = Weights::choose(random);
    let of = Type::choose(random, weights, kinds, aggregates);
    let value = match of {
        // Nobody knows the size of what such a pointer points to.
        Type::Pointer(Pointer::Bytes) => Value::Address(random.bits() >> random.below(64)),
        Type::Integer(_)
        | Type::Bool
        | Type::Float(_)
        | Type::Complex(_)
        | Type::Pointer(_)
        | Type::Aggregate(_) => Value::choose(random, &of),
    };
    Some((of, value))
}

/// The aggregates and signatures of one batch.
pub fn batch(
    seed: u64,
    index: u64,
    size: usize,
    kinds: Kinds,
) -> (Vec<Rc<Aggregate>>, Vec<Signature>, Random) {
    let mut random = Random::part(seed, index);
    let aggregates = if kinds.aggregates {
        types::choose_aggregates(&mut random, kinds, 12)
    } else {
        Vec::new()
    };
    let signatures = (1..=size)
        .map(|number| Signature::choose(&mut random, number, kinds, &aggregates))
        .collect();
    (aggregates, signatures, random)
}
