// A Winograd convolution for one instruction set: LANES floats in a vector, ROWS tiles multiplied at a time, names made
// by NAME. Included once for each.
#include "winograd_tiles.h"
// Both are made of what stands there.
#include "winograd_gradient.h"
#include "winograd_weights.h"

/// products[row][·] = Σ channels transformed[row][channel] · weights[channel][·], for `rows` tiles and `vectors` vectors of
/// outputs, which are constants where this is inlined: the sums stay in registers.
JK_INLINE void NAME(multiply_rows)(const float *restrict transformed, long channels, const float *restrict weights,
                                   float *restrict products, long outputs, const int rows, const int vectors) {
    vec sums[ROWS][2];
    _Pragma("clang loop unroll(full)")
    for (int r = 0; r < rows; r++) sums[r][0] = sums[r][1] = (vec){0};
    for (long c = 0; c < channels; c++) {
        const vec first = LOAD(weights), second = vectors > 1 ? LOAD(weights + LANES) : first;
        weights += vectors * LANES;
        _Pragma("clang loop unroll(full)")
        for (int r = 0; r < rows; r++) {
            const float factor = transformed[r * channels + c];
            sums[r][0] += factor * first;
            if (vectors > 1) sums[r][1] += factor * second;
        }
    }
    _Pragma("clang loop unroll(full)")
    for (int r = 0; r < rows; r++) {
        STORE(products + r * outputs, sums[r][0]);
        if (vectors > 1) STORE(products + r * outputs + LANES, sums[r][1]);
    }
}

#define ROW_CASE(n)                                                                                   \
    case n:                                                                                           \
        if (vectors == 2) NAME(multiply_rows)(transformed, channels, weights, products, outputs, n, 2); \
        else NAME(multiply_rows)(transformed, channels, weights, products, outputs, n, 1);            \
        break;

static void NAME(multiply)(const float *transformed, long channels, const float *weights, float *products, long outputs,
                           long rows, long vectors) {
    switch (rows) { ROW_CASES }
}

#undef ROW_CASE

/// The 36 matrix products of `count` tiles, for the panels begin ..< end of outputs.
static void NAME(multiply_points)(const jk_winograd_job *j, long count, long begin, long end, long outputs,
                                  const float *transformed, float *products) {
    const jk_winograd s = j->plan.shape;
    const long groups = (count + ROWS - 1) / ROWS;
    for (long point = 0; point < jk_points; point++)
        for (long panel = begin; panel < end; panel++) {
            const long output = panel * 2 * LANES;
            const float *weights = j->packed + point * jk_weight_stride(s) + output * s.channels;
            float *to = products + point * j->plan.productStride + output - begin * 2 * LANES;
            for (long g = 0; g < groups; g++) {
                long first = count * g / groups, last = count * (g + 1) / groups;
                NAME(multiply)(transformed + point * j->plan.inputStride + first * s.channels, s.channels, weights,
                               to + first * outputs, outputs, last - first, output + 2 * LANES <= s.outputs ? 2 : 1);
            }
        }
}

static void NAME(run)(void *context, long begin, long end) {
    const jk_winograd_job *j = context;
    const jk_winograd_plan *p = &j->plan;
    const long panels = jk_panels(p->shape);
    for (long part = begin; part < end; part++) {
        const long t = part / p->outputParts, o = part % p->outputParts;
        const long firstTile = p->tiles * t / p->tileParts, tiles = p->tiles * (t + 1) / p->tileParts - firstTile;
        const long firstPanel = panels * o / p->outputParts, lastPanel = panels * (o + 1) / p->outputParts;
        const long firstOutput = firstPanel * 2 * LANES;
        const long outputs = jk_min(p->shape.outputs, lastPanel * 2 * LANES) - firstOutput;
        float *transformed = j->workspace + part * p->workspace, *products = transformed + jk_points * p->inputStride;
        const long blocks = (tiles + p->block - 1) / p->block;
        for (long b = 0; b < blocks; b++) {
            const long first = tiles * b / blocks, count = tiles * (b + 1) / blocks - first;
            NAME(transform_input)(&p->shape, j->input, firstTile + first, count, 0, p->shape.channels, transformed,
                                  p->shape.channels, p->inputStride);
            NAME(multiply_points)(j, count, firstPanel, lastPanel, outputs, transformed, products);
            NAME(transform_output)(j, firstTile + first, count, firstOutput, outputs, products);
        }
    }
}

#undef A
#undef B
#undef AA
#undef BB
#undef F
#undef vec
#undef wide
#undef LOAD
#undef STORE
