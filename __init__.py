"""Threepoint: a headset recording (head and two hands) becomes a keyframed full-body avatar."""


def register():
    """Blender calls this when the extension is enabled."""
    from .blender_addon import register as register_face

    register_face()


def unregister():
    """Blender calls this when the extension is disabled."""
    from .blender_addon import unregister as unregister_face

    unregister_face()
