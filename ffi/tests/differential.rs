//! The lowering against the RTL interpreter: every operation of the table with random operands.

#![expect(unsafe_code, reason = "puts arbitrary words on the VM stack")]

#[path = "../../jit/tests/fixture/mod.rs"]
mod fixture;
mod support;

use fixture::{Fixture, REFUSED};
use gc::Oop;
use jit::isa::X64;
use jit::isa::x64::registers::*;
use jit::rtl::check::{is_of_bytecodes, is_of_callbacks};
use jit::rtl::operand::Reader;
use jit::rtl::{Condition, Fpr, Gpr, Label, Op, Precision, Width};
use std::convert::Infallible;
use support::{Random, run_plan};
use vm::entry::Entry;
use vm::failure::Failure;

/// Registers that random operations work on.
const GENERAL: [Gpr; 9] = [RAX, RCX, RDX, RSI, RDI, R8, R9, SCRATCH, SCRATCH2];
const FLOAT: [Fpr; 5] = [XMM0, XMM1, XMM7, XMM13, FSCRATCH];
/// Holds the address of the state.
const BASE: Gpr = R13;
/// Words of the state: registers before, registers after, and room for stores.
const AFTER: usize = 32;
const ROOM: usize = 64;
const WORDS: usize = 128;
/// Where operations with a label go.
const TAKEN: Label = Label(0);
/// How often each operation is tried.
const ROUNDS: usize = 200;

/// Makes operands up.
struct RandomOperands<'a> {
    random: &'a mut Random,
}

impl Reader for RandomOperands<'_> {
    type Error = Infallible;

    fn gpr(&mut self, operand: &'static str) -> Result<Gpr, Infallible> {
        Ok(if operand == "base" {
            BASE
        } else {
            self.random.pick(&GENERAL)
        })
    }

    fn fpr(&mut self, _operand: &'static str) -> Result<Fpr, Infallible> {
        Ok(self.random.pick(&FLOAT))
    }

    fn imm(&mut self, operand: &'static str) -> Result<i64, Infallible> {
        Ok(match operand {
            "offset" => (ROOM * 8) as i64 + self.random.below(200) as i64,
            "count" => self.random.below(64) as i64,
            "index" | "argument" => self.random.below(2) as i64,
            "from" => self.random.below(200) as i64,
            "bytes" => self.random.below(100) as i64,
            "reason" => self.random.below(Failure::ALL.len() as u64 + 1) as i64,
            _ => self.random.integer(),
        })
    }

    fn lab(&mut self, _operand: &'static str) -> Result<Label, Infallible> {
        Ok(TAKEN)
    }

    fn obj(&mut self, _operand: &'static str) -> Result<Oop, Infallible> {
        Ok(Oop::small(self.random.below(1 << 40) as i64))
    }

    fn wid(&mut self, _operand: &'static str) -> Result<Width, Infallible> {
        Ok(self.random.pick(Width::ALL))
    }

    fn pre(&mut self, _operand: &'static str) -> Result<Precision, Infallible> {
        Ok(self.random.pick(Precision::ALL))
    }

    fn con(&mut self, _operand: &'static str) -> Result<Condition, Infallible> {
        Ok(self.random.pick(Condition::ALL))
    }

    fn ent(&mut self, _operand: &'static str) -> Result<Entry, Infallible> {
        Ok(self.random.pick(Entry::ALL))
    }

    fn txt(&mut self, _operand: &'static str) -> Result<Box<str>, Infallible> {
        Ok("a remark".into())
    }
}

/// Loads the state, does `op`, stores the state; returns 1 behind the operation, 2 at its label.
fn program(op: Op) -> Vec<Op> {
    let mut ops = vec![Op::Argument {
        target: BASE,
        index: 1,
    }];
    let places = || (0..).map(|place| place * 8);
    for (target, offset) in GENERAL.into_iter().zip(places()) {
        ops.push(Op::Load {
            target,
            width: Width::W64,
            base: BASE,
            offset,
        });
    }
    for (target, offset) in FLOAT.into_iter().zip(places().skip(GENERAL.len())) {
        ops.push(Op::LoadF {
            target,
            precision: Precision::F64,
            base: BASE,
            offset,
        });
    }
    let is_label = matches!(op, Op::Label { .. });
    ops.push(op);
    for result in [1, 2] {
        if result == 2 && !is_label {
            ops.push(Op::Label { label: TAKEN });
        }
        let places = || places().skip(AFTER);
        for (source, offset) in GENERAL.into_iter().zip(places()) {
            ops.push(Op::Store {
                width: Width::W64,
                base: BASE,
                offset,
                source,
            });
        }
        for (source, offset) in FLOAT.into_iter().zip(places().skip(GENERAL.len())) {
            ops.push(Op::StoreF {
                precision: Precision::F64,
                base: BASE,
                offset,
                source,
            });
        }
        ops.push(Op::Constant {
            target: RAX,
            value: result,
        });
        ops.push(Op::Return { source: RAX });
    }
    ops
}

/// What a run leaves behind.
#[derive(PartialEq, Debug)]
struct Observed {
    outcome: Result<u64, (u64, u64)>,
    state: Vec<u64>,
    failure: u64,
}

fn observe(
    fixture: &mut Fixture,
    before: &[u64; WORDS],
    run: impl FnOnce(&mut Fixture, &[Oop]) -> Result<u64, (u64, u64)>,
) -> Observed {
    let mut state = Box::new(*before);
    // SAFETY: the address of the state is no object; nothing in these programs takes it for one.
    let address = unsafe { Oop::from_bits(state.as_mut_ptr() as u64) };
    fixture.context.failure = 0;
    let outcome = run(fixture, &[Oop::small(-5), address]);
    // The address differs between runs, so it is not compared where it is loaded.
    let own = address.bits();
    let neutral = |word: &u64| if *word == own { 0 } else { *word };
    let state = state.iter().map(neutral).collect();
    Observed {
        outcome,
        state,
        failure: fixture.context.failure,
    }
}

/// Objects and other words for the general registers.
fn word(random: &mut Random, fixture: &Objects) -> u64 {
    match random.below(8) {
        0 => random.pick(&fixture.heap).bits(),
        1 => random.integer() as u64 | 1,
        2 => Oop::from_char(random.below(0x11_0000) as u32).bits(),
        3 => Oop::from_f64(random.float()).unwrap_or(Oop::ZERO).bits(),
        4 => REFUSED,
        // Any bits, but not those of a pointer or of a Character that there is none.
        _ => random.integer() as u64 | random.pick(&[1, 4]),
    }
}

/// Heap objects of every kind that object operations tell apart.
struct Objects {
    heap: Vec<Oop>,
    /// Address, size and data: in C, in the heap, within another one, freed.
    aliens: Vec<Oop>,
    /// With more bytes than any operation here copies.
    large: Oop,
}

fn objects(fixture: &mut Fixture) -> Objects {
    let mut heap = vec![fixture.pointers(&[Oop::small(1), Oop::from_char(65), Oop::ZERO])];
    for size in [
        0usize, 1, 6, 7, 8, 9, 15, 16, 17, 100, 2031, 2032, 2033, 5000,
    ] {
        let clean: Vec<u8> = (0..size).map(|index| (index % 255 + 1) as u8).collect();
        heap.push(fixture.bytes(&clean));
        for at in [0, size / 2, size.saturating_sub(1)] {
            let mut broken = clean.clone();
            if let Some(byte) = broken.get_mut(at) {
                *byte = 0;
                heap.push(fixture.bytes(&broken));
            }
        }
        let high: Vec<u8> = (0..size).map(|index| 0x80 | index as u8).collect();
        heap.push(fixture.bytes(&high));
    }
    let (size, none) = (Oop::small(8), fixture.context.nil);
    let large = fixture.bytes(&[0x5A; 1000]);
    let whole = fixture.pointers(&[Oop::small(0x1234_5678), size, none]);
    let aliens = vec![
        whole,
        fixture.pointers(&[Oop::small(24), size, large]),
        fixture.pointers(&[Oop::small(24), size, whole]),
        fixture.pointers(&[large, none, none]),
    ];
    Objects {
        heap,
        aliens,
        large,
    }
}

/// Operations that need a function, see `c_scalars.rs`.
fn is_call(name: &str) -> bool {
    ["callForeign", "callRegister", "storeX87"].contains(&name)
}

/// True where the two ways may differ, because the operation leaves it open.
fn is_open(op: &Op, before: &[u64; WORDS]) -> bool {
    let float = |register: &Fpr| {
        let place = FLOAT
            .iter()
            .position(|candidate| candidate == register)
            .expect("ours");
        f64::from_bits(before[GENERAL.len() + place])
    };
    if let Op::FloatToInteger { source, .. } = op {
        // NaN, or beyond what 64 bits hold.
        return !(float(source) >= i64::MIN as f64 && float(source) < i64::MAX as f64);
    }
    if let Op::BranchF { condition, .. } = op {
        return condition.is_unsigned();
    }
    if let Op::CheckClass { class, .. } = op {
        // The check refuses others.
        return !(1..=i64::from(gc::layout::CLASS_INDEX_MASK)).contains(class);
    }
    matches!(op, Op::Narrow { .. } | Op::Widen { .. })
}

#[test]
fn every_operation_does_the_same_lowered_and_interpreted() {
    let mut fixture = Fixture::new();
    let objects = objects(&mut fixture);
    let mut random = Random::new(1);
    for name in Op::NAMES.iter().filter(|name| !is_call(name)) {
        for _ in 0..ROUNDS {
            let Ok(op) = Op::read(
                name,
                &mut RandomOperands {
                    random: &mut random,
                },
            ) else {
                panic!("{name} stands in the table");
            };
            // New objects have addresses of their own each time.
            let is_new = matches!(op, Op::Allocate { .. } | Op::AllocateStruct { .. });
            if is_of_bytecodes(&op) || is_of_callbacks(&op) || is_new {
                continue;
            }
            let mut before = [0; WORDS];
            for place in &mut before[..GENERAL.len()] {
                *place = if matches!(op, Op::Slot { .. } | Op::StoreImmediate { .. }) {
                    objects.heap[0].bits()
                } else if matches!(op, Op::AlienAddress { .. } | Op::AlienData { .. }) {
                    random.pick(&objects.aliens).bits()
                } else if matches!(op, Op::CopyBytes { .. }) {
                    objects.large.bits()
                } else if matches!(op, Op::BodyAddress { .. }) {
                    random.pick(&objects.heap).bits()
                } else {
                    word(&mut random, &objects)
                };
            }
            for place in &mut before[GENERAL.len()..][..FLOAT.len()] {
                *place = random.float().to_bits();
            }
            for place in &mut before[ROOM..] {
                *place = random.float().to_bits();
            }
            if is_open(&op, &before) {
                continue;
            }
            let ops = program(op.clone());
            let lowered = observe(&mut fixture, &before, |f, values| f.run(&ops, values, 0));
            let plan = observe(&mut fixture, &before, |f, values| {
                run_plan(f, &ops, values, 0)
            });
            assert_same(&op, &before, &lowered, &plan);
        }
    }
}

/// Compares all but what NaNs carry.
fn assert_same(op: &Op, before: &[u64; WORDS], lowered: &Observed, plan: &Observed) {
    let same = lowered.outcome == plan.outcome
        && lowered.failure == plan.failure
        && lowered
            .state
            .iter()
            .zip(&plan.state)
            .enumerate()
            .all(|(place, (a, b))| {
                let float = (AFTER + GENERAL.len()..ROOM).contains(&place);
                let nan = f64::from_bits(*a).is_nan() && f64::from_bits(*b).is_nan();
                a == b || float && nan
            });
    assert!(
        same,
        "{}\nbefore {:x?}\nlowered {:x?}\ninterpreted {:x?}",
        op.display(&X64),
        &before[..GENERAL.len() + FLOAT.len()],
        lowered,
        plan
    );
}

#[test]
fn floats_of_32_bits_convert_the_same_way() {
    let mut fixture = Fixture::new();
    let mut random = Random::new(2);
    let offset = |place: usize| (place * 8) as i64;
    let (f32s, f64s) = (Precision::F32, Precision::F64);
    let ops = [
        Op::Argument {
            target: BASE,
            index: 1,
        },
        Op::LoadF {
            target: XMM0,
            precision: f64s,
            base: BASE,
            offset: 0,
        },
        Op::Narrow {
            target: XMM1,
            source: XMM0,
        },
        Op::StoreF {
            precision: f32s,
            base: BASE,
            offset: offset(AFTER),
            source: XMM1,
        },
        Op::Widen {
            target: XMM0,
            source: XMM1,
        },
        Op::StoreF {
            precision: f64s,
            base: BASE,
            offset: offset(AFTER + 1),
            source: XMM0,
        },
        Op::LoadF {
            target: XMM2,
            precision: f32s,
            base: BASE,
            offset: offset(AFTER),
        },
        Op::Widen {
            target: XMM2,
            source: XMM2,
        },
        Op::StoreF {
            precision: f64s,
            base: BASE,
            offset: offset(AFTER + 2),
            source: XMM2,
        },
        Op::Return { source: RAX },
    ];
    for _ in 0..ROUNDS {
        let mut before = [0; WORDS];
        let value = random.float();
        before[0] = value.to_bits();
        let lowered = observe(&mut fixture, &before, |f, values| f.run(&ops, values, 0));
        let plan = observe(&mut fixture, &before, |f, values| {
            run_plan(f, &ops, values, 0)
        });
        assert_eq!(lowered.state, plan.state, "{value}");
        let expected = value as f32 as f64;
        if !value.is_nan() {
            assert_eq!(lowered.state[AFTER + 1], expected.to_bits(), "{value}");
            assert_eq!(lowered.state[AFTER + 2], expected.to_bits(), "{value}");
        }
    }
}
