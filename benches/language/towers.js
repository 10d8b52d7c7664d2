// The towers of Hanoi.
class Disk { constructor(size) { this.size = size; this.next = null; } }
class Towers {
  push(disk, pile) {
    const top = this.piles[pile];
    if (top !== null && disk.size >= top.size) throw new Error("too big");
    disk.next = top;
    this.piles[pile] = disk;
  }
  pop(pile) {
    const top = this.piles[pile];
    if (top === null) throw new Error("empty");
    this.piles[pile] = top.next;
    top.next = null;
    return top;
  }
  moveTop(from, to) { this.push(this.pop(from), to); this.moves++; }
  move(n, from, to) {
    if (n === 1) return this.moveTop(from, to);
    const other = 6 - from - to;
    this.move(n - 1, from, other);
    this.moveTop(from, to);
    this.move(n - 1, other, to);
  }
  run() {
    this.piles = [null, null, null, null];
    this.moves = 0;
    for (let i = 13; i >= 1; i--) this.push(new Disk(i), 1);
    this.move(13, 1, 2);
    return this.moves;
  }
}
const towers = new Towers();
let result;
for (let i = 0; i < 200; i++) result = towers.run();
console.log(result);
