/* CSV: one header line (DEPT or ROW, then the mnemonics), an empty cell where there is no value. */
#ifndef POSTPROC_CSV_H
#define POSTPROC_CSV_H

#include <stdbool.h>
#include <stdio.h>

#include "postproc/table.h"

/* Writes the table; with `confidence`, a column MNEM_CONF after each curve.  RFC 4180 quoting.
 * ERR_DISK_FULL or ERR_STORE when the stream fails. */
enum err_code csv_write(FILE *out, const struct table *table, bool confidence, struct err *e);

#endif
