#include "server/first_touch.h"

#include <stddef.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/job.h"

enum { SAMPLE_BYTES = 4 << 20 };

long first_touch_pages(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_minflt : 0;
}

double first_touch_seconds(long pages)
{
    long page = sysconf(_SC_PAGESIZE);
    if (pages <= 0 || page <= 0)
        return 0;
    volatile char *memory = mmap(NULL, SAMPLE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return 0;
    long before = first_touch_pages();
    int64_t begin = job_now_ns();
    for (size_t at = 0; at < SAMPLE_BYTES; at += (size_t)page)
        memory[at] = 1;
    double seconds = (double)(job_now_ns() - begin) * 1e-9;
    long touched = first_touch_pages() - before;   /* fewer than the pages where the kernel gives huge ones */
    munmap((void *)memory, SAMPLE_BYTES);
    return touched > 0 ? seconds / (double)touched * (double)pages : 0;
}
