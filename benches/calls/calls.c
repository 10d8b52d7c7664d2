/* The functions that are called, and for each two C loops: `loop_…` calls it through a volatile function pointer, which
   the compiler must load each time; `floor_…` calls an address that it knows nothing of, and keeps in a register: what
   a compiler of machine code can reach. A loop answers the nanoseconds that all its iterations took. */
#include "calls.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void nop(void) {}
int add(int a, int b) { return a + b; }
long add_longs(long a, long b) { return a + b; }
double add_doubles(double a, double b) { return a + b; }
double six_doubles(double a, double b, double c, double d, double e, double f) { return a + b + c + d + e + f; }
int ten_ints(int a, int b, int c, int d, int e, int f, int g, int h, int i, int j) {
    return a + b + c + d + e + f + g + h + i + j;
}

vec2 add_vec2(vec2 a, vec2 b) { return (vec2){a.x + b.x, a.y + b.y}; }
nine same_nine(nine n) { n.v[0] += 1; return n; }
mixed same_mixed(mixed m) { m.n += 1; return m; }
double sum_vec2(const vec2 *v) { return v->x + v->y; }
int sum_ints(int count, ...) {
    va_list rest;
    int sum = 0;
    va_start(rest, count);
    while (count-- > 0) sum += va_arg(rest, int);
    va_end(rest);
    return sum;
}
int apply(int (*f)(int), int x) { return f(x) + 1; }
long repeat(long (*f)(long, long), long count) {
    long sum = 0;
    for (long index = 0; index < count; index++) sum += f(index, 3);
    return sum;
}
static int identity(int x) { return x; }
static int compare(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }
/* Numbers in no order, the same each time. */
void shuffle(int *numbers, long count) {
    unsigned long next = 12345;
    for (long index = 0; index < count; index++) {
        next = (next * 1103515245 + 12345) % 2147483648UL;
        numbers[index] = (int)(next >> 1);
    }
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e9 + time.tv_nsec;
}

#define LOOP(name, function, call)                                                                                      \
    double loop_##name(long count) {                                                                                   \
        __typeof__(&function) volatile pointer = function;                                                             \
        double start = now();                                                                                          \
        for (long index = 0; index < count; index++) pointer call;                                                     \
        return now() - start;                                                                                          \
    }                                                                                                                  \
    double floor_##name(long count) {                                                                                  \
        __typeof__(&function) pointer = function;                                                                      \
        __asm__ volatile("" : "+r"(pointer));                                                                          \
        double start = now();                                                                                          \
        for (long index = 0; index < count; index++) pointer call;                                                     \
        return now() - start;                                                                                          \
    }

LOOP(nop, nop, ())
LOOP(add, add, (3, 4))
LOOP(add_longs, add_longs, (3, 4))
LOOP(add_doubles, add_doubles, (1.5, 2.25))
LOOP(six_doubles, six_doubles, (1.5, 2.25, 3.5, 4.5, 5.5, 6.5))
LOOP(ten_ints, ten_ints, (1, 2, 3, 4, 5, 6, 7, 8, 9, 10))
LOOP(strlen, strlen, ("a Smalltalk String"))
LOOP(vec2, add_vec2, ((vec2){1.5, 2.5}, (vec2){3.5, 4.5}))
LOOP(nine, same_nine, ((nine){{1, 2, 3, 4, 5, 6, 7, 8, 9}}))
LOOP(mixed, same_mixed, ((mixed){1, 2.5}))
LOOP(pointer, sum_vec2, (&(vec2){1.5, 2.5}))
LOOP(variadic, sum_ints, (3, 1, 2, 3))
LOOP(function, add, (3, 4))
LOOP(apply, apply, (identity, 3))

double loop_repeat(long count) {
    __typeof__(&add_longs) volatile pointer = add_longs;
    double start = now();
    repeat(pointer, count);
    return now() - start;
}
double loop_qsort(long count) {
    int *numbers = malloc(count * sizeof *numbers);
    shuffle(numbers, count);
    double start = now();
    qsort(numbers, count, sizeof *numbers, compare);
    double time = now() - start;
    free(numbers);
    return time;
}
double floor_repeat(long count) { return loop_repeat(count); }
double floor_qsort(long count) { return loop_qsort(count); }

/* Many functions of one kind, for what it costs to get to know one. */
#define ONE(n) int one_##n(int a, int b) { return a + b + n; }
#define TEN(n) ONE(n##0) ONE(n##1) ONE(n##2) ONE(n##3) ONE(n##4) ONE(n##5) ONE(n##6) ONE(n##7) ONE(n##8) ONE(n##9)
TEN(1) TEN(2) TEN(3) TEN(4) TEN(5) TEN(6) TEN(7) TEN(8) TEN(9)
