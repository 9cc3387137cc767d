"""The core: recordings, the two models, refinement and the pipeline that joins them. Imports no ``bpy``."""
