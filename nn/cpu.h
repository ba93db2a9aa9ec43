/* Which of the vector instruction sets that the engine has kernels for this processor runs. */
#ifndef NN_CPU_H
#define NN_CPU_H

#include "base/err.h"

enum cpu_level { CPU_REFERENCE, CPU_NEON, CPU_AVX2, CPU_AVX512 };

/* The best set that the processor and the operating system support and `mask` allows: NULL or "" for
 * all, or "ref", "neon", "avx2", "avx512" for at most that one (the variable CURVELOG_CPU).
 * ERR_UNAVAILABLE: another mask. */
enum err_code cpu_detect(enum cpu_level *out, const char *mask, struct err *e);

#endif
