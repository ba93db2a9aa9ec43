#include "server/events_message.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef", *at = c ? strchr(digits, tolower((unsigned char)c)) : NULL;
    return at ? (int)(at - digits) : -1;
}

enum err_code events_decode_key(const char *encoded, char key[EVENTS_KEY_MAX], struct err *e)
{
    size_t n = 0;
    for (const char *c = encoded; *c; c++, n++) {
        if (n + 1 >= EVENTS_KEY_MAX)
            return err_set(e, ERR_MALFORMED, "The notification's key is too long.");
        key[n] = *c == '+' ? ' ' : *c;
        if (*c != '%')
            continue;
        int high = hex_digit(c[1]), low = high < 0 ? -1 : hex_digit(c[2]);
        if (low < 0 || (high == 0 && low == 0))
            return err_set(e, ERR_MALFORMED, "The notification's key is not URL-encoded.");
        key[n] = (char)(high * 16 + low);
        c += 2;
    }
    key[n] = '\0';
    return ERR_OK;
}

static const char *text_at(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static enum err_code read_record(const cJSON *record, struct events_object *object, struct err *e)
{
    const cJSON *s3 = cJSON_GetObjectItemCaseSensitive(record, "s3");
    const char *bucket = text_at(cJSON_GetObjectItemCaseSensitive(s3, "bucket"), "name");
    const char *key = text_at(cJSON_GetObjectItemCaseSensitive(s3, "object"), "key");
    if (!bucket || !key || strlen(bucket) >= sizeof object->bucket)
        return err_set(e, ERR_MALFORMED, "The notification names no bucket and key.");
    strcpy(object->bucket, bucket);
    return events_decode_key(key, object->key, e);
}

static enum err_code read_records(const cJSON *records, struct events_object *objects, size_t *n, struct err *e)
{
    const cJSON *record;
    enum err_code code = ERR_OK;
    cJSON_ArrayForEach(record, records) {
        const char *name = text_at(record, "eventName");
        if (!name)
            return err_set(e, ERR_MALFORMED, "The notification does not say what happened.");
        /* "ObjectCreated:Put", in some stores with "s3:" before it. */
        if (!strstr(name, "ObjectCreated:"))
            continue;
        if ((code = read_record(record, &objects[*n], e)))
            return code;
        ++*n;
    }
    return ERR_OK;
}

enum err_code events_read_message(const char *text, struct events_object **objects, size_t *n, struct err *e)
{
    enum err_code code = ERR_OK;
    *objects = NULL;
    *n = 0;
    cJSON *json = cJSON_Parse(text);
    const cJSON *records = cJSON_GetObjectItemCaseSensitive(json, "Records");
    const char *test = text_at(json, "Event");
    if (test && strcmp(test, "s3:TestEvent") == 0)
        goto out;
    if (!cJSON_IsArray(records)) {
        code = err_set(e, ERR_MALFORMED, "The message is not a notification of S3.");
        goto out;
    }
    *objects = calloc((size_t)cJSON_GetArraySize(records) + 1, sizeof **objects);
    code = *objects ? read_records(records, *objects, n, e) : err_memory(e, "a notification");
    if (code) {
        free(*objects);
        *objects = NULL;
        *n = 0;
    }
out:
    cJSON_Delete(json);
    return code;
}
