#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

#include "server/credentials.h"
#include "server/credentials_parse.h"
#include "tests/unit/fake_server.h"

static const char *const NAMES[] = {
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_SHARED_CREDENTIALS_FILE", "AWS_PROFILE"};

static int clean(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        unsetenv(NAMES[i]);
    setenv("HOME", "/nonexistent", 1);
    return 0;
}

static void answer(char body[512], const char *key, int seconds)
{
    char when[32];
    time_t end = time(NULL) + seconds;
    struct tm tm;
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&end, &tm));
    snprintf(body, 512, "{\"AccessKeyId\":\"%s\",\"SecretAccessKey\":\"secret\",\"Token\":\"token\",\"Expiration\":\"%s\"}",
             key, when);
}

static void use_container(const struct fake_server *server)
{
    char uri[64];
    snprintf(uri, sizeof uri, "http://127.0.0.1:%d/role", server->port);
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", uri, 1);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void environment_comes_first(void **state)
{
    (void)state;
    struct credentials_source *source;
    struct credentials c;
    struct err e = {0};
    setenv("AWS_ACCESS_KEY_ID", "AKIA1", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "s1", 1);
    setenv("AWS_SESSION_TOKEN", "t1", 1);
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/", 1);
    assert_int_equal(credentials_open(&source, &e), ERR_OK);
    assert_string_equal(credentials_kind(source), "environment");
    assert_int_equal(credentials_get(source, &c, &e), ERR_OK);
    credentials_reject(source, &c);
    assert_int_equal(credentials_get(source, &c, &e), ERR_OK);
    assert_string_equal(c.access_key, "AKIA1");
    assert_string_equal(c.secret_key, "s1");
    assert_string_equal(c.session_token, "t1");
    assert_int_equal(c.expires, 0);
    credentials_close(source);
}

static void contradictions_are_refused(void **state)
{
    (void)state;
    struct credentials_source *source;
    struct err e = {0};
    setenv("AWS_ACCESS_KEY_ID", "AKIA1", 1);
    assert_int_equal(credentials_open(&source, &e), ERR_INVALID);
    assert_non_null(strstr(e.text, "without AWS_SECRET_ACCESS_KEY"));
    clean(NULL);
    err_clear(&e);
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://example.com/role", 1);
    assert_int_equal(credentials_open(&source, &e), ERR_INVALID);
    assert_non_null(strstr(e.text, "not allowed"));
    clean(NULL);
    err_clear(&e);
    assert_int_equal(credentials_open(&source, &e), ERR_STORE);
    assert_non_null(strstr(e.text, "no AWS credentials"));
}

static void only_safe_hosts_are_asked(void **state)
{
    (void)state;
    assert_true(credentials_uri_allowed("https://example.com/role"));
    assert_true(credentials_uri_allowed("http://127.0.0.1:80/role"));
    assert_true(credentials_uri_allowed("http://127.8.9.10/role"));
    assert_true(credentials_uri_allowed("http://localhost/role"));
    assert_true(credentials_uri_allowed("http://[::1]:99/role"));
    assert_true(credentials_uri_allowed("http://169.254.170.2/role"));
    assert_true(credentials_uri_allowed("http://169.254.170.23/v1/credentials"));
    assert_true(credentials_uri_allowed("http://[fd00:ec2::23]/v1/credentials"));
    assert_false(credentials_uri_allowed("http://169.254.169.254/role"));
    assert_false(credentials_uri_allowed("http://127.0.0.1.example.com/role"));
    assert_false(credentials_uri_allowed("http://127.0.0.1@example.com/role"));
    assert_false(credentials_uri_allowed("ftp://127.0.0.1/role"));
    assert_false(credentials_uri_allowed("/role"));
}

static void container_is_asked_with_its_token(void **state)
{
    (void)state;
    char body[512], path[] = "/tmp/token-XXXXXX";
    struct credentials_source *source;
    struct credentials c;
    struct err e = {0};
    answer(body, "AKIA2", 3600);
    struct fake_server *server = fake_start(&(struct fake_answer){200, NULL, body, 0, 0}, 1);
    use_container(server);
    close(mkstemp(path));
    write_file(path, "from-file\n");
    setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "from-variable", 1);
    setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", path, 1);
    assert_int_equal(credentials_open(&source, &e), ERR_OK);
    assert_int_equal(credentials_get(source, &c, &e), ERR_OK);
    assert_string_equal(c.access_key, "AKIA2");
    assert_string_equal(c.session_token, "token");
    assert_true(c.expires > time(NULL) + 3590);
    assert_non_null(strstr(server->requests[0], "GET /role "));
    assert_non_null(strstr(server->requests[0], "Authorization: from-file\r\n"));
    write_file(path, "renewed");
    credentials_reject(source, &c);
    assert_int_equal(credentials_get(source, &c, &e), ERR_OK);
    assert_non_null(strstr(server->requests[1], "Authorization: renewed\r\n"));
    write_file(path, "two\r\nlines");
    credentials_reject(source, &c);
    assert_int_equal(credentials_get(source, &c, &e), ERR_STORE);
    assert_non_null(strstr(e.text, "line break"));
    credentials_close(source);
    fake_stop(server);
    unlink(path);
}

static void failing_container_is_asked_again(void **state)
{
    (void)state;
    char body[512];
    struct credentials_source *source;
    struct credentials c;
    struct err e = {0};
    answer(body, "AKIA3", 3600);
    const struct fake_answer script[] = {{503, NULL, "", 0, 0}, {0, NULL, "", 0, 1}, {200, NULL, body, 0, 0},
                                         {200, NULL, "{\"AccessKeyId\":5}", 0, 0}, {404, NULL, "", 0, 0}};
    struct fake_server *server = fake_start(script, 5);
    use_container(server);
    assert_int_equal(credentials_open(&source, &e), ERR_OK);
    assert_int_equal(credentials_get(source, &c, &e), ERR_OK);
    assert_int_equal(server->served, 3);
    assert_int_equal(credentials_get(source, &c, &e), ERR_OK);
    assert_int_equal(server->served, 3);
    credentials_reject(source, &c);
    assert_int_equal(credentials_get(source, &c, &e), ERR_STORE);
    assert_non_null(strstr(e.text, "no credentials"));
    err_clear(&e);
    assert_int_equal(credentials_get(source, &c, &e), ERR_STORE);
    assert_non_null(strstr(e.text, "answered 404"));
    credentials_close(source);
    fake_stop(server);
}

struct asker { struct credentials_source *source; int failures; char last[129]; };

static void *ask(void *ctx)
{
    struct asker *a = ctx;
    struct credentials c;
    for (time_t end = time(NULL) + 7; time(NULL) < end; usleep(1000)) {
        struct err e = {0};
        if (credentials_get(a->source, &c, &e) || c.expires <= time(NULL) - 1)
            a->failures++;
        else
            snprintf(a->last, sizeof a->last, "%s", c.access_key);
    }
    return NULL;
}

/* Six seconds of life, then a refusal, then a slow answer: nobody who asks meanwhile fails. */
static void refresh_disturbs_nobody(void **state)
{
    (void)state;
    char first[512], second[512];
    struct asker askers[4] = {0};
    pthread_t threads[4];
    struct err e = {0};
    answer(first, "AKIA-OLD", 6);
    answer(second, "AKIA-NEW", 3600);
    const struct fake_answer script[] = {{200, NULL, first, 0, 0}, {500, NULL, "", 0, 0}, {200, NULL, second, 800, 0}};
    struct fake_server *server = fake_start(script, 3);
    use_container(server);
    assert_int_equal(credentials_open(&askers[0].source, &e), ERR_OK);
    for (int i = 0; i < 4; i++) {
        askers[i].source = askers[0].source;
        pthread_create(&threads[i], NULL, ask, &askers[i]);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(askers[i].failures, 0);
        assert_string_equal(askers[i].last, "AKIA-NEW");
    }
    assert_int_equal(server->served, 3);
    credentials_close(askers[0].source);
    fake_stop(server);
}

static void expired_answers_are_refused(void **state)
{
    (void)state;
    char body[512];
    struct credentials_source *source;
    struct credentials c;
    struct err e = {0};
    answer(body, "AKIA4", -5);
    struct fake_server *server = fake_start(&(struct fake_answer){200, NULL, body, 0, 0}, 1);
    use_container(server);
    assert_int_equal(credentials_open(&source, &e), ERR_OK);
    assert_int_equal(credentials_get(source, &c, &e), ERR_STORE);
    assert_non_null(strstr(e.text, "have expired"));
    credentials_close(source);
    fake_stop(server);
}

static void file_gives_the_profile(void **state)
{
    (void)state;
    char path[] = "/tmp/credentials-XXXXXX";
    struct credentials_source *source;
    struct credentials c;
    struct err e = {0};
    close(mkstemp(path));
    write_file(path, "# mine\n[default]\naws_access_key_id = AKIA5\r\naws_secret_access_key=a/b+c=\n"
                     "[ other ]\nregion = eu-west-1\nAWS_ACCESS_KEY_ID=AKIA6\naws_secret_access_key = s6\n"
                     "aws_session_token = t6\n[bad]\naws_access_key_id=x\n");
    setenv("AWS_SHARED_CREDENTIALS_FILE", path, 1);
    assert_int_equal(credentials_open(&source, &e), ERR_OK);
    assert_string_equal(credentials_kind(source), "credentials file");
    assert_int_equal(credentials_get(source, &c, &e), ERR_OK);
    assert_string_equal(c.access_key, "AKIA5");
    assert_string_equal(c.secret_key, "a/b+c=");
    assert_string_equal(c.session_token, "");
    credentials_close(source);
    static const char *const profiles[][2] = {{"other", NULL}, {"bad", "lacks"}, {"none", "no profile \"none\""}};
    for (int i = 0; i < 3; i++) {
        setenv("AWS_PROFILE", profiles[i][0], 1);
        assert_int_equal(credentials_open(&source, &e), ERR_OK);
        assert_int_equal(credentials_get(source, &c, &e), profiles[i][1] ? ERR_STORE : ERR_OK);
        if (profiles[i][1])
            assert_non_null(strstr(e.text, profiles[i][1]));
        else
            assert_string_equal(c.session_token, "t6");
        err_clear(&e);
        credentials_close(source);
    }
    unlink(path);
}

static void times_are_read(void **state)
{
    (void)state;
    assert_int_equal(credentials_parse_time("2015-08-30T12:36:00Z"), 1440938160);
    assert_int_equal(credentials_parse_time("2015-08-30T12:36:00.123456Z"), 1440938160);
    assert_int_equal(credentials_parse_time("2015-08-30T12:36:00+00:00"), 1440938160);
    assert_int_equal(credentials_parse_time("2015-08-30 12:36"), -1);
    assert_int_equal(credentials_parse_time("2015-08-30T12:36:00+02:00"), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(environment_comes_first, clean),
        cmocka_unit_test_setup(contradictions_are_refused, clean),
        cmocka_unit_test(only_safe_hosts_are_asked),
        cmocka_unit_test_setup(container_is_asked_with_its_token, clean),
        cmocka_unit_test_setup(failing_container_is_asked_again, clean),
        cmocka_unit_test_setup(refresh_disturbs_nobody, clean),
        cmocka_unit_test_setup(expired_answers_are_refused, clean),
        cmocka_unit_test_setup(file_gives_the_profile, clean),
        cmocka_unit_test(times_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
