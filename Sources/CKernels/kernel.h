#pragma once
// What every kernel file uses; not part of the module's interface.
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "parallel.h"

/// Compiled once for each instruction set, chosen when the program is loaded.
#define JK_CLONES __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#define JK_INLINE static inline __attribute__((always_inline))

/// Before a loop whose result may be one of its operands, element for element: without it the compiler's check for
/// overlap finds one and takes a scalar loop.
#define JK_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")

/// Elements a thread should have at least, for work that costs about one memory pass.
#define JK_GRAIN 16384L

JK_INLINE long jk_min(long a, long b) { return a < b ? a : b; }
JK_INLINE long jk_max(long a, long b) { return a > b ? a : b; }
