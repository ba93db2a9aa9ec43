/* libFuzzer target: any bytes as a scan, opened, read and normalised within small limits.
 *
 *   clang -g -O1 -fsanitize=fuzzer,address,undefined -D_GNU_SOURCE -I. tests/fuzz/fuzz_scan.c \
 *       server/scan*.c server/normalise*.c base/err.c -ltiff -lm -pthread -o fuzz_scan
 *   ./fuzz_scan -max_len=4096 tests/fuzz/corpus/scan
 *
 * tests/unit/test_fuzz_scan.c replays the corpus, to which inputs that once crashed are added. */
#include "tests/fuzz/fuzz_scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "server/normalise.h"
#include "server/scan.h"

static enum err_code read_rows(struct scan *scan, struct err *e)
{
    int width = scan_info(scan)->width, height = scan_info(scan)->height;
    uint8_t *ink = malloc((size_t)width);
    enum err_code rc = ink ? ERR_OK : err_memory(e, "a row");
    for (int y = 0; y < height && rc == ERR_OK; y += 1 + y / 7)
        rc = scan_read(scan, y, y % width, width, ink, e);
    if (rc == ERR_OK)
        rc = scan_read(scan, 0, 0, width, ink, e);
    free(ink);
    return rc;
}

static enum err_code normalise_rows_of(struct scan *scan, struct err *e)
{
    struct normalise *normalise = NULL;
    enum err_code rc = normalise_open(&normalise, scan, 0, 0, scan_info(scan)->width, scan_info(scan)->height, NULL, 200, e);
    if (rc != ERR_OK)
        return rc;
    uint8_t *ink = malloc((size_t)normalise_columns(normalise));
    for (int y = 0; ink && y < normalise_rows(normalise) && rc == ERR_OK; y++)
        rc = normalise_next(normalise, ink, e);
    free(ink);
    normalise_free(normalise);
    return rc;
}

enum err_code fuzz_scan_bytes(const uint8_t *bytes, size_t size, struct err *e)
{
    static const struct scan_limits limits = { 1 << 18, 8 << 20 };
    char path[40];
    struct scan *scan = NULL;
    enum err_code rc = ERR_INTERNAL;
    int fd = memfd_create("scan", MFD_CLOEXEC);
    if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
        err_set(e, rc, "no memory file");
    else {
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        if ((rc = scan_open(&scan, path, &limits, e)) == ERR_OK && (rc = read_rows(scan, e)) == ERR_OK)
            rc = normalise_rows_of(scan, e);
        scan_close(scan);
    }
    if (fd >= 0)
        close(fd);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct err e = { 0 };
    enum err_code rc = fuzz_scan_bytes(bytes, size, &e);
    /* A failure without its sentence, or a sentence without failure, is a bug too. */
    if ((rc != ERR_OK) != (e.text[0] != 0) || e.code != rc)
        abort();
    return 0;
}
