/* Ids, keyed digests, safe names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "server/ids.h"

static void random_ids(void **state)
{
    (void)state;
    char a[ID_SIZE], b[ID_SIZE];
    struct err e = {0};
    assert_int_equal(id_random(a, &e), ERR_OK);
    assert_int_equal(id_random(b, &e), ERR_OK);
    assert_int_equal(strspn(a, "0123456789abcdef"), 32);
    assert_int_equal(strlen(a), 32);
    assert_string_not_equal(a, b);
}

/* RFC 4231, test case 2. */
static void mac_vector(void **state)
{
    (void)state;
    char mac[ID_MAC_SIZE];
    struct err e = {0};
    assert_int_equal(id_mac("Jefe", 4, "what do ya want for nothing?", mac, &e), ERR_OK);
    assert_string_equal(mac, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

static void derived_ids(void **state)
{
    (void)state;
    char a[ID_SIZE], b[ID_SIZE], c[ID_SIZE], d[ID_SIZE];
    struct err e = {0};
    assert_int_equal(id_derived("", "key", a, &e), ERR_OK);
    assert_int_equal(id_derived("", "key", b, &e), ERR_OK);
    assert_int_equal(id_derived("alice", "key", c, &e), ERR_OK);
    assert_int_equal(id_derived("", "key2", d, &e), ERR_OK);
    assert_int_equal(strlen(a), 32);
    assert_string_equal(a, b);
    assert_string_not_equal(a, c);
    assert_string_not_equal(a, d);
}

static void equality(void **state)
{
    (void)state;
    assert_true(id_equal("abc", "abc"));
    assert_true(id_equal("", ""));
    assert_false(id_equal("abc", "abd"));
    assert_false(id_equal("abc", "ab"));
}

static void safe_names(void **state)
{
    (void)state;
    static const char *const bad[] = {"", ".", "..", ".a", "a/b", "a b", "a\\b", "a\n", "\xc3\xa9", "12345678"};
    static const char *const good[] = {"a", "a.b", "a..b", "A-Z_0", "1234567"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(id_is_safe(bad[i], 8));
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(id_is_safe(good[i], 8));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_ids), cmocka_unit_test(mac_vector),  cmocka_unit_test(derived_ids),
        cmocka_unit_test(equality),   cmocka_unit_test(safe_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
