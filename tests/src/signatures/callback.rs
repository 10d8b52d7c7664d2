//! Signatures the other way round: C calls a Block with known values and checks what comes back.
//!
//! For every signature the C file has a function `backN` that takes a pointer to such a function, and the script gives it a Block, as a Callback or as it is. C calls by way of a guard (`guard.c`), which
//! checks the registers that a callee keeps. Where `zero` is true the block answers an object that the result's type does
//! not take, and C must get a zero.

use super::callee::{assign, expect, literal};
use super::caller::{expression, member_checks, wrong_object};
use super::random::Random;
use super::types::{Pointer, Type};
use super::values::Value;
use super::{Parameter, Route, Signature};
use std::fmt::Write as _;

/// The prototype of the C function.
pub fn prototype(signature: &Signature) -> String {
    format!(
        "void back{}({}, _Bool zero)",
        signature.number,
        pointer_type(signature, "f")
    )
}

/// A pointer to functions of the signature, as C declares `name`.
fn pointer_type(signature: &Signature, name: &str) -> String {
    let result = signature.result.as_ref();
    let result = result.map_or("void".into(), |(of, _)| of.name());
    let convention = if signature.microsoft {
        "__attribute__((ms_abi)) "
    } else {
        ""
    };
    let list = signature.parameter_list(|index| signature.parameters[index].of.declare(""));
    format!("{result} ({convention}*{name})({list})")
}

/// The C function.
pub fn function(text: &mut String, signature: &Signature) {
    let _ = writeln!(text, "{} {{", prototype(signature));
    let mut arguments = Vec::new();
    let passed = signature.parameters.iter().chain(&signature.rest);
    for (index, parameter) in passed.enumerate() {
        if let Type::Aggregate(_) = parameter.of {
            let name = format!("a{}", index + 1);
            let _ = writeln!(
                text,
                "    {};\n    memset(&{name}, 0x5a, sizeof {name});",
                parameter.of.declare(&name)
            );
            assign(text, &name, &parameter.of, &parameter.value);
            arguments.push(name);
        } else {
            let value = literal(&parameter.of, &parameter.value);
            arguments.push(format!("({}){value}", parameter.of.name()));
        }
    }
    let (guarded, is_microsoft) = if signature.microsoft {
        ("GUARDED_MICROSOFT", 1)
    } else {
        ("GUARDED_SYSV", 0)
    };
    let call = format!("{guarded}(f)({})", arguments.join(", "));
    match &signature.result {
        None => {
            let _ = writeln!(text, "    {call};\n    guard_check({is_microsoft});");
        }
        Some((of, value)) => {
            let _ = writeln!(
                text,
                "    {} = {call};\n    guard_check({is_microsoft});\n    if (!zero) {{",
                of.declare("result")
            );
            expect(text, "the block's answer", "result", of, value);
            text.push_str("    } else {\n");
            expect(text, "no answer", "result", of, &Value::zero(of));
            text.push_str("    }\n");
        }
    }
    text.push_str("}\n");
}

/// The call from Smalltalk, and one that gets no proper answer.
pub fn call(text: &mut String, random: &mut Random, signature: &Signature) {
    let number = signature.number;
    let answer = signature
        .result
        .as_ref()
        .map(|(of, value)| expression(random, of, value));
    let passed = passed(signature, &block(signature, &answer.unwrap_or_default()));
    let _ = writeln!(
        text,
        "tally at: {number} callBack: [ lib back{number}: {passed} zero: false ]."
    );
    let Some((of, _)) = signature.result.as_ref().filter(|_| signature.misanswers) else {
        return;
    };
    let passed = self::passed(signature, &block(signature, &wrong_object(random, of)));
    let _ = writeln!(
        text,
        "tally at: {number} answerRefused: [ lib back{number}: {passed} zero: true ]."
    );
}

/// The block, as one of the objects that stand for it.
fn passed(signature: &Signature, block: &str) -> String {
    let of = pointer_type(signature, "");
    match signature.route {
        Route::Method => block.into(),
        Route::Pointer if signature.is_of_known_types() => {
            format!("(Callback signature: '{of}' block: {block})")
        }
        Route::Declared | Route::Pointer => {
            format!("(Callback signature: (lib type: '{of}') block: {block})")
        }
    }
}

/// A block that checks its arguments.
fn block(signature: &Signature, answer: &str) -> String {
    let mut block = String::from("[ ");
    for index in 0..signature.parameters.len() {
        let _ = write!(block, ":a{index} ");
    }
    if signature.variable.is_some() {
        block.push_str(":rest ");
    }
    if !signature.parameters.is_empty() {
        block.push_str("| ");
    }
    if !signature.rest.is_empty() {
        block.push_str("| next | ");
    }
    block.push_str("tally enter. ");
    for (index, parameter) in signature.parameters.iter().enumerate() {
        check(&mut block, &format!("a{index}"), parameter);
    }
    for parameter in &signature.rest {
        let _ = write!(
            block,
            "next := rest next: (lib type: '{}'). ",
            parameter.of.name()
        );
        check(&mut block, "next", parameter);
    }
    format!("{block}{answer} ]")
}

fn check(block: &mut String, place: &str, parameter: &Parameter) {
    match (&parameter.of, &parameter.value) {
        (Type::Pointer(Pointer::Bytes), Value::Contents(bytes)) => {
            let bytes: Vec<String> = bytes.iter().map(u8::to_string).collect();
            let bytes = bytes.join(" ");
            let _ = write!(block, "tally value: {place} hasBytes: #[{bytes}]. ");
        }
        (of, value) => member_checks(block, place, of, value),
    }
}
