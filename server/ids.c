#include "server/ids.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>
#include <sys/random.h>

static void to_hex(const unsigned char *bytes, size_t n, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * n] = 0;
}

enum err_code id_random(char id[ID_SIZE], struct err *e)
{
    unsigned char bytes[16];
    if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
        return err_set(e, ERR_INTERNAL, "The system gave no random bytes.");
    to_hex(bytes, sizeof bytes, id);
    return ERR_OK;
}

enum err_code id_derived(const char *secret, const char *text, char id[ID_SIZE], struct err *e)
{
    char mac[ID_MAC_SIZE];
    enum err_code code = id_mac(secret, strlen(secret), text, mac, e);
    if (code)
        return code;
    memcpy(id, mac, ID_SIZE - 1);
    id[ID_SIZE - 1] = 0;
    return ERR_OK;
}

enum err_code id_mac(const void *key, size_t key_size, const char *text, char mac[ID_MAC_SIZE], struct err *e)
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    if (key_size > 1 << 20 ||
        !HMAC(EVP_sha256(), key, (int)key_size, (const unsigned char *)text, strlen(text), bytes, &n) || n != 32)
        return err_set(e, ERR_INTERNAL, "The digest could not be computed.");
    to_hex(bytes, n, mac);
    return ERR_OK;
}

int id_equal(const char *a, const char *b)
{
    size_t n = strlen(a);
    return n == strlen(b) && CRYPTO_memcmp(a, b, n) == 0;
}

int id_is_safe(const char *text, size_t max)
{
    size_t n = strlen(text);
    return n && n < max && text[0] != '.' &&
           strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.") == n;
}
