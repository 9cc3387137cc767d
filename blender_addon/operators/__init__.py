"""A file a step of the workflow: its operators, and the buttons by which the panels show them.

Every module in here that has ``register`` is found by itself. Its ``BUTTONS``, if it has any, stand in the panels.
"""

import pkgutil
from importlib import import_module
from types import ModuleType


def operator_modules() -> list[ModuleType]:
    """The modules of this folder that register operators, by name."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    modules = [import_module(f".{name}", __package__) for name in names]
    return [module for module in modules if hasattr(module, "register")]
