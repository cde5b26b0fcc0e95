/* Timed waits for semaphores, condition variables, mutexes and read-write locks.
 *
 * Whatever clock the caller named, the real wait is on the machine's monotonic one: the *_clock* functions take it. */
#include "vclock.h"

#include <errno.h>

/* These functions hide signals: inside they wait on until an end that they read again each time. Our handler moves that
 * end to the past, so that they return. It is the thread's own, and not on the stack: a thread may be cancelled here. */
static const struct timespec *slice_end(struct wait *wait) {
    lock_end = to_timespec(real_now() + wait_slice(wait));
    return &lock_end;
}

static enum outcome outcome_of(int error) {
    return error == ETIMEDOUT ? TIMED_OUT : error == EINTR ? INTERRUPTED : DECIDED;
}

/* CPython asks for the GIL again after 5 ms of a condition variable. That is a share of the processor, not of time: at
 * speed 60 it would take the GIL away 12,000 times a second, and while paused never. */
static const nanos TOO_SHORT_TO_SCALE = 5 * MILLISECOND;

static bool is_scaled(clockid_t clock, const struct timespec *deadline) {
    return clock_page() && origin_of(clock) >= 0 && is_valid(deadline);
}

static nanos elapsed_of(clockid_t clock, const struct timespec *deadline) {
    return to_nanos(deadline) - origin_here(clock_page(), origin_of(clock));
}

/* ---- semaphores ------------------------------------------------------------------------------------------------ */

EXPORT int sem_clockwait(sem_t *semaphore, clockid_t clock, const struct timespec *deadline) {
    if (!is_scaled(clock, deadline)) return real.sem_clockwait(semaphore, clock, deadline);
    struct wait wait = wait_until(clock_page(), elapsed_of(clock, deadline));
    int result;
    do result = real.sem_clockwait(semaphore, CLOCK_MONOTONIC, slice_end(&wait));
    while (wait_goes_on(&wait, result == 0 ? DECIDED : outcome_of(errno)));
    return result;
}

EXPORT int sem_timedwait(sem_t *semaphore, const struct timespec *deadline) {
    return sem_clockwait(semaphore, CLOCK_REALTIME, deadline);
}

/* ---- condition variables --------------------------------------------------------------------------------------- */

/* Between two looks we are not among the waiters, and a signal sent then would be lost. So signals are counted: who
 * finds that there was one returns, as waiters may without a reason. Conditions that share a counter only do so more. */
static _Atomic uint32_t signals[256];

static _Atomic uint32_t *signals_of(const pthread_cond_t *condition) {
    return &signals[((uintptr_t)condition >> 4 ^ (uintptr_t)condition >> 12) % 256];
}

/* Of those that several processes share we count only our own's signals: their waiters return at every look. */
static bool is_shared(const pthread_cond_t *condition) { return condition->__data.__wrefs & 1; }

EXPORT int pthread_cond_signal(pthread_cond_t *condition) {
    if (clock_page()) atomic_fetch_add(signals_of(condition), 1);
    return real.pthread_cond_signal(condition);
}

EXPORT int pthread_cond_broadcast(pthread_cond_t *condition) {
    if (clock_page()) atomic_fetch_add(signals_of(condition), 1);
    return real.pthread_cond_broadcast(condition);
}

EXPORT int pthread_cond_clockwait(pthread_cond_t *condition, pthread_mutex_t *mutex, clockid_t clock, const struct timespec *deadline) {
    if (!is_scaled(clock, deadline)) return real.pthread_cond_clockwait(condition, mutex, clock, deadline);
    struct wait wait = wait_until(clock_page(), elapsed_of(clock, deadline));
    uint32_t before = atomic_load(signals_of(condition));
    nanos left = wait_left(&wait);
    if (left <= TOO_SHORT_TO_SCALE) {
        struct timespec end = to_timespec(real_now() + left);
        return real.pthread_cond_clockwait(condition, mutex, CLOCK_MONOTONIC, &end);
    }
    for (;;) {
        int error = real.pthread_cond_clockwait(condition, mutex, CLOCK_MONOTONIC, slice_end(&wait));
        if (!wait_goes_on(&wait, outcome_of(error))) return error;
        if (atomic_load(signals_of(condition)) == before && !is_shared(condition)) continue;
        wait_ends();
        return 0;
    }
}

EXPORT int pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex, const struct timespec *deadline) {
    /* Which clock the condition was made with is not for us to read, but no machine has been up for 30 years. */
    clockid_t clock = deadline->tv_sec > 1000000000 ? CLOCK_REALTIME : CLOCK_MONOTONIC;
    return pthread_cond_clockwait(condition, mutex, clock, deadline);
}

/* ---- mutexes and read-write locks ------------------------------------------------------------------------------- */

#define LOCK_UNTIL(name, type)                                                                                        \
    EXPORT int name(type *lock, clockid_t clock, const struct timespec *deadline) {                                    \
        if (!is_scaled(clock, deadline)) return real.name(lock, clock, deadline);                                      \
        struct wait wait = wait_until(clock_page(), elapsed_of(clock, deadline));                                      \
        int error;                                                                                                     \
        do error = real.name(lock, CLOCK_MONOTONIC, slice_end(&wait));                                                 \
        while (wait_goes_on(&wait, outcome_of(error)));                                                                \
        return error;                                                                                                  \
    }

LOCK_UNTIL(pthread_mutex_clocklock, pthread_mutex_t)
LOCK_UNTIL(pthread_rwlock_clockrdlock, pthread_rwlock_t)
LOCK_UNTIL(pthread_rwlock_clockwrlock, pthread_rwlock_t)

EXPORT int pthread_mutex_timedlock(pthread_mutex_t *lock, const struct timespec *deadline) {
    return pthread_mutex_clocklock(lock, CLOCK_REALTIME, deadline);
}

EXPORT int pthread_rwlock_timedrdlock(pthread_rwlock_t *lock, const struct timespec *deadline) {
    return pthread_rwlock_clockrdlock(lock, CLOCK_REALTIME, deadline);
}

EXPORT int pthread_rwlock_timedwrlock(pthread_rwlock_t *lock, const struct timespec *deadline) {
    return pthread_rwlock_clockwrlock(lock, CLOCK_REALTIME, deadline);
}
