// The gradient of the weights. Part of winograd_kernels.h.

/// to = A from: 4 to 6.
JK_INLINE void NAME(gradient_row)(const vec *from, long step, vec *to, long toStep) {
    vec y0 = from[0], y1 = from[step], y2 = from[2 * step], y3 = from[3 * step];
    vec evenA = y0 + F(AA) * y2, oddA = F(A) * y1 + F(AA * A) * y3;
    vec evenB = y0 + F(BB) * y2, oddB = F(B) * y1 + F(BB * B) * y3;
    to[0] = y0;
    to[toStep] = evenA + oddA;
    to[2 * toStep] = evenA - oddA;
    to[3 * toStep] = evenB + oddB;
    to[4 * toStep] = evenB - oddB;
    to[5 * toStep] = y3;
}

/// to = Gᵀ from: 6 to 3.
JK_INLINE void NAME(weight_gradient_row)(const wide *from, long step, wide *to) {
    const double forA = 1 / (2 * AA * (AA - BB)), forB = 1 / (2 * BB * (BB - AA));
    wide u0 = from[0], u1 = from[step], u2 = from[2 * step], u3 = from[3 * step], u4 = from[4 * step], u5 = from[5 * step];
    wide sumA = forA * (u1 + u2), sumB = forB * (u3 + u4);
    to[0] = u0 * (1 / (AA * BB)) + sumA + sumB;
    to[1] = forA * A * (u1 - u2) + forB * B * (u3 - u4);
    to[2] = AA * sumA + BB * sumB + u5;
}

/// `count` tiles from `first` on, and `outputs` outputs, to transformed[point][tile][output]. `sums`, where given, gets
/// the sum of every output added.
static void NAME(transform_gradient)(const jk_winograd_gradient_job *j, long first, long count, long firstOutput,
                                     long outputs, float *transformed, long row, double *sums) {
    const jk_winograd s = j->plan.shape;
    for (long o = 0; o < outputs; o += LANES)
        for (long t = 0; t < count; t++) {
            NAME(place) at = NAME(place_of)(&j->plan.shape, first + t);
            const long rows = jk_min(jk_tile, s.height - at.y), columns = jk_min(jk_tile, s.width - at.x);
            const long plane = (at.image * s.outputs + firstOutput + o) / LANES;
            const float *from = j->outputGradient + ((plane * s.height + at.y) * s.width + at.x) * LANES;
            vec tile[jk_tile * jk_tile], half[jk_tile * jk_window_side], sum = {0};
            for (long i = 0; i < jk_tile; i++)
                for (long k = 0; k < jk_tile; k++) {
                    int here = i < rows && k < columns;
                    tile[i * jk_tile + k] = here ? LOAD(from + (i * s.width + k) * LANES) : (vec){0};
                    sum += tile[i * jk_tile + k];
                }
            for (long i = 0; i < jk_tile; i++)
                NAME(gradient_row)(tile + i * jk_tile, 1, half + i * jk_window_side, 1);
            float *to = transformed + t * row + o;
            for (long k = 0; k < jk_window_side; k++) {
                vec column[jk_window_side];
                NAME(gradient_row)(half + k, jk_window_side, column, 1);
                for (long i = 0; i < jk_window_side; i++)
                    STORE(to + (i * jk_window_side + k) * j->plan.gradientStride, column[i]);
            }
            if (sums)
                for (long l = 0; l < LANES; l++) sums[o + l] += sum[l];
        }
}

/// to[row][·] += Σ tiles input[tile][row] · gradient[tile][·], for `rows` channels and `vectors` vectors of outputs; with
/// `fresh` nothing was there.
JK_INLINE void NAME(accumulate_rows)(const float *restrict input, long inputRow, const float *restrict gradient,
                                     long gradientRow, long tiles, int fresh, float *restrict to, long outputs,
                                     const int rows, const int vectors) {
    vec sums[ROWS][2];
    _Pragma("clang loop unroll(full)")
    for (int r = 0; r < rows; r++) {
        sums[r][0] = fresh ? (vec){0} : LOAD(to + r * outputs);
        sums[r][1] = fresh || vectors == 1 ? (vec){0} : LOAD(to + r * outputs + LANES);
    }
    for (long t = 0; t < tiles; t++) {
        const vec first = LOAD(gradient), second = vectors > 1 ? LOAD(gradient + LANES) : first;
        _Pragma("clang loop unroll(full)")
        for (int r = 0; r < rows; r++) {
            sums[r][0] += input[r] * first;
            if (vectors > 1) sums[r][1] += input[r] * second;
        }
        input += inputRow, gradient += gradientRow;
    }
    _Pragma("clang loop unroll(full)")
    for (int r = 0; r < rows; r++) {
        STORE(to + r * outputs, sums[r][0]);
        if (vectors > 1) STORE(to + r * outputs + LANES, sums[r][1]);
    }
}

#define ROW_CASE(n)                                                                                     \
    case n:                                                                                             \
        if (vectors == 2) NAME(accumulate_rows)(input, inputRow, gradient, gradientRow, tiles, fresh, to, outputs, n, 2); \
        else NAME(accumulate_rows)(input, inputRow, gradient, gradientRow, tiles, fresh, to, outputs, n, 1); \
        break;

static void NAME(accumulate)(const float *input, long inputRow, const float *gradient, long gradientRow, long tiles,
                             int fresh, float *to, long outputs, long rows, long vectors) {
    switch (rows) { ROW_CASES }
}

#undef ROW_CASE

/// The sums to the weights' gradient, for LANES outputs and one channel.
JK_INLINE void NAME(unpack_gradient)(const float *from, long stride, float *to, long next) {
    wide half[3 * jk_window_side], column[jk_window_side], result[3];
    for (long k = 0; k < jk_window_side; k++) {
        for (long i = 0; i < jk_window_side; i++)
            column[i] = __builtin_convertvector(LOAD(from + (i * jk_window_side + k) * stride), wide);
        NAME(weight_gradient_row)(column, 1, result);
        for (long i = 0; i < 3; i++) half[i * jk_window_side + k] = result[i];
    }
    float gathered[9 * LANES];
    for (long i = 0; i < 3; i++) {
        NAME(weight_gradient_row)(half + i * jk_window_side, 1, result);
        for (long k = 0; k < 3; k++) STORE(gathered + (i * 3 + k) * LANES, __builtin_convertvector(result[k], vec));
    }
    for (long o = 0; o < LANES; o++)
        for (long i = 0; i < 9; i++) to[o * next + i] = gathered[i * LANES + o];
}

static void NAME(gradient)(void *context, long begin, long end) {
    const jk_winograd_gradient_job *j = context;
    const jk_winograd_gradient_plan *p = &j->plan;
    const jk_winograd *s = &p->shape;
    const long allBlocks = s->channels / LANES, allPanels = jk_panels(*s);
    for (long part = begin; part < end; part++) {
        const long c = part / p->outputParts, o = part % p->outputParts;
        const long firstChannel = allBlocks * c / p->channelParts * LANES;
        const long channels = allBlocks * (c + 1) / p->channelParts * LANES - firstChannel;
        const long firstOutput = allPanels * o / p->outputParts * 2 * LANES;
        const long outputs = jk_min(s->outputs, allPanels * (o + 1) / p->outputParts * 2 * LANES) - firstOutput;
        float *sums = j->workspace + part * p->workspace;
        float *input = sums + jk_points * p->sumStride, *gradient = input + jk_points * p->inputStride;
        double *biasSums = (double *)(gradient + jk_points * p->gradientStride);
        memset(biasSums, 0, sizeof(double) * outputs);
        const long groups = (channels + ROWS - 1) / ROWS;
        for (long first = 0; first < p->tiles; first += p->block) {
            const long count = jk_min(p->block, p->tiles - first);
            NAME(transform_input)(s, j->input, first, count, firstChannel, channels, input, p->inputRow, p->inputStride);
            NAME(transform_gradient)(j, first, count, firstOutput, outputs, gradient, p->gradientRow,
                                     j->biasGradient && c == 0 ? biasSums : NULL);
            for (long point = 0; point < jk_points; point++)
                for (long panel = 0; panel < outputs; panel += 2 * LANES)
                    for (long g = 0; g < groups; g++) {
                        const long row = channels * g / groups, last = channels * (g + 1) / groups;
                        NAME(accumulate)(input + point * p->inputStride + row, p->inputRow,
                                         gradient + point * p->gradientStride + panel, p->gradientRow, count,
                                         first == 0, sums + point * p->sumStride + row * outputs + panel, outputs,
                                         last - row,
                                         panel + 2 * LANES <= outputs ? 2 : 1);
                    }
        }
        for (long k = 0; k < outputs; k += LANES)
            for (long i = 0; i < channels; i++)
                NAME(unpack_gradient)(sums + i * outputs + k, p->sumStride,
                                      j->weightGradient + ((firstOutput + k) * s->channels + firstChannel + i) * 9,
                                      s->channels * 9);
        if (j->biasGradient && c == 0)
            for (long k = 0; k < outputs; k++) j->biasGradient[firstOutput + k] = (float)biasSums[k];
    }
}
