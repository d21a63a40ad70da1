/// What a search and a training leave.
enum Samples {
    static let history = """
        {"candidate": 0, "generation": 0, "parent": null, "move": "base", "actions": [], "ap": 0.4, "latency_ms": 40, \
        "on_front": true}
        {"candidate": 1, "generation": 1, "parent": 0, "move": "remove-block", "actions": ["remove stage3.block2"], \
        "ap": 0.39, "latency_ms": 33.5, "on_front": true}
        {"candidate": 2, "generation": 1, "parent": 0, "move": "teacher:depth of stage 1", "actions": [], "ap": 0.38, \
        "latency_ms": 39, "on_front": false}
        {"candidate": 3, "generation": 2, "parent": 1, "move": "prune", "actions": ["set stage2.trunk to 96"], \
        "ap": 0.4, "latency_ms": 29, "on_front": true}
        {"candidate": 3, "generation": 2, "parent": 1, "move": "last-training", "actions": [], "ap": 0.41, \
        "ap_before": 0.4, "latency_ms": 29, "on_front": true}

        """
    static let front = """
        {"format": "jdnas-front/1", "student": 3, "front": [{"candidate": 3}, {"candidate": 0}]}
        """
    static let teacher = """
        {"choice": null, "name": "largest", "pool": "ab"}
        """
    static let curve = """
        {"epoch": 1, "loss": 2.0, "losses": {"loss_objectness": 0.5}}
        {"epoch": 2, "loss": 1.0, "losses": {"loss_objectness": 0.25}, "ap": 0.3}

        """
}
