//! Signatures the other way round: C calls a Block with known values and checks what comes back.
//!
//! For every signature without a variable part the C file has a function `backN` that takes a pointer to such a
//! function, and the script gives it a Block, as a Callback or as it is.

use super::callee::{assign, expect, literal};
use super::caller::{expression, member_checks};
use super::random::Random;
use super::types::{Pointer, Type};
use super::values::Value;
use super::{Route, Signature};
use std::fmt::Write as _;

/// The prototype of the C function.
pub fn prototype(signature: &Signature) -> String {
    format!(
        "void back{}({})",
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
    for (index, parameter) in signature.parameters.iter().enumerate() {
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
    let call = format!("f({})", arguments.join(", "));
    match &signature.result {
        None => {
            let _ = writeln!(text, "    {call};");
        }
        Some((of, value)) => {
            let _ = writeln!(text, "    {} = {call};", of.declare("result"));
            expect(text, "the block's answer", "result", of, value);
        }
    }
    text.push_str("}\n");
}

/// The call from Smalltalk.
pub fn call(text: &mut String, random: &mut Random, signature: &Signature) {
    let mut block = String::from("[ ");
    for index in 0..signature.parameters.len() {
        let _ = write!(block, ":a{index} ");
    }
    block.push_str(if signature.parameters.is_empty() {
        "tally enter. "
    } else {
        "| tally enter. "
    });
    for (index, parameter) in signature.parameters.iter().enumerate() {
        let place = format!("a{index}");
        match (&parameter.of, &parameter.value) {
            (Type::Pointer(Pointer::Bytes), Value::Contents(bytes)) => {
                let bytes: Vec<String> = bytes.iter().map(u8::to_string).collect();
                let _ = write!(
                    block,
                    "tally value: {place} hasBytes: #[{}]. ",
                    bytes.join(" ")
                );
            }
            (of, value) => member_checks(&mut block, &place, of, value),
        }
    }
    if let Some((of, value)) = &signature.result {
        block.push_str(&expression(random, of, value));
    }
    block.push_str(" ]");
    let passed = match signature.route {
        Route::Method => block,
        Route::Declared | Route::Pointer => format!(
            "(Callback signature: (lib type: '{}') block: {block})",
            pointer_type(signature, "")
        ),
    };
    let number = signature.number;
    let _ = writeln!(
        text,
        "tally at: {number} callBack: [ lib back{number}: {passed} ]."
    );
}
