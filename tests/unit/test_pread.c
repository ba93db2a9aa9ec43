#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "nn/pread.h"
#include "tests/unit/temp_dir.h"

enum { SIZE = (33 << 20) + 1234 };   /* more than eight pieces, and no whole number of blocks */

static char dir[64], path[80];
static unsigned char *content;   /* [SIZE]: the file's */

struct seen {
    const unsigned char *expected;
    size_t at;            /* by in_order */
    atomic_size_t each;   /* bytes */
    atomic_bool wrong;
    const unsigned char *out;
};

static void see_each(void *ctx, const unsigned char *bytes, size_t size)
{
    struct seen *s = ctx;
    if (memcmp(bytes, s->expected + (bytes - s->out), size) != 0)
        atomic_store(&s->wrong, true);
    atomic_fetch_add(&s->each, size);
}

static void see_in_order(void *ctx, const unsigned char *bytes, size_t size)
{
    struct seen *s = ctx;
    assert_ptr_equal(bytes, s->out + s->at);
    assert_memory_equal(bytes, s->expected + s->at, size);
    s->at += size;
}

/* Reads `size` bytes from `offset` on to a place that is `askew` bytes from where they might go directly. */
static enum err_code read_part(size_t offset, size_t size, size_t askew, int threads, bool cached, struct seen *seen,
                               struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    unsigned char *room = aligned_alloc(PREAD_BLOCK, (size / PREAD_BLOCK + 6) * PREAD_BLOCK);
    assert_non_null(room);
    if (!cached && (fsync(fd) || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED)))
        fail();
    *seen = (struct seen){ .expected = content + offset, .out = room + PREAD_BLOCK + offset % PREAD_BLOCK + askew };
    const struct pread_work work = { .each = see_each, .in_order = see_in_order, .ctx = seen };
    err_clear(e);
    enum err_code code = pread_parallel(fd, (unsigned char *)seen->out, size, offset, threads, &work, e);
    if (!code)
        assert_memory_equal(seen->out, content + offset, size);
    free(room);
    close(fd);
    return code;
}

static void every_way_of_reading_gives_the_same(void **state)
{
    (void)state;
    static const size_t offsets[] = { 0, 64, 8064, 3 * PREAD_BLOCK };
    for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++)
        for (int way = 0; way < 8; way++) {
            struct seen seen;
            struct err e;
            size_t size = SIZE - offsets[i] - (i == 1 ? 5000 : 0);
            assert_int_equal(read_part(offsets[i], size, way & 1 ? 4 : 0, way & 2 ? 1 : 5, way & 4, &seen, &e), ERR_OK);
            assert_int_equal(seen.at, size);
            assert_int_equal(atomic_load(&seen.each), size);
            assert_false(atomic_load(&seen.wrong));
        }
}

static void a_file_that_ends_before_is_refused(void **state)
{
    (void)state;
    for (int way = 0; way < 4; way++) {
        struct seen seen;
        struct err e;
        assert_int_equal(read_part(64, SIZE - 63, way & 1 ? 4 : 0, 2, way & 2, &seen, &e), ERR_UNAVAILABLE);
        assert_non_null(strstr(e.text, "truncated"));
        assert_true(seen.at < SIZE - 63);
    }
}

static int write_file(void **state)
{
    (void)state;
    content = malloc(SIZE + 1);
    FILE *f = fopen(path, "wb");
    if (!content || !f)
        return -1;
    for (size_t i = 0; i <= SIZE; i++)
        content[i] = (unsigned char)(i * 2654435761u >> 16);
    return fwrite(content, 1, SIZE, f) == SIZE && fclose(f) == 0 ? 0 : -1;
}

static int forget_file(void **state)
{
    (void)state;
    free(content);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_way_of_reading_gives_the_same),
        cmocka_unit_test(a_file_that_ends_before_is_refused),
    };
    temp_dir_make(dir);
    snprintf(path, sizeof path, "%s/x", dir);
    int failed = cmocka_run_group_tests(tests, write_file, forget_file);
    temp_dir_remove(dir);
    return failed;
}
