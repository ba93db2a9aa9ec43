/* Pictures of a scan for looking at it: one small gray PNG of all of it, and a pyramid of tiles.
 * Both are made in one pass over the scan, a few rows of tiles in memory. */
#ifndef SERVER_PREVIEW_H
#define SERVER_PREVIEW_H

#include <stddef.h>

#include "base/job.h"
#include "server/scan.h"

/* Writes a gray PNG of the whole scan to png_path, area-averaged, its proportions kept, no larger than
 * max_width x max_height and no larger than the scan.  The file appears when it is complete.  Errors: the
 * scan's, the job's, ERR_STORE or ERR_DISK_FULL when it cannot be written. */
enum err_code preview_picture(const char *scan_path, const struct scan_limits *limits, int max_width, int max_height,
                              const char *png_path, const struct job *job, struct err *e);

enum { PREVIEW_TILE = 512 };

/* A folder of tiles: {folder}/{level}/{column}_{row}.png, gray, PREVIEW_TILE pixels wide and high, less at the
 * right and lower edges.  Level 0 is the scan itself; each further level is half as wide and high, rounded up,
 * and the last one is the first that fits into one tile.  (Deep Zoom numbers levels the other way.)
 * {folder}/pyramid.json holds {"width","height","tile","levels"}. */
struct preview_pyramid {
    int width, height;   /* of level 0 */
    int levels;
};

/* Builds the folder, which appears under its name only when it is complete; nothing is left of it after a
 * failure.  If another call has completed it in the meantime, that one is kept.  Errors as above. */
enum err_code preview_pyramid_build(const char *scan_path, const struct scan_limits *limits, const char *folder,
                                    struct preview_pyramid *out, const struct job *job, struct err *e);

/* What a complete folder holds; ERR_NOT_FOUND if there is none. */
enum err_code preview_pyramid_read(struct preview_pyramid *out, const char *folder, struct err *e);

/* Width and height of a level in pixels, 0 <= level < levels. */
void preview_level_size(const struct preview_pyramid *pyramid, int level, int *width, int *height);

/* The path of a tile; ERR_NOT_FOUND if the pyramid has no such tile. */
enum err_code preview_tile_path(char *path, size_t size, const char *folder, const struct preview_pyramid *pyramid,
                                int level, int column, int row, struct err *e);

#endif
