#pragma once
#include <stdint.h>

#pragma clang assume_nonnull begin

// Each returns `factor` · Σ loss and, where `gradient` is given, writes the gradient of that. Sums are taken in one order
// whatever the number of threads: within fixed chunks in float or double, over the chunks in double.
// `weights` (one a row or element; null: all 1) multiply the losses.

/// Σ_r w_r · −log softmax(logits_r)[target_r]; rows with a negative target don't count.
double jk_softmax_cross_entropy(const float *logits, const int32_t *targets, const float *_Nullable weights, long rows,
                                long classes, double factor, float *_Nullable gradient);

/// Σ_r w_r · T² · Σ_k p_rk (log p_rk − log softmax(logits_r / T)[k]), with p given as probabilities.
double jk_kl_divergence(const float *logits, const float *probabilities, const float *_Nullable weights, long rows,
                        long classes, double temperature, double factor, float *_Nullable gradient);

/// result_r = softmax(logits_r / T)
void jk_softmax(const float *logits, float *result, long rows, long classes, float temperature);

/// Σ_i w_i · (max(x, 0) − x·t + log(1 + exp(−|x|)))
double jk_binary_cross_entropy(const float *logits, const float *targets, const float *_Nullable weights, long count,
                               double factor, float *_Nullable gradient);

/// Σ_i w_i · (d² / 2β where |d| < β, else |d| − β/2), d = x − t; β = 0 is L1.
double jk_smooth_l1(const float *x, const float *targets, const float *_Nullable weights, long count, float beta,
                    double factor, float *_Nullable gradient);

/// Σ w · (x − t)² over `[planes][pixels][block]`; `mask` [planes / planesPerImage][pixels] or null.
double jk_masked_squares(const float *x, const float *targets, const float *_Nullable mask, long planes,
                         long planesPerImage, long pixels, long block, double factor, float *_Nullable gradient);

#pragma clang assume_nonnull end
