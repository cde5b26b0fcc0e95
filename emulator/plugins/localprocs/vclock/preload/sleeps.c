/* Waits for nothing but time, and for a signal. */
#include "vclock.h"

#include <errno.h>
#include <unistd.h>

static int sleep_through(struct wait wait, struct timespec *left) {
    int error;
    do {
        struct timespec slice = to_timespec(wait_slice(&wait));
        error = real.clock_nanosleep(CLOCK_MONOTONIC, 0, &slice, NULL);
    } while (wait_goes_on(&wait, error == 0 ? TIMED_OUT : error == EINTR ? INTERRUPTED : DECIDED));
    if (error == EINTR && left) *left = to_timespec(wait_left(&wait));
    return error;
}

EXPORT int clock_nanosleep(clockid_t clock, int flags, const struct timespec *request, struct timespec *left) {
    struct page *page = clock_page();
    int origin = origin_of(clock);
    if (!page || origin < 0 || !is_valid(request)) return real.clock_nanosleep(clock, flags, request, left);
    if (flags & TIMER_ABSTIME) return sleep_through(wait_until(page, to_nanos(request) - origin_here(page, origin)), NULL);
    return sleep_through(wait_for(page, to_nanos(request)), left);
}

EXPORT int nanosleep(const struct timespec *request, struct timespec *left) {
    int error = clock_nanosleep(CLOCK_MONOTONIC, 0, request, left);
    if (!error) return 0;
    errno = error;
    return -1;
}

EXPORT int usleep(useconds_t microseconds) {
    struct timespec request = to_timespec((nanos)microseconds * 1000);
    return nanosleep(&request, NULL);
}

EXPORT unsigned sleep(unsigned seconds) {
    struct timespec left = {.tv_sec = seconds};
    return nanosleep(&left, &left) == 0 ? 0 : (unsigned)(left.tv_sec + (left.tv_nsec >= SECOND / 2));
}

/* ---- signals: those who wait without a time-out must not take ours for theirs ------------------------------------ */

EXPORT int sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *timeout) {
    struct page *page = clock_page();
    if (!page || (timeout && !is_valid(timeout))) return real.sigtimedwait(set, info, timeout);
    struct wait wait = wait_for(page, timeout ? to_nanos(timeout) : -1);
    int number;
    do {
        nanos span = wait_slice(&wait);
        struct timespec slice = to_timespec(span);
        number = real.sigtimedwait(set, info, span == NEVER ? NULL : &slice);
    } while (wait_goes_on(&wait, number >= 0 ? DECIDED : errno == EAGAIN ? TIMED_OUT : errno == EINTR ? INTERRUPTED : DECIDED));
    return number;
}

EXPORT int sigwaitinfo(const sigset_t *set, siginfo_t *info) { return sigtimedwait(set, info, NULL); }

EXPORT int pause(void) {
    struct wait wait = wait_until(clock_page(), NEVER);
    do {
        wait_slice(&wait);
        real.pause();
    } while (wait_goes_on(&wait, INTERRUPTED));
    return -1;
}

EXPORT int sigsuspend(const sigset_t *mask) {
    struct wait wait = wait_until(clock_page(), NEVER);
    do {
        wait_slice(&wait);
        real.sigsuspend(mask);
    } while (wait_goes_on(&wait, errno == EINTR ? INTERRUPTED : DECIDED));
    return -1;
}
