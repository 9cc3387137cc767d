"""A motion on the user's own character: its bones found, the motion carried over, keyed on bones or controls.

Only ``reading``, ``baking``, ``putting`` and ``files`` know Blender; all that is computed is numpy, in the world's
frame: metres, +Z up.
"""
