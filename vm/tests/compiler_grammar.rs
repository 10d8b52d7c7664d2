//! The grammar: what is accepted, and what becomes of it.

use vm::compiler::ast::ScriptItem;
use vm::compiler::draft::{ClassDraft, CodeDraft, LiteralDraft, PrimitiveKind, SuperclassDraft};
use vm::compiler::{
    Arena, Source, compile_class, compile_method, compile_statements, parse_class, parse_script,
};

fn class(text: &str) -> ClassDraft {
    let source = Source::new("test.som", text).expect("UTF-8");
    let arena = Arena::new();
    let compiled =
        parse_class(&arena, &source).and_then(|class| compile_class(&source, &class, &[], &[]));
    compiled.unwrap_or_else(|error| panic!("{error}"))
}

fn method(text: &str) -> CodeDraft {
    let source = Source::new("test.som", text).expect("UTF-8");
    compile_method(&source, &["f".to_owned()]).unwrap_or_else(|error| panic!("{error}"))
}

/// The parts of a script: names of classes, and listings of statements.
fn script(text: &str) -> Vec<String> {
    let source = Source::new("script", text).expect("UTF-8");
    let arena = Arena::new();
    let items = parse_script(&arena, &source).unwrap_or_else(|error| panic!("{error}"));
    let part = |item: &ScriptItem<'_>| match item {
        ScriptItem::Class(class) => class.name.text.to_owned(),
        ScriptItem::Statements(unit) => compile_statements(&source, unit)
            .unwrap_or_else(|error| panic!("{error}"))
            .listing(),
    };
    items.iter().map(part).collect()
}

fn selectors(methods: &[CodeDraft]) -> Vec<&str> {
    methods
        .iter()
        .map(|method| method.selector.as_str())
        .collect()
}

fn names(fields: &[(String, vm::compiler::Position)]) -> Vec<&str> {
    fields.iter().map(|(name, _)| name.as_str()).collect()
}

/// The literal that a method `^ literal` returns.
fn literal(text: &str) -> String {
    let draft = method(&format!("foo = ( ^ {text} )"));
    match draft.literals.first() {
        Some(literal) => literal.describe(),
        None => draft
            .listing()
            .lines()
            .nth(1)
            .unwrap_or_default()
            .trim()
            .to_owned(),
    }
}

#[test]
fn class_headers() {
    assert_eq!(class("Foo = ( )").superclass, SuperclassDraft::Default);
    assert_eq!(class("Foo = nil ( )").superclass, SuperclassDraft::Nil);
    assert_eq!(
        class("Foo = Bar ( )").superclass,
        SuperclassDraft::Named("Bar".to_owned())
    );
    assert_eq!(class("Foo=Bar(|a b|)").instance_fields.len(), 2);
    assert_eq!(class("\u{feff}Foo = ( )").name, "Foo");
    assert_eq!(
        class("#!/usr/bin/ripley\r\nFoo = ( )\r\n")
            .name_position
            .line,
        2
    );
}

#[test]
fn class_comments() {
    assert_eq!(
        class("\"licence\" \"old\" Foo = Bar ( )")
            .comment
            .as_deref(),
        Some("old")
    );
    assert_eq!(
        class("\"licence\" Foo = Bar ( \" new \" | a | )")
            .comment
            .as_deref(),
        Some("new")
    );
    assert_eq!(class("Foo = Bar ( foo = ( \"no\" ) )").comment, None);
    assert_eq!(class("Foo = Bar ( )").comment, None);
}

#[test]
fn both_sides_of_a_class() {
    let draft = class(
        "Foo = Bar (
           | a b | \"fields\"
           \"unary\" size = ( ^ a )
           \"binary\" + other = ( ^ other )  || other = ( ) - other = ( ) -> x = ( ) = y = ( )
           at: i put: v = ( a := v )
           hash = primitive
           -------------------
           | made |
           new = ( made := 1. ^ super new )
           primitive = ( ^ 3 )
         )",
    );
    assert_eq!(names(&draft.instance_fields), ["a", "b"]);
    assert_eq!(names(&draft.class_fields), ["made"]);
    let instance = ["size", "+", "||", "-", "->", "=", "at:put:", "hash"];
    assert_eq!(selectors(&draft.instance_methods), instance);
    assert_eq!(selectors(&draft.class_methods), ["new", "primitive"]);
    assert_eq!(
        draft.instance_methods[7].primitive,
        PrimitiveKind::SomPrimitive
    );
    assert_eq!(draft.class_methods[1].primitive, PrimitiveKind::None);
    assert_eq!(draft.instance_methods[6].name_position.line, 5);
}

#[test]
fn empty_lists() {
    assert!(
        class("Foo = ( || foo = ( || ) )")
            .instance_fields
            .is_empty()
    );
    assert_eq!(
        selectors(&class("Foo = ( || x = ( ^ x ) )").instance_methods),
        ["||"]
    );
    assert_eq!(
        selectors(&class("Foo = ( | | ---- | | new = ( ) )").class_methods),
        ["new"]
    );
    method("foo = ( ^ [ || ] )");
    method("foo = ( ^ [ :a || b | b := a ] )");
    method("foo = ( ^ [ :a | | b | b := a ] )");
    method("foo = ( ^ [ :a ] )");
    method("foo = ( ^ { } )");
    method("foo = ( ^ #() )");
    method("foo = ( )");
}

#[test]
fn sources_are_found_again() {
    let text = "Foo = (\n \"c\" foo: a = ( ^ [ a ] ) \n bar = primitive )";
    let draft = class(text);
    assert_eq!(
        &text[draft.instance_methods[0].source.clone()],
        "foo: a = ( ^ [ a ] )"
    );
    assert_eq!(
        &text[draft.instance_methods[1].source.clone()],
        "bar = primitive"
    );
    assert_eq!(&text[draft.source.clone()], text);
    let LiteralDraft::Block(block) = &draft.instance_methods[0].literals[0] else {
        panic!("a block")
    };
    assert_eq!(&text[block.source.clone()], "[ a ]");
    assert_eq!(block.selector, "[] in foo:");
}

#[test]
fn lines_follow_the_text() {
    let draft = method("foo = (\n  f :=\n 1 + 2.\n\n  self\n bar: 3\n  baz: 4 )");
    let lines: Vec<u32> = draft.lines.iter().map(|&(_, line)| line).collect();
    assert_eq!(lines, [2, 3, 2, 5, 6]);
    assert!(draft.lines.is_sorted_by(|left, right| left.0 < right.0));
}

#[test]
fn literals_of_every_kind() {
    for (text, expected) in [
        ("1000", "1000"),
        ("-3", "0 push_integer -3"),
        ("- 3", "0 push_integer -3"),
        ("-1.5", "-1.5"),
        ("16rFF", "255"),
        ("-16rFFF", "-4095"),
        ("2e3", "2000"),
        ("1.5e3", "1500.0"),
        ("2e-1", "0.2"),
        (
            "123456789012345678901234567890",
            "123456789012345678901234567890",
        ),
        ("$a", "$a"),
        ("$ ", "$ "),
        ("$'", "$'"),
        ("$é", "$é"),
        ("#foo", "#foo"),
        ("#foo:bar:", "#foo:bar:"),
        ("#+", "#+"),
        ("#->", "#->"),
        ("#'a b'", "#a b"),
        ("'a''b'", "\"a'b\""),
        (
            "'a\\t\\b\\n\\r\\f\\0\\'\\\\b'",
            "\"a\\t\\u{8}\\n\\r\\u{c}\\0'\\\\b\"",
        ),
        ("'é\nx'", "\"é\\nx\""),
        ("''", "\"\""),
        (
            "#(1 -2 #foo bar $a 'x' (nested) true nil #(1))",
            "#(1 -2 #foo #bar $a \"x\" #(#nested) true nil #(1))",
        ),
        (
            "#(at:put: a: + #+ [1 2] #[3] false 1.5)",
            "#(#at:put: #a: #+ #+ #[1 2] #[3] false 1.5)",
        ),
        ("#[0 255 16r10]", "#[0 255 16]"),
    ] {
        assert_eq!(literal(text), expected, "{text}");
    }
}

#[test]
fn operators_and_minus() {
    let code = |text: &str| {
        let listing = method(&format!("foo = ( ^ {text} )")).listing();
        let lines = listing.lines().skip(1).map(|line| line[6..].to_owned());
        lines.collect::<Vec<_>>().join(", ")
    };
    let subtraction = "push_integer 3, push_integer 4, send_special -, return_top";
    for text in ["3 - 4", "3-4", "3 -4"] {
        assert_eq!(code(text), subtraction, "{text}");
    }
    for text in ["3 - -4", "3--4"] {
        assert_eq!(
            code(text),
            "push_integer 3, push_integer -4, send_special -, return_top"
        );
    }
    assert_eq!(
        code("3->4"),
        "push_integer 3, push_integer 4, send #-> 1, return_top"
    );
    assert_eq!(
        code("3>=-4"),
        "push_integer 3, push_integer -4, send_special >=, return_top"
    );
    assert_eq!(
        code("3 ~=4"),
        "push_integer 3, push_integer 4, send_special ~=, return_top"
    );
    assert_eq!(
        code("3\\\\4"),
        "push_integer 3, push_integer 4, send #\\\\ 1, return_top"
    );
    assert_eq!(code("-3 abs"), "push_integer -3, send #abs 0, return_top");
    assert_eq!(
        code("f a:b"),
        "push_field 0, push_global @b, send #a: 1, return_top"
    );
    assert_eq!(
        code("f a b + f c"),
        "push_field 0, send #a 0, send #b 0, push_field 0, send #c 0, send_special +, return_top"
    );
}

#[test]
fn pseudo_variables() {
    let listing =
        method("foo = ( super. super foo. self. nil. true. ^ { super. thisContext. system } )")
            .listing();
    assert!(listing.contains("send_super #foo 0"), "{listing}");
    assert!(
        listing.contains("push_self") && listing.contains("@thisContext"),
        "{listing}"
    );
}

#[test]
fn pragmas() {
    let draft = method(
        "foo: a = ( <marker: #+> <one: 1 two: 'x'> <inline> <array: #(1 a)> | t | <late: nil> ^ a )",
    );
    let pragmas: Vec<String> = draft
        .pragmas
        .iter()
        .map(|pragma| {
            let arguments: Vec<_> = pragma
                .arguments
                .iter()
                .map(LiteralDraft::describe)
                .collect();
            format!("{} {}", pragma.selector, arguments.join(","))
        })
        .collect();
    assert_eq!(
        pragmas,
        [
            "marker: #+",
            "one:two: 1,\"x\"",
            "inline ",
            "array: #(1 #a)",
            "late: nil"
        ]
    );
    let draft = method("foo: a = ( <primitive: #x error: why> | t | t := why. ^ [ why + t ] )");
    let expected = PrimitiveKind::Named {
        name: "x".to_owned(),
        error_temporary: Some(0),
    };
    assert_eq!(draft.primitive, expected);
    assert_eq!(
        method("a = (<primitive: #>>)").primitive,
        PrimitiveKind::Named {
            name: ">".to_owned(),
            error_temporary: None,
        }
    );
}

#[test]
fn external_calls() {
    let draft = method(
        "qsort: a with: f = (\n  <C: void qsort(void *base, int (*compare)(const void *, const void *))>\n  <library: 'libc.so.6'>\n)",
    );
    let external = draft.external.expect("a C pragma");
    assert_eq!(
        external.text,
        "void qsort(void *base, int (*compare)(const void *, const void *))"
    );
    assert_eq!((external.position.line, external.position.column), (2, 7));
    assert_eq!(external.library.as_deref(), Some("libc.so.6"));
    assert!(!external.has_failure_code);
    let failing = method("f: x = ( <C: int f(char c[sizeof \">\" > 1]) /* > ' */> ^ nil )");
    let external = failing.external.expect("a C pragma");
    assert_eq!(external.text, "int f(char c[sizeof \">\" > 1]) /* > ' */");
    assert!(external.has_failure_code && external.library.is_none());
}

#[test]
fn scripts_mix_classes_and_statements() {
    let parts = script(
        "#!/usr/bin/env ripley
         | a | a := 1.
         Foo = Bar ( foo = ( ^ 1 ) )
         Baz = ( ---- new = ( ) ).
         b := Foo new. Foo = b. Foo = (3 + 4). Foo = (self).
         Foo = nil ( )
         [ c := a. b ] value",
    );
    assert_eq!(parts.len(), 6);
    assert_eq!([&parts[1], &parts[2], &parts[4]], ["Foo", "Baz", "Foo"]);
    assert!(parts[0].contains("store_global @a"), "{}", parts[0]);
    assert!(parts[3].contains("push_integer 4"), "{}", parts[3]);
    assert!(parts[5].contains("store_global @c"), "{}", parts[5]);
    assert!(script("").is_empty());
    assert!(script("  \"only a comment\" ").is_empty());
    assert!(script("3 + 4")[0].contains("return_top"));
    assert!(script("3. 4..")[0].contains("push_integer 4"));
    assert!(script("^ 5.")[0].contains("return_top"));
}

#[test]
fn long_scripts_are_split() {
    assert_eq!(script(&"a foo. ".repeat(5000)).len(), 2);
}

#[test]
fn names_of_every_alphabet() {
    assert!(
        method("größe: läng_2 = ( | _x | _x := läng_2. ^ _x )")
            .literals
            .is_empty()
    );
    assert_eq!(literal("#naïve:été:"), "#naïve:été:");
}
