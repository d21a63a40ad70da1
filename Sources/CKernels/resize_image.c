#include "resize_image.h"

#include "kernel.h"

// Output columns at a time: two interpolated rows of them stay in the first-level cache, on the stack.
enum { STRIP = 256, CHANNELS = 3, PATTERN = 48 };

typedef uint8_t bytes4 __attribute__((vector_size(4)));
typedef float floats4 __attribute__((vector_size(16)));

typedef struct {
    jk_picture picture;
    const jk_tap *rows, *columns;
    long outHeight, outWidth;
    // factor and offset, over and over: as many as whole vectors of any width hold whole pixels.
    float factor[PATTERN], offset[PATTERN];
    jk_padded result;
} resize_job;

JK_INLINE floats4 pixel(const uint8_t *samples) {
    bytes4 bytes;
    memcpy(&bytes, samples, sizeof bytes);
    return __builtin_convertvector(bytes, floats4);
}

/// A source row at `count` output columns. Pixels are read and written as fours, of which the last belongs to the pixel
/// after: a row of the picture but the last has one, and so has `out`.
JK_INLINE void interpolate_row(const resize_job *j, long row, const jk_tap *columns, long count, float *out) {
#pragma clang fp contract(off)
    const uint8_t *in = j->picture.samples + row * j->picture.width * CHANNELS;
    if (row + 1 < j->picture.height) {
        for (long x = 0; x < count; x++) {
            const jk_tap tap = columns[x];
            const floats4 value =
                pixel(in + tap.low * CHANNELS) * (1 - tap.weight) + pixel(in + tap.high * CHANNELS) * tap.weight;
            memcpy(out + x * CHANNELS, &value, sizeof value);
        }
    } else {
        for (long x = 0; x < count; x++) {
            const jk_tap tap = columns[x];
            const uint8_t *low = in + tap.low * CHANNELS, *high = in + tap.high * CHANNELS;
            for (long c = 0; c < CHANNELS; c++)
                out[x * CHANNELS + c] = low[c] * (1 - tap.weight) + high[c] * tap.weight;
        }
    }
}

/// Between two interpolated rows, normalised.
JK_INLINE void blend_rows(const resize_job *restrict j, const float *low, const float *high, float weight, long count,
                          float *restrict out) {
#pragma clang fp contract(off)
    const float keep = 1 - weight;
    long i = 0;
    for (; i + PATTERN <= count; i += PATTERN)
        for (long k = 0; k < PATTERN; k++)
            out[i + k] = (low[i + k] * keep + high[i + k] * weight) * j->factor[k] + j->offset[k];
    for (long k = 0; i + k < count; k++)
        out[i + k] = (low[i + k] * keep + high[i + k] * weight) * j->factor[k] + j->offset[k];
}

JK_CLONES static void resize_range(void *context, long begin, long end) {
    const resize_job *j = context;
    const long rowLength = j->result.width * CHANNELS;
    const long last = jk_min(end, j->outHeight);
    for (long first = 0; first < j->outWidth; first += STRIP) {
        const long count = jk_min(STRIP, j->outWidth - first);
        // Neighbouring output rows share source rows: each is interpolated once.
        float lines[2][STRIP * CHANNELS + 1];
        long held[2] = {-1, -1};
        for (long y = begin; y < last; y++) {
            const jk_tap tap = j->rows[y];
            const long wanted[2] = {tap.low, tap.high};
            const float *line[2];
            for (int i = 0; i < 2; i++) {
                int slot = held[0] == wanted[i] ? 0 : held[1] == wanted[i] ? 1 : -1;
                if (slot < 0) {
                    // The other row of this pair stays.
                    slot = held[0] == wanted[1 - i] ? 1 : 0;
                    interpolate_row(j, wanted[i], j->columns + first, count, lines[slot]);
                    held[slot] = wanted[i];
                }
                line[i] = lines[slot];
            }
            blend_rows(j, line[0], line[1], tap.weight, count * CHANNELS,
                       j->result.floats + y * rowLength + first * CHANNELS);
        }
    }
    const long filled = j->outWidth * CHANNELS;
    for (long y = begin; y < last; y++)
        memset(j->result.floats + y * rowLength + filled, 0, (size_t)(rowLength - filled) * sizeof(float));
    const long below = jk_max(begin, last);
    if (below < end)
        memset(j->result.floats + below * rowLength, 0, (size_t)((end - below) * rowLength) * sizeof(float));
}

void jk_resize_picture(jk_picture picture, const jk_tap *rows, long outHeight, const jk_tap *columns, long outWidth,
                       const float *factor, const float *offset, jk_padded result, int parallel) {
    resize_job j = {picture, rows, columns, outHeight, outWidth, {0}, {0}, result};
    for (long k = 0; k < PATTERN; k++) {
        j.factor[k] = factor[k % CHANNELS];
        j.offset[k] = offset[k % CHANNELS];
    }
    if (parallel)
        jk_parallel_for(result.height, 32, resize_range, &j);
    else
        resize_range(&j, 0, result.height);
}
