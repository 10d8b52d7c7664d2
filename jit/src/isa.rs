//! Instruction sets. Each is a folder with the same file names: `registers`, `lower`, `stubs`.

pub mod x64;

use crate::rtl::operand::{Fpr, Gpr};

/// Names of an instruction set's registers.
#[derive(Debug)]
pub struct Isa {
    /// Name of the instruction set.
    pub name: &'static str,
    /// General registers, indexed by encoding.
    pub general: &'static [&'static str],
    /// Floating-point registers, indexed by encoding.
    pub float: &'static [&'static str],
    /// Roles of general registers.
    pub roles: &'static [(&'static str, Gpr)],
    /// Roles of floating-point registers.
    pub float_roles: &'static [(&'static str, Fpr)],
    /// General registers that belong to the lowering, and that RTL does not name.
    pub private: &'static [Gpr],
    /// Floating-point registers that belong to the lowering.
    pub private_float: &'static [Fpr],
}

/// x86-64.
pub use x64::registers::ISA as X64;

/// The instruction set that this program runs on.
#[cfg(target_arch = "x86_64")]
pub use x64 as host;

/// Names of the registers of the instruction set that this program runs on.
pub static HOST: &Isa = &host::registers::ISA;

impl Isa {
    /// The general register with a name of the machine or of a role.
    pub fn gpr(&self, name: &str) -> Option<Gpr> {
        named(self.general, self.roles, name, Gpr::new)
    }

    /// The floating-point register with a name of the machine or of a role.
    pub fn fpr(&self, name: &str) -> Option<Fpr> {
        named(self.float, self.float_roles, name, Fpr::new)
    }

    /// The machine's name of a general register.
    pub fn gpr_name(&self, register: Gpr) -> &'static str {
        self.general.get(register.number() as usize).unwrap_or(&"?")
    }

    /// The machine's name of a floating-point register.
    pub fn fpr_name(&self, register: Fpr) -> &'static str {
        self.float.get(register.number() as usize).unwrap_or(&"?")
    }
}

fn named<R: Copy>(names: &[&str], roles: &[(&str, R)], name: &str, make: fn(u8) -> R) -> Option<R> {
    let number = names.iter().position(|candidate| *candidate == name);
    let role = || {
        roles
            .iter()
            .find(|(candidate, _)| *candidate == name)
            .map(|role| role.1)
    };
    number.map(|number| make(number as u8)).or_else(role)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registers_are_found_by_name_and_by_role() {
        assert_eq!(X64.gpr("rdi"), X64.gpr("rdi"));
        assert_eq!(X64.gpr("scratch"), X64.gpr("r14"));
        assert_eq!(X64.gpr("context"), X64.gpr("rbx"));
        assert_eq!(X64.fpr("fscratch"), X64.fpr("xmm15"));
        assert_eq!(X64.gpr("x0"), None);
        for number in 0..16 {
            let register = Gpr::new(number);
            assert_eq!(X64.gpr(X64.gpr_name(register)), Some(register));
        }
    }
}
