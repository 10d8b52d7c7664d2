-- LuaJIT's FFI. Arguments: library, rounds, iterations.
local ffi = require("ffi")
ffi.cdef [[
typedef struct { double x, y; } vec2; typedef struct { double v[9]; } nine; typedef struct { long n; double d; } mixed;
void nop(void); int add(int, int); long add_longs(long, long); double add_doubles(double, double);
double six_doubles(double, double, double, double, double, double);
int ten_ints(int, int, int, int, int, int, int, int, int, int);
size_t strlen(const char *); double sum_vec2(const vec2 *); vec2 add_vec2(vec2, vec2); nine same_nine(nine); mixed same_mixed(mixed);
int sum_ints(int, ...); int apply(int (*)(int), int); long repeat(long (*)(long, long), long);
void shuffle(int *, long); void qsort(int *, size_t, size_t, int (*)(const int *, const int *));
struct timespec { long s, ns; }; int clock_gettime(int, struct timespec *);
]]
local lib, rounds, iterations = ffi.load(arg[1]), tonumber(arg[2]), tonumber(arg[3])
local C, time = ffi.C, ffi.new("struct timespec")
local function now() C.clock_gettime(1, time); return tonumber(time.s) * 1e9 + tonumber(time.ns) end
local text, vec, nine, mixed = "a Smalltalk String", ffi.new("vec2", 1.5, 2.5), ffi.new("nine"), ffi.new("mixed", 1, 2.5)
local pointer = ffi.cast("int (*)(int, int)", lib.add)
local identity = ffi.cast("int (*)(int)", function(x) return x end)
local sum = ffi.cast("long (*)(long, long)", function(a, b) return a + b end)
local order = ffi.cast("int (*)(const int *, const int *)", function(a, b) return a[0] - b[0] end)
local one, two, three = ffi.new("int", 1), ffi.new("int", 2), ffi.new("int", 3)
local cases = {
  { "nop", function(n) for i = 1, n do lib.nop() end end },
  { "add", function(n) for i = 1, n do lib.add(3, 4) end end },
  { "add_longs", function(n) for i = 1, n do lib.add_longs(3, 4) end end },
  { "add_doubles", function(n) for i = 1, n do lib.add_doubles(1.5, 2.25) end end },
  { "six_doubles", function(n) for i = 1, n do lib.six_doubles(1.5, 2.25, 3.5, 4.5, 5.5, 6.5) end end },
  { "ten_ints", function(n) for i = 1, n do lib.ten_ints(1, 2, 3, 4, 5, 6, 7, 8, 9, 10) end end },
  { "strlen", function(n) for i = 1, n do C.strlen(text) end end },
  { "pointer", function(n) for i = 1, n do lib.sum_vec2(vec) end end },
  { "vec2", function(n) for i = 1, n do lib.add_vec2(vec, vec) end end },
  { "nine", function(n) for i = 1, n do lib.same_nine(nine) end end },
  { "mixed", function(n) for i = 1, n do lib.same_mixed(mixed) end end },
  { "variadic", function(n) for i = 1, n do lib.sum_ints(3, one, two, three) end end },
  { "function", function(n) for i = 1, n do pointer(3, 4) end end },
  { "apply", function(n) for i = 1, n do lib.apply(identity, 3) end end },
}
-- A compiled loop must not call C that calls back.
jit.off(cases[#cases][2])
local function empty(n) local s = 0; for i = 1, n do s = s + 1 end; return s end
local numbers = ffi.new("int[?]", iterations)
local function timed(f, n) local start = now(); f(n); return (now() - start) / n end
local function callbacks(n)
  print("repeat", timed(function(n) lib["repeat"](sum, n) end, n), 0)
  lib.shuffle(numbers, n)
  print("qsort", timed(function(n) C.qsort(numbers, n, 4, order) end, n), 0)
end
jit.off(callbacks, true)
for _ = 1, rounds do
  for _, case in ipairs(cases) do print(case[1], timed(case[2], iterations), timed(empty, iterations)) end
  callbacks(iterations)
end
