// Arrays of arrays of arrays, four in each, with leaves of random sizes.
let seed = 74755, count = 0;
const random = () => (seed = (seed * 1309 + 13849) & 65535);
function storage(depth) {
  count++;
  if (depth === 1) return new Array((random() % 10) + 1).fill(null);
  const made = new Array(4).fill(null);
  for (let i = 0; i < 4; i++) made[i] = storage(depth - 1);
  return made;
}
let last;
for (let i = 0; i < 1000; i++) last = storage(7);
console.log(count);
console.log(seed);
console.log(last.length);
