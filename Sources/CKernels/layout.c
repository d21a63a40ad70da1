#include "layout.h"

#include "kernel.h"

typedef struct {
    const float *source;
    float *result;
    long from, to, channels, pixels;
} reblocking;

// One run is the channels that share both a source block and a result block.
JK_INLINE void copy_run(const float *s, long from, float *d, long to, long pixels, long width) {
    for (long p = 0; p < pixels; p++)
        for (long k = 0; k < width; k++) d[p * to + k] = s[p * from + k];
}

// Tiles of pixels keep both sides in cache when one of them has long rows.
JK_CLONES static void reblock_range(void *context, long begin, long end) {
    const reblocking *j = context;
    const long C = j->channels, P = j->pixels, from = j->from, to = j->to, tile = 64;
    const long tiles = (P + tile - 1) / tile;
    for (long item = begin; item < end; item++) {
        long n = item / tiles, p0 = item % tiles * tile, count = jk_min(tile, P - p0);
        for (long c = 0; c < C;) {
            long width = jk_min(from - c % from, to - c % to);
            const float *s = j->source + n * C * P + (c / from) * from * P + p0 * from + c % from;
            float *d = j->result + n * C * P + (c / to) * to * P + p0 * to + c % to;
            if (from == 1 && to > 1) {
                // Gather the channels of one result block: rows of `to` are written whole.
                long wide = jk_min(8, to - c % to);
                if (wide == 8) {
                    for (long p = 0; p < count; p++)
                        for (long k = 0; k < 8; k++) d[p * to + k] = s[k * P + p];
                } else {
                    for (long p = 0; p < count; p++)
                        for (long k = 0; k < wide; k++) d[p * to + k] = s[k * P + p];
                }
                c += wide;
                continue;
            }
            if (to == 1 && from > 1) {
                long wide = jk_min(8, from - c % from);
                for (long k = 0; k < wide; k++)
                    for (long p = 0; p < count; p++) d[k * P + p] = s[p * from + k];
                c += wide;
                continue;
            }
            if (width == 8) copy_run(s, from, d, to, count, 8);
            else if (width == 16) copy_run(s, from, d, to, count, 16);
            else copy_run(s, from, d, to, count, width);
            c += width;
        }
    }
}

void jk_reblock(const float *source, long from, float *result, long to, long images, long channels, long pixels) {
    reblocking j = {source, result, from, to, channels, pixels};
    long tiles = (pixels + 63) / 64;
    jk_parallel_for(images * tiles, jk_max(1, JK_GRAIN / (64 * channels)), reblock_range, &j);
}

typedef struct {
    const float *source;
    float *result;
    long rows, columns;
} transposing;

JK_CLONES static void transpose_range(void *context, long begin, long end) {
    const transposing *j = context;
    for (long r0 = begin; r0 < end; r0 += 16)
        for (long c0 = 0; c0 < j->columns; c0 += 16)
            for (long c = c0; c < jk_min(c0 + 16, j->columns); c++)
                for (long r = r0; r < jk_min(r0 + 16, end); r++)
                    j->result[c * j->rows + r] = j->source[r * j->columns + c];
}

void jk_transpose(const float *source, float *result, long rows, long columns) {
    transposing j = {source, result, rows, columns};
    jk_parallel_for(rows, jk_max(16, JK_GRAIN / jk_max(1, columns)), transpose_range, &j);
}
