/* The JSON body of POST /digitize, turned into the same list of fields that a form gives. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "postproc/number.h"
#include "server/field_value.h"
#include "server/fields.h"

struct list {
    struct field *fields;
    char **owned;        /* [n]: the values' texts */
    size_t n, capacity;
};

static void list_clear(struct list *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->owned[i]);
    free(list->owned);
    free(list->fields);
}

/* Appends; owns `value` in any case. */
static enum err_code add(struct list *list, const char *name, char *value, struct err *e)
{
    if (!value || list->n == list->capacity) {
        free(value);
        return err_memory(e, "the request's fields");
    }
    list->owned[list->n] = value;
    list->fields[list->n++] = (struct field){ name, value };
    return ERR_OK;
}

static enum err_code add_scalar(struct list *list, const char *name, const cJSON *item, struct err *e)
{
    char number[NUMBER_MAX], quote[VALUE_QUOTE_MAX];
    if (cJSON_IsString(item))
        return add(list, name, strdup(item->valuestring), e);
    if (cJSON_IsBool(item))
        return add(list, name, strdup(cJSON_IsTrue(item) ? "1" : "0"), e);
    if (!cJSON_IsNumber(item) || !isfinite(item->valuedouble))
        return err_field(e, ERR_MALFORMED, value_quote(quote, name), "%s must be a number or text.", value_quote(quote, name));
    number_write_shortest(number, item->valuedouble);
    return add(list, name, strdup(number), e);
}

/* "track":[x0,y0,x1,y1] is one value. */
static enum err_code add_joined(struct list *list, const char *name, const cJSON *array, struct err *e)
{
    const cJSON *item;
    char text[4 * 32] = "", number[NUMBER_MAX];
    size_t length = 0;
    cJSON_ArrayForEach(item, array) {
        if (!cJSON_IsNumber(item) || !isfinite(item->valuedouble))
            return err_field(e, ERR_MALFORMED, name, "%s must hold numbers.", name);
        number_write_shortest(number, item->valuedouble);
        int n = snprintf(text + length, sizeof text - length, "%s%s", length ? "," : "", number);
        length += (size_t)n;
        if (length >= sizeof text)
            return err_field(e, ERR_MALFORMED, name, "%s holds too many numbers.", name);
    }
    return add(list, name, strdup(text), e);
}

static enum err_code add_member(struct list *list, const cJSON *member, struct err *e)
{
    const cJSON *item;
    const char *name = member->string;
    enum err_code code = ERR_OK;
    if (cJSON_IsObject(member) && strcmp(name, "layout") == 0)
        return add(list, name, cJSON_PrintUnformatted(member), e);
    if (!cJSON_IsArray(member))
        return add_scalar(list, name, member, e);
    if (strcmp(name, "track") == 0)
        return add_joined(list, name, member, e);
    cJSON_ArrayForEach(item, member) {
        code = add_scalar(list, name, item, e);
        if (code != ERR_OK)
            break;
    }
    return code;
}

static enum err_code list_create(struct list *list, const cJSON *root, struct err *e)
{
    const cJSON *member;
    memset(list, 0, sizeof *list);
    cJSON_ArrayForEach(member, root)
        list->capacity += cJSON_IsArray(member) ? (size_t)cJSON_GetArraySize(member) + 1 : 1;
    list->fields = calloc(list->capacity + 1, sizeof *list->fields);
    list->owned = calloc(list->capacity + 1, sizeof *list->owned);
    return list->fields && list->owned ? ERR_OK : err_memory(e, "the request's fields");
}

enum err_code fields_parse_json(const char *text, size_t length, struct digitize_options *out, struct err *e)
{
    const char *end = NULL;
    struct list list = { 0 };
    enum err_code code;
    memset(out, 0, sizeof *out);
    cJSON *root = cJSON_ParseWithLengthOpts(text, length, &end, false);
    while (root && end < text + length && (*end == ' ' || *end == '\t' || *end == '\r' || *end == '\n'))
        end++;
    if (!cJSON_IsObject(root) || end != text + length) {
        code = err_set(e, ERR_MALFORMED, "The body is not a JSON object: it cannot be read from byte %zu on.",
                       end ? (size_t)(end - text) : 0);
        goto out;
    }
    const cJSON *member;
    code = list_create(&list, root, e);
    cJSON_ArrayForEach(member, root) {
        if (code != ERR_OK)
            break;
        code = add_member(&list, member, e);
    }
    if (code == ERR_OK)
        code = fields_parse(list.fields, list.n, out, e);
out:
    list_clear(&list);
    cJSON_Delete(root);
    return code;
}
