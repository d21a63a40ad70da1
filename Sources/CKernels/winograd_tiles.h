// The transforms of input and result tiles, for vectors of LANES floats. Part of winograd_kernels.h.
//
// With the points 0, ±a, ±b, ∞: Y = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A, the scale of the rows of G and B chosen so that Bᵀ and Aᵀ
// have few factors.

typedef float NAME(vec) __attribute__((vector_size(4 * LANES)));
typedef float NAME(unaligned) __attribute__((vector_size(4 * LANES), aligned(4)));
typedef double NAME(wide) __attribute__((vector_size(8 * LANES)));

#define vec NAME(vec)
#define wide NAME(wide)
#define LOAD(p) ((vec) * (const NAME(unaligned) *)(p))
#define STORE(p, v) (*(NAME(unaligned) *)(p) = (v))

#define A 0.625
#define B 1.5
#define AA (A * A)
#define BB (B * B)
#define F(x) ((float)(x))

/// to = Bᵀ from, for a vector of 6.
JK_INLINE void NAME(input_row)(const vec *from, long step, vec *to, long toStep) {
    vec d0 = from[0], d1 = from[step], d2 = from[2 * step], d3 = from[3 * step], d4 = from[4 * step], d5 = from[5 * step];
    vec evenA = d4 - F(BB) * d2, oddA = d3 - F(BB) * d1;
    vec evenB = d4 - F(AA) * d2, oddB = d3 - F(AA) * d1;
    to[0] = F(AA * BB) * d0 - F(AA + BB) * d2 + d4;
    to[toStep] = evenA + F(A) * oddA;
    to[2 * toStep] = evenA - F(A) * oddA;
    to[3 * toStep] = evenB + F(B) * oddB;
    to[4 * toStep] = evenB - F(B) * oddB;
    to[5 * toStep] = F(AA * BB) * d1 - F(AA + BB) * d3 + d5;
}

/// to = Aᵀ from: 6 to 4.
JK_INLINE void NAME(output_row)(const vec *from, vec *to, long toStep) {
    vec evenA = from[1] + from[2], oddA = from[1] - from[2], evenB = from[3] + from[4], oddB = from[3] - from[4];
    to[0] = from[0] + evenA + evenB;
    to[toStep] = F(A) * oddA + F(B) * oddB;
    to[2 * toStep] = F(AA) * evenA + F(BB) * evenB;
    to[3 * toStep] = F(AA * A) * oddA + F(BB * B) * oddB + from[5];
}

/// Where a tile lies.
typedef struct {
    long image, y, x;
} NAME(place);

JK_INLINE NAME(place) NAME(place_of)(const jk_winograd *s, long tile) {
    const long columns = (s->width + jk_tile - 1) / jk_tile, rows = (s->height + jk_tile - 1) / jk_tile;
    const long row = tile / columns;
    NAME(place) result = {row / rows, row % rows * jk_tile, tile % columns * jk_tile};
    return result;
}

/// One tile of one block of channels, from (y, x) of its plane on. `inside`: none of it lies beyond the border.
JK_INLINE void NAME(input_tile)(const float *plane, long height, long width, long y, long x, int inside, float *to,
                                long stride) {
    vec half[jk_points];
    for (long k = 0; k < jk_window_side; k++) {
        vec column[jk_window_side];
        for (long i = 0; i < jk_window_side; i++) {
            int here = inside || (y + i >= 0 && y + i < height && x + k >= 0 && x + k < width);
            column[i] = here ? LOAD(plane + ((y + i) * width + x + k) * LANES) : (vec){0};
        }
        NAME(input_row)(column, 1, half + k, jk_window_side);
    }
    for (long i = 0; i < jk_window_side; i++) {
        vec row[jk_window_side];
        NAME(input_row)(half + i * jk_window_side, 1, row, 1);
        for (long k = 0; k < jk_window_side; k++) STORE(to + (i * jk_window_side + k) * stride, row[k]);
    }
}

/// `count` tiles from `first` on, and `channels` channels, to transformed[point][tile][channel], `row` floats from tile to
/// tile and `stride` from point to point.
static void NAME(transform_input)(const jk_winograd *shape, const float *input, long first, long count,
                                  long firstChannel, long channels, float *transformed, long row, long stride) {
    const jk_winograd s = *shape;
    const long plane = s.height * s.width * LANES;
    // Two blocks at a time fill whole cache lines of the result.
    for (long pair = 0; pair < channels; pair += 2 * LANES)
        for (long t = 0; t < count; t++) {
            NAME(place) at = NAME(place_of)(shape, first + t);
            const long y = at.y - 1, x = at.x - 1;
            const int inside = y >= 0 && x >= 0 && y + jk_window_side <= s.height && x + jk_window_side <= s.width;
            for (long c = pair; c < jk_min(pair + 2 * LANES, channels); c += LANES) {
                const float *from = input + ((at.image * s.channels + firstChannel + c) / LANES) * plane;
                float *to = transformed + t * row + c;
                if (inside) NAME(input_tile)(from, s.height, s.width, y, x, 1, to, stride);
                else NAME(input_tile)(from, s.height, s.width, y, x, 0, to, stride);
            }
        }
}

/// products[point][tile][output − firstOutput] to the results of `count` tiles, with what follows a convolution.
static void NAME(transform_output)(const jk_winograd_job *j, long first, long count, long firstOutput, long outputs,
                                   const float *products) {
    const jk_winograd s = j->plan.shape;
    const long blocks = s.outputs / LANES;
    for (long o = 0; o < outputs; o += LANES)
        for (long t = 0; t < count; t++) {
            NAME(place) at = NAME(place_of)(&j->plan.shape, first + t);
            const long rows = jk_min(jk_tile, s.height - at.y), columns = jk_min(jk_tile, s.width - at.x);
            const float *from = products + t * outputs + o;
            const vec bias = j->bias ? LOAD(j->bias + firstOutput + o) : (vec){0};
            vec half[jk_tile * jk_window_side];
            for (long k = 0; k < jk_window_side; k++) {
                vec column[jk_window_side];
                for (long i = 0; i < jk_window_side; i++)
                    column[i] = LOAD(from + (i * jk_window_side + k) * j->plan.productStride);
                NAME(output_row)(column, half + k, jk_window_side);
            }
            const long plane = at.image * blocks + (firstOutput + o) / LANES;
            for (long i = 0; i < rows; i++) {
                const long place = ((plane * s.height + at.y + i) * s.width + at.x) * LANES;
                vec row[jk_tile];
                NAME(output_row)(half + i * jk_window_side, row, 1);
                for (long k = 0; k < jk_tile && k < columns; k++) {
                    vec value = row[k] + bias;
                    if (j->residual) value += LOAD(j->residual + place + k * LANES);
                    if (j->relu) value = (vec)((__typeof__(value > 0))value & (value > 0));
                    STORE(j->output + place + k * LANES, value);
                }
            }
        }
}

