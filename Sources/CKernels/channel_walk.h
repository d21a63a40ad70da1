#pragma once
// How the kernels over channels walk: an item is a segment of the pixels of one plane, a plane being the pixels of one
// block of channels. The segments depend on the shape only, so that sums do not depend on the number of threads.
#include "channels.h"
#include "kernel.h"

typedef struct {
    long planes, rows, block, segments;
} jk_walk;

JK_INLINE jk_walk jk_walk_over(jk_images s) {
    jk_walk w = {s.images * (s.channels / s.block), s.pixels, s.block, 1};
    w.segments = jk_max(1, jk_min(64, s.pixels * s.block / 32768));
    return w;
}

typedef struct {
    long plane, rows, offset;
} jk_segment;

JK_INLINE jk_segment jk_segment_at(const jk_walk *w, long item) {
    long plane = item / w->segments, s = item % w->segments;
    long first = w->rows * s / w->segments, last = w->rows * (s + 1) / w->segments;
    jk_segment result = {plane, last - first, (plane * w->rows + first) * w->block};
    return result;
}

// Blocks that divide 32 are walked as one vector of 32-element rows: lane i belongs to channel i % block.
enum { jk_lane_count = 32, jk_strip = 64 };
JK_INLINE int jk_is_flat(long block) { return jk_lane_count % block == 0; }

JK_INLINE void jk_spread(const float *perChannel, long block, float lanes[jk_lane_count]) {
    for (long i = 0; i < jk_lane_count; i++) lanes[i] = perChannel[i % block];
}
