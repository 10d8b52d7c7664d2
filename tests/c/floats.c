/* float and double as argument and result: values, their bits, and registers with garbage beside the value. */
#include <stdint.h>
#include <string.h>

double double_pass(double value) { return value; }
float float_pass(float value) { return value; }

uint64_t double_bits(double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}
uint32_t float_bits(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}
double double_of_bits(uint64_t bits) {
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}
float float_of_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

float double_to_float(double value) { return (float)value; }
double float_to_double(float value) { return value; }
float float_add(float a, float b) { return a + b; }
double double_subtract(double a, double b) { return a - b; }

/* Only the low 32 or 64 bits of xmm0 are the result (psABI 3.2.3). The declarations of the cases say that these answer
   float and double. */
typedef float four_floats __attribute__((vector_size(16)));
typedef double two_doubles __attribute__((vector_size(16)));
four_floats float_dirty(float value) { return (four_floats){value, -1e30f, 1e-40f, 7.0f}; }
two_doubles double_dirty(double value) { return (two_doubles){value, -1e300}; }
