/* The server's settings, from environment variables (config_table.h). */
#ifndef SERVER_CONFIG_H
#define SERVER_CONFIG_H

#include <stdio.h>

#include "base/err.h"

enum { CONFIG_TEXT_MAX = 512 };

struct config {
#define INT(member, ...) long long member;
#define REAL(member, ...) double member;
#define TEXT(member, ...) char member[CONFIG_TEXT_MAX];
#define CHOICE(member, ...) int member;   /* index of the choice */
#include "server/config_table.h"
#undef INT
#undef REAL
#undef TEXT
#undef CHOICE
};

/* Gives a variable's value, or NULL: getenv, or a test's own. */
typedef const char *(*config_lookup)(const char *name);

/* Fills `config` from the environment.  A variable that is unset or empty gives the default, except that
 * an empty text is itself.  ERR_INVALID with a sentence that names the first bad one. */
enum err_code config_load(struct config *config, config_lookup lookup, struct err *e);

/* Writes the table of settings, for --help. */
void config_print_table(FILE *out);

#endif
