#include "server/digitize.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/first_touch.h"
#include "server/reply.h"

/* What one run holds until it ends. */
struct run {
    struct server *server;
    struct digitize_input *input;
    const struct job *job;
    struct model *model;
    struct pipeline_result result;
    struct reply_timing timing;
    char staged[STORE_PATH_MAX];   /* "" : none */
    cJSON *reply;
    int fd;
};

void digitize_input_init(struct digitize_input *input)
{
    memset(input, 0, sizeof *input);
    input->scan = SPOOL_NONE;
}

void digitize_input_clear(struct digitize_input *input)
{
    fields_clear(&input->options);
    spool_close(&input->scan);
}

void digitize_output_clear(struct digitize_output *output)
{
    cJSON_Delete(output->reply);
    cJSON_Delete(output->note);
    if (output->fd >= 0)
        close(output->fd);
    *output = (struct digitize_output){.fd = -1};
}

const char *digitize_file(enum fields_format format)
{
    switch (format) {
    case FORMAT_CSV: return "curves.csv";
    case FORMAT_LAS: return "curves.las";
    case FORMAT_PNG: return "overlay.png";
    case FORMAT_JSON: break;
    }
    return "result.json";
}

const char *digitize_type(const char *file)
{
    const char *dot = strrchr(file, '.');
    if (dot && strcmp(dot, ".csv") == 0)
        return "text/csv; charset=utf-8";
    if (dot && strcmp(dot, ".las") == 0)
        return "text/plain; charset=utf-8";
    if (dot && strcmp(dot, ".png") == 0)
        return "image/png";
    if (dot && strcmp(dot, ".json") == 0)
        return "application/json";
    return "application/octet-stream";
}

enum err_code digitize_check(const struct digitize_options *options, struct err *e)
{
    const struct pipeline_request *request = &options->request;
    if (options->format == FORMAT_LAS && !request->has_depth_range && !request->layout.n_depth_lines)
        return err_field(e, ERR_INVALID, "depth_top", "A LAS needs depths: give depth_top and depth_bottom, or depth lines.");
    return ERR_OK;
}

static double seconds_since(int64_t begin_ns)
{
    return (double)(job_now_ns() - begin_ns) / 1e9;
}

static enum err_code get_model(struct run *run, struct err *e)
{
    job_progress(run->job, "weights", 0);
    enum err_code code = models_acquire(run->server->models, run->input->options.model, run->job, &run->model,
                                        &run->timing.weights, e);
    run->timing.cold = run->timing.weights > 0;
    run->timing.process = run->server->process_seconds;
    return code;
}

/* Brings a scan that is in the store here. */
static enum err_code fetch_scan(struct run *run, struct err *e)
{
    struct digitize_input *input = run->input;
    const struct config *config = &run->server->config;
    char path[CONFIG_TEXT_MAX + 64];
    if (input->scan.fd >= 0)
        return ERR_OK;
    int64_t begin = job_now_ns();
    job_progress(run->job, "fetch", 0);
    enum err_code code = spool_name(config->tmp_dir, path, sizeof path, e);
    if (!code)
        code = run->server->store->vtable->fetch(run->server->store, input->options.key, path,
                                                 (unsigned long long)(config->max_scan_mb * 1e6), run->job, e);
    if (!code)
        code = spool_adopt(&input->scan, path, e);
    if (!code && !input->options.scan_name[0]) {
        const char *slash = strrchr(input->options.key, '/');
        snprintf(input->options.scan_name, sizeof input->options.scan_name, "%.250s",
                 slash ? slash + 1 : input->options.key);
    }
    run->timing.fetch = seconds_since(begin);
    return code;
}

static enum err_code run_pipeline(struct run *run, struct err *e)
{
    struct digitize_options *options = &run->input->options;
    const struct config *config = &run->server->config;
    options->request.scan_path = run->input->scan.path;
    options->request.scan_name = options->scan_name;
    options->request.want_las = true;
    options->request.want_overlay = options->format == FORMAT_JSON || options->format == FORMAT_PNG;
    options->request.want_mask = options->format == FORMAT_JSON;
    struct pipeline_env env = {
        .net = model_net(run->model),
        .pool = run->server->pool,
        .limits = {.max_pixels = (uint64_t)config->max_pixels, .max_bytes = (size_t)config->max_decode_mb * 1000000},
        .out_dir = run->staged,
    };
    long pages = first_touch_pages();
    enum err_code code = pipeline_run(&env, &options->request, &run->result, run->job, e);
    if (run->timing.cold)
        run->timing.first_touch = first_touch_seconds(first_touch_pages() - pages);
    return code;
}

/* result.json, beside the other files: the last to be written, so that it tells of a whole result. */
static enum err_code write_reply(const struct run *run, struct err *e)
{
    char path[STORE_PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/result.json", run->staged);
    char *text = cJSON_Print(run->reply);
    if (!text)
        return err_memory(e, "the result's JSON");
    FILE *file = fopen(path, "wxe");
    bool ok = file && fputs(text, file) >= 0;
    ok = file && fclose(file) == 0 && ok;
    int failure = errno;
    free(text);
    return ok ? ERR_OK : err_set(e, err_no_room(failure) ? ERR_DISK_FULL : ERR_STORE,
                                 "The result cannot be written: %s.", strerror(failure));
}

/* Builds the reply and keeps the file that the format names open: on S3 the folder goes with publishing. */
static enum err_code make_reply(struct run *run, struct err *e)
{
    const struct digitize_options *options = &run->input->options;
    const struct reply_facts facts = {
        .id = run->input->id,
        .scan_name = options->scan_name,
        .model = model_name(run->model),
        .net = curvenet_info(model_net(run->model)),
        .request = &options->request,
        .result = &run->result,
    };
    run->reply = reply_result(&facts);
    if (!run->reply)
        return err_memory(e, "the reply");
    enum err_code code = write_reply(run, e);
    if (code || options->format == FORMAT_JSON)
        return code;
    char path[STORE_PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/%s", run->staged, digitize_file(options->format));
    run->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (run->fd < 0)
        return err_set(e, ERR_INTERNAL, "The result has no %s.", digitize_file(options->format));
    return ERR_OK;
}

static enum err_code publish(struct run *run, struct err *e)
{
    int64_t begin = job_now_ns();
    struct store *store = run->server->store;
    job_progress(run->job, "store", 0);
    enum err_code code = store->vtable->publish(store, run->input->id, run->staged, run->job, e);
    if (!code)
        run->staged[0] = 0;
    run->timing.store = seconds_since(begin);
    return code;
}

static enum err_code add_url(const struct run *run, cJSON *json, const char *name, const char *file, struct err *e)
{
    char url[STORE_URL_MAX];
    struct store *store = run->server->store;
    enum err_code code = store->vtable->url(store, run->input->id, file, url, e);
    if (!code && !cJSON_AddStringToObject(json, name, url))
        code = err_memory(e, "the reply");
    return code;
}

static enum err_code add_urls(struct run *run, struct err *e)
{
    cJSON *json = cJSON_AddObjectToObject(run->reply, "artifacts");
    enum err_code code = json ? add_url(run, json, "csv", "curves.csv", e) : err_memory(e, "the reply");
    if (!code && run->result.wrote_las)
        code = add_url(run, json, "las", "curves.las", e);
    if (!code && run->result.wrote_overlay)
        code = add_url(run, json, "overlay", "overlay.png", e);
    if (!code && run->result.wrote_overlay)
        code = add_url(run, json, "edges", "edges.json", e);
    if (!code && run->result.wrote_mask)
        code = add_url(run, json, "mask", "mask.png", e);
    if (!code)
        code = add_url(run, json, "json", "result.json", e);
    return code;
}

/* What a cost counts: the memory that Lambda bills, else the most that this process has used. */
static unsigned long long billed_bytes(void)
{
    const char *megabytes = getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE");
    unsigned long long n = megabytes ? strtoull(megabytes, NULL, 10) : 0;
    return n ? n << 20 : metrics_rss_peak();
}

static cJSON *make_note(const struct run *run)
{
    cJSON *note = cJSON_CreateObject();
    cJSON *stages = reply_stages(&run->result, &run->timing);
    cJSON_AddStringToObject(note, "result", run->input->id);
    cJSON_AddStringToObject(note, "model", model_name(run->model));
    cJSON_AddBoolToObject(note, "cold_start", run->timing.cold);
    if (run->timing.cold) {
        cJSON_AddNumberToObject(note, "process_ms", round(run->timing.process * 1e4) / 10);
        cJSON_AddNumberToObject(note, "first_touch_ms", round(run->timing.first_touch * 1e4) / 10);
    }
    if (!cJSON_AddItemToObject(note, "stages", stages))
        cJSON_Delete(stages);
    return note;
}

static enum err_code finish(struct run *run, struct digitize_output *output, struct err *e)
{
    enum err_code code = add_urls(run, e);
    run->timing.total = seconds_since(run->input->started_ns);
    if (!code && !reply_add_timing(run->reply, &run->result, &run->timing, billed_bytes()))
        code = err_memory(e, "the reply");
    if (code)
        return code;
    struct metrics_scan scan = {
        .queue = run->timing.queue,
        .weights = run->timing.weights,
        .store = run->timing.store,
        .total = run->timing.total,
        .pixels = run->result.pixels,
        .cold = run->timing.cold,
        .weights_bytes = run->timing.cold ? curvenet_info(model_net(run->model))->bytes : 0,
    };
    memcpy(scan.stage, run->result.seconds, sizeof scan.stage);
    metrics_scan(run->server->metrics, &scan);
    *output = (struct digitize_output){.reply = run->reply, .note = make_note(run), .fd = run->fd};
    run->reply = NULL;
    run->fd = -1;
    return ERR_OK;
}

enum err_code digitize_run(struct server *server, struct digitize_input *input, const struct job *job,
                           struct digitize_output *output, struct err *e)
{
    struct store *store = server->store;
    *output = (struct digitize_output){.fd = -1};
    struct run *run = calloc(1, sizeof *run);
    if (!run)
        return err_memory(e, "the request");
    *run = (struct run){.server = server, .input = input, .job = job, .fd = -1};
    run->timing.receive = (double)(input->queued_ns - input->started_ns) / 1e9;
    run->timing.queue = seconds_since(input->queued_ns);
    enum err_code code = get_model(run, e);
    if (!code)
        code = fetch_scan(run, e);
    if (!code) {
        code = store->vtable->stage(store, input->id, run->staged, e);
        if (code)
            run->staged[0] = 0;
    }
    if (!code)
        code = run_pipeline(run, e);
    if (!code)
        code = make_reply(run, e);
    if (!code)
        code = publish(run, e);
    if (!code)
        code = finish(run, output, e);
    if (run->staged[0])
        store->vtable->discard(store, run->staged);
    if (run->model)
        model_release(run->model);
    cJSON_Delete(run->reply);
    if (run->fd >= 0)
        close(run->fd);
    free(run);
    return code;
}
