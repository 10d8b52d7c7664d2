//! Programs at random that end: loops count, and blocks run only in a list made before.

/// A program: the body of a method with the arguments `log` and `blocks`.
pub(crate) fn program(seed: u64) -> String {
    let mut generator = Generator {
        state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
        variables: Vec::new(),
        readable: Vec::new(),
        fresh: 0,
        budget: 30,
    };
    let body = generator.scope(0);
    format!(
        "{body}. blocks do: [ :each | log add: (each value: 5) ]. \
         blocks do: [ :each | log add: (each value: 6) ]. {}",
        generator
            .variables
            .first()
            .map_or(String::new(), |name| format!("^ {name}"))
    )
}

struct Generator {
    state: u64,
    /// Names that may be assigned to.
    variables: Vec<String>,
    /// Names that may only be read.
    readable: Vec<String>,
    fresh: usize,
    budget: usize,
}

impl Generator {
    fn below(&mut self, limit: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state % limit as u64) as usize
    }

    fn name(&mut self, prefix: &str) -> String {
        self.fresh += 1;
        format!("{prefix}{}", self.fresh)
    }

    /// Temporaries and statements. The outermost scope's names stay visible.
    fn scope(&mut self, depth: usize) -> String {
        let visible = (self.variables.len(), self.readable.len());
        let names: Vec<String> = (0..self.below(3)).map(|_| self.name("t")).collect();
        self.variables.extend(names.iter().cloned());
        let declared = match names.is_empty() {
            true => String::new(),
            false => format!("| {} | ", names.join(" ")),
        };
        let count = 1 + self.below(4);
        let statements: Vec<String> = (0..count).map(|_| self.statement(depth)).collect();
        if depth > 0 {
            self.variables.truncate(visible.0);
            self.readable.truncate(visible.1);
        }
        format!("{declared}{}", statements.join(". "))
    }

    /// A block with one parameter, which may be assigned to or not.
    fn block_with(&mut self, parameter: &str, depth: usize) -> String {
        let is_assigned = self.below(3) == 0;
        let list = if is_assigned {
            &mut self.variables
        } else {
            &mut self.readable
        };
        list.push(parameter.to_owned());
        let body = self.scope(depth + 1);
        let list = if is_assigned {
            &mut self.variables
        } else {
            &mut self.readable
        };
        list.pop();
        format!("[ :{parameter} | {body} ]")
    }

    fn statement(&mut self, depth: usize) -> String {
        self.budget = self.budget.saturating_sub(1);
        let choice = if self.budget == 0 || depth > 5 {
            self.below(3)
        } else {
            self.below(14)
        };
        match choice {
            0 => format!("log add: {}", self.value(depth)),
            1 | 2 => match self.variables.is_empty() {
                true => format!("log add: {}", self.value(depth)),
                false => {
                    let target = self.below(self.variables.len());
                    let name = self.variables[target].clone();
                    format!("{name} := {}", self.value(depth))
                }
            },
            3..=5 => {
                let parameter = self.name("p");
                format!("blocks add: {}", self.block_with(&parameter, depth))
            }
            6 => {
                let counter = self.name("i");
                format!("1 to: 3 do: {}", self.block_with(&counter, depth))
            }
            7 => {
                let counter = self.name("i");
                let limit = self.value(depth);
                format!(
                    "3 to: 1 + {limit} - {limit} by: -1 do: {}",
                    self.block_with(&counter, depth)
                )
            }
            8 => format!("2 timesRepeat: [ {} ]", self.scope(depth + 1)),
            9 => {
                let counter = self.name("n");
                let body = self.scope(depth + 1);
                format!(
                    "[ | {counter} | {counter} := 0. [ {counter} := {counter} + 1. {counter} < 3 ] \
                     whileTrue: [ {body} ] ] value"
                )
            }
            10 => {
                let condition = self.condition(depth);
                let (yes, no) = (self.scope(depth + 1), self.scope(depth + 1));
                format!("log add: ({condition} ifTrue: [ {yes} ] ifFalse: [ {no} ])")
            }
            11 => {
                let parameter = self.name("v");
                let value = self.value(depth);
                format!("{value} ifNotNil: {}", self.block_with(&parameter, depth))
            }
            12 => {
                let value = self.value(depth);
                format!("log add: ({value} ifNil: [ {} ])", self.scope(depth + 1))
            }
            _ if self.below(4) == 0 => {
                let (condition, value) = (self.condition(depth), self.value(depth));
                format!("{condition} ifTrue: [ ^ {value} ]")
            }
            _ => format!("[ {} ] value", self.scope(depth + 1)),
        }
    }

    fn condition(&mut self, depth: usize) -> String {
        let (left, right) = (self.value(depth), self.value(depth));
        match self.below(4) {
            0 => format!(
                "({left} < {right} and: [ {} ])",
                self.scope_with_condition(depth)
            ),
            1 => format!(
                "({left} > {right} or: [ {} ])",
                self.scope_with_condition(depth)
            ),
            _ => format!("({left} < {right})"),
        }
    }

    fn scope_with_condition(&mut self, depth: usize) -> String {
        if depth > 3 {
            return "2 < 3".to_owned();
        }
        let value = self.value(depth);
        match self.below(2) {
            0 => format!("{value} < 4"),
            _ => format!("log add: {value}. {}", self.condition(depth + 1)),
        }
    }

    fn value(&mut self, depth: usize) -> String {
        let names = self.variables.len() + self.readable.len();
        match self.below(5) {
            0 => self.below(9).to_string(),
            1 if depth < 5 => format!("({} + {})", self.value(depth + 1), self.value(depth + 1)),
            _ if names == 0 => "1".to_owned(),
            _ => {
                let pick = self.below(names);
                match self.variables.get(pick) {
                    Some(name) => name.clone(),
                    None => self.readable[pick - self.variables.len()].clone(),
                }
            }
        }
    }
}
