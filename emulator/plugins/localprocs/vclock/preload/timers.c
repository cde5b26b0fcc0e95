/* Timers that the kernel keeps for the process: setitimer and alarm, timerfd, timer_settime.
 *
 * Each is armed in real time for its next virtual moment, and armed anew by the signal handler when the clock changes.
 * One that would have ticked several times in a jump ticks once. Timers of CPU time (ITIMER_PROF, ITIMER_VIRTUAL) are
 * left alone: work does not get faster.
 */
#include "vclock.h"

#include <errno.h>
#include <unistd.h>

enum kind { NONE, INTERVAL, DESCRIPTOR, POSIX };

struct timer {
    enum kind kind;
    intptr_t id;
    nanos deadline; /* next tick in elapsed virtual time; 0: not armed */
    nanos interval;
    bool running;      /* the kernel counts it down; not while paused */
    struct view armed; /* what the clock was then */
};

/* A tick that is due at once must find the call that our signal interrupted (a pause, say) waiting again. */
static const nanos AFTER_A_CHANGE = 2 * MILLISECOND;

static struct timer timers[64];
static atomic_flag busy = ATOMIC_FLAG_INIT;
static struct slot *timers_slot;

static void rearm(void), after_fork(void), at_exit(void);
static const struct hooks hooks = {rearm, after_fork, at_exit};

/* Our handler takes the lock too, so it must not interrupt who holds it. */
static void lock(sigset_t *mask) {
    sigset_t ours;
    sigemptyset(&ours);
    sigaddset(&ours, SIGURG);
    pthread_sigmask(SIG_BLOCK, &ours, mask);
    while (atomic_flag_test_and_set(&busy)) {
    }
}

static void unlock(const sigset_t *mask) {
    atomic_flag_clear(&busy);
    pthread_sigmask(SIG_SETMASK, mask, NULL);
}

static int kernel_set(const struct timer *timer, nanos value, nanos interval) {
    struct itimerspec spec = {.it_value = to_timespec(value), .it_interval = to_timespec(interval)};
    if (timer->kind == DESCRIPTOR) return real.timerfd_settime((int)timer->id, 0, &spec, NULL);
    if (timer->kind == POSIX) return real.timer_settime((timer_t)timer->id, 0, &spec, NULL);
    struct itimerval val = {.it_value = {value / SECOND, (value % SECOND + 999) / 1000}, .it_interval = {interval / SECOND, (interval % SECOND + 999) / 1000}};
    if (val.it_value.tv_usec == 1000000) val.it_value = (struct timeval){value / SECOND + 1, 0};
    if (val.it_interval.tv_usec == 1000000) val.it_interval = (struct timeval){interval / SECOND + 1, 0};
    return real.setitimer((__itimer_which_t)timer->id, &val, NULL);
}

static int kernel_left(const struct timer *timer, nanos *left) {
    struct itimerspec spec = {0};
    struct itimerval val = {0};
    int result;
    if (timer->kind == INTERVAL) result = real.getitimer((__itimer_which_t)timer->id, &val);
    else result = timer->kind == POSIX ? real.timer_gettime((timer_t)timer->id, &spec) : real.timerfd_gettime((int)timer->id, &spec);
    *left = timer->kind == INTERVAL ? val.it_value.tv_sec * SECOND + val.it_value.tv_usec * 1000 : to_nanos(&spec.it_value);
    return result;
}

/* Finds what the timer has done since it was armed: the kernel knows which ticks it gave. */
static void catch_up(struct timer *timer) {
    nanos left;
    if (!timer->running) return;
    if (kernel_left(timer, &left) != 0) *timer = (struct timer){0}; /* closed behind our back */
    else if (left == 0) timer->deadline = 0;
    else timer->deadline = timer->armed.elapsed + (nanos)((double)(real_now() + left - timer->armed.epoch.real) * timer->armed.epoch.speed);
    timer->running = false;
}

static int arm(struct timer *timer, const struct view *view, nanos soonest) {
    struct view start = *view;
    start.epoch.real = real_now();
    timer->armed = start;
    timer->running = timer->deadline != 0 && !view->epoch.paused;
    if (!timer->running) return kernel_set(timer, 0, 0);
    nanos span = real_span(view, timer->deadline - view->elapsed);
    return kernel_set(timer, span > soonest ? span : soonest, timer->interval ? real_span(view, timer->interval) : 0);
}

static bool has_unread_ticks(const struct timer *timer) {
    struct pollfd fd = {.fd = (int)timer->id, .events = POLLIN};
    return timer->kind == DESCRIPTOR && real.poll(&fd, 1, 0) == 1;
}

static struct timer *find(enum kind kind, intptr_t id, struct timer *otherwise) {
    struct timer *unused = otherwise;
    for (struct timer *timer = timers; timer < timers + sizeof timers / sizeof *timers; timer++) {
        if (timer->kind == kind && timer->id == id) return timer;
        if (timer->kind == NONE) unused = timer;
    }
    return unused;
}

/* Marks in the page which generation the process's timers count on, as waiting threads do. */
static struct view look_for_timers(struct page *page) {
    if (!timers_slot && (timers_slot = slot_claim(page, true))) waiters_tell(&hooks);
    if (timers_slot) atomic_store(&timers_slot->seen, LOOKING);
    return look(page);
}

static void note_generation(const struct view *view) {
    const struct timer *next = NULL;
    for (const struct timer *timer = timers; timer < timers + sizeof timers / sizeof *timers; timer++)
        if (timer->deadline != 0 && (!next || timer->deadline < next->deadline)) next = timer;
    if (!timers_slot) return;
    if (next) {
        timers_slot->due = next->deadline;
        timers_slot->interval = next->interval;
    }
    atomic_store(&timers_slot->seen, next ? view->generation : IDLE);
}

static void rearm(void) {
    struct page *page = clock_page();
    if (!page || !timers_slot || atomic_load(&timers_slot->seen) == IDLE) return;
    sigset_t mask;
    lock(&mask);
    struct view view = look_for_timers(page);
    for (struct timer *timer = timers; timer < timers + sizeof timers / sizeof *timers; timer++) {
        if (timer->deadline == 0 || timer->armed.generation == view.generation) continue;
        bool ticked = has_unread_ticks(timer);
        catch_up(timer);
        if (timer->deadline == 0) continue;
        if (ticked && timer->interval) timer->deadline -= timer->interval; /* setting it forgets them */
        arm(timer, &view, AFTER_A_CHANGE);
    }
    note_generation(&view);
    unlock(&mask);
}

static void after_fork(void) {
    timers_slot = NULL;
    atomic_flag_clear(&busy);
    for (size_t i = 0; i < sizeof timers / sizeof *timers; i++)
        if (timers[i].kind != DESCRIPTOR) timers[i] = (struct timer){0}; /* a child inherits none of the others */
}

static void at_exit(void) {
    if (timers_slot) slot_free(timers_slot);
}

static struct itimerspec told(const struct timer *timer, const struct view *view) {
    nanos left = timer->deadline - view->elapsed;
    struct itimerspec spec = {.it_interval = to_timespec(timer->interval)};
    if (timer->deadline) spec.it_value = to_timespec(left > 0 ? left : 1);
    return spec;
}

static int set(enum kind kind, intptr_t id, bool absolute, const struct itimerspec *wanted, struct itimerspec *before) {
    struct page *page = clock_page();
    struct timer spare = {0};
    sigset_t mask;
    lock(&mask);
    struct timer *timer = find(kind, id, &spare);
    struct view view = look_for_timers(page);
    struct itimerspec was = {0};
    if (timer->kind) {
        catch_up(timer);
        was = told(timer, &view);
    }
    nanos value = to_nanos(&wanted->it_value);
    int origin = value > 1000000000 * SECOND ? ORIGIN_REALTIME : ORIGIN_MONOTONIC;
    *timer = (struct timer){.kind = kind, .id = id, .interval = to_nanos(&wanted->it_interval)};
    if (value) timer->deadline = absolute ? value - origin_here(page, origin) : view.elapsed + value;
    if (value && timer->deadline <= 0) timer->deadline = 1;
    int result = arm(timer, &view, 1), saved = errno;
    if (result == 0 && before) *before = was;
    if (result != 0 || !value) *timer = (struct timer){0};
    note_generation(&view);
    unlock(&mask);
    errno = saved;
    return result;
}

static bool get(enum kind kind, intptr_t id, struct itimerspec *now) {
    struct page *page = clock_page();
    struct timer spare = {0};
    sigset_t mask;
    if (!page) return false;
    lock(&mask);
    struct timer *timer = find(kind, id, &spare);
    bool known = timer->kind != NONE;
    if (known) {
        struct view view = look(page);
        catch_up(timer);
        *now = told(timer, &view);
        if (timer->kind && timer->deadline) arm(timer, &view, 1);
    }
    unlock(&mask);
    return known;
}

static bool are_valid(const struct itimerspec *spec) { return spec && is_valid(&spec->it_value) && is_valid(&spec->it_interval); }

EXPORT int timerfd_settime(int fd, int flags, const struct itimerspec *wanted, struct itimerspec *before) {
    if (!clock_page() || !are_valid(wanted)) return real.timerfd_settime(fd, flags, wanted, before);
    return set(DESCRIPTOR, fd, flags & TFD_TIMER_ABSTIME, wanted, before);
}

EXPORT int timerfd_gettime(int fd, struct itimerspec *now) { return get(DESCRIPTOR, fd, now) ? 0 : real.timerfd_gettime(fd, now); }

EXPORT int timer_settime(timer_t id, int flags, const struct itimerspec *wanted, struct itimerspec *before) {
    if (!clock_page() || !are_valid(wanted)) return real.timer_settime(id, flags, wanted, before);
    return set(POSIX, (intptr_t)id, flags & TIMER_ABSTIME, wanted, before);
}

EXPORT int timer_gettime(timer_t id, struct itimerspec *now) { return get(POSIX, (intptr_t)id, now) ? 0 : real.timer_gettime(id, now); }

static struct timespec spec_of(struct timeval val) { return (struct timespec){val.tv_sec, val.tv_usec * 1000}; }

static struct itimerval val_of(struct itimerspec spec) {
    return (struct itimerval){.it_value = {spec.it_value.tv_sec, spec.it_value.tv_nsec / 1000},
                              .it_interval = {spec.it_interval.tv_sec, spec.it_interval.tv_nsec / 1000}};
}

EXPORT int setitimer(__itimer_which_t which, const struct itimerval *wanted, struct itimerval *before) {
    if (!clock_page() || which != ITIMER_REAL || !wanted) return real.setitimer(which, wanted, before);
    struct itimerspec spec = {.it_value = spec_of(wanted->it_value), .it_interval = spec_of(wanted->it_interval)}, was = {0};
    if (!are_valid(&spec)) return real.setitimer(which, wanted, before);
    int result = set(INTERVAL, which, false, &spec, &was);
    if (result == 0 && before) *before = val_of(was);
    return result;
}

EXPORT int getitimer(__itimer_which_t which, struct itimerval *now) {
    struct itimerspec spec;
    if (which != ITIMER_REAL || !get(INTERVAL, which, &spec)) return real.getitimer(which, now);
    *now = val_of(spec);
    return 0;
}

EXPORT unsigned alarm(unsigned seconds) {
    struct itimerval wanted = {.it_value = {.tv_sec = seconds}}, before = {0};
    setitimer(ITIMER_REAL, &wanted, &before);
    return (unsigned)(before.it_value.tv_sec + (before.it_value.tv_usec >= 500000 || (!before.it_value.tv_sec && before.it_value.tv_usec)));
}
