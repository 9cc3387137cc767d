"""An avatar out of Blender: copied into a file of its own, which another Blender, in the background, exports.

The window stays responsive, nothing in the scene is touched, and what the animator has hidden is exported all the same.
"""
