//! Runs bytecodes, one visitor method a row.

use super::Value as AnyValue;
use std::cell::RefCell;
use std::rc::Rc;
use vm::bytecode::{Bytecode, SpecialSend, Visitor};
use vm::compiler::draft::{CodeDraft, LiteralDraft};

pub(crate) type Value<'a> = AnyValue<Closure<'a>>;

#[derive(Debug)]
pub(crate) struct Closure<'a> {
    code: &'a CodeDraft,
    copied: Vec<Value<'a>>,
}

/// How an activation ends: its value, or the value that the method returns.
type Outcome<'a> = Result<Value<'a>, Value<'a>>;

struct Activation<'a> {
    code: &'a CodeDraft,
    arguments: Vec<Value<'a>>,
    temporaries: Vec<Value<'a>>,
    stack: Vec<Value<'a>>,
    pc: usize,
    finished: Option<Outcome<'a>>,
}

pub(crate) fn run<'a>(code: &'a CodeDraft, arguments: &[Value<'a>]) -> Value<'a> {
    match activate(code, &[], arguments) {
        Ok(value) | Err(value) => value,
    }
}

fn activate<'a>(code: &'a CodeDraft, copied: &[Value<'a>], arguments: &[Value<'a>]) -> Outcome<'a> {
    let mut temporaries = copied.to_vec();
    temporaries.resize(code.temporary_count, Value::Nil);
    let (stack, finished) = (Vec::new(), None);
    let mut arguments = arguments.to_vec();
    arguments.resize(code.argument_count, Value::Nil);
    let mut activation = Activation {
        code,
        arguments,
        temporaries,
        stack,
        pc: 0,
        finished,
    };
    loop {
        let decoded = Bytecode::decode(&code.bytecodes, activation.pc);
        let (instruction, end) = decoded.expect("an instruction");
        activation.pc = end;
        instruction.visit(&mut activation);
        assert!(activation.stack.len() <= code.max_stack);
        if let Some(outcome) = activation.finished {
            return outcome;
        }
    }
}

impl<'a> Activation<'a> {
    fn pop(&mut self) -> Value<'a> {
        self.stack.pop().expect("a value on the stack")
    }

    fn top(&self) -> Value<'a> {
        self.stack.last().expect("a value on the stack").clone()
    }

    fn go(&mut self, distance: i32) {
        self.pc = (self.pc as i64 + i64::from(distance)) as usize;
    }

    fn vector(&self, index: u8) -> &Rc<RefCell<Vec<Value<'a>>>> {
        let Value::List(vector) = &self.temporaries[usize::from(index)] else {
            panic!("no vector in temporary {index}")
        };
        vector
    }

    fn message(&mut self, selector: &str, count: usize) {
        let arguments = self.stack.split_off(self.stack.len() - count);
        let receiver = self.pop();
        match send(&receiver, selector, &arguments) {
            Ok(value) => self.stack.push(value),
            Err(returned) => self.finished = Some(Err(returned)),
        }
    }

    fn symbol(&self, number: u16) -> &'a str {
        let LiteralDraft::Symbol(text) = &self.code.literals[usize::from(number)] else {
            panic!("no symbol in literal {number}")
        };
        text
    }
}

fn send<'a>(receiver: &Value<'a>, selector: &str, arguments: &[Value<'a>]) -> Outcome<'a> {
    match (receiver, selector) {
        (Value::Block(closure), "value" | "value:") => {
            activate(closure.code, &closure.copied, arguments)
        }
        (_, "value" | "value:") => Ok(receiver.clone()),
        (Value::List(list), "do:") => {
            let elements = list.borrow().clone();
            for element in elements {
                send(&arguments[0], "value:", &[element])?;
            }
            Ok(receiver.clone())
        }
        _ => Ok(receiver.send(selector, arguments)),
    }
}

impl Visitor for Activation<'_> {
    type Output = ();

    fn push_self(&mut self) {
        self.stack.push(Value::Nil);
    }
    fn push_nil(&mut self) {
        self.stack.push(Value::Nil);
    }
    fn push_true(&mut self) {
        self.stack.push(Value::Boolean(true));
    }
    fn push_false(&mut self) {
        self.stack.push(Value::Boolean(false));
    }
    fn push_integer(&mut self, value: i8) {
        self.stack.push(Value::Integer(value.into()));
    }
    fn push_literal(&mut self, literal: u16) {
        let literal = &self.code.literals[usize::from(literal)];
        let value = if let LiteralDraft::CleanBlock(code) = literal {
            let copied = Vec::new();
            Value::Block(Rc::new(Closure { code, copied }))
        } else if let LiteralDraft::Integer(value) = literal {
            Value::Integer(value.try_into().expect("small"))
        } else {
            panic!("the programs have no literals like {literal:?}")
        };
        self.stack.push(value);
    }
    fn push_argument(&mut self, index: u8) {
        self.stack.push(
            self.arguments
                .get(usize::from(index))
                .cloned()
                .unwrap_or(Value::Nil),
        );
    }
    fn push_temporary(&mut self, index: u8) {
        self.stack
            .push(self.temporaries[usize::from(index)].clone());
    }
    fn push_field(&mut self, _: u16) {
        unreachable!("the class has no fields")
    }
    fn push_global(&mut self, _: u16) {
        self.stack.push(Value::Nil);
    }
    fn push_shared(&mut self, index: u8, slot: u8) {
        let value = self.vector(index).borrow()[usize::from(slot)].clone();
        self.stack.push(value);
    }
    fn store_argument(&mut self, index: u8) {
        self.arguments[usize::from(index)] = self.top();
    }
    fn store_temporary(&mut self, index: u8) {
        self.temporaries[usize::from(index)] = self.top();
    }
    fn store_field(&mut self, _: u16) {
        unreachable!("the class has no fields")
    }
    fn store_global(&mut self, _: u16) {
        unreachable!("methods do not assign to globals")
    }
    fn store_shared(&mut self, index: u8, slot: u8) {
        self.vector(index).borrow_mut()[usize::from(slot)] = self.top();
    }
    fn pop(&mut self) {
        Activation::pop(self);
    }
    fn duplicate(&mut self) {
        self.stack.push(self.top());
    }
    fn make_vector(&mut self, index: u8, size: u8) {
        let vector = vec![Value::Nil; usize::from(size)];
        self.temporaries[usize::from(index)] = Value::List(Rc::new(RefCell::new(vector)));
    }
    fn make_array(&mut self, size: u16) {
        let elements = self.stack.split_off(self.stack.len() - usize::from(size));
        self.stack
            .push(Value::List(Rc::new(RefCell::new(elements))));
    }
    fn make_block(&mut self, literal: u16, copied: u8) {
        let copied = self.stack.split_off(self.stack.len() - usize::from(copied));
        let LiteralDraft::Block(code) = &self.code.literals[usize::from(literal)] else {
            panic!("no block")
        };
        self.stack
            .push(Value::Block(Rc::new(Closure { code, copied })));
    }
    fn send(&mut self, selector: u16, arguments: u8) {
        self.message(self.symbol(selector), usize::from(arguments));
    }
    fn send_super(&mut self, selector: u16, arguments: u8) {
        self.message(self.symbol(selector), usize::from(arguments));
    }
    fn send_special(&mut self, selector: u8) {
        let special = SpecialSend::from_number(selector).expect("a special send");
        self.message(special.selector(), special.argument_count());
    }
    fn jump(&mut self, distance: i32) {
        self.go(distance);
    }
    fn jump_back(&mut self, distance: i32) {
        self.go(distance);
    }
    fn jump_true(&mut self, distance: i32, _: u16) {
        if let Value::Boolean(true) = Activation::pop(self) {
            self.go(distance);
        }
    }
    fn jump_false(&mut self, distance: i32, _: u16) {
        if let Value::Boolean(false) = Activation::pop(self) {
            self.go(distance);
        }
    }
    fn jump_nil(&mut self, distance: i32) {
        if let Value::Nil = Activation::pop(self) {
            self.go(distance);
        }
    }
    fn jump_not_nil(&mut self, distance: i32) {
        if !matches!(Activation::pop(self), Value::Nil) {
            self.go(distance);
        }
    }
    fn return_top(&mut self) {
        self.finished = Some(Ok(Activation::pop(self)));
    }
    fn return_self(&mut self) {
        self.finished = Some(Ok(Value::Nil));
    }
    fn return_home(&mut self) {
        self.finished = Some(Err(Activation::pop(self)));
    }
}
