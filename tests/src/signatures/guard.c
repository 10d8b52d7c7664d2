
/* Stands between C and a callback that it makes: gives the registers that a callee keeps values of
   their own, the others garbage, and notes what it finds after the call. The return address is put
   away meanwhile, so that arguments are on the stack where C has put them. One callback at a time. */
#if defined __x86_64__
enum { RBX, RBP, R12, R13, R14, R15, RSP, FLAGS, MXCSR, CONTROL, RDI, RSI, XMM6, WORDS = XMM6 + 2 * 10 };
#define SHARED __attribute__((visibility("hidden"), aligned(16)))
SHARED const void *guard_target, *guard_back;
SHARED uint64_t guard_own[WORDS], guard_found[WORDS];
SHARED uint64_t guard_given[WORDS] = {
    0x1111000011110001, 0x2222000022220002, 0x3333000033330003, 0x4444000044440004, 0x5555000055550005,
    0x6666000066660006, 0, 0, 0, 0, 0x7777000077770007, 0x8888000088880008,
    0x6006000000000001, 0x6006000000000002, 0x7007000000000001, 0x7007000000000002,
    0x8008000000000001, 0x8008000000000002, 0x9009000000000001, 0x9009000000000002,
    0xa00a000000000001, 0xa00a000000000002, 0xb00b000000000001, 0xb00b000000000002,
    0xc00c000000000001, 0xc00c000000000002, 0xd00d000000000001, 0xd00d000000000002,
    0xe00e000000000001, 0xe00e000000000002, 0xf00f000000000001, 0xf00f000000000002,
};
__asm__(".text\n"
        ".macro guard_store words\n"
        "movq %rbx, \\words(%rip)\n movq %rbp, 8+\\words(%rip)\n movq %r12, 16+\\words(%rip)\n"
        "movq %r13, 24+\\words(%rip)\n movq %r14, 32+\\words(%rip)\n movq %r15, 40+\\words(%rip)\n"
        "movq %rsp, 48+\\words(%rip)\n pushfq\n popq 56+\\words(%rip)\n"
        "stmxcsr 64+\\words(%rip)\n fnstcw 72+\\words(%rip)\n"
        ".endm\n"
        ".macro guard_load words\n"
        "movq \\words(%rip), %rbx\n movq 8+\\words(%rip), %rbp\n movq 16+\\words(%rip), %r12\n"
        "movq 24+\\words(%rip), %r13\n movq 32+\\words(%rip), %r14\n movq 40+\\words(%rip), %r15\n"
        ".endm\n"
        ".macro guard_call\n"
        "movq $-2, %rax\n movq $-10, %r10\n movq $-11, %r11\n call *guard_target(%rip)\n"
        ".endm\n"
        ".macro guard_return\n"
        "movq 48+guard_own(%rip), %rsp\n pushq guard_back(%rip)\n ret\n"
        ".endm\n"
        ".macro guard_each_xmm instruction, words, is_store\n"
        ".irp number, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n"
        ".if \\is_store\n \\instruction %xmm\\number, 96+16*(\\number-6)+\\words(%rip)\n"
        ".else\n \\instruction 96+16*(\\number-6)+\\words(%rip), %xmm\\number\n .endif\n"
        ".endr\n"
        ".endm\n"
        "guard_sysv:\n popq guard_back(%rip)\n guard_store guard_own\n guard_load guard_given\n"
        "movq %r14, %xmm8\n movq %r14, %xmm9\n movq %r14, %xmm10\n movq %r14, %xmm11\n"
        "movq %r14, %xmm12\n movq %r14, %xmm13\n movq %r14, %xmm14\n movq %r14, %xmm15\n"
        "guard_call\n guard_store guard_found\n guard_load guard_own\n guard_return\n"
        "guard_microsoft:\n popq guard_back(%rip)\n guard_store guard_own\n guard_load guard_given\n"
        "movq %rdi, 80+guard_own(%rip)\n movq %rsi, 88+guard_own(%rip)\n"
        "movq 80+guard_given(%rip), %rdi\n movq 88+guard_given(%rip), %rsi\n"
        "guard_each_xmm movaps, guard_own, 1\n guard_each_xmm movaps, guard_given, 0\n"
        "guard_call\n guard_store guard_found\n guard_load guard_own\n"
        "movq %rdi, 80+guard_found(%rip)\n movq %rsi, 88+guard_found(%rip)\n"
        "movq 80+guard_own(%rip), %rdi\n movq 88+guard_own(%rip), %rsi\n"
        "guard_each_xmm movaps, guard_found, 1\n guard_each_xmm movaps, guard_own, 0\n"
        "guard_return\n");
extern SHARED char guard_sysv, guard_microsoft;

static int x87_is_empty(void) {
    struct { uint32_t control, status, tags, rest[4]; } environment;
    __asm__ volatile("fnstenv %0\n fldenv %0" : "+m"(environment));
    return (environment.tags & 0xffff) == 0xffff;
}
/* What a callee keeps, and how it leaves the rest of the machine. */
static __attribute__((noinline)) void guard_check(int is_microsoft) {
    static const char *const names[] = {"rbx", "rbp", "r12", "r13", "r14", "r15"};
    for (int i = RBX; i <= R15; i++) EXPECT(guard_found[i] == guard_given[i], names[i]);
    EXPECT(guard_found[RSP] == guard_own[RSP], "rsp");
    EXPECT((guard_found[FLAGS] & 1 << 10) == 0, "the direction flag");
    EXPECT(((guard_found[MXCSR] ^ guard_own[MXCSR]) & 0xffc0) == 0, "the control bits of mxcsr");
    EXPECT(guard_found[CONTROL] == guard_own[CONTROL], "the x87 control word");
    EXPECT(x87_is_empty(), "the x87 stack");
    if (!is_microsoft) return;
    EXPECT(guard_found[RDI] == guard_given[RDI], "rdi");
    EXPECT(guard_found[RSI] == guard_given[RSI], "rsi");
    for (int i = XMM6; i < WORDS; i++) EXPECT(guard_found[i] == guard_given[i], "xmm6 to xmm15");
}
#define GUARDED_SYSV(f) (guard_target = (void *)(f), (__typeof__(f))&guard_sysv)
#define GUARDED_MICROSOFT(f) (guard_target = (void *)(f), (__typeof__(f))&guard_microsoft)
#else
#define GUARDED_SYSV(f) (f)
#define GUARDED_MICROSOFT(f) (f)
static void guard_check(int is_microsoft) {}
#endif
