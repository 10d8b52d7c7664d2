/* libffi from C: each call through ffi_call, callbacks through closures. Arguments: rounds, iterations, and
   perhaps the one case that is wanted (the others are measured too, and not told). */
#include "../../calls/calls.c"
#include <ffi.h>
#include <stdio.h>

static ffi_type *doubles[] = {&ffi_type_double, &ffi_type_double, &ffi_type_double, &ffi_type_double, &ffi_type_double,
                              &ffi_type_double, &ffi_type_double, &ffi_type_double, &ffi_type_double, NULL};
static ffi_type *two_doubles[] = {&ffi_type_double, &ffi_type_double, NULL};
static ffi_type *long_and_double[] = {&ffi_type_slong, &ffi_type_double, NULL};
static ffi_type vec2_type = {0, 0, FFI_TYPE_STRUCT, two_doubles};
static ffi_type nine_type = {0, 0, FFI_TYPE_STRUCT, doubles};
static ffi_type mixed_type = {0, 0, FFI_TYPE_STRUCT, long_and_double};

static double time_of(ffi_cif *cif, void (*function)(void), void *result, void **arguments, long count) {
    double start = now();
    for (long index = 0; index < count; index++) ffi_call(cif, function, result, arguments);
    return (now() - start) / count;
}

static const char *wanted;
static void report(const char *name, double time) {
    if (!wanted || !strcmp(wanted, name)) printf("%s %.4f 0\n", name, time);
}

/* A function of `number` arguments of one type. */
static void uniform(const char *name, void (*function)(void), ffi_type *result, ffi_type *type, unsigned number,
                    void **arguments, long count) {
    ffi_cif cif;
    ffi_type *types[16];
    char room[128];
    for (unsigned index = 0; index < number; index++) types[index] = type;
    ffi_prep_cif(&cif, FFI_DEFAULT_ABI, number, result, types);
    report(name, time_of(&cif, function, room, arguments, count));
}

static void answer_int(ffi_cif *cif, void *result, void **arguments, void *data) {
    *(ffi_arg *)result = *(int *)arguments[0];
}
static void answer_sum(ffi_cif *cif, void *result, void **arguments, void *data) {
    *(long *)result = *(long *)arguments[0] + *(long *)arguments[1];
}
static void answer_order(ffi_cif *cif, void *result, void **arguments, void *data) {
    *(ffi_arg *)result = **(int **)arguments[0] - **(int **)arguments[1];
}
static void *closure(ffi_cif *cif, void (*function)(ffi_cif *, void *, void **, void *)) {
    void *code;
    ffi_closure *made = ffi_closure_alloc(sizeof *made, &code);
    ffi_prep_closure_loc(made, cif, function, NULL, code);
    return code;
}

static void *identity_code, *sum_code, *order_code;
static void make_callbacks(void) {
    static ffi_cif identity_cif, sum_cif, order_cif;
    static ffi_type *ints[] = {&ffi_type_sint}, *longs[] = {&ffi_type_slong, &ffi_type_slong},
                    *pointers[] = {&ffi_type_pointer, &ffi_type_pointer};
    ffi_prep_cif(&identity_cif, FFI_DEFAULT_ABI, 1, &ffi_type_sint, ints);
    ffi_prep_cif(&sum_cif, FFI_DEFAULT_ABI, 2, &ffi_type_slong, longs);
    ffi_prep_cif(&order_cif, FFI_DEFAULT_ABI, 2, &ffi_type_sint, pointers);
    identity_code = closure(&identity_cif, answer_int);
    sum_code = closure(&sum_cif, answer_sum);
    order_code = closure(&order_cif, answer_order);
}

static void callbacks(long count) {
    ffi_cif cif;
    ffi_type *types[] = {&ffi_type_pointer, &ffi_type_sint};
    int three = 3;
    ffi_arg result;
    void *arguments[] = {&identity_code, &three};
    ffi_prep_cif(&cif, FFI_DEFAULT_ABI, 2, &ffi_type_sint, types);
    report("apply", time_of(&cif, FFI_FN(apply), &result, arguments, count));
    double start = now();
    repeat((long (*)(long, long))sum_code, count);
    report("repeat", (now() - start) / count);
    int *numbers = malloc(count * sizeof *numbers);
    shuffle(numbers, count);
    start = now();
    qsort(numbers, count, sizeof *numbers, (int (*)(const void *, const void *))order_code);
    report("qsort", (now() - start) / count);
    free(numbers);
}

static void variadic(long count) {
    ffi_cif cif;
    ffi_type *types[] = {&ffi_type_sint, &ffi_type_sint, &ffi_type_sint, &ffi_type_sint};
    int values[] = {3, 1, 2, 3};
    void *arguments[] = {values, values + 1, values + 2, values + 3};
    ffi_arg result;
    ffi_prep_cif_var(&cif, FFI_DEFAULT_ABI, 1, 4, &ffi_type_sint, types);
    report("variadic", time_of(&cif, FFI_FN(sum_ints), &result, arguments, count));
}

int main(int argument_count, char **arguments) {
    if (argument_count < 3) return 2;
    wanted = argument_count > 3 ? arguments[3] : NULL;
    long rounds = atol(arguments[1]), count = atol(arguments[2]);
    int ints[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    long longs[] = {3, 4};
    double values[] = {1.5, 2.25, 3.5, 4.5, 5.5, 6.5};
    const char *text = "a Smalltalk String";
    vec2 vec = {1.5, 2.5}, *vec_pointer = &vec;
    nine large = {{1, 2, 3, 4, 5, 6, 7, 8, 9}};
    mixed both = {1, 2.5};
    void *int_arguments[10], *double_arguments[6];
    for (int index = 0; index < 10; index++) int_arguments[index] = ints + index;
    for (int index = 0; index < 6; index++) double_arguments[index] = values + index;
    make_callbacks();
    while (rounds-- > 0) {
        uniform("nop", FFI_FN(nop), &ffi_type_void, NULL, 0, NULL, count);
        uniform("add", FFI_FN(add), &ffi_type_sint, &ffi_type_sint, 2, int_arguments, count);
        uniform("add_longs", FFI_FN(add_longs), &ffi_type_slong, &ffi_type_slong, 2, (void *[]){longs, longs + 1}, count);
        uniform("add_doubles", FFI_FN(add_doubles), &ffi_type_double, &ffi_type_double, 2, double_arguments, count);
        uniform("six_doubles", FFI_FN(six_doubles), &ffi_type_double, &ffi_type_double, 6, double_arguments, count);
        uniform("ten_ints", FFI_FN(ten_ints), &ffi_type_sint, &ffi_type_sint, 10, int_arguments, count);
        uniform("strlen", FFI_FN(strlen), &ffi_type_ulong, &ffi_type_pointer, 1, (void *[]){&text}, count);
        uniform("pointer", FFI_FN(sum_vec2), &ffi_type_double, &ffi_type_pointer, 1, (void *[]){&vec_pointer}, count);
        uniform("vec2", FFI_FN(add_vec2), &vec2_type, &vec2_type, 2, (void *[]){&vec, &vec}, count);
        uniform("nine", FFI_FN(same_nine), &nine_type, &nine_type, 1, (void *[]){&large}, count);
        uniform("mixed", FFI_FN(same_mixed), &mixed_type, &mixed_type, 1, (void *[]){&both}, count);
        variadic(count);
        callbacks(count);
    }
}
