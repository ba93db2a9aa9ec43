#include "server/upload_route.h"

#include <stdio.h>
#include <string.h>

#include "server/response.h"
#include "server/store_dir.h"

/* {"key","url","method","headers":{…},"expires"} */
static enum err_code reply(struct request *request, const struct store_upload *upload, struct err *e)
{
    cJSON *json = cJSON_CreateObject();
    bool ok = json && cJSON_AddStringToObject(json, "key", upload->key) &&
              cJSON_AddStringToObject(json, "url", upload->url) && cJSON_AddStringToObject(json, "method", "PUT") &&
              cJSON_AddNumberToObject(json, "expires", (double)upload->expires);
    cJSON *headers = ok ? cJSON_AddObjectToObject(json, "headers") : NULL;
    ok = headers != NULL;
    for (size_t i = 0; ok && i < upload->n_headers; i++)
        ok = cJSON_AddStringToObject(headers, upload->headers[i][0], upload->headers[i][1]) != NULL;
    enum err_code code = ok ? response_json(request, 200, json, e) : err_memory(e, "the upload address");
    cJSON_Delete(json);
    return code;
}

enum err_code upload_route_create(struct request *request, struct err *e)
{
    struct store *store = request->server->store;
    struct store_upload upload;
    const char *name = request_query(request, "name");
    cJSON *body = NULL;
    enum err_code code = ERR_OK;
    if (request->body_size) {
        body = cJSON_ParseWithLength(request->body, request->body_size);
        const cJSON *given = cJSON_GetObjectItemCaseSensitive(body, "name");
        if (!cJSON_IsObject(body) || (given && !cJSON_IsString(given)))
            code = err_field(e, ERR_MALFORMED, "name", "The body must be empty or a JSON object with a name.");
        else if (given)
            name = given->valuestring;
    }
    if (!code)
        code = store->vtable->upload(store, name ? name : "", &upload, e);
    cJSON_Delete(body);
    return code ? code : reply(request, &upload, e);
}

enum err_code upload_route_begin(struct request *request, struct err *e)
{
    struct store *store = request->server->store;
    struct store_dir_upload *upload = NULL;
    request->max_body = (unsigned long long)(request->server->config.max_scan_mb * 1e6);
    if (!store_is_dir(store))
        return err_set(e, ERR_NOT_FOUND, "Uploads go to the bucket; POST /uploads gives the address.");
    enum err_code code = store_dir_upload_begin(&upload, store, request->path + 1, request_query(request, "expires"),
                                                request_query(request, "sig"), e);
    request->state = upload;
    return code;
}

enum err_code upload_route_data(struct request *request, const char *bytes, size_t n, struct err *e)
{
    return store_dir_upload_write(request->state, bytes, n, e);
}

enum err_code upload_route_handle(struct request *request, struct err *e)
{
    if (!request->bytes_in)
        return err_set(e, ERR_MALFORMED, "The scan is empty.");
    enum err_code code = store_dir_upload_end(request->state, e);
    if (code)
        return code;
    cJSON *json = cJSON_CreateObject();
    bool ok = json && cJSON_AddStringToObject(json, "key", request->path + 1) &&
              cJSON_AddNumberToObject(json, "bytes", (double)request->bytes_in);
    code = ok ? response_json(request, 200, json, e) : err_memory(e, "the reply");
    cJSON_Delete(json);
    return code;
}

void upload_route_end(struct request *request)
{
    store_dir_upload_free(request->state);
}
