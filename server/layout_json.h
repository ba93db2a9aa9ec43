/* A layout as JSON: the form in which a calibration is given, saved, reused and exported (design.md section 4).
 *
 *   {"depth_unit":"ft","rows":[2524,11656],"depth_lines":{"2575":250,"11203":1100},
 *    "tracks":[{"x":[1,499],"x_at":{"2600":[1,499]},
 *               "curves":[{"mnemonic":"GR","unit":"GAPI","left":0,"right":150,"scale":"lin","style":"solid"}]}]}
 *
 * Columns in x and x_at are both inclusive, rows exclude the second.  A row is a pixel row, whose centre is
 * meant; -0.5 is the scan's upper edge.  All may be left out but "tracks"; a track without x is as wide as
 * its x_at, or as the scan. */
#ifndef SERVER_LAYOUT_JSON_H
#define SERVER_LAYOUT_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "postproc/layout.h"

/* Reads `length` bytes.  On success *out is the caller's (layout_clear), and *has_rows says whether rows
 * were given.  ERR_MALFORMED or ERR_INVALID naming the member, as in layout.tracks[0].x; ERR_NO_MEMORY. */
enum err_code layout_json_read(const char *text, size_t length, struct layout *out, bool *has_rows, struct err *e);

/* The layout as one line without blanks; the caller frees it.  NULL when there is no memory. */
char *layout_json_write(const struct layout *layout);

#endif
