/* For the process that owns the clock: makes the page and changes the epoch. Called through ctypes by clock.py. */
#include "vclock.h"

#include <sys/mman.h>

struct reading {
    nanos realtime;
    nanos monotonic;
    nanos elapsed;
    double speed;
    uint32_t paused;
    uint32_t generation;
};

EXPORT uint64_t vclock_page_size(void) { return sizeof(struct page); }

static nanos real_time(clockid_t clock) {
    struct timespec now;
    real.clock_gettime(clock, &now);
    return now.tv_sec * SECOND + now.tv_nsec;
}

EXPORT struct page *vclock_map(int fd, double speed) {
    clock_page(); /* finds the real functions */
    struct page *page = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (page == MAP_FAILED) return NULL;
    page->origins[ORIGIN_REALTIME] = real_time(CLOCK_REALTIME);
    page->origins[ORIGIN_MONOTONIC] = real_time(CLOCK_MONOTONIC);
    page->origins[ORIGIN_RAW] = real_time(CLOCK_MONOTONIC_RAW);
    page->origins[ORIGIN_BOOTTIME] = real_time(CLOCK_BOOTTIME);
    page->epochs[1] = (struct epoch){.real = page->origins[ORIGIN_MONOTONIC], .speed = speed};
    atomic_store(&page->generation, 2);
    page->layout = PAGE_LAYOUT;
    page->magic = PAGE_MAGIC;
    return page;
}

EXPORT void vclock_unmap(struct page *page) { munmap(page, sizeof *page); }

EXPORT void vclock_read(struct page *page, struct reading *reading) {
    struct view view = look(page);
    *reading = (struct reading){
        .realtime = page->origins[ORIGIN_REALTIME] + view.elapsed,
        .monotonic = page->origins[ORIGIN_MONOTONIC] + view.elapsed,
        .elapsed = view.elapsed,
        .speed = view.epoch.speed,
        .paused = view.epoch.paused,
        .generation = view.generation,
    };
}

/* One change at a time: the caller sees to that. Returns how many waiters had not looked when patience ended. */
EXPORT int vclock_change(struct page *page, double speed, int paused, nanos jump, nanos patience) {
    uint32_t generation = atomic_load(&page->generation);
    struct epoch next = page->epochs[generation / 2 % 2];
    atomic_store(&page->generation, generation | 1);
    nanos now = real_now();
    if (!next.paused && now > next.real) next.elapsed += (nanos)((double)(now - next.real) * next.speed);
    next = (struct epoch){.real = now, .elapsed = next.elapsed + jump, .speed = speed, .paused = paused != 0};
    page->epochs[(generation / 2 + 1) % 2] = next;
    generation = (generation | 1) + 1;
    atomic_store(&page->generation, generation);
    return waiters_wake(page, generation, patience);
}
