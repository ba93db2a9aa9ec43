#include "server/s3_error.h"

#include <stdlib.h>
#include <string.h>

/* Copies the text of the first element `name` in an XML body; S3's codes need no unescaping. */
static void read_element(const char *body, const char *open, char *out, size_t size)
{
    const char *start = strstr(body, open);
    out[0] = '\0';
    if (!start)
        return;
    start += strlen(open);
    size_t n = strcspn(start, "<");
    if (n < size) {
        memcpy(out, start, n);
        out[n] = '\0';
    }
}

static bool one_of(const char *text, const char *const *list)
{
    for (; *list; list++)
        if (strcmp(text, *list) == 0)
            return true;
    return false;
}

static bool transfer_may_recover(CURLcode result)
{
    switch (result) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_WEIRD_SERVER_REPLY:
        return true;
    default:
        return false;
    }
}

enum s3_verdict s3_error_judge(struct s3_reply *reply)
{
    static const char *const again[] = {"RequestTimeout", "SlowDown", "InternalError", "ServiceUnavailable",
                                        "OperationAborted", NULL};
    static const char *const renew[] = {"ExpiredToken", "InvalidToken", "TokenRefreshRequired", NULL};

    reply->body[reply->body_n] = '\0';
    read_element(reply->body, "<Code>", reply->code, sizeof reply->code);
    if (reply->result != CURLE_OK)
        return transfer_may_recover(reply->result) ? S3_AGAIN : S3_FAILED;
    if (reply->status >= 200 && reply->status < 300)
        return S3_DONE;
    if (one_of(reply->code, renew))
        return S3_RENEW;
    return reply->status >= 500 || reply->status == 429 || one_of(reply->code, again) ? S3_AGAIN : S3_FAILED;
}

static enum err_code set_skew(struct err *e, const struct s3_reply *reply)
{
    long long seconds = reply->date ? (long long)(reply->date - time(NULL)) : 0;
    if (!seconds)
        return err_set(e, ERR_STORE, "The store refused the request because this machine's clock is wrong.");
    return err_set(e, ERR_STORE, "The store refused the request because this machine's clock is %lld s %s the store's.",
                   llabs(seconds), seconds > 0 ? "behind" : "ahead of");
}

enum err_code s3_error_set(struct err *e, const struct s3_reply *reply, const char *host, const char *bucket,
                           bool asked_for_object)
{
    static const char *const key_codes[] = {"InvalidAccessKeyId", "SignatureDoesNotMatch", NULL};
    static const char *const token_codes[] = {"ExpiredToken", "InvalidToken", "TokenRefreshRequired", NULL};
    const char *code = reply->code;

    if (reply->result != CURLE_OK)
        return err_set(e, ERR_STORE, "The store at %s does not answer: %s.", host, curl_easy_strerror(reply->result));
    if (strcmp(code, "NoSuchBucket") == 0)
        return err_set(e, ERR_STORE, "The store has no bucket \"%s\".", bucket);
    if (reply->status == 404 && asked_for_object)
        return err_set(e, ERR_NOT_FOUND, "The store has no such object.");
    if (strcmp(code, "RequestTimeTooSkewed") == 0)
        return set_skew(e, reply);
    if (one_of(code, key_codes))
        return err_set(e, ERR_STORE, "The store does not accept the access key (%s).", code);
    if (one_of(code, token_codes))
        return err_set(e, ERR_STORE, "The store's credentials have expired (%s).", code);
    if (reply->status == 301 || reply->status == 307 || strcmp(code, "AuthorizationHeaderMalformed") == 0)
        return err_set(e, ERR_STORE, "Bucket \"%s\" is in another region%s%s: set AWS_REGION.", bucket,
                       *reply->region ? ", " : "", reply->region);
    if (reply->status == 401 || reply->status == 403)
        return err_set(e, ERR_STORE, "The store refuses access to bucket \"%s\"%s%s%s: the role or key may not read or "
                       "write there.", bucket, *code ? " (" : "", code, *code ? ")" : "");
    if (reply->status == 503 || reply->status == 429)
        return err_set(e, ERR_STORE, "The store at %s is overloaded: it answered %ld each time.", host, reply->status);
    return err_set(e, ERR_STORE, "The store at %s answered %ld%s%s.", host, reply->status, *code ? " " : "", code);
}
