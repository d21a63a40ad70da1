#include "winograd.h"

#include "winograd_plan.h"

// Vectors wider than the processor's are cut up by the compiler; none crosses a call.
#pragma clang diagnostic ignored "-Wpsabi"

#define CASES_TO_3 ROW_CASE(1) ROW_CASE(2) ROW_CASE(3)
#define CASES_TO_6 CASES_TO_3 ROW_CASE(4) ROW_CASE(5) ROW_CASE(6)
#define CASES_TO_12 CASES_TO_6 ROW_CASE(7) ROW_CASE(8) ROW_CASE(9) ROW_CASE(10) ROW_CASE(11) ROW_CASE(12)

#define LANES 8
#define ROWS 3
#define ROW_CASES CASES_TO_3
#define NAME(x) x##_portable8
#include "winograd_kernels.h"
#undef NAME
#undef ROWS
#undef ROW_CASES

// 12 sums, 2 vectors of weights and a factor: 15 of 16 registers.
#pragma clang attribute push(__attribute__((target("arch=x86-64-v3"))), apply_to = function)
#define ROWS 6
#define ROW_CASES CASES_TO_6
#define NAME(x) x##_avx2
#include "winograd_kernels.h"
#undef NAME
#undef ROWS
#undef ROW_CASES
#undef LANES
#pragma clang attribute pop

#define LANES 16
#define ROWS 3
#define ROW_CASES CASES_TO_3
#define NAME(x) x##_portable16
#include "winograd_kernels.h"
#undef NAME
#undef ROWS
#undef ROW_CASES

// 24 sums of 32 registers.
#pragma clang attribute push(__attribute__((target("arch=x86-64-v4"))), apply_to = function)
#define ROWS 12
#define ROW_CASES CASES_TO_12
#define NAME(x) x##_avx512
#include "winograd_kernels.h"
#pragma clang attribute pop

typedef struct {
    jk_task pack, run, gradient;
} kernels;

static kernels kernels_for(jk_winograd s) {
    __builtin_cpu_init();
    if (s.lanes == 16) {
        if (!s.portable && __builtin_cpu_supports("x86-64-v4")) return (kernels){pack_avx512, run_avx512, gradient_avx512};
        return (kernels){pack_portable16, run_portable16, gradient_portable16};
    }
    if (!s.portable && __builtin_cpu_supports("x86-64-v3")) return (kernels){pack_avx2, run_avx2, gradient_avx2};
    return (kernels){pack_portable8, run_portable8, gradient_portable8};
}

/// Cycles that a thread takes when tiles and outputs are cut into so many parts, roughly. Every part transforms its whole
/// input; weights are read from memory, and wait for it where they meet few tiles.
static long cycles(jk_winograd s, long tiles, long tileParts, long outputParts) {
    long t = (tiles + tileParts - 1) / tileParts, panels = (jk_panels(s) + outputParts - 1) / outputParts;
    return jk_points * s.channels * panels * (t + 8) + t * (s.channels / s.lanes * 100 + panels * 160);
}

static jk_winograd_plan plan_for(jk_winograd s) {
    jk_winograd_plan p = {.shape = s, .tiles = jk_tiles(s)};
    // Below some 10 µs another thread is not worth waking.
    long threads = jk_max(1, jk_min(s.threads, cycles(s, p.tiles, 1, 1) / 40000)), best = 0;
    for (long parts = 1; parts <= threads; parts++) {
        if (threads % parts) continue;
        long now = cycles(s, p.tiles, threads / parts, parts);
        if (p.tileParts && now >= best) continue;
        best = now, p.tileParts = threads / parts, p.outputParts = parts;
    }
    // As many tiles as keep about 1 MiB busy, which stays near; enough of them for every weight that is read.
    const long outputs = (jk_panels(s) + p.outputParts - 1) / p.outputParts * 2 * s.lanes;
    const long tiles = (p.tiles + p.tileParts - 1) / p.tileParts;
    p.block = jk_min(jk_max(1, tiles), jk_max(32, jk_min(96, (1 << 18) / (jk_points * (s.channels + outputs)) / 6 * 6)));
    p.inputStride = p.block * s.channels + 16;
    p.productStride = p.block * outputs + 16;
    p.workspace = jk_points * (p.inputStride + p.productStride);
    return p;
}

long jk_winograd_weights(jk_winograd s) { return jk_points * jk_weight_stride(s); }

void jk_winograd_pack(jk_winograd shape, const float *weights, int turned, float *packed) {
    jk_winograd_packing j = {shape, weights, turned, packed};
    long grain = JK_GRAIN / (jk_points * 2 * shape.lanes * shape.channels);
    jk_parallel_for(jk_panels(shape), jk_max(1, grain), kernels_for(shape).pack, &j);
}

long jk_winograd_workspace(jk_winograd shape) {
    jk_winograd_plan p = plan_for(shape);
    return p.tileParts * p.outputParts * p.workspace;
}

void jk_winograd_convolve(jk_winograd shape, const float *input, const float *packed, const float *bias,
                          const float *residual, int relu, float *output, float *workspace) {
    jk_winograd_job j = {.plan = plan_for(shape), .input = input, .packed = packed, .bias = bias, .residual = residual,
                         .output = output, .workspace = workspace, .relu = relu};
    jk_parallel_for(j.plan.tileParts * j.plan.outputParts, 1, kernels_for(shape).run, &j);
}

static jk_winograd_gradient_plan gradient_plan_for(jk_winograd s) {
    jk_winograd_gradient_plan p = {.shape = s, .tiles = jk_tiles(s)};
    const long blocks = s.channels / s.lanes, panels = jk_panels(s);
    const long threads = jk_max(1, jk_min(s.threads, cycles(s, p.tiles, 1, 1) / 40000));
    // Every part transforms its channels and its outputs; nothing is added up between parts.
    long best = 0, channels = 0, outputs = 0;
    for (long parts = 1; parts <= threads; parts++) {
        if (threads % parts) continue;
        long c = (blocks * parts + threads - 1) / threads * s.lanes, o = (panels + parts - 1) / parts;
        long now = jk_points * c * o + c / s.lanes * 100 + o * 160;
        if (p.outputParts && now >= best) continue;
        best = now, p.channelParts = threads / parts, p.outputParts = parts, channels = c, outputs = o * 2 * s.lanes;
    }
    p.block = jk_max(1, jk_min(p.tiles, 64));
    p.inputRow = channels + 16;
    p.gradientRow = outputs + 16;
    p.inputStride = p.block * p.inputRow + 16;
    p.gradientStride = p.block * p.gradientRow + 16;
    p.sumStride = channels * outputs + 16;
    p.workspace = jk_points * (p.inputStride + p.gradientStride + p.sumStride) + 2 * outputs;
    return p;
}

long jk_winograd_gradient_workspace(jk_winograd shape) {
    jk_winograd_gradient_plan p = gradient_plan_for(shape);
    return p.channelParts * p.outputParts * p.workspace;
}

void jk_winograd_gradient(jk_winograd shape, const float *input, const float *outputGradient, float *weightGradient,
                          float *biasGradient, float *workspace) {
    jk_winograd_gradient_job j = {.plan = gradient_plan_for(shape), .input = input, .outputGradient = outputGradient,
                                  .weightGradient = weightGradient, .biasGradient = biasGradient, .workspace = workspace};
    jk_parallel_for(j.plan.channelParts * j.plan.outputParts, 1, kernels_for(shape).gradient, &j);
}
