"""What is said of a motion in a scene beside pins: what people stand on, what they sit on, when their feet stand."""
