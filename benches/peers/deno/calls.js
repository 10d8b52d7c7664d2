// Deno's FFI. Arguments: library, rounds, iterations. Variadic functions are not to be had.
const [library, rounds, iterations] = [Deno.args[0], Number(Deno.args[1]), Number(Deno.args[2])];
const type = (result, ...parameters) => ({ parameters, result });
const Vec2 = { struct: ["f64", "f64"] }, Nine = { struct: Array(9).fill("f64") }, Mixed = { struct: ["i64", "f64"] };
const f = Deno.dlopen(library, {
  nop: type("void"), add: type("i32", "i32", "i32"), add_longs: type("i64", "i64", "i64"),
  add_doubles: type("f64", "f64", "f64"), six_doubles: type("f64", "f64", "f64", "f64", "f64", "f64", "f64"),
  ten_ints: type("i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32"),
  sum_vec2: type("f64", "buffer"), add_vec2: type(Vec2, Vec2, Vec2), same_nine: type(Nine, Nine),
  same_mixed: type(Mixed, Mixed), shuffle: type("void", "buffer", "i64"),
  apply: { ...type("i32", "function", "i32"), callback: true }, repeat: { ...type("i64", "function", "i64"), callback: true },
}).symbols;
const libc = Deno.dlopen("libc.so.6", {
  strlen: type("usize", "buffer"), qsort: { ...type("void", "buffer", "usize", "usize", "function"), callback: true },
}).symbols;
const bytes = (...values) => new Uint8Array(new Float64Array(values).buffer);
const vec = bytes(1.5, 2.5), nine = bytes(1, 2, 3, 4, 5, 6, 7, 8, 9), mixed = bytes(0, 2.5), numbers = new Int32Array(iterations);
const callback = (definition, g) => new Deno.UnsafeCallback(definition, g).pointer;
const identity = callback(type("i32", "i32"), (x) => x), sum = callback(type("i64", "i64", "i64"), (a, b) => a + b);
const at = (pointer) => new Deno.UnsafePointerView(pointer).getInt32();
const order = callback(type("i32", "pointer", "pointer"), (a, b) => at(a) - at(b));
// A string is encoded into one buffer for each call.
const encoder = new TextEncoder(), text = new Uint8Array(64);
const cases = {
  nop: (n) => { for (let i = 0; i < n; i++) f.nop(); },
  add: (n) => { for (let i = 0; i < n; i++) f.add(3, 4); },
  add_longs: (n) => { for (let i = 0; i < n; i++) f.add_longs(3n, 4n); },
  add_doubles: (n) => { for (let i = 0; i < n; i++) f.add_doubles(1.5, 2.25); },
  six_doubles: (n) => { for (let i = 0; i < n; i++) f.six_doubles(1.5, 2.25, 3.5, 4.5, 5.5, 6.5); },
  ten_ints: (n) => { for (let i = 0; i < n; i++) f.ten_ints(1, 2, 3, 4, 5, 6, 7, 8, 9, 10); },
  strlen: (n) => {
    for (let i = 0; i < n; i++) { text[encoder.encodeInto("a Smalltalk String", text).written] = 0; libc.strlen(text); }
  },
  pointer: (n) => { for (let i = 0; i < n; i++) f.sum_vec2(vec); },
  vec2: (n) => { for (let i = 0; i < n; i++) f.add_vec2(vec, vec); },
  nine: (n) => { for (let i = 0; i < n; i++) f.same_nine(nine); },
  mixed: (n) => { for (let i = 0; i < n; i++) f.same_mixed(mixed); },
  apply: (n) => { for (let i = 0; i < n; i++) f.apply(identity, 3); },
};
function empty(n) { let s = 0; for (let i = 0; i < n; i++) s += i; return s; }
function timed(g, n) { const start = performance.now(); g(n); return (performance.now() - start) * 1e6 / n; }
for (let round = 0; round < rounds; round++) {
  for (const [name, g] of Object.entries(cases)) console.log(name, timed(g, iterations), timed(empty, iterations));
  console.log("repeat", timed((n) => f.repeat(sum, BigInt(n)), iterations), 0);
  f.shuffle(numbers, BigInt(iterations));
  console.log("qsort", timed((n) => libc.qsort(numbers, BigInt(n), 4n, order), iterations), 0);
}
Deno.exit(0);
