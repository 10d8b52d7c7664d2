// Functions whose arguments and results travel in the ways that are easily got wrong: see docs/abi-traps.md. Each is
// there in both conventions, `sysv_NAME` and `ms_NAME`.

#define _GNU_SOURCE
#include <complex.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#define MS __attribute__((ms_abi))
#define BOTH(result, name, parameters, ...)                                                        \
    result sysv_##name parameters __VA_ARGS__                                                      \
    MS result ms_##name parameters __VA_ARGS__

// --- small structs in registers ---

typedef struct { float a, b, c; } fff;
typedef struct { float f; int i; } fi;
typedef struct { double d; int i; } di;
typedef struct { long l; double d; } ld;
typedef struct { char c[3]; } b3;
typedef struct __attribute__((packed)) { char c; int i; } pci;
typedef struct __attribute__((packed)) { int i; char c; } pic;

BOTH(fff, next_fff, (fff s), { return (fff){s.a + 1, s.b + 2, s.c + 3}; })
BOTH(fi, next_fi, (fi s), { return (fi){s.f + 1, s.i + 2}; })
BOTH(di, next_di, (di s), { return (di){s.d + 1, s.i + 2}; })
BOTH(ld, next_ld, (ld s), { return (ld){s.l + 1, s.d + 2}; })
BOTH(pci, next_pci, (int before, pci s, int after), { return (pci){s.c + before, s.i + after}; })
BOTH(pic, next_pic, (int before, pic s, int after), { return (pic){s.i + before, s.c + after}; })
BOTH(b3, next_b3, (b3 s), { return (b3){{s.c[0] + 1, s.c[1] + 2, s.c[2] + 3}}; })

// The last `bytes` bytes before memory that cannot be read.
void *before_nothing(size_t bytes) {
    long page = sysconf(_SC_PAGESIZE);
    char *pages = mmap(0, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED || mprotect(pages + page, page, PROT_NONE) != 0)
        return 0;
    return pages + page - bytes;
}

// --- where registers run out ---

typedef struct { long a, b; } ll;
typedef struct { double a, b; } dd;
typedef struct { long l; } __attribute__((aligned(16))) l16;

BOTH(long, whole_ll, (long a, long b, long c, long d, long e, ll s, long late), {
    return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * s.a + 7 * s.b + 8 * late;
})
BOTH(double, whole_dd, (double a, double b, double c, double d, double e, double f, double g, dd s, double late), {
    return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * s.a + 9 * s.b + 10 * late;
})

// The last general register and a float one, beside floats that came first.
BOTH(double, last_of_both, (double first, long a, long b, long c, long d, long e, ld s, double late), {
    return first + 10 * e + 100 * s.l + 1000 * s.d + 10000 * late;
})
BOTH(__int128, late_int128, (long a, long b, long c, long d, long e, __int128 x, long late), {
    return x + a + b + c + d + e + 1000 * (__int128)late;
})
BOTH(long, stacked_l16, (l16 first, long b, long c, long d, long e, long f, long g, l16 s, long late), {
    return ((uintptr_t)&s % 16) * 1000000 + first.l + b + c + d + e + f + g + 10 * s.l + 100 * late;
})

// --- long double and complex ---

typedef struct { long double v; } sld;
typedef struct { long double v; int i; } ldi;

BOTH(long double, half_ld, (int before, long double x, int after), { return (x + before + after) / 2; })
BOTH(sld, next_sld, (sld s), { return (sld){s.v + 1}; })
BOTH(ldi, next_ldi, (ldi s), { return (ldi){s.v + 1, s.i + 2}; })
BOTH(float _Complex, turned_f, (float _Complex z), { return z * I; })
BOTH(double _Complex, turned_d, (double _Complex z), { return z * I; })
BOTH(long double _Complex, turned_ld, (long double _Complex z), { return z * I; })

// --- unions, bit-fields, what is empty or open at its end, vectors ---

typedef union { int i; float f; } uif;
typedef union { double d; long double l; } udl;
typedef union { double d; struct { int i, j; } p; } udp;
typedef struct { int : 32; float f; } unnamed;
typedef struct { } empty;
typedef struct { int n; double rest[]; } open_ended;
typedef float v4 __attribute__((vector_size(16)));
typedef struct { v4 v; } sv;
typedef struct { v4 v, w; } svw;

BOTH(uif, next_uif, (uif u), { return (uif){.i = u.i + 1}; })
BOTH(udl, next_udl, (udl u), { return (udl){.l = u.l + 1}; })
BOTH(udp, next_udp, (udp u), { return (udp){.p = {u.p.i + 1, u.p.j + 2}}; })
BOTH(unnamed, next_unnamed, (int before, unnamed s, double after), { return (unnamed){.f = s.f + before + (float)after}; })
BOTH(long, around_empty, (long a, empty e, long b), { (void)e; return 10 * a + b; })
BOTH(int, open_ended_n, (open_ended s), { return s.n + 1; })
BOTH(v4, next_v4, (v4 v), { return v + (v4){1, 2, 3, 4}; })
BOTH(sv, next_sv, (sv s), { return (sv){s.v + 1}; })
BOTH(svw, next_svw, (int before, svw s, int after), { return (svw){s.v + (float)before, s.w + (float)after}; })

// --- narrow results: what lies above them means nothing ---

long dirty(void) { return 0x1234567890ABCDEF; }

// --- variable arguments ---

double sysv_sum_of(int count, ...) {
    va_list list;
    va_start(list, count);
    double sum = 0;
    for (int i = 0; i < count; i++)
        sum += i % 2 ? va_arg(list, int) : va_arg(list, double);
    va_end(list);
    return sum;
}

MS double ms_sum_of(int count, ...) {
    __builtin_ms_va_list list;
    __builtin_ms_va_start(list, count);
    double sum = 0;
    for (int i = 0; i < count; i++)
        sum += i % 2 ? va_arg(list, int) : va_arg(list, double);
    __builtin_ms_va_end(list);
    return sum;
}

// --- Microsoft's places and copies ---

typedef struct { float f; } sf;
typedef struct { double d; } sd;
typedef struct { float f, g; } sff;
typedef struct { char c[5]; } b5;
typedef struct { long a, b; } pair;

BOTH(sf, next_sf, (sf s), { return (sf){s.f + 1}; })
BOTH(sd, next_sd, (sd s), { return (sd){s.d + 1}; })
BOTH(sff, next_sff, (sff s), { return (sff){s.f + 1, s.g + 2}; })
BOTH(b5, next_b5, (b5 s), { s.c[0]++; s.c[4]++; return s; })
BOTH(double, by_place, (int a, double b, int c, double d, int e, double f), {
    return a + 10 * b + 100 * c + 1000 * d + 10000 * e + 100000 * f;
})
// The callee may write over its argument; answers the address modulo 16.
BOTH(long, spoils, (pair p), {
    long place = (uintptr_t)&p % 16;
    *(volatile long *)&p.a = -1;
    *(volatile long *)&p.b = -1;
    return place;
})
