#include "depthwise.h"

#include "kernel.h"

// Eight channels side by side; read where floats may lie.
typedef float lanes __attribute__((vector_size(32), aligned(4)));
enum { lane_count = 8, largest_kernel = 7 };

typedef struct {
    const float *x, *gradient;
    float *result, *bias;
    jk_window window;
    long images, channels, block;
} depthwise_job;

#define AT(p) (*(const lanes *)(p))

#define UNROLLED _Pragma("clang loop unroll(full)")

// One row of the result with the row of the input that one row of the kernel reads: sums[kx] += g[ox] · x[ox · stride + kx −
// padding], for eight channels of a block. With `kernel` known at compile time all sums stay in registers.
JK_INLINE void add_row(const float *g, const float *x, const jk_window *w, long block, const int kernel, lanes *sums) {
    lanes sum[largest_kernel] = {{0}};
    for (long ox = 0; ox < w->outWidth; ox++) {
        const long first = ox * w->stride - w->padding;
        const lanes gradient = AT(g + ox * block);
        if (first >= 0 && first + kernel <= w->width) {
            UNROLLED
            for (int kx = 0; kx < kernel; kx++) sum[kx] += gradient * AT(x + (first + kx) * block);
        } else {
            UNROLLED
            for (int kx = 0; kx < kernel; kx++)
                if (first + kx >= 0 && first + kx < w->width) sum[kx] += gradient * AT(x + (first + kx) * block);
        }
    }
    UNROLLED
    for (int kx = 0; kx < kernel; kx++) sums[kx] += sum[kx];
}

// All images of eight channels: rows are summed in float, images in double.
JK_INLINE void weight_gradient(const depthwise_job *j, long channel, const int kernel) {
    const jk_window *w = &j->window;
    const long plane = channel / j->block, lane = channel % j->block, planes = j->channels / j->block;
    double total[largest_kernel * largest_kernel][lane_count] = {{0}}, shift[lane_count] = {0};
    for (long image = 0; image < j->images; image++) {
        const float *x = j->x + (image * planes + plane) * w->height * w->width * j->block + lane;
        const float *g = j->gradient + (image * planes + plane) * w->outHeight * w->outWidth * j->block + lane;
        for (int ky = 0; ky < kernel; ky++) {
            lanes sums[largest_kernel] = {{0}};
            for (long oy = 0; oy < w->outHeight; oy++) {
                const long iy = oy * w->stride + ky - w->padding;
                if (iy < 0 || iy >= w->height) continue;
                add_row(g + oy * w->outWidth * j->block, x + iy * w->width * j->block, w, j->block, kernel, sums);
            }
            for (int kx = 0; kx < kernel; kx++)
                for (int l = 0; l < lane_count; l++) total[ky * kernel + kx][l] += sums[kx][l];
        }
        if (j->bias)
            for (long i = 0; i < w->outHeight * w->outWidth; i++)
                for (int l = 0; l < lane_count; l++) shift[l] += g[i * j->block + l];
    }
    for (int l = 0; l < lane_count; l++) {
        for (int k = 0; k < kernel * kernel; k++) j->result[(channel + l) * kernel * kernel + k] = (float)total[k][l];
        if (j->bias) j->bias[channel + l] = (float)shift[l];
    }
}

JK_CLONES static void weight_gradient_range(void *context, long begin, long end) {
    const depthwise_job *j = context;
    for (long item = begin; item < end; item++) {
        if (j->window.kernelWidth == 3) weight_gradient(j, item * lane_count, 3);
        else if (j->window.kernelWidth == 5) weight_gradient(j, item * lane_count, 5);
        else weight_gradient(j, item * lane_count, 7);
    }
}

void jk_depthwise_backward_weight(const float *x, const float *gradient, float *result, float *bias, long images,
                                  long channels, long block, jk_window window) {
    depthwise_job j = {x, gradient, result, bias, window, images, channels, block};
    long work = images * window.outHeight * window.outWidth * window.kernelHeight * window.kernelWidth;
    jk_parallel_for(channels / lane_count, jk_max(1, JK_GRAIN / jk_max(1, work)), weight_gradient_range, &j);
}
