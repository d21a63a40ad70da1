#include "channel_walk.h"

typedef struct {
    const float *gradient, *output, *x, *center;
    jk_walk walk;
    double *partial;
} sums_job;

// `width` channels in rows of `stride`: acc += x
JK_INLINE void add_rows(const float *x, long rows, long stride, long width, float *restrict acc) {
    for (long r = 0; r < rows; r++)
        for (long k = 0; k < width; k++) acc[k] += x[r * stride + k];
}

// acc += (x − mean)²
JK_INLINE void add_squares(const float *x, long rows, long stride, long width, const float *restrict mean,
                           float *restrict acc) {
    for (long r = 0; r < rows; r++)
        for (long k = 0; k < width; k++) {
            float d = x[r * stride + k] - mean[k];
            acc[k] += d * d;
        }
}

// Adds the moments of `rows` more values to those of `seen`.
JK_INLINE void combine(double *moments, double seen, double rows, double mean, double squares) {
    double all = seen + rows, d = mean - moments[0];
    moments[0] += d * rows / all;
    moments[1] += squares + d * d * seen * rows / all;
}

JK_INLINE void moments_flat(const float *x, long rows, long block, double *out) {
    const long chunk = 2048 / block;
    for (long r = 0; r < rows; r += chunk) {
        long count = jk_min(chunk, rows - r), all = count * block, full = all / 32, rest = all % 32;
        const float *at = x + r * block;
        float sum[32] = {0}, mean[32], squares[32] = {0}, perChannel[32] = {0};
        add_rows(at, full, 32, 32, sum);
        for (long i = 0; i < rest; i++) sum[i] += at[full * 32 + i];
        for (long i = 0; i < 32; i++) perChannel[i % block] += sum[i];
        for (long k = 0; k < block; k++) perChannel[k] /= count;
        jk_spread(perChannel, block, mean);
        add_squares(at, full, 32, 32, mean, squares);
        for (long i = 0; i < rest; i++) {
            float d = at[full * 32 + i] - mean[i];
            squares[i] += d * d;
        }
        for (long k = 0; k < block; k++) {
            double total = 0;
            for (long i = k; i < 32; i += block) total += squares[i];
            combine(out + 2 * k, r, count, perChannel[k], total);
        }
    }
}

JK_INLINE void moments_strip(const float *x, long rows, long stride, long width, double *out) {
    for (long r = 0; r < rows; r += 32) {
        long count = jk_min(32, rows - r);
        float mean[jk_strip] = {0}, squares[jk_strip] = {0};
        add_rows(x + r * stride, count, stride, width, mean);
        for (long k = 0; k < width; k++) mean[k] /= count;
        add_squares(x + r * stride, count, stride, width, mean, squares);
        for (long k = 0; k < width; k++) combine(out + 2 * k, r, count, mean[k], squares[k]);
    }
}

JK_CLONES static void moments_range(void *context, long begin, long end) {
    const sums_job *j = context;
    const long block = j->walk.block;
    for (long item = begin; item < end; item++) {
        jk_segment s = jk_segment_at(&j->walk, item);
        const float *x = j->x + s.offset;
        double *out = j->partial + item * block * 2;
        memset(out, 0, sizeof(double) * block * 2);
        if (block == 8) moments_flat(x, s.rows, 8, out);
        else if (block == 16) moments_flat(x, s.rows, 16, out);
        else if (block == 1) moments_flat(x, s.rows, 1, out);
        else if (jk_is_flat(block)) moments_flat(x, s.rows, block, out);
        else
            for (long k = 0; k < block; k += jk_strip) {
                long width = jk_min(jk_strip, block - k);
                if (width == jk_strip) moments_strip(x + k, s.rows, block, jk_strip, out + 2 * k);
                else moments_strip(x + k, s.rows, block, width, out + 2 * k);
            }
    }
}

static double *partial_sums(const jk_walk *w) {
    double *partial = malloc(sizeof(double) * jk_max(1, w->planes * w->segments * w->block * 2));
    if (!partial) abort();
    return partial;
}

void jk_channel_moments(const float *x, jk_images shape, double *result) {
    jk_walk w = jk_walk_over(shape);
    sums_job j = {NULL, NULL, x, NULL, w, partial_sums(&w)};
    jk_parallel_for(w.planes * w.segments, jk_max(1, JK_GRAIN * w.segments / jk_max(1, w.rows * w.block)),
                    moments_range, &j);
    memset(result, 0, sizeof(double) * w.planes * w.block * 2);
    for (long plane = 0; plane < w.planes; plane++)
        for (long s = 0; s < w.segments; s++) {
            double seen = w.rows * s / w.segments, next = w.rows * (s + 1) / w.segments;
            if (next == seen) continue;
            for (long k = 0; k < w.block; k++) {
                const double *part = j.partial + ((plane * w.segments + s) * w.block + k) * 2;
                combine(result + (plane * w.block + k) * 2, seen, next - seen, part[0], part[1]);
            }
        }
    free(j.partial);
}

// acc += g, weighted += g · (x − center)
JK_INLINE void add_gradients(const float *g, const float *y, const float *x, long rows, long stride, long width,
                             const float *restrict center, float *restrict acc, float *restrict weighted) {
    for (long r = 0; r < rows; r++)
        for (long k = 0; k < width; k++) {
            long i = r * stride + k;
            float value = !y || y[i] > 0 ? g[i] : 0;
            acc[k] += value;
            if (x) weighted[k] += value * (x[i] - center[k]);
        }
}

JK_INLINE void sums_flat(const float *g, const float *y, const float *x, const float *perChannel, long rows, long block,
                         double *out) {
    const long chunk = 2048 / block;
    float center[32] = {0};
    if (x) jk_spread(perChannel, block, center);
    for (long r = 0; r < rows; r += chunk) {
        long all = jk_min(chunk, rows - r) * block, full = all / 32, rest = all % 32, at = r * block;
        float acc[32] = {0}, weighted[32] = {0};
        add_gradients(g + at, y ? y + at : NULL, x ? x + at : NULL, full, 32, 32, center, acc, weighted);
        at += full * 32;
        add_gradients(g + at, y ? y + at : NULL, x ? x + at : NULL, rest > 0, 32, rest, center, acc, weighted);
        for (long i = 0; i < 32; i++) {
            out[i % block * 2] += acc[i];
            out[i % block * 2 + 1] += weighted[i];
        }
    }
}

JK_INLINE void sums_strip(const float *g, const float *y, const float *x, const float *center, long rows, long stride,
                          long width, double *out) {
    for (long r = 0; r < rows; r += 32) {
        long at = r * stride;
        float acc[jk_strip] = {0}, weighted[jk_strip] = {0};
        add_gradients(g + at, y ? y + at : NULL, x ? x + at : NULL, jk_min(32, rows - r), stride, width, center, acc,
                      weighted);
        for (long k = 0; k < width; k++) {
            out[2 * k] += acc[k];
            out[2 * k + 1] += weighted[k];
        }
    }
}

JK_INLINE void sums_of(const float *g, const float *y, const float *x, const float *center, long rows, long block,
                       double *out) {
    if (block == 8) sums_flat(g, y, x, center, rows, 8, out);
    else if (block == 16) sums_flat(g, y, x, center, rows, 16, out);
    else if (block == 1) sums_flat(g, y, x, center, rows, 1, out);
    else if (jk_is_flat(block)) sums_flat(g, y, x, center, rows, block, out);
    else
        for (long k = 0; k < block; k += jk_strip)
            sums_strip(g + k, y ? y + k : NULL, x ? x + k : NULL, center + k, rows, block, jk_min(jk_strip, block - k),
                       out + 2 * k);
}

JK_CLONES static void sums_range(void *context, long begin, long end) {
    const sums_job *j = context;
    const long block = j->walk.block;
    for (long item = begin; item < end; item++) {
        jk_segment s = jk_segment_at(&j->walk, item);
        const float *g = j->gradient + s.offset, *center = j->center ? j->center + s.plane * block : g;
        double *out = j->partial + item * block * 2;
        memset(out, 0, sizeof(double) * block * 2);
        // Each case is its own loop: what is absent is known when it is compiled.
        if (j->x && j->output) sums_of(g, j->output + s.offset, j->x + s.offset, center, s.rows, block, out);
        else if (j->x) sums_of(g, NULL, j->x + s.offset, center, s.rows, block, out);
        else if (j->output) sums_of(g, j->output + s.offset, NULL, center, s.rows, block, out);
        else sums_of(g, NULL, NULL, center, s.rows, block, out);
    }
}

void jk_channel_sums(const float *gradient, const float *output, const float *x, const float *center, jk_images shape,
                     double *result) {
    jk_walk w = jk_walk_over(shape);
    sums_job j = {gradient, output, x, center, w, partial_sums(&w)};
    jk_parallel_for(w.planes * w.segments, jk_max(1, JK_GRAIN * w.segments / jk_max(1, w.rows * w.block)), sums_range,
                    &j);
    memset(result, 0, sizeof(double) * w.planes * w.block * 2);
    for (long plane = 0; plane < w.planes; plane++)
        for (long s = 0; s < w.segments; s++)
            for (long i = 0; i < w.block * 2; i++)
                result[plane * w.block * 2 + i] += j.partial[(plane * w.segments + s) * w.block * 2 + i];
    free(j.partial);
}
