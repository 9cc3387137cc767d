"""The face: recordings, avatars and colours inside Blender. Knows ``bpy`` and numpy; never torch, scipy, smplx."""


def register():
    """Called when the extension is enabled."""


def unregister():
    """Called when the extension is disabled: leaves nothing behind."""
