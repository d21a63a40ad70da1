#pragma once

#pragma clang assume_nonnull begin

// An image tensor lies as [images][channels / block][pixels][block]: block 1 is NCHW, block == channels is NHWC.

/// Copies `source` with blocks of `from` channels into `result` with blocks of `to` channels.
void jk_reblock(const float *source, long from, float *result, long to, long images, long channels, long pixels);

/// result[r][c] = source[c][r]: `source` has `rows` rows of `columns`.
void jk_transpose(const float *source, float *result, long rows, long columns);

#pragma clang assume_nonnull end
