#pragma once
// One header a topic.
#include "channels.h"
#include "elementwise.h"
#include "im2col.h"
#include "layout.h"
#include "parallel.h"
#include "resample.h"
