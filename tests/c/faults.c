/* Functions that the processor stops. */
#include <stddef.h>
#include <string.h>

typedef struct { long a, b, c, d, e, f, g; } seven;
typedef int (*callback)(int);

int read_int(const int *from) { return *from; }
void write_int(int *to, int value) { *to = value; }
int quotient(int left, int right) { return left / right; }
void no_instruction(void) { __builtin_trap(); }
int call(callback function, int value) { return function(value); }

/* Uses up the C stack. */
int endless(int depth) {
    volatile char space[4096];
    memset((void *)space, depth, sizeof space);
    return endless(depth + 1) + space[17];
}

/* Destroys every register that a callee keeps for its caller, and the floating-point modes, and then fails. */
double destroy_and_read(double x, const double *from) {
    unsigned mode = 0x7F80;
    unsigned short control = 0x0C7F;
    __asm__ volatile("ldmxcsr %0; fldcw %1; fldpi; fldpi; std" : : "m"(mode), "m"(control));
    __asm__ volatile("xor %%ebx, %%ebx; xor %%r12d, %%r12d; xor %%r13d, %%r13d; xor %%r14d, %%r14d; xor %%r15d, %%r15d; "
                     "movsd (%0), %%xmm0"
                     : : "r"(from) : "rbx", "r12", "r13", "r14", "r15", "xmm0", "memory");
    return x;
}

/* With arguments on the stack, and a result in memory. */
seven seven_from(seven value, int a, int b, int c, int d, int e, int f, int g, const long *from) {
    value.a += *from + a + b + c + d + e + f + g;
    return value;
}
__attribute__((ms_abi)) seven seven_from_ms(seven value, int a, int b, int c, int d, int e, int f, int g, const long *from) {
    value.a += *from + a + b + c + d + e + f + g;
    return value;
}

/* Calls back, and then fails where the callback said zero. */
int call_and_read(callback function, const int *from) { return function(1) ? 1 : *from; }

typedef int (*reader)(const int *);
int call_reader(reader read, const int *at) { return read(at); }
