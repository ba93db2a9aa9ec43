/* LAS 2.0 as the Canadian Well Logging Society's standard says (LAS 2.0, September 2009 revision). */
#ifndef POSTPROC_LAS_H
#define POSTPROC_LAS_H

#include <stdio.h>

#include "postproc/table.h"

#define LAS_NULL "-999.25"

/* The ~Well header; "" where unknown.  UTF-8 in, written as it is, with line breaks, colons and control
 * characters replaced by spaces where the standard's grammar needs it. */
struct las_header {
    char well[128], company[128], field[128], location[128], county[128], state[128], country[128];
    char service_company[128], date[64], api[64], uwi[64];
};

/* What the ~Other section tells of how the curves were made.  Any text may be NULL. */
struct las_origin {
    const char *model, *model_sha256, *scan_name, *software;
    const struct layout *layout;   /* NULL: not told */
    const char *layout_json;       /* the same as JSON, so that it can be used again; NULL or "": not told */
};

/* Writes the table.  One line per depth; wrapped (WRAP YES) only where that line would pass the 256
 * characters that the standard allows.  ERR_INVALID naming depth_top or depth_unit if the table has no
 * depths or no unit; ERR_DISK_FULL or ERR_STORE when the stream fails. */
enum err_code las_write(FILE *out, const struct table *table, const struct las_header *header,
                        const struct las_origin *origin, struct err *e);

#endif
