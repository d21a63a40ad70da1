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

enum { jk_background = -1, jk_ignored = -2 };

/// For each candidate the first target that it overlaps most, where by at least `positive`; `jk_background` where it
/// overlaps all by less than `negative`, else `jk_ignored`. With `keepsBest`, the candidates that overlap a target as much
/// as any does (and at all) are taken however little that is, each for the target that it overlaps most itself.
void jk_match_boxes(const float *candidates, long count, const float *targets, long targetCount, float positive,
                    float negative, int keepsBest, int32_t *matches);

/// Boxes as offsets from reference boxes (Girshick 2015): the centre moved in units of the reference's sides, and the
/// logarithms of the sides' ratios, times the four weights.
void jk_encode_boxes(const float *boxes, const float *references, const float *weights, float *offsets, long count);
/// The boxes that offsets turn reference boxes into; sides grow by a factor of at most 1000 ÷ 16.
void jk_decode_boxes(const float *offsets, const float *references, const float *weights, float *boxes, long count);

/// result[i][j] = IoU of a[i] and b[j]; 0 where both are empty.
void jk_box_iou(const float *a, long aCount, const float *b, long bCount, float *result);

#pragma clang assume_nonnull end
