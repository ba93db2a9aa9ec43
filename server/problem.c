#include "server/problem.h"

#include <cjson/cJSON.h>
#include <stdio.h>

struct kind { unsigned status; const char *name, *title; int retry_after; };

static struct kind kind_of(enum err_code code)
{
    switch (code) {
    case ERR_MALFORMED: return (struct kind){400, "malformed", "The request cannot be read", 0};
    case ERR_UNAUTHORIZED: return (struct kind){401, "unauthorized", "An API key is needed", 0};
    case ERR_FORBIDDEN: return (struct kind){403, "forbidden", "Not allowed", 0};
    case ERR_NOT_FOUND: return (struct kind){404, "not-found", "Not found", 0};
    case ERR_METHOD: return (struct kind){405, "method-not-allowed", "Method not allowed", 0};
    case ERR_CONFLICT: return (struct kind){409, "conflict", "Conflict", 0};
    case ERR_GONE: return (struct kind){410, "gone", "Expired", 0};
    case ERR_TOO_LARGE: return (struct kind){413, "too-large", "Too large", 0};
    case ERR_UNSUPPORTED: return (struct kind){415, "unsupported", "Not a kind of scan that is read", 0};
    case ERR_INVALID: return (struct kind){422, "invalid", "A value cannot be right", 0};
    case ERR_TOO_MANY: return (struct kind){429, "too-many-requests", "Too many requests", 5};
    case ERR_CANCELLED: return (struct kind){499, "cancelled", "Cancelled", 0};
    case ERR_STORE: return (struct kind){502, "store", "The store failed", 0};
    case ERR_NO_MEMORY: return (struct kind){503, "no-memory", "Not enough memory", 10};
    case ERR_UNAVAILABLE: return (struct kind){503, "unavailable", "Not available now", 5};
    case ERR_DEADLINE: return (struct kind){504, "deadline", "Past the deadline", 0};
    case ERR_DISK_FULL: return (struct kind){507, "disk-full", "The disk is full", 0};
    case ERR_OK:
    case ERR_INTERNAL: break;
    }
    return (struct kind){500, "internal", "Internal error", 0};
}

unsigned problem_status(enum err_code code)
{
    return kind_of(code).status;
}

int problem_retry_after(enum err_code code)
{
    return kind_of(code).retry_after;
}

char *problem_text(const struct err *e, const char *instance)
{
    struct kind kind = kind_of(e->code);
    char type[64];
    snprintf(type, sizeof type, "urn:curvelogd:problem:%s", kind.name);
    char *text = NULL;
    cJSON *json = cJSON_CreateObject();
    int ok = json && cJSON_AddStringToObject(json, "type", type) && cJSON_AddStringToObject(json, "title", kind.title) &&
             cJSON_AddNumberToObject(json, "status", kind.status) && cJSON_AddStringToObject(json, "detail", e->text) &&
             (!e->field[0] || cJSON_AddStringToObject(json, "field", e->field)) &&
             cJSON_AddStringToObject(json, "instance", instance);
    if (ok)
        text = cJSON_PrintUnformatted(json);
    cJSON_Delete(json);
    return text;
}
