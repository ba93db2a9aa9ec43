#include "server/sigv4.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { HASH_BYTES = 32 };

static enum err_code no_room(struct err *e)
{
    return err_set(e, ERR_INTERNAL, "A request to the store is too large to be signed.");
}

/* RFC 3986: all but the unreserved characters as %XX. */
static void write_encoded(FILE *out, const char *text, bool keep_slash)
{
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if ((*c >= 'A' && *c <= 'Z') || (*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || strchr("-._~", *c) ||
            (keep_slash && *c == '/'))
            fputc(*c, out);
        else
            fprintf(out, "%%%02X", *c);
    }
}

/* Closes a stream made by open_memstream; its text is in *text only on success. */
static enum err_code close_text(FILE *out, char **text, struct err *e)
{
    bool failed = ferror(out) != 0;
    if (fclose(out) == 0 && !failed)
        return ERR_OK;
    free(*text);
    *text = NULL;
    return err_memory(e, "a request to the store");
}

static enum err_code encode_pair(const struct sigv4_pair *pair, char **text, struct err *e)
{
    size_t length;
    *text = NULL;
    FILE *out = open_memstream(text, &length);
    if (!out)
        return err_memory(e, "a request to the store");
    write_encoded(out, pair->name, false);
    fputc('=', out);
    write_encoded(out, pair->value, false);
    return close_text(out, text, e);
}

/* By the encoded name, then by the encoded value: '=' must sort below all else. */
static int compare_encoded(const void *a, const void *b)
{
    const char *x = *(char *const *)a, *y = *(char *const *)b;
    size_t nx = strcspn(x, "="), ny = strcspn(y, "=");
    int order = memcmp(x, y, nx < ny ? nx : ny);
    if (order == 0 && nx != ny)
        order = nx < ny ? -1 : 1;
    return order ? order : strcmp(x + nx, y + ny);
}

static enum err_code write_query(FILE *out, const struct sigv4_request *request, struct err *e)
{
    char *encoded[SIGV4_MAX_PAIRS] = {0};
    enum err_code code = ERR_OK;

    for (size_t i = 0; i < request->n_query; i++)
        if ((code = encode_pair(&request->query[i], &encoded[i], e)))
            goto out;
    qsort(encoded, request->n_query, sizeof *encoded, compare_encoded);
    for (size_t i = 0; i < request->n_query; i++)
        fprintf(out, "%s%s", i ? "&" : "", encoded[i]);
out:
    for (size_t i = 0; i < request->n_query; i++)
        free(encoded[i]);
    return code;
}

static void write_lower(FILE *out, const char *text)
{
    for (; *text; text++)
        fputc(*text >= 'A' && *text <= 'Z' ? *text + ('a' - 'A') : *text, out);
}

/* Without blanks around it, and with runs of blanks inside made one. */
static void write_trimmed(FILE *out, const char *text)
{
    bool blank = false, any = false;
    for (; *text; text++) {
        if (*text == ' ' || *text == '\t') {
            blank = true;
            continue;
        }
        if (blank && any)
            fputc(' ', out);
        fputc(*text, out);
        any = true;
        blank = false;
    }
}

/* The headers to sign, in order of their names; those of one name stay in the order they came in. */
static size_t sort_headers(const struct sigv4_request *request, struct sigv4_pair sorted[SIGV4_MAX_PAIRS + 1])
{
    size_t n = 0;
    sorted[n++] = (struct sigv4_pair){"host", request->host};
    for (size_t i = 0; i < request->n_headers; i++, n++) {
        size_t at = n;
        for (; at > 0 && strcasecmp(sorted[at - 1].name, request->headers[i].name) > 0; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = request->headers[i];
    }
    return n;
}

static bool same_as_last(const struct sigv4_pair *sorted, size_t i)
{
    return i > 0 && strcasecmp(sorted[i].name, sorted[i - 1].name) == 0;
}

static enum err_code list_headers(const struct sigv4_pair *sorted, size_t n, char *out, size_t size, struct err *e)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        if (same_as_last(sorted, i))
            continue;
        int length = snprintf(out + used, size - used, "%s%s", used ? ";" : "", sorted[i].name);
        if (length < 0 || (size_t)length >= size - used)
            return no_room(e);
        for (int k = 0; k < length; k++)
            if (out[used + (size_t)k] >= 'A' && out[used + (size_t)k] <= 'Z')
                out[used + (size_t)k] += 'a' - 'A';
        used += (size_t)length;
    }
    return ERR_OK;
}

/* The canonical request, of which a hash goes into the string to sign. */
static enum err_code write_canonical(FILE *out, const struct sigv4_request *request, const struct sigv4_pair *sorted,
                                     size_t n, const char *signed_headers, struct err *e)
{
    fprintf(out, "%s\n", request->method);
    write_encoded(out, request->path, true);
    fputc('\n', out);
    enum err_code code = write_query(out, request, e);
    if (code)
        return code;
    for (size_t i = 0; i < n; i++) {
        if (same_as_last(sorted, i)) {
            fputc(',', out);
        } else {
            fputc('\n', out);
            write_lower(out, sorted[i].name);
            fputc(':', out);
        }
        write_trimmed(out, sorted[i].value);
    }
    fprintf(out, "\n\n%s\n%s", signed_headers, request->payload);
    return ERR_OK;
}

static enum err_code hash_canonical(const struct sigv4_request *request, const struct sigv4_pair *sorted, size_t n,
                                    const char *signed_headers, char hex[SIGV4_HASH_SIZE], struct err *e)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (!out)
        return err_memory(e, "a request to the store");
    enum err_code code = write_canonical(out, request, sorted, n, signed_headers, e);
    enum err_code closed = close_text(out, &text, e);
    if (!code)
        code = closed;
    if (!code)
        code = sigv4_hash(text, length, hex, e);
    free(text);
    return code;
}

static bool hmac(const void *key, size_t key_length, const char *text, unsigned char out[HASH_BYTES])
{
    return HMAC(EVP_sha256(), key, (int)key_length, (const unsigned char *)text, strlen(text), out, NULL) != NULL;
}

/* The key of a day, a region and a service, then the signature over `text`. */
static enum err_code sign_text(const struct sigv4_signer *signer, const char *date, const char *text,
                               char hex[SIGV4_HASH_SIZE], struct err *e)
{
    char first[256], day[9];
    unsigned char a[HASH_BYTES], b[HASH_BYTES];
    int length = snprintf(first, sizeof first, "AWS4%s", signer->secret_key);
    if (length < 0 || (size_t)length >= sizeof first)
        return no_room(e);
    snprintf(day, sizeof day, "%.8s", date);
    bool ok = hmac(first, (size_t)length, day, a) && hmac(a, sizeof a, signer->region, b) &&
              hmac(b, sizeof b, signer->service, a) && hmac(a, sizeof a, "aws4_request", b) &&
              hmac(b, sizeof b, text, a);
    OPENSSL_cleanse(first, sizeof first);
    OPENSSL_cleanse(b, sizeof b);
    if (!ok)
        return err_set(e, ERR_INTERNAL, "A request to the store could not be signed.");
    sigv4_hex(a, sizeof a, hex);
    return ERR_OK;
}

/* Fills the date, the credential and the list of signed headers. */
static enum err_code prepare(const struct sigv4_request *request, const struct sigv4_signer *signer,
                             struct sigv4_signature *s, struct err *e)
{
    struct tm tm;
    if (!gmtime_r(&signer->now, &tm) || strftime(s->date, sizeof s->date, "%Y%m%dT%H%M%SZ", &tm) != 16)
        return err_set(e, ERR_INTERNAL, "This machine's clock gives no usable time.");
    int length = snprintf(s->credential, sizeof s->credential, "%s/%.8s/%s/%s/aws4_request", signer->access_key,
                          s->date, signer->region, signer->service);
    if (length < 0 || (size_t)length >= sizeof s->credential || request->n_query > SIGV4_MAX_PAIRS - 7 ||
        request->n_headers > SIGV4_MAX_PAIRS - 3)
        return no_room(e);
    return ERR_OK;
}

static enum err_code compute(const struct sigv4_request *request, const struct sigv4_signer *signer,
                             const struct sigv4_pair *sorted, size_t n, struct sigv4_signature *s, struct err *e)
{
    char hash[SIGV4_HASH_SIZE], text[512];
    enum err_code code = hash_canonical(request, sorted, n, s->signed_headers, hash, e);
    if (code)
        return code;
    /* The scope is the credential without the access key. */
    int length = snprintf(text, sizeof text, "AWS4-HMAC-SHA256\n%s\n%s\n%s", s->date,
                          s->credential + strlen(signer->access_key) + 1, hash);
    if (length < 0 || (size_t)length >= sizeof text)
        return no_room(e);
    return sign_text(signer, s->date, text, s->hex, e);
}

enum err_code sigv4_sign(struct sigv4_request *request, const struct sigv4_signer *signer,
                         struct sigv4_signature *s, struct err *e)
{
    struct sigv4_pair sorted[SIGV4_MAX_PAIRS + 1];
    enum err_code code = prepare(request, signer, s, e);
    if (code)
        return code;
    request->headers[request->n_headers++] = (struct sigv4_pair){"X-Amz-Date", s->date};
    if (signer->session_token && *signer->session_token)
        request->headers[request->n_headers++] = (struct sigv4_pair){"X-Amz-Security-Token", signer->session_token};
    size_t n = sort_headers(request, sorted);
    if ((code = list_headers(sorted, n, s->signed_headers, sizeof s->signed_headers, e)) ||
        (code = compute(request, signer, sorted, n, s, e)))
        return code;
    int length = snprintf(s->authorization, sizeof s->authorization,
                          "AWS4-HMAC-SHA256 Credential=%s, SignedHeaders=%s, Signature=%s", s->credential,
                          s->signed_headers, s->hex);
    if (length < 0 || (size_t)length >= sizeof s->authorization)
        return no_room(e);
    request->headers[request->n_headers++] = (struct sigv4_pair){"Authorization", s->authorization};
    return ERR_OK;
}

enum err_code sigv4_presign(struct sigv4_request *request, const struct sigv4_signer *signer, int expires,
                            struct sigv4_signature *s, struct err *e)
{
    struct sigv4_pair sorted[SIGV4_MAX_PAIRS + 1];
    enum err_code code = prepare(request, signer, s, e);
    if (code)
        return code;
    size_t n = sort_headers(request, sorted);
    if ((code = list_headers(sorted, n, s->signed_headers, sizeof s->signed_headers, e)))
        return code;
    snprintf(s->expires, sizeof s->expires, "%d", expires);
    struct sigv4_pair *q = request->query;
    q[request->n_query++] = (struct sigv4_pair){"X-Amz-Algorithm", "AWS4-HMAC-SHA256"};
    q[request->n_query++] = (struct sigv4_pair){"X-Amz-Credential", s->credential};
    q[request->n_query++] = (struct sigv4_pair){"X-Amz-Date", s->date};
    q[request->n_query++] = (struct sigv4_pair){"X-Amz-Expires", s->expires};
    q[request->n_query++] = (struct sigv4_pair){"X-Amz-SignedHeaders", s->signed_headers};
    if (signer->session_token && *signer->session_token)
        q[request->n_query++] = (struct sigv4_pair){"X-Amz-Security-Token", signer->session_token};
    if ((code = compute(request, signer, sorted, n, s, e)))
        return code;
    q[request->n_query++] = (struct sigv4_pair){"X-Amz-Signature", s->hex};
    return ERR_OK;
}

enum err_code sigv4_target(const struct sigv4_request *request, char *out, size_t size, struct err *e)
{
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);
    if (!stream)
        return err_memory(e, "a request to the store");
    write_encoded(stream, request->path, true);
    if (request->n_query)
        fputc('?', stream);
    enum err_code code = write_query(stream, request, e);
    enum err_code closed = close_text(stream, &text, e);
    if (!code)
        code = closed;
    if (!code && length >= size)
        code = err_set(e, ERR_INVALID, "The address of an object in the store is too long.");
    if (!code)
        memcpy(out, text, length + 1);
    free(text);
    return code;
}

void sigv4_hex(const unsigned char *bytes, size_t n, char *hex)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        hex[2 * i] = digits[bytes[i] >> 4];
        hex[2 * i + 1] = digits[bytes[i] & 15];
    }
    hex[2 * n] = '\0';
}

enum err_code sigv4_hash(const void *data, size_t n, char hex[SIGV4_HASH_SIZE], struct err *e)
{
    unsigned char digest[HASH_BYTES];
    if (EVP_Digest(data, n, digest, NULL, EVP_sha256(), NULL) != 1)
        return err_set(e, ERR_INTERNAL, "SHA-256 failed.");
    sigv4_hex(digest, sizeof digest, hex);
    return ERR_OK;
}
