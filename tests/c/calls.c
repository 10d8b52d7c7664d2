/* Whole calls: how many arguments, errno, what a callee may destroy, variadic functions. */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static int counter;
int none(void) { return ++counter; }
void nothing(void) { counter++; }
int counted(void) { return counter; }

/* Each argument has another weight: one in the wrong place changes the sum. */
long ints_1(int a) { return a; }
long ints_6(int a, int b, int c, int d, int e, int f) { return a + 2L * b + 3L * c + 4L * d + 5L * e + 6L * f; }
long ints_7(int a, int b, int c, int d, int e, int f, int g) { return ints_6(a, b, c, d, e, f) + 7L * g; }
long ints_10(int a, int b, int c, int d, int e, int f, int g, int h, int i, int j) {
    return ints_7(a, b, c, d, e, f, g) + 8L * h + 9L * i + 10L * j;
}
double doubles_8(double a, double b, double c, double d, double e, double f, double g, double h) {
    return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h;
}
double doubles_9(double a, double b, double c, double d, double e, double f, double g, double h, double i) {
    return doubles_8(a, b, c, d, e, f, g, h) + 9 * i;
}
float floats_10(float a, float b, float c, float d, float e, float f, float g, float h, float i, float j) {
    return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i + 10 * j;
}
/* Integers and floats are counted apart, and each kind goes to the stack when its registers are used up. */
double mixed_20(int a, double b, int c, double d, int e, double f, int g, double h, int i, double j, int k, double l, int m,
                double n, int o, double p, int q, double r, int s, double t) {
    return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i + 10 * j + 11 * k + 12 * l + 13 * m + 14 * n +
           15 * o + 16 * p + 17 * q + 18 * r + 19 * s + 20 * t;
}
long bytes_8(signed char a, unsigned char b, signed char c, unsigned char d, signed char e, unsigned char f, signed char g,
             unsigned char h) {
    return a + 2L * b + 3L * c + 4L * d + 5L * e + 6L * f + 7L * g + 8L * h;
}
long longs_30(long a, long b, long c, long d, long e, long f, long g, long h, long i, long j, long k, long l, long m, long n,
              long o, long p, long q, long r, long s, long t, long u, long v, long w, long x, long y, long z, long aa, long bb,
              long cc, long dd) {
    long all[] = {a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, aa, bb, cc, dd};
    long sum = 0;
    for (int index = 0; index < 30; index++) sum += (index + 1) * all[index];
    return sum;
}

/* The stack must be aligned to 16 bytes at a call (psABI 3.2.2): these answer by how much it is not. */
int misalignment(void) { return (uintptr_t)__builtin_frame_address(0) & 15; }
int misalignment_7(long a, long b, long c, long d, long e, long f, long g) {
    return a + b + c + d + e + f + g == 28 ? (int)((uintptr_t)__builtin_frame_address(0) & 15) : -1;
}
int misalignment_8(long a, long b, long c, long d, long e, long f, long g, long h) {
    return a + b + c + d + e + f + g + h == 36 ? (int)((uintptr_t)__builtin_frame_address(0) & 15) : -1;
}

/* Overwrites every register that a callee may. */
long clobber(long value) {
#if defined __x86_64__
    __asm__ volatile(
        "movq $-1, %%rax\n movq $-2, %%rcx\n movq $-3, %%rdx\n movq $-4, %%rsi\n movq $-5, %%rdi\n movq $-6, %%r8\n"
        "movq $-7, %%r9\n movq $-8, %%r10\n movq $-9, %%r11\n"
        "movq %%rax, %%xmm0\n movq %%rax, %%xmm1\n movq %%rax, %%xmm2\n movq %%rax, %%xmm3\n movq %%rax, %%xmm4\n"
        "movq %%rax, %%xmm5\n movq %%rax, %%xmm6\n movq %%rax, %%xmm7\n movq %%rax, %%xmm8\n movq %%rax, %%xmm9\n"
        "movq %%rax, %%xmm10\n movq %%rax, %%xmm11\n movq %%rax, %%xmm12\n movq %%rax, %%xmm13\n movq %%rax, %%xmm14\n"
        "movq %%rax, %%xmm15\n"
        :
        :
        : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5",
          "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "cc", "memory");
#endif
    return value;
}

int errno_set(int value) {
    errno = value;
    return -1;
}
int errno_read(void) { return errno; }
void errno_untouched(void) {}

int sum_ints(int count, ...) {
    va_list arguments;
    va_start(arguments, count);
    int sum = 0;
    for (int index = 1; index <= count; index++) sum += index * va_arg(arguments, int);
    va_end(arguments);
    return sum;
}
long long sum_longs(int count, ...) {
    va_list arguments;
    va_start(arguments, count);
    long long sum = 0;
    for (int index = 1; index <= count; index++) sum += index * va_arg(arguments, long long);
    va_end(arguments);
    return sum;
}
double sum_doubles(int count, ...) {
    va_list arguments;
    va_start(arguments, count);
    double sum = 0;
    for (int index = 1; index <= count; index++) sum += index * va_arg(arguments, double);
    va_end(arguments);
    return sum;
}
/* i: int, l: long long, d: double, s: const char *, p: void *. The text is for the caller to copy. */
const char *describe(const char *types, ...) {
    static char text[512];
    size_t used = 0;
    va_list arguments;
    va_start(arguments, types);
    text[0] = 0;
    for (; *types != 0 && used < sizeof text; types++) {
        size_t left = sizeof text - used;
        switch (*types) {
        case 'i': used += snprintf(text + used, left, "i%d ", va_arg(arguments, int)); break;
        case 'l': used += snprintf(text + used, left, "l%lld ", va_arg(arguments, long long)); break;
        case 'u': used += snprintf(text + used, left, "u%llu ", va_arg(arguments, unsigned long long)); break;
        case 'd': used += snprintf(text + used, left, "d%g ", va_arg(arguments, double)); break;
        case 'p': used += snprintf(text + used, left, "p%lx ", (unsigned long)va_arg(arguments, void *)); break;
        case 's': {
            const char *string = va_arg(arguments, const char *);
            used += snprintf(text + used, left, "s%s ", string == NULL ? "(null)" : string);
            break;
        }
        default: used += snprintf(text + used, left, "?%c ", *types);
        }
    }
    va_end(arguments);
    return text;
}
/* Fixed parameters before the variable part use registers up. */
double weigh(double first, int second, float third, long fourth, const char *types, ...) {
    va_list arguments;
    va_start(arguments, types);
    double sum = first + 2 * second + 3 * third + 4 * fourth;
    double weight = 5;
    for (; *types != 0; types++, weight++)
        sum += weight * (*types == 'd' ? va_arg(arguments, double) : (double)va_arg(arguments, long long));
    va_end(arguments);
    return sum;
}

/* al, the number of vector registers that a variadic call uses (psABI 3.5.7). The declarations of the cases say that it
   is variadic; al arrives in the lowest byte of rax and is the result. */
#if defined __x86_64__
__asm__(".globl vector_registers\n.type vector_registers, @function\nvector_registers: movzbl %al, %eax\n ret\n");
#endif
