/* The file of API keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/auth.h"

static char path[] = "/tmp/curvelogd-test-keys-XXXXXX";

static enum err_code load(struct auth **auth, const char *text, struct err *e)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    return auth_load(auth, path, e);
}

static void keys(void **state)
{
    (void)state;
    struct auth *auth;
    struct err e = {0};
    char name[AUTH_NAME_MAX];
    assert_int_equal(load(&auth, "# keys\n\nalice:0123456789abcdef\r\nbob:with:colons-in-it-all\n", &e), ERR_OK);
    assert_true(auth_check(auth, "Bearer 0123456789abcdef", NULL, name));
    assert_string_equal(name, "alice");
    assert_true(auth_check(auth, "bearer 0123456789abcdef", NULL, name));
    assert_true(auth_check(auth, NULL, "with:colons-in-it-all", name));
    assert_string_equal(name, "bob");
    assert_false(auth_check(auth, NULL, NULL, name));
    assert_false(auth_check(auth, "Basic 0123456789abcdef", NULL, name));
    assert_false(auth_check(auth, "Bearer ", NULL, name));
    assert_false(auth_check(auth, "Bearer 0123456789abcdeF", NULL, name));
    assert_false(auth_check(auth, NULL, "", name));
    auth_free(auth);
}

static void bad_files(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "# none\n", "alice\n", "alice:short\n", ":0123456789abcdef\n",
                                      "a/b:0123456789abcdef\n"};
    struct auth *auth;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct err e = {0};
        assert_int_equal(load(&auth, bad[i], &e), ERR_INVALID);
        assert_non_null(strstr(e.text, "API_KEYS_FILE"));
        assert_null(strstr(e.text, "0123456789abcdef"));
    }
    struct err e = {0};
    char line[2000];
    memset(line, 'x', sizeof line - 2);
    memcpy(line + sizeof line - 2, "\n", 2);
    assert_int_equal(load(&auth, line, &e), ERR_INVALID);
    err_clear(&e);
    assert_int_equal(auth_load(&auth, "/nonexistent", &e), ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(keys), cmocka_unit_test(bad_files)};
    close(mkstemp(path));
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
