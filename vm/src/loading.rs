//! From source text to classes, methods and scripts, and classes from the class path.

use crate::compiler::ast::{Class, ScriptItem, Superclass};
use crate::compiler::draft::SuperclassDraft;
use crate::compiler::{self, Arena, CompileError, Source};
use crate::install::{InstallError, Origin};
use crate::vm::Vm;
use gc::OutOfMemory;
use gc::oop::Oop;
use std::fmt;
use std::path::PathBuf;

/// Why a source could not be loaded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LoadError {
    /// No file of that name on the class path.
    NotFound,
    /// A file could not be read.
    System(String),
    /// What is wrong with the text, and where.
    Source(String),
    /// The heap is full.
    OutOfMemory,
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoadError::NotFound => f.write_str("no such class on the class path"),
            LoadError::System(text) | LoadError::Source(text) => f.write_str(text),
            LoadError::OutOfMemory => f.write_str("the heap is full"),
        }
    }
}

impl From<Box<CompileError>> for LoadError {
    fn from(error: Box<CompileError>) -> LoadError {
        LoadError::Source(error.to_string())
    }
}

impl From<OutOfMemory> for LoadError {
    fn from(_: OutOfMemory) -> LoadError {
        LoadError::OutOfMemory
    }
}

impl LoadError {
    /// An error of installing the definition at a place.
    fn at(place: &str, error: InstallError) -> LoadError {
        match error {
            InstallError::Definition(message) => LoadError::Source(format!("{place}: {message}")),
            InstallError::OutOfMemory => LoadError::OutOfMemory,
        }
    }
}

impl Vm {
    /// Defines the class of a source; its superclass may come from the class path.
    pub fn compile_class(&mut self, text: &str, name: &str) -> Result<Oop, LoadError> {
        self.compile_class_below(text, name, &mut Vec::new())
    }

    /// As [`Vm::compile_class`], while the classes named in `loading` wait for it.
    fn compile_class_below(
        &mut self,
        text: &str,
        name: &str,
        loading: &mut Vec<String>,
    ) -> Result<Oop, LoadError> {
        let source = Source::new(name, text)?;
        let arena = Arena::new();
        let class = compiler::parse_class(&arena, &source)?;
        self.define_parsed(&source, &class, loading)
    }

    fn define_parsed(
        &mut self,
        source: &Source,
        class: &Class<'_>,
        loading: &mut Vec<String>,
    ) -> Result<Oop, LoadError> {
        let position = source.position(class.name.at as usize);
        let place = format!("{}:{}:{}", source.name(), position.line, position.column);
        let superclass = match class.superclass {
            Superclass::Nil => SuperclassDraft::Nil,
            Superclass::Default => SuperclassDraft::Default,
            Superclass::Named(name) => {
                loading.push(class.name.text.to_owned());
                self.need_superclass(name.text, &place, loading)?;
                loading.pop();
                SuperclassDraft::Named(name.text.to_owned())
            }
        };
        let superclass =
            self.superclass_for(&superclass).map_err(|error| LoadError::at(&place, error))?;
        let draft = compiler::compile_class(
            source,
            class,
            &self.inherited_fields(superclass),
            &self.inherited_class_fields(superclass),
        )?;
        let origin = Origin { name: source.name(), text: source.text() };
        self.define_class(&draft, origin).map_err(|error| LoadError::at(&place, error))
    }

    /// Loads a superclass that is not there yet.
    fn need_superclass(
        &mut self,
        name: &str,
        place: &str,
        loading: &mut Vec<String>,
    ) -> Result<(), LoadError> {
        if loading.iter().any(|each| each == name) {
            let circle = format!("{place}: {} is its own superclass", loading.join(" below "));
            return Err(LoadError::Source(circle));
        }
        if self.global_value(name).is_some() {
            return Ok(());
        }
        match self.load_class_below(name, loading) {
            // The definition itself says better what is missing.
            Err(LoadError::NotFound) => Ok(()),
            result => result.map(|_| ()),
        }
    }

    /// Loads the class of a name from the first directory of the class path that has its file.
    pub fn load_class(&mut self, name: &str) -> Result<Oop, LoadError> {
        self.load_class_below(name, &mut Vec::new())
    }

    fn load_class_below(
        &mut self,
        name: &str,
        loading: &mut Vec<String>,
    ) -> Result<Oop, LoadError> {
        let path = self.class_file(name).ok_or(LoadError::NotFound)?;
        let shown = path.display().to_string();
        let bytes = std::fs::read(&path)
            .map_err(|error| LoadError::System(format!("{shown}: {error}")))?;
        let source = Source::new(shown, bytes)?;
        let arena = Arena::new();
        let class = compiler::parse_class(&arena, &source)?;
        if class.name.text != name {
            let message = format!(
                "{}: expected the definition of {name}, found that of {}",
                source.name(),
                class.name.text
            );
            return Err(LoadError::Source(message));
        }
        self.define_parsed(&source, &class, loading)
    }

    fn class_file(&self, name: &str) -> Option<PathBuf> {
        let is_name = name.chars().all(|each| each.is_alphanumeric() || each == '_');
        if name.is_empty() || !is_name {
            return None;
        }
        let file = format!("{name}.som");
        self.options.class_path.iter().map(|each| each.join(&file)).find(|path| path.is_file())
    }

    /// Compiles one method and adds it to a class.
    pub fn compile_method(
        &mut self,
        class_object: Oop,
        text: &str,
        name: &str,
    ) -> Result<Oop, LoadError> {
        let source = Source::new(name, text)?;
        let draft = compiler::compile_method(&source, &self.field_names(class_object))?;
        let origin = Origin { name: source.name(), text: source.text() };
        self.install_method(&draft, class_object, origin)
            .map_err(|error| LoadError::at(source.name(), error))
    }

    /// Compiles a script to an Array of its parts: a Method, to be run on nil, for statements; a
    /// class definition stays a String, since it may refer to what the statements before it do.
    pub fn compile_script(&mut self, text: &str, name: &str) -> Result<Oop, LoadError> {
        let source = Source::new(name, text)?;
        let arena = Arena::new();
        let mut parts = Vec::new();
        for item in compiler::parse_script(&arena, &source)? {
            parts.push(match item {
                ScriptItem::Class(class) => {
                    let position = source.position(class.start as usize);
                    // Blank lines and columns before it keep places in messages right.
                    let mut part = "\n".repeat(position.line as usize - 1);
                    part.push_str(&" ".repeat(position.column as usize - 1));
                    part.push_str(&source.text()[class.start as usize..class.end as usize]);
                    self.string(part.as_bytes())?
                }
                ScriptItem::Statements(statements) => {
                    let draft = compiler::compile_statements(&source, statements)?;
                    let origin = Origin { name: source.name(), text: source.text() };
                    let nil = self.nil();
                    self.code_object(&draft, nil, origin)
                        .map_err(|error| LoadError::at(source.name(), error))?
                }
            });
        }
        Ok(self.array(&parts)?)
    }
}
