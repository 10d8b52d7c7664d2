/* Callbacks that may be leaves: each is called with what the test passes. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <pthread.h>

typedef struct { int key; double weight; uint64_t mark; float ratio; char kind; } record;

long two_longs(long (*f)(long, long), long a, long b) { return f(a, b); }
int two_ints(int (*f)(int, int), int a, int b) { return f(a, b); }
unsigned long two_unsigned(unsigned long (*f)(unsigned long, unsigned char), unsigned long a, unsigned char b) { return f(a, b); }
double two_doubles(double (*f)(double, double), double a, double b) { return f(a, b); }
float two_floats(float (*f)(float, float), float a, float b) { return f(a, b); }
double mixed_up(double (*f)(int, double, long, double), int a, double b, long c, double d) { return f(a, b, c, d); }
bool asked(bool (*f)(int, bool), int a, bool b) { return f(a, b); }
void told(void (*f)(int), int a) { f(a); }
long six(long (*f)(long, long, long, long, long, long)) { return f(1, 2, 3, 4, 5, 6); }
long seven(long (*f)(long, long, long, long, long, long, long)) { return f(1, 2, 3, 4, 5, 6, 7); }
int compared(int (*f)(const void *, const void *), const void *a, const void *b) { return f(a, b); }
double of_record(double (*f)(const record *), const record *r) { return f(r); }
int of_records(int (*f)(const record *, const record *), int a, int b) {
    record x = {a, a / 2.0, 1, 0.5f, 'x'}, y = {b, b / 2.0, 2, 0.25f, 'y'};
    return f(&x, &y);
}
__attribute__((ms_abi)) long microsoft(__attribute__((ms_abi)) long (*f)(long, long)) { return f(7, 8); }

/* What the callee must give back, in registers that a compiler seldom checks. */
long keeps_all(long (*f)(long, long), long a, long b) {
    long result, wrong;
    __asm__ volatile(
        "subq $128, %%rsp\n pushq %%rbx\n pushq %%r12\n pushq %%r13\n pushq %%r14\n pushq %%r15\n pushq %%rbp\n"
        "movq $0x1111, %%rbx\n movq $0x2222, %%r12\n movq $0x3333, %%r13\n"
        "movq $0x4444, %%r14\n movq $0x5555, %%r15\n movq $0x6666, %%rbp\n"
        "subq $8, %%rsp\n"
        "call *%%rax\n"
        "addq $8, %%rsp\n"
        "xorq %%rcx, %%rcx\n"
        "cmpq $0x1111, %%rbx\n setne %%dl\n orb %%dl, %%cl\n"
        "cmpq $0x2222, %%r12\n setne %%dl\n orb %%dl, %%cl\n"
        "cmpq $0x3333, %%r13\n setne %%dl\n orb %%dl, %%cl\n"
        "cmpq $0x4444, %%r14\n setne %%dl\n orb %%dl, %%cl\n"
        "cmpq $0x5555, %%r15\n setne %%dl\n orb %%dl, %%cl\n"
        "cmpq $0x6666, %%rbp\n setne %%dl\n orb %%dl, %%cl\n"
        "popq %%rbp\n popq %%r15\n popq %%r14\n popq %%r13\n popq %%r12\n popq %%rbx\n addq $128, %%rsp\n"
        : "=a"(result), "=c"(wrong), "+D"(a), "+S"(b) : "a"(f)
        : "rdx", "r8", "r9", "r10", "r11", "memory", "cc",
          "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10",
          "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
    return wrong ? -1 : result;
}

typedef struct { long (*f)(long, long); long sum; } work;
static volatile int ended;
static void *run(void *argument) {
    work *w = argument;
    for (long i = 0; i < 100; i++) w->sum += w->f(i, 1);
    ended = 1;
    return NULL;
}
static work started;
static pthread_t thread;
void begin(long (*f)(long, long)) { started.f = f; started.sum = 0; ended = 0; pthread_create(&thread, NULL, run, &started); }
int has_ended(void) { return ended; }
long finish(void) { pthread_join(thread, NULL); return started.sum; }
