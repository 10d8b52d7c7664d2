//! The C side: functions that verify every argument against what is expected, destroy every
//! register that a callee may destroy, and answer an expected value.

use super::types::{Aggregate, COMMON_DECLARATIONS, Float, Member, Type};
use super::values::Value;
use super::{Directions, Signature, Variable};
use std::fmt::Write as _;

/// What stands in front of the functions of every batch.
const PRELUDE: &str = r#"#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

static char text[4096];
static long calls;
long call_count(void) { return calls; }
const char *complaint(void) {
    static char copy[sizeof text];
    if (text[0] == 0) return NULL;
    strcpy(copy, text);
    text[0] = 0;
    return copy;
}
static void complain(const char *what) {
    size_t used = strlen(text);
    snprintf(text + used, sizeof text - used, "%s ", what);
}
static double double_of(uint64_t bits) {
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}
static int double_is(double value, uint64_t bits) {
    double expected = double_of(bits);
    return isnan(expected) ? isnan(value) : memcmp(&value, &expected, sizeof value) == 0;
}
static int float_is(float value, uint64_t bits) {
    float expected = (float)double_of(bits);
    return isnan(expected) ? isnan(value) : memcmp(&value, &expected, sizeof value) == 0;
}
static int extended_is(long double value, uint64_t bits) {
    long double expected = double_of(bits);
    return isnan(expected) ? isnan(value) : value == expected && !signbit(value) == !signbit(expected);
}
#define EXPECT(condition, what) if (!(condition)) complain(what)
#define GARBAGE 0x5aa5f00f5aa5f00fUL
typedef float four_floats __attribute__((vector_size(16)));
typedef double two_doubles __attribute__((vector_size(16)));
#if defined __x86_64__
#define CLOBBER                                                                                       \
    __asm__ volatile("movq $-1, %%rax\n movq $-2, %%rcx\n movq $-3, %%rdx\n movq $-8, %%r8\n"         \
                     "movq $-7, %%r9\n movq $-8, %%r10\n movq $-9, %%r11\n"                           \
                     "movq %%rax, %%xmm0\n movq %%rax, %%xmm1\n movq %%rax, %%xmm2\n"                 \
                     "movq %%rax, %%xmm3\n movq %%rax, %%xmm4\n movq %%rax, %%xmm5\n"                 \
                     ::: "rax", "rcx", "rdx", "r8", "r9", "r10", "r11", "xmm0", "xmm1", "xmm2",       \
                     "xmm3", "xmm4", "xmm5", "cc", "memory")
#define CLOBBER_SYSV                                                                                  \
    CLOBBER;                                                                                          \
    __asm__ volatile("movq $-5, %%rdi\n movq $-4, %%rsi\n movq %%rsi, %%xmm6\n movq %%rsi, %%xmm7\n"  \
                     "movq %%rsi, %%xmm8\n movq %%rsi, %%xmm9\n movq %%rsi, %%xmm10\n"                \
                     "movq %%rsi, %%xmm11\n movq %%rsi, %%xmm12\n movq %%rsi, %%xmm13\n"              \
                     "movq %%rsi, %%xmm14\n movq %%rsi, %%xmm15\n"                                    \
                     ::: "rdi", "rsi", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12",     \
                     "xmm13", "xmm14", "xmm15", "cc", "memory")
#else
#define CLOBBER
#define CLOBBER_SYSV
#endif
"#;

/// The C file of a batch.
pub fn file(
    aggregates: &[std::rc::Rc<Aggregate>],
    signatures: &[Signature],
    directions: Directions,
) -> String {
    let mut text = String::from(PRELUDE);
    text.push_str(include_str!("guard.c"));
    text.push_str(COMMON_DECLARATIONS);
    for aggregate in aggregates {
        text.push_str(&aggregate.definition());
    }
    for signature in signatures {
        if directions.calls {
            function(&mut text, signature);
        }
        if directions.callbacks {
            super::callback::function(&mut text, signature);
        }
    }
    text
}

fn function(text: &mut String, signature: &Signature) {
    let _ = writeln!(
        text,
        "{} {{\n    calls++;",
        signature.declaration(&result_name(signature), |index| {
            let parameter = &signature.parameters[index];
            widened_name(&parameter.of)
                .filter(|_| parameter.widened)
                .map_or_else(
                    || parameter.of.declare(&format!("a{}", index + 1)),
                    |name| format!("{name} a{}", index + 1),
                )
        })
    );
    for (index, parameter) in signature.parameters.iter().enumerate() {
        let name = format!("a{}", index + 1);
        expect(text, &name, &name, &parameter.of, &parameter.value);
    }
    if let Some(variable) = &signature.variable {
        expect_variable(text, signature, variable);
    }
    text.push_str(if signature.microsoft {
        "    CLOBBER;\n"
    } else {
        "    CLOBBER_SYSV;\n"
    });
    answer(text, signature);
    text.push_str("}\n");
}

/// The type that a callee declares which looks at all 32 bits of a narrow argument.
fn widened_name(of: &Type) -> Option<&'static str> {
    match of {
        Type::Integer(integer) if integer.bits < 32 => Some(if integer.signed {
            "int"
        } else {
            "unsigned int"
        }),
        Type::Bool => Some("unsigned int"),
        Type::Integer(_)
        | Type::Float(_)
        | Type::Complex(_)
        | Type::Pointer(_)
        | Type::Aggregate(_) => None,
    }
}

/// The type that a callee declares whose result register holds garbage beside the value.
fn result_name(signature: &Signature) -> String {
    let Some((of, _)) = &signature.result else {
        return "void".into();
    };
    match of {
        Type::Integer(integer) if signature.dirty && integer.bits < 64 => "unsigned long".into(),
        Type::Bool if signature.dirty => "unsigned long".into(),
        Type::Float(Float::Single) if signature.dirty => "four_floats".into(),
        Type::Float(Float::Double) if signature.dirty => "two_doubles".into(),
        Type::Integer(_)
        | Type::Bool
        | Type::Float(_)
        | Type::Complex(_)
        | Type::Pointer(_)
        | Type::Aggregate(_) => of.name(),
    }
}

/// Emits checks that `place` holds the value.
pub(super) fn expect(text: &mut String, label: &str, place: &str, of: &Type, value: &Value) {
    if let (Type::Aggregate(aggregate), Value::Members(members)) = (of, value) {
        for (index, values) in members {
            for (element, value) in values.iter().enumerate() {
                let member = &aggregate.members[*index];
                let part = member_part(*index, member, element);
                expect(
                    text,
                    &format!("{label}{part}"),
                    &format!("{place}{part}"),
                    &member.element,
                    value,
                );
            }
        }
        return;
    }
    let condition = condition(place, of, value);
    let _ = writeln!(text, "    EXPECT({condition}, \"{label}\");");
}

fn member_part(index: usize, member: &Member, element: usize) -> String {
    match member.count {
        Some(_) => format!(".m{index}[{element}]"),
        None => format!(".m{index}"),
    }
}

fn condition(place: &str, of: &Type, value: &Value) -> String {
    match value {
        Value::Integer(_) | Value::Bool(_) => format!("{place} == {}", literal(of, value)),
        Value::Float { seen, .. } => float_condition(place, of, *seen),
        Value::Complex(real, imaginary) => format!(
            "{} && {}",
            float_condition(&format!("__real__ {place}"), of, *real),
            float_condition(&format!("__imag__ {place}"), of, *imaginary)
        ),
        Value::Address(address) => format!("(uintptr_t){place} == {address:#x}UL"),
        Value::Contents(bytes) => format!(
            "{place} != NULL && memcmp({place}, {}, {}) == 0",
            bytes_literal(bytes),
            bytes.len() + usize::from(matches!(of, Type::Pointer(super::types::Pointer::Text)))
        ),
        Value::Members(_) => unreachable!("{place}: members are checked one by one"),
    }
}

fn float_condition(place: &str, of: &Type, value: f64) -> String {
    let bits = value.to_bits();
    match float_of(of) {
        Float::Single => format!("float_is({place}, {bits:#x}UL)"),
        Float::Double => format!("double_is({place}, {bits:#x}UL)"),
        Float::Extended => format!("extended_is({place}, {bits:#x}UL)"),
    }
}

fn float_of(of: &Type) -> Float {
    match of {
        Type::Float(float) | Type::Complex(float) => *float,
        Type::Integer(_) | Type::Bool | Type::Pointer(_) | Type::Aggregate(_) => {
            unreachable!("{} is no floating type", of.name())
        }
    }
}

fn bytes_literal(bytes: &[u8]) -> String {
    let escaped: String = bytes.iter().map(|byte| format!("\\{byte:03o}")).collect();
    format!("\"{escaped}\"")
}

/// A value as a C expression.
pub(super) fn literal(of: &Type, value: &Value) -> String {
    match value {
        Value::Integer(bits) => format!(
            "(({})(((unsigned __int128){:#x}UL << 64) | {:#x}UL))",
            of.name(),
            (bits >> 64) as u64,
            *bits as u64
        ),
        Value::Bool(truth) => u8::from(*truth).to_string(),
        Value::Float { seen, .. } => float_literal(of, *seen),
        Value::Complex(real, imaginary) => format!(
            "__builtin_complex({}, {})",
            float_literal(of, *real),
            float_literal(of, *imaginary)
        ),
        Value::Address(address) => format!("({}){address:#x}UL", of.name()),
        Value::Contents(bytes) => bytes_literal(bytes),
        Value::Members(_) => unreachable!("members are assigned one by one"),
    }
}

fn float_literal(of: &Type, value: f64) -> String {
    format!(
        "({})double_of({:#x}UL)",
        float_of(of).name(),
        value.to_bits()
    )
}

fn expect_variable(text: &mut String, signature: &Signature, variable: &[Variable]) {
    let prefix = if signature.microsoft {
        "__builtin_ms_"
    } else {
        ""
    };
    let last = signature.parameters.len();
    let _ = writeln!(
        text,
        "    {prefix}va_list rest;\n    {prefix}va_start(rest, a{last});"
    );
    for (index, argument) in variable.iter().enumerate() {
        let condition = match argument {
            Variable::Signed(value) => {
                format!("va_arg(rest, long long) == (long long){value:#x}UL")
            }
            Variable::Unsigned(value) => format!("va_arg(rest, unsigned long) == {value:#x}UL"),
            Variable::Double(value) => {
                format!("double_is(va_arg(rest, double), {:#x}UL)", value.to_bits())
            }
            Variable::Text(bytes) => {
                format!(
                    "strcmp(va_arg(rest, const char *), {}) == 0",
                    bytes_literal(bytes)
                )
            }
            Variable::Pointer(address) => {
                format!("(uintptr_t)va_arg(rest, void *) == {address:#x}UL")
            }
        };
        let _ = writeln!(text, "    EXPECT({condition}, \"variable {}\");", index + 1);
    }
    let _ = writeln!(text, "    {prefix}va_end(rest);");
}

/// Emits the `return`.
fn answer(text: &mut String, signature: &Signature) {
    let Some((of, value)) = &signature.result else {
        return;
    };
    if let Type::Aggregate(_) = of {
        let name = of.name();
        let _ = writeln!(
            text,
            "    {name} result;\n    memset(&result, 0x5a, sizeof result);"
        );
        assign(text, "result", of, value);
        text.push_str("    return result;\n");
        return;
    }
    let literal = literal(of, value);
    let bits = match of {
        Type::Integer(integer) => integer.bits,
        Type::Bool => 8,
        Type::Float(_) | Type::Complex(_) | Type::Pointer(_) | Type::Aggregate(_) => 64,
    };
    let answer = match result_name(signature).as_str() {
        "unsigned long" if signature.dirty && bits < 64 => format!(
            "(GARBAGE << {bits}) | ((unsigned long){literal} & {:#x}UL)",
            (1u64 << bits) - 1
        ),
        "four_floats" => format!("(four_floats){{{literal}, -1e30f, 1e-40f, 7.0f}}"),
        "two_doubles" => format!("(two_doubles){{{literal}, -1e300}}"),
        _ => literal,
    };
    let _ = writeln!(text, "    return {answer};");
}

pub(super) fn assign(text: &mut String, place: &str, of: &Type, value: &Value) {
    if let (Type::Aggregate(aggregate), Value::Members(members)) = (of, value) {
        for (index, values) in members {
            for (element, value) in values.iter().enumerate() {
                let member = &aggregate.members[*index];
                let part = member_part(*index, member, element);
                assign(text, &format!("{place}{part}"), &member.element, value);
            }
        }
        return;
    }
    let _ = writeln!(text, "    {place} = {};", literal(of, value));
}
