//! RTL as the image makes it, through the whole machinery.
#![expect(unsafe_code, reason = "enters the code that was installed")]

#[path = "../../jit/tests/fixture/mod.rs"]
mod fixture;

use ffi::decode::decode;
use ffi::machinery::{Machinery, Options};
use fixture::Fixture;
use gc::Oop;
use jit::isa::X64;
use jit::rtl::op::print_sequence;
use vm::codes::ReturnAddresses;
use vm::context::Outcome;
use vm::foreign::{ExternalCode, ExternalMethod, Foreign, Marshalling, NotInstalled};

/// An Array of Arrays: one row per line, words are Symbols, numbers Integers, the rest of a line
/// behind `note` a String.
fn rtl(fixture: &mut Fixture, text: &str) -> Oop {
    let mut rows = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let limit = if line.starts_with("note ") {
            2
        } else {
            usize::MAX
        };
        let row: Vec<Oop> = line
            .splitn(limit, ' ')
            .map(|word| match word.parse() {
                Ok(number) => Oop::small(number),
                Err(_) => fixture.bytes(word.as_bytes()),
            })
            .collect();
        rows.push(fixture.pointers(&row));
    }
    fixture.pointers(&rows)
}

const ABS: &str = "
    note int abs(int)
    argument rdi 1
    untagInteger rdi rdi 0
    extend rax s32 rdi
    branch ne rax rdi 0
    callForeign
    extend rax s32 rax
    tagSmall rax rax
    return rax
    label 0
    fail 1 1";

#[test]
fn an_array_of_arrays_becomes_operations() {
    let mut fixture = Fixture::new();
    let array = rtl(&mut fixture, ABS);
    let ops = decode(&fixture.context.heap, array, &X64).expect("it is right");
    let text = print_sequence(&ops, &X64);
    assert_eq!(
        text,
        "  ; int abs(int)
  argument rdi, 1
  untagInteger rdi, rdi, L0
  extend rax, s32, rdi
  branch ne, rax, rdi, L0
  callForeign
  extend rax, s32, rax
  tagSmall rax, rax
  return rax
L0:
  fail 1, 1
"
    );
}

#[test]
fn every_kind_of_operand_is_read() {
    let mut fixture = Fixture::new();
    let text = "
        loadF fscratch f80 stack -16
        branchF ge xmm3 xmm15 7
        runtimeWith rdi pointerToAlien rsi anObject 2
        shiftLeftI r13 scratch 63";
    let array = rtl(&mut fixture, text);
    let ops = decode(&fixture.context.heap, array, &X64).expect("it is right");
    assert_eq!(
        print_sequence(&ops, &X64),
        "  loadF xmm15, f80, rsp, -16
  branchF ge, xmm3, xmm15, L7
  runtimeWith rdi, pointerToAlien, rsi, object, L2
  shiftLeftI r13, r14, 63
"
    );
}

#[test]
fn errors_say_which_operand_is_wrong_and_what_was_expected() {
    let mut fixture = Fixture::new();
    let mut error = |text: &str| {
        let array = rtl(&mut fixture, text);
        decode(&fixture.context.heap, array, &X64)
            .expect_err("it is wrong")
            .to_string()
    };
    assert_eq!(
        error("callForeign\nfly rdi"),
        "RTL operation 2 (fly): there is no such operation"
    );
    assert_eq!(
        error("move rdi"),
        "RTL operation 1 (move): it takes 2 operands (target, source), got 1"
    );
    assert_eq!(
        error("move rdi xmm0"),
        "RTL operation 1 (move): operand 2 (source): expected the Symbol of a general register, \
         got #xmm0"
    );
    assert_eq!(
        error("load rax s7 rdi 0"),
        "RTL operation 1 (load): operand 2 (width): expected a width \
         (#s8 #u8 #s16 #u16 #s32 #u32 #w64), got #s7"
    );
    assert_eq!(
        error("jump -1"),
        "RTL operation 1 (jump): operand 1 (label): expected a label, an Integer from 0, got -1"
    );
    assert_eq!(
        error("17"),
        "RTL operation 1: expected the operation's name, got 17"
    );
    let heap = &fixture.context.heap;
    let number = decode(heap, Oop::small(3), &X64).expect_err("it is no Array");
    assert_eq!(number.to_string(), "RTL: expected an Array, got 3");
}

fn machinery(marshalling: Marshalling) -> Machinery {
    Machinery::new(Options {
        marshalling,
        ..Options::default()
    })
    .expect("address space")
}

fn install(
    machinery: &Machinery,
    fixture: &mut Fixture,
    text: &str,
) -> Result<ExternalCode, String> {
    let rtl = rtl(fixture, text);
    install_rtl(machinery, fixture, rtl)
}

fn install_rtl(
    machinery: &Machinery,
    fixture: &mut Fixture,
    rtl: Oop,
) -> Result<ExternalCode, String> {
    let function = machinery.symbol(0, "abs").expect("libc has abs");
    let method = ExternalMethod {
        name: "LibC>>abs:",
        method: Oop::ZERO,
        argument_count: 1,
        rtl,
        function,
    };
    let installed = machinery.install(&mut fixture.context, &method);
    installed.map_err(|reason| match reason {
        NotInstalled::Wrong(words) | NotInstalled::NoRoom(words) => words,
    })
}

fn nothing_runs() -> ReturnAddresses {
    ReturnAddresses::new(Vec::new(), true)
}

fn call(machinery: &Machinery, fixture: &mut Fixture, code: ExternalCode, n: i64) -> Outcome {
    fixture.push(&[Oop::small(0), Oop::small(n)]);
    match code {
        // SAFETY: the fixture's stack holds the argument, and the code was just installed.
        ExternalCode::Machine(address) => unsafe {
            machinery.enter(&raw mut *fixture.context, address)
        },
        // SAFETY: as above.
        ExternalCode::Plan(number) => unsafe {
            machinery.call_plan(&raw mut *fixture.context, number)
        },
    }
}

#[test]
fn compiled_and_interpreted_methods_are_installed_called_and_removed() {
    for marshalling in [Marshalling::Compiled, Marshalling::Interpreted] {
        let (mut fixture, machinery) = (Fixture::new(), machinery(marshalling));
        let before = machinery.code_bytes();
        let code = install(&machinery, &mut fixture, ABS).expect("it is right");
        assert_eq!(call(&machinery, &mut fixture, code, -42), Outcome::Returned);
        assert_eq!(fixture.context.value, Oop::small(42).bits());
        assert_eq!(
            call(&machinery, &mut fixture, code, 1 << 40),
            Outcome::Failed
        );
        assert_eq!(
            (fixture.context.failure, fixture.context.failure_argument),
            (1, 1)
        );
        assert!(machinery.listing(code).contains("LibC>>abs:"));
        assert!(
            machinery
                .listing(code)
                .contains("untagInteger rdi, rdi, L0")
        );
        if let ExternalCode::Machine(address) = code {
            let running = ReturnAddresses::new(vec![address + 1], true);
            assert!(!machinery.remove(code, &running), "it runs");
        }
        assert!(machinery.remove(code, &nothing_runs()));
        assert_eq!(machinery.code_bytes(), before);
    }
}

#[test]
fn plans_take_the_numbers_of_removed_ones() {
    let (mut fixture, machinery) = (Fixture::new(), machinery(Marshalling::Interpreted));
    let first = install(&machinery, &mut fixture, ABS).expect("it is right");
    let second = install(&machinery, &mut fixture, ABS).expect("it is right");
    assert_ne!(first, second);
    assert!(machinery.remove(first, &nothing_runs()));
    assert_eq!(install(&machinery, &mut fixture, ABS), Ok(first));
}

#[test]
fn what_cannot_be_executed_is_refused_in_both_modes() {
    for marshalling in [Marshalling::Compiled, Marshalling::Interpreted] {
        let (mut fixture, machinery) = (Fixture::new(), machinery(marshalling));
        let error = install(&machinery, &mut fixture, "jump 3").expect_err("no label");
        assert_eq!(
            error,
            "RTL operation 1 (jump L3): L3 is marked nowhere, in LibC>>abs:"
        );
    }
    let (mut fixture, machinery) = (Fixture::new(), machinery(Marshalling::Compiled));
    let text = "describeCall X\ncallForeign\nreturn rax";
    let error = install(&machinery, &mut fixture, text).expect_err("for libffi");
    assert_eq!(
        error,
        "describeCall is for marshalling through libffi alone, in LibC>>abs:"
    );
}

#[test]
fn descriptions_for_libffi_are_checked() {
    let described = |description: &str| {
        let (mut fixture, machinery) = (Fixture::new(), machinery(Marshalling::Libffi));
        let rows = "describeCall X\ncallForeign\nreturn rax";
        let ops = rtl(&mut fixture, rows);
        let row = fixture.context.heap.slot(ops, 0);
        let text = fixture.bytes(description.as_bytes());
        fixture.context.heap.set_slot(row, 1, text);
        install_rtl(&machinery, &mut fixture, ops)
    };
    for (description, words) in [
        ("pascal - v", "pascal is no convention"),
        ("sysv - x9@0", "libffi has no type x9"),
        ("sysv - v {s4,f8@0", "a struct's description has no end"),
        (
            "sysv - v {s1,s4}5@0",
            "libffi makes a struct of 8 bytes where C has 5",
        ),
    ] {
        let error = described(description).expect_err(description);
        assert!(error.starts_with(words), "{error}");
    }
    described("sysv - s4@0 s4@16").expect("int (int)");
    described("ms 1 f8@0 p@16 {s4,f8,{u1,c4}12}32@32").expect("variadic");
}

#[test]
fn young_literals_stay_where_they_are() {
    let (mut fixture, machinery) = (Fixture::new(), machinery(Marshalling::Compiled));
    let heap = &mut fixture.context.heap;
    let young = heap
        .allocate_bytes(gc::ClassIndex::new(77), 3)
        .expect("room");
    assert!(heap.is_young(young));
    let ops = rtl(&mut fixture, "literal rax X\nreturn rax");
    let row = fixture.context.heap.slot(ops, 0);
    fixture.context.heap.set_slot(row, 2, young);
    let method = ExternalMethod {
        name: "X>>y",
        method: Oop::ZERO,
        argument_count: 0,
        rtl: ops,
        function: 0,
    };
    machinery
        .install(&mut fixture.context, &method)
        .expect("it is right");
    assert!(fixture.context.heap.is_pinned(young));
}
