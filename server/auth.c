#include "server/auth.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "server/ids.h"

struct auth_key { char name[AUTH_NAME_MAX]; unsigned char hash[SHA256_DIGEST_LENGTH]; };

struct auth { struct auth_key *keys; size_t n; };

static enum err_code add_line(struct auth *auth, char *line, int number, struct err *e)
{
    line[strcspn(line, "\r\n")] = 0;
    if (!*line || *line == '#')
        return ERR_OK;
    char *key = strchr(line, ':');
    if (key)
        *key++ = 0;
    if (!key || !id_is_safe(line, AUTH_NAME_MAX))
        return err_set(e, ERR_INVALID, "Line %d of API_KEYS_FILE is not NAME:KEY.", number);
    if (strlen(key) < AUTH_KEY_MIN)
        return err_set(e, ERR_INVALID, "The key in line %d of API_KEYS_FILE has fewer than %d characters.", number,
                       AUTH_KEY_MIN);
    struct auth_key *keys = realloc(auth->keys, (auth->n + 1) * sizeof *keys);
    if (!keys)
        return err_memory(e, "the API keys");
    auth->keys = keys;
    snprintf(keys[auth->n].name, sizeof keys->name, "%.63s", line);
    SHA256((const unsigned char *)key, strlen(key), keys[auth->n].hash);
    OPENSSL_cleanse(key, strlen(key));
    auth->n++;
    return ERR_OK;
}

enum err_code auth_load(struct auth **out, const char *path, struct err *e)
{
    enum err_code code = ERR_OK;
    struct auth *auth = calloc(1, sizeof *auth);
    FILE *file = fopen(path, "re");
    char line[1024];
    if (!auth)
        code = err_memory(e, "the API keys");
    else if (!file)
        code = err_set(e, ERR_INVALID, "API_KEYS_FILE cannot be read: %s.", strerror(errno));
    for (int number = 1; !code && fgets(line, sizeof line, file); number++) {
        if (!strchr(line, '\n') && !feof(file))
            code = err_set(e, ERR_INVALID, "Line %d of API_KEYS_FILE is too long.", number);
        else
            code = add_line(auth, line, number, e);
    }
    if (!code && !auth->n)
        code = err_set(e, ERR_INVALID, "API_KEYS_FILE holds no key.");
    if (file)
        fclose(file);
    if (code)
        auth_free(auth);
    else
        *out = auth;
    return code;
}

void auth_free(struct auth *auth)
{
    if (!auth)
        return;
    free(auth->keys);
    free(auth);
}

bool auth_check(const struct auth *auth, const char *authorization, const char *api_key, char name[AUTH_NAME_MAX])
{
    const char *key = api_key;
    if (!key && authorization && strncasecmp(authorization, "Bearer ", 7) == 0)
        key = authorization + 7;
    if (!key)
        return false;
    unsigned char hash[SHA256_DIGEST_LENGTH];
    SHA256((const unsigned char *)key, strlen(key), hash);
    bool found = false;
    for (size_t i = 0; i < auth->n; i++)
        if (CRYPTO_memcmp(hash, auth->keys[i].hash, sizeof hash) == 0) {
            found = true;
            snprintf(name, AUTH_NAME_MAX, "%s", auth->keys[i].name);
        }
    return found;
}
