#pragma once
#include <stddef.h>

#pragma clang assume_nonnull begin

/// Work on the items `begin ..< end`.
typedef void (*jk_task)(void *_Nullable context, long begin, long end);

/// Runs `task` over `0 ..< count`, cut into one contiguous range for each thread; the cut depends on `count`, `grain` and
/// the number of threads only. No range but the last is shorter than `grain` items. It runs on libgomp's team, the one
/// that oneDNN and OpenBLAS use, so that their threads and ours are the same.
void jk_parallel_for(long count, long grain, jk_task task, void *_Nullable context);

/// Threads that kernels use, from now on and on every calling thread. Starts as OpenMP's own choice (OMP_NUM_THREADS).
void jk_set_threads(int count);
int jk_threads(void);

/// Gives the calling thread the number of threads set by `jk_set_threads`: OpenMP keeps it for each thread by itself.
/// To be called before oneDNN or OpenBLAS are.
void jk_enter(void);

/// The lanes that channel-blocked tensors have here: 16 with AVX-512, else 8.
int jk_lanes(void);

/// What our kernels dispatch to here: x86-64-v4 (AVX-512), x86-64-v3 (AVX2) or x86-64.
const char *jk_instruction_set(void);

/// Memory of `bytes`, aligned to 64 bytes; null when there is none.
void *_Nullable jk_allocate(size_t bytes);
void jk_free(void *_Nullable memory);

#pragma clang assume_nonnull end
