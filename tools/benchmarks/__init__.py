"""What ``bench`` measures, a file a section: each has ``measure(options)``, which returns label -> (value, unit)."""
