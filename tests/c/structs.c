/* Structs by value and by pointer, in every class of placement; complex numbers, 128 bits, long double. */
#include <complex.h>
#include <stdarg.h>
#include <stdint.h>
#include <wchar.h>
#include <uchar.h>

struct vec2 { double x, y; };
struct vec2 vec2_add(struct vec2 a, struct vec2 b) { return (struct vec2){ a.x + b.x, a.y + b.y }; }
double vec2_dot(const struct vec2 *a, const struct vec2 *b) { return a->x * b->x + a->y * b->y; }
struct vec2 *vec2_scale(struct vec2 *a, double by) { a->x *= by; a->y *= by; return a; }

struct mixed { int64_t n; double d; };
struct mixed mixed_next(struct mixed m) { return (struct mixed){ m.n + 1, m.d * 2 }; }

struct floats3 { float a, b, c; };
struct floats3 floats3_turn(struct floats3 f) { return (struct floats3){ f.b, f.c, f.a }; }

struct three { unsigned char b[3]; };
struct three three_turn(struct three t) { return (struct three){ { t.b[1], t.b[2], t.b[0] } }; }

struct nine { double d[9]; };
struct nine nine_double(struct nine n) {
    for (int i = 0; i < 9; i++) n.d[i] *= 2;
    return n;
}

struct __attribute__((packed)) packed { char c; int i; };
struct packed packed_next(struct packed p) { return (struct packed){ p.c + 1, p.i + 1 }; }

struct bits { unsigned a : 3; signed b : 7; uint64_t c : 40; _Bool d : 1; };
struct bits bits_next(struct bits b) { b.a++; b.b--; b.c += 5; b.d = !b.d; return b; }

union either { double d; int32_t i[2]; };
union either either_swap(union either e) { return (union either){ .i = { e.i[1], e.i[0] } }; }

struct extended { long double x; };
struct extended extended_half(struct extended e) { return (struct extended){ e.x / 2 }; }
long double extended_sum(long double a, int b, long double c) { return a + b + c; }

/* Registers run out: the whole struct goes to the stack, and what follows still takes the last one. */
long exhausted(long a, long b, long c, long d, long e, struct mixed m, struct { long x, y; } p, long f) {
    return a + 10 * b + 100 * c + 1000 * d + 10000 * e + 100000 * (m.n + (long)m.d) + p.x * 7 + p.y * 11 + f * 13;
}

double complex complex_product(double complex a, float complex b) { return a * b; }
float complex complex_conjugate(float complex a) { return conjf(a); }
long double complex complex_wide(long double complex a) { return a * 2; }

__int128 wide_add(__int128 a, __int128 b) { return a + b; }
unsigned __int128 wide_shift(unsigned __int128 a, int by) { return a << by; }

typedef float vec4 __attribute__((vector_size(16)));
vec4 vec4_add(vec4 a, vec4 b) { return a + b; }

__attribute__((ms_abi)) struct vec2 ms_vec2_add(struct vec2 a, struct vec2 b) { return vec2_add(a, b); }
__attribute__((ms_abi)) double ms_mixed(int a, double b, int c, double d, int e, double f) {
    return a + 10 * b + 100 * c + 1000 * d + 10000 * e + 100000 * f;
}
__attribute__((ms_abi)) double ms_sum(int count, ...) {
    __builtin_ms_va_list list;
    double sum = 0;
    __builtin_ms_va_start(list, count);
    while (count-- > 0) sum += __builtin_va_arg(list, double);
    __builtin_ms_va_end(list);
    return sum;
}

double vec2_sum(int count, ...) {
    va_list list;
    double sum = 0;
    va_start(list, count);
    while (count-- > 0) {
        struct vec2 v = va_arg(list, struct vec2);
        sum += v.x + v.y;
    }
    va_end(list);
    return sum;
}

double doubles_sum(const double *values, int count) {
    double sum = 0;
    while (count-- > 0) sum += *values++;
    return sum;
}
void shorts_square(int16_t *values, int count) { for (; count-- > 0; values++) *values *= *values; }

long wide_length(const wchar_t *text) { return wcslen(text); }
unsigned wide_at(const char16_t *text, int index) { return text[index]; }
const wchar_t *wide_text(void) { return L"gr\u00fcn \U0001f600"; }

struct operations { int (*apply)(int, int); const char *name; struct operations *next; };
static int plus(int a, int b) { return a + b; }
static struct operations operations = { plus, "plus", &operations };
struct operations *the_operations(void) { return &operations; }
struct vec2 origin = { 1, 2 };
