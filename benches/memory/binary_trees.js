// Complete binary trees of many depths, short-lived ones beside a long-lived one.
class Tree {
  constructor(left, right) { this.left = left; this.right = right; }
  count() { return this.left === null ? 1 : 1 + this.left.count() + this.right.count(); }
  static depth(n) {
    return n === 0 ? new Tree(null, null) : new Tree(Tree.depth(n - 1), Tree.depth(n - 1));
  }
}
const most = 16;
console.log(Tree.depth(most + 1).count());
const kept = Tree.depth(most);
for (let depth = 4; depth <= most; depth += 2) {
  const times = 2 ** (most - depth + 4);
  let sum = 0;
  for (let i = 0; i < times; i++) sum += Tree.depth(depth).count();
  console.log(sum);
}
console.log(kept.count());
