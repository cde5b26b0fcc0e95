/* Reading virtual time from the page. */
#include "vclock.h"

#include <sched.h>

struct real_functions real;

nanos real_now(void) {
    struct timespec now;
    real.clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * SECOND + now.tv_nsec;
}

static nanos elapsed_at(const struct epoch *epoch, nanos real_time) {
    if (epoch->paused || real_time <= epoch->real) return epoch->elapsed;
    return epoch->elapsed + (nanos)((double)(real_time - epoch->real) * epoch->speed);
}

/* The real clock is read between two looks at the generation: so no reading belongs to an epoch that had ended, and
 * virtual time never goes back. A writer that died half-way must not stop anybody: after a while the old epoch holds. */
struct view look(struct page *page) {
    struct view view;
    for (int tries = 0;; tries++) {
        view.generation = atomic_load_explicit(&page->generation, memory_order_acquire);
        if (view.generation % 2 && tries < 1000) {
            sched_yield();
            continue;
        }
        view.epoch = page->epochs[view.generation / 2 % 2];
        nanos now = real_now();
        atomic_thread_fence(memory_order_acquire);
        if (atomic_load_explicit(&page->generation, memory_order_relaxed) != view.generation) continue;
        view.elapsed = elapsed_at(&view.epoch, now);
        return view;
    }
}

nanos real_span(const struct view *view, nanos virtual_span) {
    if (virtual_span <= 0) return 0;
    if (view->epoch.paused) return NEVER;
    double span = (double)virtual_span / view->epoch.speed;
    return span >= (double)FAR ? FAR : (nanos)span + 1;
}

int origin_of(clockid_t clock) {
    switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_REALTIME_ALARM:
        return ORIGIN_REALTIME;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_COARSE:
        return ORIGIN_MONOTONIC;
    case CLOCK_MONOTONIC_RAW:
        return ORIGIN_RAW;
    case CLOCK_BOOTTIME:
    case CLOCK_BOOTTIME_ALARM:
        return ORIGIN_BOOTTIME;
    default: /* CPU time is real work; CLOCK_TAI is left real for whoever must know the wall's time */
        return -1;
    }
}
