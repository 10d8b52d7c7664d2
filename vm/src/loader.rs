//! Loading source text: scripts, class files, and classes by name from the class path.

use crate::compiler::ast::{Class, ScriptItem, Superclass};
use crate::compiler::{self, Arena, CompileError, Source};
use crate::install::{InstallError, Origin};
use crate::interpreter::RunEnd;
use crate::known::class;
use crate::lookup;
use crate::namespace::Namesake;
use crate::vm::Vm;
use gc::OutOfMemory;
use gc::oop::Oop;
use std::fmt;
use std::path::PathBuf;

/// Why a text could not be loaded, or stopped.
#[derive(Debug)]
pub enum LoadError {
    /// The text is wrong. Nothing was run.
    Compile(Box<CompileError>),
    /// A definition could not be installed, or a class not be found: a message with its place.
    Install(String),
    /// No class of that name is defined or on the class path: a message.
    NotFound(String),
    /// The heap is full.
    OutOfMemory,
    /// It ran, and ended early.
    Run(RunEnd),
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoadError::Compile(error) => error.fmt(f),
            LoadError::Install(message) | LoadError::NotFound(message) => f.write_str(message),
            LoadError::OutOfMemory => f.write_str("the heap is full"),
            LoadError::Run(RunEnd::Terminated) => f.write_str("an error was not handled"),
            LoadError::Run(RunEnd::Unwinding) => f.write_str("a callback was left"),
            LoadError::Run(RunEnd::Exit(status)) => write!(f, "the program exits with {status}"),
        }
    }
}

impl From<Box<CompileError>> for LoadError {
    fn from(error: Box<CompileError>) -> LoadError {
        LoadError::Compile(error)
    }
}

impl From<OutOfMemory> for LoadError {
    fn from(_: OutOfMemory) -> LoadError {
        LoadError::OutOfMemory
    }
}

impl From<RunEnd> for LoadError {
    fn from(end: RunEnd) -> LoadError {
        LoadError::Run(end)
    }
}

fn place(source: &Source, offset: u32, message: &dyn fmt::Display) -> LoadError {
    let at = source.position(offset as usize);
    LoadError::Install(format!(
        "{}:{}:{}: {message}",
        source.name(),
        at.line,
        at.column
    ))
}

fn origin(source: &Source) -> Origin<'_> {
    Origin {
        name: source.name(),
        text: source.text(),
    }
}

impl Vm {
    /// Loads a script: defines its classes and runs its statements in the order of the text.
    /// Answers the value of the last statement, or the last class. The whole text is parsed
    /// before anything runs.
    ///
    /// The limit of the heap does not count for the code: what it does may be to make room.
    pub fn load_text(&mut self, name: &str, text: impl Into<Vec<u8>>) -> Result<Oop, LoadError> {
        let source = Source::new(name, text)?;
        let arena = Arena::new();
        let mut value = self.nil();
        for item in compiler::parse_script(&arena, &source)? {
            value = match item {
                ScriptItem::Class(class) => {
                    let mut loading = vec![];
                    self.without_limit(|vm| {
                        vm.load_parsed_class(&source, class, Namesake::Changes, &mut loading)
                    })?
                }
                ScriptItem::Statements(statements) => {
                    let draft = compiler::compile_statements(&source, statements)?;
                    let nil = self.nil();
                    let method = self
                        .without_limit(|vm| vm.code_object(&draft, nil, origin(&source)))
                        .map_err(|error| place(&source, draft.name_position.offset, &error))?;
                    self.execute(method)?
                }
            };
        }
        Ok(value)
    }

    /// Compiles a script to an Array of its parts: a Method, to be run on nil, for statements; a
    /// class definition stays a String, since it may need what the statements before it do.
    pub fn script_parts(&mut self, name: &str, text: &str) -> Result<Oop, LoadError> {
        let source = Source::new(name, text)?;
        let arena = Arena::new();
        let mut parts = Vec::new();
        let full = |_| LoadError::Install("the heap is full".into());
        for item in compiler::parse_script(&arena, &source)? {
            parts.push(match item {
                ScriptItem::Class(class) => {
                    let at = source.position(class.start as usize);
                    // Blank lines and columns before it keep the places in messages right.
                    let mut part = "\n".repeat(at.line as usize - 1);
                    part.push_str(&" ".repeat(at.column as usize - 1));
                    part.push_str(&source.text()[class.start as usize..class.end as usize]);
                    self.string(part.as_bytes()).map_err(full)?
                }
                ScriptItem::Statements(statements) => {
                    let draft = compiler::compile_statements(&source, statements)?;
                    let nil = self.nil();
                    self.code_object(&draft, nil, origin(&source))
                        .map_err(|error| place(&source, draft.name_position.offset, &error))?
                }
            });
        }
        self.array(&parts).map_err(full)
    }

    /// Defines the class of a class file's text.
    pub fn load_class_text(&mut self, source: &Source) -> Result<Oop, LoadError> {
        self.load_class_source(source, Namesake::Changes, &mut vec![])
    }

    fn load_class_source(
        &mut self,
        source: &Source,
        namesake: Namesake,
        loading: &mut Vec<String>,
    ) -> Result<Oop, LoadError> {
        let arena = Arena::new();
        let class = compiler::parse_class(&arena, source)?;
        self.load_parsed_class(source, &class, namesake, loading)
    }

    fn load_parsed_class(
        &mut self,
        source: &Source,
        class: &Class<'_>,
        namesake: Namesake,
        loading: &mut Vec<String>,
    ) -> Result<Oop, LoadError> {
        let superclass = self.superclass_of_parsed(source, class, loading)?;
        let fields = self.inherited_fields(superclass);
        let class_fields = self.inherited_class_fields(superclass);
        let draft = compiler::compile_class(source, class, &fields, &class_fields)?;
        self.define_class(&draft, superclass, origin(source), namesake)
            .map_err(|error| place(source, error.offset(class.name.at), &error))
    }

    /// The superclass, loaded from the class path where it is not there yet.
    fn superclass_of_parsed(
        &mut self,
        source: &Source,
        class: &Class<'_>,
        loading: &mut Vec<String>,
    ) -> Result<Oop, LoadError> {
        let name = match class.superclass {
            Superclass::Nil => return Ok(self.nil()),
            Superclass::Default => "Object",
            Superclass::Named(name) => name.text,
        };
        let at = match class.superclass {
            Superclass::Named(name) => name.at,
            Superclass::Nil | Superclass::Default => class.name.at,
        };
        loading.push(class.name.text.to_owned());
        if self.global_value(name).is_none() && loading.iter().any(|each| each == name) {
            if let Some(kernel) = self.kernel_class(name) {
                loading.pop();
                return Ok(kernel);
            }
            let message = if name == class.name.text {
                format!("{name} cannot be its own superclass")
            } else {
                let chain = loading.join(" < ");
                format!("{name} is its own superclass: {chain} < {name}")
            };
            return Err(place(source, at, &message));
        }
        let found = self.find_class(name, loading);
        loading.pop();
        found.map_err(|error| match error {
            LoadError::NotFound(message) => place(source, at, &format!("the superclass {message}")),
            LoadError::Install(_)
            | LoadError::Compile(_)
            | LoadError::OutOfMemory
            | LoadError::Run(_) => error,
        })
    }

    /// The class of a name: a global, or loaded from the class path.
    pub fn load_class(&mut self, name: &str) -> Result<Oop, LoadError> {
        self.find_class(name, &mut vec![])
    }

    fn find_class(&mut self, name: &str, loading: &mut Vec<String>) -> Result<Oop, LoadError> {
        match self.global_value(name) {
            Some(found) if self.is_class(found) => return Ok(found),
            Some(_) => return Err(LoadError::NotFound(format!("{name} is not a class"))),
            None => {}
        }
        let Some((path, text)) = self.class_file(name)? else {
            let tried: Vec<String> = self
                .options
                .class_path
                .iter()
                .map(|path| path.display().to_string())
                .collect();
            let place = if tried.is_empty() {
                "no class path".into()
            } else {
                tried.join(", ")
            };
            return Err(LoadError::NotFound(format!(
                "{name} is not defined (looked in {place})"
            )));
        };
        let source = Source::new(path.display().to_string(), text)?;
        let class = self.load_class_source(&source, Namesake::Stays, loading)?;
        if self.class_name(class) == name {
            return Ok(class);
        }
        let message = format!(
            "expected the class {name}, found {}",
            self.class_name(class)
        );
        Err(place(&source, 0, &message))
    }

    /// True where a directory of the class path has a file of this class.
    pub(crate) fn is_on_class_path(&self, name: &str) -> bool {
        let file_name = format!("{name}.som");
        let path = &self.options.class_path;
        path.iter().any(|each| each.join(&file_name).exists())
    }

    /// The first file of the class path that a class of this name is in.
    fn class_file(&self, name: &str) -> Result<Option<(PathBuf, Vec<u8>)>, LoadError> {
        let is_name = name
            .chars()
            .all(|each| each.is_alphanumeric() || each == '_');
        if name.is_empty() || !is_name {
            return Ok(None);
        }
        let file_name = format!("{name}.som");
        for directory in &self.options.class_path {
            let path = directory.join(&file_name);
            if path.exists() && !path.is_file() {
                let message = format!("{} is not a file", path.display());
                return Err(LoadError::Install(message));
            }
            match std::fs::read(&path) {
                Ok(text) => return Ok(Some((path, text))),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => {
                    let message = format!("cannot read {}: {error}", path.display());
                    return Err(LoadError::Install(message));
                }
            }
        }
        Ok(None)
    }

    /// Compiles the text of one method and adds it to a class.
    pub fn compile_into(
        &mut self,
        class_object: Oop,
        name: &str,
        text: &str,
    ) -> Result<Oop, LoadError> {
        let source = Source::new(name, text)?;
        let fields = self.field_names(class_object);
        let draft = compiler::compile_method(&source, &fields)?;
        self.install_method(&draft, class_object, origin(&source))
            .map_err(|error: InstallError| place(&source, draft.name_position.offset, &error))
    }

    /// The method that a class has or inherits for a selector.
    pub fn method_in(&self, class_object: Oop, selector: &str) -> Option<Oop> {
        let selector = self.existing_symbol(selector.as_bytes())?;
        lookup::lookup(self.heap(), class_object, selector, self.nil())
    }

    /// True where a class itself, not a superclass, has a method for a selector.
    pub fn has_own_method(&self, class_object: Oop, selector: &str) -> bool {
        let own = |selector| lookup::own_method(self.heap(), class_object, selector, self.nil());
        self.existing_symbol(selector.as_bytes())
            .and_then(own)
            .is_some()
    }

    /// True where an object's class has a method for a selector.
    pub fn class_understands(&self, object: Oop, selector: &str) -> bool {
        self.method_in(self.class_of(object), selector).is_some()
    }

    /// The class-side field names that every class has, spelled so that no source can name them:
    /// the VM trusts what is in those slots.
    pub(crate) fn hidden_class_fields() -> Vec<String> {
        let fields = crate::genesis::known_fields("Class");
        debug_assert_eq!(fields.len(), class::COUNT);
        fields.iter().map(|name| format!("({name})")).collect()
    }
}
