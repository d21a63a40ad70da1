#include "elementwise.h"

#include "kernel.h"

typedef struct {
    const float *a, *b;
    float *result;
    float factor;
} vectors;

#define ELEMENTWISE(name, expression) LOOP(name, expression, JK_INDEPENDENT)
#define LOOP(name, expression, before)                                  \
    JK_CLONES static void name##_range(void *context, long begin, long end) { \
        const vectors *j = context;                                     \
        const float *a = j->a, *b = j->b;                               \
        float *result = j->result;                                      \
        const float factor = j->factor;                                 \
        (void)a, (void)b, (void)factor;                                 \
        before                                                          \
        for (long i = begin; i < end; i++) result[i] = expression;      \
    }

ELEMENTWISE(fill, factor)
ELEMENTWISE(add, a[i] + b[i])
ELEMENTWISE(add_relu, a[i] + b[i] > 0 ? a[i] + b[i] : 0)
ELEMENTWISE(axpy, result[i] + factor * a[i])
ELEMENTWISE(scale, factor *a[i])
ELEMENTWISE(multiply, a[i] * b[i])
ELEMENTWISE(relu, a[i] > 0 ? a[i] : 0)
ELEMENTWISE(relu_backward, b[i] > 0 ? a[i] : 0)
// expf is a call, which keeps the loop scalar.
LOOP(sigmoid, 1 / (1 + expf(-a[i])), )
ELEMENTWISE(sigmoid_backward, a[i] * b[i] * (1 - b[i]))


JK_INLINE float clamp(float x, float low, float high) { return x < low ? low : x > high ? high : x; }
// The factor first: where it is 6 / 6, the result is x itself.
ELEMENTWISE(hard_swish, a[i] * (clamp(a[i] + 3, 0, 6) / 6))
ELEMENTWISE(hard_swish_backward, b[i] < -3 ? 0 : b[i] <= 3 ? a[i] * (2 * b[i] + 3) / 6 : a[i])
ELEMENTWISE(hard_sigmoid, clamp(a[i] + 3, 0, 6) / 6)
ELEMENTWISE(hard_sigmoid_backward, b[i] > -3 && b[i] < 3 ? a[i] / 6 : 0)

static void run(jk_task task, const float *a, const float *b, float factor, float *result, long count) {
    vectors j = {a, b, result, factor};
    jk_parallel_for(count, JK_GRAIN, task, &j);
}

void jk_fill(float *result, float value, long count) { run(fill_range, result, result, value, result, count); }
void jk_add(const float *a, const float *b, float *result, long count, int relu) {
    run(relu ? add_relu_range : add_range, a, b, 0, result, count);
}
void jk_axpy(float factor, const float *x, float *result, long count) { run(axpy_range, x, x, factor, result, count); }
void jk_scale(float factor, const float *x, float *result, long count) {
    run(scale_range, x, x, factor, result, count);
}
void jk_multiply(const float *x, const float *y, float *result, long count) {
    run(multiply_range, x, y, 0, result, count);
}
void jk_relu(const float *x, float *result, long count) { run(relu_range, x, x, 0, result, count); }
void jk_relu_backward(const float *gradient, const float *output, float *result, long count) {
    run(relu_backward_range, gradient, output, 0, result, count);
}
void jk_sigmoid(const float *x, float *result, long count) { run(sigmoid_range, x, x, 0, result, count); }
void jk_sigmoid_backward(const float *gradient, const float *output, float *result, long count) {
    run(sigmoid_backward_range, gradient, output, 0, result, count);
}

void jk_hard_swish(const float *x, float *result, long count) { run(hard_swish_range, x, x, 0, result, count); }
void jk_hard_swish_backward(const float *gradient, const float *x, float *result, long count) {
    run(hard_swish_backward_range, gradient, x, 0, result, count);
}
void jk_hard_sigmoid(const float *x, float *result, long count) { run(hard_sigmoid_range, x, x, 0, result, count); }
void jk_hard_sigmoid_backward(const float *gradient, const float *x, float *result, long count) {
    run(hard_sigmoid_backward_range, gradient, x, 0, result, count);
}

typedef struct {
    const float *in;
    const float *bias;
    float *out;
    long rows, columns;
    int relu;
} rows_job;

JK_CLONES static void add_bias_range(void *context, long begin, long end) {
    const rows_job *j = context;
    for (long r = begin; r < end; r++) {
        float *row = j->out + r * j->columns;
        if (j->bias)
            for (long c = 0; c < j->columns; c++) row[c] += j->bias[c];
        if (j->relu)
            for (long c = 0; c < j->columns; c++) row[c] = row[c] > 0 ? row[c] : 0;
    }
}

void jk_add_bias(float *rows, const float *bias, long rowCount, long columns, int relu) {
    rows_job j = {rows, bias, rows, rowCount, columns, relu};
    if (bias || relu) jk_parallel_for(rowCount, jk_max(1, JK_GRAIN / jk_max(1, columns)), add_bias_range, &j);
}

// Columns are shared out, so that each sum is taken in one order whatever the number of threads.
JK_CLONES static void sum_rows_range(void *context, long begin, long end) {
    const rows_job *j = context;
    for (long c0 = begin; c0 < end; c0 += 64) {
        long width = jk_min(64, end - c0);
        double sum[64] = {0};
        for (long r0 = 0; r0 < j->rows; r0 += 32) {
            float part[64] = {0};
            for (long r = r0; r < jk_min(r0 + 32, j->rows); r++) {
                const float *row = j->in + r * j->columns + c0;
                for (long c = 0; c < width; c++) part[c] += row[c];
            }
            for (long c = 0; c < width; c++) sum[c] += part[c];
        }
        for (long c = 0; c < width; c++) j->out[c0 + c] = (float)sum[c];
    }
}

void jk_sum_rows(const float *rows, float *result, long rowCount, long columns) {
    rows_job j = {rows, NULL, result, rowCount, columns, 0};
    jk_parallel_for(columns, jk_max(64, JK_GRAIN / jk_max(1, rowCount)), sum_rows_range, &j);
}

typedef struct {
    const uint32_t *x;
    uint32_t *result;
} words;

JK_CLONES static void round_bf16_range(void *context, long begin, long end) {
    const words *j = context;
    const uint32_t *x = j->x;
    uint32_t *result = j->result;
    JK_INDEPENDENT
    for (long i = begin; i < end; i++) {
        uint32_t bits = x[i];
        // Half of the last place that stays, rounded to even; a NaN must not be carried into an infinity.
        uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) & 0xffff0000;
        result[i] = (bits & 0x7fffffff) > 0x7f800000 ? (bits | 0x00400000) & 0xffff0000 : rounded;
    }
}

void jk_round_bf16(const float *x, float *result, long count) {
    words j = {(const uint32_t *)x, (uint32_t *)result};
    jk_parallel_for(count, JK_GRAIN, round_bf16_range, &j);
}
