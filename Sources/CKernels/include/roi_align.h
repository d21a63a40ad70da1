#pragma once

#pragma clang assume_nonnull begin

/// A feature level: `[images][channels / block][height][width][block]`.
typedef struct {
    float *data;
    long height, width;
    /// Feature pixels for one image pixel.
    float scale;
} jk_level;

/// A region in image pixels.
typedef struct {
    float x1, y1, x2, y2;
    int image, level;
} jk_region;

/// What forward and backward share. `size` · `sampling` is at most 64.
typedef struct {
    const jk_level *levels;
    long level_count, images, channels, block;
    const jk_region *regions;
    long region_count;
    /// Bins along each side of the result, and samples along each side of a bin.
    long size, sampling;
} jk_roi_align_shape;

/// result[r][c][size][size]: RoIAlign (He et al., Mask R-CNN, 2017) as torchvision computes it with aligned = false:
/// a region is at least one feature pixel wide and high; samples more than a pixel outside count as 0.
void jk_roi_align(const jk_roi_align_shape *shape, float *result);

/// Writes the gradients of all levels' data (not adding to what is there): the levels' `data` are the results.
/// Threads share out channels and images, never the regions, so that each sum is taken in one order.
void jk_roi_align_backward(const jk_roi_align_shape *shape, const float *gradient);

#pragma clang assume_nonnull end
