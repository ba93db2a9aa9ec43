/* Signs requests given as JSON lines on standard input and writes what it made, one line each, so that
 * tests/s3/test_signer.py can hold it against botocore. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "server/sigv4.h"

static const char *text(const cJSON *object, const char *name)
{
    const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return value ? value : "";
}

static size_t read_pairs(const cJSON *list, struct sigv4_pair pairs[SIGV4_MAX_PAIRS])
{
    size_t n = 0;
    const cJSON *pair;
    cJSON_ArrayForEach(pair, list)
        pairs[n++] = (struct sigv4_pair){cJSON_GetStringValue(cJSON_GetArrayItem(pair, 0)),
                                         cJSON_GetStringValue(cJSON_GetArrayItem(pair, 1))};
    return n;
}

static enum err_code sign_line(const cJSON *c, struct err *e)
{
    char target[8192];
    struct sigv4_signature signature;
    struct sigv4_signer signer = {text(c, "access_key"), text(c, "secret_key"), text(c, "token"), text(c, "region"),
                                  "s3", (time_t)cJSON_GetNumberValue(cJSON_GetObjectItem(c, "now"))};
    struct sigv4_request r = {.method = text(c, "method"), .host = text(c, "host"), .path = text(c, "path"),
                              .payload = text(c, "payload")};
    const cJSON *expires = cJSON_GetObjectItem(c, "expires");
    r.n_query = read_pairs(cJSON_GetObjectItem(c, "query"), r.query);
    r.n_headers = read_pairs(cJSON_GetObjectItem(c, "headers"), r.headers);
    enum err_code code = expires ? sigv4_presign(&r, &signer, expires->valueint, &signature, e)
                                 : sigv4_sign(&r, &signer, &signature, e);
    if (!code)
        code = sigv4_target(&r, target, sizeof target, e);
    if (!code)
        printf("%s\t%s\n", target, expires ? "" : signature.authorization);
    return code;
}

int main(void)
{
    char *line = NULL;
    size_t size = 0;
    struct err e = {0};
    while (!e.code && getline(&line, &size, stdin) > 0) {
        cJSON *c = cJSON_Parse(line);
        sign_line(c, &e);
        cJSON_Delete(c);
    }
    free(line);
    if (e.code)
        fprintf(stderr, "%s\n", e.text);
    return e.code != 0;
}
