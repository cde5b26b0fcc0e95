/* Waits for file descriptors. A time-out of 0 does not wait, and goes through untouched. */
#include "vclock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static enum outcome outcome_of(int result) {
    if (result == 0) return TIMED_OUT;
    return result < 0 && errno == EINTR ? INTERRUPTED : DECIDED;
}

static const struct timespec *slice_of(struct wait *wait, struct timespec *slice) {
    nanos span = wait_slice(wait);
    if (span == NEVER) return NULL;
    *slice = to_timespec(span);
    return slice;
}

static nanos span_of(int milliseconds) { return milliseconds < 0 ? -1 : milliseconds * MILLISECOND; }

/* ---- poll ------------------------------------------------------------------------------------------------------ */

/* A time-out on one socket guards against a peer that does not answer, and answering is real work: at speed 60 two
 * seconds are 33 ms, and a jump of hours would end every request under way. So such a wait lasts this long at least, in
 * real time, from its beginning and from the last change of the clock. Event loops wait in other ways. Where time stands
 * by work it needs no more than it asks for, but after a jump. */
static const nanos TIME_TO_ANSWER = 200 * MILLISECOND;

static bool is_one_socket(const struct pollfd *fds, nfds_t count) {
    int type;
    socklen_t size = sizeof type;
    return count == 1 && getsockopt(fds->fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0;
}

static nanos left_to_answer(struct wait *wait, nanos begun) {
    nanos from = atomic_load(&wait->page->jolted);
    if (begun > from && !look(wait->page).epoch.stands_by) from = begun;
    return from + TIME_TO_ANSWER - real_now();
}

static int poll_until(struct wait wait, struct pollfd *fds, nfds_t count, const sigset_t *mask) {
    nanos begun = real_now(), left;
    struct timespec slice;
    int result;
    do result = real.ppoll(fds, count, slice_of(&wait, &slice), mask);
    while (wait_goes_on(&wait, outcome_of(result)));
    while (result == 0 && (left = left_to_answer(&wait, begun)) > 0 && is_one_socket(fds, count)) {
        slice = to_timespec(left);
        result = real.ppoll(fds, count, &slice, mask);
    }
    return result;
}

EXPORT int poll(struct pollfd *fds, nfds_t count, int milliseconds) {
    struct page *page = clock_page();
    if (!page || milliseconds == 0) return real.poll(fds, count, milliseconds);
    return poll_until(wait_for(page, span_of(milliseconds)), fds, count, NULL);
}

EXPORT int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask) {
    struct page *page = clock_page();
    if (!page || (timeout && (!is_valid(timeout) || to_nanos(timeout) == 0))) return real.ppoll(fds, count, timeout, mask);
    return poll_until(wait_for(page, timeout ? to_nanos(timeout) : -1), fds, count, mask);
}

/* What a program built with _FORTIFY_SOURCE calls instead. */
EXPORT int __poll_chk(struct pollfd *fds, nfds_t count, int milliseconds, size_t size) {
    if (size / sizeof *fds < count) abort();
    return poll(fds, count, milliseconds);
}

EXPORT int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *mask, size_t size) {
    if (size / sizeof *fds < count) abort();
    return ppoll(fds, count, timeout, mask);
}

/* ---- select ---------------------------------------------------------------------------------------------------- */

/* The kernel empties the sets when time is up, and we may have to wait on. */
static int select_until(struct wait *wait, int count, fd_set *sets[3], const sigset_t *mask) {
    size_t size = ((size_t)count + 63) / 64 * 8;
    char asked[3][size ? size : 1];
    for (int i = 0; i < 3; i++)
        if (sets[i]) memcpy(asked[i], sets[i], size);
    struct timespec slice;
    int result;
    for (;;) {
        result = real.pselect(count, sets[0], sets[1], sets[2], slice_of(wait, &slice), mask);
        if (!wait_goes_on(wait, outcome_of(result))) return result;
        for (int i = 0; i < 3; i++)
            if (sets[i]) memcpy(sets[i], asked[i], size);
    }
}

EXPORT int pselect(int count, fd_set *reads, fd_set *writes, fd_set *errors, const struct timespec *timeout, const sigset_t *mask) {
    struct page *page = clock_page();
    if (!page || count < 0 || count > 65536 || (timeout && (!is_valid(timeout) || to_nanos(timeout) == 0)))
        return real.pselect(count, reads, writes, errors, timeout, mask);
    struct wait wait = wait_for(page, timeout ? to_nanos(timeout) : -1);
    return select_until(&wait, count, (fd_set *[]){reads, writes, errors}, mask);
}

EXPORT int select(int count, fd_set *reads, fd_set *writes, fd_set *errors, struct timeval *timeout) {
    struct page *page = clock_page();
    if (!page || count < 0 || count > 65536 || (timeout && (timeout->tv_sec < 0 || timeout->tv_usec < 0 || (!timeout->tv_sec && !timeout->tv_usec))))
        return real.select(count, reads, writes, errors, timeout);
    nanos span = -1;
    if (timeout) span = timeout->tv_sec >= FAR / SECOND ? FAR : timeout->tv_sec * SECOND + timeout->tv_usec * 1000;
    struct wait wait = wait_for(page, span);
    int result = select_until(&wait, count, (fd_set *[]){reads, writes, errors}, NULL);
    if (timeout) { /* Linux tells how much was left */
        int saved = errno;
        struct timespec left = to_timespec(wait_left(&wait));
        *timeout = (struct timeval){.tv_sec = left.tv_sec, .tv_usec = left.tv_nsec / 1000};
        errno = saved;
    }
    return result;
}

/* ---- epoll ----------------------------------------------------------------------------------------------------- */

static int epoll_once(int epoll, struct epoll_event *events, int most, nanos span, const sigset_t *mask) {
    static _Atomic bool lacks_pwait2; /* Linux before 5.11 */
    struct timespec slice;
    if (span == NEVER) return real.epoll_pwait(epoll, events, most, -1, mask);
    if (real.epoll_pwait2 && !lacks_pwait2) {
        slice = to_timespec(span);
        int result = real.epoll_pwait2(epoll, events, most, &slice, mask);
        if (result >= 0 || errno != ENOSYS) return result;
        lacks_pwait2 = true;
    }
    return real.epoll_pwait(epoll, events, most, (int)((span + MILLISECOND - 1) / MILLISECOND), mask);
}

static int epoll_until(struct wait wait, int epoll, struct epoll_event *events, int most, const sigset_t *mask) {
    int result;
    do result = epoll_once(epoll, events, most, wait_slice(&wait), mask);
    while (wait_goes_on(&wait, outcome_of(result)));
    return result;
}

EXPORT int epoll_pwait(int epoll, struct epoll_event *events, int most, int milliseconds, const sigset_t *mask) {
    struct page *page = clock_page();
    if (!page || milliseconds == 0) return real.epoll_pwait(epoll, events, most, milliseconds, mask);
    return epoll_until(wait_for(page, span_of(milliseconds)), epoll, events, most, mask);
}

EXPORT int epoll_wait(int epoll, struct epoll_event *events, int most, int milliseconds) {
    return epoll_pwait(epoll, events, most, milliseconds, NULL);
}

EXPORT int epoll_pwait2(int epoll, struct epoll_event *events, int most, const struct timespec *timeout, const sigset_t *mask) {
    struct page *page = clock_page();
    bool untouched = !page || (timeout && (!is_valid(timeout) || to_nanos(timeout) == 0));
    if (untouched && real.epoll_pwait2) return real.epoll_pwait2(epoll, events, most, timeout, mask);
    if (untouched) return real.epoll_pwait(epoll, events, most, timeout ? 0 : -1, mask);
    return epoll_until(wait_for(page, timeout ? to_nanos(timeout) : -1), epoll, events, most, mask);
}
