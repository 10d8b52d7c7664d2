//! Checks compiled code against the rules of the bytecode set.

use super::draft::{CodeDraft, CodeKind, LiteralDraft};
use crate::bytecode::{Bytecode, Flow, Opcode, SpecialSend, instructions};

/// Checks a draft and the blocks in it: every instruction decodes, operands and jump targets
/// exist, the operand stack has one depth at each instruction whatever the path there, never runs
/// empty and never exceeds `max_stack`, and execution cannot run off the end.
///
/// # Errors
/// What is wrong first, with selector and pc.
pub fn check(draft: &CodeDraft) -> Result<(), String> {
    Checker {
        draft,
        depths: vec![None; draft.bytecodes.len()],
    }
    .check()?;
    for literal in &draft.literals {
        if let LiteralDraft::Block(block) = literal {
            if block.kind != CodeKind::Block {
                return Err(format!(
                    "{}: a block literal that is a method",
                    draft.selector
                ));
            }
            check(block)?;
        }
    }
    Ok(())
}

struct Checker<'a> {
    draft: &'a CodeDraft,
    /// The depth before each instruction that has been reached; `None` elsewhere.
    depths: Vec<Option<usize>>,
}

impl Checker<'_> {
    fn fail<T>(&self, pc: usize, what: impl std::fmt::Display) -> Result<T, String> {
        Err(format!("{} at {pc}: {what}", self.draft.selector))
    }

    fn check(&mut self) -> Result<(), String> {
        let code = &self.draft.bytecodes;
        let mut starts = vec![false; code.len()];
        let mut end = 0;
        for (pc, instruction) in instructions(code) {
            starts[pc] = true;
            end = pc + instruction.opcode().width();
            self.check_operands(pc, instruction)?;
        }
        if end != code.len() || code.is_empty() {
            return self.fail(end, "no instruction");
        }
        if self.draft.temporary_count > 255 || self.draft.argument_count > 255 {
            return self.fail(0, "too many variables");
        }
        let mut open = vec![(0, 0)];
        while let Some((pc, depth)) = open.pop() {
            if !starts.get(pc).copied().unwrap_or(false) {
                return self.fail(pc, "execution comes where no instruction is");
            }
            match self.depths[pc] {
                Some(known) if known != depth => {
                    return self.fail(pc, format!("depth {known} on one path, {depth} on another"));
                }
                Some(_) => continue,
                None => self.depths[pc] = Some(depth),
            }
            self.follow(pc, depth, &mut open)?;
        }
        Ok(())
    }

    fn follow(
        &self,
        pc: usize,
        depth: usize,
        open: &mut Vec<(usize, usize)>,
    ) -> Result<(), String> {
        let Some((instruction, end)) = Bytecode::decode(&self.draft.bytecodes, pc) else {
            return self.fail(pc, "no instruction");
        };
        let Some(rest) = depth.checked_sub(instruction.pops()) else {
            return self.fail(pc, format!("{instruction:?} on a stack of {depth}"));
        };
        let depth = rest + instruction.pushes();
        if depth > self.draft.max_stack {
            return self.fail(
                pc,
                format!("depth {depth} exceeds {}", self.draft.max_stack),
            );
        }
        let target = |distance: i32| (end as i64 + i64::from(distance)) as usize;
        match instruction.flow() {
            Flow::Next => open.push((end, depth)),
            Flow::Goto(distance) => open.push((target(distance), depth)),
            Flow::Branch(distance) => {
                open.push((target(distance), depth));
                open.push((end, depth));
            }
            Flow::Leave => {}
        }
        Ok(())
    }

    fn check_operands(&self, pc: usize, instruction: Bytecode) -> Result<(), String> {
        let draft = self.draft;
        let temporary = |index: u8| usize::from(index) < draft.temporary_count;
        let argument = |index: u8| usize::from(index) < draft.argument_count;
        let literal = |number: u16| draft.literals.get(usize::from(number));
        let symbol = |number| matches!(literal(number), Some(LiteralDraft::Symbol(_)));
        let global = |number| matches!(literal(number), Some(LiteralDraft::Global(_)));
        let is_right = match instruction {
            Bytecode::PushLiteral { literal: number } => !matches!(
                literal(number),
                None | Some(LiteralDraft::Block(_) | LiteralDraft::Global(_))
            ),
            Bytecode::PushArgument { index } | Bytecode::StoreArgument { index } => argument(index),
            Bytecode::PushTemporary { index } | Bytecode::StoreTemporary { index } => {
                temporary(index)
            }
            Bytecode::PushShared { index, .. } | Bytecode::StoreShared { index, .. } => {
                temporary(index)
            }
            Bytecode::MakeVector { index, size } => temporary(index) && size > 0,
            Bytecode::PushGlobal { literal } | Bytecode::StoreGlobal { literal } => global(literal),
            Bytecode::MakeBlock {
                literal: number,
                copied,
            } => match literal(number) {
                Some(LiteralDraft::Block(block)) => block.copied_count == usize::from(copied),
                _ => false,
            },
            Bytecode::Send { selector, .. } | Bytecode::SendSuper { selector, .. } => {
                symbol(selector)
            }
            Bytecode::SendSpecial { selector } => SpecialSend::from_number(selector).is_some(),
            Bytecode::JumpTrue { selector, .. } | Bytecode::JumpFalse { selector, .. } => {
                symbol(selector)
            }
            Bytecode::Jump { distance } => distance >= 0,
            Bytecode::JumpBack { distance } => distance < 0,
            Bytecode::ReturnSelf {} => draft.kind == CodeKind::Method,
            Bytecode::ReturnHome {} => draft.kind == CodeKind::Block && draft.needs_home,
            Bytecode::PushSelf {}
            | Bytecode::PushNil {}
            | Bytecode::PushTrue {}
            | Bytecode::PushFalse {}
            | Bytecode::PushInteger { .. }
            | Bytecode::PushField { .. }
            | Bytecode::StoreField { .. }
            | Bytecode::Pop {}
            | Bytecode::Duplicate {}
            | Bytecode::MakeArray { .. }
            | Bytecode::JumpNil { .. }
            | Bytecode::JumpNotNil { .. }
            | Bytecode::ReturnTop {} => true,
        };
        if is_right {
            return Ok(());
        }
        let opcode: Opcode = instruction.opcode();
        self.fail(
            pc,
            format!("{}: {instruction:?} refers to nothing fit", opcode.name()),
        )
    }
}
