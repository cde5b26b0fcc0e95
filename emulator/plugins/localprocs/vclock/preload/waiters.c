/* Waiting until a virtual moment, and being woken when the clock changes.
 *
 * Each thread that waits marks a slot in the page with the generation that it counted on. Who changes the clock sends
 * SIGURG to every thread whose slot names an older one, and again until it has looked: so a signal that came just
 * before the thread went to sleep is not lost. Nothing runs in the waiting processes for it: no helper thread that a
 * fork would lose, no descriptor that a program could close. A waiter may have died without a word, and its number be a
 * stranger's: signals go by descriptor, after the start of the process has been read again. SIGURG, because its default
 * is to be ignored.
 */
#include "vclock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#ifndef SYS_pidfd_open /* older headers */
#define SYS_pidfd_open 434
#define SYS_pidfd_send_signal 424
#endif
#ifndef PIDFD_THREAD /* Linux 6.9 and later: of one thread */
#define PIDFD_THREAD O_EXCL
#endif

/* A thread that blocks SIGURG, or found no slot, still looks by itself. */
static const nanos LOOK_ANYWAY = SECOND;
static const nanos LOOK_WITHOUT_SLOT = 20 * MILLISECOND;

/* Most look at the first signal, long before it would be sent again. */
static const nanos ASK_AGAIN = MILLISECOND / 10;
static const nanos SEND_AGAIN = 2 * MILLISECOND;

static __thread struct slot *own_slot;
static __thread volatile sig_atomic_t woken; /* our signal, and no other, ended the call */
__thread struct timespec lock_end;
static const struct hooks *_Atomic told;
static pthread_key_t at_thread_exit;
static _Atomic uint64_t own_start;

static uint64_t own_id(void) { return (uint64_t)getpid() << 32 | (uint32_t)gettid(); }

static bool is_gone(uint64_t owner) {
    return syscall(SYS_tgkill, (int)(owner >> 32), (int)(uint32_t)owner, 0) != 0 && errno == ESRCH;
}

/* When a process began, as the kernel tells it: with its number, no other one has it. 0 where there is none. */
static uint64_t start_of(int process) {
    char text[1024];
    /* The first thread's: QEMU's user emulation answers for its process itself, with the moment of its own start. */
    snprintf(text, sizeof text, "/proc/%d/task/%d/stat", process, process);
    int fd = open(text, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0) close(fd);
    text[size > 0 ? size : 0] = 0;
    char *field = strrchr(text, ')'); /* the second field, and the only one that may hold blanks */
    for (int number = 2; field && number < 22; number++) field = strchr(field + 1, ' ');
    return field ? strtoull(field, NULL, 10) : 0;
}

static uint64_t start_of_this(void) {
    uint64_t start = atomic_load(&own_start);
    if (!start) atomic_store(&own_start, start = start_of(getpid()));
    return start;
}

struct slot *slot_claim(struct page *page, bool for_timers) {
    int saved = errno;
    uint64_t id = own_id(), start = start_of_this();
    struct slot *claimed = NULL;
    for (uint32_t place = 0; place < 2 * SLOTS && !claimed; place++) {
        struct slot *slot = &page->slots[place % SLOTS];
        uint64_t owner = atomic_load_explicit(&slot->owner, memory_order_relaxed);
        if (owner && !(place >= SLOTS && is_gone(owner))) continue; /* full: look who died without a word */
        if (!atomic_compare_exchange_strong(&slot->owner, &owner, id)) continue;
        atomic_store(&slot->seen, IDLE);
        slot->start = start;
        slot->timers = for_timers;
        slot->due = slot->interval = 0;
        uint32_t used = atomic_load(&page->used);
        while (used <= place % SLOTS && !atomic_compare_exchange_weak(&page->used, &used, place % SLOTS + 1)) {
        }
        claimed = slot;
    }
    errno = saved;
    return claimed;
}

/* exec(2) ends all threads but one, and keeps the process's number and start. */
static void free_slots_of_the_program_before(struct page *page) {
    uint32_t process = (uint32_t)getpid();
    for (uint32_t i = 0; i < atomic_load(&page->used) && i < SLOTS; i++)
        if (atomic_load(&page->slots[i].owner) >> 32 == process) slot_free(&page->slots[i]);
}

void slot_free(struct slot *slot) {
    atomic_store(&slot->seen, IDLE);
    atomic_store(&slot->owner, 0);
}

static void thread_ends(void *slot) {
    own_slot = NULL;
    slot_free(slot);
}

__attribute__((destructor)) static void process_ends(void) {
    if (told) told->ends();
    if (own_slot) thread_ends(own_slot);
}

static struct slot *thread_slot(struct page *page) {
    if (!own_slot && (own_slot = slot_claim(page, false))) pthread_setspecific(at_thread_exit, own_slot);
    return own_slot;
}

/* A signal of the program's own must end its wait with EINTR even when ours comes at the same moment. Two things tell:
 * what our handler interrupted stands right behind a system call that returns EINTR only if no other handler came
 * between; and while ours runs all others are held back, so those that came meanwhile are pending. */
static bool ended_a_call(const ucontext_t *context) {
#if defined __x86_64__
    const uint8_t *next = (const uint8_t *)context->uc_mcontext.gregs[REG_RIP];
    return context->uc_mcontext.gregs[REG_RAX] == -EINTR && next[-2] == 0x0f && next[-1] == 0x05; /* syscall */
#elif defined __aarch64__
    const uint32_t *next = (const uint32_t *)context->uc_mcontext.pc;
    return (long)context->uc_mcontext.regs[0] == -EINTR && next[-1] == 0xd4000001; /* svc #0 */
#endif
}

static bool is_alone(const ucontext_t *context) {
    sigset_t pending;
    sigpending(&pending);
    for (int number = 1; number <= SIGRTMAX; number++)
        if (number != SIGURG && sigismember(&pending, number) == 1 && sigismember(&context->uc_sigmask, number) == 0) return false;
    return true;
}

static void clock_changed(int number, siginfo_t *info, void *context) {
    (void)number, (void)info;
    int saved = errno;
    if (ended_a_call(context) && is_alone(context)) woken = 1;
    *(volatile time_t *)&lock_end.tv_sec = 0;
    if (told) told->changed();
    errno = saved;
}

static void after_fork(void) {
    own_slot = NULL; /* it is the parent's */
    own_start = 0;
    pthread_setspecific(at_thread_exit, NULL);
    if (told) told->forked();
}

void waiters_tell(const struct hooks *hooks) { told = hooks; }

void waiters_attach(struct page *page) {
    struct sigaction before, ours = {.sa_sigaction = clock_changed, .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK};
    free_slots_of_the_program_before(page);
    sigfillset(&ours.sa_mask);
    pthread_key_create(&at_thread_exit, thread_ends);
    pthread_atfork(NULL, NULL, after_fork);
    if (sigaction(SIGURG, NULL, &before) == 0 && before.sa_handler == SIG_DFL) sigaction(SIGURG, &ours, NULL);
}

struct wait wait_until(struct page *page, nanos deadline) { return (struct wait){.page = page, .deadline = deadline}; }

struct wait wait_for(struct page *page, nanos virtual_span) {
    if (virtual_span < 0) return wait_until(page, NEVER);
    if (virtual_span > FAR) virtual_span = FAR;
    return wait_until(page, look(page).elapsed + virtual_span);
}

nanos wait_slice(struct wait *wait) {
    woken = 0;
    if (wait->deadline == NEVER) return NEVER;
    struct slot *slot = thread_slot(wait->page);
    /* First say that we wait, then look: whoever changes the clock does it the other way round. */
    if (slot) atomic_store(&slot->seen, LOOKING);
    struct view view = look(wait->page);
    if (slot) atomic_store_explicit(&slot->due, wait->deadline, memory_order_relaxed);
    if (slot) atomic_store(&slot->seen, view.generation);
    nanos span = real_span(&view, wait->deadline - view.elapsed);
    nanos most = slot ? LOOK_ANYWAY : LOOK_WITHOUT_SLOT;
    return span < most ? span : most;
}

bool wait_goes_on(struct wait *wait, enum outcome outcome) {
    if (outcome == INTERRUPTED && woken) return true;
    if (outcome == TIMED_OUT && look(wait->page).elapsed < wait->deadline) return true;
    wait_ends();
    return false;
}

void wait_ends(void) {
    if (own_slot) atomic_store_explicit(&own_slot->seen, IDLE, memory_order_release);
}

nanos wait_left(struct wait *wait) {
    nanos left = wait->deadline - look(wait->page).elapsed;
    return left > 0 ? left : 0;
}

static bool has_thread(int process, int thread) {
    char task[64];
    snprintf(task, sizeof task, "/proc/%d/task/%d", process, thread);
    return access(task, F_OK) == 0;
}

int slot_signal(struct slot *slot, uint64_t owner) {
    int process = (int)(owner >> 32), thread = (int)(uint32_t)owner;
    /* Another thread of the process can set its timers, too. */
    bool any = slot->timers && !has_thread(process, thread);
    int descriptor = (int)syscall(SYS_pidfd_open, any ? process : thread, any ? 0 : PIDFD_THREAD);
    if (descriptor < 0 && errno == ESRCH) return -1;
    int sent = -1;
    if (start_of(process) != slot->start || !(any || has_thread(process, thread))) errno = ESRCH;
    else if (descriptor >= 0) sent = (int)syscall(SYS_pidfd_send_signal, descriptor, SIGURG, NULL, 0);
    else sent = (int)syscall(SYS_tgkill, process, thread, SIGURG); /* Linux before 6.9 knows threads by number alone */
    int saved = errno;
    if (descriptor >= 0) close(descriptor);
    errno = saved;
    return sent;
}

/* Signals each waiter that has not looked since the change, or only counts them; returns how many there are. */
static int signal_waiters(struct page *page, uint32_t generation, bool send) {
    int waiting = 0;
    for (struct slot *slot = page->slots; slot < page->slots + atomic_load(&page->used); slot++) {
        uint64_t owner = atomic_load(&slot->owner);
        uint32_t seen = atomic_load(&slot->seen);
        if (!owner || seen == IDLE || seen == generation) continue;
        bool gone = send ? slot_signal(slot, owner) != 0 && errno == ESRCH : is_gone(owner);
        if (gone) atomic_compare_exchange_strong(&slot->owner, &owner, 0);
        else waiting++;
    }
    return waiting;
}

int waiters_wake(struct page *page, uint32_t generation, nanos patience) {
    nanos now = real_now(), end = now + patience, send_at = now;
    for (;;) {
        bool send = now >= send_at;
        int waiting = signal_waiters(page, generation, send);
        if (!waiting || now >= end) return waiting;
        if (send) send_at = now + SEND_AGAIN;
        struct timespec pause = to_timespec(ASK_AGAIN);
        real.clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
        now = real_now();
    }
}
