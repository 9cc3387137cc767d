"""What ``evaluate``, ``ablations``, ``compare`` and ``prepare`` draw and score."""
