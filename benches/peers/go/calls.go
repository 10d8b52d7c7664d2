// Go's cgo. Arguments: library (not used: CGO_LDFLAGS has linked it), rounds, iterations.
package main

/*
#cgo CFLAGS: -O2
#include "../../calls/calls.h"
#include <stdlib.h>
#include <string.h>
extern int goIdentity(int);
extern long goSum(long, long);
extern int goOrder(void *, void *);
static int apply_go(int x) { return apply(goIdentity, x); }
static long repeat_go(long count) { return repeat(goSum, count); }
static void qsort_go(int *numbers, long count) {
    qsort(numbers, count, sizeof *numbers, (int (*)(const void *, const void *))goOrder);
}
*/
import "C"

import (
	"fmt"
	"os"
	"strconv"
	"time"
	"unsafe"
)

//export goIdentity
func goIdentity(x C.int) C.int { return x }

//export goSum
func goSum(a, b C.long) C.long { return a + b }

//export goOrder
func goOrder(a, b unsafe.Pointer) C.int { return *(*C.int)(a) - *(*C.int)(b) }

func main() {
	rounds, _ := strconv.Atoi(os.Args[2])
	n, _ := strconv.Atoi(os.Args[3])
	vec, nine, mixed := C.vec2{1.5, 2.5}, C.nine{}, C.mixed{1, 2.5}
	numbers := (*C.int)(C.malloc(C.size_t(4 * n)))
	cases := []struct {
		name string
		loop func()
	}{
		{"nop", func() { for i := 0; i < n; i++ { C.nop() } }},
		{"add", func() { for i := 0; i < n; i++ { C.add(3, 4) } }},
		{"add_longs", func() { for i := 0; i < n; i++ { C.add_longs(3, 4) } }},
		{"add_doubles", func() { for i := 0; i < n; i++ { C.add_doubles(1.5, 2.25) } }},
		{"six_doubles", func() { for i := 0; i < n; i++ { C.six_doubles(1.5, 2.25, 3.5, 4.5, 5.5, 6.5) } }},
		{"ten_ints", func() { for i := 0; i < n; i++ { C.ten_ints(1, 2, 3, 4, 5, 6, 7, 8, 9, 10) } }},
		{"strlen", func() {
			for i := 0; i < n; i++ {
				text := C.CString("a Smalltalk String")
				C.strlen(text)
				C.free(unsafe.Pointer(text))
			}
		}},
		{"pointer", func() { for i := 0; i < n; i++ { C.sum_vec2(&vec) } }},
		{"vec2", func() { for i := 0; i < n; i++ { C.add_vec2(vec, vec) } }},
		{"nine", func() { for i := 0; i < n; i++ { C.same_nine(nine) } }},
		{"mixed", func() { for i := 0; i < n; i++ { C.same_mixed(mixed) } }},
		{"apply", func() { for i := 0; i < n; i++ { C.apply_go(3) } }},
	}
	timed := func(loop func()) float64 {
		start := time.Now()
		loop()
		return float64(time.Since(start).Nanoseconds()) / float64(n)
	}
	for round := 0; round < rounds; round++ {
		for _, each := range cases {
			fmt.Println(each.name, timed(each.loop), 0)
		}
		fmt.Println("repeat", timed(func() { C.repeat_go(C.long(n)) }), 0)
		C.shuffle(numbers, C.long(n))
		fmt.Println("qsort", timed(func() { C.qsort_go(numbers, C.long(n)) }), 0)
	}
}
