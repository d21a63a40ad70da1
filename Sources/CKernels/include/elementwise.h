#pragma once

#pragma clang assume_nonnull begin

// Vectors of `count` elements; `result` may be an operand.

void jk_fill(float *result, float value, long count);
/// result = a + b; with `relu`: max(0, a + b).
void jk_add(const float *a, const float *b, float *result, long count, int relu);
/// result += factor · x
void jk_axpy(float factor, const float *x, float *result, long count);
/// result = factor · x
void jk_scale(float factor, const float *x, float *result, long count);
/// result = x · y
void jk_multiply(const float *x, const float *y, float *result, long count);
/// result = max(0, x)
void jk_relu(const float *x, float *result, long count);
/// result = gradient where output > 0, else 0.
void jk_relu_backward(const float *gradient, const float *output, float *result, long count);
/// result = 1 / (1 + exp(−x))
void jk_sigmoid(const float *x, float *result, long count);
/// result = gradient · output · (1 − output)
void jk_sigmoid_backward(const float *gradient, const float *output, float *result, long count);
/// result = x · min(max(x + 3, 0), 6) / 6
void jk_hard_swish(const float *x, float *result, long count);
/// result = gradient · (0 where x < −3, 1 where x > 3, else (2x + 3) / 6)
void jk_hard_swish_backward(const float *gradient, const float *x, float *result, long count);
/// result = min(max(x + 3, 0), 6) / 6
void jk_hard_sigmoid(const float *x, float *result, long count);
/// result = gradient / 6 where −3 < x < 3, else 0.
void jk_hard_sigmoid_backward(const float *gradient, const float *x, float *result, long count);

/// result = x rounded to the nearest bfloat16 (the upper half of a float), ties to even, as float.
void jk_round_bf16(const float *x, float *result, long count);

/// rows[r][c] += bias[c], then max(0, ·) with `relu`; in place.
void jk_add_bias(float *rows, const float *_Nullable bias, long rowCount, long columns, int relu);
/// result[c] = Σ_r rows[r][c]
void jk_sum_rows(const float *rows, float *result, long rowCount, long columns);

#pragma clang assume_nonnull end
