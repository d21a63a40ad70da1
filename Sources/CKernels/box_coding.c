#include "boxes.h"

#include "kernel.h"

#pragma clang fp contract(off)

typedef struct {
    const float *from, *references, *weights;
    float *result;
} coding;

JK_CLONES static void encode_range(void *context, long begin, long end) {
    const coding *j = context;
    for (long i = begin; i < end; i++) {
        const float *box = j->from + 4 * i, *reference = j->references + 4 * i;
        float *offsets = j->result + 4 * i;
        float width = reference[2] - reference[0], height = reference[3] - reference[1];
        float boxWidth = box[2] - box[0], boxHeight = box[3] - box[1];
        float dx = (box[0] + 0.5f * boxWidth) - (reference[0] + 0.5f * width);
        float dy = (box[1] + 0.5f * boxHeight) - (reference[1] + 0.5f * height);
        offsets[0] = j->weights[0] * dx / width;
        offsets[1] = j->weights[1] * dy / height;
        offsets[2] = j->weights[2] * logf(boxWidth / width);
        offsets[3] = j->weights[3] * logf(boxHeight / height);
    }
}

JK_CLONES static void decode_range(void *context, long begin, long end) {
    // Sides grow by a factor of at most 1000 ÷ 16.
    const float largest = 4.135166556742356f;
    const coding *j = context;
    for (long i = begin; i < end; i++) {
        const float *offsets = j->from + 4 * i, *reference = j->references + 4 * i;
        float *box = j->result + 4 * i;
        float width = reference[2] - reference[0], height = reference[3] - reference[1];
        float x = offsets[0] / j->weights[0] * width + (reference[0] + 0.5f * width);
        float y = offsets[1] / j->weights[1] * height + (reference[1] + 0.5f * height);
        float logWidth = offsets[2] / j->weights[2], logHeight = offsets[3] / j->weights[3];
        float halfWidth = 0.5f * (expf(logWidth < largest ? logWidth : largest) * width);
        float halfHeight = 0.5f * (expf(logHeight < largest ? logHeight : largest) * height);
        box[0] = x - halfWidth, box[1] = y - halfHeight, box[2] = x + halfWidth, box[3] = y + halfHeight;
    }
}

void jk_encode_boxes(const float *boxes, const float *references, const float *weights, float *offsets, long count) {
    coding j = {boxes, references, weights, offsets};
    jk_parallel_for(count, 1024, encode_range, &j);
}

void jk_decode_boxes(const float *offsets, const float *references, const float *weights, float *boxes, long count) {
    coding j = {offsets, references, weights, boxes};
    jk_parallel_for(count, 1024, decode_range, &j);
}
