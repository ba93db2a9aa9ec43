#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "nn/checkpoint.h"
#include "tests/unit/checkpoint_file.h"
#include "tests/unit/temp_dir.h"

static char dir[64], path[80];

static const struct checkpoint_file plain = { .dim = 32, .heads = 4, .mlp = 48, .layers = 2, .classes = 2 };

static enum err_code read_spec(const struct checkpoint_file *spec, struct checkpoint *cp, struct err *e)
{
    err_clear(e);
    checkpoint_file_write(path, spec);
    return checkpoint_read(cp, path, 2, e);
}

static void assert_refused(const struct checkpoint_file *spec, const char *reason)
{
    struct checkpoint cp;
    struct err e;
    assert_int_equal(read_spec(spec, &cp, &e), ERR_UNAVAILABLE);
    if (!strstr(e.text, reason))
        fail_msg("\"%s\" does not say \"%s\"", e.text, reason);
}

static void sizes_come_from_the_metadata(void **state)
{
    (void)state;
    struct checkpoint cp;
    struct err e;
    struct checkpoint_file spec = plain;
    for (int full = 0; full < 2; full++)
        for (spec.layers = 0; spec.layers < 3; spec.layers++) {
            spec.full = full;
            assert_int_equal(read_spec(&spec, &cp, &e), ERR_OK);
            assert_int_equal(cp.info.dim, 32);
            assert_int_equal(cp.info.heads, 4);
            assert_int_equal(cp.info.mlp, 48);
            assert_int_equal(cp.info.attention_layers, spec.layers);
            assert_int_equal(cp.info.classes, 2);
            assert_string_equal(cp.info.class_name[1], "dashed");
            assert_int_equal(cp.info.head, full ? HEAD_FULL : HEAD_SUBPIXEL);
            assert_int_equal(cp.info.max_rows, 12800);
            assert_int_equal(cp.info.dpi, 200);
            assert_string_equal(cp.info.name, "test");
            assert_int_equal(strlen(cp.info.sha256), 64);
            assert_true(cp.info.bytes > cp.file.data_bytes);
            assert_non_null(checkpoint_values(&cp, "enc%d.block.pw.weight", 5));
            checkpoint_free(&cp);
        }
}

static void a_corrector_is_read_where_there_is_one(void **state)
{
    (void)state;
    struct checkpoint cp;
    struct err e;
    struct checkpoint_file spec = plain;
    assert_int_equal(read_spec(&spec, &cp, &e), ERR_OK);
    assert_int_equal(cp.info.corrector[0], 0);
    checkpoint_free(&cp);
    spec.corrector[0] = 32;
    spec.corrector[1] = 16;
    assert_int_equal(read_spec(&spec, &cp, &e), ERR_OK);
    assert_int_equal(cp.info.corrector[0], 32);
    assert_int_equal(cp.info.corrector[1], 16);
    checkpoint_free(&cp);
    spec.without = "corrector2.bias";
    assert_refused(&spec, "has no tensor corrector2.bias");
    spec.without = NULL;
    spec.misshapen = "corrector2.weight";
    assert_refused(&spec, "corrector2.weight has the shape [1, 512] instead of [16, 32]");
    spec.misshapen = NULL;
    spec.infinite = "corrector1.weight";
    assert_refused(&spec, "corrector1.weight holds a value that is not finite");
    spec.infinite = NULL;
    spec.secret = 1;
    assert_refused(&spec, "is not one of this network's");
}

static void wrong_tensors_are_refused_by_name(void **state)
{
    (void)state;
    struct checkpoint_file spec = plain;
    spec.without = "enc3.down.pw.bias";
    assert_refused(&spec, "has no tensor enc3.down.pw.bias");
    spec = plain;
    spec.extra = "enc6.block.dw.weight";
    assert_refused(&spec, "enc6.block.dw.weight is not one of this network's");
    spec = plain;
    spec.misshapen = "attn2.qkv.weight";
    assert_refused(&spec, "attn2.qkv.weight has the shape [1, 3072] instead of [96, 32]");
    spec = plain;
    spec.infinite = "dec4.block.pw.weight";
    assert_refused(&spec, "dec4.block.pw.weight holds a value that is not finite");
}

static void a_value_that_is_not_finite_is_found_anywhere(void **state)
{
    (void)state;
    static const char *const tensors[] = { "enc1.conv.weight", "attn1.mlp2.weight", "head.bias" };
    for (size_t i = 0; i < sizeof tensors / sizeof *tensors; i++) {
        /* Some 28 MB: several pieces, read by several threads. */
        const struct checkpoint_file spec = { .dim = 512, .heads = 8, .mlp = 2048, .layers = 1, .classes = 2,
                                              .infinite = tensors[i] };
        char reason[100];
        snprintf(reason, sizeof reason, "%s holds a value that is not finite", tensors[i]);
        assert_refused(&spec, reason);
    }
}

static void a_damaged_file_is_refused(void **state)
{
    (void)state;
    struct checkpoint_file spec = plain;
    spec.damaged = 1;
    assert_refused(&spec, "checksum");
    spec = plain;
    spec.unsigned_ = 1;
    assert_refused(&spec, "sha256 is missing");
}

static void wrong_metadata_are_refused_by_field(void **state)
{
    (void)state;
#define ABOUT(version, dim, heads, mlp, classes, head, rows)                                                       \
    "{\\\"version\\\":" version ",\\\"dim\\\":" dim ",\\\"stages\\\":5,\\\"attention_layers\\\":2,\\\"heads\\\":"   \
    heads ",\\\"mlp\\\":" mlp ",\\\"classes\\\":" classes ",\\\"head\\\":" head ",\\\"max_rows\\\":" rows           \
    ",\\\"dpi\\\":200}"
#define TWO "[\\\"solid\\\",\\\"dashed\\\"]"
#define SUB "\\\"subpixel\\\""
    static const struct {
        const char *about, *reason;
    } cases[] = {
        { "nonsense", "curvenet is missing or is not JSON" },
        { ABOUT("2", "32", "4", "48", TWO, SUB, "12800"), "field version" },
        { ABOUT("1", "33", "4", "48", TWO, SUB, "12800"), "field dim" },
        { ABOUT("1", "4096", "4", "48", TWO, SUB, "12800"), "field dim" },
        { ABOUT("1", "1e99", "4", "48", TWO, SUB, "12800"), "field dim" },
        { ABOUT("1", "\\\"32\\\"", "4", "48", TWO, SUB, "12800"), "field dim" },
        { ABOUT("1", "32", "3", "48", TWO, SUB, "12800"), "heads must divide dim" },
        { ABOUT("1", "32", "4", "0", TWO, SUB, "12800"), "field mlp" },
        { ABOUT("1", "32", "4", "48", "[]", SUB, "12800"), "field classes" },
        { ABOUT("1", "32", "4", "48", "[\\\"a name much too long\\\"]", SUB, "12800"), "class name" },
        { ABOUT("1", "32", "4", "48", TWO, "\\\"none\\\"", "12800"), "field head" },
        { ABOUT("1", "32", "4", "48", TWO, SUB, "100"), "field max_rows" },
        { ABOUT("1", "32", "4", "48", TWO, SUB, "12800,\\\"corrector\\\":[96]"), "field corrector" },
        { ABOUT("1", "32", "4", "48", TWO, SUB, "12800,\\\"corrector\\\":[96,40]"), "field corrector" },
        { ABOUT("1", "32", "4", "48", TWO, SUB, "12800,\\\"corrector\\\":[9600,48]"), "field corrector" },
        { ABOUT("1", "32", "4", "48", TWO, SUB, "12800,\\\"corrector\\\":true"), "field corrector" },
        { ABOUT("1", "64", "4", "48", TWO, SUB, "12800"), "enc1.conv.weight has the shape [32, 1, 3, 3]" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct checkpoint_file spec = plain;
        spec.about = cases[i].about;
        assert_refused(&spec, cases[i].reason);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_come_from_the_metadata),
        cmocka_unit_test(a_corrector_is_read_where_there_is_one),
        cmocka_unit_test(wrong_tensors_are_refused_by_name),
        cmocka_unit_test(a_value_that_is_not_finite_is_found_anywhere),
        cmocka_unit_test(a_damaged_file_is_refused),
        cmocka_unit_test(wrong_metadata_are_refused_by_field),
    };
    temp_dir_make(dir);
    snprintf(path, sizeof path, "%s/x.safetensors", dir);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    temp_dir_remove(dir);
    return failed;
}
