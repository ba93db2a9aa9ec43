/* Names that cannot be guessed, and names made of what they stand for. */
#ifndef SERVER_IDS_H
#define SERVER_IDS_H

#include <stddef.h>

#include "base/err.h"

enum { ID_SIZE = 33 };   /* 128 bits as lower-case hex, and the 0 */

/* 128 random bits.  ERR_INTERNAL when the system has no randomness. */
enum err_code id_random(char id[ID_SIZE], struct err *e);

/* The first 128 bits of HMAC-SHA256 of the text under the secret (may be ""): the same always for the
 * same, so that a retried request overwrites its own result. */
enum err_code id_derived(const char *secret, const char *text, char id[ID_SIZE], struct err *e);

/* HMAC-SHA256 of the text, as lower-case hex. */
enum { ID_MAC_SIZE = 65 };
enum err_code id_mac(const void *key, size_t key_size, const char *text, char mac[ID_MAC_SIZE], struct err *e);

/* Whether two texts are equal, in a time that does not depend on where they differ. */
int id_equal(const char *a, const char *b);

/* Whether `text` is 1 to max - 1 letters, digits, '-', '_' or '.', and does not begin with '.': safe as
 * one segment of a path and in a header. */
int id_is_safe(const char *text, size_t max);

#endif
