/* The signer on S3's published examples and on cases of the Signature Version 4 test suite. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "server/sigv4.h"

static const char EMPTY[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/* "Examples: Signature Calculations" in the S3 API reference. */
static const struct sigv4_signer S3_EXAMPLE = {
    .access_key = "AKIAIOSFODNN7EXAMPLE", .secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    .region = "us-east-1", .service = "s3", .now = 1369353600};

/* The signing test suite: 2015-08-30 12:36:00 UTC. */
static const struct sigv4_signer SUITE = {
    .access_key = "AKIDEXAMPLE", .secret_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    .region = "us-east-1", .service = "service", .now = 1440938160};

static void assert_signs(struct sigv4_request request, const struct sigv4_signer *signer, const char *signed_headers,
                         const char *hex)
{
    struct sigv4_signature s;
    struct err e = {0};
    assert_int_equal(sigv4_sign(&request, signer, &s, &e), ERR_OK);
    assert_string_equal(s.signed_headers, signed_headers);
    assert_string_equal(s.hex, hex);
    assert_string_equal(request.headers[request.n_headers - 1].name, "Authorization");
    assert_non_null(strstr(request.headers[request.n_headers - 1].value, hex));
}

static void signs_s3_get(void **state)
{
    (void)state;
    struct sigv4_request r = {
        .method = "GET", .host = "examplebucket.s3.amazonaws.com", .path = "/test.txt",
        .headers = {{"Range", "bytes=0-9"}, {"x-amz-content-sha256", EMPTY}}, .n_headers = 2, .payload = EMPTY};
    assert_signs(r, &S3_EXAMPLE, "host;range;x-amz-content-sha256;x-amz-date",
                 "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

static void signs_s3_put(void **state)
{
    (void)state;
    char hash[SIGV4_HASH_SIZE];
    struct err e = {0};
    assert_int_equal(sigv4_hash("Welcome to Amazon S3.", 21, hash, &e), ERR_OK);
    struct sigv4_request r = {
        .method = "PUT", .host = "examplebucket.s3.amazonaws.com", .path = "/test$file.text",
        .headers = {{"Date", "Fri, 24 May 2013 00:00:00 GMT"}, {"x-amz-storage-class", "REDUCED_REDUNDANCY"},
                    {"x-amz-content-sha256", hash}},
        .n_headers = 3, .payload = hash};
    assert_signs(r, &S3_EXAMPLE, "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
                 "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

static void signs_s3_lists(void **state)
{
    (void)state;
    struct sigv4_request r = {
        .method = "GET", .host = "examplebucket.s3.amazonaws.com", .path = "/", .query = {{"lifecycle", ""}},
        .n_query = 1, .headers = {{"x-amz-content-sha256", EMPTY}}, .n_headers = 1, .payload = EMPTY};
    assert_signs(r, &S3_EXAMPLE, "host;x-amz-content-sha256;x-amz-date",
                 "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
    r.query[0] = (struct sigv4_pair){"prefix", "J"};
    r.query[1] = (struct sigv4_pair){"max-keys", "2"};
    r.n_query = 2;
    assert_signs(r, &S3_EXAMPLE, "host;x-amz-content-sha256;x-amz-date",
                 "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

static void presigns_s3_get(void **state)
{
    (void)state;
    struct sigv4_request r = {.method = "GET", .host = "examplebucket.s3.amazonaws.com", .path = "/test.txt",
                              .payload = SIGV4_UNSIGNED};
    struct sigv4_signature s;
    struct err e = {0};
    char target[1024];
    assert_int_equal(sigv4_presign(&r, &S3_EXAMPLE, 86400, &s, &e), ERR_OK);
    assert_int_equal(sigv4_target(&r, target, sizeof target, &e), ERR_OK);
    assert_string_equal(target,
        "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
        "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
        "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400"
        "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
        "&X-Amz-SignedHeaders=host");
}

static struct sigv4_request suite(const char *method, const char *path)
{
    return (struct sigv4_request){.method = method, .host = "example.amazonaws.com", .path = path, .payload = EMPTY};
}

static struct sigv4_request with_query(struct sigv4_request r, const char *name, const char *value)
{
    r.query[r.n_query++] = (struct sigv4_pair){name, value};
    return r;
}

static struct sigv4_request with_header(struct sigv4_request r, const char *name, const char *value)
{
    r.headers[r.n_headers++] = (struct sigv4_pair){name, value};
    return r;
}

static void signs_suite_plain(void **state)
{
    (void)state;
    assert_signs(suite("GET", "/"), &SUITE, "host;x-amz-date",
                 "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
    assert_signs(suite("POST", "/"), &SUITE, "host;x-amz-date",
                 "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
}

static void signs_suite_paths(void **state)
{
    (void)state;
    assert_signs(suite("GET", "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"), &SUITE,
                 "host;x-amz-date", "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f");
    assert_signs(suite("GET", "/\xe1\x88\xb4"), &SUITE, "host;x-amz-date",
                 "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85");
}

static void signs_suite_queries(void **state)
{
    (void)state;
    struct sigv4_request get = suite("GET", "/");
    assert_signs(with_query(with_query(get, "Param2", "value2"), "Param1", "value1"), &SUITE, "host;x-amz-date",
                 "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
    assert_signs(with_query(with_query(get, "Param1", "value2"), "Param1", "Value1"), &SUITE, "host;x-amz-date",
                 "eedbc4e291e521cf13422ffca22be7d2eb8146eecf653089df300a15b2382bd1");
    assert_signs(with_query(with_query(get, "Param1", "value2"), "Param1", "value1"), &SUITE, "host;x-amz-date",
                 "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694");
    assert_signs(with_query(get, "\xe1\x88\xb4", "bar"), &SUITE, "host;x-amz-date",
                 "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04");
}

static void signs_suite_headers(void **state)
{
    (void)state;
    struct sigv4_request get = suite("GET", "/");
    struct sigv4_request same = with_header(with_header(with_header(get, "My-Header1", "value2"),
                                                        "My-Header1", "value2"), "My-Header1", "value1");
    assert_signs(same, &SUITE, "host;my-header1;x-amz-date",
                 "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea");
    assert_signs(with_header(with_header(get, "My-Header1", " value1"), "My-Header2", " \"a   b   c\""), &SUITE,
                 "host;my-header1;my-header2;x-amz-date",
                 "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736");
    assert_signs(with_header(suite("POST", "/"), "My-Header1", "VALUE1"), &SUITE, "host;my-header1;x-amz-date",
                 "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d");
}

static void signs_suite_token(void **state)
{
    (void)state;
    struct sigv4_signer signer = SUITE;
    signer.session_token = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoI"
                           "YRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5"
                           "VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC"
                           "9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==";
    assert_signs(suite("POST", "/"), &signer, "host;x-amz-date;x-amz-security-token",
                 "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead");
}

static void refuses_what_does_not_fit(void **state)
{
    (void)state;
    char key[2048], target[64];
    struct err e = {0};
    memset(key, '\xff', sizeof key - 1);
    key[0] = '/';
    key[sizeof key - 1] = '\0';
    struct sigv4_request r = suite("GET", key);
    assert_int_equal(sigv4_target(&r, target, sizeof target, &e), ERR_INVALID);
    assert_non_null(strstr(e.text, "too long"));

    struct sigv4_signer signer = SUITE;
    struct sigv4_signature s;
    key[1] = 'a';
    signer.access_key = key;
    err_clear(&e);
    assert_int_equal(sigv4_sign(&r, &signer, &s, &e), ERR_INTERNAL);
    signer = SUITE;
    signer.secret_key = key;
    err_clear(&e);
    assert_int_equal(sigv4_sign(&r, &signer, &s, &e), ERR_INTERNAL);
    r.n_headers = SIGV4_MAX_PAIRS - 2;
    err_clear(&e);
    assert_int_equal(sigv4_sign(&r, &SUITE, &s, &e), ERR_INTERNAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signs_s3_get),
        cmocka_unit_test(signs_s3_put),
        cmocka_unit_test(signs_s3_lists),
        cmocka_unit_test(presigns_s3_get),
        cmocka_unit_test(signs_suite_plain),
        cmocka_unit_test(signs_suite_paths),
        cmocka_unit_test(signs_suite_queries),
        cmocka_unit_test(signs_suite_headers),
        cmocka_unit_test(signs_suite_token),
        cmocka_unit_test(refuses_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
