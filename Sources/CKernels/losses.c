#include "losses.h"

#include "reduce.h"

// Rows of classes -----------------------------------------------------------------------------------------------

typedef struct {
    const float *logits, *probabilities, *weights;
    const int32_t *targets;
    float *gradient;
    long classes;
    double factor, temperature;
} rows_job;

JK_INLINE float largest(const float *x, long count) {
    float most = x[0];
    for (long k = 1; k < count; k++) most = x[k] > most ? x[k] : most;
    return most;
}

JK_CLONES static double cross_entropy_rows(const void *context, long begin, long end) {
    const rows_job *j = context;
    const long K = j->classes;
    double sum = 0;
    for (long r = begin; r < end; r++) {
        const float *x = j->logits + r * K;
        float *g = j->gradient ? j->gradient + r * K : NULL;
        const int32_t target = j->targets[r];
        const float weight = target < 0 ? 0 : j->weights ? j->weights[r] : 1;
        if (weight == 0) {
            if (g) memset(g, 0, (size_t)K * sizeof(float));
            continue;
        }
        const float most = largest(x, K);
        double total = 0;
        if (g) {
            for (long k = 0; k < K; k++) total += g[k] = expf(x[k] - most);
            const float share = (float)(j->factor * weight / total);
            for (long k = 0; k < K; k++) g[k] *= share;
            g[target] -= (float)(j->factor * weight);
        } else {
            for (long k = 0; k < K; k++) total += expf(x[k] - most);
        }
        sum += weight * (log(total) - ((double)x[target] - most));
    }
    return sum;
}

double jk_softmax_cross_entropy(const float *logits, const int32_t *targets, const float *weights, long rows,
                                long classes, double factor, float *gradient) {
    rows_job j = {logits, NULL, weights, targets, gradient, classes, factor, 1};
    return factor * jk_reduce(rows, jk_max(1, 1024 / classes), cross_entropy_rows, &j);
}

JK_CLONES static double divergence_rows(const void *context, long begin, long end) {
    const rows_job *j = context;
    const long K = j->classes;
    const double T = j->temperature;
    double sum = 0;
    for (long r = begin; r < end; r++) {
        const float *x = j->logits + r * K, *p = j->probabilities + r * K;
        float *g = j->gradient ? j->gradient + r * K : NULL;
        const float weight = j->weights ? j->weights[r] : 1;
        const float most = largest(x, K);
        double total = 0, mass = 0, entropy = 0, cross = 0;
        for (long k = 0; k < K; k++) {
            const double z = ((double)x[k] - most) / T;
            total += exp(z);
            mass += p[k];
            cross += p[k] * z;
            if (p[k] > 0) entropy += p[k] * log(p[k]);
        }
        sum += weight * T * T * (entropy - cross + mass * log(total));
        if (!g) continue;
        const double scale = j->factor * weight * T;
        for (long k = 0; k < K; k++) g[k] = (float)(scale * (mass * exp(((double)x[k] - most) / T) / total - p[k]));
    }
    return sum;
}

double jk_kl_divergence(const float *logits, const float *probabilities, const float *weights, long rows, long classes,
                        double temperature, double factor, float *gradient) {
    rows_job j = {logits, probabilities, weights, NULL, gradient, classes, factor, temperature};
    return factor * jk_reduce(rows, jk_max(1, 1024 / classes), divergence_rows, &j);
}

typedef struct {
    const float *logits;
    float *result;
    long classes;
    float temperature;
} softmax_job;

JK_CLONES static void softmax_range(void *context, long begin, long end) {
    const softmax_job *j = context;
    const long K = j->classes;
    for (long r = begin; r < end; r++) {
        const float *x = j->logits + r * K;
        float *y = j->result + r * K;
        const float most = largest(x, K);
        double total = 0;
        for (long k = 0; k < K; k++) total += y[k] = expf((x[k] - most) / j->temperature);
        const float share = (float)(1 / total);
        for (long k = 0; k < K; k++) y[k] *= share;
    }
}

void jk_softmax(const float *logits, float *result, long rows, long classes, float temperature) {
    softmax_job j = {logits, result, classes, temperature};
    jk_parallel_for(rows, jk_max(1, 2048 / classes), softmax_range, &j);
}

// Element by element --------------------------------------------------------------------------------------------

typedef struct {
    const float *x, *targets, *weights;
    float *gradient;
    float beta;
    double factor;
} elements_job;

enum { JK_CHUNK = 2048, JK_LANES = 16 };

// `loss` and `slope` are expressions in d = x − t, x, t. Sixteen running sums let the loop be vectorised without
// leaving the order of additions to the compiler.
#define ELEMENTWISE_LOSS(name, loss, slope)                                          \
    JK_INLINE void name##_step(const elements_job *j, long i, float *sum, float factor) { \
        const float x = j->x[i], t = j->targets[i], d = x - t, beta = j->beta;       \
        const float w = j->weights ? j->weights[i] : 1;                              \
        (void)x, (void)t, (void)d, (void)beta;                                       \
        *sum += w * (loss);                                                          \
        if (j->gradient) j->gradient[i] = factor * w * (slope);                      \
    }                                                                                \
    JK_CLONES static double name##_chunk(const void *context, long begin, long end) { \
        const elements_job *j = context;                                             \
        const float factor = (float)j->factor;                                       \
        float sums[JK_LANES] = {0};                                                  \
        long i = begin;                                                              \
        for (; i + JK_LANES <= end; i += JK_LANES)                                   \
            for (long k = 0; k < JK_LANES; k++) name##_step(j, i + k, &sums[k], factor); \
        for (; i < end; i++) name##_step(j, i, &sums[0], factor);                    \
        double sum = 0;                                                              \
        for (long k = 0; k < JK_LANES; k++) sum += sums[k];                          \
        return sum;                                                                  \
    }

ELEMENTWISE_LOSS(binary_cross_entropy, (x > 0 ? x : 0) - x * t + log1pf(expf(-fabsf(x))), 1 / (1 + expf(-x)) - t)
ELEMENTWISE_LOSS(smooth_l1, fabsf(d) < beta ? 0.5f * d * d / beta : fabsf(d) - 0.5f * beta,
                 fabsf(d) < beta ? d / beta : (float)(d > 0) - (float)(d < 0))

double jk_binary_cross_entropy(const float *logits, const float *targets, const float *weights, long count,
                               double factor, float *gradient) {
    elements_job j = {logits, targets, weights, gradient, 0, factor};
    return factor * jk_reduce(count, JK_CHUNK, binary_cross_entropy_chunk, &j);
}

double jk_smooth_l1(const float *x, const float *targets, const float *weights, long count, float beta, double factor,
                    float *gradient) {
    elements_job j = {x, targets, weights, gradient, beta, factor};
    return factor * jk_reduce(count, JK_CHUNK, smooth_l1_chunk, &j);
}

// Masked squares over images ------------------------------------------------------------------------------------

enum { JK_TILE = 256 };

typedef struct {
    const float *x, *targets, *mask;
    float *gradient;
    long planesPerImage, pixels, block, tiles;
    double factor;
} squares_job;

JK_INLINE void squares_row(const float *x, const float *t, float *g, long count, float w, float slope, float *sums) {
    long k = 0;
    for (; k + 8 <= count; k += 8)
        for (long l = 0; l < 8; l++) {
            const float d = x[k + l] - t[k + l];
            sums[l] += w * d * d;
            if (g) g[k + l] = slope * w * d;
        }
    for (; k < count; k++) {
        const float d = x[k] - t[k];
        sums[0] += w * d * d;
        if (g) g[k] = slope * w * d;
    }
}

JK_CLONES static double squares_tiles(const void *context, long begin, long end) {
    const squares_job *j = context;
    const float slope = (float)(2 * j->factor);
    const long block = j->block;
    double sum = 0;
    for (long item = begin; item < end; item++) {
        const long plane = item / j->tiles, p0 = item % j->tiles * JK_TILE;
        const long p1 = jk_min(j->pixels, p0 + JK_TILE), at = (plane * j->pixels + p0) * block;
        const float *mask = j->mask ? j->mask + plane / j->planesPerImage * j->pixels : NULL;
        const float *x = j->x + at, *t = j->targets + at;
        float *g = j->gradient ? j->gradient + at : NULL;
        float sums[8] = {0};
        if (!mask) {
            squares_row(x, t, g, (p1 - p0) * block, 1, slope, sums);
        } else {
            for (long p = p0; p < p1; p++) {
                squares_row(x, t, g, block, mask[p], slope, sums);
                x += block, t += block;
                if (g) g += block;
            }
        }
        for (long k = 0; k < 8; k++) sum += sums[k];
    }
    return sum;
}

double jk_masked_squares(const float *x, const float *targets, const float *mask, long planes, long planesPerImage,
                         long pixels, long block, double factor, float *gradient) {
    const long tiles = (pixels + JK_TILE - 1) / JK_TILE;
    squares_job j = {x, targets, mask, gradient, planesPerImage, pixels, block, tiles, factor};
    return factor * jk_reduce(planes * tiles, jk_max(1, 16 / block), squares_tiles, &j);
}
