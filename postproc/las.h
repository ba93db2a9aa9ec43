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

/* What the ~Other section tells of how the curves were made. */
struct las_origin {
    const char *model, *model_sha256, *scan_name, *software;
    const struct layout *layout;
};

/* Writes the table.  ERR_INVALID if it has no depths; ERR_STORE when the stream fails. */
enum err_code las_write(FILE *out, const struct table *table, const struct las_header *header,
                        const struct las_origin *origin, struct err *e);

#endif
