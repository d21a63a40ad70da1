#include "optimise.h"

#include "reduce.h"

// Parameters are walked as one array, from one end to the other: a network has hundreds, most of them a few numbers.
//
// No fused multiply-add in the updates: which products are fused differs between whole vectors and the rest of a range,
// so that bits would depend on where the threads' ranges end. Memory is the limit, not arithmetic.

/// The part of a segment that lies within `begin ..< end` of the whole; false when there is none.
JK_INLINE int part(long start, long count, long begin, long end, long *from, long *to) {
    *from = jk_max(begin - start, 0);
    *to = jk_min(end - start, count);
    return *from < *to;
}

typedef struct {
    const jk_sgd_segment *segments;
    long count;
    float rate, momentum, scale;
} sgd_job;

JK_CLONES static void sgd_range(void *context, long begin, long end) {
#pragma clang fp contract(off)
    const sgd_job j = *(const sgd_job *)context;
    for (long k = 0, start = 0, from, to; k < j.count && start < end; start += j.segments[k++].count) {
        const jk_sgd_segment s = j.segments[k];
        if (!part(start, s.count, begin, end, &from, &to)) continue;
        float *restrict p = s.parameter, *restrict v = s.velocity;
        const float *restrict g = s.gradient;
        if (!g) {
            for (long i = from; i < to; i++) {
                v[i] = 0.0f + (v[i] * j.scale + s.decay * p[i]);
                p[i] -= j.rate * v[i];
            }
            continue;
        }
        for (long i = from; i < to; i++) {
            v[i] = j.momentum * v[i] + (g[i] * j.scale + s.decay * p[i]);
            p[i] -= j.rate * v[i];
        }
    }
}

void jk_sgd(const jk_sgd_segment *segments, long count, float rate, float momentum, float scale) {
    sgd_job j = {segments, count, rate, momentum, scale};
    long total = 0;
    for (long k = 0; k < count; k++) total += segments[k].count;
    jk_parallel_for(total, JK_GRAIN, sgd_range, &j);
}

typedef struct {
    const jk_adamw_segment *segments;
    long count;
    float scale;
} adamw_job;

JK_CLONES static void adamw_range(void *context, long begin, long end) {
#pragma clang fp contract(off)
    const adamw_job j = *(const adamw_job *)context;
    for (long k = 0, start = 0, from, to; k < j.count && start < end; start += j.segments[k++].count) {
        const jk_adamw_segment s = j.segments[k];
        if (!part(start, s.count, begin, end, &from, &to)) continue;
        const jk_adamw_factors f = s.factors;
        float *restrict p = s.parameter, *restrict m = s.first, *restrict v = s.second;
        const float *restrict g = s.gradient;
        for (long i = from; i < to; i++) {
            const float gradient = g[i] * j.scale;
            m[i] = f.keep1 * m[i] + f.take1 * gradient;
            v[i] = f.keep2 * v[i] + f.take2 * gradient * gradient;
            p[i] = f.shrink * p[i] - f.step * m[i] / (__builtin_elementwise_sqrt(v[i]) / f.rootCorrection + f.epsilon);
        }
    }
}

void jk_adamw(const jk_adamw_segment *segments, long count, float scale) {
    adamw_job j = {segments, count, scale};
    long total = 0;
    for (long k = 0; k < count; k++) total += segments[k].count;
    jk_parallel_for(total, JK_GRAIN / 4, adamw_range, &j);
}

typedef struct {
    const jk_floats *segments;
    long count;
} squares_job;

JK_CLONES static double squares_chunk(const void *context, long begin, long end) {
    const squares_job j = *(const squares_job *)context;
    double sums[8] = {0};
    for (long k = 0, start = 0, i, to; k < j.count && start < end; start += j.segments[k++].count) {
        const float *x = j.segments[k].floats;
        if (!part(start, j.segments[k].count, begin, end, &i, &to)) continue;
        for (; i + 8 <= to; i += 8)
            for (long l = 0; l < 8; l++) sums[l] += (double)x[i + l] * x[i + l];
        for (; i < to; i++) sums[0] += (double)x[i] * x[i];
    }
    double sum = 0;
    for (long l = 0; l < 8; l++) sum += sums[l];
    return sum;
}

double jk_sum_of_squares(const jk_floats *segments, long count) {
    squares_job j = {segments, count};
    long total = 0;
    for (long k = 0; k < count; k++) total += segments[k].count;
    return jk_reduce(total, 65536, squares_chunk, &j);
}
