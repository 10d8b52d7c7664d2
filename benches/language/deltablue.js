// One-way constraints with strengths, in a chain and as scaled pairs.
class Strength {
  constructor(level) { this.level = level; }
  stronger(other) { return this.level < other.level; }
  weaker(other) { return this.level > other.level; }
  weakest(other) { return other.weaker(this) ? other : this; }
  static required = new Strength(0);
  static preferred = new Strength(1);
  static normal = new Strength(2);
  static weakest = new Strength(3);
}
class Variable {
  constructor(value) {
    this.value = value; this.constraints = []; this.determinedBy = null;
    this.mark = 0; this.strength = Strength.weakest; this.stay = true;
  }
  add(constraint) { this.constraints.push(constraint); }
  remove(constraint) {
    this.constraints.splice(this.constraints.indexOf(constraint), 1);
    if (this.determinedBy === constraint) this.determinedBy = null;
  }
}
class Constraint {
  constructor(strength) { this.strength = strength; }
  isInput() { return false; }
  addTo(planner) { this.addToGraph(); planner.incrementalAdd(this); }
  destroy(planner) {
    if (this.isSatisfied()) planner.incrementalRemove(this); else this.removeFromGraph();
  }
  inputsKnown(mark) {
    return this.inputs().every((v) => v.mark === mark || v.stay || v.determinedBy === null);
  }
  markInputs(mark) { for (const v of this.inputs()) v.mark = mark; }
  satisfy(mark, planner) {
    this.chooseMethod(mark);
    if (!this.isSatisfied()) {
      if (this.strength === Strength.required) throw new Error("a required constraint failed");
      return null;
    }
    this.markInputs(mark);
    const out = this.output();
    const overridden = out.determinedBy;
    if (overridden !== null) overridden.markUnsatisfied();
    out.determinedBy = this;
    if (!planner.propagate(this, mark)) throw new Error("a cycle");
    out.mark = mark;
    return overridden;
  }
}
class UnaryConstraint extends Constraint {
  constructor(variable, strength, planner) {
    super(strength);
    this.variable = variable; this.satisfied = false;
    this.addTo(planner);
  }
  output() { return this.variable; }
  isSatisfied() { return this.satisfied; }
  markUnsatisfied() { this.satisfied = false; }
  addToGraph() { this.variable.add(this); this.satisfied = false; }
  removeFromGraph() { this.variable.remove(this); this.satisfied = false; }
  chooseMethod(mark) {
    this.satisfied = this.variable.mark !== mark && this.strength.stronger(this.variable.strength);
  }
  inputs() { return []; }
  recalculate() {
    this.variable.strength = this.strength;
    this.variable.stay = !this.isInput();
    if (this.variable.stay) this.execute();
  }
  execute() {}
}
class StayConstraint extends UnaryConstraint {}
class EditConstraint extends UnaryConstraint { isInput() { return true; } }
class BinaryConstraint extends Constraint {
  constructor(a, b, strength) { super(strength); this.a = a; this.b = b; this.direction = "none"; }
  isSatisfied() { return this.direction !== "none"; }
  markUnsatisfied() { this.direction = "none"; }
  addToGraph() { this.a.add(this); this.b.add(this); this.direction = "none"; }
  removeFromGraph() { this.a.remove(this); this.b.remove(this); this.direction = "none"; }
  input() { return this.direction === "forward" ? this.a : this.b; }
  output() { return this.direction === "forward" ? this.b : this.a; }
  inputs() { return [this.input()]; }
  stays() { return this.input().stay; }
  chooseMethod(mark) {
    const { a, b, strength } = this;
    if (a.mark === mark) {
      this.direction = b.mark !== mark && strength.stronger(b.strength) ? "forward" : "none";
    } else if (b.mark === mark || a.strength.weaker(b.strength)) {
      this.direction = strength.stronger(a.strength) ? "backward" : "none";
    } else {
      this.direction = strength.stronger(b.strength) ? "forward" : "none";
    }
  }
  recalculate() {
    const out = this.output();
    out.strength = this.strength.weakest(this.input().strength);
    out.stay = this.stays();
    if (out.stay) this.execute();
  }
}
class EqualConstraint extends BinaryConstraint {
  execute() { this.output().value = this.input().value; }
}
class ScaleConstraint extends BinaryConstraint {
  constructor(scale, offset, a, b, strength) { super(a, b, strength); this.scale = scale; this.offset = offset; }
  addToGraph() { super.addToGraph(); this.scale.add(this); this.offset.add(this); }
  removeFromGraph() { super.removeFromGraph(); this.scale.remove(this); this.offset.remove(this); }
  inputs() { return [this.input(), this.scale, this.offset]; }
  stays() { return this.input().stay && this.scale.stay && this.offset.stay; }
  execute() {
    if (this.direction === "forward") this.b.value = this.a.value * this.scale.value + this.offset.value;
    else this.a.value = Math.floor((this.b.value - this.offset.value) / this.scale.value);
  }
}
class Planner {
  constructor() { this.mark = 1; }
  newMark() { return ++this.mark; }
  incrementalAdd(constraint) {
    const mark = this.newMark();
    let overridden = constraint.satisfy(mark, this);
    while (overridden !== null) overridden = overridden.satisfy(mark, this);
  }
  incrementalRemove(constraint) {
    const out = constraint.output();
    constraint.markUnsatisfied();
    constraint.removeFromGraph();
    for (const each of this.removePropagateFrom(out)) this.incrementalAdd(each);
  }
  addConsuming(v, todo) {
    for (const c of v.constraints) if (c !== v.determinedBy && c.isSatisfied()) todo.push(c);
  }
  propagate(constraint, mark) {
    const todo = [constraint];
    while (todo.length > 0) {
      const c = todo.shift();
      if (c.output().mark === mark) { this.incrementalRemove(constraint); return false; }
      c.recalculate();
      this.addConsuming(c.output(), todo);
    }
    return true;
  }
  removePropagateFrom(out) {
    const unsatisfied = [];
    out.determinedBy = null; out.strength = Strength.weakest; out.stay = true;
    const todo = [out];
    while (todo.length > 0) {
      const v = todo.shift();
      for (const c of v.constraints) if (!c.isSatisfied()) unsatisfied.push(c);
      for (const c of v.constraints) {
        if (c !== v.determinedBy && c.isSatisfied()) { c.recalculate(); todo.push(c.output()); }
      }
    }
    return unsatisfied;
  }
  planOf(constraint) {
    const mark = this.newMark();
    const plan = [], todo = [constraint];
    while (todo.length > 0) {
      const c = todo.shift();
      if (c.output().mark !== mark && c.inputsKnown(mark)) {
        plan.push(c);
        c.output().mark = mark;
        this.addConsuming(c.output(), todo);
      }
    }
    return plan;
  }
  change(v, value) {
    const edit = new EditConstraint(v, Strength.preferred, this);
    const plan = this.planOf(edit);
    for (let i = 0; i < 10; i++) { v.value = value; for (const c of plan) c.execute(); }
    edit.destroy(this);
  }
  chain(n) {
    const first = new Variable(0);
    let previous = first;
    for (let i = 0; i < n; i++) {
      const v = new Variable(0);
      new EqualConstraint(previous, v, Strength.required).addTo(this);
      previous = v;
    }
    new StayConstraint(previous, Strength.normal, this);
    for (let i = 1; i <= 10; i++) {
      this.change(first, i);
      if (previous.value !== i) throw new Error("the chain failed");
    }
    return previous.value;
  }
  pairs(n) {
    const scale = new Variable(10), offset = new Variable(1000);
    const sources = [], targets = [];
    for (let i = 1; i <= n; i++) {
      const s = new Variable(i), t = new Variable(i);
      sources.push(s);
      targets.push(t);
      new StayConstraint(s, Strength.normal, this);
      new ScaleConstraint(scale, offset, s, t, Strength.required).addTo(this);
    }
    this.change(scale, 5);
    this.change(offset, 2000);
    this.change(sources[0], 17);
    let sum = 0;
    for (const t of targets) sum += t.value;
    return sum;
  }
}
let result;
for (let i = 0; i < 60; i++) result = new Planner().chain(200) + new Planner().pairs(200);
console.log(result);
