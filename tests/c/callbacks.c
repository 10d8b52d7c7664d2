/* C that calls back: at once, later, nested, from another thread. */
#include <complex.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct { double x, y; } point;
typedef struct { double v[9]; } nine;
typedef struct { long count; double weight; } entry;
typedef struct { float x, y, z; } triple;
typedef struct { char c; short s; } small;
typedef struct { char text[5]; } five;
typedef union { double d; long n; } either;
typedef struct { long double v; } extended;

long each_up_to(long (*f)(long, long), long n) {
    long sum = 0;
    for (long i = 1; i <= n; i++) sum += f(i, i * 10);
    return sum;
}
int once(int (*f)(int), int x) { return f(x) + 1; }
void nothing_for(void (*f)(void), int n) { while (n-- > 0) f(); }

/* Parameters and results of every kind; the caller's own registers are watched by the compiler. */
int small_integers(int (*f)(signed char, unsigned char, short, unsigned short, bool)) { return f(-1, 255, -2, 65535, true); }
bool truth(bool (*f)(int), int x) { return f(x); }
unsigned long large(unsigned long (*f)(unsigned long)) { return f(0xfedcba9876543210UL); }
float singles(float (*f)(float, float)) { return f(1.5f, 0.25f); }
double mixed(double (*f)(int, double, long, float), int n) { return f(n, 2.5, 3, 0.5f); }
long double sum_extended(long double (*f)(long double, int, long double)) { return f(1.25L, 2, 0.5L); }
double complex product(double complex (*f)(double complex, float complex)) { return f(1 + 2 * I, 3 - 1 * I); }
__int128 doubled(__int128 (*f)(__int128, unsigned __int128)) { return f((__int128)5 << 70, 3); }
double many(double (*f)(int, int, int, int, int, int, int, int, double, double, double, double, double, double, double, double, double, short)) {
    return f(1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 9, -10);
}
double point_sum(point (*f)(point, long)) { point p = f((point){1.5, 2.5}, 7); return p.x + 10 * p.y; }
double nine_sum(nine (*f)(nine, int), double start) {
    nine n;
    double sum = 0;
    for (int i = 0; i < 9; i++) n.v[i] = start + i;
    n = f(n, 3);
    for (int i = 0; i < 9; i++) sum += (i + 1) * n.v[i];
    return sum;
}
double entry_sum(entry (*f)(entry, char)) { entry e = f((entry){41, 1.5}, 'c'); return e.count + e.weight; }
float triple_sum(triple (*f)(triple)) { triple t = f((triple){1, 2, 3}); return t.x + 10 * t.y + 100 * t.z; }
int small_sum(small (*f)(small)) { small s = f((small){3, 400}); return s.c + s.s; }
int five_sum(five (*f)(five)) { five r = f((five){"abcd"}); return r.text[0] * 1000 + r.text[3]; }
long either_bits(either (*f)(either)) { either e = f((either){.d = 1.0}); return e.n; }
long double extended_struct(extended (*f)(extended)) { return f((extended){2.5L}).v; }
long spilled(long (*f)(long, long, long, long, long, entry, long, point)) { return f(1, 2, 3, 4, 5, (entry){6, 7.0}, 8, (point){9, 10}); }
const char *text(const char *(*f)(const char *, int), const char *s) { return f(s, 2); }
int no_text(int (*f)(const char *, void *)) { return f(NULL, NULL); }
int through(int (*f)(const int *, int)) { static int numbers[] = {5, 6, 7}; return f(numbers, 3); }
int pointed(int (*f)(entry *)) { entry e = {1, 2.5}; f(&e); return (int)(e.count * 10 + e.weight); }
static int triple_of(int n) { return 3 * n; }
int with_function(int (*f)(int (*)(int), int)) { return f(triple_of, 5); }
int called_function(int (*(*f)(void))(int)) { return f()(6); }

__attribute__((ms_abi)) double ms_back(double (__attribute__((ms_abi)) *f)(int, double, long long, float, int, double), int n) {
    return f(n, 2.5, 3, 4.5f, 5, 6.5) + 1;
}
__attribute__((ms_abi)) double ms_structs(nine (__attribute__((ms_abi)) *f)(nine, point, small), double start) {
    nine n;
    double sum = 0;
    for (int i = 0; i < 9; i++) n.v[i] = start + i;
    n = f(n, (point){1, 2}, (small){3, 4});
    for (int i = 0; i < 9; i++) sum += n.v[i];
    return sum;
}

/* How many bytes of a result are not zero, summed over two calls: a callback that has no answer leaves zeros. */
static int left;
int left_bytes(void) { return left; }
static void look(const void *result, size_t n) {
    for (size_t i = 0; i < n; i++) left += ((const unsigned char *)result)[i] != 0;
}
#define LEAVES(name, convention, type, bytes, parameters, ...)          \
    void convention name(type(convention *f) parameters) {              \
        left = 0;                                                       \
        for (int i = 0; i < 2; i++) {                                   \
            type result = f(__VA_ARGS__);                               \
            look(&result, bytes);                                       \
        }                                                               \
    }
LEAVES(leaves_nine, , nine, 72, (nine, int), (nine){{1, 2}}, 3)
LEAVES(leaves_five, , five, 5, (five), (five){"abcd"})
LEAVES(leaves_point, , point, 16, (point), (point){1, 2})
LEAVES(leaves_extended, , extended, 10, (long double), 2.5L)
LEAVES(leaves_wide, , __int128, 16, (int), 1)
LEAVES(leaves_complex, , double complex, 16, (int), 1)
LEAVES(leaves_ms_nine, __attribute__((ms_abi)), nine, 72, (int), 1)
LEAVES(leaves_ms_five, __attribute__((ms_abi)), five, 5, (int), 1)

/* Registers that a callee keeps keep their values, whatever the callback does. */
int keeps_registers(int (*f)(int)) {
    long a = 1, b = 2, c = 3, d = 4, e = 5, r;
    __asm__ volatile(
        "push %%rbp\n sub $8, %%rsp\n"
        "mov $0x1111, %%rbx\n mov $0x2222, %%rbp\n mov $0x3333, %%r12\n mov $0x4444, %%r13\n"
        "mov $0x5555, %%r14\n mov $0x6666, %%r15\n mov $7, %%edi\n call *%[f]\n"
        "sub $0x1111, %%rbx\n sub $0x2222, %%rbp\n or %%rbp, %%rbx\n sub $0x3333, %%r12\n or %%r12, %%rbx\n"
        "sub $0x4444, %%r13\n or %%r13, %%rbx\n sub $0x5555, %%r14\n or %%r14, %%rbx\n sub $0x6666, %%r15\n or %%r15, %%rbx\n"
        "mov %%rbx, %[r]\n add $8, %%rsp\n pop %%rbp\n"
        : [r] "=c"(r)
        : [f] "a"(f)
        : "rbx", "r12", "r13", "r14", "r15", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "xmm0", "xmm1", "xmm2", "xmm3",
          "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "memory", "cc");
    return r == 0 && a + b + c + d + e == 15;
}

/* What errno is around a callback. */
int errno_around(int (*f)(int), int before, int after) {
    errno = before;
    f(1);
    int seen = errno;
    errno = after;
    return seen;
}
/* A table of functions, as libraries ask for. */
struct operations_of_file {
    int (*open)(const char *name, void *data);
    long (*read)(int file, char *buffer, unsigned long size);
    void (*close)(int file);
};
long read_all(const struct operations_of_file *operations, const char *name, void *data) {
    char buffer[16];
    long count, total = 0;
    int file = operations->open(name, data);
    while ((count = operations->read(file, buffer, sizeof buffer)) > 0)
        for (long i = 0; i < count; i++) total = total * 10 + buffer[i] - '0';
    if (operations->close) operations->close(file);
    return total;
}

/* Callbacks that C keeps. */
static int (*kept)(int);
void keep(int (*f)(int)) { kept = f; }
int call_kept(int x) { return kept(x); }

/* Buffers that C holds while it is called back. */
uint64_t checksum(const unsigned char *bytes, size_t n) {
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++) sum = sum * 31 + bytes[i];
    return sum;
}
long watch(const unsigned char *a, size_t an, const char *b, const unsigned char *c, size_t cn, long (*f)(long), long rounds) {
    uint64_t sums[] = {checksum(a, an), checksum((const unsigned char *)b, strlen(b)), checksum(c, cn)};
    for (long i = 1; i <= rounds; i++) {
        f(i);
        if (checksum(a, an) != sums[0] || checksum((const unsigned char *)b, strlen(b)) != sums[1] || checksum(c, cn) != sums[2])
            return i;
    }
    return 0;
}

/* Other threads. */
typedef struct { double (*f)(int, double, point, long, long, long, long, long, long); int n; double sum; } work;
static void *run(void *argument) {
    work *w = argument;
    for (int i = 1; i <= w->n; i++) w->sum += w->f(i, 0.5, (point){1, 2}, 3, 4, 5, 6, 7, 8);
    return NULL;
}
static work works[8];
static pthread_t threads[8];
static int volatile finished;
static void *run_and_tell(void *argument) {
    run(argument);
    __sync_fetch_and_add(&finished, 1);
    return NULL;
}
void start_threads(double (*f)(int, double, point, long, long, long, long, long, long), int count, int n) {
    finished = 0;
    for (int i = 0; i < count; i++) {
        works[i] = (work){f, n, 0};
        pthread_create(&threads[i], NULL, run_and_tell, &works[i]);
    }
}
int threads_finished(void) { return finished; }
double join_threads(int count) {
    double sum = 0;
    for (int i = 0; i < count; i++) {
        pthread_join(threads[i], NULL);
        sum += works[i].sum;
    }
    return sum;
}
/* Waits for a thread that waits for the caller. */
double call_on_thread(double (*f)(int, double, point, long, long, long, long, long, long)) {
    work w = {f, 1, 0};
    pthread_t thread;
    pthread_create(&thread, NULL, run, &w);
    pthread_join(thread, NULL);
    return w.sum;
}
