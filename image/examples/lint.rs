use std::collections::{BTreeMap, BTreeSet, HashMap};
use vm::compiler::draft::*;
use vm::compiler::{Arena, Source, ast::Superclass, compile_class, parse_class};
fn walk(code: &CodeDraft, home: &str, globals: &mut BTreeMap<String, BTreeSet<String>>, symbols: &mut BTreeMap<String, BTreeSet<String>>) {
    for l in &code.literals {
        match l {
            LiteralDraft::Global(n) => { globals.entry(n.clone()).or_default().insert(home.into()); }
            LiteralDraft::Symbol(n) => { symbols.entry(n.clone()).or_default().insert(home.into()); }
            LiteralDraft::Block(b) => walk(b, home, globals, symbols),
            _ => {}
        }
    }
}
fn main() {
    let files = image::bootstrap::source_files(std::path::Path::new("image/kernel")).unwrap();
    let mut sources = HashMap::new();
    let mut parents: HashMap<String, Option<String>> = HashMap::new();
    for path in &files {
        let text = std::fs::read_to_string(path).unwrap();
        let source = Source::new(path.display().to_string(), text).unwrap();
        let arena = Arena::new();
        match parse_class(&arena, &source) {
            Err(e) => println!("{e}"),
            Ok(c) => {
                let p = match c.superclass { Superclass::Nil => None, Superclass::Default => Some("Object".to_string()), Superclass::Named(n) => Some(n.text.to_string()) };
                let f = |side: &vm::compiler::ast::Side| side.fields.iter().map(|n| n.text.to_string()).collect::<Vec<_>>();
                let (a, b) = (f(&c.instance_side), f(&c.class_side));
                parents.insert(c.name.text.to_string(), p);
                sources.insert(c.name.text.to_string(), (source, a, b));
            }
        }
    }
    let mut globals = BTreeMap::new();
    let mut symbols = BTreeMap::new();
    let mut selectors = BTreeSet::new();
    let mut ffi = Vec::new();
    for (name, (source, _, _)) in &sources {
        let mut inst: Vec<String> = vec![]; let mut cls: Vec<String> = parents.keys().next().map(|_| vec!["superclass","methodDictionary","format","classIndex","name","fields","comment","thisClass","state"].into_iter().map(String::from).collect()).unwrap();
        let mut chain = vec![]; let mut at = parents[name].clone();
        while let Some(p) = at { chain.push(p.clone()); at = parents.get(&p).cloned().flatten(); }
        for p in chain.iter().rev() { let (_, a, b) = &sources[p]; inst.extend(a.clone()); cls.extend(b.clone()); }
        let arena = Arena::new();
        let class = parse_class(&arena, source).unwrap();
        match compile_class(source, &class, &inst, &cls) {
            Err(e) => println!("{e}"),
            Ok(d) => for m in d.instance_methods.iter().chain(&d.class_methods) {
                selectors.insert(m.selector.clone());
                let home = format!("{name}>>{}", m.selector);
                if source.name().contains("/ffi/") { ffi.push(name.clone()); walk(m, &home, &mut globals, &mut symbols); }
            }
        }
    }
    for (g, at) in &globals { if !sources.contains_key(g) && g != "system" { println!("global {g}: {at:?}"); } }
    for (s, at) in &symbols { if !selectors.contains(s) { println!("selector {s}: {at:?}"); } }
}
