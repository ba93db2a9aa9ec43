#include <stdlib.h>
#include <string.h>

#include "postproc/overlay.h"
#include "postproc/picture.h"

/* The pixel's value is a set of classes, bit k for class k: the palette mixes their colours. */
enum { CLASSES_MAX = 4 };

static const struct picture_colour paper = { 255, 255, 255 };
static const struct picture_colour class_colours[CLASSES_MAX] = { { 213, 94, 0 }, { 0, 114, 178 }, { 0, 158, 115 }, { 204, 121, 167 } };

static void make_palette(struct picture_colour palette[1 << CLASSES_MAX])
{
    palette[0] = paper;
    for (unsigned set = 1; set < 1u << CLASSES_MAX; set++) {
        unsigned r = 0, g = 0, b = 0, n = 0;
        for (unsigned k = 0; k < CLASSES_MAX; k++)
            if (set >> k & 1) {
                r += class_colours[k].r;
                g += class_colours[k].g;
                b += class_colours[k].b;
                n++;
            }
        palette[set] = (struct picture_colour){ (uint8_t)(r / n), (uint8_t)(g / n), (uint8_t)(b / n) };
    }
}

/* Adds what one mask row holds to the picture's row: a pixel shows a class that any of its pixels has. */
static void add_row(const struct mask *mask, int class_index, int y, int reduce, uint8_t *q, uint8_t *indices)
{
    int columns = mask_columns(mask);
    mask_get(mask, class_index, y, q);
    for (int i = mask_next(q, 0, columns); i < columns; i = mask_next(q, i + 1, columns))
        if (q[i] >= MASK_HALF)
            indices[i / reduce] |= (uint8_t)(1u << class_index);
}

enum err_code overlay_write_mask(FILE *file, const struct mask *mask, int reduce, struct err *e)
{
    struct picture_colour palette[1 << CLASSES_MAX];
    struct picture *picture = NULL;
    enum err_code code = ERR_OK;
    int classes = mask_classes(mask), rows = mask_rows(mask), columns = mask_columns(mask);
    if (classes > CLASSES_MAX || reduce < 1)
        return err_set(e, ERR_INTERNAL, "A mask of %d classes has no picture.", classes);
    int out_columns = (columns - 1) / reduce + 1;
    uint8_t *q = malloc((size_t)columns), *indices = malloc((size_t)out_columns);
    if (!q || !indices) {
        code = err_memory(e, "the mask's picture");
        goto out;
    }
    make_palette(palette);
    code = picture_begin(&picture, file, out_columns, (rows - 1) / reduce + 1, 4, palette, 1 << CLASSES_MAX, e);
    for (int y = 0; code == ERR_OK && y < rows;) {
        memset(indices, 0, (size_t)out_columns);
        for (int end = y + reduce; y < rows && y < end; y++)
            for (int k = 0; k < classes; k++)
                add_row(mask, k, y, reduce, q, indices);
        code = picture_row(picture, indices, e);
    }
    if (code == ERR_OK)
        code = picture_end(picture, e);
out:
    picture_free(picture);
    free(q);
    free(indices);
    return code;
}
