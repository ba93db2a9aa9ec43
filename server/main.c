/* Starts the server, waits for SIGTERM or SIGINT, drains and leaves. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/health.h"
#include "server/http.h"
#include "server/server.h"
#include "server/version.h"

enum { CANCEL_MS = 100, PRELOAD_RETRY_MS = 2000 };

static const char *from_environment(const char *name)
{
    return getenv(name);
}

static int fail(const struct err *e)
{
    fprintf(stderr, "curvelogd: %s\n", e->text);
    return 1;
}

static enum err_code open_parts(struct server *server, struct err *e)
{
    const struct config *config = &server->config;
    int threads = config->threads ? (int)config->threads : pool_cpu_limit();
    enum err_code code = ERR_OK;
    if (config->api_keys_file[0])
        code = auth_load(&server->auth, config->api_keys_file, e);
    if (!code)
        code = metrics_create(&server->metrics, e);
    if (!code)
        code = health_create(&server->health, e);
    if (!code)
        code = store_open(&server->store, config, e);
    if (!code)
        code = models_create(&server->models, config->weights_dir, config->model, threads, &server->log, e);
    if (!code)
        code = pool_create(&server->pool, threads, e);
    if (!code)
        code = jobs_create(&server->jobs, (int)config->max_concurrent, (int)config->max_queue, e);
    return code;
}

/* False when a job does not end: what it uses must then stay. */
static bool close_parts(struct server *server)
{
    if (!jobs_free(server->jobs, CANCEL_MS))
        return false;
    pool_free(server->pool);
    models_free(server->models);
    if (server->store)
        server->store->vtable->free(server->store);
    health_free(server->health);
    metrics_free(server->metrics);
    auth_free(server->auth);
    return true;
}

/* PRELOAD=1: reads the default model, again and again until there is one. */
static void *preload(void *arg)
{
    struct server *server = arg;
    while (!atomic_load(&server->draining)) {
        struct err e = {0};
        struct model *model;
        double seconds;
        if (!models_acquire(server->models, "", NULL, &model, &seconds, &e)) {
            model_release(model);
            break;
        }
        for (int waited = 0; waited < PRELOAD_RETRY_MS && !atomic_load(&server->draining); waited += 50)
            usleep(50000);
    }
    return NULL;
}

static pthread_t waiter;   /* the thread that waits for signals */

/* A thread that a library started before main blocked the signals may be given one while the waiter, just stopped and
 * continued, is not waiting. */
static void pass_on(int signal_number)
{
    pthread_kill(waiter, signal_number);
}

/* Serves until a signal comes.  The signals are blocked in every thread of ours and waited for in this one. */
static void serve(struct server *server, const sigset_t *signals)
{
    int signal_number;
    pthread_t preloader;
    bool preloading = server->config.preload && pthread_create(&preloader, NULL, preload, server) == 0;
    server->process_seconds = (double)(job_now_ns() - server->started_ns) / 1e9;
    log_text(&server->log, LOG_INFO, "%s listens on %s port %d, %d threads, after %.1f ms", SERVER_SOFTWARE,
             server->config.bind, http_port(server->http), pool_threads(server->pool), server->process_seconds * 1e3);
    sigwait(signals, &signal_number);
    /* A second signal could reach a thread that a library started before main blocked them. */
    signal(SIGTERM, SIG_IGN);
    signal(SIGINT, SIG_IGN);

    int64_t until = job_now_ns() + server->config.drain_ms * 1000000;
    log_text(&server->log, LOG_INFO, "%s: finishing %d scans, %d waiting", strsignal(signal_number),
             jobs_running(server->jobs), jobs_waiting(server->jobs));
    atomic_store(&server->draining, true);
    http_stop_accepting(server->http);
    http_drain(server->http, until);
    bool all = jobs_drain(server->jobs, until);
    http_drain(server->http, job_now_ns() + (int64_t)CANCEL_MS * 1000000);   /* their 503s, where cancelled */
    log_text(&server->log, all ? LOG_INFO : LOG_WARN, all ? "all work is done" : "the grace is over, work was cancelled");
    if (preloading)
        pthread_join(preloader, NULL);
}

static int run(void)
{
    struct server server = {.started_ns = job_now_ns()};
    struct err e = {0};
    const struct sigaction passing_on = {.sa_handler = pass_on, .sa_flags = SA_RESTART};
    sigset_t signals;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);   /* a file over the limit is an error of write, not the end */
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    waiter = pthread_self();
    /* A shell that starts us in the background has SIGINT ignored, and what is ignored is never waited for. */
    sigaction(SIGINT, &passing_on, NULL);
    sigaction(SIGTERM, &passing_on, NULL);
    if (config_load(&server.config, from_environment, &e))
        return fail(&e);
    server.log = (struct log){.fd = STDERR_FILENO, .level = (enum log_level)server.config.log_level};
    if (open_parts(&server, &e) || http_start(&server.http, &server, &e)) {
        close_parts(&server);
        return fail(&e);
    }
    serve(&server, &signals);
    /* A job that is deep in a library cannot be waited for: the platform kills soon. */
    if (jobs_running(server.jobs) && !jobs_drain(server.jobs, job_now_ns() + (int64_t)CANCEL_MS * 1000000))
        _exit(0);
    http_stop(server.http);
    if (!close_parts(&server))
        _exit(0);
    return 0;
}

static int healthcheck(void)
{
    struct config config;
    struct err e = {0};
    if (config_load(&config, from_environment, &e))
        return fail(&e);
    return health_check(config.bind, (int)config.port) ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc == 1)
        return run();
    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return puts(SERVER_SOFTWARE) < 0;
    if (argc == 2 && strcmp(argv[1], "--healthcheck") == 0)
        return healthcheck();
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        puts("usage: curvelogd [--version | --healthcheck | --help]\n\n"
             "Digitizes scanned well logs over HTTP.  Settings are environment variables:\n\n"
             "  name               default        meaning (bounds)");
        config_print_table(stdout);
        puts("\nAn s3:// store takes its credentials where AWS's own tools do, the first that is there: AWS_ACCESS_KEY_ID,\n"
             "AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN; AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI (ECS);\n"
             "AWS_PROFILE of AWS_SHARED_CREDENTIALS_FILE (~/.aws/credentials).");
        return 0;
    }
    fprintf(stderr, "curvelogd: unknown argument; --help tells what there is\n");
    return 2;
}
