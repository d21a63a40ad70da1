#include "boxes.h"

#include "kernel.h"

// A least-significant-digit radix sort: stable, and the same order on every machine.
void jk_sort_falling(const float *scores, long count, int32_t *order) {
    uint32_t *keys = malloc((size_t)(count + 1) * sizeof(uint32_t));
    int32_t *other = malloc((size_t)(count + 1) * sizeof(int32_t));
    if (!keys || !other) abort();
    for (long i = 0; i < count; i++) {
        float score = scores[i] + 0.0f;  // −0 becomes 0
        uint32_t bits;
        memcpy(&bits, &score, sizeof bits);
        // Rising in the score, then turned over.
        keys[i] = ~(bits & 0x80000000u ? ~bits : bits | 0x80000000u);
        order[i] = (int32_t)i;
    }
    int32_t *from = order, *to = other;
    for (int shift = 0; shift < 32; shift += 8) {
        long starts[257] = {0};
        for (long i = 0; i < count; i++) starts[(keys[i] >> shift & 255) + 1]++;
        for (int d = 0; d < 256; d++) starts[d + 1] += starts[d];
        for (long i = 0; i < count; i++) to[starts[keys[from[i]] >> shift & 255]++] = from[i];
        int32_t *swap = from;
        from = to, to = swap;
    }
    free(keys);
    free(other);
}

// No fused multiply-add here: torchvision's kernel is built without, and a tie at the threshold must fall as it does.
JK_CLONES static void suppress(const float *x1, const float *y1, const float *x2, const float *y2, const float *areas,
                               int32_t *dead, long i, long count, float threshold) {
#pragma clang fp contract(off)
    const float left = x1[i], top = y1[i], right = x2[i], bottom = y2[i], area = areas[i];
    for (long j = i + 1; j < count; j++) {
        const float xa = x1[j] > left ? x1[j] : left, ya = y1[j] > top ? y1[j] : top;
        const float xb = x2[j] < right ? x2[j] : right, yb = y2[j] < bottom ? y2[j] : bottom;
        const float w = xb - xa > 0 ? xb - xa : 0, h = yb - ya > 0 ? yb - ya : 0;
        const float inter = w * h;
        dead[j] |= inter / (area + areas[j] - inter) > threshold;
    }
}

static void measure(const float *boxes, const int32_t *order, long count, float *x1, float *y1, float *x2, float *y2,
                    float *areas) {
#pragma clang fp contract(off)
    for (long i = 0; i < count; i++) {
        const float *box = boxes + 4 * order[i];
        x1[i] = box[0], y1[i] = box[1], x2[i] = box[2], y2[i] = box[3];
        areas[i] = (box[2] - box[0]) * (box[3] - box[1]);
    }
}

long jk_nms(const float *boxes, const int32_t *order, long count, float threshold, long limit, int32_t *kept) {
    if (count <= 0) return 0;
    float *memory = malloc((size_t)count * 6 * sizeof(float));
    if (!memory) abort();
    float *x1 = memory, *y1 = x1 + count, *x2 = y1 + count, *y2 = x2 + count, *areas = y2 + count;
    int32_t *dead = (int32_t *)(areas + count);
    measure(boxes, order, count, x1, y1, x2, y2, areas);
    memset(dead, 0, (size_t)count * sizeof(int32_t));
    long found = 0;
    for (long i = 0; i < count && found < limit; i++) {
        if (dead[i]) continue;
        kept[found++] = order[i];
        if (found < limit) suppress(x1, y1, x2, y2, areas, dead, i, count, threshold);
    }
    free(memory);
    return found;
}

typedef struct {
    const float *a, *b;
    float *result;
    long columns;
} overlaps;

JK_CLONES static void iou_range(void *context, long begin, long end) {
#pragma clang fp contract(off)
    const overlaps *o = context;
    for (long i = begin; i < end; i++) {
        const float left = o->a[4 * i], top = o->a[4 * i + 1], right = o->a[4 * i + 2], bottom = o->a[4 * i + 3];
        const float area = (right - left) * (bottom - top);
        float *row = o->result + i * o->columns;
        for (long j = 0; j < o->columns; j++) {
            const float *box = o->b + 4 * j;
            const float xa = box[0] > left ? box[0] : left, ya = box[1] > top ? box[1] : top;
            const float xb = box[2] < right ? box[2] : right, yb = box[3] < bottom ? box[3] : bottom;
            const float w = xb - xa > 0 ? xb - xa : 0, h = yb - ya > 0 ? yb - ya : 0;
            const float inter = w * h, whole = area + (box[2] - box[0]) * (box[3] - box[1]) - inter;
            row[j] = whole > 0 ? inter / whole : 0;
        }
    }
}

void jk_box_iou(const float *a, long aCount, const float *b, long bCount, float *result) {
    overlaps o = {a, b, result, bCount};
    jk_parallel_for(aCount, jk_max(1, JK_GRAIN / jk_max(1, bCount)), iou_range, &o);
}
