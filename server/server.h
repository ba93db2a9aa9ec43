/* What lives as long as the process; made by main.c, read by every route. */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/pool.h"
#include "server/auth.h"
#include "server/config.h"
#include "server/jobs.h"
#include "server/log.h"
#include "server/metrics.h"
#include "server/models.h"
#include "server/store.h"

struct http;
struct health;

struct server {
    struct config config;
    struct log log;
    struct auth *auth;         /* NULL: no keys needed */
    struct metrics *metrics;
    struct store *store;
    struct models *models;
    struct pool *pool;         /* of the compute threads */
    struct jobs *jobs;
    struct health *health;
    struct http *http;
    int64_t started_ns;        /* CLOCK_MONOTONIC at the start of main */
    double process_seconds;    /* from there to listening */
    atomic_bool served;        /* a scan has been asked for */
    atomic_bool draining;      /* SIGTERM has come */
};

#endif
