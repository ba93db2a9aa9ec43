#include <math.h>
#include <stdio.h>
#include <string.h>

#include "server/scan_impl.h"

struct name { uint16_t value; const char *text; bool readable; };

/* TIFF 6.0 and its supplements; "readable" is what this server decodes. */
static const struct name compressions[] = {
    { COMPRESSION_NONE, "none", true },
    { COMPRESSION_CCITTRLE, "CCITT RLE", true },
    { COMPRESSION_CCITTFAX3, "CCITT G3", true },
    { COMPRESSION_CCITTFAX4, "CCITT G4", true },
    { COMPRESSION_LZW, "LZW", true },
    { COMPRESSION_OJPEG, "old-style JPEG", false },
    { COMPRESSION_JPEG, "JPEG", true },
    { COMPRESSION_ADOBE_DEFLATE, "Deflate", true },
    { COMPRESSION_DEFLATE, "Deflate", true },
    { COMPRESSION_CCITTRLEW, "CCITT RLE, word-aligned", false },
    { COMPRESSION_PACKBITS, "PackBits", true },
    { COMPRESSION_T85, "JBIG (T.85)", false },
    { COMPRESSION_T43, "JBIG (T.43)", false },
    { COMPRESSION_THUNDERSCAN, "ThunderScan", false },
    { COMPRESSION_NEXT, "NeXT", false },
    { COMPRESSION_JBIG, "JBIG", false },
    { COMPRESSION_SGILOG, "SGI LogLuv", false },
    { COMPRESSION_SGILOG24, "SGI LogLuv 24", false },
    { COMPRESSION_JP2000, "JPEG 2000", false },
    { COMPRESSION_LERC, "LERC", false },
    { COMPRESSION_LZMA, "LZMA", false },
    { COMPRESSION_ZSTD, "Zstandard", false },
    { COMPRESSION_WEBP, "WebP", false },
};

static const struct name photometrics[] = {
    { PHOTOMETRIC_MINISWHITE, "min-is-white", true },
    { PHOTOMETRIC_MINISBLACK, "min-is-black", true },
    { PHOTOMETRIC_RGB, "RGB", true },
    { PHOTOMETRIC_PALETTE, "palette", true },
    { PHOTOMETRIC_MASK, "transparency mask", false },
    { PHOTOMETRIC_SEPARATED, "CMYK", false },
    { PHOTOMETRIC_YCBCR, "YCbCr", true },
    { PHOTOMETRIC_CIELAB, "CIE L*a*b*", false },
    { PHOTOMETRIC_ICCLAB, "ICC L*a*b*", false },
    { PHOTOMETRIC_ITULAB, "ITU L*a*b*", false },
    { PHOTOMETRIC_CFA, "colour filter array", false },
    { PHOTOMETRIC_LOGL, "LogL", false },
    { PHOTOMETRIC_LOGLUV, "LogLuv", false },
};

/* Writes the value's name to text[32], or its number; false if it is not read. */
static bool name_of(const struct name *names, size_t n, uint16_t value, char text[32])
{
    for (size_t i = 0; i < n; i++)
        if (names[i].value == value) {
            snprintf(text, 32, "%s", names[i].text);
            return names[i].readable;
        }
    snprintf(text, 32, "%u", value);
    return false;
}

static bool is_fax(uint16_t compression)
{
    return compression == COMPRESSION_CCITTRLE || compression == COMPRESSION_CCITTRLEW ||
           compression == COMPRESSION_CCITTFAX3 || compression == COMPRESSION_CCITTFAX4;
}

static enum err_code check_compression(struct scan *scan, struct err *e)
{
    const struct scan_kind *kind = &scan->kind;
    struct scan_info *info = &scan->info;
    if (!name_of(compressions, sizeof compressions / sizeof *compressions, kind->compression, info->compression) ||
        !TIFFIsCODECConfigured(kind->compression))
        return err_set(e, ERR_UNSUPPORTED, "This TIFF's compression is not read: found %s.", info->compression);
    if (is_fax(kind->compression) && (kind->bits != 1 || kind->samples != 1))
        return err_set(e, ERR_UNSUPPORTED, "%s holds one bit per pixel: found %u samples of %u bits.",
                       info->compression, kind->samples, kind->bits);
    if (kind->compression == COMPRESSION_JPEG && kind->bits != 8)
        return err_set(e, ERR_UNSUPPORTED, "JPEG in TIFF is read with 8 bits per sample: found %u.", kind->bits);
    return ERR_OK;
}

static enum err_code check_format(struct scan *scan, struct err *e)
{
    const struct scan_kind *kind = &scan->kind;
    uint16_t format = SAMPLEFORMAT_UINT;
    TIFFGetFieldDefaulted(scan->planes[0].file.tif, TIFFTAG_SAMPLEFORMAT, &format);
    if (format != SAMPLEFORMAT_UINT && format != SAMPLEFORMAT_VOID)
        return err_set(e, ERR_UNSUPPORTED, "Only unsigned samples are read: found %s ones of %u bits.",
                       format == SAMPLEFORMAT_IEEEFP ? "floating-point" : format == SAMPLEFORMAT_INT ? "signed" : "complex",
                       kind->bits);
    if (kind->bits != 1 && kind->bits != 2 && kind->bits != 4 && kind->bits != 8 && kind->bits != 16)
        return err_set(e, ERR_UNSUPPORTED, "Samples of 1, 2, 4, 8 and 16 bits are read: found %u bits.", kind->bits);
    return ERR_OK;
}

/* Finds the alpha sample among the extra ones.  An extra sample of no stated meaning is left out. */
static void find_alpha(struct scan *scan, int colours)
{
    struct scan_kind *kind = &scan->kind;
    uint16_t n = 0, *types = NULL;
    kind->alpha = -1;
    TIFFGetFieldDefaulted(scan->planes[0].file.tif, TIFFTAG_EXTRASAMPLES, &n, &types);
    for (int i = 0; types && i < n && colours + i < kind->samples && kind->alpha < 0; i++)
        if (types[i] == EXTRASAMPLE_ASSOCALPHA || types[i] == EXTRASAMPLE_UNASSALPHA) {
            kind->alpha = colours + i;
            kind->alpha_multiplied = types[i] == EXTRASAMPLE_ASSOCALPHA;
        }
}

static enum err_code check_colours(struct scan *scan, struct err *e)
{
    struct scan_kind *kind = &scan->kind;
    struct scan_info *info = &scan->info;
    if (!name_of(photometrics, sizeof photometrics / sizeof *photometrics, kind->photometric, info->photometric))
        return err_set(e, ERR_UNSUPPORTED, "This TIFF's colours are not read: found %s.", info->photometric);
    if (kind->photometric == PHOTOMETRIC_YCBCR && kind->compression != COMPRESSION_JPEG)
        return err_set(e, ERR_UNSUPPORTED, "YCbCr is read in JPEG only: found it in compression %s.", info->compression);
    kind->colour = kind->photometric == PHOTOMETRIC_RGB || kind->photometric == PHOTOMETRIC_YCBCR;
    int colours = kind->colour ? 3 : 1;
    if (kind->samples < colours || kind->samples > SCAN_MAX_PLANES)
        return err_set(e, ERR_UNSUPPORTED, "%s has %d samples per pixel, alpha apart: found %u.", info->photometric,
                       colours, kind->samples);
    if (kind->photometric == PHOTOMETRIC_PALETTE && kind->bits > 8)
        return err_set(e, ERR_UNSUPPORTED, "Palettes of up to 8 bits are read: found %u bits.", kind->bits);
    find_alpha(scan, colours);
    return ERR_OK;
}

static enum err_code read_layout(struct scan *scan, struct err *e)
{
    struct scan_kind *kind = &scan->kind;
    TIFF *tif = scan->planes[0].file.tif;
    kind->tiled = TIFFIsTiled(tif) != 0;
    if (kind->tiled) {
        if (!TIFFGetField(tif, TIFFTAG_TILEWIDTH, &kind->tile_width) ||
            !TIFFGetField(tif, TIFFTAG_TILELENGTH, &kind->tile_height) || !kind->tile_width || !kind->tile_height)
            return err_set(e, ERR_INVALID, "The TIFF is tiled but does not say how large its tiles are.");
        return ERR_OK;
    }
    TIFFGetFieldDefaulted(tif, TIFFTAG_ROWSPERSTRIP, &kind->rows_per_strip);
    if (!kind->rows_per_strip)
        return err_set(e, ERR_INVALID, "The TIFF says that its strips have no rows.");
    if (kind->rows_per_strip > kind->height)
        kind->rows_per_strip = kind->height;
    return ERR_OK;
}

/* Dots per inch, 0 if it cannot be one. */
static double plausible_dpi(double resolution, uint16_t unit)
{
    if (unit == RESUNIT_CENTIMETER)
        resolution *= 2.54;
    else if (unit != RESUNIT_INCH)
        return 0;
    return isfinite(resolution) && resolution >= 10 && resolution <= 10000 ? resolution : 0;
}

static void read_resolution(struct scan *scan)
{
    TIFF *tif = scan->planes[0].file.tif;
    float x = 0, y = 0;
    uint16_t unit = RESUNIT_INCH;
    TIFFGetFieldDefaulted(tif, TIFFTAG_RESOLUTIONUNIT, &unit);
    if (!TIFFGetField(tif, TIFFTAG_XRESOLUTION, &x))
        x = 0;
    if (!TIFFGetField(tif, TIFFTAG_YRESOLUTION, &y))
        y = 0;
    scan->info.dpi_x = plausible_dpi(x, unit);
    scan->info.dpi_y = plausible_dpi(y, unit);
}

/* The size as it is shown: orientations 5 to 8 exchange rows and columns. */
static void set_shown(struct scan *scan)
{
    const struct scan_kind *kind = &scan->kind;
    struct scan_info *info = &scan->info;
    bool transposed = kind->orientation >= ORIENTATION_LEFTTOP;
    info->width = (int)(transposed ? kind->height : kind->width);
    info->height = (int)(transposed ? kind->width : kind->height);
    if (transposed) {
        double x = info->dpi_x;
        info->dpi_x = info->dpi_y;
        info->dpi_y = x;
    }
    info->bits = kind->bits;
    info->samples = kind->samples;
}

enum err_code scan_kind_read(struct scan *scan, struct err *e)
{
    struct scan_kind *kind = &scan->kind;
    TIFF *tif = scan->planes[0].file.tif;
    uint16_t planar = PLANARCONFIG_CONTIG;
    TIFFGetField(tif, TIFFTAG_IMAGEWIDTH, &kind->width);
    TIFFGetField(tif, TIFFTAG_IMAGELENGTH, &kind->height);
    TIFFGetFieldDefaulted(tif, TIFFTAG_BITSPERSAMPLE, &kind->bits);
    TIFFGetFieldDefaulted(tif, TIFFTAG_SAMPLESPERPIXEL, &kind->samples);
    TIFFGetFieldDefaulted(tif, TIFFTAG_COMPRESSION, &kind->compression);
    TIFFGetFieldDefaulted(tif, TIFFTAG_ORIENTATION, &kind->orientation);
    TIFFGetFieldDefaulted(tif, TIFFTAG_PLANARCONFIG, &planar);
    if (!TIFFGetField(tif, TIFFTAG_PHOTOMETRIC, &kind->photometric))
        kind->photometric = is_fax(kind->compression) ? PHOTOMETRIC_MINISWHITE
                            : kind->samples >= 3      ? PHOTOMETRIC_RGB
                                                      : PHOTOMETRIC_MINISBLACK;
    if (kind->orientation < ORIENTATION_TOPLEFT || kind->orientation > ORIENTATION_LEFTBOT)
        kind->orientation = ORIENTATION_TOPLEFT;
    kind->separate = planar == PLANARCONFIG_SEPARATE && kind->samples > 1;
    enum err_code rc;
    if ((rc = check_compression(scan, e)) != ERR_OK || (rc = check_format(scan, e)) != ERR_OK ||
        (rc = check_colours(scan, e)) != ERR_OK || (rc = read_layout(scan, e)) != ERR_OK)
        return rc;
    read_resolution(scan);
    set_shown(scan);
    return ERR_OK;
}
