#include "tests/unit/trace_page.h"

#include "postproc/trace_correct.h"

enum { ROWS = 1400, CALM_ROWS = 600 };   /* more than one block; the first ones straight */

#define PLANE (CORRECT_ROWS * CORRECT_BINS)

/* What a corrector is asked, and what it answers. */
struct asked {
    size_t n;
    float off;              /* its answer */
    float of[CORRECT_INPUTS];   /* of the position that is asked for as number `at` */
    size_t at;
    int last_row;           /* of the scan that was read */
    bool ascending;
};

static enum err_code answer(void *ctx, const float *inputs, size_t n, float *off, struct err *e)
{
    struct asked *asked = ctx;

    (void)e;
    for (size_t i = 0; i < n; i++) {
        if (asked->n++ == asked->at)
            memcpy(asked->of, inputs + i * CORRECT_INPUTS, sizeof asked->of);
        off[i] = asked->off;
    }
    return ERR_OK;
}

static enum err_code give_up(void *ctx, const float *inputs, size_t n, float *off, struct err *e)
{
    (void)ctx;
    (void)inputs;
    (void)n;
    (void)off;
    return err_set(e, ERR_INTERNAL, "no answer");
}

/* Answers by the inputs, so that mixed up rows would show. */
static enum err_code answer_by_ink(void *ctx, const float *inputs, size_t n, float *off, struct err *e)
{
    (void)ctx;
    (void)e;
    for (size_t i = 0; i < n; i++) {
        off[i] = 0;
        for (int k = 0; k < CORRECT_INPUTS; k++)
            off[i] += inputs[i * CORRECT_INPUTS + (size_t)k] * (float)(k % 7 - 3) / 50;
    }
    return ERR_OK;
}

/* A scan whose row y has ink of y % 200 at columns 148 to 152. */
static enum err_code shade(void *ctx, int y, uint8_t *ink, struct err *e)
{
    struct asked *asked = ctx;

    (void)e;
    asked->ascending &= y > asked->last_row;
    asked->last_row = y;
    memset(ink, 0, COLUMNS);
    memset(ink + 148, y % 200, 5);
    return ERR_OK;
}

/* A track with one curve in class 1, straight and then swinging round column 150, and its trace. */
struct fixture {
    struct page page;
    struct mask *mask;
    enum curve_style style[2];
    struct trace out[2];
    struct trace_track track;
    double x[ROWS];
};

static void swing(struct fixture *f, struct asked *asked)
{
    struct err e = {0};
    size_t plane = (size_t)ROWS * COLUMNS;

    *f = (struct fixture){.page = page_of(2, ROWS), .style = {STYLE_DASHED, STYLE_SOLID}};
    for (int y = 0; y < ROWS; y++)
        f->x[y] = y < CALM_ROWS ? 150 : 150 + 40 * sin((y - CALM_ROWS) / 10.0);
    curve(&f->page, 1, f->x, 0, ROWS - 1);
    assert_int_equal(mask_create(&f->mask, 2, ROWS, COLUMNS, &e), ERR_OK);
    assert_int_equal(mask_put(f->mask, 0, ROWS, &(struct mask_logits){f->page.logits, plane, COLUMNS, COLUMNS, 0, NULL}, &e),
                     ERR_OK);
    for (int i = 0; i < 2; i++) {
        f->out[i] = (struct trace){.x = malloc(sizeof(float) * ROWS), .rows = ROWS, .drawn = f->style[i]};
        assert_non_null(f->out[i].x);
        for (int y = 0; y < ROWS; y++)
            f->out[i].x[y] = (float)f->x[y];
    }
    f->track = (struct trace_track){.left = f->page.left, .right = f->page.right, .style = f->style, .n = 1,
                                    .shade = shade, .shade_ctx = asked, .corrector = answer, .corrector_ctx = asked};
    *asked = (struct asked){.off = 2.5f, .last_row = -1, .ascending = true};
}

static void done(struct fixture *f)
{
    for (int i = 0; i < 2; i++)
        free(f->out[i].x);
    mask_free(f->mask);
    page_free(&f->page);
}

static void rows_that_swing_are_moved_and_straight_ones_are_not(void **state)
{
    struct fixture f;
    struct asked asked;
    struct err e = {0};
    size_t moved = 0;

    (void)state;
    swing(&f, &asked);
    f.out[0].x[1000] = NAN;
    assert_int_equal(trace_correct(f.mask, &f.track, f.out, NULL, &e), ERR_OK);
    assert_true(isnan(f.out[0].x[1000]));
    for (int y = 0; y < ROWS; y++) {
        float by = f.out[0].x[y] - (float)f.x[y];

        if (y < CALM_ROWS - 20)
            assert_true(by == 0);
        if (y > CALM_ROWS + 20 && y != 1000)
            assert_true(fabsf(by - 2.5f) < 1e-4f);
        moved += !isnan(by) && by != 0;
    }
    assert_int_equal(asked.n, moved);
    assert_true(asked.ascending);
    done(&f);
}

static void inputs_are_what_is_around_the_position(void **state)
{
    struct fixture f;
    struct asked asked;
    struct err e = {0};
    int y = 0, at;
    const float *own, *path;

    (void)state;
    swing(&f, &asked);
    asked.at = 300;
    assert_int_equal(trace_correct(f.mask, &f.track, f.out, NULL, &e), ERR_OK);
    for (size_t n = 0; n <= asked.at; y++)   /* the row that was asked for as number 300 */
        n += f.out[0].x[y] != (float)f.x[y];
    y--;
    at = (int)lrint(f.x[y]);
    own = asked.of + CORRECT_ROWS / 2 * CORRECT_BINS;
    path = asked.of + CORRECT_PLANES * PLANE;
    assert_true(own[CORRECT_BINS / 2] > 0.7f);   /* a logit of 4 is 192 / 255 */
    assert_true(own[0] == 0 && own[CORRECT_BINS - 1] == 0);
    for (int k = 0; k < PLANE; k++)
        assert_true(asked.of[PLANE + k] == 0);   /* nothing in the other class */
    for (int k = 0; k < CORRECT_ROWS; k++)       /* the ink of rows y - 8 to y + 8, in bins of three columns */
        for (int j = 0; j < CORRECT_BINS; j++) {
            int row = y + k - CORRECT_ROWS / 2, middle = at + 2 * (j - CORRECT_BINS / 2), inked = 0;

            for (int c = middle - 1; c <= middle + 1; c++)
                inked += c >= 148 && c <= 152;
            assert_true(fabs(asked.of[2 * PLANE + k * CORRECT_BINS + j] - row % 200 * inked / 765.0) < 1e-5);
        }
    for (int k = 0; k < CORRECT_PATH; k++)
        assert_true(fabs(path[k] - (f.x[y + k - CORRECT_PATH / 2] - at) / 10) < 1e-4);
    assert_true(path[CORRECT_PATH] == 0 && path[CORRECT_PATH + 1] == 1 && path[CORRECT_PATH + 2] == 0);
    done(&f);
}

static void no_position_is_moved_far(void **state)
{
    struct fixture f;
    struct asked asked;
    struct err e = {0};

    (void)state;
    swing(&f, &asked);
    asked.off = -1000;
    assert_int_equal(trace_correct(f.mask, &f.track, f.out, NULL, &e), ERR_OK);
    for (int y = 0; y < ROWS; y++)
        assert_true(f.x[y] - f.out[0].x[y] < 20.01);
    done(&f);
}

static void a_pool_gives_the_same(void **state)
{
    struct fixture alone, shared;
    struct asked asked;
    struct pool *pool;
    struct err e = {0};

    (void)state;
    assert_int_equal(pool_create(&pool, 3, &e), ERR_OK);
    for (int k = 0; k < 2; k++) {
        struct fixture *f = k ? &shared : &alone;

        swing(f, &asked);
        f->track.n = 2;
        f->track.corrector = answer_by_ink;
        f->track.pool = k ? pool : NULL;
        for (int y = 0; y < ROWS; y++)
            f->out[1].x[y] = (float)(200 - f->x[y] / 4);
        assert_int_equal(trace_correct(f->mask, &f->track, f->out, NULL, &e), ERR_OK);
    }
    for (int i = 0; i < 2; i++)
        assert_memory_equal(alone.out[i].x, shared.out[i].x, sizeof(float) * ROWS);
    assert_true(alone.out[0].x[1200] != (float)alone.x[1200]);
    done(&alone);
    done(&shared);
    pool_free(pool);
}

static void nothing_is_done_without_a_corrector_and_its_failure_is_told(void **state)
{
    struct fixture f;
    struct asked asked;
    struct err e = {0};

    (void)state;
    swing(&f, &asked);
    f.track.corrector = NULL;
    assert_int_equal(trace_correct(f.mask, &f.track, f.out, NULL, &e), ERR_OK);
    f.track.corrector = answer;
    f.track.shade = NULL;
    assert_int_equal(trace_correct(f.mask, &f.track, f.out, NULL, &e), ERR_OK);
    for (int y = 0; y < ROWS; y++)
        assert_true(f.out[0].x[y] == (float)f.x[y]);
    assert_int_equal(asked.n, 0);
    f.track.shade = shade;
    f.track.corrector = give_up;
    assert_int_equal(trace_correct(f.mask, &f.track, f.out, NULL, &e), ERR_INTERNAL);
    assert_string_equal(e.text, "no answer");
    done(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_that_swing_are_moved_and_straight_ones_are_not),
        cmocka_unit_test(inputs_are_what_is_around_the_position),
        cmocka_unit_test(no_position_is_moved_far),
        cmocka_unit_test(a_pool_gives_the_same),
        cmocka_unit_test(nothing_is_done_without_a_corrector_and_its_failure_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
