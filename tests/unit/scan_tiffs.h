/* TIFFs of every kind for the scan tests, written with libtiff, and what they must read as. */
#ifndef TESTS_SCAN_TIFFS_H
#define TESTS_SCAN_TIFFS_H

#include <math.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <tiffio.h>
#include <unistd.h>

struct tiff_spec {
    const char *name;
    uint32_t width, height;
    uint16_t bits, samples, photometric, compression;
    uint32_t rows_per_strip;     /* 0: the whole image is one strip */
    uint32_t tile_width, tile_height;
    bool separate, lsb_first, big, directory_last, g3_2d;
    uint16_t orientation;        /* 0: no tag */
    int alpha;                   /* EXTRASAMPLE_…, for the last sample; 0: none */
    uint16_t predictor;
    double dpi_x, dpi_y;         /* 0: no tag */
    uint16_t resolution_unit;    /* 0: inch */
    int tolerance;               /* of the ink read back: JPEG */
};

/* Every kind that the server reads. */
static const struct tiff_spec tiff_kinds[] = {
    { "g4-strip", 61, 53, 1, 1, PHOTOMETRIC_MINISWHITE, COMPRESSION_CCITTFAX4, .dpi_x = 200, .dpi_y = 200 },
    { "g4-strips", 61, 53, 1, 1, PHOTOMETRIC_MINISWHITE, COMPRESSION_CCITTFAX4, .rows_per_strip = 8 },
    { "g4-black", 61, 53, 1, 1, PHOTOMETRIC_MINISBLACK, COMPRESSION_CCITTFAX4, .rows_per_strip = 8 },
    { "g4-lsb", 61, 53, 1, 1, PHOTOMETRIC_MINISWHITE, COMPRESSION_CCITTFAX4, .rows_per_strip = 16, .lsb_first = true },
    { "g4-tiles", 161, 53, 1, 1, PHOTOMETRIC_MINISWHITE, COMPRESSION_CCITTFAX4, .tile_width = 32, .tile_height = 16 },
    { "g3", 61, 53, 1, 1, PHOTOMETRIC_MINISWHITE, COMPRESSION_CCITTFAX3, .rows_per_strip = 16 },
    { "g3-2d", 61, 53, 1, 1, PHOTOMETRIC_MINISWHITE, COMPRESSION_CCITTFAX3, .g3_2d = true },
    { "rle", 61, 53, 1, 1, PHOTOMETRIC_MINISWHITE, COMPRESSION_CCITTRLE, .rows_per_strip = 16 },
    { "raw-1", 61, 53, 1, 1, PHOTOMETRIC_MINISBLACK, COMPRESSION_NONE, .rows_per_strip = 16 },
    { "raw-1-lsb", 61, 53, 1, 1, PHOTOMETRIC_MINISWHITE, COMPRESSION_NONE, .lsb_first = true },
    { "packbits-1", 61, 53, 1, 1, PHOTOMETRIC_MINISWHITE, COMPRESSION_PACKBITS, .rows_per_strip = 16 },
    { "lzw-1", 61, 53, 1, 1, PHOTOMETRIC_MINISWHITE, COMPRESSION_LZW, .rows_per_strip = 36 },
    { "raw-2", 61, 53, 2, 1, PHOTOMETRIC_MINISBLACK, COMPRESSION_NONE, .rows_per_strip = 16 },
    { "packbits-4", 61, 53, 4, 1, PHOTOMETRIC_MINISWHITE, COMPRESSION_PACKBITS, .rows_per_strip = 16 },
    { "raw-8", 61, 53, 8, 1, PHOTOMETRIC_MINISBLACK, COMPRESSION_NONE, .rows_per_strip = 0 },
    { "white-8", 61, 53, 8, 1, PHOTOMETRIC_MINISWHITE, COMPRESSION_ADOBE_DEFLATE, .rows_per_strip = 16 },
    { "deflate-16", 61, 53, 16, 1, PHOTOMETRIC_MINISBLACK, COMPRESSION_ADOBE_DEFLATE, .rows_per_strip = 16, .predictor = 2 },
    { "lzw-8-tiles", 161, 53, 8, 1, PHOTOMETRIC_MINISBLACK, COMPRESSION_LZW, .tile_width = 32, .tile_height = 16, .predictor = 2 },
    { "gray-alpha", 61, 53, 8, 2, PHOTOMETRIC_MINISBLACK, COMPRESSION_LZW, .rows_per_strip = 16, .alpha = EXTRASAMPLE_UNASSALPHA },
    { "white-alpha-4", 61, 53, 4, 2, PHOTOMETRIC_MINISWHITE, COMPRESSION_LZW, .rows_per_strip = 16, .alpha = EXTRASAMPLE_UNASSALPHA },
    { "palette-1", 61, 53, 1, 1, PHOTOMETRIC_PALETTE, COMPRESSION_PACKBITS, .rows_per_strip = 16 },
    { "palette-4", 61, 53, 4, 1, PHOTOMETRIC_PALETTE, COMPRESSION_LZW, .rows_per_strip = 16 },
    { "palette-8", 61, 53, 8, 1, PHOTOMETRIC_PALETTE, COMPRESSION_LZW, .rows_per_strip = 16 },
    { "palette-alpha", 61, 53, 8, 2, PHOTOMETRIC_PALETTE, COMPRESSION_LZW, .rows_per_strip = 16, .alpha = EXTRASAMPLE_UNASSALPHA },
    { "rgb", 61, 53, 8, 3, PHOTOMETRIC_RGB, COMPRESSION_LZW, .rows_per_strip = 16, .predictor = 2 },
    { "rgb-separate", 61, 53, 8, 3, PHOTOMETRIC_RGB, COMPRESSION_LZW, .rows_per_strip = 16, .separate = true },
    { "rgb-16", 61, 53, 16, 3, PHOTOMETRIC_RGB, COMPRESSION_ADOBE_DEFLATE, .rows_per_strip = 16 },
    { "rgb-4", 61, 53, 4, 3, PHOTOMETRIC_RGB, COMPRESSION_NONE, .rows_per_strip = 16 },
    { "rgba", 61, 53, 8, 4, PHOTOMETRIC_RGB, COMPRESSION_LZW, .rows_per_strip = 16, .alpha = EXTRASAMPLE_UNASSALPHA },
    { "rgba-premultiplied", 61, 53, 8, 4, PHOTOMETRIC_RGB, COMPRESSION_LZW, .alpha = EXTRASAMPLE_ASSOCALPHA },
    { "rgba-separate-tiles", 161, 53, 8, 4, PHOTOMETRIC_RGB, COMPRESSION_LZW, .tile_width = 32, .tile_height = 16, .separate = true, .alpha = EXTRASAMPLE_UNASSALPHA },
    { "jpeg-gray", 64, 48, 8, 1, PHOTOMETRIC_MINISBLACK, COMPRESSION_JPEG, .rows_per_strip = 16, .tolerance = 24 },
    { "jpeg-ycbcr", 64, 48, 8, 3, PHOTOMETRIC_YCBCR, COMPRESSION_JPEG, .rows_per_strip = 16, .tolerance = 40 },
    { "jpeg-rgb-tiles", 160, 48, 8, 3, PHOTOMETRIC_RGB, COMPRESSION_JPEG, .tile_width = 32, .tile_height = 16, .tolerance = 40 },
    { "big", 61, 53, 8, 1, PHOTOMETRIC_MINISBLACK, COMPRESSION_LZW, .rows_per_strip = 16, .big = true },
    { "directory-last", 61, 53, 8, 1, PHOTOMETRIC_MINISBLACK, COMPRESSION_LZW, .rows_per_strip = 16, .directory_last = true },
};
enum { TIFF_KINDS = sizeof tiff_kinds / sizeof *tiff_kinds };

/* The pattern: sample s of pixel (x, y), 0..2^bits-1, as stored.  JPEGs get slow slopes, which they keep. */
static inline unsigned tiff_sample(const struct tiff_spec *spec, uint32_t x, uint32_t y, unsigned s)
{
    unsigned top = (1u << spec->bits) - 1;
    if (spec->compression == COMPRESSION_JPEG)
        return (x * 3 + y * 2 + (spec->photometric == PHOTOMETRIC_YCBCR ? 0 : s * 20)) & 255;
    uint32_t h = (x / 3 * 2654435761u) ^ (y / 2 * 40503u) ^ (s * 97u);
    h ^= h >> 13;
    h *= 2246822519u;
    h ^= h >> 16;
    if (spec->alpha && s == spec->samples - 1u)
        return h % 4 == 0 ? 0 : h % 4 == 1 ? top : h & top;
    return h & top;
}

static inline void tiff_palette(unsigned i, unsigned *r, unsigned *g, unsigned *b)
{
    *r = i * 37 & 255;
    *g = i * 101 & 255;
    *b = i * 13 & 255;
}

/* Red, green and blue of stored pixel (x, y), 0..255; of a gray one all are the same.  Whether it is of a scan in colour. */
static inline bool tiff_colour(const struct tiff_spec *spec, uint32_t x, uint32_t y, double v[3])
{
    unsigned rgb[3], n = spec->samples - (spec->alpha ? 1u : 0u);
    bool palette = spec->photometric == PHOTOMETRIC_PALETTE;
    if (palette)
        tiff_palette(tiff_sample(spec, x, y, 0), &rgb[0], &rgb[1], &rgb[2]);
    for (unsigned s = 0; s < 3; s++)
        v[s] = palette ? rgb[s] : tiff_sample(spec, x, y, n == 3 ? s : 0) * 255.0 / ((1u << spec->bits) - 1);
    return palette || n == 3;
}

/* The tint that it must read as. */
static inline double tiff_tint(const struct tiff_spec *spec, uint32_t x, uint32_t y)
{
    double v[3];
    tiff_colour(spec, x, y, v);
    return fmin(255, fmax(1, 128 + (v[0] - v[1]) / 3 + (v[2] - v[1]) / 6));
}

/* The ink that it must read as, written down independently of the reader (in floating point). */
static inline double tiff_ink(const struct tiff_spec *spec, uint32_t x, uint32_t y)
{
    double v[3], light;
    if (tiff_colour(spec, x, y, v)) {
        double least = v[0] < v[1] ? v[0] : v[1];
        light = 0.75 * least + 0.25 * (0.299 * v[0] + 0.587 * v[1] + 0.114 * v[2]) - 0.35 * fmax(0, least - v[2]);
    } else {
        light = spec->photometric == PHOTOMETRIC_MINISWHITE ? 255 - v[0] : v[0];
    }
    if (spec->alpha) {
        double alpha = tiff_sample(spec, x, y, spec->samples - 1u) / (double)((1u << spec->bits) - 1);
        light = spec->alpha == EXTRASAMPLE_ASSOCALPHA ? light + 255 * (1 - alpha) : light * alpha + 255 * (1 - alpha);
    }
    return 255 - (light > 255 ? 255 : light);
}

static inline void tiff_put(const struct tiff_spec *spec, uint8_t *row, size_t i, unsigned value)
{
    uint16_t wide = (uint16_t)value;
    if (spec->bits == 16)
        memcpy(row + 2 * i, &wide, 2);
    else
        row[i * spec->bits / 8] |= (uint8_t)(value << (8 - spec->bits - i * spec->bits % 8));
}

/* Fills `rows` rows of columns x0.. (edge pixels repeated outside the image) of plane `plane`, -1: all interleaved. */
static inline void tiff_fill(const struct tiff_spec *spec, uint8_t *out, size_t row_bytes, uint32_t x0, uint32_t y0,
                             uint32_t columns, uint32_t rows, int plane)
{
    memset(out, 0, row_bytes * rows);
    for (uint32_t y = 0; y < rows; y++)
        for (uint32_t x = 0; x < columns; x++) {
            uint32_t px = x0 + x < spec->width ? x0 + x : spec->width - 1, py = y0 + y < spec->height ? y0 + y : spec->height - 1;
            if (plane >= 0)
                tiff_put(spec, out + y * row_bytes, x, tiff_sample(spec, px, py, (unsigned)plane));
            else
                for (unsigned s = 0; s < spec->samples; s++)
                    tiff_put(spec, out + y * row_bytes, (size_t)x * spec->samples + s, tiff_sample(spec, px, py, s));
        }
}

static inline void tiff_set_tags(const struct tiff_spec *spec, TIFF *tif)
{
    TIFFSetField(tif, TIFFTAG_IMAGEWIDTH, spec->width);
    TIFFSetField(tif, TIFFTAG_IMAGELENGTH, spec->height);
    TIFFSetField(tif, TIFFTAG_BITSPERSAMPLE, spec->bits);
    TIFFSetField(tif, TIFFTAG_SAMPLESPERPIXEL, spec->samples);
    TIFFSetField(tif, TIFFTAG_COMPRESSION, spec->compression);
    TIFFSetField(tif, TIFFTAG_PHOTOMETRIC, spec->photometric);
    TIFFSetField(tif, TIFFTAG_PLANARCONFIG, spec->separate ? PLANARCONFIG_SEPARATE : PLANARCONFIG_CONTIG);
    if (spec->lsb_first)
        TIFFSetField(tif, TIFFTAG_FILLORDER, FILLORDER_LSB2MSB);
    if (spec->orientation)
        TIFFSetField(tif, TIFFTAG_ORIENTATION, spec->orientation);
    if (spec->predictor)
        TIFFSetField(tif, TIFFTAG_PREDICTOR, spec->predictor);
    if (spec->g3_2d)
        TIFFSetField(tif, TIFFTAG_GROUP3OPTIONS, (uint32_t)GROUP3OPT_2DENCODING);
    if (spec->alpha) {
        uint16_t type = (uint16_t)spec->alpha;
        TIFFSetField(tif, TIFFTAG_EXTRASAMPLES, 1, &type);
    }
    if (spec->dpi_x > 0)
        TIFFSetField(tif, TIFFTAG_XRESOLUTION, spec->dpi_x);
    if (spec->dpi_y > 0)
        TIFFSetField(tif, TIFFTAG_YRESOLUTION, spec->dpi_y);
    if (spec->dpi_x > 0 || spec->dpi_y > 0)
        TIFFSetField(tif, TIFFTAG_RESOLUTIONUNIT, spec->resolution_unit ? spec->resolution_unit : RESUNIT_INCH);
    if (spec->compression == COMPRESSION_JPEG) {
        TIFFSetField(tif, TIFFTAG_JPEGQUALITY, 95);
        if (spec->photometric == PHOTOMETRIC_YCBCR)
            TIFFSetField(tif, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    }
    if (spec->tile_width) {
        TIFFSetField(tif, TIFFTAG_TILEWIDTH, spec->tile_width);
        TIFFSetField(tif, TIFFTAG_TILELENGTH, spec->tile_height);
    } else {
        TIFFSetField(tif, TIFFTAG_ROWSPERSTRIP, spec->rows_per_strip ? spec->rows_per_strip : spec->height);
    }
}

/* Writes the first directory's pixels. */
static inline bool tiff_write_pixels(const struct tiff_spec *spec, TIFF *tif)
{
    bool ok = true;
    size_t unit_samples = spec->separate ? 1 : spec->samples;
    uint32_t columns = spec->tile_width ? spec->tile_width : spec->width;
    uint32_t rows = spec->tile_width ? spec->tile_height : spec->rows_per_strip ? spec->rows_per_strip : spec->height;
    rows = rows > spec->height && !spec->tile_width ? spec->height : rows;
    size_t row_bytes = (columns * unit_samples * spec->bits + 7) / 8;
    uint8_t *buffer = malloc(row_bytes * rows);
    for (int plane = spec->separate ? 0 : -1; plane < (spec->separate ? spec->samples : 0); plane++)
        for (uint32_t y = 0; y < spec->height; y += rows)
            for (uint32_t x = 0; x < spec->width; x += columns) {
                uint16_t p = (uint16_t)(plane < 0 ? 0 : plane);
                uint32_t n = spec->tile_width || spec->height - y > rows ? rows : spec->height - y;
                tiff_fill(spec, buffer, row_bytes, x, y, columns, n, plane);
                if (spec->tile_width)
                    ok = ok && TIFFWriteEncodedTile(tif, TIFFComputeTile(tif, x, y, 0, p), buffer, (tmsize_t)(row_bytes * n)) >= 0;
                else
                    ok = ok && TIFFWriteEncodedStrip(tif, TIFFComputeStrip(tif, y, p), buffer, (tmsize_t)(row_bytes * n)) >= 0;
            }
    free(buffer);
    return ok;
}

/* Writes the file; its directory comes first unless spec->directory_last, so that a truncated copy often
 * still has it. */
static inline bool tiff_write(const char *path, const struct tiff_spec *spec)
{
    TIFF *tif = TIFFOpen(path, spec->big ? "w8" : "w");
    if (!tif)
        return false;
    tiff_set_tags(spec, tif);
    if (spec->photometric == PHOTOMETRIC_PALETTE) {
        uint16_t map[3][256];
        for (unsigned i = 0; i < 256; i++) {
            unsigned r, g, b;
            tiff_palette(i, &r, &g, &b);
            map[0][i] = (uint16_t)(r * 257);
            map[1][i] = (uint16_t)(g * 257);
            map[2][i] = (uint16_t)(b * 257);
        }
        TIFFSetField(tif, TIFFTAG_COLORMAP, map[0], map[1], map[2]);
    }
    bool ok = true;
    /* JPEG's tables are known only when all is encoded. */
    if (!spec->directory_last && spec->compression != COMPRESSION_JPEG) {
        TIFFDeferStrileArrayWriting(tif);
        ok = TIFFWriteCheck(tif, spec->tile_width != 0, "tiff_write") && TIFFWriteDirectory(tif) && TIFFSetDirectory(tif, 0);
        ok = ok && tiff_write_pixels(spec, tif) && TIFFForceStrileArrayWriting(tif);
    } else {
        ok = tiff_write_pixels(spec, tif);
    }
    TIFFClose(tif);
    return ok;
}

/* The file's bytes, malloced; NULL on failure. */
static inline uint8_t *tiff_bytes(const char *path, size_t *size)
{
    struct stat status;
    int fd = open(path, O_RDONLY);
    if (fd < 0 || fstat(fd, &status) != 0)
        return NULL;
    uint8_t *bytes = malloc((size_t)status.st_size + 1);
    *size = (size_t)status.st_size;
    if (!bytes || read(fd, bytes, *size) != (ssize_t)*size) {
        free(bytes);
        bytes = NULL;
    }
    close(fd);
    return bytes;
}

static inline bool tiff_put_bytes(const char *path, const void *bytes, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    bool ok = fd >= 0 && write(fd, bytes, size) == (ssize_t)size;
    if (fd >= 0)
        close(fd);
    return ok;
}

#endif
