#pragma once
// One header a topic.
#include "boxes.h"
#include "channels.h"
#include "elementwise.h"
#include "im2col.h"
#include "layout.h"
#include "losses.h"
#include "optimise.h"
#include "parallel.h"
#include "resample.h"
#include "resize_image.h"
#include "roi_align.h"
#include "winograd.h"
