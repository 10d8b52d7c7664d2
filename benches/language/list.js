// Linked lists, and a recursion that compares their lengths.
class Cell {
  constructor(value) { this.value = value; this.rest = null; }
  length() { return this.rest === null ? 1 : 1 + this.rest.length(); }
}
class Lists {
  make(length) {
    if (length === 0) return null;
    const cell = new Cell(length);
    cell.rest = this.make(length - 1);
    return cell;
  }
  isShorter(x, y) {
    while (y !== null) {
      if (x === null) return true;
      x = x.rest;
      y = y.rest;
    }
    return false;
  }
  tail(x, y, z) {
    return this.isShorter(y, x)
      ? this.tail(this.tail(x.rest, y, z), this.tail(y.rest, z, x), this.tail(z.rest, x, y))
      : z;
  }
  run() { return this.tail(this.make(15), this.make(10), this.make(6)).length(); }
}
const lists = new Lists();
let result;
for (let i = 0; i < 1000; i++) result = lists.run();
console.log(result);
