#include "server/s3_address.h"

#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

static bool fits(int length, size_t size)
{
    return length >= 0 && (size_t)length < size;
}

static enum err_code make_aws(struct s3_address *out, const char *bucket, const char *region, struct err *e)
{
    const char *domain = strncmp(region, "cn-", 3) == 0 ? "amazonaws.com.cn" : "amazonaws.com";
    bool in_path = strchr(bucket, '.') != NULL;
    int host = in_path ? snprintf(out->host, sizeof out->host, "s3.%s.%s", region, domain)
                       : snprintf(out->host, sizeof out->host, "%s.s3.%s.%s", bucket, region, domain);
    snprintf(out->base, sizeof out->base, "https://%s", out->host);
    snprintf(out->path, sizeof out->path, "%s%s", in_path ? "/" : "", in_path ? bucket : "");
    if (!fits(host, sizeof out->host) || !*region || strspn(region, "abcdefghijklmnopqrstuvwxyz0123456789-") !=
                                                         strlen(region))
        return err_field(e, ERR_INVALID, "AWS_REGION", "AWS_REGION is not a region's name: \"%.60s\".", region);
    return ERR_OK;
}

static bool is_default_port(const char *scheme, const char *port)
{
    return strcmp(port, strcmp(scheme, "https") == 0 ? "443" : "80") == 0;
}

enum err_code s3_address_make(struct s3_address *out, const char *endpoint, const char *bucket, const char *region,
                              bool virtual_host, struct err *e)
{
    enum err_code code = ERR_OK;
    char *scheme = NULL, *host = NULL, *port = NULL, *path = NULL, *query = NULL, *user = NULL;
    if (!*endpoint)
        return make_aws(out, bucket, region, e);
    CURLU *url = curl_url();
    if (!url)
        return err_memory(e, "the store's address");
    if (curl_url_set(url, CURLUPART_URL, endpoint, 0) || curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) ||
        curl_url_get(url, CURLUPART_HOST, &host, 0) || curl_url_get(url, CURLUPART_PATH, &path, 0) ||
        curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) ||
        (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0) || strcmp(path, "/") != 0 ||
        curl_url_get(url, CURLUPART_QUERY, &query, 0) == CURLUE_OK ||
        curl_url_get(url, CURLUPART_USER, &user, 0) == CURLUE_OK) {
        code = err_field(e, ERR_INVALID, "S3_ENDPOINT",
                         "An S3 endpoint must be http:// or https:// with a host and no path, not \"%.120s\".", endpoint);
        goto out;
    }
    bool named = !is_default_port(scheme, port);
    int n = snprintf(out->host, sizeof out->host, "%s%s%s%s%s", virtual_host ? bucket : "", virtual_host ? "." : "", host,
                     named ? ":" : "", named ? port : "");
    if (!fits(n, sizeof out->host)) {
        code = err_field(e, ERR_INVALID, "S3_ENDPOINT", "The S3 endpoint's name is too long.");
        goto out;
    }
    snprintf(out->base, sizeof out->base, "%s://%s", scheme, out->host);
    snprintf(out->path, sizeof out->path, "%s%s", virtual_host ? "" : "/", virtual_host ? "" : bucket);
out:
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    curl_free(path);
    curl_free(query);
    curl_free(user);
    curl_url_cleanup(url);
    return code;
}

enum err_code s3_address_parse(const char *url, char bucket[S3_BUCKET_MAX], char prefix[S3_PREFIX_MAX], struct err *e)
{
    static const char wanted[] = "STORE must be s3://BUCKET/PREFIX";
    if (strncmp(url, "s3://", 5) != 0)
        return err_field(e, ERR_INVALID, "STORE", "%s, not \"%.120s\".", wanted, url);
    url += 5;
    size_t n = strcspn(url, "/");
    if (n < 3 || n >= S3_BUCKET_MAX || strspn(url, "abcdefghijklmnopqrstuvwxyz0123456789.-") < n)
        return err_field(e, ERR_INVALID, "STORE",
                         "%s; a bucket's name is 3 to 63 small letters, digits, dots and dashes.", wanted);
    memcpy(bucket, url, n);
    bucket[n] = '\0';
    url += n + strspn(url + n, "/");
    n = strlen(url);
    while (n && url[n - 1] == '/')
        n--;
    if (n + 2 > S3_PREFIX_MAX)
        return err_field(e, ERR_INVALID, "STORE", "%s; the prefix is longer than %d bytes.", wanted, S3_PREFIX_MAX - 2);
    memcpy(prefix, url, n);
    strcpy(prefix + n, n ? "/" : "");
    if (strstr(prefix, "//") || strstr(prefix, "./"))
        return err_field(e, ERR_INVALID, "STORE", "%s; the prefix has an empty or dotted part.", wanted);
    return ERR_OK;
}
