"""CPython's ctypes. Arguments: library, rounds, iterations."""
import ctypes, sys
from ctypes import c_char_p, c_double, c_int, c_long, c_size_t, c_void_p, CFUNCTYPE, POINTER, byref
from time import perf_counter_ns as now

class Vec2(ctypes.Structure): _fields_ = [("x", c_double), ("y", c_double)]
class Nine(ctypes.Structure): _fields_ = [("v", c_double * 9)]
class Mixed(ctypes.Structure): _fields_ = [("n", c_long), ("d", c_double)]

lib, rounds, iterations = ctypes.CDLL(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
libc = ctypes.CDLL(None)

def function(library, name, result, *parameters):
    f = library[name]
    f.restype, f.argtypes = result, parameters
    return f

UNARY, SUM, ORDER = CFUNCTYPE(c_int, c_int), CFUNCTYPE(c_long, c_long, c_long), CFUNCTYPE(c_int, POINTER(c_int), POINTER(c_int))
vec, identity = Vec2(1.5, 2.5), UNARY(lambda x: x)
cases = [
    ("nop", function(lib, "nop", None), ()),
    ("add", function(lib, "add", c_int, c_int, c_int), (3, 4)),
    ("add_longs", function(lib, "add_longs", c_long, c_long, c_long), (3, 4)),
    ("add_doubles", function(lib, "add_doubles", c_double, c_double, c_double), (1.5, 2.25)),
    ("six_doubles", function(lib, "six_doubles", c_double, *[c_double] * 6), (1.5, 2.25, 3.5, 4.5, 5.5, 6.5)),
    ("ten_ints", function(lib, "ten_ints", c_int, *[c_int] * 10), tuple(range(1, 11))),
    ("strlen", function(libc, "strlen", c_size_t, c_char_p), (b"a Smalltalk String",)),
    ("pointer", function(lib, "sum_vec2", c_double, POINTER(Vec2)), (byref(vec),)),
    ("vec2", function(lib, "add_vec2", Vec2, Vec2, Vec2), (vec, vec)),
    ("nine", function(lib, "same_nine", Nine, Nine), (Nine(),)),
    ("mixed", function(lib, "same_mixed", Mixed, Mixed), (Mixed(1, 2.5),)),
    ("variadic", function(lib, "sum_ints", c_int, c_int), (3, 1, 2, 3)),
    ("function", CFUNCTYPE(c_int, c_int, c_int)(("add", lib)), (3, 4)),
    ("apply", function(lib, "apply", c_int, UNARY, c_int), (identity, 3)),
]
repeat = function(lib, "repeat", c_long, SUM, c_long)
qsort = function(libc, "qsort", None, c_void_p, c_size_t, c_size_t, ORDER)
shuffle = function(lib, "shuffle", None, c_void_p, c_long)
add, order = SUM(lambda a, b: a + b), ORDER(lambda a, b: a[0] - b[0])
numbers = (c_int * iterations)()

def timed(f, arguments):
    start = now()
    for _ in range(iterations): f(*arguments)
    return (now() - start) / iterations

def empty():
    start = now()
    for _ in range(iterations): pass
    return (now() - start) / iterations

def once(name, f, *arguments):
    start = now()
    f(*arguments)
    print(name, (now() - start) / iterations, 0)

for _ in range(rounds):
    for name, f, arguments in cases: print(name, timed(f, arguments), empty())
    once("repeat", repeat, add, iterations)
    shuffle(numbers, iterations)
    once("qsort", qsort, numbers, iterations, 4, order)
