"""The add-on: recordings, avatars and colours inside Blender. Knows ``bpy`` and numpy; never torch, scipy, smplx.

Its folders import each other downwards only, in this order: ``ui``, ``operators``, ``render``, ``state``, ``engine``
and ``export``, ``trackers`` and ``avatar``, ``animation``, ``i18n``.
"""

from importlib import import_module
from types import ModuleType

BELOW_OPERATORS = ("i18n.translations", "state.properties")
ABOVE_OPERATORS = ("ui.preferences", "ui.panel", "ui.overlay")
"""The modules that register something with Blender, in the order in which they do; the operators are found."""


def _parts() -> list[ModuleType]:
    from .operators import operator_modules

    below, above = (
        [import_module(f".{name}", __package__) for name in names] for names in (BELOW_OPERATORS, ABOVE_OPERATORS)
    )
    return [*below, *operator_modules(), *above]


def register() -> None:
    """Called when the extension is enabled."""
    for part in _parts():
        part.register()


def unregister() -> None:
    """Called when the extension is disabled: leaves nothing behind."""
    for part in reversed(_parts()):
        part.unregister()
