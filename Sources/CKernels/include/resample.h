#pragma once
#include <stdint.h>

#include "channels.h"
#include "im2col.h"

#pragma clang assume_nonnull begin

// Images lie as [images][channels / block][height][width][block]; `planes` is images · channels / block.

/// The largest of each window (of at most 255 pixels), the first of equals; `choice` is its place in the window.
void jk_max_pool(const float *x, float *result, uint8_t *_Nullable choice, long planes, long block, jk_window window);
void jk_max_pool_backward(const float *gradient, const uint8_t *choice, float *result, long planes, long block,
                          jk_window window);

/// result[y][x] = source[rows[y]][columns[x]]
void jk_pick_pixels(const float *source, float *result, const long *rows, const long *columns, long planes, long block,
                    long height, long width, long outHeight, long outWidth);
/// Its transpose, for rows and columns in ascending order: adds up what was picked from each pixel.
void jk_pick_pixels_backward(const float *gradient, float *result, const long *rows, const long *columns, long planes,
                             long block, long height, long width, long outHeight, long outWidth);

/// Linear interpolation along an axis: (1 − weight) · [low] + weight · [high].
typedef struct {
    long low, high;
    float weight;
} jk_tap;

void jk_bilinear(const float *source, float *result, const jk_tap *rows, const jk_tap *columns, long planes, long block,
                 long height, long width, long outHeight, long outWidth);

/// result[i] = source[indices[i]], rows of `width` floats.
void jk_gather_rows(const float *source, const long *indices, float *result, long count, long width);
/// result[indices[i]] += source[i], in the order of i.
void jk_scatter_rows(const float *source, const long *indices, float *result, long count, long width);

#pragma clang assume_nonnull end
