#include "nn/corrector.h"

#include <stdlib.h>

#include "base/size.h"
#include "nn/model.h"

bool curvenet_corrects(const struct curvenet *net)
{
    return net->info.corrector[0] > 0;
}

/* y: [n, kernels_round(layer->n)] = layer(x: [n, x_stride]). */
static void apply(const struct curvenet *net, const struct linear *layer, const float *x, size_t x_stride, size_t n, bool relu,
                  float *y, float *work)
{
    net->kernels->gemm(&(struct gemm){ .rows = n, .k = layer->k, .n = layer->n, .x = x, .x_stride = x_stride,
                                       .w = layer->w, .bias = layer->bias, .y = y,
                                       .y_stride = kernels_round((size_t)layer->n), .relu = relu, .work = work });
}

enum err_code curvenet_correct(const struct curvenet *net, const float *inputs, size_t n, float *off, struct err *e)
{
    const struct linear *layer = net->corrector;
    size_t width[3], floats, total = 0, needed = 0, bytes;
    for (int i = 0; i < 3; i++) {
        size_t work = kernels_gemm_work(layer[i].k, layer[i].n);
        width[i] = kernels_round((size_t)layer[i].n);
        needed = work > needed ? work : needed;
        total += width[i];
    }
    float *work = NULL;
    if (size_mul(n, total, &floats) && size_add(floats, needed, &floats) && size_mul(floats, sizeof *work, &bytes))
        work = malloc(bytes);
    if (!work)
        return err_memory(e, "correcting a curve");
    float *first = work + needed, *second = first + n * width[0], *third = second + n * width[1];
    apply(net, &layer[0], inputs, CORRECTOR_INPUTS, n, true, first, work);
    apply(net, &layer[1], first, width[0], n, true, second, work);
    apply(net, &layer[2], second, width[1], n, false, third, work);
    for (size_t i = 0; i < n; i++)
        off[i] = third[i * width[2]];
    free(work);
    return ERR_OK;
}
