#pragma once

#pragma clang assume_nonnull begin

// What all normalisations are made of: sums over the pixels of each channel of each image, and maps that are affine for
// each channel of each image. Images lie as [images][channels / block][pixels][block].

typedef struct {
    long images, channels, pixels, block;
} jk_images;

/// result[n][c] = {mean, Σ (x − mean)²}. Each few kilobytes in two passes, and those combined in double (Chan, Golub and
/// LeVeque 1979): exact to float rounding whatever the mean.
void jk_channel_moments(const float *x, jk_images shape, double *result);

/// result[n][c] = {Σ g, Σ g · (x − center[n][c])}, where g = gradient, or 0 where `output` is given and not above 0.
/// Without `x` the second sum is 0.
void jk_channel_sums(const float *gradient, const float *_Nullable output, const float *_Nullable x,
                     const float *_Nullable center, jk_images shape, double *result);

/// y = a · (x − center) + b for each [n][c], plus `residual` where given, then max(0, ·) with `relu`.
void jk_channel_affine(const float *x, const float *center, const float *a, const float *b,
                       const float *_Nullable residual, float *y, jk_images shape, int relu);

/// y[r][k] = factors[r] · x[r][k]; y may be x.
void jk_scale_rows(const float *x, const float *factors, float *y, long rows, long width);

/// result = a · g + b · (x − center) + c for each [n][c], where g = gradient, or 0 where `output` is given and not above
/// 0. Without `x`: a · g. `result` may be `gradient`.
void jk_channel_affine_backward(const float *gradient, const float *_Nullable output, const float *_Nullable x,
                                const float *_Nullable center, const float *a, const float *_Nullable b,
                                const float *_Nullable c, float *result, jk_images shape);

#pragma clang assume_nonnull end
