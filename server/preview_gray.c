#include "server/preview_gray.h"

#include <errno.h>
#include <string.h>

enum err_code preview_gray_begin(struct picture **out, FILE *file, int columns, int rows, bool bilevel, struct err *e)
{
    struct picture_colour palette[256];
    int n = bilevel ? 2 : 256;
    for (int i = 0; i < n; i++) {
        uint8_t light = (uint8_t)(255 - i * 255 / (n - 1));
        palette[i] = (struct picture_colour){ light, light, light };
    }
    return picture_begin(out, file, columns, rows, bilevel ? 1 : 8, palette, n, e);
}

enum err_code preview_disk_failure(const char *what, struct err *e)
{
    if (err_no_room(errno))
        return err_set(e, ERR_DISK_FULL, "No space left for %s.", what);
    return err_set(e, ERR_STORE, "Cannot write %s: %s.", what, strerror(errno));
}
