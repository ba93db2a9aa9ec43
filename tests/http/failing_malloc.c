/* Linked into a server of the tests with the linker's --wrap: fails the n-th allocation of the project's own
 * objects and of cJSON.  FAILING_MALLOC names a file of two native longs: n, which counts down to 1 and is 0 while
 * none shall fail; and whether all that follow the n-th fail, too, or none. */
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/wrapped_alloc.h"

struct counter {
    _Atomic long left, all;
};

static struct counter *counter;

static int allocation_fails(void)
{
    if (!counter || atomic_load(&counter->left) <= 0)
        return 0;
    if (atomic_load(&counter->left) == 1 && atomic_load(&counter->all))
        return 1;
    return atomic_fetch_sub(&counter->left, 1) == 1;
}

static void __attribute__((constructor)) open_counter(void)
{
    const char *path = getenv("FAILING_MALLOC");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *page = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *counter, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (page == MAP_FAILED)
        abort();
    close(fd);
    counter = page;
    wrap_json();
}
