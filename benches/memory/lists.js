// Linked lists: made, reversed, mapped, filtered, joined and summed up.
class Cell {
  constructor(value, rest) { this.value = value; this.rest = rest; }
}
function upTo(n) {
  let list = null;
  for (let i = n; i >= 1; i--) list = new Cell(i, list);
  return list;
}
function reverse(list) {
  let made = null;
  for (let each = list; each !== null; each = each.rest) made = new Cell(each.value, made);
  return made;
}
const double = (list) => (list === null ? null : new Cell(list.value * 2, double(list.rest)));
function odd(list) {
  if (list === null) return null;
  return list.value % 3 === 1 ? new Cell(list.value, odd(list.rest)) : odd(list.rest);
}
const join = (list, other) => (list === null ? other : new Cell(list.value, join(list.rest, other)));
function total(list) {
  let sum = 0;
  for (let each = list; each !== null; each = each.rest) sum += each.value;
  return sum;
}
let sum = 0;
for (let i = 0; i < 10000; i++) {
  const list = upTo(300);
  sum += total(join(odd(double(list)), reverse(list)));
}
console.log(sum);
