#include "server/credentials_parse.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include <cjson/cJSON.h>
#include <curl/curl.h>

static bool copy(char *to, size_t size, const char *from)
{
    size_t length = strlen(from);
    if (length >= size)
        return false;
    memcpy(to, from, length + 1);
    return true;
}

static bool copy_member(const cJSON *object, const char *name, char *to, size_t size)
{
    const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return value && copy(to, size, value);
}

time_t credentials_parse_time(const char *text)
{
    struct tm tm = {0};
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    if (!rest)
        return -1;
    if (*rest == '.')
        rest += 1 + strspn(rest + 1, "0123456789");
    return strcmp(rest, "Z") == 0 || strcmp(rest, "+00:00") == 0 ? timegm(&tm) : -1;
}

enum err_code credentials_parse_json(const char *text, size_t length, struct credentials *out, struct err *e)
{
    enum err_code code = ERR_OK;
    memset(out, 0, sizeof *out);
    cJSON *json = cJSON_ParseWithLength(text, length);
    if (!cJSON_IsObject(json) || !copy_member(json, "AccessKeyId", out->access_key, sizeof out->access_key) ||
        !copy_member(json, "SecretAccessKey", out->secret_key, sizeof out->secret_key)) {
        code = err_set(e, ERR_STORE, "The container's credentials endpoint answered with no credentials.");
        goto out;
    }
    if (cJSON_HasObjectItem(json, "Token") &&
        !copy_member(json, "Token", out->session_token, sizeof out->session_token)) {
        code = err_set(e, ERR_STORE, "The container's credentials endpoint answered with an unusable session token.");
        goto out;
    }
    const char *expires = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "Expiration"));
    if (expires && (out->expires = credentials_parse_time(expires)) == (time_t)-1)
        code = err_set(e, ERR_STORE, "The container's credentials endpoint answered with an unreadable expiry.");
out:
    cJSON_Delete(json);
    return code;
}

static char *trim(char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    char *end = text + strlen(text);
    while (end > text && isspace((unsigned char)end[-1]))
        *--end = '\0';
    return text;
}

/* Takes "name = value" into the credentials; other settings of the section are somebody else's. */
static bool take_setting(char *line, struct credentials *out)
{
    char *equals = strchr(line, '=');
    if (!equals)
        return true;
    *equals = '\0';
    const char *name = trim(line), *value = trim(equals + 1);
    if (strcasecmp(name, "aws_access_key_id") == 0)
        return copy(out->access_key, sizeof out->access_key, value);
    if (strcasecmp(name, "aws_secret_access_key") == 0)
        return copy(out->secret_key, sizeof out->secret_key, value);
    if (strcasecmp(name, "aws_session_token") == 0)
        return copy(out->session_token, sizeof out->session_token, value);
    return true;
}

enum err_code credentials_parse_file(FILE *file, const char *path, const char *profile, struct credentials *out,
                                     struct err *e)
{
    char line[CREDENTIALS_TOKEN_MAX + 64];
    bool inside = false, found = false;
    memset(out, 0, sizeof *out);
    while (fgets(line, sizeof line, file)) {
        char *text = trim(line);
        if (*text == '#' || *text == ';')
            continue;
        if (*text == '[') {
            text[strcspn(text, "]")] = '\0';
            inside = strcmp(trim(text + 1), profile) == 0;
            found = found || inside;
        } else if (inside && !take_setting(text, out)) {
            return err_set(e, ERR_STORE, "A value in profile \"%s\" of %s is too long.", profile, path);
        }
    }
    if (ferror(file))
        return err_set(e, ERR_STORE, "The credentials file %s cannot be read.", path);
    if (!found)
        return err_set(e, ERR_STORE, "The credentials file %s has no profile \"%s\".", path, profile);
    if (!*out->access_key || !*out->secret_key)
        return err_set(e, ERR_STORE, "Profile \"%s\" of %s lacks aws_access_key_id or aws_secret_access_key.", profile,
                       path);
    return ERR_OK;
}

static bool host_allowed(const char *host)
{
    static const char *const platform[] = {"169.254.170.2", "169.254.170.23", "[fd00:ec2::23]", "[::1]", "localhost"};
    for (size_t i = 0; i < sizeof platform / sizeof *platform; i++)
        if (strcasecmp(host, platform[i]) == 0)
            return true;
    struct in_addr address;
    return inet_pton(AF_INET, host, &address) == 1 && ntohl(address.s_addr) >> 24 == 127;
}

bool credentials_uri_allowed(const char *uri)
{
    bool allowed = false;
    char *scheme = NULL, *host = NULL;
    CURLU *url = curl_url();
    if (url && curl_url_set(url, CURLUPART_URL, uri, 0) == CURLUE_OK &&
        curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
        curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK)
        allowed = strcmp(scheme, "https") == 0 || (strcmp(scheme, "http") == 0 && host_allowed(host));
    curl_free(scheme);
    curl_free(host);
    curl_url_cleanup(url);
    return allowed;
}
