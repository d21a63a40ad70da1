// The transform of weights. Part of winograd_kernels.h.

/// to = G from: 3 to 6. In double, so that weights are rounded once.
JK_INLINE void NAME(weight_row)(const wide *from, long step, wide *to) {
    const double forA = 1 / (2 * AA * (AA - BB)), forB = 1 / (2 * BB * (BB - AA));
    wide g0 = from[0], g1 = from[step], g2 = from[2 * step];
    wide evenA = forA * (g0 + AA * g2), oddA = forA * A * g1, evenB = forB * (g0 + BB * g2), oddB = forB * B * g1;
    to[0] = g0 * (1 / (AA * BB));
    to[1] = evenA + oddA;
    to[2] = evenA - oddA;
    to[3] = evenB + oddB;
    to[4] = evenB - oddB;
    to[5] = g2;
}

/// The weights of LANES outputs and one channel, each lane an output; `next` floats from one to the next.
JK_INLINE void NAME(pack_weights)(const float *from, long next, int turned, float *to, long stride) {
    float gathered[9 * LANES];
    for (long o = 0; o < LANES; o++)
        for (long i = 0; i < 9; i++) gathered[i * LANES + o] = from[o * next + i];
    wide weight[9], half[3 * jk_window_side], row[jk_window_side];
    for (long i = 0; i < 9; i++) weight[i] = __builtin_convertvector(LOAD(gathered + (turned ? 8 - i : i) * LANES), wide);
    for (long k = 0; k < 3; k++) NAME(weight_row)(weight + k, 3, half + k * jk_window_side);
    for (long i = 0; i < jk_window_side; i++) {
        NAME(weight_row)(half + i, jk_window_side, row);
        for (long k = 0; k < jk_window_side; k++)
            STORE(to + (i * jk_window_side + k) * stride, __builtin_convertvector(row[k], vec));
    }
}

/// The panels begin ..< end, to packed[point][panel][channel][output].
static void NAME(pack)(void *context, long begin, long end) {
    const jk_winograd_packing *j = context;
    const long channels = j->shape.channels, outputs = j->shape.outputs, stride = jk_weight_stride(j->shape);
    const long nextOutput = j->turned ? 9 : channels * 9, nextChannel = j->turned ? outputs * 9 : 9;
    for (long panel = begin; panel < end; panel++) {
        const long first = panel * 2 * LANES, width = jk_min(2 * LANES, outputs - first);
        for (long c = 0; c < channels; c++)
            for (long o = 0; o < width; o += LANES)
                NAME(pack_weights)(j->weights + (first + o) * nextOutput + c * nextChannel, nextOutput, j->turned,
                                   j->packed + first * channels + c * width + o, stride);
    }
}
