/* How large the network sees a scan, by what its file states, how wide its tracks and how thick its lines are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "server/normalise_scale.h"

struct example { int width; double dpi; struct scale_hints hints; double scale; bool doubted; };

static void check(const struct example *examples, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct example *c = &examples[i];
        struct scan_info info = { .width = c->width, .height = 1000, .dpi_x = c->dpi, .dpi_y = c->dpi };
        struct scale scale = scale_choose(&info, 200, &c->hints);
        if (scale.x < c->scale - 1e-6 || scale.x > c->scale + 1e-6 || scale.doubted != c->doubted)
            fail_msg("%d wide, %g dpi, tracks of %g to %g, lines of %g: scale %g", c->width, c->dpi, c->hints.narrow,
                     c->hints.wide, c->hints.stroke, scale.x);
        assert_float_equal(scale.x, scale.y, 0);
    }
}

static void follows_what_the_file_states(void **state)
{
    (void)state;
    static const struct example examples[] = {
        { 1600, 200, { 500, 1000, 2 }, 1, false },   { 3200, 400, { 1000, 2000, 4 }, 0.5, false },
        { 800, 100, { 250, 500, 2 }, 2, false },     { 600, 72, { 180, 360, 1.2 }, 200.0 / 72, false },
        { 1600, 200, { 500, 500, 6 }, 1, false },    { 1600, 200, { 0, 0, 6 }, 1, false },
    };
    check(examples, sizeof examples / sizeof *examples);
}

static void judges_by_lines_where_a_file_states_a_default(void **state)
{
    (void)state;
    static const struct example examples[] = {
        { 800, 72, { 280, 280, 2 }, 2, true },        /* lines of 200 dpi: 4 pixels are enough */
        { 800, 72, { 280, 280, 6 }, 10 / 7.0, true }, /* but a track keeps 400 pixels */
        { 800, 72, { 0, 0, 2 }, 2, true },
        { 1700, 72, { 500, 500, 2 }, 1, true },       /* paper of two feet */
        { 600, 96, { 240, 240, 1.5 }, 200.0 / 96, false },
    };
    check(examples, sizeof examples / sizeof *examples);
}

static void magnifies_narrow_tracks_where_a_file_states_nothing(void **state)
{
    (void)state;
    static const struct example examples[] = {
        { 800, 0, { 160, 400, 1 }, 2.5, false },  { 800, 0, { 160, 400, 2 }, 1.5, false },
        { 800, 0, { 160, 400, 4 }, 1, false },    { 1600, 0, { 400, 800, 2 }, 1, false },
        { 800, 0, { 40, 40, 0.5 }, 4, false },    { 800, 0, { 0, 0, 1 }, 1, false },
        { 800, 0, { 160, 400, 0 }, 1, false },    { 800, 0, { 300, 900, 8 }, 1, false },
    };
    check(examples, sizeof examples / sizeof *examples);
}

static void reduces_tracks_wider_than_it_sees(void **state)
{
    (void)state;
    static const struct example examples[] = {
        { 3300, 200, { 500, 2000, 3 }, 0.75, false }, { 3300, 0, { 500, 3000, 3 }, 0.5, false },
    };
    check(examples, sizeof examples / sizeof *examples);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(follows_what_the_file_states),
        cmocka_unit_test(judges_by_lines_where_a_file_states_a_default),
        cmocka_unit_test(magnifies_narrow_tracks_where_a_file_states_nothing),
        cmocka_unit_test(reduces_tracks_wider_than_it_sees),
    };
    return cmocka_run_group_tests_name("normalise_scale", tests, NULL, NULL);
}
