"""cffi in its ABI mode, for CPython and PyPy. Arguments: library, rounds, iterations."""
import sys
from time import perf_counter as seconds
from cffi import FFI

ffi = FFI()
ffi.cdef("""
typedef struct { double x, y; } vec2; typedef struct { double v[9]; } nine; typedef struct { long n; double d; } mixed;
void nop(void); int add(int, int); long add_longs(long, long); double add_doubles(double, double);
double six_doubles(double, double, double, double, double, double);
int ten_ints(int, int, int, int, int, int, int, int, int, int);
size_t strlen(const char *); double sum_vec2(const vec2 *); vec2 add_vec2(vec2, vec2); nine same_nine(nine); mixed same_mixed(mixed);
int sum_ints(int, ...); int apply(int (*)(int), int); long repeat(long (*)(long, long), long);
void shuffle(int *, long); void qsort(void *, size_t, size_t, int (*)(const void *, const void *));
""")
lib, libc, rounds, iterations = ffi.dlopen(sys.argv[1]), ffi.dlopen(None), int(sys.argv[2]), int(sys.argv[3])
text, vec, nine, mixed = b"a Smalltalk String", ffi.new("vec2 *", (1.5, 2.5)), ffi.new("nine *"), ffi.new("mixed *", (1, 2.5))
one, two, three = (ffi.cast("int", value) for value in (1, 2, 3))
pointer = ffi.cast("int (*)(int, int)", ffi.addressof(lib, "add"))
identity = ffi.callback("int(int)", lambda x: x)
sum_of = ffi.callback("long(long, long)", lambda a, b: a + b)
int_at = lambda place: ffi.cast("const int *", place)[0]
order = ffi.callback("int(const void *, const void *)", lambda a, b: int_at(a) - int_at(b))
numbers = ffi.new("int[]", iterations)

def nop(n):
    f = lib.nop
    for _ in range(n): f()
def add(n):
    f = lib.add
    for _ in range(n): f(3, 4)
def add_longs(n):
    f = lib.add_longs
    for _ in range(n): f(3, 4)
def add_doubles(n):
    f = lib.add_doubles
    for _ in range(n): f(1.5, 2.25)
def six_doubles(n):
    f = lib.six_doubles
    for _ in range(n): f(1.5, 2.25, 3.5, 4.5, 5.5, 6.5)
def ten_ints(n):
    f = lib.ten_ints
    for _ in range(n): f(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
def strlen(n):
    f = libc.strlen
    for _ in range(n): f(text)
def struct_pointer(n):
    f = lib.sum_vec2
    for _ in range(n): f(vec)
def vec2(n):
    f, value = lib.add_vec2, vec[0]
    for _ in range(n): f(value, value)
def same_nine(n):
    f, value = lib.same_nine, nine[0]
    for _ in range(n): f(value)
def same_mixed(n):
    f, value = lib.same_mixed, mixed[0]
    for _ in range(n): f(value)
def variadic(n):
    f = lib.sum_ints
    for _ in range(n): f(3, one, two, three)
def function(n):
    for _ in range(n): pointer(3, 4)
def apply(n):
    f = lib.apply
    for _ in range(n): f(identity, 3)
def empty(n):
    for _ in range(n): pass

def timed(f, n):
    start = seconds()
    f(n)
    return (seconds() - start) * 1e9 / n

cases = [("nop", nop), ("add", add), ("add_longs", add_longs), ("add_doubles", add_doubles), ("six_doubles", six_doubles),
         ("ten_ints", ten_ints), ("strlen", strlen), ("pointer", struct_pointer), ("vec2", vec2), ("nine", same_nine),
         ("mixed", same_mixed), ("variadic", variadic), ("function", function), ("apply", apply)]
for _ in range(rounds):
    for name, case in cases: print(name, timed(case, iterations), timed(empty, iterations))
    print("repeat", timed(lambda n: lib.repeat(sum_of, n), iterations), 0)
    lib.shuffle(numbers, iterations)
    print("qsort", timed(lambda n: libc.qsort(numbers, n, 4, order), iterations), 0)
