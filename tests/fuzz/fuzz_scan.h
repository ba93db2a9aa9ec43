#ifndef TESTS_FUZZ_SCAN_H
#define TESTS_FUZZ_SCAN_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Reads and normalises the bytes as a scan of up to 2^18 pixels; the reader's own result. */
enum err_code fuzz_scan_bytes(const uint8_t *bytes, size_t size, struct err *e);

#endif
