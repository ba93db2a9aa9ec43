#include "postproc/picture.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>
#include <zlib.h>

#include "postproc/stream.h"

static const char what[] = "the picture";

struct picture {
    FILE *file;
    png_structp png;
    png_infop info;
    struct err *e;          /* of the call that runs */
    enum err_code code;     /* sticky */
};

/* libpng reports by a message and must not return: back to the setjmp of the call that runs. */
static void __attribute__((noreturn)) on_error(png_structp png, png_const_charp message)
{
    struct picture *p = png_get_error_ptr(png);
    if (p->code == ERR_OK)
        p->code = strstr(message, "memory") ? err_memory(p->e, what)
                                            : err_set(p->e, ERR_INTERNAL, "The picture could not be made: %s.", message);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message;
}

static void on_write(png_structp png, png_bytep data, size_t length)
{
    struct picture *p = png_get_io_ptr(png);
    p->code = stream_write(p->file, (const char *)data, length, what, p->e);
    if (p->code != ERR_OK)
        png_error(png, "write failed");
}

static void on_flush(png_structp png)
{
    (void)png;
}

/* Speed before size: a scan's rows are runs of a few colours, which run-length matching finds at once. */
static void set_compression(png_structp png)
{
    png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_NONE);
    png_set_compression_level(png, 1);
    png_set_compression_strategy(png, Z_RLE);
    png_set_compression_buffer_size(png, 1 << 16);
}

static void write_header(struct picture *p, int columns, int rows, int bits, const struct picture_colour *palette, int colours)
{
    png_color entries[PNG_MAX_PALETTE_LENGTH];
    for (int i = 0; i < colours; i++)
        entries[i] = (png_color){ palette[i].r, palette[i].g, palette[i].b };
    png_set_write_fn(p->png, p, on_write, on_flush);
    png_set_user_limits(p->png, 0x7FFFFFFF, 0x7FFFFFFF);
    set_compression(p->png);
    png_set_IHDR(p->png, p->info, (png_uint_32)columns, (png_uint_32)rows, bits, PNG_COLOR_TYPE_PALETTE, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_PLTE(p->png, p->info, entries, colours);
    png_write_info(p->png, p->info);
    png_set_packing(p->png);
}

enum err_code picture_begin(struct picture **out, FILE *file, int columns, int rows, int bits,
                            const struct picture_colour *palette, int colours, struct err *e)
{
    *out = NULL;
    if (columns < 1 || rows < 1 || colours < 1 || colours > 1 << bits)
        return err_set(e, ERR_INTERNAL, "A picture of %d x %d with %d colours cannot be made.", columns, rows, colours);
    struct picture *p = calloc(1, sizeof *p);
    if (!p)
        return err_memory(e, what);
    p->file = file;
    p->e = e;
    p->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, p, on_error, on_warning);
    p->info = p->png ? png_create_info_struct(p->png) : NULL;
    if (!p->info) {
        picture_free(p);
        return err_memory(e, what);
    }
    if (setjmp(png_jmpbuf(p->png)) == 0) {
        write_header(p, columns, rows, bits, palette, colours);
        *out = p;
        return ERR_OK;
    }
    enum err_code code = p->code;
    picture_free(p);
    return code;
}

enum err_code picture_row(struct picture *picture, const uint8_t *indices, struct err *e)
{
    picture->e = e;
    if (picture->code != ERR_OK)
        return err_set(e, picture->code, "The picture has already failed.");
    if (setjmp(png_jmpbuf(picture->png)) == 0)
        png_write_row(picture->png, indices);
    return picture->code;
}

enum err_code picture_end(struct picture *picture, struct err *e)
{
    picture->e = e;
    if (picture->code != ERR_OK)
        return err_set(e, picture->code, "The picture has already failed.");
    if (setjmp(png_jmpbuf(picture->png)) == 0)
        png_write_end(picture->png, picture->info);
    return picture->code != ERR_OK ? picture->code : stream_flush(picture->file, what, e);
}

void picture_free(struct picture *picture)
{
    if (!picture)
        return;
    png_destroy_write_struct(&picture->png, &picture->info);
    free(picture);
}
