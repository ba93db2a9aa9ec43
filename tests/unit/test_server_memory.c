/* Every allocation of the server's own parts fails once: the call says so and gives back what it held
 * (AddressSanitizer looks), and the same call works when there is memory.  cJSON's allocations fail too. */
#include <stdlib.h>
#include <string.h>

#include "server/auth.h"
#include "server/jobs.h"
#include "server/models.h"
#include "server/problem.h"
#include "server/reply.h"
#include "server/store_dir.h"
#include "tests/unit/failing_alloc.h"
#include "tests/unit/temp_dir.h"

static char dir[64];

static enum err_code load_keys(struct err *e)
{
    struct auth *auth;
    char path[128];
    snprintf(path, sizeof path, "%s/keys", dir);
    enum err_code code = auth_load(&auth, path, e);
    if (!code)
        auth_free(auth);
    return code;
}

static enum err_code do_nothing(void *ctx, const struct job *job, struct err *e)
{
    (void)ctx, (void)job, (void)e;
    return ERR_OK;
}

static void count_free(void *ctx)
{
    ++*(int *)ctx;
}

/* The work's context is freed whether the job is taken or not. */
static enum err_code run_a_job(struct err *e)
{
    struct jobs *jobs;
    struct ticket *ticket;
    int freed = 0;
    enum err_code code = jobs_create(&jobs, 1, 1, e);
    if (code)
        return code;
    code = jobs_submit(jobs, (struct work){do_nothing, count_free, &freed}, 0, &ticket, e);
    if (!code)
        ticket_release(ticket);
    assert_true(jobs_free(jobs, 10000));
    assert_int_equal(freed, 1);
    return code;
}

static enum err_code list_models(struct err *e)
{
    static const struct log quiet = {.fd = -1, .level = LOG_ERROR};
    struct models *models;
    cJSON *json = NULL;
    enum err_code code = models_create(&models, dir, "curvenet", 1, &quiet, e);
    if (code)
        return code;
    code = models_list(models, &json, e);
    assert_int_equal(json != NULL, code == ERR_OK);
    cJSON_Delete(json);
    models_free(models);
    return code;
}

static enum err_code make_reply(struct err *e)
{
    static const struct pipeline_request request;
    static const struct curvenet_info net;
    struct pipeline_result result = {.n_curves = 2, .has_depth = true, .n_warnings = 2};
    struct reply_timing timing = {.cold = true};
    cJSON *reply = reply_result(&(struct reply_facts){
        .id = "i", .scan_name = "s", .model = "m", .net = &net, .request = &request, .result = &result});
    bool ok = reply && reply_add_timing(reply, &result, &timing, 1 << 20);
    cJSON_Delete(reply);
    return ok ? ERR_OK : err_memory(e, "the reply");
}

static enum err_code make_problem(struct err *e)
{
    struct err failure = {.code = ERR_INVALID, .field = "step", .text = "x"};
    char *text = problem_text(&failure, "id");
    free(text);
    return text ? ERR_OK : err_memory(e, "the problem");
}

static enum err_code take_an_upload(struct err *e)
{
    struct store *store;
    struct store_upload upload;
    struct store_dir_upload *in;
    char expires[32], signature[80], to[128];
    enum err_code code = store_dir_open(&store, dir, "", 60, e);
    if (code)
        return code;
    assert_int_equal(store->vtable->upload(store, "a.tif", &upload, e), ERR_OK);
    assert_int_equal(sscanf(strchr(upload.url, '?'), "?expires=%31[0-9]&sig=%79s", expires, signature), 2);
    code = store_dir_upload_begin(&in, store, upload.key, expires, signature, e);
    if (!code) {
        assert_int_equal(store_dir_upload_write(in, "x", 1, e), ERR_OK);
        assert_int_equal(store_dir_upload_end(in, e), ERR_OK);
        store_dir_upload_free(in);
        snprintf(to, sizeof to, "%s/fetched", dir);
        code = store->vtable->fetch(store, upload.key, to, 10, NULL, e);
        assert_int_equal(access(to, F_OK) == 0, code == ERR_OK);
        unlink(to);
    }
    store->vtable->free(store);
    return code;
}

static void all(void **state)
{
    (void)state;
    assert_in_range(fail_each(load_keys, ERR_NO_MEMORY), 3, 10);
    assert_in_range(fail_each(run_a_job, ERR_NO_MEMORY), 5, 10);
    assert_in_range(fail_each(list_models, ERR_NO_MEMORY), 10, 100);
    assert_in_range(fail_each(make_reply, ERR_NO_MEMORY), 100, 500);
    assert_in_range(fail_each(make_problem, ERR_NO_MEMORY), 10, 50);
    assert_in_range(fail_each(take_an_upload, ERR_NO_MEMORY), 3, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all)};
    wrap_json();
    temp_dir_make(dir);
    temp_dir_write(dir, "keys", "a:0123456789abcdef\nb:0123456789abcdef\n");
    temp_dir_write(dir, "a.safetensors", "x");
    temp_dir_write(dir, "b.safetensors", "x");
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    temp_dir_remove(dir);
    return failed;
}
