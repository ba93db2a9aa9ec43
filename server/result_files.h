/* Writes what the pipeline found as files in the result's folder. */
#ifndef SERVER_RESULT_FILES_H
#define SERVER_RESULT_FILES_H

#include "server/normalise.h"
#include "server/pipeline.h"
#include "server/track_run.h"

/* curves.csv, and curves.las where depths are known. */
enum err_code result_write_tables(const struct pipeline_env *env, const struct pipeline_request *request,
                                  const struct table *table, struct pipeline_result *result, struct err *e);

/* overlay.png: the network's input, read a second time, with the curves drawn over it. */
enum err_code result_write_overlay(const char *dir, struct normalise *input, const struct track_run *runs, size_t n,
                                   const struct job *job, struct err *e);

/* edges.json, where each track's borders were found: {"tracks":[{"edges":[[y,x0,x1],…]}]} in scan pixels, y on
 * the axis where row r covers [r, r+1), x at the centres of the columns of the left and right scale value. */
enum err_code result_write_edges(const char *dir, const struct track_run *runs, size_t n, struct err *e);

/* mask.png, and mask_2.png … for further tracks. */
enum err_code result_write_masks(const char *dir, const struct track_run *runs, size_t n, struct err *e);

#endif
