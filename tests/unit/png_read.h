/* Reads back a PNG that was just written, as RGB. */
#ifndef TESTS_UNIT_PNG_READ_H
#define TESTS_UNIT_PNG_READ_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

struct png_pixels { unsigned width, height; unsigned char *rgb; /* [height, width, 3] */ };

static inline struct png_pixels png_read_back(FILE *file)
{
    png_image image = { .version = PNG_IMAGE_VERSION };
    struct png_pixels p = { 0 };
    rewind(file);
    if (!png_image_begin_read_from_stdio(&image, file))
        fail_msg("%s", image.message);
    image.format = PNG_FORMAT_RGB;
    p.width = image.width;
    p.height = image.height;
    p.rgb = malloc(PNG_IMAGE_SIZE(image));
    if (!png_image_finish_read(&image, NULL, p.rgb, 0, NULL))
        fail_msg("%s", image.message);
    return p;
}

static inline const unsigned char *png_pixel(const struct png_pixels *p, unsigned x, unsigned y)
{
    return p->rgb + 3 * (y * p->width + x);
}

static inline int png_is_gray(const unsigned char *pixel)
{
    return pixel[0] == pixel[1] && pixel[1] == pixel[2];
}

#endif
