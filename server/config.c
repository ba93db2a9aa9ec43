#include "server/config.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static enum err_code read_int(const char *name, const char *text, long long initial, long long min, long long max,
                              long long *out, struct err *e)
{
    *out = initial;
    if (!text || !*text)
        return ERR_OK;
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (*end || end == text || errno || value < min || value > max)
        return err_field(e, ERR_INVALID, name, "%s must be a whole number from %lld to %lld, not \"%.60s\".", name, min,
                         max, text);
    *out = value;
    return ERR_OK;
}

static enum err_code read_real(const char *name, const char *text, double initial, double min, double max, double *out,
                               struct err *e)
{
    *out = initial;
    if (!text || !*text)
        return ERR_OK;
    char *end;
    errno = 0;
    double value = strtod(text, &end);
    if (*end || end == text || errno || !isfinite(value) || value < min || value > max)
        return err_field(e, ERR_INVALID, name, "%s must be a number from %g to %g, not \"%.60s\".", name, min, max,
                         text);
    *out = value;
    return ERR_OK;
}

static enum err_code read_text(const char *name, const char *text, const char *initial, char out[CONFIG_TEXT_MAX],
                               struct err *e)
{
    if (!text)
        text = initial;
    if (strlen(text) >= CONFIG_TEXT_MAX)
        return err_field(e, ERR_INVALID, name, "%s is longer than %d bytes.", name, CONFIG_TEXT_MAX - 1);
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c < 32 || *c == 127)
            return err_field(e, ERR_INVALID, name, "%s holds a control character.", name);
    memcpy(out, text, strlen(text) + 1);
    return ERR_OK;
}

/* `choices` is "a|b|c"; *out is the index of the one that `text` is. */
static enum err_code read_choice(const char *name, const char *text, const char *initial, const char *choices, int *out,
                                 struct err *e)
{
    if (!text || !*text)
        text = initial;
    size_t length = strlen(text);
    int index = 0;
    for (const char *at = choices;; at++, index++) {
        size_t n = strcspn(at, "|");
        if (n == length && memcmp(at, text, n) == 0) {
            *out = index;
            return ERR_OK;
        }
        at += n;
        if (!*at)
            return err_field(e, ERR_INVALID, name, "%s must be one of %s, not \"%.60s\".", name, choices, text);
    }
}

/* Rules that the table cannot say. */
static enum err_code check(struct config *config, struct err *e)
{
    if (strncmp(config->store, "dir:", 4) != 0 && strncmp(config->store, "s3://", 5) != 0)
        return err_field(e, ERR_INVALID, "STORE", "STORE must be dir:FOLDER or s3://BUCKET/PREFIX, not \"%.60s\".",
                         config->store);
    if (!config->store[strcspn(config->store, ":/") + (config->store[0] == 's' ? 3 : 1)])
        return err_field(e, ERR_INVALID, "STORE", "STORE names no folder or bucket.");
    if (strspn(config->model, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") !=
            strlen(config->model) || !config->model[0] || config->model[0] == '.' || strlen(config->model) > 63)
        return err_field(e, ERR_INVALID, "MODEL",
                         "MODEL must be 1 to 63 letters, digits, dots, dashes or underscores, not \"%.60s\".",
                         config->model);
    const char *url = config->public_url;
    if (*url && strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
        return err_field(e, ERR_INVALID, "PUBLIC_URL", "PUBLIC_URL must begin with http:// or https://.");
    while (*url && config->public_url[strlen(url) - 1] == '/')
        config->public_url[strlen(url) - 1] = 0;
    return ERR_OK;
}

enum err_code config_load(struct config *config, config_lookup lookup, struct err *e)
{
    enum err_code code = ERR_OK;
    memset(config, 0, sizeof *config);
#define INT(member, name, initial, min, max, help)                                                                     \
    if (!code)                                                                                                         \
        code = read_int(name, lookup(name), initial, min, max, &config->member, e);
#define REAL(member, name, initial, min, max, help)                                                                    \
    if (!code)                                                                                                         \
        code = read_real(name, lookup(name), initial, min, max, &config->member, e);
#define TEXT(member, name, initial, help)                                                                              \
    if (!code)                                                                                                         \
        code = read_text(name, lookup(name), initial, config->member, e);
#define CHOICE(member, name, initial, choices, help)                                                                   \
    if (!code)                                                                                                         \
        code = read_choice(name, lookup(name), initial, choices, &config->member, e);
#include "server/config_table.h"
#undef INT
#undef REAL
#undef TEXT
#undef CHOICE
    if (code)
        return code;
    /* Lambda kills 300 ms after SIGTERM. */
    if (!lookup("DRAIN_MS") && lookup("AWS_LAMBDA_FUNCTION_NAME"))
        config->drain_ms = 100;
    return check(config, e);
}

void config_print_table(FILE *out)
{
#define INT(member, name, initial, min, max, help)                                                                     \
    fprintf(out, "  %-18s %-14lld %s (%lld to %lld)\n", name, (long long)(initial), help, (long long)(min),            \
            (long long)(max));
#define REAL(member, name, initial, min, max, help)                                                                    \
    fprintf(out, "  %-18s %-14g %s (%g to %g)\n", name, (double)(initial), help, (double)(min), (double)(max));
#define TEXT(member, name, initial, help) fprintf(out, "  %-18s %-14s %s\n", name, *initial ? initial : "-", help);
#define CHOICE(member, name, initial, choices, help)                                                                   \
    fprintf(out, "  %-18s %-14s %s (%s)\n", name, initial, help, choices);
#include "server/config_table.h"
#undef INT
#undef REAL
#undef TEXT
#undef CHOICE
}
