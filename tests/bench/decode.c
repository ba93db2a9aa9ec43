/* Reads scans from end to end: `decode [--normalise DPI] FILE...` prints size, seconds, share of ink and peak
 * memory of each (a process per file, so that the peaks are its own). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/job.h"
#include "server/normalise.h"
#include "server/scan.h"

static enum err_code read_plain(struct scan *scan, double *ink_sum, struct err *e)
{
    const struct scan_info *info = scan_info(scan);
    uint8_t *row = malloc((size_t)info->width);
    enum err_code rc = row ? ERR_OK : err_memory(e, "a row");
    for (int y = 0; y < info->height && rc == ERR_OK; y++) {
        rc = scan_read(scan, y, 0, info->width, row, e);
        for (int x = 0; x < info->width && rc == ERR_OK; x++)
            *ink_sum += row[x];
    }
    *ink_sum /= 255.0 * info->width * info->height;
    free(row);
    return rc;
}

static enum err_code read_normalised(struct scan *scan, int dpi, double *ink_sum, struct err *e)
{
    const struct scan_info *info = scan_info(scan);
    struct normalise *normalise = NULL;
    uint8_t *row = NULL;
    enum err_code rc = normalise_open(&normalise, scan, 0, 0, info->width, info->height, NULL, dpi, e);
    if (rc != ERR_OK)
        return rc;
    int columns = normalise_columns(normalise), rows = normalise_rows(normalise);
    if (!(row = malloc((size_t)columns)))
        rc = err_memory(e, "a row");
    for (int y = 0; y < rows && rc == ERR_OK; y++) {
        rc = normalise_next(normalise, row, e);
        for (int x = 0; x < columns && rc == ERR_OK; x++)
            *ink_sum += row[x];
    }
    *ink_sum /= 255.0 * columns * rows;
    free(row);
    normalise_free(normalise);
    return rc;
}

static int measure(const char *path, int dpi)
{
    const struct scan_limits limits = { 4000000000u, 256u << 20 };
    struct err e = { 0 };
    struct scan *scan = NULL;
    struct rusage usage;
    double ink = 0;
    int64_t start = job_now_ns();
    enum err_code rc = scan_open(&scan, path, &limits, &e);
    if (rc == ERR_OK)
        rc = dpi ? read_normalised(scan, dpi, &ink, &e) : read_plain(scan, &ink, &e);
    double seconds = (double)(job_now_ns() - start) / 1e9;
    getrusage(RUSAGE_SELF, &usage);
    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    if (rc != ERR_OK)
        printf("%-60s %s\n", name, e.text);
    else
        printf("%-60s %6d x %-7d %2d x %d bit %-10s %8.3f s %5.1f %% ink %6.1f MB\n", name, scan_info(scan)->width,
               scan_info(scan)->height, scan_info(scan)->samples, scan_info(scan)->bits, scan_info(scan)->compression,
               seconds, 100 * ink, (double)usage.ru_maxrss / 1024);
    scan_close(scan);
    return rc == ERR_OK ? 0 : 1;
}

int main(int argc, char **argv)
{
    int dpi = 0, first = 1, failed = 0;
    if (argc > 2 && !strcmp(argv[1], "--normalise")) {
        dpi = atoi(argv[2]);
        first = 3;
    }
    for (int i = first; i < argc; i++) {
        int status = 1;
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            int rc = measure(argv[i], dpi);
            fflush(stdout);
            _exit(rc);
        }
        if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0)
            failed = 1;
    }
    return failed;
}
