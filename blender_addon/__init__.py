"""The face: recordings, avatars and colours inside Blender. Knows ``bpy`` and numpy; never torch, scipy, smplx."""

from importlib import import_module

PARTS = (
    "state.properties",
    "ui.preferences",
    "operators.engine",
    "operators.importing",
    "operators.predicting",
    "operators.takes",
    "operators.exporting",
    "ui.panel",
    "ui.overlay",
    "operators.command_line",
    "i18n.translations",
)
"""The modules that register something with Blender, in the order in which they do."""


def register():
    """Called when the extension is enabled."""
    for part in PARTS:
        import_module(f".{part}", __package__).register()


def unregister():
    """Called when the extension is disabled: leaves nothing behind."""
    for part in reversed(PARTS):
        import_module(f".{part}", __package__).unregister()
