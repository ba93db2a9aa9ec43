/* Every allocation of loading a checkpoint, starting a pool, a forward pass, three looks at a track, with the tracing
 * between them, and correcting a curve fails once: the call says so, gives back what it held, and works when tried again. */
#include "nn/windows.h"
#include "postproc/trace_correct.h"
#include "server/track_look.h"
#include "tests/unit/checkpoint_file.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/temp_dir.h"

static char dir[64], path[80];
static struct curvenet *loaded;   /* for the looks, since loading takes a thousand allocations and each look is slow */

static enum err_code discard(void *ctx, int y, int rows, const float *logits, size_t class_stride, size_t row_stride,
                             struct err *e)
{
    (void)ctx, (void)y, (void)rows, (void)logits, (void)class_stride, (void)row_stride, (void)e;
    return ERR_OK;
}

static enum err_code digitize(struct err *e)
{
    enum { H = 600, W = 40 };
    static const uint8_t ink[H * W];
    struct curvenet *net = NULL;
    struct pool *pool = NULL;
    struct window_blend *blend = NULL;
    struct windows windows = windows_plan(H, 256, 64);
    enum err_code code = curvenet_load(&net, path, 2, e);
    if (!code)
        code = pool_create(&pool, 2, e);
    if (!code)
        code = window_blend_create(&blend, &windows, 2, W, discard, NULL, e);
    for (int k = 0; k < windows.count && !code; k++) {
        int y0, y1;
        windows_span(&windows, k, &y0, &y1);
        window_blend_begin(blend, k);
        code = curvenet_forward(net, pool, ink + y0 * W, W, y1 - y0, W, window_blend_sink, blend, NULL, e);
    }
    window_blend_free(blend);
    pool_free(pool);
    curvenet_free(net);
    return code;
}

enum { ROWS = 320, COLUMNS = 60 };

/* Two curves that cross, dark enough for a network of random weights to see something of them. */
static void draw(uint8_t ink[ROWS][COLUMNS])
{
    for (int y = 0; y < ROWS; y++)
        for (int k = 0; k < 3; k++) {
            ink[y][10 + y / 8 + k] = 255;
            if (y % 9 < 6)
                ink[y][50 - y / 8 + k] = 255;
        }
}

static enum err_code look(struct err *e)
{
    static struct layout_curve curves[] = {{.style = STYLE_SOLID}, {.style = STYLE_DASHED}};
    static uint8_t ink[ROWS][COLUMNS];
    static int shift[ROWS];
    struct layout_track track = {.x0 = 2, .x1 = COLUMNS - 3, .n_curves = 2, .curves = curves};
    struct mask_geometry geometry = {.x_scale = 1, .y_scale = 1};
    struct windows windows = windows_plan(ROWS, 512, 64);
    struct track_window window = {ink[0], COLUMNS, 0, ROWS};
    struct pool *pool = NULL;
    struct track_run run = {0};
    enum err_code code = pool_create(&pool, 2, e);
    draw(ink);
    if (!code)
        code = track_run_open(&run, &track, &geometry, COLUMNS, &windows, shift, 2, false, e);
    if (!code) {
        window_blend_begin(run.blend, 0);
        code = track_look(&run, &window, loaded, pool, false, NULL, e);
    }
    if (run.track)
        track_run_clear(&run);
    pool_free(pool);
    return code;
}

static enum err_code give_correction(void *ctx, const float *inputs, size_t n, float *off, struct err *e)
{
    return curvenet_correct(ctx, inputs, n, off, e);
}

static enum err_code give_shade(void *ctx, int y, uint8_t *ink, struct err *e)
{
    (void)ctx, (void)y, (void)e;
    memset(ink, 100, COLUMNS);
    return ERR_OK;
}

/* One curve that swings. */
static enum err_code correct(struct err *e)
{
    static double left[ROWS], right[ROWS];
    static float x[ROWS];
    enum curve_style style = STYLE_SOLID;
    struct trace trace = {.x = x, .rows = ROWS};
    struct curvenet *net = NULL;
    struct mask *mask = NULL;
    struct trace_track track = {.left = left, .right = right, .style = &style, .n = 1, .shade = give_shade,
                                .corrector = give_correction};
    enum err_code code = curvenet_load(&net, path, 1, e);
    track.corrector_ctx = net;
    for (int y = 0; y < ROWS; y++)
        x[y] = (float)(10 + 5 * (y % 8));
    if (!code)
        code = mask_create(&mask, 2, ROWS, COLUMNS, e);
    if (!code)
        code = trace_correct(mask, &track, &trace, NULL, e);
    mask_free(mask);
    curvenet_free(net);
    return code;
}

static void each_allocation_may_fail(void **state)
{
    struct err e = {0};

    (void)state;
    const struct checkpoint_file spec = { .dim = 16, .heads = 2, .mlp = 16, .layers = 1, .classes = 2,
                                          .corrector = { 16, 16 } };
    checkpoint_file_write(path, &spec);
    wrap_json();
    /* A header that cannot be held in memory reads as one that cannot be read: both are answered 503. */
    assert_in_range(fail_each(digitize, ERR_UNAVAILABLE), 50, 9999);
    assert_in_range(fail_each(correct, ERR_UNAVAILABLE), 30, 9999);
    cJSON_InitHooks(NULL);
    assert_int_equal(curvenet_load(&loaded, path, 1, &e), ERR_OK);
    assert_in_range(fail_each(look, ERR_NO_MEMORY), 120, 9999);
    curvenet_free(loaded);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(each_allocation_may_fail) };
    temp_dir_make(dir);
    snprintf(path, sizeof path, "%s/x.safetensors", dir);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    temp_dir_remove(dir);
    return failed;
}
