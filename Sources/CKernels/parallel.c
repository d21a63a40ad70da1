#define _GNU_SOURCE
#include "parallel.h"

#include <stdatomic.h>
#include <stdlib.h>

// clang's own OpenMP run time is not installed: these are libgomp's entry points (gcc, libgomp/libgomp.map).
extern void GOMP_parallel(void (*body)(void *), void *data, unsigned threads, unsigned flags);
extern int omp_get_max_threads(void);
extern void omp_set_num_threads(int);
extern int omp_get_thread_num(void);
extern int omp_get_num_threads(void);
extern int omp_in_parallel(void);

static atomic_int threads_set;

int jk_threads(void) {
    int count = atomic_load_explicit(&threads_set, memory_order_relaxed);
    return count > 0 ? count : omp_get_max_threads();
}

void jk_set_threads(int count) {
    atomic_store(&threads_set, count < 1 ? 1 : count);
    jk_enter();
}

void jk_enter(void) {
    int count = jk_threads();
    if (omp_get_max_threads() != count) omp_set_num_threads(count);
}

typedef struct {
    jk_task task;
    void *context;
    long count;
    long parts;
} job;

static void run_part(void *data) {
    const job *j = data;
    // The team can be smaller than asked for; every part is still done, and the parts stay the same.
    long team = omp_get_num_threads();
    for (long part = omp_get_thread_num(); part < j->parts; part += team) {
        long begin = j->count * part / j->parts, end = j->count * (part + 1) / j->parts;
        if (begin < end) j->task(j->context, begin, end);
    }
}

void jk_parallel_for(long count, long grain, jk_task task, void *context) {
    if (count <= 0) return;
    long parts = jk_threads(), most = grain > 0 ? count / grain : count;
    if (parts > most) parts = most;
    if (parts <= 1 || omp_in_parallel()) {
        task(context, 0, count);
        return;
    }
    job j = {task, context, count, parts};
    GOMP_parallel(run_part, &j, (unsigned)parts, 0);
}

int jk_lanes(void) {
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") ? 16 : 8;
}

const char *jk_instruction_set(void) {
    __builtin_cpu_init();
    if (jk_lanes() == 16) return "x86-64-v4";
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? "x86-64-v3" : "x86-64";
}

void *jk_allocate(size_t bytes) {
    // No huge pages: on a machine whose memory is in pieces, making room for them takes a program's first step longer than
    // they ever give back.
    void *memory = NULL;
    return posix_memalign(&memory, 64, bytes) ? NULL : memory;
}

void jk_free(void *memory) { free(memory); }
