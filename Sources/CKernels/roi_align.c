#include "roi_align.h"

#include "kernel.h"

enum { JK_SAMPLES = 64, JK_CHANNELS = 16 };

/// Where one row or column of samples falls: between two feature rows, with their weights.
typedef struct {
    int low, high;
    float low_weight, high_weight;
} sample;

/// torchvision's positions along one axis (roi_align_kernel.cpp). Samples outside get weights of 0.
static void place(float start, float end, long size, long sampling, long length, sample *samples) {
    float extent = end - start;
    if (!(extent > 1)) extent = 1;
    float bin = extent / (float)size;
    for (long i = 0; i < size * sampling; i++) {
        long p = i / sampling, s = i % sampling;
        float at = start + (float)p * bin + ((float)s + 0.5f) * bin / (float)sampling;
        if (!(at >= -1 && at <= (float)length)) {
            samples[i] = (sample){0, 0, 0, 0};
            continue;
        }
        if (at <= 0) at = 0;
        int low = (int)at, high = low + 1;
        if (low >= length - 1) {
            low = high = (int)length - 1;
            at = (float)low;
        }
        float high_weight = at - (float)low;
        samples[i] = (sample){low, high, 1 - high_weight, high_weight};
    }
}

static void place_region(const jk_roi_align_shape *s, const jk_region *r, sample *rows, sample *columns) {
    const jk_level *level = &s->levels[r->level];
    place(r->y1 * level->scale, r->y2 * level->scale, s->size, s->sampling, level->height, rows);
    place(r->x1 * level->scale, r->x2 * level->scale, s->size, s->sampling, level->width, columns);
}

typedef struct {
    const jk_roi_align_shape *shape;
    float *result;
    const float *gradient;
    /// Regions by level and image: those of (l, n) are order[starts[l · images + n] ..< starts[… + 1]].
    const int32_t *order;
    const long *starts;
} job;

// `width` channels of one block: `plane` is the block's first pixel plus the channel's offset in it.
JK_INLINE void forward_channels(const jk_roi_align_shape *s, const sample *rows, const sample *columns,
                                const float *plane, long row_stride, float *out, long width) {
    const long size = s->size, sampling = s->sampling, block = s->block, bins = size * size;
    const float share = 1.0f / (float)(sampling * sampling);
    for (long py = 0; py < size; py++)
        for (long px = 0; px < size; px++) {
            float sum[JK_CHANNELS] = {0};
            for (long iy = 0; iy < sampling; iy++) {
                const sample y = rows[py * sampling + iy];
                const float *low = plane + y.low * row_stride, *high = plane + y.high * row_stride;
                for (long ix = 0; ix < sampling; ix++) {
                    const sample x = columns[px * sampling + ix];
                    const float w1 = y.low_weight * x.low_weight, w2 = y.low_weight * x.high_weight;
                    const float w3 = y.high_weight * x.low_weight, w4 = y.high_weight * x.high_weight;
                    const float *a = low + x.low * block, *b = low + x.high * block;
                    const float *c = high + x.low * block, *d = high + x.high * block;
                    for (long k = 0; k < width; k++) sum[k] += w1 * a[k] + w2 * b[k] + w3 * c[k] + w4 * d[k];
                }
            }
            for (long k = 0; k < width; k++) out[k * bins + py * size + px] = sum[k] * share;
        }
}

JK_CLONES static void forward_range(void *context, long begin, long end) {
    const job *j = context;
    const jk_roi_align_shape *s = j->shape;
    const long bins = s->size * s->size;
    for (long r = begin; r < end; r++) {
        const jk_region *region = &s->regions[r];
        const jk_level *level = &s->levels[region->level];
        sample rows[JK_SAMPLES], columns[JK_SAMPLES];
        place_region(s, region, rows, columns);
        const long pixels = level->height * level->width, row_stride = level->width * s->block;
        for (long c = 0; c < s->channels;) {
            const long within = c % s->block, width = jk_min(JK_CHANNELS, s->block - within);
            const float *plane =
                level->data + region->image * s->channels * pixels + (c - within) * pixels + within;
            float *out = j->result + (r * s->channels + c) * bins;
            if (width == 8) forward_channels(s, rows, columns, plane, row_stride, out, 8);
            else if (width == 16) forward_channels(s, rows, columns, plane, row_stride, out, 16);
            else forward_channels(s, rows, columns, plane, row_stride, out, width);
            c += width;
        }
    }
}

void jk_roi_align(const jk_roi_align_shape *shape, float *result) {
    job j = {shape, result, NULL, NULL, NULL};
    jk_parallel_for(shape->region_count, 1, forward_range, &j);
}

JK_INLINE void backward_channels(const jk_roi_align_shape *s, const sample *rows, const sample *columns, float *plane,
                                 long row_stride, const float *gradient, long width) {
    const long size = s->size, sampling = s->sampling, block = s->block, bins = size * size;
    const float share = 1.0f / (float)(sampling * sampling);
    for (long py = 0; py < size; py++)
        for (long px = 0; px < size; px++) {
            float g[JK_CHANNELS];
            for (long k = 0; k < width; k++) g[k] = gradient[k * bins + py * size + px] * share;
            for (long iy = 0; iy < sampling; iy++) {
                const sample y = rows[py * sampling + iy];
                float *low = plane + y.low * row_stride, *high = plane + y.high * row_stride;
                for (long ix = 0; ix < sampling; ix++) {
                    const sample x = columns[px * sampling + ix];
                    const float w1 = y.low_weight * x.low_weight, w2 = y.low_weight * x.high_weight;
                    const float w3 = y.high_weight * x.low_weight, w4 = y.high_weight * x.high_weight;
                    float *a = low + x.low * block, *b = low + x.high * block;
                    float *c = high + x.low * block, *d = high + x.high * block;
                    // One after the other: at the border they are the same pixel.
                    for (long k = 0; k < width; k++) a[k] += w1 * g[k];
                    for (long k = 0; k < width; k++) b[k] += w2 * g[k];
                    for (long k = 0; k < width; k++) c[k] += w3 * g[k];
                    for (long k = 0; k < width; k++) d[k] += w4 * g[k];
                }
            }
        }
}

// An item is up to 16 channels of one block in one image, on all levels.
JK_CLONES static void backward_range(void *context, long begin, long end) {
    const job *j = context;
    const jk_roi_align_shape *s = j->shape;
    const long bins = s->size * s->size, per_block = (s->block + JK_CHANNELS - 1) / JK_CHANNELS;
    for (long item = begin; item < end; item++) {
        const long image = item % s->images, piece = item / s->images;
        const long within = piece % per_block * JK_CHANNELS, first = piece / per_block * s->block;
        const long width = jk_min(JK_CHANNELS, s->block - within);
        for (long l = 0; l < s->level_count; l++) {
            const jk_level *level = &s->levels[l];
            const long pixels = level->height * level->width, row_stride = level->width * s->block;
            float *plane = level->data + (image * s->channels + first) * pixels + within;
            if (width == s->block) memset(plane, 0, (size_t)(pixels * width) * sizeof(float));
            else
                for (long p = 0; p < pixels; p++)
                    for (long k = 0; k < width; k++) plane[p * s->block + k] = 0;
            const long cell = l * s->images + image;
            for (long o = j->starts[cell]; o < j->starts[cell + 1]; o++) {
                const long r = j->order[o];
                sample rows[JK_SAMPLES], columns[JK_SAMPLES];
                place_region(s, &s->regions[r], rows, columns);
                const float *gradient = j->gradient + (r * s->channels + first + within) * bins;
                if (width == 8) backward_channels(s, rows, columns, plane, row_stride, gradient, 8);
                else if (width == 16) backward_channels(s, rows, columns, plane, row_stride, gradient, 16);
                else backward_channels(s, rows, columns, plane, row_stride, gradient, width);
            }
        }
    }
}

void jk_roi_align_backward(const jk_roi_align_shape *shape, const float *gradient) {
    const long cells = shape->level_count * shape->images, count = shape->region_count;
    long *starts = calloc((size_t)cells + 2, sizeof(long));
    int32_t *order = malloc((size_t)(count + 1) * sizeof(int32_t));
    if (!starts || !order) abort();
    // Counting sort; `starts` is shifted by one while it serves as the write position.
    long *next = starts + 1;
    for (long r = 0; r < count; r++) {
        long cell = shape->regions[r].level * shape->images + shape->regions[r].image;
        if (cell + 1 < cells) next[cell + 1]++;
    }
    for (long i = 1; i < cells; i++) next[i] += next[i - 1];
    for (long r = 0; r < count; r++)
        order[next[shape->regions[r].level * shape->images + shape->regions[r].image]++] = (int32_t)r;
    job j = {shape, NULL, gradient, order, starts};
    const long per_block = (shape->block + JK_CHANNELS - 1) / JK_CHANNELS;
    jk_parallel_for(shape->channels / shape->block * per_block * shape->images, 1, backward_range, &j);
    free(order);
    free(starts);
}
