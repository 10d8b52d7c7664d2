//! Messages about mistakes in source texts: each says where, what was expected, what was found.

use vm::compiler::{
    Arena, CompileError, Source, compile_class, compile_method, compile_statements, parse_class,
    parse_script,
};

fn class_error(text: impl Into<Vec<u8>>) -> Box<CompileError> {
    let source = match Source::new("Foo.som", text) {
        Ok(source) => source,
        Err(error) => return error,
    };
    let arena = Arena::new();
    let compiled = parse_class(&arena, &source)
        .and_then(|class| compile_class(&source, &class, &["inherited".to_owned()], &[]));
    compiled.expect_err("a mistake")
}

fn script_error(text: &str) -> Box<CompileError> {
    let source = Source::new("script", text).expect("UTF-8");
    let arena = Arena::new();
    let items = match parse_script(&arena, &source) {
        Ok(items) => items,
        Err(error) => return error,
    };
    let compiled = items.iter().find_map(|item| match item {
        vm::compiler::ast::ScriptItem::Class(class) => {
            compile_class(&source, class, &[], &[]).err()
        }
        vm::compiler::ast::ScriptItem::Statements(unit) => compile_statements(&source, unit).err(),
    });
    compiled.expect("a mistake")
}

#[track_caller]
fn check_class(text: &str, expected: &str) {
    assert_eq!(first_line(&class_error(text)), expected);
}

#[track_caller]
fn check_script(text: &str, expected: &str) {
    assert_eq!(first_line(&script_error(text)), expected);
}

/// A method of a class with one field, as line 2 of the file.
#[track_caller]
fn check_method(text: &str, expected: &str) {
    check_class(
        &format!("Foo = ( | f |\n{text}\n)"),
        &format!("Foo.som:2:{expected}"),
    );
}

fn first_line(error: &CompileError) -> String {
    error
        .to_string()
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned()
}

#[test]
fn a_message_shows_the_line_and_a_caret() {
    let error = class_error("Foo = (\n  foo = (\n\t^ 'é' bar )\n");
    assert_eq!(
        error.to_string(),
        "Foo.som:4:1: expected a method, or ')' to close the class body opened at 1:7, \
         found the end of the text\n    \n    ^"
    );
    let error = class_error("Foo = (\n  foo = (\n\t^ 'é' bar ] ))\n");
    assert_eq!(
        error.to_string(),
        "Foo.som:3:12: expected ')' to close the method body opened at 2:9, found ']'\n    \
         \t^ 'é' bar ] ))\n    \t          ^"
    );
}

#[test]
fn a_long_line_is_cut() {
    let text = format!("foo := {} ] + {}", "a + ".repeat(1000), "b + ".repeat(1000));
    let shown = script_error(&text).to_string();
    assert!(shown.len() < 500, "{shown}");
}

#[test]
fn parentheses_that_do_not_match() {
    check_method(
        "foo = ( ^ 1 ---- bar = ( ) )",
        "13: expected ')' to close the method body opened at 2:7, found '----'",
    );
    check_method(
        "foo = ( ^ ( 1 + 2 ] )",
        "19: expected ')' to close the parenthesis opened at 2:11, found ']'",
    );
    check_method(
        "foo = ( ^ [ 1 ) )",
        "15: expected ']' to close the block opened at 2:11, found ')'",
    );
    check_method(
        "foo = ( ^ { 1. 2 ) )",
        "18: expected '}' to close the array opened at 2:11, found ')'",
    );
    check_method(
        "foo = ( ^ #( 1 2 ] )",
        "18: expected a literal, or ')' to close the literal array opened at 2:11, found ']'",
    );
    check_method(
        "foo = ( ^ #[ 1 a ] )",
        "16: expected an Integer from 0 to 255, or ']' to close the byte array opened at 2:11, \
         found 'a'",
    );
    check_class(
        "Foo = ( ) )",
        "Foo.som:1:11: expected the end of the text after the class definition, found ')'",
    );
    check_script(
        "1 foo ). 2",
        "script:1:7: expected '.' or the end of the text after the statement, found ')'",
    );
    check_script(")", "script:1:1: expected an expression, found ')'");
}

#[test]
fn texts_that_end_too_early() {
    check_method(
        "foo = ( ^ 'abc ) \n",
        "11: unterminated string: expected a quote, found the end of the text",
    );
    check_method(
        "foo = \"abc",
        "7: unterminated comment: expected a double quote, found the end of the text",
    );
    check_method(
        "foo = ( <C: int f(int> )",
        "9: unterminated C declaration: expected '>', found the end of the text",
    );
    check_script(
        "$",
        "script:1:1: unterminated character literal: expected a character after '$', found the end of the text",
    );
    check_script(
        "#",
        "script:1:1: expected a symbol, '(' or '[' after '#', found the end of the text",
    );
    check_script(
        "x := ",
        "script:1:6: expected an expression, found the end of the text",
    );
    check_class(
        "",
        "Foo.som:1:1: expected the name of a class, found the end of the text",
    );
    for incomplete in [
        "x :=",
        "'abc",
        "\"abc",
        "x foo: [ :a |",
        "Foo = (",
        "#(1 2",
        "{ 1. ",
        "( 2",
        "#",
        "$",
    ] {
        assert!(script_error(incomplete).incomplete, "{incomplete}");
    }
    for wrong in ["x := )", "x foo: ]", "1 ]", "Foo = ( ] "] {
        assert!(!script_error(wrong).incomplete, "{wrong}");
    }
}

#[test]
fn names_that_are_declared_twice() {
    check_class(
        "Foo = ( | a b\n a | )",
        "Foo.som:2:2: expected a new field name, found 'a', which is already declared at 1:11",
    );
    check_method(
        "foo = ( | t u t | )",
        "15: expected a new variable name, found 't', which is already declared at 2:11",
    );
    check_method(
        "a: x b: x = ( )",
        "9: expected a new variable name, found 'x', which is already declared at 2:4",
    );
    check_method(
        "a: x = ( | x | )",
        "12: expected a new variable name, found 'x', which is already declared at 2:4",
    );
    check_method(
        "foo = ( ^ [ :x :x | ] )",
        "17: expected a new variable name, found 'x', which is already declared at 2:14",
    );
    check_class(
        "Foo = (\n foo = ( ^ 1 )\n foo = ( ^ 2 ) )",
        "Foo.som:3:2: expected a new method name, found 'foo', which is already declared at 2:2",
    );
    check_method(
        "foo = ( | self | )",
        "11: expected a name to declare, found 'self', which is reserved",
    );
    check_class(
        "true = ( )",
        "Foo.som:1:1: expected a name to declare, found 'true', which is reserved",
    );
}

#[test]
fn assignments_that_cannot_be() {
    check_method(
        "foo = ( bar := 3 )",
        "9: expected a variable to assign to, found 'bar', which is not declared \
         (a global is set by `system global: #bar put:`)",
    );
    check_method(
        "foo = ( self := 3 )",
        "9: expected a variable to assign to, found 'self', which is always the same",
    );
    check_method(
        "foo = ( f := nil := 3 )",
        "14: expected a variable to assign to, found 'nil', which is always the same",
    );
    check_method(
        "foo = ( <primitive: #x error: e> e := 3 )",
        "34: expected a variable to assign to, found 'e', which the primitive sets",
    );
    check_script(
        "true := 3",
        "script:1:1: expected a variable to assign to, found 'true', which is always the same",
    );
}

#[test]
fn methods_and_pragmas_that_are_malformed() {
    check_method(
        "foo ( ^ 1 )",
        "5: expected '=' after the method pattern of 'foo', found '('",
    );
    check_method(
        "foo = [ ^ 1 ]",
        "7: expected '(' or 'primitive' as the body of the method 'foo', found '['",
    );
    check_method(
        "a: = ( )",
        "4: expected the name of the argument, found '='",
    );
    check_method(
        "foo = ( ^ 1. 2 )",
        "14: expected ')' to close the method body opened at 2:7, found '2'",
    );
    check_method("foo = ( 1 . . 2 )", "13: expected an expression, found '.'");
    check_method(
        "foo = ( ^ [ :a b ] )",
        "16: expected '|' after the parameters of the block opened at 2:11, found 'b'",
    );
    check_method(
        "foo = ( | a 3 | )",
        "13: expected a temporary name, or '|' to close the list opened at 2:9, found '3'",
    );
    check_method(
        "foo = ( <primitive: 3> )",
        "21: expected the name of the primitive, a symbol, found '3'",
    );
    check_method(
        "foo = ( <3> )",
        "10: expected a keyword or name after '<', as a pragma has, found '3'",
    );
    check_method(
        "foo = ( <a: 3 b> )",
        "15: expected '>' to close the pragma opened at 2:9, found 'b'",
    );
    check_method(
        "foo = ( <library: 'm'> )",
        "9: expected <library: …> beside a <C: …> pragma, found no <C: …>",
    );
    check_method(
        "foo = ( <C: int f()> <C: int g()> )",
        "22: expected one <C: …> pragma in a method, found another",
    );
    check_method(
        "foo = ( x ; bar )",
        "11: expected ')' to close the method body opened at 2:7, found ';'",
    );
    check_method(
        "foo = ( x foo ; 3 )",
        "17: expected a message after ';', found '3'",
    );
}

#[test]
fn characters_and_numbers_that_are_wrong() {
    check_method(
        "foo = ( ^ 'a\\qb' )",
        "13: expected one of t b n r f 0 ' \\ after the backslash, found 'q'",
    );
    check_method(
        "foo = ( ^ 3 ! 4 )",
        "13: expected an expression or declaration, found '!', a character that no token starts with",
    );
    check_method(
        "foo = ( ^ 3 € 4 )",
        "13: expected an expression or declaration, found '€', a character that no token starts with",
    );
    check_method(
        "foo = ( ^ 2r12 )",
        "11: expected digits of radix 2, found '2'",
    );
    check_method(
        "foo = ( ^ 40r12 )",
        "11: expected a radix between 2 and 36, found '40'",
    );
    check_method(
        "foo = ( ^ 1e1000000 )",
        "11: expected an Integer exponent of at most 100000, found '1000000'",
    );
    check_method(
        "foo = ( ^ #[ 256 ] )",
        "14: expected an Integer from 0 to 255, found '256'",
    );
    let error = class_error(b"Foo = (\n \xc3\xa9\xff )".to_vec());
    assert_eq!(
        first_line(&error),
        "Foo.som:2:3: expected UTF-8 text, found the byte 0xff"
    );
    check_script(
        "1 foo\0",
        "script:1:6: expected an expression or declaration, found '\\0', a character that no token starts with",
    );
}

#[test]
fn limits_are_errors() {
    let names = |count: usize, prefix: &str| -> String {
        (0..count)
            .map(|index| format!("{prefix}{index} "))
            .collect()
    };
    check_method(
        &format!("foo = ( | {}| )", names(255, "t")).replace("| )", "| zz := 1 )"),
        &{
            let column = format!("foo = ( | {}| ", names(255, "t")).len() + 1;
            format!(
                "{column}: expected a variable to assign to, found 'zz', which is not declared \
             (a global is set by `system global: #zz put:`)"
            )
        },
    );
    let too_many = |text: String| class_error(format!("Foo = ( {text} )")).message();
    assert_eq!(
        too_many(format!("foo = ( | {} | )", names(256, "t"))),
        "expected at most 255 temporaries, found more"
    );
    let keywords: String = (0..256)
        .map(|index| format!("k{index}: a{index} "))
        .collect();
    assert_eq!(
        too_many(format!("{keywords} = ( )")),
        "expected at most 255 arguments, found more"
    );
    assert_eq!(
        too_many(format!("foo = ( self {keywords} )")),
        "expected at most 255 arguments of a message, found more"
    );
    let blocks: String = (0..20)
        .map(|level| format!("[ | {} | ", names(200, &format!("t{level}_"))))
        .collect();
    let stores: String = (0..20)
        .map(|level| format!("t{level}_0 := 1. t{level}_1 foo. "))
        .collect();
    let deep = format!("foo = ( {blocks} {stores} {} )", "] ".repeat(20));
    assert!(vm::compiler::compile_method(&Source::new("x", deep).expect("UTF-8"), &[]).is_ok());
    let inlined: String = (0..2)
        .map(|level| format!("true ifTrue: [ | {} | ", names(200, &format!("t{level}_"))))
        .collect();
    assert_eq!(
        too_many(format!("foo = ( {inlined} ] ] )")),
        "expected at most 255 temporaries in a method or block, found more"
    );
    let assigned = |name: &str| format!("{} := 1. ", name.trim());
    let outer: Vec<String> = (0..2)
        .map(|level| names(200, &format!("t{level}_")))
        .collect();
    let values: String = outer
        .iter()
        .flat_map(|names| names.split_whitespace())
        .map(assigned)
        .collect();
    let (stores, reads) = values.split_at(values.find("t1_").expect("second scope"));
    assert_eq!(
        too_many(format!(
            "foo = ( | {} | {stores} ^ [ | {} | {reads} ^ [ {} ] ] )",
            outer[0],
            outer[1],
            values.replace(" := 1", " foo")
        )),
        "expected at most 255 temporaries in a method or block, found more"
    );
    let strings = "'a'. ".repeat(70_000);
    assert_eq!(
        too_many(format!(
            "foo = ( x foo. {} )",
            strings.replace("'a'.", "x a: 'a'.")
        )),
        "expected at most 65535 literals in a method or block, found more"
    );
    assert_eq!(
        too_many(format!("foo = ( ^ {{ {strings} }} )")),
        "expected at most 65535 elements in { }, found more"
    );
    assert_eq!(
        too_many(format!("| {} |", names(70_000, "f"))),
        "expected at most 65535 fields, found more"
    );
}

#[test]
fn nesting_is_limited() {
    let deep = |open: &str, close: &str, count: usize| {
        let text = format!("foo = ( ^ {}1{} )", open.repeat(count), close.repeat(count));
        compile_method(&Source::new("x", text).expect("UTF-8"), &[])
            .map_err(|error| error.message())
    };
    let cases = [
        ("(", ")"),
        ("[", "]"),
        ("{", "}"),
        ("#(", ")"),
        ("1 + (", ")"),
        ("1 foo: (", ")"),
        ("true ifTrue: [", "]"),
        ("[ true ] whileTrue: [", "]"),
        ("true and: [", "]"),
        ("nil ifNotNil: [ :x | ", "]"),
        ("1 to: 2 do: [ :x | ", "]"),
        ("Foo a: 1 b: [ :x | x foo: {", "} ]"),
    ];
    for (open, close) in cases {
        for count in [120, 254] {
            let outcome = deep(open, close, count);
            let is_limit = outcome
                .as_ref()
                .is_err_and(|message| message.contains("most"));
            assert!(outcome.is_ok() || is_limit, "{open}: {outcome:?}");
        }
        for count in [300, 100_000] {
            let message = deep(open, close, count).expect_err("too deep");
            assert_eq!(
                message, "expected at most 256 levels of nesting, found more",
                "{open}"
            );
        }
        let open_only = open.repeat(100_000);
        assert!(
            script_error(&open_only)
                .message()
                .contains("levels of nesting")
        );
    }
}

#[test]
fn long_chains_are_no_nesting() {
    let compile = |text: String| {
        let source = Source::new("x", text).expect("UTF-8");
        compile_method(&source, &["f".to_owned()]).map(|draft| draft.max_stack)
    };
    let ok = |text: String| compile(text).expect("compiles");
    assert_eq!(ok(format!("foo = ( ^ 1{} )", " + 1".repeat(100_000))), 2);
    assert_eq!(ok(format!("foo = ( ^ 1{} )", " foo".repeat(100_000))), 1);
    assert_eq!(
        ok(format!("foo = ( ^ 1 foo{} )", "; foo".repeat(100_000))),
        2
    );
    assert_eq!(ok(format!("foo = ( {} 1 )", "f := ".repeat(100_000))), 1);
    assert_eq!(ok(format!("foo = ( {} )", "f := 1. ".repeat(100_000))), 1);
    assert_eq!(
        ok(format!("foo = ( ^ 1{} )", " && [ 2 ]".repeat(10_000))),
        1
    );
    assert_eq!(ok(format!("foo = ( ^ {} )", "1".repeat(100_000))), 1);
}
