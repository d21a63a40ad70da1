#include "resample.h"

#include "kernel.h"

typedef struct {
    const float *source;
    float *result;
    const long *rows, *columns;
    const jk_tap *rowTaps, *columnTaps;
    long block, height, width, outHeight, outWidth;
} resample_job;

JK_CLONES static void pick_range(void *context, long begin, long end) {
    const resample_job *j = context;
    const long B = j->block;
    for (long row = begin; row < end; row++) {
        long plane = row / j->outHeight, y = row % j->outHeight;
        const float *in = j->source + (plane * j->height + j->rows[y]) * j->width * B;
        float *out = j->result + row * j->outWidth * B;
        if (B == 8)
            for (long x = 0; x < j->outWidth; x++)
                for (long b = 0; b < 8; b++) out[x * 8 + b] = in[j->columns[x] * 8 + b];
        else
            for (long x = 0; x < j->outWidth; x++)
                for (long b = 0; b < B; b++) out[x * B + b] = in[j->columns[x] * B + b];
    }
}

void jk_pick_pixels(const float *source, float *result, const long *rows, const long *columns, long planes, long block,
                    long height, long width, long outHeight, long outWidth) {
    resample_job j = {source, result, rows, columns, NULL, NULL, block, height, width, outHeight, outWidth};
    jk_parallel_for(planes * outHeight, jk_max(1, JK_GRAIN / jk_max(1, outWidth * block)), pick_range, &j);
}

// Source rows are shared out; the output rows that a source row gave are neighbours.
JK_CLONES static void pick_backward_range(void *context, long begin, long end) {
    const resample_job *j = context;
    const long B = j->block;
    for (long row = begin; row < end; row++) {
        long plane = row / j->height, sy = row % j->height;
        float *out = j->result + row * j->width * B;
        memset(out, 0, sizeof(float) * j->width * B);
        for (long y = 0; y < j->outHeight && j->rows[y] <= sy; y++) {
            if (j->rows[y] < sy) continue;
            const float *in = j->source + (plane * j->outHeight + y) * j->outWidth * B;
            if (B == 8)
                for (long x = 0; x < j->outWidth; x++)
                    for (long b = 0; b < 8; b++) out[j->columns[x] * 8 + b] += in[x * 8 + b];
            else
                for (long x = 0; x < j->outWidth; x++)
                    for (long b = 0; b < B; b++) out[j->columns[x] * B + b] += in[x * B + b];
        }
    }
}

void jk_pick_pixels_backward(const float *gradient, float *result, const long *rows, const long *columns, long planes,
                             long block, long height, long width, long outHeight, long outWidth) {
    resample_job j = {gradient, result, rows, columns, NULL, NULL, block, height, width, outHeight, outWidth};
    jk_parallel_for(planes * height, jk_max(1, JK_GRAIN / jk_max(1, width * block * 4)), pick_backward_range, &j);
}

JK_CLONES static void bilinear_range(void *context, long begin, long end) {
    const resample_job *j = context;
    const long B = j->block;
    for (long row = begin; row < end; row++) {
        const float *plane = j->source + row / j->outHeight * j->height * j->width * B;
        jk_tap ty = j->rowTaps[row % j->outHeight];
        const float *low = plane + ty.low * j->width * B, *high = plane + ty.high * j->width * B;
        for (long x = 0; x < j->outWidth; x++) {
            jk_tap tx = j->columnTaps[x];
            const float *a = low + tx.low * B, *b = low + tx.high * B, *c = high + tx.low * B, *d = high + tx.high * B;
            float *out = j->result + (row * j->outWidth + x) * B;
            for (long k = 0; k < B; k++)
                out[k] = (1 - ty.weight) * ((1 - tx.weight) * a[k] + tx.weight * b[k]) +
                         ty.weight * ((1 - tx.weight) * c[k] + tx.weight * d[k]);
        }
    }
}

void jk_bilinear(const float *source, float *result, const jk_tap *rows, const jk_tap *columns, long planes, long block,
                 long height, long width, long outHeight, long outWidth) {
    resample_job j = {source, result, NULL, NULL, rows, columns, block, height, width, outHeight, outWidth};
    jk_parallel_for(planes * outHeight, jk_max(1, JK_GRAIN / jk_max(1, outWidth * block)), bilinear_range, &j);
}

typedef struct {
    const float *source;
    const long *indices;
    float *result;
    long count, width;
} rows_job;

static void gather_range(void *context, long begin, long end) {
    const rows_job *j = context;
    for (long i = begin; i < end; i++)
        memcpy(j->result + i * j->width, j->source + j->indices[i] * j->width, sizeof(float) * j->width);
}

void jk_gather_rows(const float *source, const long *indices, float *result, long count, long width) {
    rows_job j = {source, indices, result, count, width};
    jk_parallel_for(count, jk_max(1, JK_GRAIN / jk_max(1, width)), gather_range, &j);
}

// Columns are shared out: an index may occur twice, and each element adds up in one order.
JK_CLONES static void scatter_range(void *context, long begin, long end) {
    const rows_job *j = context;
    for (long i = 0; i < j->count; i++) {
        const float *in = j->source + i * j->width;
        float *out = j->result + j->indices[i] * j->width;
        for (long k = begin; k < end; k++) out[k] += in[k];
    }
}

void jk_scatter_rows(const float *source, const long *indices, float *result, long count, long width) {
    rows_job j = {source, indices, result, count, width};
    jk_parallel_for(width, jk_max(64, JK_GRAIN / jk_max(1, count)), scatter_range, &j);
}
