#include "nn/cpu.h"

#include <stddef.h>
#include <string.h>

static enum cpu_level processor_level(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
        return CPU_REFERENCE;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
        return CPU_AVX512;
    return CPU_AVX2;
#elif defined(__aarch64__)
    return CPU_NEON;   /* part of the base architecture */
#else
    return CPU_REFERENCE;
#endif
}

enum err_code cpu_detect(enum cpu_level *out, const char *mask, struct err *e)
{
    static const struct {
        const char *name;
        enum cpu_level level;
    } masks[] = {
        { "ref", CPU_REFERENCE }, { "neon", CPU_NEON }, { "avx2", CPU_AVX2 }, { "avx512", CPU_AVX512 }
    };
    enum cpu_level most = processor_level();
    if (!mask || !*mask) {
        *out = most;
        return ERR_OK;
    }
    for (size_t i = 0; i < sizeof masks / sizeof *masks; i++)
        if (strcmp(mask, masks[i].name) == 0) {
            *out = masks[i].level < most ? masks[i].level : most;
            if (*out == CPU_NEON && most != CPU_NEON)
                *out = CPU_REFERENCE;
            return ERR_OK;
        }
    return err_set(e, ERR_UNAVAILABLE, "The processor mask \"%.20s\" is none of ref, neon, avx2, avx512.", mask);
}
