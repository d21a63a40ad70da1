#pragma once
#include "im2col.h"

#pragma clang assume_nonnull begin

/// From a depthwise convolution's input and its result's gradient to the gradients of its weights [channels][k][k] and, where
/// wanted, of its bias. Images lie as [images][channels / block][pixels][block]; `block` is a multiple of 8, the kernel a
/// square of 3, 5 or 7 (`window.channels` is not read).
void jk_depthwise_backward_weight(const float *x, const float *gradient, float *result, float *_Nullable bias,
                                  long images, long channels, long block, jk_window window);

#pragma clang assume_nonnull end
