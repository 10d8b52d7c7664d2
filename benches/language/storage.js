// Trees of arrays.
let count;
function tree(depth) {
  count++;
  const node = [null, null, null, null];
  if (depth > 1) for (let i = 0; i < 4; i++) node[i] = tree(depth - 1);
  return node;
}
for (let i = 0; i < 100; i++) { count = 0; tree(8); }
console.log(count);
