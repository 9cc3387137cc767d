"""A file a recording format; each offers what ``recordings.read`` asks of a reader."""
