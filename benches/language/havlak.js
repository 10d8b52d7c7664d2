// Loops of flow graphs by depth-first numbers and union-find.
class BasicBlock {
  constructor(name) { this.name = name; this.ins = []; this.outs = []; }
}
class Graph {
  constructor() { this.blocks = new Map(); }
  get size() { return this.blocks.size; }
  block(name) {
    let block = this.blocks.get(name);
    if (block === undefined) { block = new BasicBlock(name); this.blocks.set(name, block); }
    return block;
  }
  edge(a, b) {
    const from = this.block(a), to = this.block(b);
    from.outs.push(to);
    to.ins.push(from);
  }
  chain(from, n) {
    for (let i = from; i < from + n; i++) this.edge(i, i + 1);
    return from + n;
  }
  diamond(at) {
    this.edge(at, at + 1);
    this.edge(at, at + 2);
    this.edge(at + 1, at + 3);
    this.edge(at + 2, at + 3);
    return at + 3;
  }
  loop(at) {
    const top = this.chain(at, 1);
    const bottom = this.chain(this.diamond(top), 1);
    this.edge(bottom, top);
    return this.chain(this.diamond(bottom), 1);
  }
}
class UnionNode {
  constructor(block, number) { this.parent = this; this.block = block; this.number = number; this.loop = null; }
  union(node) { this.parent = node; }
  find() {
    const nodes = [];
    let node = this;
    while (node.parent !== node) {
      if (node.parent.parent !== node.parent) nodes.push(node);
      node = node.parent;
    }
    for (const each of nodes) each.union(node);
    return node;
  }
}
class Loop {
  constructor(header) { this.header = header; this.blocks = new Set([header.name]); this.children = new Set(); }
  add(block) { this.blocks.add(block.name); }
  setParent(loop) { this.parent = loop; loop.children.add(this); }
  get size() { return this.blocks.size + this.children.size; }
}
class Finder {
  constructor(graph) {
    this.graph = graph; this.count = 0; this.loops = []; this.numbers = new Map();
    this.nodes = new Array(graph.size + 1).fill(null);
    this.ends = new Array(graph.size + 1).fill(0);
  }
  number(block) {
    const here = ++this.count;
    this.numbers.set(block.name, here);
    this.nodes[here] = new UnionNode(block, here);
    for (const each of block.outs) if (!this.numbers.has(each.name)) this.number(each);
    this.ends[here] = this.count;
  }
  isAbove(w, v) { return w <= v && v <= this.ends[w]; }
  find() {
    this.number(this.graph.block(0));
    for (let w = this.count; w >= 1; w--) this.loopAt(w);
    return this.loops;
  }
  loopAt(w) {
    const body = [], header = this.nodes[w];
    for (const each of header.block.ins) {
      const v = this.numbers.get(each.name);
      if (this.isAbove(w, v) && v !== w) this.add(this.nodes[v].find(), body);
    }
    if (body.length === 0) return;
    const work = [...body];
    while (work.length > 0) {
      for (const each of work.shift().block.ins) {
        const node = this.nodes[this.numbers.get(each.name)].find();
        if (this.isAbove(w, node.number) && node.number !== w && !this.has(node, body)) {
          body.push(node);
          work.push(node);
        }
      }
    }
    const loop = new Loop(header.block);
    this.loops.push(loop);
    header.loop = loop;
    for (const node of body) {
      node.union(header);
      if (node.loop === null) loop.add(node.block); else node.loop.setParent(loop);
    }
  }
  has(node, body) { return body.includes(node); }
  add(node, body) { if (!this.has(node, body)) body.push(node); }
}
function build() {
  const graph = new Graph();
  graph.edge(0, 1);
  let at = 1;
  for (let i = 0; i < 10; i++) {
    const top = at;
    at = graph.chain(at, 1);
    for (let j = 0; j < 10; j++) {
      const inner = at;
      at = graph.chain(at, 1);
      for (let k = 0; k < 5; k++) at = graph.loop(at);
      at = graph.chain(at, 1);
      graph.edge(at - 1, inner);
    }
    graph.edge(at, top);
  }
  return graph;
}
const graph = build();
let result;
for (let i = 0; i < 24; i++) {
  const loops = new Finder(graph).find();
  let sum = 0;
  for (const each of loops) sum += each.size;
  result = loops.length * 100000 + sum;
}
console.log(result);
