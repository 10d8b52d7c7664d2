"""One-way constraints with strengths, in a chain and as scaled pairs."""
from collections import deque


class Strength:
    def __init__(self, level): self.level = level

    def stronger(self, other): return self.level < other.level

    def weaker(self, other): return self.level > other.level

    def weakest(self, other): return other if other.weaker(self) else self


REQUIRED, PREFERRED, NORMAL, WEAKEST = (Strength(level) for level in range(4))


class Variable:
    def __init__(self, value):
        self.value, self.constraints, self.determined_by = value, [], None
        self.mark, self.strength, self.stay = 0, WEAKEST, True

    def add(self, constraint): self.constraints.append(constraint)

    def remove(self, constraint):
        self.constraints.remove(constraint)
        if self.determined_by is constraint: self.determined_by = None


class Constraint:
    def __init__(self, strength): self.strength = strength

    def is_input(self): return False

    def add_to(self, planner):
        self.add_to_graph()
        planner.incremental_add(self)

    def destroy(self, planner):
        if self.is_satisfied(): planner.incremental_remove(self)
        else: self.remove_from_graph()

    def inputs_known(self, mark):
        for v in self.inputs():
            if not (v.mark == mark or v.stay or v.determined_by is None): return False
        return True

    def mark_inputs(self, mark):
        for v in self.inputs(): v.mark = mark

    def satisfy(self, mark, planner):
        self.choose_method(mark)
        if not self.is_satisfied():
            if self.strength is REQUIRED: raise ValueError("a required constraint failed")
            return None
        self.mark_inputs(mark)
        out = self.output()
        overridden = out.determined_by
        if overridden is not None: overridden.mark_unsatisfied()
        out.determined_by = self
        if not planner.propagate(self, mark): raise ValueError("a cycle")
        out.mark = mark
        return overridden


class UnaryConstraint(Constraint):
    def __init__(self, variable, strength, planner):
        super().__init__(strength)
        self.variable, self.satisfied = variable, False
        self.add_to(planner)

    def output(self): return self.variable

    def is_satisfied(self): return self.satisfied

    def mark_unsatisfied(self): self.satisfied = False

    def add_to_graph(self):
        self.variable.add(self)
        self.satisfied = False

    def remove_from_graph(self):
        self.variable.remove(self)
        self.satisfied = False

    def choose_method(self, mark):
        self.satisfied = self.variable.mark != mark and self.strength.stronger(self.variable.strength)

    def inputs(self): return ()

    def recalculate(self):
        self.variable.strength = self.strength
        self.variable.stay = not self.is_input()
        if self.variable.stay: self.execute()

    def execute(self): pass


class StayConstraint(UnaryConstraint): pass


class EditConstraint(UnaryConstraint):
    def is_input(self): return True


class BinaryConstraint(Constraint):
    def __init__(self, a, b, strength):
        super().__init__(strength)
        self.a, self.b, self.direction = a, b, None

    def is_satisfied(self): return self.direction is not None

    def mark_unsatisfied(self): self.direction = None

    def add_to_graph(self):
        self.a.add(self)
        self.b.add(self)
        self.direction = None

    def remove_from_graph(self):
        self.a.remove(self)
        self.b.remove(self)
        self.direction = None

    def input(self): return self.a if self.direction == "forward" else self.b

    def output(self): return self.b if self.direction == "forward" else self.a

    def inputs(self): return (self.input(),)

    def choose_method(self, mark):
        a, b, strength = self.a, self.b, self.strength
        if a.mark == mark:
            self.direction = "forward" if b.mark != mark and strength.stronger(b.strength) else None
        elif b.mark == mark or a.strength.weaker(b.strength):
            self.direction = "backward" if strength.stronger(a.strength) else None
        else:
            self.direction = "forward" if strength.stronger(b.strength) else None

    def stays(self): return self.input().stay

    def recalculate(self):
        out = self.output()
        out.strength = self.strength.weakest(self.input().strength)
        out.stay = self.stays()
        if out.stay: self.execute()


class EqualConstraint(BinaryConstraint):
    def execute(self): self.output().value = self.input().value


class ScaleConstraint(BinaryConstraint):
    def __init__(self, scale, offset, a, b, strength):
        super().__init__(a, b, strength)
        self.scale, self.offset = scale, offset

    def add_to_graph(self):
        super().add_to_graph()
        self.scale.add(self)
        self.offset.add(self)

    def remove_from_graph(self):
        super().remove_from_graph()
        self.scale.remove(self)
        self.offset.remove(self)

    def inputs(self): return (self.input(), self.scale, self.offset)

    def stays(self): return self.input().stay and self.scale.stay and self.offset.stay

    def execute(self):
        if self.direction == "forward":
            self.b.value = self.a.value * self.scale.value + self.offset.value
        else:
            self.a.value = (self.b.value - self.offset.value) // self.scale.value


class Planner:
    def __init__(self): self.mark = 1

    def new_mark(self):
        self.mark += 1
        return self.mark

    def incremental_add(self, constraint):
        mark = self.new_mark()
        overridden = constraint.satisfy(mark, self)
        while overridden is not None: overridden = overridden.satisfy(mark, self)

    def incremental_remove(self, constraint):
        out = constraint.output()
        constraint.mark_unsatisfied()
        constraint.remove_from_graph()
        for each in self.remove_propagate_from(out): self.incremental_add(each)

    def add_consuming(self, v, todo):
        for c in v.constraints:
            if c is not v.determined_by and c.is_satisfied(): todo.append(c)

    def propagate(self, constraint, mark):
        todo = deque([constraint])
        while todo:
            c = todo.popleft()
            if c.output().mark == mark:
                self.incremental_remove(constraint)
                return False
            c.recalculate()
            self.add_consuming(c.output(), todo)
        return True

    def remove_propagate_from(self, out):
        unsatisfied = []
        out.determined_by, out.strength, out.stay = None, WEAKEST, True
        todo = deque([out])
        while todo:
            v = todo.popleft()
            for c in v.constraints:
                if not c.is_satisfied(): unsatisfied.append(c)
            for c in v.constraints:
                if c is not v.determined_by and c.is_satisfied():
                    c.recalculate()
                    todo.append(c.output())
        return unsatisfied

    def plan_of(self, constraint):
        mark, plan, todo = self.new_mark(), [], deque([constraint])
        while todo:
            c = todo.popleft()
            if c.output().mark != mark and c.inputs_known(mark):
                plan.append(c)
                c.output().mark = mark
                self.add_consuming(c.output(), todo)
        return plan

    def change(self, v, value):
        edit = EditConstraint(v, PREFERRED, self)
        plan = self.plan_of(edit)
        for _ in range(10):
            v.value = value
            for c in plan: c.execute()
        edit.destroy(self)

    def chain(self, n):
        first = previous = Variable(0)
        for _ in range(n):
            v = Variable(0)
            EqualConstraint(previous, v, REQUIRED).add_to(self)
            previous = v
        StayConstraint(previous, NORMAL, self)
        for i in range(1, 11):
            self.change(first, i)
            if previous.value != i: raise ValueError("the chain failed")
        return previous.value

    def pairs(self, n):
        scale, offset, sources, targets = Variable(10), Variable(1000), [], []
        for i in range(1, n + 1):
            s, t = Variable(i), Variable(i)
            sources.append(s)
            targets.append(t)
            StayConstraint(s, NORMAL, self)
            ScaleConstraint(scale, offset, s, t, REQUIRED).add_to(self)
        self.change(scale, 5)
        self.change(offset, 2000)
        self.change(sources[0], 17)
        total = 0
        for t in targets: total += t.value
        return total


for _ in range(60): result = Planner().chain(200) + Planner().pairs(200)
print(result)
