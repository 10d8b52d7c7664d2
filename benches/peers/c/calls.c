/* C itself: the loops of calls.c. Arguments: volatile or register (how the function's address is kept), rounds,
   iterations, and perhaps the one case that is wanted. */
#include "../../calls/calls.c"
#include <stdio.h>

#define CASE(name) {#name, loop_##name, floor_##name}
static const struct {
    const char *name;
    double (*loop)(long);
    double (*floor)(long);
} cases[] = {CASE(nop),      CASE(add),   CASE(add_longs), CASE(add_doubles), CASE(six_doubles), CASE(ten_ints),
             CASE(strlen),   CASE(pointer), CASE(vec2),    CASE(nine),        CASE(mixed),       CASE(variadic),
             CASE(function), CASE(apply), CASE(repeat),    CASE(qsort)};

int main(int count, char **arguments) {
    if (count < 4) return 2;
    int is_floor = !strcmp(arguments[1], "register");
    long rounds = atol(arguments[2]), iterations = atol(arguments[3]);
    while (rounds-- > 0)
        for (unsigned index = 0; index < sizeof cases / sizeof *cases; index++) {
            if (count > 4 && strcmp(arguments[4], cases[index].name)) continue;
            double time = (is_floor ? cases[index].floor : cases[index].loop)(iterations);
            printf("%s %.4f 0\n", cases[index].name, time / iterations);
        }
}
