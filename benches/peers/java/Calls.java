// Java's foreign function and memory API. Arguments: library, rounds, iterations.
// What neither blocks nor calls back is a critical call; struct results go to one segment.
import static java.lang.foreign.ValueLayout.*;

import java.lang.foreign.*;
import java.lang.invoke.*;

public class Calls {
    static String library;

    interface Loop { void run(int count) throws Throwable; }

    record Case(String name, Loop loop) {}

    /** Made when the library is known: handles in constants are what the compiler can see through. */
    static class F {
        static final Linker LINKER = Linker.nativeLinker();
        static final Arena ARENA = Arena.global();
        static final SymbolLookup LIB = SymbolLookup.libraryLookup(library, ARENA);
        static final Linker.Option CRITICAL = Linker.Option.critical(false);
        static final MemoryLayout VEC2 = MemoryLayout.structLayout(JAVA_DOUBLE, JAVA_DOUBLE);
        static final MemoryLayout NINE = MemoryLayout.structLayout(MemoryLayout.sequenceLayout(9, JAVA_DOUBLE));
        static final MemoryLayout MIXED = MemoryLayout.structLayout(JAVA_LONG, JAVA_DOUBLE);
        static final AddressLayout INTS = ADDRESS.withTargetLayout(MemoryLayout.sequenceLayout(1, JAVA_INT));

        static MethodHandle of(String name, FunctionDescriptor type, Linker.Option... options) {
            MemorySegment found = LIB.find(name).or(() -> LINKER.defaultLookup().find(name)).orElseThrow();
            return LINKER.downcallHandle(found, type, options);
        }
        static FunctionDescriptor returns(MemoryLayout result, MemoryLayout... parameters) {
            return FunctionDescriptor.of(result, parameters);
        }
        static MemorySegment callback(String name, FunctionDescriptor type) throws ReflectiveOperationException {
            MethodHandle target = MethodHandles.lookup().findStatic(F.class, name, type.toMethodType());
            return LINKER.upcallStub(target, type, ARENA);
        }

        static final MethodHandle NOP = of("nop", FunctionDescriptor.ofVoid(), CRITICAL);
        static final FunctionDescriptor TWO_INTS = returns(JAVA_INT, JAVA_INT, JAVA_INT);
        static final MethodHandle ADD = of("add", TWO_INTS, CRITICAL);
        static final MethodHandle POINTER = LINKER.downcallHandle(TWO_INTS, CRITICAL);
        static final MethodHandle LONGS = of("add_longs", returns(JAVA_LONG, JAVA_LONG, JAVA_LONG), CRITICAL);
        static final MethodHandle DOUBLES = of("add_doubles", returns(JAVA_DOUBLE, JAVA_DOUBLE, JAVA_DOUBLE), CRITICAL);
        static final MethodHandle SIX = of("six_doubles", returns(JAVA_DOUBLE,
                JAVA_DOUBLE, JAVA_DOUBLE, JAVA_DOUBLE, JAVA_DOUBLE, JAVA_DOUBLE, JAVA_DOUBLE), CRITICAL);
        static final MethodHandle TEN = of("ten_ints", returns(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT,
                JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT), CRITICAL);
        static final MethodHandle STRLEN = of("strlen", returns(JAVA_LONG, ADDRESS), CRITICAL);
        static final MethodHandle SUM_VEC2 = of("sum_vec2", returns(JAVA_DOUBLE, ADDRESS), CRITICAL);
        static final MethodHandle ADD_VEC2 = of("add_vec2", returns(VEC2, VEC2, VEC2), CRITICAL);
        static final MethodHandle SAME_NINE = of("same_nine", returns(NINE, NINE), CRITICAL);
        static final MethodHandle SAME_MIXED = of("same_mixed", returns(MIXED, MIXED), CRITICAL);
        static final MethodHandle SUM_INTS = of("sum_ints", returns(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT),
                Linker.Option.firstVariadicArg(1), CRITICAL);
        static final MethodHandle APPLY = of("apply", returns(JAVA_INT, ADDRESS, JAVA_INT));
        static final MethodHandle REPEAT = of("repeat", returns(JAVA_LONG, ADDRESS, JAVA_LONG));
        static final MethodHandle SHUFFLE = of("shuffle", FunctionDescriptor.ofVoid(ADDRESS, JAVA_LONG));
        static final MethodHandle QSORT = of("qsort", FunctionDescriptor.ofVoid(ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS));

        static int identity(int x) { return x; }
        static long sum(long a, long b) { return a + b; }
        static int order(MemorySegment a, MemorySegment b) { return a.get(JAVA_INT, 0) - b.get(JAVA_INT, 0); }

        static final MemorySegment VEC = ARENA.allocate(VEC2), NINES = ARENA.allocate(NINE), MIX = ARENA.allocate(MIXED);
        static final MemorySegment TEXT = ARENA.allocate(64), ADDRESS_OF_ADD = LIB.find("add").orElseThrow();
        static final SegmentAllocator RESULT = SegmentAllocator.prefixAllocator(ARENA.allocate(NINE));
    }

    static void empty(int count) { long sum = 0; for (int i = 0; i < count; i++) sum += i; sink = sum; }
    static long sink;

    static Case[] cases() throws ReflectiveOperationException {
        F.VEC.set(JAVA_DOUBLE, 0, 1.5);
        F.VEC.set(JAVA_DOUBLE, 8, 2.5);
        MemorySegment identity = F.callback("identity", F.returns(JAVA_INT, JAVA_INT));
        return new Case[] {
            new Case("nop", n -> { for (int i = 0; i < n; i++) F.NOP.invokeExact(); }),
            new Case("add", n -> { for (int i = 0; i < n; i++) { int r = (int) F.ADD.invokeExact(3, 4); } }),
            new Case("add_longs", n -> { for (int i = 0; i < n; i++) { long r = (long) F.LONGS.invokeExact(3L, 4L); } }),
            new Case("add_doubles", n -> {
                for (int i = 0; i < n; i++) { double r = (double) F.DOUBLES.invokeExact(1.5, 2.25); } }),
            new Case("six_doubles", n -> {
                for (int i = 0; i < n; i++) { double r = (double) F.SIX.invokeExact(1.5, 2.25, 3.5, 4.5, 5.5, 6.5); } }),
            new Case("ten_ints", n -> {
                for (int i = 0; i < n; i++) { int r = (int) F.TEN.invokeExact(1, 2, 3, 4, 5, 6, 7, 8, 9, 10); } }),
            new Case("strlen", n -> {
                for (int i = 0; i < n; i++) {
                    F.TEXT.setString(0, "a Smalltalk String");
                    long r = (long) F.STRLEN.invokeExact(F.TEXT);
                } }),
            new Case("pointer", n -> { for (int i = 0; i < n; i++) { double r = (double) F.SUM_VEC2.invokeExact(F.VEC); } }),
            new Case("vec2", n -> {
                for (int i = 0; i < n; i++) {
                    MemorySegment r = (MemorySegment) F.ADD_VEC2.invokeExact(F.RESULT, F.VEC, F.VEC); } }),
            new Case("nine", n -> {
                for (int i = 0; i < n; i++) {
                    MemorySegment r = (MemorySegment) F.SAME_NINE.invokeExact(F.RESULT, F.NINES); } }),
            new Case("mixed", n -> {
                for (int i = 0; i < n; i++) {
                    MemorySegment r = (MemorySegment) F.SAME_MIXED.invokeExact(F.RESULT, F.MIX); } }),
            new Case("variadic", n -> { for (int i = 0; i < n; i++) { int r = (int) F.SUM_INTS.invokeExact(3, 1, 2, 3); } }),
            new Case("function", n -> {
                for (int i = 0; i < n; i++) { int r = (int) F.POINTER.invokeExact(F.ADDRESS_OF_ADD, 3, 4); } }),
            new Case("apply", n -> { for (int i = 0; i < n; i++) { int r = (int) F.APPLY.invokeExact(identity, 3); } }),
        };
    }

    static double timed(Loop loop, int count) throws Throwable {
        long start = System.nanoTime();
        loop.run(count);
        return (System.nanoTime() - start) / (double) count;
    }

    public static void main(String[] arguments) throws Throwable {
        library = arguments[0];
        int rounds = Integer.parseInt(arguments[1]), iterations = Integer.parseInt(arguments[2]);
        Case[] cases = cases();
        MemorySegment sum = F.callback("sum", F.returns(JAVA_LONG, JAVA_LONG, JAVA_LONG));
        MemorySegment order = F.callback("order", F.returns(JAVA_INT, F.INTS, F.INTS));
        MemorySegment numbers = F.ARENA.allocate(JAVA_INT, iterations);
        // The second compiler comes late, and works beside the program.
        for (Case each : cases)
            for (int warm = 0; warm < 60 && rounds > 1; warm++) { each.loop.run(iterations / 4); empty(iterations / 4); }
        for (int round = 0; round < rounds; round++) {
            for (Case each : cases)
                System.out.println(each.name + " " + timed(each.loop, iterations) + " " + timed(Calls::empty, iterations));
            double repeat = timed(n -> { long r = (long) F.REPEAT.invokeExact(sum, (long) n); }, iterations);
            System.out.println("repeat " + repeat + " 0");
            F.SHUFFLE.invokeExact(numbers, (long) iterations);
            double qsort = timed(n -> { F.QSORT.invokeExact(numbers, (long) n, 4L, order); }, iterations);
            System.out.println("qsort " + qsort + " 0");
        }
    }
}
