#include <string.h>

#include "server/scan_impl.h"

/* The lightness of a colour, 0..255: three parts min(R, G), one part luma (ITU-R BT.601), less what a
 * third of its yellow comes to.
 *
 * A curve may be red, green, blue, magenta or black and must stay dark: each of these lacks red or green, so
 * min(R, G) is low for all of them, where luma alone leaves a green line at 150 of 255.  Yellow and orange
 * fills, and paper gone yellow, lack blue only and stay light.  The share of luma keeps black darker than a
 * saturated colour.  A third of what blue lacks lets a yellow line be seen; at 0.6 a yellow fill hides curves. */
static int lightness(int r, int g, int b)
{
    int luma = (77 * r + 150 * g + 29 * b + 128) >> 8;
    int least = r < g ? r : g;
    int yellow = least > b ? (35 * (least - b) + 50) / 100 : 0, light = ((3 * least + luma + 2) >> 2) - yellow;
    return light > 0 ? light : 0;
}

/* Which colour it is, whatever its strength: 128 gray and black, more towards red, most for magenta, less towards green.
 * Red against green counts twice what blue against green does, so that each of the pens' colours has a tint of its own:
 * green 1, cyan 43, black 128, blue 170, red 213, magenta 255. */
static uint8_t tint_of(int r, int g, int b)
{
    int tint = 128 + (2 * (r - g) + b - g) / 6;
    return (uint8_t)(tint < 1 ? 1 : tint > 255 ? 255 : tint);
}

/* Lightness over white paper. */
static int over_white(int light, int alpha, bool multiplied)
{
    int shown = multiplied ? light + 255 - alpha : (light * alpha + 255 * (255 - alpha) + 127) / 255;
    return shown > 255 ? 255 : shown;
}

static enum err_code palette_levels(struct scan *scan, struct err *e)
{
    uint16_t *r = NULL, *g = NULL, *b = NULL;
    if (!TIFFGetField(scan->planes[0].file.tif, TIFFTAG_COLORMAP, &r, &g, &b) || !r || !g || !b)
        return err_set(e, ERR_MALFORMED, "The TIFF has palette colours but no palette.");
    int n = 1 << scan->kind.bits, shift = 0;
    /* Some writers fill the palette with 8-bit values. */
    for (int i = 0; i < n; i++)
        if (r[i] > 255 || g[i] > 255 || b[i] > 255)
            shift = 8;
    for (int i = 0; i < n; i++) {
        int red = r[i] >> shift & 255, green = g[i] >> shift & 255, blue = b[i] >> shift & 255;
        scan->level[i] = (uint8_t)(255 - lightness(red, green, blue));
        scan->tint[i] = tint_of(red, green, blue);
    }
    return ERR_OK;
}

static void gray_levels(struct scan *scan)
{
    int bits = scan->kind.bits < 8 ? scan->kind.bits : 8, top = (1 << bits) - 1;
    for (int i = 0; i <= top; i++) {
        int v = i * 255 / top;
        scan->level[i] = (uint8_t)(scan->kind.photometric == PHOTOMETRIC_MINISWHITE ? v : 255 - v);
    }
}

enum err_code scan_ink_open(struct scan *scan, struct err *e)
{
    if (scan->kind.photometric == PHOTOMETRIC_PALETTE) {
        enum err_code rc = palette_levels(scan, e);
        if (rc != ERR_OK)
            return rc;
    } else {
        gray_levels(scan);
    }
    for (int byte = 0; byte < 256; byte++)
        for (int i = 0; i < 8; i++)
            scan->unpacked[byte][i] = scan->level[byte >> (7 - i) & 1];
    return ERR_OK;
}

static void ink_of_bits(const struct scan *scan, uint32_t x0, uint32_t x1, uint8_t *ink)
{
    const uint8_t *raw = scan->planes[0].raw;
    uint32_t x = x0;
    for (; x < x1 && x % 8; x++)
        *ink++ = scan->unpacked[raw[x / 8]][x % 8];
    for (; x1 - x >= 8; x += 8, ink += 8)
        memcpy(ink, scan->unpacked[raw[x / 8]], 8);
    for (; x < x1; x++)
        *ink++ = scan->unpacked[raw[x / 8]][x % 8];
}

/* Sample i of a packed row as `bits` wide value; of 16 bits (in the host's byte order) the upper eight. */
static unsigned sample_at(const uint8_t *raw, unsigned bits, size_t i)
{
    uint16_t wide;
    switch (bits) {
    case 8:
        return raw[i];
    case 16:
        memcpy(&wide, raw + 2 * i, 2);
        return wide >> 8;
    default:
        return raw[i * bits / 8] >> (8 - bits - i * bits % 8) & ((1u << bits) - 1);
    }
}

/* Columns x0..x1-1 of a row as 8-bit samples, interleaved: [x1 - x0, samples]. */
static void unpack_samples(struct scan *scan, uint32_t x0, uint32_t x1)
{
    const struct scan_kind *kind = &scan->kind;
    unsigned n = kind->samples, scale = kind->bits < 8 ? 255u / ((1u << kind->bits) - 1) : 1;
    if (kind->photometric == PHOTOMETRIC_PALETTE)
        scale = 1;
    size_t count = (size_t)(x1 - x0) * n, first = (size_t)x0 * n;
    if (!kind->separate) {
        for (size_t i = 0; i < count; i++)
            scan->samples[i] = (uint8_t)(sample_at(scan->planes[0].raw, kind->bits, first + i) * scale);
        return;
    }
    for (unsigned p = 0; p < n; p++)
        for (uint32_t x = x0; x < x1; x++)
            scan->samples[(size_t)(x - x0) * n + p] = (uint8_t)(sample_at(scan->planes[p].raw, kind->bits, x) * scale);
}

/* A gray or palette sample that has others beside it: the value is already scaled to 0..255, except a palette's. */
static int one_sample_light(const struct scan *scan, uint8_t value)
{
    switch (scan->kind.photometric) {
    case PHOTOMETRIC_PALETTE:
        return 255 - scan->level[value];
    case PHOTOMETRIC_MINISWHITE:
        return 255 - value;
    default:
        return value;
    }
}

/* Columns from x0 on of a row with several 8-bit samples a pixel. */
static const uint8_t *samples_from(struct scan *scan, uint32_t x0, uint32_t x1)
{
    const struct scan_kind *kind = &scan->kind;
    if (!kind->separate && kind->bits == 8)
        return scan->planes[0].raw + (size_t)x0 * kind->samples;
    unpack_samples(scan, x0, x1);
    return scan->samples;
}

static void ink_of_samples(struct scan *scan, uint32_t x0, uint32_t x1, uint8_t *ink)
{
    const struct scan_kind *kind = &scan->kind;
    unsigned n = kind->samples;
    unsigned alpha_scale = kind->photometric == PHOTOMETRIC_PALETTE && kind->bits < 8 ? 255u / ((1u << kind->bits) - 1) : 1;
    const uint8_t *s = samples_from(scan, x0, x1);
    for (uint32_t x = x0; x < x1; x++, s += n) {
        int light = kind->colour ? lightness(s[0], s[1], s[2]) : one_sample_light(scan, s[0]);
        if (kind->alpha >= 0)
            light = over_white(light, (int)(s[kind->alpha] * alpha_scale), kind->alpha_multiplied);
        *ink++ = (uint8_t)(255 - light);
    }
}

void scan_ink_row(struct scan *scan, uint32_t x0, uint32_t x1, uint8_t *ink)
{
    const struct scan_kind *kind = &scan->kind;
    if (kind->samples > 1)
        ink_of_samples(scan, x0, x1, ink);
    else if (kind->bits == 1)
        ink_of_bits(scan, x0, x1, ink);
    else
        for (uint32_t x = x0; x < x1; x++)
            *ink++ = scan->level[sample_at(scan->planes[0].raw, kind->bits, x)];
}

void scan_tint_row(struct scan *scan, uint32_t x0, uint32_t x1, uint8_t *tint)
{
    unsigned n = scan->kind.samples;
    if (n == 1) {
        for (uint32_t x = x0; x < x1; x++)
            *tint++ = scan->tint[sample_at(scan->planes[0].raw, scan->kind.bits, x)];
        return;
    }
    const uint8_t *s = samples_from(scan, x0, x1);
    for (uint32_t x = x0; x < x1; x++, s += n)
        *tint++ = scan->kind.colour ? tint_of(s[0], s[1], s[2]) : scan->tint[s[0]];
}
