#pragma once
// How a Winograd convolution is divided, and what its parts share.
#include "kernel.h"
#include "winograd.h"

enum {
    jk_tile = 4,     // results a side of a tile
    jk_window_side = 6,  // pixels a side that they depend on
    jk_points = 36,  // products for a tile, a channel and an output
};

/// A part is a range of tiles and a range of outputs. It transforms blocks of tiles, multiplies, and transforms back, in
/// scratch memory of its own, so that parts never wait for each other.
typedef struct {
    jk_winograd shape;
    long tiles;
    long tileParts, outputParts;
    /// Tiles that are transformed at a time.
    long block;
    /// Floats between two points of the transformed input, and of the products. A cache line more than the contents, so
    /// that the 36 places written for a tile do not all compete for the same lines of the cache.
    long inputStride, productStride;
    /// Floats of scratch memory of a part.
    long workspace;
} jk_winograd_plan;

typedef struct {
    jk_winograd_plan plan;
    const float *input, *packed, *bias, *residual;
    float *output, *workspace;
    int relu;
} jk_winograd_job;

typedef struct {
    jk_winograd shape;
    const float *weights;
    int turned;
    float *packed;
} jk_winograd_packing;

/// For the gradient of the weights a part is a range of channels and a range of outputs, of all tiles.
typedef struct {
    jk_winograd shape;
    long tiles;
    long channelParts, outputParts;
    /// Tiles that are transformed at a time.
    long block;
    /// Floats from tile to tile of the transformed input and of the transformed gradient of the output. A cache line more
    /// than the contents: a product reads one line of every tile, and they do not all compete for the same places.
    long inputRow, gradientRow;
    /// Floats between two points of those, and of their products' sums.
    long inputStride, gradientStride, sumStride;
    /// Floats of scratch memory of a part.
    long workspace;
} jk_winograd_gradient_plan;

typedef struct {
    jk_winograd_gradient_plan plan;
    const float *input, *outputGradient;
    float *weightGradient, *biasGradient, *workspace;
} jk_winograd_gradient_job;

/// Floats between two points of the transformed weights; a line more than the contents, for the same reason.
JK_INLINE long jk_weight_stride(jk_winograd s) { return s.outputs * s.channels + 16; }

JK_INLINE long jk_tiles(jk_winograd s) {
    return s.images * ((s.height + jk_tile - 1) / jk_tile) * ((s.width + jk_tile - 1) / jk_tile);
}

/// Outputs that are multiplied at a time: two vectors. The last panel can be one vector wide.
JK_INLINE long jk_panels(jk_winograd s) { return (s.outputs + 2 * s.lanes - 1) / (2 * s.lanes); }
