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

typedef float lanes __attribute__((vector_size(32), aligned(4)));
typedef int32_t places __attribute__((vector_size(32), aligned(4)));

// Calls `body` with the pixel (`sy`, `sx`) and its `place`, for each pixel of the window of output (`y`, `x`).
#define FOR_WINDOW(w, y, x, body)                                     \
    for (long ky = 0; ky < (w)->kernelHeight; ky++) {                 \
        long sy = (y) * (w)->stride + ky - (w)->padding;              \
        if (sy < 0 || sy >= (w)->height) continue;                    \
        for (long kx = 0; kx < (w)->kernelWidth; kx++) {              \
            long sx = (x) * (w)->stride + kx - (w)->padding;          \
            if (sx < 0 || sx >= (w)->width) continue;                 \
            const float *in = plane + (sy * (w)->width + sx) * block; \
            int32_t place = (int32_t)(ky * (w)->kernelWidth + kx);    \
            body                                                      \
        }                                                             \
    }

// Eight channels. A NaN wins, so that it is seen.
JK_INLINE void pool_eight(const jk_window *w, const float *plane, long y, long x, long block, float *result,
                          uint8_t *choice) {
    lanes best = {-INFINITY, -INFINITY, -INFINITY, -INFINITY, -INFINITY, -INFINITY, -INFINITY, -INFINITY};
    places which = {0};
    FOR_WINDOW(w, y, x, {
        lanes value = *(const lanes *)in;
        places better = (value > best) | (value != value);
        best = (lanes)(((places)value & better) | ((places)best & ~better));
        which = (place & better) | (which & ~better);
    })
    *(lanes *)result = best;
    for (long b = 0; b < 8; b++) choice[b] = (uint8_t)which[b];
}

JK_INLINE void pool_one(const jk_window *w, const float *plane, long y, long x, long block, float *result,
                        uint8_t *choice) {
    float best = -INFINITY;
    int32_t which = 0;
    FOR_WINDOW(w, y, x, {
        if (*in > best || *in != *in) {
            best = *in;
            which = place;
        }
    })
    *result = best;
    *choice = (uint8_t)which;
}

JK_CLONES static void pool_range(void *context, long begin, long end) {
    const pool_job *j = context;
    const jk_window *w = &j->w;
    const long block = j->block, eights = block / 8 * 8;
    for (long row = begin; row < end; row++) {
        const float *plane = j->source + row / w->outHeight * w->height * w->width * block;
        for (long x = 0; x < w->outWidth; x++) {
            long at = (row * w->outWidth + x) * block, y = row % w->outHeight;
            float *result = j->result + at;
            uint8_t *choice = j->choice + at;
            if (block == 8) {
                pool_eight(w, plane, y, x, 8, result, choice);
                continue;
            }
            for (long b = 0; b < eights; b += 8) pool_eight(w, plane + b, y, x, block, result + b, choice + b);
            for (long b = eights; b < block; b++) pool_one(w, plane + b, y, x, block, result + b, choice + b);
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
