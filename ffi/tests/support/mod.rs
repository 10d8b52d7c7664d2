//! What the test programs of this crate share.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test program uses a part of it"
)]
#![expect(unsafe_code, reason = "runs plans on the fixture's context")]

pub mod caller;
pub mod marshal;

use super::fixture::Fixture;
use ffi::interpret::Plan;
use ffi::library::Libraries;
use gc::Oop;
use gc::oop::{SMALL_INTEGER_MAX, SMALL_INTEGER_MIN};
use jit::compiler::check_linked;
use jit::rtl::Op;
use std::sync::OnceLock;

/// A generator of numbers (splitmix64), the same ones in every run.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ bits >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ bits >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ bits >> 31
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }

    /// Integers of all sizes, those near a power of two and at the limits above all.
    pub fn integer(&mut self) -> i64 {
        match self.below(4) {
            0 => self.pick(&[
                0,
                1,
                -1,
                i64::MIN,
                i64::MAX,
                SMALL_INTEGER_MAX,
                SMALL_INTEGER_MIN,
            ]),
            1 => {
                let power = 1i64 << self.below(64);
                let sign = self.pick(&[1, -1]);
                power
                    .wrapping_mul(sign)
                    .wrapping_add(self.below(3) as i64 - 1)
            }
            2 => self.next() as i64,
            _ => self.next() as i64 >> self.below(64),
        }
    }

    /// Doubles of all sizes, at the limits of immediate floats above all.
    pub fn float(&mut self) -> f64 {
        let exponent_limits = [0, 1, 895, 896, 897, 1023, 1151, 1152, 1153, 2046, 2047];
        let (sign, mantissa) = (self.next() << 63, self.next() >> 12);
        match self.below(4) {
            0 => self.pick(&[
                0.0,
                -0.0,
                1.0,
                -1.0,
                f64::NAN,
                f64::INFINITY,
                f64::MIN,
                5e-324,
            ]),
            1 => {
                let exponent: u64 = self.pick(&exponent_limits);
                let mantissa = self.pick(&[0, 1, mantissa, (1 << 52) - 1]);
                f64::from_bits(sign | exponent << 52 | mantissa)
            }
            2 => self.integer() as f64,
            _ => f64::from_bits(self.next()),
        }
    }
}

/// Opens what the system's C compiler makes of `tests/c/shapes.c`.
pub fn shapes(libraries: &mut Libraries) -> u64 {
    static OBJECT: OnceLock<String> = OnceLock::new();
    let object = OBJECT.get_or_init(|| compile("shapes"));
    libraries
        .open(object)
        .unwrap_or_else(|error| panic!("{error:?}"))
}

/// Compiles a C file of `tests/c`; answers the path of the shared library.
fn compile(name: &str) -> String {
    let source = format!("{}/tests/c/{name}.c", env!("CARGO_MANIFEST_DIR"));
    let object = format!("{}/{name}.so", env!("CARGO_TARGET_TMPDIR"));
    // Made under another name, so that a test program never loads half a file.
    let unfinished = format!("{object}.{}", std::process::id());
    let status = std::process::Command::new("cc")
        .args([
            "-std=c11",
            "-O1",
            "-fno-omit-frame-pointer",
            "-Wall",
            "-Werror",
        ])
        .args(["-shared", "-fPIC", "-o", &unfinished, &source])
        .status()
        .expect("the system has a C compiler named cc");
    assert!(status.success(), "cc cannot compile {source}");
    std::fs::rename(&unfinished, &object).expect("both are in one folder");
    object
}

/// As `Fixture::run`, through the RTL interpreter.
pub fn run_plan(
    fixture: &mut Fixture,
    ops: &[Op],
    values: &[Oop],
    function: u64,
) -> Result<u64, (u64, u64)> {
    let argument_count = values.len() - 1;
    let facts = check_linked(ops, argument_count, function).unwrap_or_else(|e| panic!("{e}"));
    let plan = Plan {
        name: "test".into(),
        ops: ops.into(),
        facts,
        argument_count,
        function,
        described: None,
    };
    let bottom = fixture.context.sp;
    fixture.push(values);
    let top = fixture.context.sp;
    fixture.context.failure = 0;
    fixture.context.failure_argument = 0;
    // SAFETY: receiver and arguments have just been pushed; the context is the fixture's.
    let outcome = unsafe { plan.run(&mut *fixture.context) };
    assert_eq!(
        fixture.context.sp, top,
        "the interpreter leaves the stack as it is"
    );
    if outcome == vm::context::Outcome::Returned {
        fixture.context.sp = bottom;
    }
    fixture.finish(outcome, bottom, top, values)
}
