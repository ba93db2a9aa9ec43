/* The table of models without a good checkpoint at hand: missing, refused, unknown, listed.  Loading and
 * swapping are tested from outside, with checkpoints that PyTorch has made. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/models.h"
#include "tests/unit/temp_dir.h"

static char dir[64];
static const struct log quiet = {.fd = -1, .level = LOG_ERROR};

static struct models *create(void)
{
    struct models *models;
    struct err e = {0};
    assert_int_equal(models_create(&models, dir, "curvenet", 2, &quiet, &e), ERR_OK);
    return models;
}

static enum err_code acquire(struct models *models, const char *name, struct err *e)
{
    struct model *model;
    double seconds;
    err_clear(e);
    return models_acquire(models, name, NULL, &model, &seconds, e);
}

static void missing(void **state)
{
    (void)state;
    struct models *models = create();
    struct models_state now;
    struct err e;
    models_default_state(models, &now);
    assert_false(now.loaded || now.failed);
    assert_true(now.reason[0] != 0);
    assert_int_equal(acquire(models, "", &e), ERR_UNAVAILABLE);
    assert_non_null(strstr(e.text, "curvenet.safetensors"));
    models_default_state(models, &now);
    assert_true(now.failed);
    models_free(models);
}

static void unknown_and_bad_names(void **state)
{
    (void)state;
    struct models *models = create();
    struct err e;
    assert_int_equal(acquire(models, "other", &e), ERR_INVALID);
    assert_string_equal(e.field, "model");
    assert_int_equal(acquire(models, "../other", &e), ERR_INVALID);
    assert_string_equal(e.field, "model");
    models_free(models);
}

static void refused(void **state)
{
    (void)state;
    struct models *models = create();
    struct models_state now;
    struct err e;
    temp_dir_write(dir, "curvenet.safetensors", "this is no checkpoint at all");
    assert_int_equal(acquire(models, "", &e), ERR_UNAVAILABLE);
    models_default_state(models, &now);
    assert_true(now.failed && !now.loaded && now.reason[0]);
    /* Another file is another chance. */
    temp_dir_write(dir, "curvenet.safetensors", "this is another one that is no checkpoint");
    models_default_state(models, &now);
    assert_false(now.failed);
    assert_int_equal(acquire(models, "curvenet", &e), ERR_UNAVAILABLE);
    assert_true(models_bytes(models) == 0);
    models_free(models);
}

static void listed(void **state)
{
    (void)state;
    struct models *models = create();
    struct err e = {0};
    cJSON *json;
    temp_dir_write(dir, "curvenet.safetensors", "x");
    temp_dir_write(dir, "a.safetensors", "xy");
    temp_dir_write(dir, ".safetensors", "x");
    temp_dir_write(dir, "b d.safetensors", "x");
    temp_dir_write(dir, "notes.txt", "x");
    acquire(models, "a", &e);
    err_clear(&e);
    assert_int_equal(models_list(models, &json, &e), ERR_OK);
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(json, "models");
    assert_int_equal(cJSON_GetArraySize(list), 2);
    const cJSON *first = cJSON_GetArrayItem(list, 0);
    assert_string_equal(cJSON_GetObjectItemCaseSensitive(first, "name")->valuestring, "a");
    assert_true(cJSON_GetObjectItemCaseSensitive(first, "bytes")->valuedouble == 2);
    assert_true(cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(first, "loaded")));
    assert_non_null(cJSON_GetObjectItemCaseSensitive(first, "error"));
    assert_null(cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(list, 1), "error"));
    cJSON_Delete(json);
    models_free(models);
    assert_int_equal(models_create(&models, "/nonexistent", "curvenet", 1, &quiet, &e), ERR_OK);
    assert_int_equal(models_list(models, &json, &e), ERR_UNAVAILABLE);
    models_free(models);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(missing), cmocka_unit_test(unknown_and_bad_names),
                                       cmocka_unit_test(refused), cmocka_unit_test(listed)};
    temp_dir_make(dir);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    temp_dir_remove(dir);
    return failed;
}
