#pragma once

#pragma clang assume_nonnull begin

/// A two-dimensional window that slides over images of one size.
typedef struct {
    long channels, height, width;
    long kernelHeight, kernelWidth, stride, padding;
    long outHeight, outWidth;
} jk_window;

/// One NCHW image to a matrix [channels · kernelHeight · kernelWidth][outHeight · outWidth], zeros beyond the border.
void jk_im2col(const float *image, float *columns, jk_window window);
/// The transpose of that map: adds every element of the matrix to the pixel that it came from.
void jk_col2im(const float *columns, float *image, jk_window window);

#pragma clang assume_nonnull end
