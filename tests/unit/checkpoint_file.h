/* Small CurveNet checkpoints with random weights, right or wrong in one respect. */
#ifndef TESTS_CHECKPOINT_FILE_H
#define TESTS_CHECKPOINT_FILE_H

#include <math.h>
#include <openssl/sha.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nn/corrector.h"

struct checkpoint_file {
    int dim, heads, mlp, layers, classes, full;
    int corrector[2];       /* sizes of its hidden layers; 0: none */
    int secret;             /* the metadata say nothing of the corrector */
    const char *about;      /* the metadata field curvenet, in place of what the sizes give */
    const char *without;    /* a tensor that is left out */
    const char *extra;      /* a tensor of one element that is added */
    const char *misshapen;  /* a tensor whose shape is [1, elements] */
    const char *infinite;   /* a tensor that holds an infinity */
    int damaged;            /* a byte of the data is not what the checksum says */
    int unsigned_;          /* no checksum */
};

struct checkpoint_writer {
    const struct checkpoint_file *spec;
    char *header;
    size_t header_size, header_room;
    float *data;
    size_t elements, room;
    uint32_t seed;
};

static inline void checkpoint_text(struct checkpoint_writer *w, const char *text)
{
    size_t n = strlen(text);
    if (w->header_size + n + 1 > w->header_room) {
        w->header_room = 2 * (w->header_size + n + 1);
        w->header = realloc(w->header, w->header_room);
        if (!w->header)
            abort();
    }
    memcpy(w->header + w->header_size, text, n + 1);
    w->header_size += n;
}

/* Weights of about the size that keeps activations near 1. */
static inline void checkpoint_tensor(struct checkpoint_writer *w, const char *name, int rank, size_t a, size_t b,
                                     size_t c, size_t d)
{
    size_t shape[4] = { a, b, c, d }, n = 1, fan = 1;
    char text[256];
    for (int i = 0; i < rank; i++) {
        n *= shape[i];
        fan *= i ? shape[i] : 1;
    }
    if (w->spec->without && !strcmp(name, w->spec->without))
        return;
    if (w->spec->misshapen && !strcmp(name, w->spec->misshapen)) {
        rank = 2;
        shape[0] = 1;
        shape[1] = n;
    }
    snprintf(text, sizeof text, ",\"%s\":{\"dtype\":\"F32\",\"data_offsets\":[%zu,%zu],\"shape\":[", name,
             w->elements * 4, (w->elements + n) * 4);
    checkpoint_text(w, text);
    for (int i = 0; i < rank; i++) {
        snprintf(text, sizeof text, i ? ",%zu" : "%zu", shape[i]);
        checkpoint_text(w, text);
    }
    checkpoint_text(w, "]}");
    if (w->elements + n > w->room) {
        w->room = 2 * (w->elements + n);
        w->data = realloc(w->data, w->room * sizeof *w->data);
        if (!w->data)
            abort();
    }
    float scale = rank == 1 ? 0.3f : 2 / sqrtf((float)fan);
    for (size_t i = 0; i < n; i++) {
        w->seed = w->seed * 1664525u + 1013904223u;
        w->data[w->elements + i] = ((float)(w->seed >> 8) / 8388608.0f - 1) * scale;
    }
    if (w->spec->infinite && !strcmp(name, w->spec->infinite))
        w->data[w->elements + n / 2] = -INFINITY;
    w->elements += n;
}

static inline void checkpoint_layer(struct checkpoint_writer *w, const char *prefix, int rank, size_t a, size_t b,
                                    size_t c, size_t d)
{
    char name[128];
    snprintf(name, sizeof name, "%s.weight", prefix);
    checkpoint_tensor(w, name, rank, a, b, c, d);
    snprintf(name, sizeof name, "%s.bias", prefix);
    checkpoint_tensor(w, name, 1, a, 1, 1, 1);
}

static inline void checkpoint_separable(struct checkpoint_writer *w, const char *format, int n)
{
    size_t dim = (size_t)w->spec->dim;
    char prefix[64], name[80];
    snprintf(prefix, sizeof prefix, format, n);
    snprintf(name, sizeof name, "%s.dw", prefix);
    checkpoint_layer(w, name, 4, dim, 1, 3, 3);
    snprintf(name, sizeof name, "%s.pw", prefix);
    checkpoint_layer(w, name, 2, dim, dim, 1, 1);
}

static inline void checkpoint_tensors(struct checkpoint_writer *w)
{
    const struct checkpoint_file *s = w->spec;
    size_t dim = (size_t)s->dim, mlp = (size_t)s->mlp;
    checkpoint_layer(w, "enc1.conv", 4, dim, 1, 3, 3);
    for (int n = 1; n <= 5; n++) {
        if (n > 1)
            checkpoint_separable(w, "enc%d.down", n);
        checkpoint_separable(w, "enc%d.block", n);
    }
    for (int i = 1; i <= s->layers; i++) {
        static const char *const part[] = { "pos", "ln1", "qkv", "proj", "ln2", "mlp1", "mlp2" };
        const int rank[] = { 4, 1, 2, 2, 1, 2, 2 };
        const size_t shape[][4] = { { dim, 1, 3, 3 }, { dim },      { 3 * dim, dim }, { dim, dim },
                                    { dim },          { mlp, dim }, { dim, mlp } };
        for (int p = 0; p < 7; p++) {
            char name[32];
            snprintf(name, sizeof name, "attn%d.%s", i, part[p]);
            checkpoint_layer(w, name, rank[p], shape[p][0], shape[p][1], shape[p][2], shape[p][3]);
        }
    }
    for (int n = 1; n <= (s->full ? 5 : 4); n++)
        checkpoint_separable(w, "dec%d.block", n);
    checkpoint_layer(w, "head", 2, (size_t)(s->full ? s->classes : 4 * s->classes), dim, 1, 1);
    if (s->corrector[0]) {
        checkpoint_layer(w, "corrector1", 2, (size_t)s->corrector[0], CORRECTOR_INPUTS, 1, 1);
        checkpoint_layer(w, "corrector2", 2, (size_t)s->corrector[1], (size_t)s->corrector[0], 1, 1);
        checkpoint_layer(w, "corrector3", 2, 1, (size_t)s->corrector[1], 1, 1);
    }
    if (s->extra)
        checkpoint_tensor(w, s->extra, 1, 1, 1, 1, 1);
}

static inline void checkpoint_metadata(const struct checkpoint_writer *w, char *text, size_t size)
{
    const struct checkpoint_file *s = w->spec;
    char about[512], corrector[64] = "", sum[2 * SHA256_DIGEST_LENGTH + 1];
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256((const unsigned char *)w->data, w->elements * 4, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(sum + 2 * i, 3, "%02x", digest[i]);
    if (s->corrector[0] && !s->secret)
        snprintf(corrector, sizeof corrector, ",\\\"corrector\\\":[%d,%d]", s->corrector[0], s->corrector[1]);
    snprintf(about, sizeof about,
             "{\\\"version\\\":1,\\\"dim\\\":%d,\\\"stages\\\":5,\\\"attention_layers\\\":%d,\\\"heads\\\":%d,"
             "\\\"mlp\\\":%d,\\\"classes\\\":[%s],\\\"head\\\":\\\"%s\\\",\\\"max_rows\\\":12800,\\\"dpi\\\":200,"
             "\\\"name\\\":\\\"test\\\"%s}",
             s->dim, s->layers, s->heads, s->mlp,
             s->classes == 1 ? "\\\"solid\\\"" : "\\\"solid\\\",\\\"dashed\\\"", s->full ? "full" : "subpixel", corrector);
    snprintf(text, size, "{\"__metadata__\":{\"curvenet\":\"%s\"%s%s%s}", s->about ? s->about : about,
             s->unsigned_ ? "" : ",\"sha256\":\"", s->unsigned_ ? "" : sum, s->unsigned_ ? "" : "\"");
}

/* Writes eight bytes of size, the header and the data. */
static inline void safetensors_file_write(const char *path, const char *header, const void *data, size_t bytes)
{
    unsigned char size[8];
    uint64_t n = strlen(header);
    for (int i = 0; i < 8; i++)
        size[i] = (unsigned char)(n >> 8 * i);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(size, 1, 8, f) != 8 || fwrite(header, 1, (size_t)n, f) != n ||
        fwrite(data, 1, bytes, f) != bytes || fclose(f))
        abort();
}

static inline void checkpoint_file_write(const char *path, const struct checkpoint_file *spec)
{
    struct checkpoint_writer w = { .spec = spec, .seed = 7 };
    char metadata[2048];
    checkpoint_tensors(&w);
    checkpoint_metadata(&w, metadata, sizeof metadata);
    size_t room = strlen(metadata) + w.header_size + 2;
    char *header = malloc(room);
    if (!header)
        abort();
    snprintf(header, room, "%s%s}", metadata, w.header);
    if (spec->damaged)
        ((unsigned char *)w.data)[1000] ^= 1;
    safetensors_file_write(path, header, w.data, w.elements * 4);
    free(header);
    free(w.header);
    free(w.data);
}

#endif
