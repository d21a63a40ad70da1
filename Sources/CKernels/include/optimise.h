#pragma once

#pragma clang assume_nonnull begin

/// PyTorch's SGD: v = momentum · v + g + decay · p; p −= rate · v.
void jk_sgd(float *parameter, float *velocity, const float *gradient, long count, float rate, float momentum,
            float decay);

/// What one step of AdamW multiplies with; the caller has worked out the bias corrections.
typedef struct {
    float keep1, keep2;          // β₁, β₂
    float take1, take2;          // 1 − β₁, 1 − β₂, rounded once: 1 − 0.999f is off by 5e-5
    float shrink;                // 1 − rate · decay
    float step;                  // rate / (1 − β₁ᵗ)
    float rootCorrection;        // √(1 − β₂ᵗ)
    float epsilon;
} jk_adamw_factors;

/// PyTorch's AdamW (Loshchilov and Hutter 2019): p ·= shrink; m, v are moving means of g, g²;
/// p −= step · m / (√v / rootCorrection + epsilon).
void jk_adamw(float *parameter, float *first, float *second, const float *gradient, long count,
              jk_adamw_factors factors);

/// Σ x², in double, in one order whatever the number of threads.
double jk_sum_of_squares(const float *x, long count);

#pragma clang assume_nonnull end
