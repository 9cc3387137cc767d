"""The mind: recordings, the two models, refinement and the road between them. Knows no ``bpy``."""
