#include "boxes.h"

#include "kernel.h"

// Every operation rounds by itself: the same overlap must compare equal wherever it is worked out.
#pragma clang fp contract(off)

enum { CHUNK = 512 };

typedef struct {
    const float *candidates, *targets;
    long count, targetCount;
    // For each candidate its largest overlap and the first target that it is with; for each chunk and target the largest
    // overlap of a candidate of that chunk.
    float *overlaps;
    int32_t *best;
    float *most;
    float positive, negative;
    const float *bestOfTarget;
    int32_t *matches;
} matching;

// Coordinates and areas of the boxes of a chunk, side by side.
typedef struct {
    float x1[CHUNK], y1[CHUNK], x2[CHUNK], y2[CHUNK], area[CHUNK], overlap[CHUNK];
} columns;

JK_INLINE void load(columns *c, const float *boxes, long count) {
    for (long i = 0; i < count; i++) {
        c->x1[i] = boxes[4 * i], c->y1[i] = boxes[4 * i + 1];
        c->x2[i] = boxes[4 * i + 2], c->y2[i] = boxes[4 * i + 3];
    }
    for (long i = 0; i < count; i++) c->area[i] = (c->x2[i] - c->x1[i]) * (c->y2[i] - c->y1[i]);
}

JK_INLINE float larger(float a, float b) { return a > b ? a : b; }
JK_INLINE float smaller(float a, float b) { return a < b ? a : b; }

// The overlap of a target with each box of a chunk.
JK_INLINE void overlap_chunk(columns *c, const float *target, long count) {
    float x1 = target[0], y1 = target[1], x2 = target[2], y2 = target[3], area = (x2 - x1) * (y2 - y1);
    JK_INDEPENDENT
    for (long i = 0; i < count; i++) {
        float width = larger(smaller(x2, c->x2[i]) - larger(x1, c->x1[i]), 0);
        float height = larger(smaller(y2, c->y2[i]) - larger(y1, c->y1[i]), 0);
        float common = width * height;
        c->overlap[i] = common / (area + c->area[i] - common);
    }
}

JK_CLONES static void visit_range(void *context, long begin, long end) {
    const matching *m = context;
    columns c;
    for (long chunk = begin; chunk < end; chunk++) {
        long first = chunk * CHUNK, count = jk_min(CHUNK, m->count - first);
        float *overlaps = m->overlaps + first;
        int32_t *best = m->best + first;
        load(&c, m->candidates + 4 * first, count);
        for (long i = 0; i < count; i++) overlaps[i] = -1, best[i] = 0;
        for (long t = 0; t < m->targetCount; t++) {
            overlap_chunk(&c, m->targets + 4 * t, count);
            float most = 0;
            for (long i = 0; i < count; i++) most = larger(c.overlap[i], most);
            JK_INDEPENDENT
            for (long i = 0; i < count; i++) {
                int isMore = c.overlap[i] > overlaps[i];
                best[i] = isMore ? (int32_t)t : best[i];
                overlaps[i] = isMore ? c.overlap[i] : overlaps[i];
            }
            m->most[chunk * m->targetCount + t] = most;
        }
    }
}

JK_CLONES static void decide_range(void *context, long begin, long end) {
    const matching *m = context;
    columns c;
    for (long chunk = begin; chunk < end; chunk++) {
        long first = chunk * CHUNK, count = jk_min(CHUNK, m->count - first);
        int32_t *matches = m->matches + first;
        for (long i = 0; i < count; i++) {
            float overlap = m->overlaps[first + i];
            matches[i] = overlap >= m->positive ? m->best[first + i] : overlap >= m->negative ? jk_ignored : jk_background;
        }
        if (!m->bestOfTarget) continue;
        load(&c, m->candidates + 4 * first, count);
        for (long t = 0; t < m->targetCount; t++) {
            // Only where the chunk has a candidate that overlaps the target as much as any.
            float most = m->bestOfTarget[t];
            if (most <= 0 || m->most[chunk * m->targetCount + t] != most) continue;
            overlap_chunk(&c, m->targets + 4 * t, count);
            for (long i = 0; i < count; i++)
                if (c.overlap[i] == most) matches[i] = m->best[first + i];
        }
    }
}

void jk_match_boxes(const float *candidates, long count, const float *targets, long targetCount, float positive,
                   float negative, int keepsBest, int32_t *matches) {
    for (long i = 0; targetCount == 0 && i < count; i++) matches[i] = jk_background;
    if (count == 0 || targetCount == 0) return;
    long chunks = (count + CHUNK - 1) / CHUNK;
    float *memory = malloc(sizeof(float) * (size_t)(2 * count + chunks * targetCount + targetCount));
    if (!memory) abort();
    float *best = memory + 2 * count + chunks * targetCount;
    matching m = {candidates, targets,  count,    targetCount, memory, (int32_t *)(memory + count), memory + 2 * count,
                  positive,   negative, keepsBest ? best : NULL, matches};
    jk_parallel_for(chunks, 8, visit_range, &m);
    for (long t = 0; t < targetCount; t++) {
        best[t] = 0;
        for (long chunk = 0; chunk < chunks; chunk++) best[t] = larger(m.most[chunk * targetCount + t], best[t]);
    }
    jk_parallel_for(chunks, 8, decide_range, &m);
    free(memory);
}
