/* The functions that are called, and for each a C loop that calls it through a volatile function pointer, which the
   compiler must load and call each time. A loop answers the nanoseconds that all its iterations took. */
#include <string.h>
#include <time.h>

void nop(void) {}
int add(int a, int b) { return a + b; }
double add_doubles(double a, double b) { return a + b; }
double six_doubles(double a, double b, double c, double d, double e, double f) { return a + b + c + d + e + f; }
int ten_ints(int a, int b, int c, int d, int e, int f, int g, int h, int i, int j) {
    return a + b + c + d + e + f + g + h + i + j;
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
    }

LOOP(nop, nop, ())
LOOP(add, add, (3, 4))
LOOP(add_doubles, add_doubles, (1.5, 2.25))
LOOP(six_doubles, six_doubles, (1.5, 2.25, 3.5, 4.5, 5.5, 6.5))
LOOP(ten_ints, ten_ints, (1, 2, 3, 4, 5, 6, 7, 8, 9, 10))
LOOP(strlen, strlen, ("a Smalltalk String"))
