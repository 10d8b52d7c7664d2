/* What is called, for those who include C. */
#include <stddef.h>

typedef struct { double x, y; } vec2;
typedef struct { double v[9]; } nine;
typedef struct { long n; double d; } mixed;

void nop(void);
int add(int a, int b);
long add_longs(long a, long b);
double add_doubles(double a, double b);
double six_doubles(double a, double b, double c, double d, double e, double f);
int ten_ints(int a, int b, int c, int d, int e, int f, int g, int h, int i, int j);
vec2 add_vec2(vec2 a, vec2 b);
nine same_nine(nine n);
mixed same_mixed(mixed m);
double sum_vec2(const vec2 *v);
int sum_ints(int count, ...);
int apply(int (*f)(int), int x);
long repeat(long (*f)(long, long), long count);
void shuffle(int *numbers, long count);
