"""The engine's process from Blender's side, and its installation."""
