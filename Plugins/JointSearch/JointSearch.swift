// JointSearch
