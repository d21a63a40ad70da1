#pragma once

#pragma clang assume_nonnull begin

// Convolutions 3×3 with stride 1 and padding 1 by Winograd's minimal filtering F(4×4, 3×3): 36 products give 16 results
// that take 144 products directly (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", CVPR 2016).
//
// The polynomials are evaluated at 0, ±5/8, ±3/2 and ∞: the constants that follow are exact in float32, and the result is
// about as exact as a direct sum. Measured against double, root of the mean square, 1.2 to 1.5 times its error (the
// gradient of the weights 1.4 to 2.2 times); with the customary ±1 and ±2 it would be twice that.
//
// Images lie as [images][channels / lanes][height][width][lanes].

typedef struct {
    long images, channels, height, width, outputs;
    /// 8 or 16; divides `channels` and `outputs`.
    long lanes;
    /// Among how many threads the work is divided.
    int threads;
    /// Not 0: the code for any processor, without this one's vector instructions. For tests.
    int portable;
} jk_winograd;

/// Floats of the transformed weights.
long jk_winograd_weights(jk_winograd shape);
/// Transforms weights [outputs][channels][3][3]. With `turned` they are [channels][outputs][3][3], of which the transpose
/// turned by 180° is meant: what takes the gradient of the result of a convolution to the gradient of its input.
void jk_winograd_pack(jk_winograd shape, const float *weights, int turned, float *packed);

/// Floats of scratch memory that a call needs.
long jk_winograd_workspace(jk_winograd shape);
/// Convolves, adds `bias` [outputs] and `residual` (which lies like `output`) where given, then takes max(0, ·) with
/// `relu`. The bits of a result do not depend on the number of threads.
void jk_winograd_convolve(jk_winograd shape, const float *input, const float *packed, const float *_Nullable bias,
                          const float *_Nullable residual, int relu, float *output, float *workspace);

/// Floats of scratch memory for the gradient of the weights; most of them its transform, 36 for each channel and output.
long jk_winograd_gradient_workspace(jk_winograd shape);
/// The gradients of weights [outputs][channels][3][3] and of the bias, from the input and the gradient of the output:
/// the transpose of the same map, g = Gᵀ [Σ tiles (Bᵀ d B) ⊙ (A y Aᵀ)] G. Its bits do not depend on the number of threads.
void jk_winograd_gradient(jk_winograd shape, const float *input, const float *outputGradient, float *weightGradient,
                          float *_Nullable biasGradient, float *workspace);

#pragma clang assume_nonnull end
