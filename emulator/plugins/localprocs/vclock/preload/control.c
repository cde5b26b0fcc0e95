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

/* The date begins at `date`, or, if that is negative, at the machine's. */
EXPORT struct page *vclock_map(int fd, double speed, nanos date) {
    clock_page(); /* finds the real functions */
    struct page *page = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (page == MAP_FAILED) return NULL;
    page->origins[ORIGIN_REALTIME] = date < 0 ? real_time(CLOCK_REALTIME) : date;
    page->origins[ORIGIN_MONOTONIC] = real_time(CLOCK_MONOTONIC);
    page->origins[ORIGIN_RAW] = real_time(CLOCK_MONOTONIC_RAW);
    page->origins[ORIGIN_BOOTTIME] = real_time(CLOCK_BOOTTIME);
    page->epochs[1] = (struct epoch){.real = page->origins[ORIGIN_MONOTONIC], .speed = speed};
    atomic_store(&page->generation, 2);
    page->layout = PAGE_LAYOUT;
    page->magic = PAGE_MAGIC;
    return page;
}

/* A waiter as it stands in the page. */
struct waiter {
    uint64_t owner;
    uint64_t start;
    nanos due;
    nanos interval;
    uint32_t seen;
    uint32_t timers;
    uint32_t slot;
    uint32_t unused;
};

static bool waits(struct slot *slot) { return atomic_load(&slot->seen) != IDLE && atomic_load(&slot->owner); }

/* Whose moment depends on more than `due`: timers tick again, and who looks has none yet. */
static bool is_special(struct slot *slot) { return slot->timers || atomic_load(&slot->seen) == LOOKING; }

/* Copies those who wait for a moment up to `until`, or, if that is negative, for the earliest of all, and the special.
 * Those who sleep meanwhile are told as they are. Returns how many there are. */
EXPORT int vclock_waiters(struct page *page, struct waiter *found, int most, nanos until) {
    struct slot *end = page->slots + (page->used < SLOTS ? page->used : SLOTS);
    int count = 0;
    if (until < 0) {
        until = NEVER;
        for (struct slot *slot = page->slots; slot < end; slot++)
            if (waits(slot) && !is_special(slot) && slot->due < until) until = slot->due;
    }
    for (struct slot *slot = page->slots; slot < end && count < most; slot++)
        if (waits(slot) && (is_special(slot) || slot->due <= until))
            found[count++] = (struct waiter){slot->owner, slot->start, slot->due, slot->interval, slot->seen, slot->timers, (uint32_t)(slot - page->slots), 0};
    return count;
}

/* Goes ahead to a moment for which the earliest of them waits. Nobody's sleep is disturbed: see vclock_call. */
EXPORT void vclock_leap(struct page *page, nanos elapsed) {
    uint32_t generation = atomic_load(&page->generation);
    struct epoch next = page->epochs[generation / 2 % 2];
    atomic_store(&page->generation, generation | 1);
    nanos now = real_now();
    if (!next.paused && now > next.real) next.elapsed += (nanos)((double)(now - next.real) * next.speed);
    if (elapsed > next.elapsed) {
        atomic_fetch_add(&page->rest, (nanos)((double)(elapsed - next.elapsed) / next.speed));
        next.elapsed = elapsed;
    }
    next.real = now;
    page->epochs[(generation / 2 + 1) % 2] = next;
    atomic_store(&page->generation, (generation | 1) + 1);
}

/* Has a waiter look at the clock. */
EXPORT void vclock_call(struct page *page, uint32_t slot, uint64_t owner) {
    if (atomic_load(&page->slots[slot].owner) == owner) slot_signal(&page->slots[slot], owner);
}

/* Frees the slot of one that has died in its wait. */
EXPORT void vclock_bury(struct page *page, uint32_t slot, uint64_t owner) {
    atomic_compare_exchange_strong(&page->slots[slot].owner, &owner, 0);
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
EXPORT int vclock_change(struct page *page, double speed, int paused, int stands_by, nanos jump, nanos patience) {
    uint32_t generation = atomic_load(&page->generation);
    struct epoch next = page->epochs[generation / 2 % 2];
    atomic_store(&page->generation, generation | 1);
    nanos now = real_now();
    if (!next.paused && now > next.real) next.elapsed += (nanos)((double)(now - next.real) * next.speed);
    next = (struct epoch){.real = now, .elapsed = next.elapsed + jump, .speed = speed, .paused = paused != 0, .stands_by = stands_by != 0};
    page->epochs[(generation / 2 + 1) % 2] = next;
    atomic_store(&page->jolted, now);
    generation = (generation | 1) + 1;
    atomic_store(&page->generation, generation);
    return waiters_wake(page, generation, patience);
}
