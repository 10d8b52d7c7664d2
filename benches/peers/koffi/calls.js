// Node with koffi. Arguments: library, rounds, iterations.
const koffi = require("koffi");
const [library, rounds, iterations] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const lib = koffi.load(library), libc = koffi.load(null);
koffi.struct("vec2", { x: "double", y: "double" });
koffi.struct("nine", { v: koffi.array("double", 9) });
koffi.struct("mixed", { n: "long", d: "double" });
const Unary = koffi.proto("int Unary(int)"), Sum = koffi.proto("long Sum(long, long)");
const Order = koffi.proto("int Order(const int *, const int *)");
const f = {
  nop: lib.func("void nop()"), add: lib.func("int add(int, int)"), add_longs: lib.func("long add_longs(long, long)"),
  add_doubles: lib.func("double add_doubles(double, double)"),
  six_doubles: lib.func("double six_doubles(double, double, double, double, double, double)"),
  ten_ints: lib.func("int ten_ints(int, int, int, int, int, int, int, int, int, int)"),
  strlen: libc.func("size_t strlen(const char *)"), sum_vec2: lib.func("double sum_vec2(const vec2 *)"),
  add_vec2: lib.func("vec2 add_vec2(vec2, vec2)"), same_nine: lib.func("nine same_nine(nine)"),
  same_mixed: lib.func("mixed same_mixed(mixed)"), sum_ints: lib.func("int sum_ints(int, ...)"),
  apply: lib.func("int apply(Unary *, int)"), repeat: lib.func("long repeat(Sum *, long)"),
  shuffle: lib.func("void shuffle(void *, long)"), qsort: libc.func("void qsort(void *, size_t, size_t, Order *)"),
};
const vec = { x: 1.5, y: 2.5 }, nine = { v: new Float64Array(9) }, mixed = { n: 1, d: 2.5 };
const identity = koffi.register((x) => x, koffi.pointer(Unary)), sum = koffi.register((a, b) => a + b, koffi.pointer(Sum));
const order = koffi.register((a, b) => koffi.decode(a, "int") - koffi.decode(b, "int"), koffi.pointer(Order));
const numbers = Buffer.alloc(4 * iterations);
const cases = {
  nop: (n) => { for (let i = 0; i < n; i++) f.nop(); },
  add: (n) => { for (let i = 0; i < n; i++) f.add(3, 4); },
  add_longs: (n) => { for (let i = 0; i < n; i++) f.add_longs(3, 4); },
  add_doubles: (n) => { for (let i = 0; i < n; i++) f.add_doubles(1.5, 2.25); },
  six_doubles: (n) => { for (let i = 0; i < n; i++) f.six_doubles(1.5, 2.25, 3.5, 4.5, 5.5, 6.5); },
  ten_ints: (n) => { for (let i = 0; i < n; i++) f.ten_ints(1, 2, 3, 4, 5, 6, 7, 8, 9, 10); },
  strlen: (n) => { for (let i = 0; i < n; i++) f.strlen("a Smalltalk String"); },
  pointer: (n) => { for (let i = 0; i < n; i++) f.sum_vec2(vec); },
  vec2: (n) => { for (let i = 0; i < n; i++) f.add_vec2(vec, vec); },
  nine: (n) => { for (let i = 0; i < n; i++) f.same_nine(nine); },
  mixed: (n) => { for (let i = 0; i < n; i++) f.same_mixed(mixed); },
  variadic: (n) => { for (let i = 0; i < n; i++) f.sum_ints(3, "int", 1, "int", 2, "int", 3); },
  apply: (n) => { for (let i = 0; i < n; i++) f.apply(identity, 3); },
};
function empty(n) { let s = 0; for (let i = 0; i < n; i++) s += i; return s; }
function timed(g, n) { const start = process.hrtime.bigint(); g(n); return Number(process.hrtime.bigint() - start) / n; }
for (let round = 0; round < rounds; round++) {
  for (const [name, g] of Object.entries(cases)) console.log(name, timed(g, iterations), timed(empty, iterations));
  console.log("repeat", timed((n) => f.repeat(sum, n), iterations), 0);
  f.shuffle(numbers, iterations);
  console.log("qsort", timed((n) => f.qsort(numbers, n, 4, order), iterations), 0);
}
