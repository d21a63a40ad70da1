#include "reduce.h"

enum { JK_BATCH = 1024 };

typedef struct {
    jk_partial partial;
    const void *context;
    double *sums;
    long first, count, chunk;
} reduction;

static void reduce_range(void *context, long begin, long end) {
    const reduction *j = context;
    for (long i = begin; i < end; i++) {
        long start = (j->first + i) * j->chunk;
        j->sums[i] = j->partial(j->context, start, jk_min(j->count, start + j->chunk));
    }
}

double jk_reduce(long count, long chunk, jk_partial partial, const void *context) {
    // A fixed number of sums at a time needs no memory that could be short.
    double sums[JK_BATCH], total = 0;
    long chunks = (count + chunk - 1) / chunk;
    for (long first = 0; first < chunks; first += JK_BATCH) {
        long now = jk_min(JK_BATCH, chunks - first);
        reduction j = {partial, context, sums, first, count, chunk};
        jk_parallel_for(now, 4, reduce_range, &j);
        for (long i = 0; i < now; i++) total += sums[i];
    }
    return total;
}
