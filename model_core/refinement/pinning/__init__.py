"""A motion is brought to pins: places where joints are, as somebody says."""
