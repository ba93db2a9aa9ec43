/* The two texts in which credentials come: the container endpoint's JSON and the shared file's sections. */
#ifndef SERVER_CREDENTIALS_PARSE_H
#define SERVER_CREDENTIALS_PARSE_H

#include <stdbool.h>
#include <stdio.h>

#include "server/credentials.h"

/* {"AccessKeyId","SecretAccessKey","Token","Expiration"}.  ERR_STORE. */
enum err_code credentials_parse_json(const char *text, size_t length, struct credentials *out, struct err *e);

/* The section [profile] of ~/.aws/credentials.  ERR_STORE, naming the file and the profile. */
enum err_code credentials_parse_file(FILE *file, const char *path, const char *profile, struct credentials *out,
                                     struct err *e);

/* 2026-11-24T03:20:00Z, fractions of a second ignored; -1 when it is not such a time. */
time_t credentials_parse_time(const char *text);

/* Whether a full URI may be asked: https; http only on loopback or the platform's own addresses
 * (169.254.170.2 of ECS, 169.254.170.23 and [fd00:ec2::23] of EKS). */
bool credentials_uri_allowed(const char *uri);

#endif
