#pragma once
#include <stdint.h>

#include "resample.h"

#pragma clang assume_nonnull begin

/// A picture of 8-bit samples, three beside each other a pixel, row by row.
typedef struct {
    const uint8_t *samples;
    long height, width;
} jk_picture;

/// Where a resized picture goes: floats as [height][width][3], of which rows and columns beyond the picture are zeros.
typedef struct {
    float *floats;
    long height, width;
} jk_padded;

/// result[y][x][c] = factor[c] · v + offset[c], where v interpolates linearly between samples of channel c: along the
/// row, then between two rows. `rows` has a tap for each of `outHeight` rows, `columns` for each of `outWidth` columns; in
/// whatever order they come, so that taps from right to left mirror the picture. Every operation is rounded by itself.
///
/// - parallel: 0 to stay on the calling thread.
void jk_resize_picture(jk_picture picture, const jk_tap *rows, long outHeight, const jk_tap *columns, long outWidth,
                       const float *factor, const float *offset, jk_padded result, int parallel);

#pragma clang assume_nonnull end
