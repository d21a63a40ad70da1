#pragma once
// One header a topic.
#include "parallel.h"
#include "layout.h"
#include "elementwise.h"
