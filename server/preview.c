#include "server/preview.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "server/preview_gray.h"
#include "server/preview_shrink.h"

enum { CHECK_ROWS = 64 };   /* between two looks at the job */

/* The largest size within the bounds, proportions kept, at least 1 by 1. */
static void fit(const struct scan_info *info, int max_width, int max_height, int *width, int *height)
{
    double scale = 1;
    if (info->width > max_width)
        scale = (double)max_width / info->width;
    if (info->height * scale > max_height)
        scale = (double)max_height / info->height;
    *width = (int)(info->width * scale + 0.5);
    *height = (int)(info->height * scale + 0.5);
    *width = *width < 1 ? 1 : *width;
    *height = *height < 1 ? 1 : *height;
}

static enum err_code write_picture(struct scan *scan, struct shrink *shrink, struct picture *picture,
                                   const struct job *job, struct err *e)
{
    const struct scan_info *info = scan_info(scan);
    uint8_t *in = malloc((size_t)info->width), *out = malloc((size_t)shrink->columns);
    enum err_code rc = in && out ? ERR_OK : err_memory(e, "the preview");
    for (int y = 0; y < info->height && rc == ERR_OK; y++) {
        if (y % CHECK_ROWS == 0) {
            if ((rc = job_check(job, e)) != ERR_OK)
                break;
            job_progress(job, "preview", (double)y / info->height);
        }
        rc = scan_read(scan, y, 0, info->width, in, e);
        if (rc == ERR_OK && shrink_row(shrink, in, out))
            rc = picture_row(picture, out, e);
    }
    free(in);
    free(out);
    return rc == ERR_OK ? picture_end(picture, e) : rc;
}

/* The picture, into a file that is already open. */
static enum err_code make_picture(struct scan *scan, int max_width, int max_height, FILE *file, const struct job *job,
                                  struct err *e)
{
    const struct scan_info *info = scan_info(scan);
    struct shrink shrink;
    struct picture *picture = NULL;
    int width, height;
    fit(info, max_width, max_height, &width, &height);
    enum err_code rc = shrink_init(&shrink, info->width, info->height, width, height, e);
    if (rc != ERR_OK)
        return rc;
    if ((rc = preview_gray_begin(&picture, file, width, height, false, e)) == ERR_OK)
        rc = write_picture(scan, &shrink, picture, job, e);
    picture_free(picture);
    shrink_clear(&shrink);
    return rc;
}

enum err_code preview_picture(const char *scan_path, const struct scan_limits *limits, int max_width, int max_height,
                              const char *png_path, const struct job *job, struct err *e)
{
    char part[PATH_MAX];
    struct scan *scan = NULL;
    FILE *file = NULL;
    if (max_width < 1 || max_height < 1)
        return err_set(e, ERR_INVALID, "A preview of %d by %d pixels cannot be made.", max_width, max_height);
    if (snprintf(part, sizeof part, "%s.XXXXXX", png_path) >= (int)sizeof part)
        return err_set(e, ERR_STORE, "The preview's path is too long.");
    enum err_code rc = scan_open(&scan, scan_path, limits, e);
    if (rc != ERR_OK)
        return rc;
    int fd = mkstemp(part);
    if (fd < 0 || !(file = fdopen(fd, "wb"))) {
        rc = preview_disk_failure("the preview", e);
        goto out;
    }
    rc = make_picture(scan, max_width, max_height, file, job, e);
out:
    if (file ? fclose(file) != 0 : fd >= 0 && close(fd) != 0)
        rc = rc == ERR_OK ? preview_disk_failure("the preview", e) : rc;
    if (rc == ERR_OK && rename(part, png_path) != 0)
        rc = preview_disk_failure("the preview", e);
    if (rc != ERR_OK && fd >= 0)
        unlink(part);
    scan_close(scan);
    return rc;
}
