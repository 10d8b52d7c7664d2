/* Text, pointers, NULL and memory. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

const char *text_greeting(void) { return "hello"; }
const char *text_empty(void) { return ""; }
const char *text_utf8(void) { return "sm\xc3\xb6rg\xc3\xa5sbord"; }
const char *text_null(void) { return NULL; }
const char *text_pass(const char *text) { return text; }
char *text_writable(void) {
    static char text[] = "writable";
    return text;
}
size_t text_length(const char *text) { return text == NULL ? 999 : strlen(text); }
int text_is_null(const char *text) { return text == NULL; }
int text_same(const char *a, const char *b) { return a == b; }
int text_differs(const char *a, const char *b) { return strcmp(a, b); }
/* Bytes as C sees them, the NUL behind them included. */
unsigned long text_checksum(const char *text) {
    unsigned long sum = 0;
    size_t size = strlen(text) + 1;
    for (size_t i = 0; i < size; i++) sum = sum * 31 + (unsigned char)text[i];
    return sum;
}
char text_char_at(const char *text, int index) { return text[index]; }
char char_next(char c) { return (char)(c + 1); }
void text_fill(char *buffer, size_t size, char c) { memset(buffer, c, size); }

void *pointer_pass(void *pointer) { return pointer; }
void *pointer_null(void) { return NULL; }
int pointer_is_null(const void *pointer) { return pointer == NULL; }
uintptr_t pointer_bits(const void *pointer) { return (uintptr_t)pointer; }
void *pointer_of_bits(uintptr_t bits) { return (void *)bits; }

int ints_sum(const int *ints, size_t count) {
    int sum = 0;
    for (size_t i = 0; i < count; i++) sum += ints[i];
    return sum;
}
void ints_double(int *ints, size_t count) {
    for (size_t i = 0; i < count; i++) ints[i] *= 2;
}
double *doubles_new(size_t count) {
    double *doubles = malloc(count * sizeof *doubles);
    for (size_t i = 0; doubles != NULL && i < count; i++) doubles[i] = i + 0.5;
    return doubles;
}
void swap_ints(int *a, int *b) {
    int old = *a;
    *a = *b;
    *b = old;
}
void set_pointer(void **place, void *value) { *place = value; }
/* Whether the bytes behind a pointer add up: keeps object memory honest when it is passed. */
int bytes_sum(const unsigned char *bytes, size_t count) {
    int sum = 0;
    for (size_t i = 0; i < count; i++) sum += bytes[i];
    return sum;
}
void bytes_reverse(unsigned char *bytes, size_t count) {
    for (size_t i = 0; i < count / 2; i++) {
        unsigned char old = bytes[i];
        bytes[i] = bytes[count - 1 - i];
        bytes[count - 1 - i] = old;
    }
}

typedef int (*binary)(int, int);
static int plus(int a, int b) { return a + b; }
static int minus(int a, int b) { return a - b; }
binary choose_function(int which) { return which == 0 ? NULL : which == 1 ? plus : minus; }
binary function_pass(binary function) { return function; }
int function_call(binary function, int a, int b) { return function(a, b); }
int function_is_null(binary function) { return function == NULL; }
struct operations {
    binary first;
    binary second;
};
struct operations *operations_table(void) {
    static struct operations table = {plus, minus};
    return &table;
}
