/* C that calls back with variable arguments and with wide text. */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <uchar.h>
#include <wchar.h>

#define MS __attribute__((ms_abi))
typedef struct { double x, y; } point;
typedef struct { long count; double weight; } entry;
typedef struct { double v[9]; } nine;
typedef struct { char text[5]; } five;
typedef struct { float x, y, z; } triple;

#define EVERYTHING                                                                                     \
    1, 2.5, (point){3, 4}, "text", (entry){5, 6.5}, (nine){{1, 2, 3, 4, 5, 6, 7, 8, 9}}, (char)'c',     \
        (short)-2, (__int128)5 << 70, 1.5f, (five){"abcd"}, (triple){1, 2, 3}, 8L, 9ULL, 10, 11, 12.0, \
        13.0, 14.0, 15.0, (entry){16, 17}, 18.0, (void *)0
int varied(int (*f)(const char *, ...)) { return f("first", EVERYTHING, 7.25L, 19); }
int only_varied(int (*f)(int, ...), int n) {
    return n == 0 ? f(0) : n == 3 ? f(3, 10, 20, 30) : f(8, 1, 2, 3, 4, 5, 6, 7, 8);
}
MS int varied_ms(int (MS *f)(const char *, ...)) { return f("first", EVERYTHING, 19); }

int handed(int (*f)(const char *, va_list), const char *format, ...) {
    va_list rest;
    va_start(rest, format);
    int result = f(format, rest);
    va_end(rest);
    return result;
}
MS int handed_ms(int (MS *f)(const char *, __builtin_ms_va_list), const char *format, ...) {
    __builtin_ms_va_list rest;
    __builtin_ms_va_start(rest, format);
    int result = f(format, rest);
    __builtin_ms_va_end(rest);
    return result;
}
point far_varied(point (*f)(int, int, int, int, int, int, int, double, ...)) { return f(1, 2, 3, 4, 5, 6, 7, 8, 9, 10.5); }

int wide_is(const wchar_t *(*f)(const wchar_t *, int), const wchar_t *expected) {
    const wchar_t *found = f(L"sm\u00f6r \U0001f600", 2);
    return found == NULL ? -1 : wcscmp(found, expected) == 0;
}
int wide16_is(const char16_t *(*f)(const char16_t *), const char16_t *expected) {
    const char16_t *found = f(u"sm\u00f6r \U0001f600");
    if (found == NULL) return -1;
    while (*found && *found == *expected) found++, expected++;
    return *found == *expected;
}
int wide32_is(const char32_t *(*f)(const char32_t *), const char32_t *expected) {
    return wide_is((const wchar_t *(*)(const wchar_t *, int))f, (const wchar_t *)expected);
}
int no_wide(int (*f)(const wchar_t *)) { return f(NULL); }
/* What a callback has answered is looked at after another one. */
int answer_stays(const char *(*f)(int), void (*between)(void), const char *expected) {
    const char *found = f(1);
    between();
    return strcmp(found, expected) == 0;
}
int bytes_stay(const unsigned char *(*f)(int), void (*between)(void), int n) {
    const unsigned char *found = f(1);
    int sum = 0;
    between();
    for (int i = 0; i < n; i++) sum += found[i];
    return sum;
}
