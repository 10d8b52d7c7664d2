//! What the VM asks of the foreign-function machinery, which another crate implements.

use crate::callback::CallbackSlot;
use crate::codes::ReturnAddresses;
use crate::context::VmContext;
use crate::visitors::Visit;
use crate::vm::Vm;
use gc::oop::Oop;

/// How external-call methods are executed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Marshalling {
    /// RTL lowered into the method's machine code.
    #[default]
    Compiled,
    /// The same RTL run by the RTL interpreter.
    Interpreted,
    /// The call specification driven through libffi.
    Libffi,
}

/// The names the loader tried and what it said, for `LibraryNotFound`.
#[derive(Clone, Debug)]
pub struct LibraryNotFound {
    /// File names or paths, each with the loader's words.
    pub attempts: Vec<(String, String)>,
}

/// A handle of an open library; 0 is the running process.
pub type LibraryHandle = u64;

/// What an external-call method is executed by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ExternalCode {
    /// Machine code at this address.
    Machine(u64),
    /// A plan that [`Foreign::call_plan`] runs.
    Plan(u32),
}

impl ExternalCode {
    /// What the method's `code` slot holds: an address, or a negative number for a plan. 0 stands
    /// for no code.
    pub fn to_slot(self) -> i64 {
        match self {
            ExternalCode::Machine(address) => address as i64,
            ExternalCode::Plan(number) => -1 - i64::from(number),
        }
    }

    /// The code of a slot, unless it says that there is none.
    #[inline(always)]
    pub fn from_slot(slot: i64) -> Option<ExternalCode> {
        match slot {
            0 => None,
            1.. => Some(ExternalCode::Machine(slot as u64)),
            _ => Some(ExternalCode::Plan((-1 - slot) as u32)),
        }
    }
}

/// What is handed over to make an external-call method callable.
pub struct ExternalMethod<'a> {
    /// Name for listings: `Class>>selector`.
    pub name: &'a str,
    /// The Method.
    pub method: Oop,
    /// Number of arguments.
    pub argument_count: usize,
    /// The RTL as the image made it: an Array of Arrays, op Symbol first.
    pub rtl: Oop,
    /// Address of the foreign function; 0 where the RTL calls through a register only.
    pub function: u64,
}

/// What is handed over to make a callback's own code.
pub struct LeafMethod<'a> {
    /// Name for listings: the signature.
    pub name: &'a str,
    /// The RTL around the Block's, as the image made it.
    pub rtl: Oop,
    /// The CompiledBlock.
    pub compiled: Oop,
    /// What is known of the parameters: an Array with one for each, nil where nothing is.
    pub parameters: Oop,
    /// The code of the signature, where the leaf goes that is abandoned.
    pub general: u64,
}

/// Why RTL of the image's was not made into something that runs: a sentence.
#[derive(Clone, Debug)]
pub enum NotInstalled {
    /// It says which operation is wrong.
    Wrong(String),
    /// The code space is full.
    NoRoom(String),
}

/// The foreign-function machinery.
///
/// It is shared, not borrowed, while a foreign function runs: that function may call back into the
/// VM, which asks the machinery for something else.
pub trait Foreign {
    /// Opens a library by bare name, file name or path.
    fn open(&self, name: &str) -> Result<LibraryHandle, LibraryNotFound>;
    /// The address of a symbol in an open library.
    fn symbol(&self, library: LibraryHandle, name: &str) -> Option<u64>;
    /// Makes an external-call method callable.
    fn install(
        &self,
        context: &mut VmContext,
        method: &ExternalMethod<'_>,
    ) -> Result<ExternalCode, NotInstalled>;
    /// Makes a leaf; answers where its code begins, `None` where the Block is none.
    fn install_leaf(&self, vm: &mut Vm, leaf: &LeafMethod<'_>)
    -> Result<Option<u64>, NotInstalled>;
    /// Drops what `install` or `install_leaf` made, unless it runs: true where it is gone.
    fn remove(&self, code: ExternalCode, running: &ReturnAddresses) -> bool;
    /// Runs machine code from the interpreter: receiver and arguments are the topmost words of the
    /// VM stack. Answers as the `enter` stub does.
    ///
    /// # Safety
    /// The context is that of a VM which holds no reference to any of its parts meanwhile, `code`
    /// was answered by `install` and not removed, and the VM stack is as said above.
    unsafe fn enter(&self, context: *mut VmContext, code: u64) -> crate::context::Outcome;
    /// Runs a plan in the RTL interpreter (or libffi), leaving the VM stack as it is; the
    /// result is in `context.value`.
    ///
    /// # Safety
    /// As for `enter`.
    unsafe fn call_plan(&self, context: *mut VmContext, plan: u32) -> crate::context::Outcome;
    /// Lets the foreign function under way return to what leaves its call, where the call stands for a send that returns to
    /// `back`; `c_sp` is that of the run that made the call.
    ///
    /// # Safety
    /// The run is suspended in a foreign call on this thread.
    unsafe fn leave_call(&self, back: u64, c_sp: u64);
    /// The listing of installed code: RTL beside machine code.
    fn listing(&self, code: ExternalCode) -> String;
    /// The name of the code that begins at an address.
    fn name_of(&self, code: u64) -> Option<String>;
    /// Gives a callback an address that C can call. The error says why there is none.
    fn new_callback(&self, callback: CallbackSlot) -> Result<u64, String>;
    /// Frees the callback at an address; false where none is there.
    fn free_callback(&self, address: u64) -> bool;
    /// Makes another thread's call to the callback at an address.
    ///
    /// # Safety
    /// The visit's frame is that of a waiting thread. As for `enter`, nothing of the VM is
    /// borrowed.
    unsafe fn serve(&self, visit: Visit);
    /// How external calls are made.
    fn marshalling(&self) -> Marshalling;
    /// From a callback's frame to the stack arguments, in bytes, where C calls by the System V
    /// convention or by Microsoft's.
    fn callback_stack_offset(&self, microsoft: bool) -> usize;
    /// Bytes of code space in use.
    fn code_bytes(&self) -> usize;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_slots_round_trip() {
        for code in [
            ExternalCode::Machine(0x7f00_1234),
            ExternalCode::Plan(0),
            ExternalCode::Plan(7),
        ] {
            assert_eq!(ExternalCode::from_slot(code.to_slot()), Some(code));
        }
        assert_eq!(ExternalCode::from_slot(0), None);
    }
}
