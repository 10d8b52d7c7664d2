//! C holds addresses of objects while it calls back into the VM, which allocates and collects.
//!
//! The C function of these tests is Rust that is called as C is. It gets addresses of byte objects,
//! and until it returns it checks at every step that their bytes are where they were.
#![expect(unsafe_code, reason = "plays the part of a C function that calls back")]

use clap::Parser;
use repl::options::CommandLine;
use repl::session::Session;
use std::cell::Cell;
use vm::vm::Vm;

thread_local! {
    static VM: Cell<*mut Vm> = const { Cell::new(std::ptr::null_mut()) };
}

/// Bytes of each buffer that `visit` gets.
const BUFFER: usize = 100;

/// What the buffers hold, summed up so that order matters.
fn checksum(buffers: &[*const u8]) -> u64 {
    let mut sum = 0u64;
    for &buffer in buffers {
        for index in 0..BUFFER {
            // SAFETY: the script passes objects of at least so many bytes, and that they stay where
            // they are is what this test is about.
            let byte = unsafe { buffer.add(index).read() };
            sum = sum.wrapping_mul(31).wrapping_add(u64::from(byte));
        }
    }
    sum
}

/// Sends `Worker work: round depth: depth` for each round; answers 0, or the round after which a
/// buffer was not as before.
extern "C" fn visit(rounds: u64, depth: u64, a: *const u8, b: *const u8, c: *mut u8) -> u64 {
    let buffers = [a, b, c.cast_const()];
    let before = checksum(&buffers);
    for round in 1..=rounds {
        // SAFETY: the VM is suspended in the call of this function and nothing of it is borrowed.
        let vm = unsafe { &mut *VM.get() };
        let worker = vm.global_value("Worker").expect("the class of the script");
        let arguments = [gc::Oop::small(round as i64), gc::Oop::small(depth as i64)];
        vm.send(worker, "work:depth:", &arguments)
            .expect("the callback ends well");
        if checksum(&buffers) != before {
            return round;
        }
    }
    // C writes through its address, too.
    // SAFETY: as in `checksum`.
    unsafe { c.write(77) };
    0
}

const SCRIPT: &str = "
Worker = Object (
    ----
    | function kept |
    function: aFunction = ( function := aFunction. kept := Array new: 50 )
    work: round depth: depth = (
        | list |
        list := Array new: 20.
        1 to: 20 do: [:i | list at: i put: (String new: i * 10) ].
        kept at: round % 50 + 1 put: list.
        round % COLLECT = 0 ifTrue: [ round % 100 = 0 ifTrue: [ system fullGC ] ifFalse: [ system scavenge ] ].
        (depth > 0 and: [ round % 10 = 0 ]) ifTrue: [ self visit: 10 depth: depth - 1 ].
        ^3
    )
    buffer: seed = (
        | buffer |
        buffer := ByteArray new: 100.
        1 to: 100 do: [:i | buffer at: i put: i * seed % 256 ].
        ^buffer
    )
    visit: rounds depth: depth = (
        | a b c wrong |
        a := self buffer: 7. b := self buffer: 11. c := self buffer: 13.
        wrong := function value: rounds value: depth value: a value: b value: c.
        wrong = 0 ifFalse: [ Error signal: 'a buffer changed in round ' + wrong asString ].
        (c at: 1) = 77 ifFalse: [ Error signal: 'what C wrote is not there' ].
        ((2 to: 100) allSatisfy: [:i | (c at: i) = (i * 13 % 256) ]) ifFalse: [ Error signal: 'c' ].
        ((1 to: 100) allSatisfy: [:i | (a at: i) = (i * 7 % 256) ]) ifFalse: [ Error signal: 'a' ]
    )
)
Worker function: (CFunction at: (Alien forPointer: ADDRESS)
    type: 'uint64_t (*)(uint64_t rounds, uint64_t depth, const void *a, void *b, void *c)').
Worker visit: ROUNDS depth: 3.
'done'
";

fn run(options: &[&str], rounds: usize, collect_every: usize) {
    let line = CommandLine::try_parse_from([&["ripley"], options].concat()).expect("good options");
    let mut session = Session::start(&line, Vec::new()).expect("a session");
    VM.set(&raw mut *session.vm());
    let function: extern "C" fn(u64, u64, *const u8, *const u8, *mut u8) -> u64 = visit;
    let script = SCRIPT
        .replace("ADDRESS", &(function as usize).to_string())
        .replace("ROUNDS", &rounds.to_string())
        .replace("COLLECT", &collect_every.to_string());
    let value = session.evaluate("held addresses", script);
    let value = value.unwrap_or_else(|fault| panic!("{options:?}: {fault:?}"));
    assert_eq!(session.vm().text(value), "done");
    let stats = session.vm().heap().stats();
    assert!(stats.tenured_segments > 0, "nothing was tenured: {stats:?}");
}

#[test]
fn buffers_stay_while_compiled_marshalling_calls_back_10_000_times() {
    run(&[], 10_000, 1);
}

#[test]
fn buffers_stay_while_interpreted_marshalling_calls_back_10_000_times() {
    run(&["--marshal", "interpreted"], 10_000, 1);
}

#[test]
fn buffers_stay_while_every_allocation_collects() {
    run(&["--gc-stress"], 30, 1);
}

#[test]
fn buffers_stay_when_collections_come_by_themselves() {
    run(&[], 10_000, 1_000_000);
}
