#pragma once
#include <stdint.h>

#pragma clang assume_nonnull begin

// Boxes are x1, y1, x2, y2.

/// order = the indices by falling score; of equal scores the earlier index comes first. 0 and −0 are equal.
void jk_sort_falling(const float *scores, long count, int32_t *order);

/// Non-maximum suppression: walks `order` and keeps each box whose IoU with every kept box is at most `threshold`,
/// until `limit` are kept. Writes the kept indices, in that order, to `kept` and returns how many. The arithmetic is
/// torchvision's, bit for bit, so that ties at the threshold fall the same way.
long jk_nms(const float *boxes, const int32_t *order, long count, float threshold, long limit, int32_t *kept);

/// result[i][j] = IoU of a[i] and b[j]; 0 where both are empty.
void jk_box_iou(const float *a, long aCount, const float *b, long bCount, float *result);

#pragma clang assume_nonnull end
