//! The Smalltalk side: declares the functions of a batch, calls them, and tells what is wrong.

use super::random::Random;
use super::types::{Aggregate, COMMON_DECLARATIONS, Pointer, Type};
use super::values::{Value, extended};
use super::{Directions, Route, Signature, Variable};
use std::fmt::Write as _;
use std::rc::Rc;

/// What compares, counts and complains.
const TALLY: &str = include_str!("tally.som");

/// The script of a batch. Its first argument is the path of the library. It prints a line for
/// everything that is wrong, and at the end how many calls there were.
pub fn script(
    random: &mut Random,
    aggregates: &[Rc<Aggregate>],
    signatures: &[Signature],
    directions: Directions,
) -> String {
    let mut text = String::from(TALLY);
    let mut types = String::from(COMMON_DECLARATIONS);
    for aggregate in aggregates {
        types.push_str(&aggregate.definition());
    }
    let _ = writeln!(
        text,
        "Batch = ExternalLibrary (\n----\nlibraryName = ( ^System arguments at: 1 )\n\
         declarations = ( ^'{types}' )"
    );
    for signature in signatures.iter().filter(|each| each.route == Route::Method) {
        method(&mut text, signature);
    }
    let _ = writeln!(
        text,
        ")\nlib := ExternalLibrary open: (System arguments at: 1)."
    );
    let _ = writeln!(text, "lib declare: '{types}'.\nlib declare: '");
    for signature in signatures.iter().filter(|each| each.route != Route::Method) {
        let _ = writeln!(text, "{};", prototype(signature));
    }
    if directions.callbacks {
        for signature in signatures {
            let _ = writeln!(text, "{};", super::callback::prototype(signature));
        }
    }
    text.push_str(
        "long call_count(void); const char *complaint(void);'.\ntally := Tally on: lib.\n",
    );
    for signature in signatures {
        if directions.calls {
            calls(&mut text, random, signature);
        }
        if directions.callbacks {
            super::callback::call(&mut text, random, signature);
        }
    }
    text.push_str("tally report\n");
    text
}

/// The declaration as Smalltalk is told it.
fn prototype(signature: &Signature) -> String {
    let result = signature
        .result
        .as_ref()
        .map_or("void".into(), |(of, _)| of.name());
    signature.declaration(&result, |index| declared(signature, index))
}

fn declared(signature: &Signature, index: usize) -> String {
    let parameter = &signature.parameters[index];
    if parameter.named {
        parameter.of.declare(&format!("p{}", index + 1))
    } else {
        parameter.of.declare("")
    }
}

fn method(text: &mut String, signature: &Signature) {
    let mut pattern = format!("f{}", signature.number);
    let mut keyword = ":";
    for index in 0..signature.parameters.len() {
        let _ = write!(pattern, "{keyword} a{index}");
        keyword = " and:";
    }
    if signature.variable.is_some() {
        let _ = write!(pattern, "{keyword} rest");
    }
    let _ = writeln!(text, "{pattern} = ( <C: {}> )", prototype(signature));
}

/// Emits the call with the right arguments, and one with a wrong one.
fn calls(text: &mut String, random: &mut Random, signature: &Signature) {
    let arguments: Vec<String> = signature
        .parameters
        .iter()
        .map(|parameter| expression(random, &parameter.of, &parameter.value))
        .collect();
    let call = call(signature, &arguments);
    let expected = expectation(signature);
    let _ = writeln!(
        text,
        "tally at: {} run: [ {call} ] {expected}.",
        signature.number
    );
    if let Some(index) = signature.refused {
        let mut arguments = arguments;
        arguments[index] = wrong_object(random, &signature.parameters[index].of);
        let call = self::call(signature, &arguments);
        let _ = writeln!(
            text,
            "tally at: {} argument: {} refused: [ {call} ].",
            signature.number,
            index + 1
        );
    }
}

fn call(signature: &Signature, arguments: &[String]) -> String {
    let rest = signature.variable.as_ref().map(|variable| {
        let variable: Vec<String> = variable.iter().map(variable_expression).collect();
        format!("{{ {} }}", variable.join(". "))
    });
    if signature.route == Route::Pointer {
        let result = signature
            .result
            .as_ref()
            .map_or("void".into(), |(of, _)| of.name());
        let convention = if signature.microsoft {
            "__attribute__((ms_abi)) "
        } else {
            ""
        };
        return format!(
            "(CFunction at: (lib symbol: 'f{}') type: (lib type: '{result} ({convention}*)({})')) \
             valueWithArguments: {{ {} }}",
            signature.number,
            signature.parameter_list(|index| declared(signature, index)),
            arguments.join(". ")
        );
    }
    let is_method = signature.route == Route::Method;
    let mut message = format!("f{}", signature.number);
    for (index, argument) in arguments.iter().enumerate() {
        if index > 0 {
            message.push(' ');
            message.push_str(&match (is_method, signature.parameters[index].named) {
                (true, _) => "and".into(),
                (false, true) => format!("p{}", index + 1),
                (false, false) => "with".into(),
            });
        }
        let _ = write!(message, ": {argument}");
    }
    if let Some(rest) = rest {
        let _ = write!(
            message,
            " {}: {rest}",
            if is_method { "and" } else { "args" }
        );
    }
    format!("{} {message}", if is_method { "Batch" } else { "lib" })
}

/// What the result must be, as the last keywords of a message to the tally.
fn expectation(signature: &Signature) -> String {
    let Some((of, value)) = &signature.result else {
        let receiver = if signature.route == Route::Method {
            "Batch"
        } else {
            "lib"
        };
        return match signature.route {
            Route::Pointer => "isReceiver: nil".into(),
            Route::Declared | Route::Method => format!("isReceiver: {receiver}"),
        };
    };
    match value {
        Value::Float { seen, .. } => format!("isDouble: {}", bits_of(*seen)),
        Value::Address(address) if *address != 0 => format!("isAddress: {address}"),
        Value::Members(_) => {
            let mut checks = String::new();
            member_checks(&mut checks, "found", of, value);
            format!("isStruct: [ :found | {checks} ]")
        }
        Value::Complex(real, imaginary) => {
            format!(
                "isReal: {} imaginary: {}",
                bits_of(*real),
                bits_of(*imaginary)
            )
        }
        Value::Integer(_) | Value::Bool(_) | Value::Address(_) | Value::Contents(_) => {
            format!("is: {}", plain_expression(of, value))
        }
    }
}

/// The bits of a double; -1 stands for any NaN.
fn bits_of(value: f64) -> String {
    if value.is_nan() {
        "-1".into()
    } else {
        value.to_bits().to_string()
    }
}

pub(super) fn member_checks(text: &mut String, place: &str, of: &Type, value: &Value) {
    if let (Type::Aggregate(aggregate), Value::Members(members)) = (of, value) {
        for (index, values) in members {
            for (element, value) in values.iter().enumerate() {
                let member = &aggregate.members[*index];
                let part = if member.count.is_some() {
                    format!("({place} m{index} at: {})", element + 1)
                } else {
                    format!("{place} m{index}")
                };
                member_checks(text, &part, &member.element, value);
            }
        }
        return;
    }
    let _ = match value {
        Value::Float { seen, .. } => {
            write!(text, "tally value: {place} isDouble: {}. ", bits_of(*seen))
        }
        Value::Address(address) if *address != 0 => {
            write!(text, "tally value: {place} isAddress: {address}. ")
        }
        Value::Complex(real, imaginary) => write!(
            text,
            "tally value: {place} isReal: {} imaginary: {}. ",
            bits_of(*real),
            bits_of(*imaginary)
        ),
        Value::Integer(_)
        | Value::Bool(_)
        | Value::Address(_)
        | Value::Contents(_)
        | Value::Members(_) => write!(
            text,
            "tally value: {place} is: {}. ",
            plain_expression(of, value)
        ),
    };
}

/// An argument as an expression, spelled in one of the ways that mean it.
pub(super) fn expression(random: &mut Random, of: &Type, value: &Value) -> String {
    match (of, value) {
        (Type::Integer(integer), Value::Integer(bits))
            if integer.character && *bits < 128 && random.chance(1, 3) =>
        {
            format!("(Character value: {bits})")
        }
        (_, Value::Float { passed, .. }) => {
            let whole = *passed as i64;
            if whole as f64 == *passed
                && passed.to_bits() != (-0.0f64).to_bits()
                && random.chance(1, 2)
            {
                number(i128::from(whole))
            } else {
                double(*passed)
            }
        }
        (Type::Aggregate(aggregate), Value::Members(_)) => {
            let mut stores = String::new();
            member_stores(random, &mut stores, "new", of, value);
            format!(
                "([ :new | {stores} new ] value: (lib type: '{}') new)",
                aggregate.tag
            )
        }
        (_, Value::Complex(real, imaginary)) => {
            format!(
                "(Complex real: {} imaginary: {})",
                double(*real),
                double(*imaginary)
            )
        }
        (Type::Pointer(Pointer::Text), Value::Contents(_)) if random.chance(1, 4) => {
            format!("(Alien newCString: {})", plain_expression(of, value))
        }
        (Type::Pointer(Pointer::Bytes), Value::Contents(_)) if random.chance(1, 4) => {
            format!("{} asAlien", plain_expression(of, value))
        }
        _ => plain_expression(of, value),
    }
}

fn member_stores(random: &mut Random, text: &mut String, place: &str, of: &Type, value: &Value) {
    let (Type::Aggregate(aggregate), Value::Members(members)) = (of, value) else {
        return;
    };
    for (index, values) in members {
        for (element, value) in values.iter().enumerate() {
            let member = &aggregate.members[*index];
            let is_nested = matches!(member.element, Type::Aggregate(_));
            match (member.count, is_nested) {
                (Some(_), true) => {
                    let inner = format!("({place} m{index} at: {})", element + 1);
                    member_stores(random, text, &inner, &member.element, value);
                }
                (None, true) => {
                    let inner = format!("{place} m{index}");
                    member_stores(random, text, &inner, &member.element, value);
                }
                (Some(_), false) => {
                    let value = expression(random, &member.element, value);
                    let _ = write!(text, "{place} m{index} at: {} put: {value}. ", element + 1);
                }
                (None, false) => {
                    let value = expression(random, &member.element, value);
                    let _ = write!(text, "{place} m{index}: {value}. ");
                }
            }
        }
    }
}

/// A value as an expression, in the plainest way.
fn plain_expression(of: &Type, value: &Value) -> String {
    match value {
        Value::Integer(bits) => match of {
            Type::Integer(integer) if integer.bits == 128 && !integer.signed => bits.to_string(),
            Type::Integer(integer) => number(extended(*bits, integer.bits, integer.signed)),
            Type::Bool
            | Type::Float(_)
            | Type::Complex(_)
            | Type::Pointer(_)
            | Type::Aggregate(_) => unreachable!("{} is no integer type", of.name()),
        },
        Value::Bool(truth) => truth.to_string(),
        Value::Float { passed, .. } => double(*passed),
        Value::Complex(real, imaginary) => {
            format!(
                "(Complex real: {} imaginary: {})",
                double(*real),
                double(*imaginary)
            )
        }
        Value::Address(0) => "nil".into(),
        Value::Address(address) => format!("(Alien forPointer: {address})"),
        Value::Contents(bytes) if matches!(of, Type::Pointer(Pointer::Text)) => {
            string(&String::from_utf8_lossy(bytes))
        }
        Value::Contents(bytes) => {
            let bytes: Vec<String> = bytes.iter().map(u8::to_string).collect();
            format!("#[{}]", bytes.join(" "))
        }
        Value::Members(_) => unreachable!("{} is spelled member by member", of.name()),
    }
}

fn variable_expression(variable: &Variable) -> String {
    match variable {
        Variable::Signed(value) => number(i128::from(*value)),
        Variable::Unsigned(value) => value.to_string(),
        Variable::Double(value) => double(*value),
        Variable::Text(bytes) => string(&String::from_utf8_lossy(bytes)),
        Variable::Pointer(0) => "nil".into(),
        Variable::Pointer(address) => format!("(Alien forPointer: {address})"),
    }
}

fn number(value: i128) -> String {
    if value < 0 {
        format!("({value})")
    } else {
        value.to_string()
    }
}

fn double(value: f64) -> String {
    format!("(tally double: {})", value.to_bits())
}

fn string(text: &str) -> String {
    let mut quoted = String::from("'");
    for character in text.chars() {
        match character {
            '\'' => quoted.push_str("\\'"),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            other => quoted.push(other),
        }
    }
    quoted.push('\'');
    quoted
}

/// An object that the type does not take.
pub(super) fn wrong_object(random: &mut Random, of: &Type) -> String {
    let range = |integer: &super::types::Integer| {
        let width = integer.bits.min(127) - u32::from(integer.signed);
        let least = if integer.signed { -(1i128 << width) } else { 0 };
        [
            number(least.wrapping_sub(1)),
            ((1u128 << width).to_string()),
        ]
    };
    let wrong: Vec<String> = match of {
        Type::Integer(integer) if integer.bits == 128 => vec!["(1 << 128)".into(), "nil".into()],
        Type::Integer(integer) => {
            let mut wrong = range(integer).to_vec();
            wrong.extend(["nil", "1.5", "'a'", "(1 << 100)", "true", "#( 1 )"].map(String::from));
            wrong
        }
        Type::Bool => ["0", "1", "nil", "'true'"].map(String::from).to_vec(),
        Type::Float(_) | Type::Complex(_) => ["nil", "true", "'1.5'", "#pi", "$1"]
            .map(String::from)
            .to_vec(),
        Type::Pointer(Pointer::Text) => ["3", "true", "'a\\0b'", "1.5", "#( 'a' )"]
            .map(String::from)
            .to_vec(),
        Type::Pointer(_) => ["3", "true", "1.5", "Object", "#( 1 )"]
            .map(String::from)
            .to_vec(),
        Type::Aggregate(_) => ["3", "nil", "#( 1 )", "'struct'"]
            .map(String::from)
            .to_vec(),
    };
    random.pick(&wrong).clone()
}
