//! Where the variables of a method live.
//!
//! A *frame* is what is activated: the method and every block that is not inlined. A *scope* is
//! what declares names: the method and every block. An inlined block is a scope of the frame
//! around it.
//!
//! A variable that inner frames use is *copied* into their blocks when its value cannot change
//! once the first of these blocks is made. Otherwise it is *shared*: it lives in a vector that its
//! scope makes when it is entered, and the vector is copied.

use super::ast::Name;
use hashbrown::HashMap;

/// What names mean outside of methods.
pub(super) struct Outside<'a> {
    /// The slot of every field.
    pub(super) fields: HashMap<&'a str, u16>,
    /// Names that are not declared may be assigned to: they are globals of a script.
    pub(super) assigns_globals: bool,
}

/// An argument or temporary.
pub(super) struct Variable<'a> {
    pub(super) name: Name<'a>,
    /// The scope that declares it.
    pub(super) scope: u32,
    /// The frame of that scope.
    pub(super) frame: u32,
    /// The number of the argument; `None` for temporaries and for parameters of inlined blocks.
    pub(super) argument: Option<u8>,
    /// Why it cannot be assigned to.
    pub(super) fixed: Option<&'static str>,
    /// It has a value when its scope is entered.
    pub(super) is_parameter: bool,
    /// It is assigned to.
    pub(super) is_stored: bool,
    /// Its slot in the vector of its scope, where it is shared.
    pub(super) shared: Option<u8>,
    /// It may be read before it is assigned to, so it has to start as nil.
    pub(super) starts_as_nil: bool,
    pub(super) is_shared: bool,
    pub(super) is_captured: bool,
    pub(super) is_used: bool,
    /// The number of loops of the frame that enclose the declaration.
    pub(super) loop_depth: usize,
    /// The outermost loop around the last store, among the loops inside of its scope.
    pub(super) store_loop: Option<u32>,
}

/// A method or block as a place that declares variables.
#[derive(Default)]
pub(super) struct Scope {
    pub(super) frame: u32,
    /// The variables that it declares, contiguous numbers.
    pub(super) variables: std::ops::Range<u32>,
    /// The size of its vector; 0 without one.
    pub(super) shared_count: u8,
    /// It is entered again and again by one activation of its frame.
    pub(super) is_in_loop: bool,
}

/// What a block brings along.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Copied {
    /// The value of a variable.
    Value(u32),
    /// The vector of a scope.
    Vector(u32),
}

/// A method or a block that is not inlined.
#[derive(Default)]
pub(super) struct Frame {
    /// Where it starts.
    pub(super) at: u32,
    /// The variables of outer frames that it uses, in order of first use.
    pub(super) captured: Vec<u32>,
    /// What is copied, in order.
    pub(super) copied: Vec<Copied>,
    /// It, or a block inside, returns from the method. For the method itself: a block inside does.
    pub(super) needs_home: bool,
}

/// What is known of the variables of a method.
pub(super) struct Analysis<'a> {
    pub(super) variables: Vec<Variable<'a>>,
    pub(super) scopes: Vec<Scope>,
    pub(super) frames: Vec<Frame>,
}

impl<'a> Analysis<'a> {
    /// Gives shared variables their slots and frames what they copy. A frame that would copy more
    /// than `limit` values is the error.
    pub(super) fn finish(mut self, limit: usize) -> Result<Analysis<'a>, Frame> {
        for variable in &mut self.variables {
            if variable.is_shared {
                let scope = &mut self.scopes[variable.scope as usize];
                variable.shared = Some(scope.shared_count);
                scope.shared_count += 1;
            }
        }
        for frame in &mut self.frames {
            for &local in &frame.captured {
                let variable = &self.variables[local as usize];
                let copied = match variable.shared {
                    Some(_) => Copied::Vector(variable.scope),
                    None => Copied::Value(local),
                };
                if !frame.copied.contains(&copied) {
                    frame.copied.push(copied);
                }
                if frame.copied.len() > limit {
                    return Err(std::mem::take(frame));
                }
            }
        }
        Ok(self)
    }
}
