/* Puts this process on the clock: finds the C library's own functions and the page, and has its waiters woken. */
#include "vclock.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static _Atomic int attached; /* 0: not yet, 1: at it, 2: done */
static __thread bool attaching;
static struct page *own_page;
static nanos own_skew;

static void *find(const char *name) {
    /* The condition variable of before 2003 still has its symbols on x86-64; the plain look-up may find that one. */
    void *found = dlvsym(RTLD_NEXT, name, "GLIBC_2.3.2");
    return found ? found : dlsym(RTLD_NEXT, name);
}

static struct page *map_page(const char *path) {
    if (!path || !*path) return NULL;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) return NULL;
    struct stat status;
    struct page *page = NULL;
    if (fstat(fd, &status) == 0 && status.st_size == sizeof *page) {
        page = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (page == MAP_FAILED) page = NULL;
    }
    close(fd);
    if (page && (page->magic != PAGE_MAGIC || page->layout != PAGE_LAYOUT)) {
        munmap(page, sizeof *page);
        page = NULL;
    }
    return page;
}

/* Other libraries' constructors may ask for the time before ours runs, and the look-up of a symbol may too. */
static void attach(void) {
    int expected = 0;
    if (attaching) return;
    if (!atomic_compare_exchange_strong(&attached, &expected, 1)) {
        while (atomic_load(&attached) != 2) sched_yield();
        return;
    }
    int saved = errno;
    attaching = true;
#define FIND(result, name, arguments) *(void **)&real.name = find(#name);
    REAL_FUNCTIONS(FIND)
#undef FIND
    own_page = map_page(getenv("VCLOCK_PAGE"));
    const char *skew = getenv("VCLOCK_SKEW_SECONDS");
    if (skew) own_skew = (nanos)(strtod(skew, NULL) * SECOND);
    if (own_page) waiters_attach(own_page);
    attaching = false;
    atomic_store(&attached, 2);
    errno = saved;
}

__attribute__((constructor)) static void attach_early(void) { attach(); }

struct page *clock_page(void) {
    if (__builtin_expect(atomic_load_explicit(&attached, memory_order_acquire) != 2, 0)) {
        attach();
        if (attaching) return NULL;
    }
    return own_page;
}

/* How much rest the clock has leapt over: nobody worked then. What it jumped over is none. */
EXPORT nanos vclock_rest(void) {
    struct page *page = clock_page();
    return page ? atomic_load(&page->rest) : 0;
}

/* A machine's date may be wrong by a little; what counts from its start is not. */
nanos origin_here(const struct page *page, int origin) {
    return page->origins[origin] + (origin == ORIGIN_REALTIME ? own_skew : 0);
}
