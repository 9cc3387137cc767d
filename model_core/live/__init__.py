"""Live: trackers as they come, from a network or a file, become a body 60 times a second, from the past alone.

A source (``sources``, or whoever calls) gives ``Moment``s; ``LiveSession`` makes ``LiveFrame``s of them.
"""
