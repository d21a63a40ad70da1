#include "optimise.h"

#include "reduce.h"

typedef struct {
    float *parameter, *first, *second;
    const float *gradient;
    float rate, momentum, decay;
    jk_adamw_factors adam;
} update;

JK_CLONES static void sgd_range(void *context, long begin, long end) {
    const update *u = context;
    float *p = u->parameter, *v = u->first;
    const float *g = u->gradient;
    for (long i = begin; i < end; i++) {
        v[i] = u->momentum * v[i] + (g[i] + u->decay * p[i]);
        p[i] -= u->rate * v[i];
    }
}

void jk_sgd(float *parameter, float *velocity, const float *gradient, long count, float rate, float momentum,
            float decay) {
    update u = {.parameter = parameter, .first = velocity, .gradient = gradient, .rate = rate, .momentum = momentum,
                .decay = decay};
    jk_parallel_for(count, JK_GRAIN, sgd_range, &u);
}

JK_CLONES static void adamw_range(void *context, long begin, long end) {
    const update *u = context;
    const jk_adamw_factors f = u->adam;
    float *p = u->parameter, *m = u->first, *v = u->second;
    const float *g = u->gradient;
    for (long i = begin; i < end; i++) {
        m[i] = f.keep1 * m[i] + f.take1 * g[i];
        v[i] = f.keep2 * v[i] + f.take2 * g[i] * g[i];
        p[i] = f.shrink * p[i] - f.step * m[i] / (sqrtf(v[i]) / f.rootCorrection + f.epsilon);
    }
}

void jk_adamw(float *parameter, float *first, float *second, const float *gradient, long count,
              jk_adamw_factors factors) {
    update u = {.parameter = parameter, .first = first, .second = second, .gradient = gradient, .adam = factors};
    jk_parallel_for(count, JK_GRAIN / 4, adamw_range, &u);
}

JK_CLONES static double squares_chunk(const void *context, long begin, long end) {
    const float *x = context;
    double sums[8] = {0};
    long i = begin;
    for (; i + 8 <= end; i += 8)
        for (long k = 0; k < 8; k++) sums[k] += (double)x[i + k] * x[i + k];
    for (; i < end; i++) sums[0] += (double)x[i] * x[i];
    double sum = 0;
    for (long k = 0; k < 8; k++) sum += sums[k];
    return sum;
}

double jk_sum_of_squares(const float *x, long count) { return jk_reduce(count, 4096, squares_chunk, x); }
