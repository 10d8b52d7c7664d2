/* Every integer type as argument and result. NAME_pass answers its argument, NAME_minimum and NAME_maximum the ends of
   the type; NAME_seen writes what arrived in decimal, so that an argument and a result cannot be wrong together.
   NAME_dirty answers a value whose register holds garbage above the bits of the type: nothing in the psABI forbids
   a callee that (3.2.3 says only where the value is), and compilers do. */
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <wchar.h>

static char seen[64];

const char *last_seen(void) { return seen; }

#define GARBAGE 0x5aa5f00f5aa5f00fUL

/* The declarations of the cases say that NAME_dirty answers `type`. */
#define SHAPES(name, type, least, greatest, unsigned_type, format, wide)                                               \
    type name##_pass(type value) { return value; }                                                                     \
    type name##_minimum(void) { return (type)(least); }                                                                \
    type name##_maximum(void) { return (type)(greatest); }                                                             \
    void name##_seen(type value) { snprintf(seen, sizeof seen, format, (wide)value); }                                 \
    unsigned long name##_dirty(type value) {                                                                           \
        if (sizeof value == 8) return (unsigned long)value;                                                            \
        return (GARBAGE << (8 * sizeof value % 64)) | (unsigned long)(unsigned_type)value;                             \
    }

SHAPES(schar, signed char, SCHAR_MIN, SCHAR_MAX, unsigned char, "%lld", long long)
SHAPES(uchar, unsigned char, 0, UCHAR_MAX, unsigned char, "%llu", unsigned long long)
SHAPES(plain_char, char, CHAR_MIN, CHAR_MAX, unsigned char, "%lld", long long)
SHAPES(short, short, SHRT_MIN, SHRT_MAX, unsigned short, "%lld", long long)
SHAPES(ushort, unsigned short, 0, USHRT_MAX, unsigned short, "%llu", unsigned long long)
SHAPES(int, int, INT_MIN, INT_MAX, unsigned int, "%lld", long long)
SHAPES(uint, unsigned int, 0, UINT_MAX, unsigned int, "%llu", unsigned long long)
SHAPES(long, long, LONG_MIN, LONG_MAX, unsigned long, "%lld", long long)
SHAPES(ulong, unsigned long, 0, ULONG_MAX, unsigned long, "%llu", unsigned long long)
SHAPES(llong, long long, LLONG_MIN, LLONG_MAX, unsigned long, "%lld", long long)
SHAPES(ullong, unsigned long long, 0, ULLONG_MAX, unsigned long, "%llu", unsigned long long)
SHAPES(int8, int8_t, INT8_MIN, INT8_MAX, uint8_t, "%lld", long long)
SHAPES(uint8, uint8_t, 0, UINT8_MAX, uint8_t, "%llu", unsigned long long)
SHAPES(int16, int16_t, INT16_MIN, INT16_MAX, uint16_t, "%lld", long long)
SHAPES(uint16, uint16_t, 0, UINT16_MAX, uint16_t, "%llu", unsigned long long)
SHAPES(int32, int32_t, INT32_MIN, INT32_MAX, uint32_t, "%lld", long long)
SHAPES(uint32, uint32_t, 0, UINT32_MAX, uint32_t, "%llu", unsigned long long)
SHAPES(int64, int64_t, INT64_MIN, INT64_MAX, uint64_t, "%lld", long long)
SHAPES(uint64, uint64_t, 0, UINT64_MAX, uint64_t, "%llu", unsigned long long)
SHAPES(size, size_t, 0, SIZE_MAX, size_t, "%llu", unsigned long long)
SHAPES(ssize, ssize_t, LONG_MIN, LONG_MAX, size_t, "%lld", long long)
SHAPES(ptrdiff, ptrdiff_t, PTRDIFF_MIN, PTRDIFF_MAX, size_t, "%lld", long long)
SHAPES(intptr, intptr_t, INTPTR_MIN, INTPTR_MAX, uintptr_t, "%lld", long long)
SHAPES(uintptr, uintptr_t, 0, UINTPTR_MAX, uintptr_t, "%llu", unsigned long long)
SHAPES(wide, wchar_t, WCHAR_MIN, WCHAR_MAX, unsigned int, "%lld", long long)

/* The upper bits of an argument: a callee that clang compiled trusts its caller to have extended to 32 bits. The
   declarations of the cases say that these take the narrow type. */
int upper_schar(int argument) { return argument; }
unsigned int upper_uchar(unsigned int argument) { return argument; }
int upper_short(int argument) { return argument; }
unsigned int upper_ushort(unsigned int argument) { return argument; }
unsigned int upper_bool(unsigned int argument) { return argument; }
int upper_on_stack(long a, long b, long c, long d, long e, long f, int argument) {
    return a + b + c + d + e + f == 21 ? argument : INT_MIN;
}

bool bool_pass(bool value) { return value; }
bool bool_not(bool value) { return !value; }
bool is_positive(int value) { return value > 0; }
/* Only the low eight bits of rax are the result; the rest is another number. */
unsigned long dirty_true(void) { return GARBAGE << 8 | 1; }
unsigned long dirty_false(void) { return GARBAGE << 8; }

enum small { SMALL_ZERO, SMALL_ONE, SMALL_TEN = 10, SMALL_ELEVEN };
enum negative { NEGATIVE_LOW = -5, NEGATIVE_MIDDLE, NEGATIVE_HIGH = 5 };
enum large { LARGE_ZERO, LARGE_TOP = 0x123456789abcdefL };
enum highest { HIGHEST = 0xffffffffffffffffUL };
enum small small_next(enum small value) { return value + 1; }
enum negative negative_opposite(enum negative value) { return -value; }
enum large large_pass(enum large value) { return value; }
enum highest highest_pass(enum highest value) { return value; }
int small_size(void) { return sizeof(enum small) + 100 * sizeof(enum large); }
