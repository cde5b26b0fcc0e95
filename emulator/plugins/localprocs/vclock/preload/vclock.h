/* The virtual clock: what its parts share.
 *
 * All processes map one page. Virtual time has passed since the page was made:
 *     elapsed = epoch.elapsed + (real monotonic now - epoch.real) * epoch.speed
 * and each virtual clock is its own value at that moment (`origins`) + elapsed. So all clocks of all processes agree,
 * and a change of speed, a pause or a jump is one new epoch.
 */
#ifndef VCLOCK_H
#define VCLOCK_H
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>

_Static_assert(sizeof(long) == 8, "times are read as 64-bit long");

#define EXPORT __attribute__((visibility("default")))

typedef int64_t nanos;
#define SECOND 1000000000LL
#define MILLISECOND 1000000LL
#define NEVER INT64_MAX
#define FAR (SECOND * 4000000000LL) /* 126 years: longer waits are as good as infinite */

/* ---- the page ------------------------------------------------------------------------------------------------ */

#define PAGE_MAGIC 0x4b434c56u /* "VLCK" */
#define PAGE_LAYOUT 3u
#define SLOTS 4096

enum origin { ORIGIN_REALTIME, ORIGIN_MONOTONIC, ORIGIN_RAW, ORIGIN_BOOTTIME, ORIGINS };

struct epoch {
    nanos real;    /* CLOCK_MONOTONIC of the machine when it began */
    nanos elapsed; /* virtual time passed until then */
    double speed;
    uint32_t paused;
    uint32_t stands_by; /* time leaps only when nobody works: a short time-out is not cut shorter */
};

/* A thread (or a process's timers) that waits for a moment, and must look at the clock again when it changes. */
struct slot {
    _Alignas(64) _Atomic uint64_t owner; /* process id << 32 | thread id; 0 is free */
    _Atomic uint64_t start;              /* when the process began (clock ticks since boot): numbers come round */
    _Atomic uint32_t seen;               /* IDLE, LOOKING, or the generation it counts on */
    _Atomic uint32_t timers;             /* stands for the process's timers, not for one waiting thread */
    _Atomic nanos due;                   /* the moment, in elapsed virtual time; holds while `seen` is a generation */
    _Atomic nanos interval;              /* of timers: how long after it the next one is; 0 is none */
};
#define IDLE 0u
#define LOOKING 1u

struct page {
    uint32_t magic;
    uint32_t layout;
    _Atomic uint32_t generation; /* odd while the epoch changes; epochs[generation / 2 % 2] holds */
    _Atomic uint32_t used;       /* slots from here on have never been claimed */
    _Atomic nanos jolted;        /* real time of the last change that was not a leap: what is under way may be late */
    _Atomic nanos rest;          /* what leaps left out: the machine's time that it would have taken at their speed */
    nanos origins[ORIGINS];
    struct epoch epochs[2];
    struct slot slots[SLOTS];
};

/* What one look at the clock finds. */
struct view {
    uint32_t generation;
    struct epoch epoch;
    nanos elapsed;
};

struct page *clock_page(void); /* this process's page; NULL: no clock, stay on real time */
struct view look(struct page *page);
nanos real_now(void);
nanos real_span(const struct view *view, nanos virtual_span); /* rounded up; NEVER while paused */
int origin_of(clockid_t clock);                               /* -1: a clock that stays real */
nanos origin_here(const struct page *page, int origin);       /* with this process's own error, where it has one */

static inline nanos to_nanos(const struct timespec *t) {
    if (t->tv_sec >= FAR / SECOND) return FAR;
    if (t->tv_sec < 0) return -1;
    return t->tv_sec * SECOND + t->tv_nsec;
}

static inline struct timespec to_timespec(nanos n) {
    return (struct timespec){.tv_sec = n / SECOND, .tv_nsec = n % SECOND};
}

static inline bool is_valid(const struct timespec *t) {
    return t->tv_sec >= 0 && t->tv_nsec >= 0 && t->tv_nsec < SECOND;
}

/* ---- waits --------------------------------------------------------------------------------------------------- */

struct wait {
    struct page *page;
    nanos deadline; /* in elapsed virtual time, or NEVER */
};

/* The end that the C library waits for inside of a lock, where it hides signals: our handler moves it to the past. */
extern __thread struct timespec lock_end __attribute__((visibility("hidden")));

enum outcome { TIMED_OUT, INTERRUPTED, DECIDED };

struct wait wait_until(struct page *page, nanos deadline);
struct wait wait_for(struct page *page, nanos virtual_span); /* a negative span is NEVER */
nanos wait_slice(struct wait *wait);                         /* real time to wait now; NEVER is for ever */
bool wait_goes_on(struct wait *wait, enum outcome outcome);
void wait_ends(void);
nanos wait_left(struct wait *wait); /* virtual time until the deadline, not below 0 */

void waiters_attach(struct page *page);
struct slot *slot_claim(struct page *page, bool for_timers);
void slot_free(struct slot *slot);
int slot_signal(struct slot *slot, uint64_t owner); /* SIGURG; as tgkill(2): ESRCH when the owner is gone */
int waiters_wake(struct page *page, uint32_t generation, nanos patience); /* returns how many have not looked */

/* What else has to be done in a process that waits. The first is called from the signal handler. */
struct hooks {
    void (*changed)(void);
    void (*forked)(void);
    void (*ends)(void);
};
void waiters_tell(const struct hooks *hooks); /* from now on; one's may be told */

/* ---- the C library's own functions ----------------------------------------------------------------------------- */

#define REAL_FUNCTIONS(X)                                                                                             \
    X(int, clock_gettime, (clockid_t, struct timespec *))                                                              \
    X(int, clock_nanosleep, (clockid_t, int, const struct timespec *, struct timespec *))                              \
    X(int, poll, (struct pollfd *, nfds_t, int))                                                                       \
    X(int, ppoll, (struct pollfd *, nfds_t, const struct timespec *, const sigset_t *))                                \
    X(int, select, (int, fd_set *, fd_set *, fd_set *, struct timeval *))                                              \
    X(int, pselect, (int, fd_set *, fd_set *, fd_set *, const struct timespec *, const sigset_t *))                    \
    X(int, epoll_pwait, (int, struct epoll_event *, int, int, const sigset_t *))                                       \
    X(int, epoll_pwait2, (int, struct epoll_event *, int, const struct timespec *, const sigset_t *))                  \
    X(int, sigtimedwait, (const sigset_t *, siginfo_t *, const struct timespec *))                                     \
    X(int, pause, (void))                                                                                              \
    X(int, sigsuspend, (const sigset_t *))                                                                             \
    X(int, sem_clockwait, (sem_t *, clockid_t, const struct timespec *))                                               \
    X(int, pthread_cond_clockwait, (pthread_cond_t *, pthread_mutex_t *, clockid_t, const struct timespec *))          \
    X(int, pthread_cond_signal, (pthread_cond_t *))                                                                    \
    X(int, pthread_cond_broadcast, (pthread_cond_t *))                                                                 \
    X(int, pthread_mutex_clocklock, (pthread_mutex_t *, clockid_t, const struct timespec *))                           \
    X(int, pthread_rwlock_clockrdlock, (pthread_rwlock_t *, clockid_t, const struct timespec *))                       \
    X(int, pthread_rwlock_clockwrlock, (pthread_rwlock_t *, clockid_t, const struct timespec *))                       \
    X(int, setitimer, (__itimer_which_t, const struct itimerval *, struct itimerval *))                                \
    X(int, getitimer, (__itimer_which_t, struct itimerval *))                                                          \
    X(int, timerfd_settime, (int, int, const struct itimerspec *, struct itimerspec *))                                \
    X(int, timerfd_gettime, (int, struct itimerspec *))                                                                \
    X(int, timer_settime, (timer_t, int, const struct itimerspec *, struct itimerspec *))                              \
    X(int, timer_gettime, (timer_t, struct itimerspec *))                                                              \
    X(long, syscall, (long, ...))

#define DECLARE(result, name, arguments) result(*name) arguments;
struct real_functions {
    REAL_FUNCTIONS(DECLARE)
};
#undef DECLARE
extern struct real_functions real __attribute__((visibility("hidden")));

#endif
