// Queens that do not threaten each other.
class Queens {
  solutions(size) {
    this.rows = new Array(size + 1).fill(true);
    this.rising = new Array(2 * size + 1).fill(true);
    this.falling = new Array(2 * size + 1).fill(true);
    return this.place(1, size);
  }
  place(column, size) {
    if (column > size) return 1;
    let found = 0;
    for (let row = 1; row <= size; row++) {
      if (this.isFree(row, column, size)) {
        this.set(row, column, size, false);
        found += this.place(column + 1, size);
        this.set(row, column, size, true);
      }
    }
    return found;
  }
  isFree(row, column, size) {
    return this.rows[row] && this.rising[row + column] && this.falling[row - column + size];
  }
  set(row, column, size, free) {
    this.rows[row] = free;
    this.rising[row + column] = free;
    this.falling[row - column + size] = free;
  }
}
const queens = new Queens();
let result;
for (let i = 0; i < 10; i++) result = queens.solutions(10);
console.log(result);
