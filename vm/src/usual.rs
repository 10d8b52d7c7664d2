//! What machine code takes for granted of methods, until a class says otherwise.

use crate::bytecode::{Bytecode, SpecialSend, instructions};
use crate::known::{index, method};
use crate::lookup;
use crate::primitives;
use crate::vm::Vm;
use gc::layout::ClassIndex;
use gc::oop::Oop;
use std::collections::{HashMap, HashSet};

/// What there is to know of all methods, by the bits of their selectors.
#[derive(Default)]
pub(crate) struct Survey {
    /// Some class has a getter.
    getters: HashSet<u64>,
    /// Some class has a setter.
    setters: HashSet<u64>,
    /// The external-call methods of selectors that few other methods have, each with the class that has it.
    externals: HashMap<u64, Vec<(ClassIndex, Oop)>>,
}

/// How many other methods may have the selector of an external-call method whose call stands in the place of sends:
/// where another is meant, the test of the receiver's class was for nothing.
const NAMESAKES_MAX: usize = 2;

/// Selectors that every object but nil answers alike, as long as no class has a method of its own.
const NIL_TESTS: [(&str, bool); 2] = [("isNil", true), ("notNil", false)];

impl Vm {
    /// A method of a class has changed, or all may have.
    pub(crate) fn review_methods(&mut self, selector: Option<Oop>) {
        match selector {
            Some(selector) => self.survey_again(selector),
            None => self.survey = None,
        }
        self.review_fast_paths(selector);
        let text = selector.map(|selector| self.text(selector));
        let is_nil_test = |text: &String| NIL_TESTS.iter().any(|(test, _)| test == text);
        if text.as_ref().is_none_or(is_nil_test) {
            self.context.unusual_nil_tests = u32::from(!self.nil_tests_are_usual());
        }
    }

    /// Whether only Object and Nil know `isNil` and `notNil`, and answer what everybody expects.
    fn nil_tests_are_usual(&mut self) -> bool {
        NIL_TESTS.into_iter().all(|(test, of_nil)| {
            let Ok(selector) = self.symbol(test) else {
                return false;
            };
            self.classes
                .iter()
                .filter(|&&class| class != self.nil())
                .all(
                    |&class| match lookup::own_method(self.heap(), class, selector, self.nil()) {
                        None => true,
                        Some(_) if class == self.class_at(index::NIL) => {
                            self.answers(class, selector, of_nil)
                        }
                        Some(_) if class == self.class_at(index::OBJECT) => {
                            self.answers(class, selector, !of_nil)
                        }
                        Some(_) => false,
                    },
                )
        })
    }

    /// Whether a class's method does nothing but answer a Boolean.
    fn answers(&self, class: Oop, selector: Oop, value: bool) -> bool {
        let push = match value {
            true => Bytecode::PushTrue {},
            false => Bytecode::PushFalse {},
        };
        lookup::own_method(self.heap(), class, selector, self.nil())
            .is_some_and(|compiled| self.begins_with(compiled, [push, Bytecode::ReturnTop {}]))
    }

    fn begins_with<const N: usize>(&self, compiled: Oop, expected: [Bytecode; N]) -> bool {
        let heap = self.heap();
        let code = heap.bytes(heap.slot(compiled, method::BYTECODES));
        instructions(code)
            .map(|(_, instruction)| instruction)
            .take(N)
            .eq(expected)
    }

    /// The slot that a method does nothing but answer.
    pub fn slot_answered(&self, compiled: Oop) -> Option<usize> {
        let heap = self.heap();
        if heap.class_index_of(compiled) != index::METHOD {
            return None;
        }
        let code = heap.bytes(heap.slot(compiled, method::BYTECODES));
        let Some((0, Bytecode::PushField { index })) = instructions(code).next() else {
            return None;
        };
        let answers = self.begins_with(
            compiled,
            [Bytecode::PushField { index }, Bytecode::ReturnTop {}],
        );
        answers.then_some(usize::from(index))
    }

    /// The slot that a method does nothing but store its argument into; it answers its receiver.
    pub fn slot_stored(&self, compiled: Oop) -> Option<usize> {
        let heap = self.heap();
        if heap.class_index_of(compiled) != index::METHOD
            || lookup::header_of(heap, compiled).arguments() != 1
        {
            return None;
        }
        let code = heap.bytes(heap.slot(compiled, method::BYTECODES));
        let Some((_, Bytecode::StoreField { index })) = instructions(code).nth(1) else {
            return None;
        };
        let stores = [
            Bytecode::PushArgument { index: 0 },
            Bytecode::StoreField { index },
            Bytecode::Pop {},
            Bytecode::ReturnSelf {},
        ];
        self.begins_with(compiled, stores)
            .then_some(usize::from(index))
    }

    /// Whether a method does nothing but answer its receiver's class.
    pub fn answers_class(&self, compiled: Oop) -> bool {
        let number = lookup::header_of(self.heap(), compiled).primitive();
        primitives::name(number) == Some("class")
    }

    /// Finds out which selectors are worth a closer look, if methods have changed since.
    pub fn survey_methods(&mut self) {
        if self.survey.is_none() {
            self.survey = Some(self.surveyed_methods());
        }
    }

    fn surveyed_methods(&self) -> Survey {
        let nil = self.nil();
        let mut implementors: HashMap<u64, Vec<(ClassIndex, Oop)>> = HashMap::new();
        for (class, class_object) in self.each_class() {
            for (selector, compiled) in lookup::methods_of(self.heap(), class_object, nil) {
                let methods = implementors.entry(selector.bits()).or_default();
                methods.push((class, compiled));
            }
        }
        let mut survey = Survey::default();
        for (selector, methods) in implementors {
            self.survey_selector(&mut survey, selector, &methods);
        }
        survey
    }

    /// A method of a selector has changed.
    fn survey_again(&mut self, selector: Oop) {
        let Some(mut survey) = self.survey.take() else {
            return;
        };
        let own = |(class, class_object)| {
            let found = lookup::own_method(self.heap(), class_object, selector, self.nil());
            found.map(|compiled| (class, compiled))
        };
        let methods: Vec<_> = self.each_class().filter_map(own).collect();
        self.survey_selector(&mut survey, selector.bits(), &methods);
        self.survey = Some(survey);
    }

    /// Every class that there is.
    pub(crate) fn each_class(&self) -> impl Iterator<Item = (ClassIndex, Oop)> {
        let nil = self.nil();
        let classes = self.classes.iter().enumerate();
        let index = |(number, &class_object)| (ClassIndex::new(number as u32), class_object);
        classes
            .map(index)
            .filter(move |&(_, class_object)| class_object != nil)
    }

    /// Notes of a selector what there is to know of all its methods.
    fn survey_selector(&self, survey: &mut Survey, selector: u64, methods: &[(ClassIndex, Oop)]) {
        let some = |holds: &dyn Fn(Oop) -> bool| methods.iter().any(|&(_, each)| holds(each));
        let is_getter = some(&|each| self.slot_answered(each).is_some());
        let is_setter = some(&|each| self.slot_stored(each).is_some());
        for (selectors, belongs) in [
            (&mut survey.getters, is_getter),
            (&mut survey.setters, is_setter),
        ] {
            match belongs {
                true => selectors.insert(selector),
                false => selectors.remove(&selector),
            };
        }
        let externals = methods.iter().filter(|(_, each)| self.is_external(*each));
        let externals: Vec<_> = externals.copied().collect();
        survey.externals.remove(&selector);
        if !externals.is_empty() && methods.len() - externals.len() <= NAMESAKES_MAX {
            survey.externals.insert(selector, externals);
        }
    }

    /// The Symbol of a special send.
    pub fn special_selector(&self, special: SpecialSend) -> Oop {
        self.special_selectors[special as usize]
    }

    /// The method that the instances of a class have for a selector.
    pub(crate) fn method_for(&self, class: ClassIndex, selector: Oop) -> Option<Oop> {
        lookup::lookup(self.heap(), self.class_at(class), selector, self.nil())
    }

    /// That method, where it is a primitive, and the primitive's name.
    pub fn primitive_for(&self, class: ClassIndex, selector: Oop) -> Option<(Oop, &'static str)> {
        let method = self.method_for(class, selector)?;
        let header = lookup::header_of(self.heap(), method);
        Some((method, primitives::name(header.primitive())?))
    }

    /// Whether some class has a getter of that selector, as far as the survey knows.
    pub fn selects_getter(&self, selector: Oop) -> bool {
        let survey = self.survey.as_ref();
        survey.is_some_and(|survey| survey.getters.contains(&selector.bits()))
    }

    /// Whether some class has a setter of that selector, as far as the survey knows.
    pub fn selects_setter(&self, selector: Oop) -> bool {
        let survey = self.survey.as_ref();
        survey.is_some_and(|survey| survey.setters.contains(&selector.bits()))
    }

    /// The external-call method that a send of that selector most likely means: the only one that was called so
    /// far. With the class that has it.
    pub fn likely_external(&self, selector: Oop) -> Option<(ClassIndex, Oop)> {
        let externals = self.survey.as_ref()?.externals.get(&selector.bits())?;
        let has_code = |&&(_, compiled): &&(ClassIndex, Oop)| {
            self.heap().slot(compiled, method::CODE) != Oop::ZERO
        };
        let mut called = externals.iter().filter(has_code);
        let first = called.next().copied();
        first.filter(|_| called.next().is_none())
    }
}
