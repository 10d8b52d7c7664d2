/* Functions of many shapes, the other side of the calls in c_scalars.rs and c_memory.rs. Each result depends on
   every argument and on its place. */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

int8_t int8(int8_t a, int8_t b) { return (int8_t)(a - b); }
uint8_t uint8(uint8_t a, uint8_t b) { return (uint8_t)(a - b); }
int16_t int16(int16_t a, int16_t b) { return (int16_t)(a - b); }
uint16_t uint16(uint16_t a, uint16_t b) { return (uint16_t)(a - b); }
int32_t int32(int32_t a, int32_t b) { return (int32_t)((uint32_t)a - (uint32_t)b); }
uint32_t uint32(uint32_t a, uint32_t b) { return a - b; }
int64_t int64(int64_t a, int64_t b) { return (int64_t)((uint64_t)a - (uint64_t)b); }
uint64_t uint64(uint64_t a, uint64_t b) { return a - b; }
bool both(bool a, bool b) { return a && b; }

float float_minus(float a, float b) { return a - b; }
double double_minus(double a, double b) { return a - b; }
double six_doubles(double a, double b, double c, double d, double e, double f) {
    return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f;
}
int64_t ten_ints(int a, int8_t b, int16_t c, int d, int64_t e, int f, int8_t g, int16_t h, int i,
                 int64_t j) {
    return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i + 10 * j;
}
double mixed(int a, double b, int c, float d, int e, double f, int g, double h, int i, double j,
             int k, double l, int m, double n, int o, double p, double q, float r, double s) {
    double ints = a + 2 * c + 3 * e + 4 * g + 5 * i + 6 * k + 7 * m + 8 * o;
    double floats = b + 2 * d + 3 * f + 4 * h + 5 * j + 6 * l + 7 * n + 8 * p + 9 * q + 10 * r + 11 * s;
    return 1000 * ints + floats;
}

int64_t length(const char *text) { return (int64_t)strlen(text); }
int64_t sum_bytes(const uint8_t *bytes, int64_t count) {
    int64_t sum = 0;
    for (int64_t i = 0; i < count; i++) sum = 3 * sum + bytes[i];
    return sum;
}
int set_errno(int value) { errno = value; return -1; }

/* The callee finds its stack aligned (psABI 3.2.2). */
int64_t misalignment(int a, int b, int c, int d, int e, int f, int g) {
    (void)a; (void)b; (void)c; (void)d; (void)e; (void)f; (void)g;
    return (int64_t)((uintptr_t)__builtin_frame_address(0) & 15);
}

double variadic(int count, ...) {
    va_list arguments;
    double sum = 0;
    va_start(arguments, count);
    for (int i = 0; i < count; i++) sum = 10 * sum + va_arg(arguments, double);
    va_end(arguments);
    return sum;
}

long double extended(long double a, long double b) { return a - 2 * b; }

struct pair { double x; int64_t n; };
struct pair make_pair(double x, int64_t n) { return (struct pair){ x * 2, n * 3 }; }

struct big { int64_t a, b, c; };
int64_t take_big(int first, struct big big, int last) {
    return first + 2 * big.a + 3 * big.b + 4 * big.c + 5 * last;
}
struct big make_big(int64_t n) { return (struct big){ n, n + 1, n + 2 }; }

typedef float vector __attribute__((vector_size(16)));
vector vector_minus(vector a, vector b) { return a - b; }

/* Calls back with every argument register in use. */
int64_t twice(int64_t (*function)(int64_t), int64_t value) { return function(function(value)); }
int64_t plus_three(int64_t value) { return value + 3; }
