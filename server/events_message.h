/* What an SQS message about S3 says ("Event message structure" in the S3 user guide). */
#ifndef SERVER_EVENTS_MESSAGE_H
#define SERVER_EVENTS_MESSAGE_H

#include <stddef.h>

#include "base/err.h"

enum { EVENTS_KEY_MAX = 1025 };

/* An object that was created; the key is decoded. */
struct events_object { char bucket[64], key[EVENTS_KEY_MAX]; };

/* Reads the message's text.  On success *objects is the caller's (free), *n of them; a test message and
 * removals give none.  ERR_MALFORMED for what is no notification. */
enum err_code events_read_message(const char *text, struct events_object **objects, size_t *n, struct err *e);

/* S3 writes keys as a form does: %XX, and + for a space.  ERR_MALFORMED. */
enum err_code events_decode_key(const char *encoded, char key[EVENTS_KEY_MAX], struct err *e);

#endif
