#include "channel_walk.h"

typedef struct {
    const float *x, *output, *gradient, *residual, *center, *a, *b, *c;
    float *result;
    jk_walk walk;
    int relu;
} affine_job;

JK_INLINE void affine_rows(const float *x, const float *z, float *y, long rows, long width,
                           const float *restrict center, const float *restrict a, const float *restrict b, int relu) {
    for (long r = 0; r < rows; r++)
        JK_INDEPENDENT
        for (long k = 0; k < width; k++) {
            float value = a[k] * (x[r * width + k] - center[k]) + b[k];
            if (z) value += z[r * width + k];
            y[r * width + k] = relu && !(value > 0) ? 0 : value;
        }
}

JK_INLINE void affine_segment(const affine_job *j, jk_segment s, const float *z, int relu) {
    const long block = j->walk.block;
    const long first = s.plane * block;
    const float *x = j->x + s.offset, *center = j->center + first, *a = j->a + first, *b = j->b + first;
    float *y = j->result + s.offset;
    if (!jk_is_flat(block)) {
        affine_rows(x, z, y, s.rows, block, center, a, b, relu);
        return;
    }
    float wideCenter[32], wideA[32], wideB[32];
    jk_spread(center, block, wideCenter), jk_spread(a, block, wideA), jk_spread(b, block, wideB);
    long all = s.rows * block, full = all / 32, rest = all % 32;
    affine_rows(x, z, y, full, 32, wideCenter, wideA, wideB, relu);
    long at = full * 32;
    affine_rows(x + at, z ? z + at : NULL, y + at, rest > 0, rest, wideCenter, wideA, wideB, relu);
}

JK_CLONES static void affine_range(void *context, long begin, long end) {
    const affine_job *j = context;
    for (long item = begin; item < end; item++) {
        jk_segment s = jk_segment_at(&j->walk, item);
        const float *z = j->residual ? j->residual + s.offset : NULL;
        if (z && j->relu) affine_segment(j, s, z, 1);
        else if (z) affine_segment(j, s, z, 0);
        else if (j->relu) affine_segment(j, s, NULL, 1);
        else affine_segment(j, s, NULL, 0);
    }
}

static void run(jk_task task, affine_job *j) {
    const jk_walk *w = &j->walk;
    jk_parallel_for(w->planes * w->segments, jk_max(1, JK_GRAIN * w->segments / jk_max(1, w->rows * w->block)), task, j);
}

void jk_channel_affine(const float *x, const float *center, const float *a, const float *b, const float *residual,
                       float *y, jk_images shape, int relu) {
    affine_job j = {.x = x, .center = center, .a = a, .b = b, .residual = residual, .result = y,
                    .walk = jk_walk_over(shape), .relu = relu};
    run(affine_range, &j);
}

JK_INLINE void backward_rows(const float *g, const float *y, const float *x, float *result, long rows, long width,
                             const float *restrict center, const float *restrict a, const float *restrict b,
                             const float *restrict c) {
    for (long r = 0; r < rows; r++)
        JK_INDEPENDENT
        for (long k = 0; k < width; k++) {
            long i = r * width + k;
            float value = a[k] * (!y || y[i] > 0 ? g[i] : 0);
            result[i] = x ? value + (b[k] * (x[i] - center[k]) + c[k]) : value;
        }
}

JK_INLINE void backward_segment(const affine_job *j, jk_segment s, const float *y, const float *x) {
    const long block = j->walk.block, all = s.rows * block, full = all / 32, rest = all % 32, first = s.plane * block;
    const float *g = j->gradient + s.offset;
    float *result = j->result + s.offset;
    if (!jk_is_flat(block)) {
        backward_rows(g, y, x, result, s.rows, block, x ? j->center + first : NULL, j->a + first, x ? j->b + first : NULL,
                      x ? j->c + first : NULL);
        return;
    }
    float center[32] = {0}, a[32], b[32] = {0}, c[32] = {0};
    jk_spread(j->a + first, block, a);
    if (x) {
        jk_spread(j->center + first, block, center);
        jk_spread(j->b + first, block, b), jk_spread(j->c + first, block, c);
    }
    backward_rows(g, y, x, result, full, 32, center, a, b, c);
    long at = full * 32;
    backward_rows(g + at, y ? y + at : NULL, x ? x + at : NULL, result + at, rest > 0, rest, center, a, b, c);
}

JK_CLONES static void backward_range(void *context, long begin, long end) {
    const affine_job *j = context;
    for (long item = begin; item < end; item++) {
        jk_segment s = jk_segment_at(&j->walk, item);
        const float *y = j->output ? j->output + s.offset : NULL, *x = j->x ? j->x + s.offset : NULL;
        if (x && y) backward_segment(j, s, y, x);
        else if (x) backward_segment(j, s, NULL, x);
        else if (y) backward_segment(j, s, y, NULL);
        else backward_segment(j, s, NULL, NULL);
    }
}

void jk_channel_affine_backward(const float *gradient, const float *output, const float *x, const float *center,
                                const float *a, const float *b, const float *c, float *result, jk_images shape) {
    affine_job j = {.x = x, .output = output, .gradient = gradient, .center = center, .a = a, .b = b, .c = c,
                    .result = result, .walk = jk_walk_over(shape)};
    run(backward_range, &j);
}

typedef struct {
    const float *x, *factors;
    float *y;
    long width;
} rows_job;

JK_CLONES static void scale_rows_range(void *context, long begin, long end) {
    const rows_job *j = context;
    for (long r = begin; r < end; r++) {
        const float *x = j->x + r * j->width;
        float *y = j->y + r * j->width;
        const float factor = j->factors[r];
        JK_INDEPENDENT
        for (long k = 0; k < j->width; k++) y[k] = factor * x[k];
    }
}

void jk_scale_rows(const float *x, const float *factors, float *y, long rows, long width) {
    rows_job j = {x, factors, y, width};
    jk_parallel_for(rows, jk_max(1, JK_GRAIN / jk_max(1, width)), scale_rows_range, &j);
}
