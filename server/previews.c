#include "server/previews.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/digitize_route.h"
#include "server/form.h"
#include "server/ids.h"
#include "server/preview.h"
#include "server/preview_cache.h"
#include "server/response.h"
#include "server/sse.h"

enum { OVERVIEW_WIDTH = 512, OVERVIEW_HEIGHT = 4096, TILE_PATH_MAX = PREVIEW_PATH_MAX + 96 };

/* Where a preview's parts lie: ROOT/ID.png and the folder ROOT/ID. */
static void place(const char *root, const char *id, char overview[TILE_PATH_MAX], char folder[TILE_PATH_MAX])
{
    snprintf(overview, TILE_PATH_MAX, "%s/%s.png", root, id);
    snprintf(folder, TILE_PATH_MAX, "%s/%s", root, id);
}

/* --- making one --- */

static cJSON *reply(const char *id, const struct preview_pyramid *pyramid)
{
    char overview[128], tiles[160];
    snprintf(overview, sizeof overview, "/previews/%s/overview.png", id);
    snprintf(tiles, sizeof tiles, "/previews/%s/tiles/{level}/{column}_{row}.png", id);
    cJSON *json = cJSON_CreateObject();
    if (json && cJSON_AddStringToObject(json, "id", id) && cJSON_AddNumberToObject(json, "width", pyramid->width) &&
        cJSON_AddNumberToObject(json, "height", pyramid->height) && cJSON_AddNumberToObject(json, "tile", PREVIEW_TILE) &&
        cJSON_AddNumberToObject(json, "levels", pyramid->levels) && cJSON_AddStringToObject(json, "overview", overview) &&
        cJSON_AddStringToObject(json, "tiles", tiles))
        return json;
    cJSON_Delete(json);
    return NULL;
}

/* Brings the scan of a key here. */
static enum err_code fetch(struct task *task, const struct job *job, struct err *e)
{
    const struct config *config = &task->server->config;
    struct store *store = task->server->store;
    char path[TILE_PATH_MAX];
    if (task->input.scan.fd >= 0)
        return ERR_OK;
    job_progress(job, "fetch", 0);
    enum err_code code = spool_name(config->tmp_dir, path, sizeof path, e);
    if (!code)
        code = store->vtable->fetch(store, task->input.options.key, path,
                                    (unsigned long long)(config->max_scan_mb * 1e6), job, e);
    return code ? code : spool_adopt(&task->input.scan, path, e);
}

static enum err_code draw(struct task *task, const char *overview, const char *folder, struct preview_pyramid *pyramid,
                          const struct job *job, struct err *e)
{
    const struct config *config = &task->server->config;
    const struct scan_limits limits = {.max_pixels = (uint64_t)config->max_pixels,
                                       .max_bytes = (size_t)config->max_decode_mb * 1000000};
    enum err_code code = fetch(task, job, e);
    if (!code)
        code = preview_picture(task->input.scan.path, &limits, OVERVIEW_WIDTH, OVERVIEW_HEIGHT, overview, job, e);
    if (!code)
        code = preview_pyramid_build(task->input.scan.path, &limits, folder, pyramid, job, e);
    return code;
}

static enum err_code run(void *ctx, const struct job *job, struct err *e)
{
    struct task *task = ctx;
    const struct config *config = &task->server->config;
    char root[PREVIEW_PATH_MAX], overview[TILE_PATH_MAX], folder[TILE_PATH_MAX];
    struct preview_pyramid pyramid;
    struct err none = {0};
    enum err_code code = preview_cache_open(root, config->tmp_dir, e);
    if (code)
        return code;
    place(root, task->input.id, overview, folder);
    if (access(overview, R_OK) == 0 && preview_pyramid_read(&pyramid, folder, &none) == ERR_OK) {
        preview_cache_touch(overview);
        preview_cache_touch(folder);
    } else {
        code = draw(task, overview, folder, &pyramid, job, e);
        preview_cache_prune(root, (unsigned long long)config->preview_mb * 1000000, config->preview_ttl_s, task->input.id);
    }
    if (!code && !(task->output.reply = reply(task->input.id, &pyramid)))
        code = err_memory(e, "the reply");
    return code;
}

static enum err_code make_task(struct request *request, struct task **out, struct err *e)
{
    struct task *task = calloc(1, sizeof *task);
    if (!task)
        return err_memory(e, "the request");
    task->server = request->server;
    task->output.fd = -1;
    digitize_input_init(&task->input);
    enum err_code code = form_finish(request->state, &task->input.options, &task->input.scan, e);
    const char *key = task->input.options.key;
    if (!code)
        code = key[0] ? id_derived("previews", key, task->input.id, e) : id_random(task->input.id, e);
    if (code)
        task_free(task);
    else
        *out = task;
    return code;
}

static bool wants_stream(const struct request *request)
{
    const char *accept = request_header(request, "Accept");
    return accept && strstr(accept, "text/event-stream");
}

enum err_code previews_create(struct request *request, struct err *e)
{
    struct task *task = NULL;
    struct ticket *ticket = NULL;
    if (!request->server->config.preview_mb)
        return err_set(e, ERR_NOT_FOUND, "This server makes no previews.");
    enum err_code code = make_task(request, &task, e);
    if (code)
        return code;
    int64_t deadline_ns = digitize_route_deadline(request);
    code = jobs_submit(request->server->jobs, (struct work){.run = run, .free = task_free, .ctx = task}, deadline_ns,
                       &ticket, e);
    if (code)
        return code;
    if (wants_stream(request))
        return sse_respond(request, task, ticket, deadline_ns, e);
    code = digitize_route_wait(request, ticket, deadline_ns, e);
    if (!code)
        code = response_json(request, 200, task->output.reply, e);
    else
        task_explain(request->server, e);
    ticket_release(ticket);
    return code;
}

/* --- giving it --- */

/* "ID/overview.png" or "ID/tiles/LEVEL/COLUMN_ROW.png" as a path on the disk. */
static enum err_code find(const char *root, const char *tail, char path[TILE_PATH_MAX], struct err *e)
{
    char id[STORE_ID_MAX], overview[TILE_PATH_MAX], folder[TILE_PATH_MAX];
    struct preview_pyramid pyramid;
    size_t n = strcspn(tail, "/");
    int level, column, row, end = 0;
    if (tail[n] == '/' && n < sizeof id) {
        memcpy(id, tail, n);
        id[n] = 0;
        tail += n + 1;
        if (id_is_safe(id, sizeof id) && !strchr(id, '.')) {
            place(root, id, overview, folder);
            if (strcmp(tail, "overview.png") == 0) {
                memcpy(path, overview, TILE_PATH_MAX);
                return ERR_OK;
            }
            if (sscanf(tail, "tiles/%9d/%9d_%9d.png%n", &level, &column, &row, &end) == 3 && end && !tail[end]) {
                enum err_code code = preview_pyramid_read(&pyramid, folder, e);
                return code ? code : preview_tile_path(path, TILE_PATH_MAX, folder, &pyramid, level, column, row, e);
            }
        }
    }
    return err_set(e, ERR_NOT_FOUND, "There is no such picture.");
}

enum err_code previews_get(struct request *request, struct err *e)
{
    char root[PREVIEW_PATH_MAX], path[TILE_PATH_MAX];
    enum err_code code = preview_cache_open(root, request->server->config.tmp_dir, e);
    if (!code)
        code = find(root, request->tail, path, e);
    if (code)
        return code;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return err_set(e, ERR_NOT_FOUND, "The preview is no longer there; POST /previews makes it again.");
    code = response_file(request, fd, "image/png", e);
    return code ? code : response_header(request, "Cache-Control", "private, max-age=3600, immutable", e);
}
