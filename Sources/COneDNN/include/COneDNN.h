#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma clang assume_nonnull begin

// Two-dimensional convolutions, by oneDNN. Images lie as [images][channels / block][height][width][block];
// weights are OIHW (with groups: outputs, channels / groups, kernel height, kernel width).

typedef struct {
    int32_t images, channels, height, width;
    int32_t outputs, kernelHeight, kernelWidth, stride, padding, groups;
    int32_t inputBlock, outputBlock;
    /// After the sum of products: add a bias for each output, add a residual in the output's layout, take max(0, ·).
    int32_t bias, residual, relu;
    /// Round what is multiplied to bfloat16; sums and results stay float32. Only where `jd_has_bf16`.
    int32_t bf16;
} jd_shape;

typedef enum { jd_forward, jd_backward_data, jd_backward_weights } jd_pass;

/// One pass of one convolution; can be used by several threads at a time.
typedef struct jd_convolution jd_convolution;

/// Null where oneDNN has no such convolution or fails; the reason is then in `message`.
jd_convolution *_Nullable jd_create(jd_shape shape, jd_pass pass, char *message, size_t capacity);
void jd_destroy(jd_convolution *convolution);

/// The implementation that oneDNN chose, as it names it.
const char *jd_implementation(const jd_convolution *convolution);
/// How many of input and output are reordered on the way, because the implementation wants another layout.
int jd_reorders(const jd_convolution *convolution);
/// Floats of scratch memory that a call needs; 64-byte aligned.
size_t jd_workspace(const jd_convolution *convolution);
/// Floats of the weights in the order that this convolution reads; 0 where that is OIHW itself.
size_t jd_packed_weights(const jd_convolution *convolution);
/// The same for every convolution that reads the same packed weights.
uint64_t jd_packed_key(const jd_convolution *convolution);

/// Each returns null, or what went wrong.
const char *_Nullable jd_pack(const jd_convolution *convolution, const float *weights, float *packed);
const char *_Nullable jd_run_forward(const jd_convolution *convolution, const float *input, const float *packed,
                                     const float *_Nullable bias, const float *_Nullable residual, float *output,
                                     float *workspace);
const char *_Nullable jd_run_backward_data(const jd_convolution *convolution, const float *outputGradient,
                                           const float *packed, float *inputGradient, float *workspace);
/// The gradient of the weights is OIHW.
const char *_Nullable jd_run_backward_weights(const jd_convolution *convolution, const float *input,
                                              const float *outputGradient, float *weightGradient,
                                              float *_Nullable biasGradient, float *workspace);

/// A product of matrices whose operands are rounded to bfloat16: c [m, n] = a [m, k] · b [k, n] + beta · c. Transposed, an
/// operand lies in memory as [k, m] or [n, k].
typedef struct {
    int64_t m, n, k;
    int32_t transposeA, transposeB;
    float beta;
} jd_product_shape;
typedef struct jd_product jd_product;
jd_product *_Nullable jd_create_product(jd_product_shape shape, char *message, size_t capacity);
void jd_destroy_product(jd_product *product);
/// Floats of scratch memory that a call needs; 64-byte aligned.
size_t jd_product_workspace(const jd_product *product);
const char *_Nullable jd_run_product(const jd_product *product, const float *a, const float *b, float *c,
                                     float *workspace);
/// Whether the instruction set that oneDNN dispatches to multiplies bfloat16: AVX-512 BF16 or AMX.
int jd_has_bf16(void);

/// oneDNN's version, such as 2.6.3.
const char *jd_version(void);
/// The instruction set that oneDNN dispatches to, by its own name: the processor's, unless ONEDNN_MAX_CPU_ISA holds it
/// back. Such as avx2.
const char *jd_instruction_set(void);

#pragma clang assume_nonnull end
#ifdef __cplusplus
}
#endif
