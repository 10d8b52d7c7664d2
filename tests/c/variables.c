/* Data of a library. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int counter_int = 42;
signed char counter_schar = -7;
unsigned short counter_ushort = 65535;
unsigned int counter_uint = 4294967295u;
int64_t counter_int64 = INT64_MIN;
uint64_t counter_uint64 = UINT64_MAX;
bool flag = true;
float ratio_float = 1.5f;
double ratio_double = 0.1;
const char *label = "label";
const char *no_label = NULL;
char *writable_label = NULL;
void *place = NULL;
const int constant_int = 17;
int table[5] = {10, 20, 30, 40, 50};
/* Neighbours that a write of the wrong width would change. */
struct {
    uint8_t before, value, after;
} byte_between = {0xaa, 1, 0xbb};

int read_counter_int(void) { return counter_int; }
double read_ratio_double(void) { return ratio_double; }
bool read_flag(void) { return flag; }
const char *read_label(void) { return label; }
int table_sum(void) {
    int sum = 0;
    for (size_t index = 0; index < sizeof table / sizeof *table; index++) sum += table[index];
    return sum;
}
