#include "server/normalise_levels.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/size.h"

enum {
    BANDS = 12, BAND_ROWS = 24, BLOCK = 64,   /* scan pixels */
    PLAIN_COLUMNS = 8192,                     /* wider scans are probed with fewer rows */
    LEAST_CONTRAST = 32,                      /* of 255: less is paper without lines */
    LEAST_OUTLINE = 64                        /* pixels: less ink does not say how thick lines are */
};

struct probe {
    uint8_t *ink;    /* [bands * rows, columns] */
    uint8_t *paper;  /* [bands, blocks] */
    int columns, bands, rows, blocks;
};

static int percentile(const unsigned histogram[256], uint64_t total, double share)
{
    uint64_t need = (uint64_t)((double)total * share), seen = 0;
    for (int v = 0; v < 256; v++)
        if ((seen += histogram[v]) > need)
            return v;
    return 255;
}

int levels_paper(const unsigned histogram[256], unsigned total)
{
    return percentile(histogram, total, 0.4);
}

/* Bands at even distances, the first and the last half a distance from the region's ends. */
static enum err_code read_bands(struct probe *probe, struct scan *scan, int x0, int y0, int x1, int y1, struct err *e)
{
    int height = y1 - y0;
    probe->columns = x1 - x0;
    probe->rows = probe->columns > PLAIN_COLUMNS ? BAND_ROWS * PLAIN_COLUMNS / probe->columns : BAND_ROWS;
    if (probe->rows < 1)
        probe->rows = 1;
    if (probe->rows > height)
        probe->rows = height;
    probe->bands = height / probe->rows < BANDS ? height / probe->rows : BANDS;
    probe->blocks = (probe->columns + BLOCK - 1) / BLOCK;
    probe->paper = malloc((size_t)probe->bands * (size_t)probe->blocks);
    size_t size;
    if (!probe->paper || !size_mul((size_t)probe->bands * (size_t)probe->rows, (size_t)probe->columns, &size) || !(probe->ink = malloc(size)))
        return err_memory(e, "probing the scan");
    uint8_t *row = probe->ink;
    for (int b = 0; b < probe->bands; b++) {
        int top = y0 + (int)((2 * b + 1) * (int64_t)(height - probe->rows) / (2 * probe->bands));
        for (int y = top; y < top + probe->rows; y++, row += probe->columns) {
            enum err_code rc = scan_read(scan, y, x0, x1, row, e);
            if (rc != ERR_OK)
                return rc;
        }
    }
    return ERR_OK;
}

static size_t probe_size(const struct probe *probe)
{
    return (size_t)probe->bands * (size_t)probe->rows * (size_t)probe->columns;
}

/* More than 60 % of the pixels are nearer the darkest than the lightest: lines never cover that much. */
static bool is_negative(const struct probe *probe)
{
    unsigned histogram[256] = { 0 };
    size_t n = probe_size(probe), dark = 0;
    for (size_t i = 0; i < n; i++)
        histogram[probe->ink[i]]++;
    int low = percentile(histogram, n, 0.003), high = percentile(histogram, n, 0.997);
    if (high - low < LEAST_CONTRAST)
        return false;
    for (int v = (low + high) / 2 + 1; v < 256; v++)
        dark += histogram[v];
    return (double)dark > 0.6 * (double)n;
}

/* One block's paper; its pixels' reach from there is counted in `reach`. */
static int measure_block(const uint8_t *ink, int stride, int width, int rows, unsigned reach[256])
{
    unsigned histogram[256] = { 0 };
    for (int y = 0; y < rows; y++)
        for (int x = 0; x < width; x++)
            histogram[ink[(size_t)y * (size_t)stride + (size_t)x]]++;
    int paper = levels_paper(histogram, (unsigned)(width * rows));
    for (int v = 0; v < 256; v++)
        reach[v > paper ? (v - paper) * 255 / (255 - paper) : 0] += histogram[v];
    return paper;
}

/* Ink that goes at least half as far from its block's paper as the darkest lines. */
static bool is_ink(const struct probe *probe, int band, int x, const uint8_t *row, double reach)
{
    int paper = probe->paper[band * probe->blocks + x / BLOCK];
    return row[x] - paper > 0.5 * reach * (255 - paper);
}

/* A line's area is its length times its thickness, its outline twice its length. */
static double measure_stroke(const struct probe *probe, double reach)
{
    double area = 0, outline = 0;
    for (int r = 0; r < probe->bands * probe->rows; r++) {
        int band = r / probe->rows;
        const uint8_t *row = probe->ink + (size_t)r * (size_t)probe->columns;
        bool last = r % probe->rows == probe->rows - 1, ink = is_ink(probe, band, 0, row, reach);
        for (int x = 0; !last && x + 1 < probe->columns; x++) {
            bool right = is_ink(probe, band, x + 1, row, reach), below = is_ink(probe, band, x, row + probe->columns, reach);
            area += ink;
            outline += right != ink && below != ink ? 1.4142 : right != ink || below != ink;
            ink = right;
        }
    }
    return outline < LEAST_OUTLINE ? 0 : 2 * area / outline;
}

enum err_code levels_probe(struct levels *out, struct scan *scan, int x0, int y0, int x1, int y1, struct err *e)
{
    struct probe probe = { 0 };
    unsigned papers[256] = { 0 }, reach[256] = { 0 };
    uint64_t blocks = 0;
    enum err_code rc = read_bands(&probe, scan, x0, y0, x1, y1, e);
    if (rc != ERR_OK)
        goto out;
    out->negative = is_negative(&probe);
    if (out->negative)
        for (size_t i = 0, n = probe_size(&probe); i < n; i++)
            probe.ink[i] = (uint8_t)(255 - probe.ink[i]);
    for (int b = 0; b < probe.bands; b++)
        for (int x = 0; x < probe.columns; x += BLOCK, blocks++) {
            int width = probe.columns - x < BLOCK ? probe.columns - x : BLOCK;
            const uint8_t *at = probe.ink + (size_t)b * (size_t)probe.rows * (size_t)probe.columns + (size_t)x;
            probe.paper[blocks] = (uint8_t)measure_block(at, probe.columns, width, probe.rows, reach);
            papers[probe.paper[blocks]]++;
        }
    out->paper = percentile(papers, blocks, 0.5);
    /* A curve alone may be no more than 0.3 % of a wide track. */
    int darkest = percentile(reach, probe_size(&probe), 0.997);
    out->reach = darkest < LEAST_CONTRAST ? 1 : darkest / 255.0;
    out->stroke = measure_stroke(&probe, out->reach);
out:
    free(probe.paper);
    free(probe.ink);
    return rc;
}
