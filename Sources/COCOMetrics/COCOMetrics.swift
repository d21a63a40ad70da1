// COCOMetrics
