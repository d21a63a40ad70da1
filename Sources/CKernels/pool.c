#include "kernel.h"
#include "resample.h"

typedef struct {
    const float *source;
    float *result;
    uint8_t *choice;
    const uint8_t *chosen;
    long block;
    jk_window w;
} pool_job;

JK_INLINE void pool_pixel(const pool_job *j, const float *plane, long y, long x, long block, float *out, uint8_t *which) {
    const jk_window *w = &j->w;
    for (long b = 0; b < block; b++) out[b] = -INFINITY;
    for (long ky = 0; ky < w->kernelHeight; ky++) {
        long sy = y * w->stride + ky - w->padding;
        if (sy < 0 || sy >= w->height) continue;
        for (long kx = 0; kx < w->kernelWidth; kx++) {
            long sx = x * w->stride + kx - w->padding;
            if (sx < 0 || sx >= w->width) continue;
            const float *in = plane + (sy * w->width + sx) * block;
            uint8_t place = (uint8_t)(ky * w->kernelWidth + kx);
            for (long b = 0; b < block; b++) {
                // A NaN wins, so that it is seen.
                int better = in[b] > out[b] || in[b] != in[b];
                out[b] = better ? in[b] : out[b];
                which[b] = better ? place : which[b];
            }
        }
    }
}

JK_CLONES static void pool_range(void *context, long begin, long end) {
    const pool_job *j = context;
    const jk_window *w = &j->w;
    const long block = j->block;
    for (long row = begin; row < end; row++) {
        const float *plane = j->source + row / w->outHeight * w->height * w->width * block;
        for (long x = 0; x < w->outWidth; x++) {
            long at = (row * w->outWidth + x) * block, y = row % w->outHeight;
            if (block == 8) {
                float out[8];
                uint8_t which[8] = {0};
                pool_pixel(j, plane, y, x, 8, out, which);
                memcpy(j->result + at, out, sizeof out);
                memcpy(j->choice + at, which, sizeof which);
            } else if (block == 16) {
                float out[16];
                uint8_t which[16] = {0};
                pool_pixel(j, plane, y, x, 16, out, which);
                memcpy(j->result + at, out, sizeof out);
                memcpy(j->choice + at, which, sizeof which);
            } else {
                memset(j->choice + at, 0, block);
                pool_pixel(j, plane, y, x, block, j->result + at, j->choice + at);
            }
        }
    }
}

void jk_max_pool(const float *x, float *result, uint8_t *choice, long planes, long block, jk_window window) {
    long row = window.outWidth * block * window.kernelHeight * window.kernelWidth;
    uint8_t *own = NULL;
    if (!choice) choice = own = malloc((size_t)jk_max(1, planes * window.outHeight * window.outWidth * block));
    if (!choice) abort();
    pool_job j = {x, result, choice, NULL, block, window};
    jk_parallel_for(planes * window.outHeight, jk_max(1, JK_GRAIN / jk_max(1, row)), pool_range, &j);
    free(own);
}

JK_INLINE void unpool_plane(const pool_job *j, long plane, long block) {
    const jk_window *w = &j->w;
    float *image = j->result + plane * w->height * w->width * block;
    memset(image, 0, sizeof(float) * w->height * w->width * block);
    for (long y = 0; y < w->outHeight; y++)
        for (long x = 0; x < w->outWidth; x++) {
            long at = ((plane * w->outHeight + y) * w->outWidth + x) * block;
            long top = y * w->stride - w->padding, left = x * w->stride - w->padding;
            for (long b = 0; b < block; b++) {
                long place = j->chosen[at + b], sy = top + place / w->kernelWidth, sx = left + place % w->kernelWidth;
                image[(sy * w->width + sx) * block + b] += j->source[at + b];
            }
        }
}

JK_CLONES static void unpool_range(void *context, long begin, long end) {
    const pool_job *j = context;
    for (long plane = begin; plane < end; plane++) unpool_plane(j, plane, j->block);
}

void jk_max_pool_backward(const float *gradient, const uint8_t *choice, float *result, long planes, long block,
                          jk_window window) {
    pool_job j = {gradient, result, NULL, choice, block, window};
    jk_parallel_for(planes, 1, unpool_range, &j);
}
