#pragma once
#include "kernel.h"

/// The sum over `begin ..< end` of what a reduction adds up.
typedef double (*jk_partial)(const void *context, long begin, long end);

/// Σ over `0 ..< count`: chunks of `chunk` items are added up by `partial`, and their sums one after the other, so that
/// the number of threads changes nothing.
double jk_reduce(long count, long chunk, jk_partial partial, const void *context);
