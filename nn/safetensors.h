/* Reading of safetensors files (https://github.com/huggingface/safetensors, "Format"): eight bytes of
 * header size, little-endian; a JSON header; the tensors' bytes.  Only float32 tensors are accepted. */
#ifndef NN_SAFETENSORS_H
#define NN_SAFETENSORS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "nn/pread.h"

struct cJSON;

enum { SAFETENSORS_MAX_RANK = 4 };

struct safetensors_tensor {
    const char *name;      /* belongs to the header */
    int rank;
    size_t shape[SAFETENSORS_MAX_RANK];
    size_t elements;
    size_t offset;         /* of its bytes in the data section; a multiple of 4 */
    const float *values;   /* [shape]; NULL until the data is read */
};

struct safetensors {
    struct cJSON *header;
    const struct cJSON *metadata;        /* __metadata__, an object of strings; NULL if there is none */
    struct safetensors_tensor *tensors;  /* ascending by name */
    size_t count;
    size_t data_offset;                  /* of the data section in the file */
    size_t data_bytes;
    void *allocation;
    unsigned char *data;                 /* the data section, 64-byte aligned */
    size_t file_bytes;
};

/* Reads and checks the header, then the data with `threads` parallel preads.  On success *st holds
 * memory that safetensors_free releases; on failure it holds none.  `work`, which may be NULL, is done on pieces of
 * whole values that together are the data section.
 * ERR_UNAVAILABLE: cannot be opened or read, truncated, not this format; a tensor whose type, shape or
 * place is wrong, that overlaps another or is there twice (the sentence names it); bytes that no tensor
 * owns.  ERR_NO_MEMORY. */
enum err_code safetensors_read(struct safetensors *st, const char *path, int threads,
                               const struct pread_work *work, struct err *e);
void safetensors_free(struct safetensors *st);

/* The tensor of that name, or NULL. */
const struct safetensors_tensor *safetensors_find(const struct safetensors *st, const char *name);

/* A string of the metadata, or NULL. */
const char *safetensors_metadata(const struct safetensors *st, const char *key);

#endif
