/* Programs that make their timed calls through syscall(): Rust's and Abseil's locks (Node's), some C++ libraries.
 *
 * Everything else that goes through syscall() jumps straight on to the C library's own: a call such as vfork or clone
 * does not survive a stack frame of ours. That jump is why the front is in assembly. */
#include "vclock.h"

#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>

/* A FUTEX_WAIT's time-out is a span, a FUTEX_WAIT_BITSET's a moment. The real wait is on the monotonic clock. */
static long futex_wait(long word, int operation, long value, const struct timespec *timeout, long word2, long bits) {
    struct page *page = clock_page();
    int command = operation & FUTEX_CMD_MASK;
    int origin = operation & FUTEX_CLOCK_REALTIME ? ORIGIN_REALTIME : ORIGIN_MONOTONIC;
    struct wait wait = command == FUTEX_WAIT ? wait_for(page, to_nanos(timeout)) : wait_until(page, to_nanos(timeout) - origin_here(page, origin));
    long result;
    (void)word2;
    do {
        struct timespec end = to_timespec(real_now() + wait_slice(&wait));
        int plain = (operation & ~(FUTEX_CMD_MASK | FUTEX_CLOCK_REALTIME)) | FUTEX_WAIT_BITSET;
        result = real.syscall(SYS_futex, word, (long)plain, value, &end, 0L, command == FUTEX_WAIT ? FUTEX_BITSET_MATCH_ANY : bits);
    } while (wait_goes_on(&wait, result == 0 ? DECIDED : errno == ETIMEDOUT ? TIMED_OUT : errno == EINTR ? INTERRUPTED : DECIDED));
    return result;
}

__attribute__((used, visibility("hidden"))) long vclock_timed_syscall(long number, long a, long b, long c, long d, long e, long f) {
    if (!clock_page()) return real.syscall(number, a, b, c, d, e, f);
    const struct timespec *timeout = (const struct timespec *)d;
    int command = (int)b & FUTEX_CMD_MASK;
    switch (number) {
    case SYS_clock_gettime:
        return clock_gettime((clockid_t)a, (struct timespec *)b);
    case SYS_nanosleep:
        return nanosleep((const struct timespec *)a, (struct timespec *)b);
    case SYS_clock_nanosleep:
        errno = clock_nanosleep((clockid_t)a, (int)b, (const struct timespec *)c, (struct timespec *)d);
        return errno ? -1 : 0;
    case SYS_futex:
        if ((command == FUTEX_WAIT || command == FUTEX_WAIT_BITSET) && timeout && is_valid(timeout))
            return futex_wait(a, (int)b, c, timeout, e, f);
    }
    return real.syscall(number, a, b, c, d, e, f);
}

/* Where the jump goes; until our symbols are found, through the function above, which finds them. */
__attribute__((visibility("hidden"))) void *vclock_other_syscall = (void *)vclock_timed_syscall;
__attribute__((constructor)) static void find_other_syscall(void) {
    clock_page();
    vclock_other_syscall = *(void **)&real.syscall;
}

#define TEXT(x) #x
#define NUMBER(x) TEXT(x)
#if defined __x86_64__
__asm__(".text\n"
        ".globl syscall\n"
        ".type syscall, @function\n"
        "syscall:\n"
        "  cmp $" NUMBER(__NR_futex) ", %rdi\n  je 1f\n"
        "  cmp $" NUMBER(__NR_clock_gettime) ", %rdi\n  je 1f\n"
        "  cmp $" NUMBER(__NR_clock_nanosleep) ", %rdi\n  je 1f\n"
        "  cmp $" NUMBER(__NR_nanosleep) ", %rdi\n  je 1f\n"
        "  jmp *vclock_other_syscall(%rip)\n"
        /* The seventh argument is on the stack for both, so the frame can be handed on as it is. */
        "1: jmp vclock_timed_syscall\n"
        ".size syscall, .-syscall\n");
#elif defined __aarch64__
__asm__(".text\n"
        ".globl syscall\n"
        ".type syscall, %function\n"
        "syscall:\n"
        "  cmp x0, #" NUMBER(__NR_futex) "\n  b.eq 1f\n"
        "  cmp x0, #" NUMBER(__NR_clock_gettime) "\n  b.eq 1f\n"
        "  cmp x0, #" NUMBER(__NR_clock_nanosleep) "\n  b.eq 1f\n"
        "  cmp x0, #" NUMBER(__NR_nanosleep) "\n  b.eq 1f\n"
        "  adrp x16, vclock_other_syscall\n"
        "  ldr x16, [x16, :lo12:vclock_other_syscall]\n"
        "  br x16\n"
        "1: b vclock_timed_syscall\n"
        ".size syscall, .-syscall\n");
#endif
