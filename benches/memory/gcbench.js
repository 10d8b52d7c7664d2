// Trees built from the top and from the bottom, with a tree and an array of doubles alive throughout.
class Node {
  constructor(left, right) { this.left = left; this.right = right; this.i = 0; this.j = 0; }
  fill(depth) {
    if (depth === 0) return;
    this.left = new Node(null, null);
    this.right = new Node(null, null);
    this.left.fill(depth - 1);
    this.right.fill(depth - 1);
  }
  count() { return this.left === null ? 1 : 1 + this.left.count() + this.right.count(); }
  static depth(n) {
    return n === 0 ? new Node(null, null) : new Node(Node.depth(n - 1), Node.depth(n - 1));
  }
}
const size = (depth) => 2 ** (depth + 1) - 1;
const kept = new Node(null, null);
kept.fill(16);
const array = new Array(500000);
for (let i = 1; i <= 500000; i++) array[i - 1] = 1 / i;
for (let depth = 4; depth <= 16; depth += 2) {
  const times = Math.floor(2 * size(18) / size(depth));
  let sum = 0;
  for (let i = 0; i < times; i++) {
    const node = new Node(null, null);
    node.fill(depth);
    sum += node.count();
  }
  for (let i = 0; i < times; i++) sum += Node.depth(depth).count();
  console.log(sum);
}
console.log(kept.count());
console.log(Math.floor(array[999] * 1000 + 0.5));
