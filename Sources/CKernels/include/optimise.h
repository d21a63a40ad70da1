#pragma once

#pragma clang assume_nonnull begin

// Each works on any number of segments in one pass, shared out among the threads by the elements of all together.
// `scale` is applied to each gradient first, with a rounding of its own; 1 for none.

/// A parameter, its velocity and its gradient, of `count` elements each.
/// Without a gradient the velocity holds it, as in the first step.
typedef struct {
    float *parameter, *velocity;
    const float *_Nullable gradient;
    long count;
    float decay;
} jk_sgd_segment;

/// PyTorch's SGD: v = momentum · v + g + decay · p; p −= rate · v.
void jk_sgd(const jk_sgd_segment *segments, long count, float rate, float momentum, float scale);

/// What one step of AdamW multiplies with; the caller has worked out the bias corrections.
typedef struct {
    float keep1, keep2;          // β₁, β₂
    float take1, take2;          // 1 − β₁, 1 − β₂, rounded once: 1 − 0.999f is off by 5e-5
    float shrink;                // 1 − rate · decay
    float step;                  // rate / (1 − β₁ᵗ)
    float rootCorrection;        // √(1 − β₂ᵗ)
    float epsilon;
} jk_adamw_factors;

/// A parameter, its moving means and its gradient, of `count` elements each.
typedef struct {
    float *parameter, *first, *second;
    const float *gradient;
    long count;
    jk_adamw_factors factors;
} jk_adamw_segment;

/// PyTorch's AdamW (Loshchilov and Hutter 2019): m, v are moving means of g, g²;
/// p = shrink · p − step · m / (√v / rootCorrection + epsilon).
void jk_adamw(const jk_adamw_segment *segments, long count, float scale);

/// Elements to read.
typedef struct {
    const float *floats;
    long count;
} jk_floats;

/// Σ x² over all segments, in double, in one order whatever the number of threads.
double jk_sum_of_squares(const jk_floats *segments, long count);

#pragma clang assume_nonnull end
