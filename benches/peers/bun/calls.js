// Bun's bun:ffi. Arguments: library, rounds, iterations. Structs by value are not to be had.
import { CFunction, JSCallback, dlopen, ptr, read } from "bun:ffi";
const [library, rounds, iterations] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const type = (returns, ...args) => ({ returns, args });
const f = dlopen(library, {
  nop: type("void"), add: type("int", "int", "int"), add_longs: type("i64_fast", "i64_fast", "i64_fast"),
  add_doubles: type("double", "double", "double"),
  six_doubles: type("double", "double", "double", "double", "double", "double", "double"),
  ten_ints: type("int", "int", "int", "int", "int", "int", "int", "int", "int", "int", "int"),
  sum_vec2: type("double", "ptr"), sum_ints: type("int", "int", "int", "int", "int"),
  apply: type("int", "function", "int"), repeat: type("i64_fast", "function", "i64_fast"),
  shuffle: type("void", "ptr", "i64_fast"),
}).symbols;
const libc = dlopen("libc.so.6", {
  strlen: type("u64_fast", "ptr"), qsort: type("void", "ptr", "u64_fast", "u64_fast", "function"),
}).symbols;
const vec = ptr(new Float64Array([1.5, 2.5])), numbers = new Int32Array(iterations);
const add = CFunction({ ...type("int", "int", "int"), ptr: f.add.ptr });
const identity = new JSCallback((x) => x, type("int", "int")).ptr;
const sum = new JSCallback((a, b) => a + b, type("i64_fast", "i64_fast", "i64_fast")).ptr;
const order = new JSCallback((a, b) => read.i32(a) - read.i32(b), type("int", "ptr", "ptr")).ptr;
// A string is encoded into one buffer for each call.
const encoder = new TextEncoder(), buffer = new Uint8Array(64), text = ptr(buffer);
const cases = {
  nop: (n) => { for (let i = 0; i < n; i++) f.nop(); },
  add: (n) => { for (let i = 0; i < n; i++) f.add(3, 4); },
  add_longs: (n) => { for (let i = 0; i < n; i++) f.add_longs(3, 4); },
  add_doubles: (n) => { for (let i = 0; i < n; i++) f.add_doubles(1.5, 2.25); },
  six_doubles: (n) => { for (let i = 0; i < n; i++) f.six_doubles(1.5, 2.25, 3.5, 4.5, 5.5, 6.5); },
  ten_ints: (n) => { for (let i = 0; i < n; i++) f.ten_ints(1, 2, 3, 4, 5, 6, 7, 8, 9, 10); },
  strlen: (n) => {
    for (let i = 0; i < n; i++) { buffer[encoder.encodeInto("a Smalltalk String", buffer).written] = 0; libc.strlen(text); }
  },
  pointer: (n) => { for (let i = 0; i < n; i++) f.sum_vec2(vec); },
  variadic: (n) => { for (let i = 0; i < n; i++) f.sum_ints(3, 1, 2, 3); },
  function: (n) => { for (let i = 0; i < n; i++) add(3, 4); },
  apply: (n) => { for (let i = 0; i < n; i++) f.apply(identity, 3); },
};
function empty(n) { let s = 0; for (let i = 0; i < n; i++) s += i; return s; }
function timed(g, n) { const start = process.hrtime.bigint(); g(n); return Number(process.hrtime.bigint() - start) / n; }
for (let round = 0; round < rounds; round++) {
  for (const [name, g] of Object.entries(cases)) console.log(name, timed(g, iterations), timed(empty, iterations));
  console.log("repeat", timed((n) => f.repeat(sum, n), iterations), 0);
  f.shuffle(numbers, iterations);
  console.log("qsort", timed((n) => libc.qsort(numbers, n, 4, order), iterations), 0);
}
process.exit(0);
