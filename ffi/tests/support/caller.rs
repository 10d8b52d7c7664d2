//! Calls functions of `tests/c/shapes.c` both ways.

use super::super::fixture::Fixture;
use super::marshal::{C, rtl};
use super::{run_plan, shapes};
use ffi::library::Libraries;
use gc::Oop;
use jit::rtl::Op;
use vm::failure::Failure;

/// What a call answers: an oop's bits, or failure and argument.
pub type Answer = Result<u64, (u64, u64)>;

/// A way of running RTL: operations, receiver and arguments, function.
pub type Run = fn(&mut Fixture, &[Op], &[Oop], u64) -> Answer;

pub struct Caller {
    pub fixture: Fixture,
    libraries: Libraries,
    shapes: u64,
}

impl Caller {
    pub fn new() -> Caller {
        let mut libraries = Libraries::new();
        let shapes = shapes(&mut libraries);
        Caller {
            fixture: Fixture::new(),
            libraries,
            shapes,
        }
    }

    pub fn symbol(&self, name: &str) -> u64 {
        self.libraries
            .symbol(self.shapes, name)
            .unwrap_or_else(|| panic!("{name} is in shapes.c"))
    }

    /// Runs RTL both ways and checks that they agree.
    pub fn run(&mut self, name: &str, ops: &[Op], arguments: &[Oop]) -> Answer {
        let function = self.symbol(name);
        let values = [&[Oop::small(-9)], arguments].concat();
        let lowered = self.fixture.run(ops, &values, function);
        let errno = self.fixture.context.errno;
        let interpreted = run_plan(&mut self.fixture, ops, &values, function);
        assert_eq!(lowered, interpreted, "{name}");
        assert_eq!(errno, self.fixture.context.errno, "{name}");
        assert!(!self.fixture.context.heap.addresses_held(), "{name}");
        lowered
    }

    pub fn call(&mut self, name: &str, types: &[C], result: C, arguments: &[Oop]) -> Answer {
        self.run(name, &rtl(types, result), arguments)
    }
}

pub fn ints(values: &[i64]) -> Vec<Oop> {
    values.iter().map(|value| Oop::small(*value)).collect()
}

pub fn float(value: f64) -> Oop {
    Oop::from_f64(value).expect("an immediate float")
}

pub fn ok(value: Oop) -> Answer {
    Ok(value.bits())
}

pub fn refused(reason: Failure, argument: u64) -> Answer {
    Err((reason as u64, argument))
}
