"""Threepoint: a headset recording (head and two hands) becomes a keyframed full-body avatar.

The package is both Blender's extension and a library without Blender. Its public names are loaded on first use, so
that Blender, whose Python has no torch, can import the package:

    recording = threepoint.read("session.bsor")
    motion = threepoint.animate(recording)
    threepoint.write_amass("motion.npz", motion, threepoint.load_body())
"""

import importlib

_PUBLIC = {
    "InputError": "errors",
    "Motion": "motion",
    "Recording": "recordings",
    "read": "recordings",
    "load_body": "body",
    "calibrate": "pipeline",
    "Options": "pipeline",
    "animate": "pipeline",
    "load_networks": "pipeline",
    "write_amass": "amass_writer",
    "read_batch": "batches",
}
"""Public names, and the part of ``model_core`` that has each."""


def __getattr__(name: str) -> object:
    """A public name, imported when it is first asked for."""
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".model_core.{_PUBLIC[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_PUBLIC])


def register() -> None:
    """Blender calls this when the extension is enabled."""
    from .blender_addon import register as register_addon

    register_addon()


def unregister() -> None:
    """Blender calls this when the extension is disabled."""
    from .blender_addon import unregister as unregister_addon

    unregister_addon()
