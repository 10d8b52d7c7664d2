// Aircraft that fly through a grid of cells, and the pairs that come too close.
class Point {
  constructor(x, y, z) { this.x = x; this.y = y; this.z = z; }
  plus(other) { return new Point(this.x + other.x, this.y + other.y, this.z + other.z); }
  minus(other) { return new Point(this.x - other.x, this.y - other.y, this.z - other.z); }
  scaled(f) { return new Point(this.x * f, this.y * f, this.z * f); }
  dot(other) { return this.x * other.x + this.y * other.y + this.z * other.z; }
}
class TreeNode {
  constructor(key, value, priority) {
    this.key = key; this.value = value; this.priority = priority;
    this.left = null; this.right = null;
  }
}
class TreeMap {
  constructor() { this.root = null; this.seed = 74755; }
  get(key) {
    let node = this.root;
    while (node !== null) {
      if (node.key === key) return node.value;
      node = key < node.key ? node.left : node.right;
    }
    return null;
  }
  set(key, value) { this.root = this.insert(key, value, this.root); }
  insert(key, value, node) {
    if (node === null) {
      this.seed = (this.seed * 1309 + 13849) % 65536;
      return new TreeNode(key, value, this.seed);
    }
    if (key === node.key) { node.value = value; return node; }
    if (key < node.key) {
      const child = this.insert(key, value, node.left);
      node.left = child;
      if (child.priority > node.priority) { node.left = child.right; child.right = node; return child; }
    } else {
      const child = this.insert(key, value, node.right);
      node.right = child;
      if (child.priority > node.priority) { node.right = child.left; child.left = node; return child; }
    }
    return node;
  }
  forEach(action) { this.forEachFrom(this.root, action); }
  forEachFrom(node, action) {
    if (node === null) return;
    this.forEachFrom(node.left, action);
    action(node.value);
    this.forEachFrom(node.right, action);
  }
}
class Motion {
  constructor(sign, from, to) { this.sign = sign; this.from = from; this.to = to; }
  // The square of the least distance while both fly.
  distanceTo(other) {
    let start = this.from.minus(other.from);
    const change = this.to.minus(this.from).minus(other.to.minus(other.from));
    const a = change.dot(change);
    let t = 0;
    if (a > 0.000001) {
      t = (0 - start.dot(change)) / a;
      if (t < 0) t = 0;
      if (t > 1) t = 1;
    }
    start = start.plus(change.scaled(t));
    return start.dot(start);
  }
}
class Detector {
  constructor() { this.positions = new TreeMap(); }
  cell(a) { return Math.floor(a / 10); }
  enter(motion, p, cells) {
    const key = this.cell(p.x) * 1000 + this.cell(p.y);
    let list = cells.get(key);
    if (list === null) { list = []; cells.set(key, list); }
    list.push(motion);
  }
  handle(frame, n) {
    const cells = new TreeMap();
    let hits = 0;
    const time = frame / 10;
    for (let i = 1; i <= n; i++) {
      const p = new Point(time * 3 + i * 2, Math.cos(time * i) * 5 + 100, (i % 4) * 2);
      const old = this.positions.get(i) ?? p;
      this.positions.set(i, p);
      this.enter(new Motion(i, old, p), p, cells);
    }
    cells.forEach((list) => {
      for (let i = 0; i < list.length; i++) {
        const one = list[i];
        for (let j = i + 1; j < list.length; j++) if (one.distanceTo(list[j]) < 50) hits++;
      }
    });
    return hits;
  }
}
const detector = new Detector();
let result = 0;
for (let i = 1; i <= 400; i++) result += detector.handle(i, 200);
console.log(result);
