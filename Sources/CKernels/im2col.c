#include "im2col.h"

#include "kernel.h"

typedef struct {
    const float *source;
    float *result;
    jk_window w;
} window_job;

// Outputs x for which x·stride + k − padding lies in 0 ..< width.
JK_INLINE void inside(const jk_window *w, long k, long width, long out, long *first, long *last) {
    long low = w->padding - k, high = width - 1 + w->padding - k;
    *first = low > 0 ? jk_min(out, (low + w->stride - 1) / w->stride) : 0;
    *last = high < 0 ? *first : jk_max(*first, jk_min(out, high / w->stride + 1));
}

static void im2col_range(void *context, long begin, long end) {
    const window_job *j = context;
    const jk_window *w = &j->w;
    const long window = w->kernelHeight * w->kernelWidth, plane = w->outHeight * w->outWidth;
    for (long row = begin; row < end; row++) {
        long c = row / window, ky = row % window / w->kernelWidth, kx = row % w->kernelWidth, x0, x1;
        inside(w, kx, w->width, w->outWidth, &x0, &x1);
        for (long y = 0; y < w->outHeight; y++) {
            float *out = j->result + row * plane + y * w->outWidth;
            long sy = y * w->stride + ky - w->padding;
            if (sy < 0 || sy >= w->height) {
                memset(out, 0, sizeof(float) * w->outWidth);
                continue;
            }
            const float *in = j->source + (c * w->height + sy) * w->width + kx - w->padding;
            for (long x = 0; x < x0; x++) out[x] = 0;
            for (long x = x0; x < x1; x++) out[x] = in[x * w->stride];
            for (long x = x1; x < w->outWidth; x++) out[x] = 0;
        }
    }
}

void jk_im2col(const float *image, float *columns, jk_window window) {
    window_job j = {image, columns, window};
    long rows = window.channels * window.kernelHeight * window.kernelWidth;
    long plane = window.outHeight * window.outWidth;
    jk_parallel_for(rows, jk_max(1, JK_GRAIN / jk_max(1, plane)), im2col_range, &j);
}

// Channels are shared out: each adds up in one order.
static void col2im_range(void *context, long begin, long end) {
    const window_job *j = context;
    const jk_window *w = &j->w;
    const long window = w->kernelHeight * w->kernelWidth, plane = w->outHeight * w->outWidth;
    for (long c = begin; c < end; c++) {
        float *image = j->result + c * w->height * w->width;
        memset(image, 0, sizeof(float) * w->height * w->width);
        for (long k = 0; k < window; k++) {
            long ky = k / w->kernelWidth, kx = k % w->kernelWidth, x0, x1;
            inside(w, kx, w->width, w->outWidth, &x0, &x1);
            for (long y = 0; y < w->outHeight; y++) {
                long sy = y * w->stride + ky - w->padding;
                if (sy < 0 || sy >= w->height) continue;
                const float *in = j->source + (c * window + k) * plane + y * w->outWidth;
                float *out = image + sy * w->width + kx - w->padding;
                for (long x = x0; x < x1; x++) out[x * w->stride] += in[x];
            }
        }
    }
}

void jk_col2im(const float *columns, float *image, jk_window window) {
    window_job j = {columns, image, window};
    jk_parallel_for(window.channels, 1, col2im_range, &j);
}
