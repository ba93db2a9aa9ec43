#include "postproc/overlay.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "postproc/picture.h"

/* The palette: grays, then each curve colour in four shades: sure or not, over paper or over ink. */
enum { GRAYS = 16, COLOURS = 6, SHADES = 4, PALETTE = GRAYS + COLOURS * SHADES, TABLE_REDUCE = 16 };

/* A curve is drawn this far to both sides, and one row up and down, so that a thin run stays visible. */
static const double half_width = 1.3;
static const float sure = 0.5f;

/* Okabe and Ito's colours, which stay apart for colour-blind readers; without yellow, unseen on paper. */
static const struct picture_colour curve_colours[COLOURS] = {
    { 213, 94, 0 }, { 0, 114, 178 }, { 0, 158, 115 }, { 204, 121, 167 }, { 230, 159, 0 }, { 86, 180, 233 },
};

struct overlay {
    struct picture *picture;
    struct overlay_track *tracks;   /* [n_tracks] */
    size_t n_tracks;
    int columns, rows, reduce, out_columns;
    int y;                          /* rows pushed */
    uint32_t *sums;                 /* [out_columns]: ink of the rows pushed since the last one written */
    uint8_t *indices;               /* [out_columns] */
    uint8_t *gray;                  /* [255 * reduce * reduce + 1]: of a whole cell's sum; NULL over TABLE_REDUCE */
};

static struct picture_colour blend(struct picture_colour c, uint8_t other, double share)
{
    return (struct picture_colour){ (uint8_t)lround(c.r + share * (other - c.r)), (uint8_t)lround(c.g + share * (other - c.g)),
                                    (uint8_t)lround(c.b + share * (other - c.b)) };
}

static void make_palette(struct picture_colour palette[PALETTE])
{
    for (int i = 0; i < GRAYS; i++) {
        uint8_t gray = (uint8_t)(255 - 185 * i / (GRAYS - 1));   /* the scan steps back behind the curves */
        palette[i] = (struct picture_colour){ gray, gray, gray };
    }
    for (int c = 0; c < COLOURS; c++) {
        struct picture_colour *shade = &palette[GRAYS + c * SHADES];
        shade[0] = blend(curve_colours[c], 255, 0.55);
        shade[1] = blend(curve_colours[c], 0, 0.1);
        shade[2] = curve_colours[c];
        shade[3] = blend(curve_colours[c], 0, 0.45);
    }
}

static uint8_t gray_step(uint32_t sum, uint32_t area)
{
    return (uint8_t)((sum * (GRAYS - 1) + area * 127) / (area * 255));
}

enum err_code overlay_begin(struct overlay **out, FILE *file, int columns, int rows, int reduce,
                            const struct overlay_track *tracks, size_t n_tracks, struct err *e)
{
    struct picture_colour palette[PALETTE];
    enum err_code code;
    *out = NULL;
    if (columns < 1 || rows < 1 || reduce < 1)
        return err_set(e, ERR_INTERNAL, "An overlay of %d x %d by %d cannot be made.", columns, rows, reduce);
    struct overlay *o = calloc(1, sizeof *o);
    if (!o)
        return err_memory(e, "the overlay");
    o->columns = columns;
    o->rows = rows;
    o->reduce = reduce;
    o->out_columns = (columns - 1) / reduce + 1;
    o->n_tracks = n_tracks;
    o->tracks = calloc(n_tracks ? n_tracks : 1, sizeof *o->tracks);
    o->sums = calloc((size_t)o->out_columns, sizeof *o->sums);
    o->indices = malloc((size_t)o->out_columns);
    uint32_t area = reduce <= TABLE_REDUCE ? (uint32_t)(reduce * reduce) : 0;
    o->gray = area ? malloc(255 * area + 1) : NULL;
    if (!o->tracks || !o->sums || !o->indices || (area && !o->gray)) {
        code = err_memory(e, "the overlay");
        goto failed;
    }
    for (uint32_t sum = 0; area && sum <= 255 * area; sum++)
        o->gray[sum] = gray_step(sum, area);
    if (n_tracks)
        memcpy(o->tracks, tracks, n_tracks * sizeof *tracks);
    make_palette(palette);
    code = picture_begin(&o->picture, file, o->out_columns, (rows - 1) / reduce + 1, 8, palette, PALETTE, e);
    if (code != ERR_OK)
        goto failed;
    *out = o;
    return ERR_OK;
failed:
    overlay_free(o);
    return code;
}

/* The paper's gray steps under the curves, from the ink summed over reduce x reduce pixels. */
static void paint_scan(struct overlay *o, int rows)
{
    int whole = o->gray && rows == o->reduce ? o->columns / o->reduce : 0;
    const uint8_t *gray = o->gray;
    const uint32_t *sums = o->sums;
    uint8_t *indices = o->indices;
    for (int i = 0; i < whole; i++)
        indices[i] = gray[sums[i]];
    for (int i = whole; i < o->out_columns; i++) {
        int left = o->columns - i * o->reduce, columns = left < o->reduce ? left : o->reduce;
        o->indices[i] = gray_step(o->sums[i], (uint32_t)(columns * rows));
    }
    memset(o->sums, 0, (size_t)o->out_columns * sizeof *o->sums);
}

/* Whether the curve runs on from one row to another, so that the two are joined. */
static int joined(const struct trace *t, int row, int other)
{
    return other >= 0 && other < t->rows && !isnan(t->x[other]) && t->wrap[other] == t->wrap[row];
}

/* What the curve covers of a row: from half-way to the row above to half-way to the row below. */
static void row_span(const struct trace *t, int row, double *low, double *high)
{
    double x = t->x[row];
    *low = *high = x;
    for (int other = row - 1; other <= row + 1; other += 2)
        if (joined(t, row, other)) {
            double middle = (x + (double)t->x[other]) / 2;
            *low = fmin(*low, middle);
            *high = fmax(*high, middle);
        }
}

static void paint_span(struct overlay *o, double low, double high, int colour, int is_sure)
{
    int first = (int)fmax(ceil((low + 0.5) / o->reduce - 0.5 - half_width), 0);
    int last = (int)fmin(floor((high + 0.5) / o->reduce - 0.5 + half_width), o->out_columns - 1);
    uint8_t shade = (uint8_t)(GRAYS + colour * SHADES + 2 * is_sure);
    for (int i = first; i <= last; i++) {
        uint8_t below = o->indices[i];
        /* Over another curve the shade keeps whether there was ink. */
        uint8_t ink = below < GRAYS ? below >= GRAYS / 2 : (below - GRAYS) & 1;
        o->indices[i] = (uint8_t)(shade + ink);
    }
}

static void paint_trace(struct overlay *o, const struct trace *t, int x, int row, int colour)
{
    double low, high;
    if (row < 0 || row >= t->rows || isnan(t->x[row]))
        return;
    row_span(t, row, &low, &high);
    paint_span(o, low + x, high + x, colour, t->confidence[row] >= sure);
}

/* Writes the picture row that ends before mask row o->y. */
static enum err_code write_row(struct overlay *o, struct err *e)
{
    int rows = (o->y - 1) % o->reduce + 1, first = o->y - rows, colour = 0;
    paint_scan(o, rows);
    for (size_t t = 0; t < o->n_tracks; t++)
        for (size_t k = 0; k < o->tracks[t].n; k++, colour++)
            for (int row = first - 1; row <= o->y; row++)
                paint_trace(o, &o->tracks[t].traces[k], o->tracks[t].x, row, colour % COLOURS);
    return picture_row(o->picture, o->indices, e);
}

enum err_code overlay_push(struct overlay *o, const uint8_t *ink, struct err *e)
{
    if (o->y == o->rows)
        return err_set(e, ERR_INTERNAL, "The overlay has all of its %d rows.", o->rows);
    uint32_t *sums = o->sums;
    if (o->reduce == 1)
        for (int i = 0; i < o->columns; i++)
            sums[i] = ink[i];
    else
        for (int i = 0, at = 0; i < o->columns; at++)
            for (int end = i + o->reduce; i < o->columns && i < end; i++)
                sums[at] += ink[i];
    o->y++;
    if (o->y % o->reduce != 0 && o->y != o->rows)
        return ERR_OK;
    return write_row(o, e);
}

enum err_code overlay_end(struct overlay *o, struct err *e)
{
    enum err_code code = o->y == o->rows ? picture_end(o->picture, e)
                                         : err_set(e, ERR_INTERNAL, "The overlay has %d of its %d rows.", o->y, o->rows);
    overlay_free(o);
    return code;
}

void overlay_free(struct overlay *overlay)
{
    if (!overlay)
        return;
    picture_free(overlay->picture);
    free(overlay->tracks);
    free(overlay->sums);
    free(overlay->indices);
    free(overlay->gray);
    free(overlay);
}
