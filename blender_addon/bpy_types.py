"""Blender's types as the add-on uses them, for the type checker; while running they are Blender's own.

The published stubs know every possibility: an object whose data is any of twenty kinds, a panel without a layout, nodes
and modifiers without what their kind has. And where a class has a member called ``property``, as ``Context`` has, all
properties after it are taken for methods.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast

import bpy

if TYPE_CHECKING:

    class Scene(bpy.types.Scene):
        """A scene with the people that ``state.properties`` adds."""

        threepoint: Any
        threepoint_live_roles: Any
        render: bpy.types.RenderSettings
        display: Any

    class WindowManager(bpy.types.WindowManager):
        """The window manager with what is going on (``state.properties``)."""

        threepoint: Any
        threepoint_import: Any
        threepoint_live: Any

    class Context(bpy.types.Context):
        """A context of a window in which a file is open."""

        scene: Scene
        window_manager: WindowManager
        workspace: bpy.types.WorkSpace
        window: bpy.types.Window
        region: bpy.types.Region
        area: bpy.types.Area
        space_data: Any
        view_layer: Any
        collection: bpy.types.Collection
        preferences: bpy.types.Preferences
        active_object: bpy.types.Object | None
        selected_objects: list[bpy.types.Object]

    class AnyObject(bpy.types.Object):
        """An object, which may be a person's (``state.properties``)."""

        threepoint: Any

    class ArmatureObject(bpy.types.Object):
        """An object that is an armature."""

        data: bpy.types.Armature
        pose: bpy.types.Pose
        animation_data: Any

    class MeshObject(bpy.types.Object):
        """An object that is a mesh."""

        data: Any

    class Panel(bpy.types.Panel):
        """A panel that is being drawn."""

        layout: bpy.types.UILayout

    Socket = Any
    Node = Any
    Modifier = Any
else:
    Scene, WindowManager, Context = bpy.types.Scene, bpy.types.WindowManager, bpy.types.Context
    AnyObject = ArmatureObject = MeshObject = bpy.types.Object
    Panel = bpy.types.Panel
    Socket, Node, Modifier = bpy.types.NodeSocket, bpy.types.Node, bpy.types.Modifier

Animated = Any
"""A data-block that can have an action: most kinds can."""


def current_context() -> Context:
    """``bpy.context``."""
    return cast(Context, bpy.context)


def current_scene() -> Scene:
    """The scene that is open."""
    return current_context().scene


Group = TypeVar("Group")


def overridable(kind: type[Group]) -> type[Group]:
    """Let the properties of a group that is linked and overridden be edited, and keep what was set."""
    given: Any
    for given in kind.__annotations__.values():
        given.keywords.setdefault("override", {"LIBRARY_OVERRIDABLE"})
    return kind


def unkeyable(kind: type[Group]) -> type[Group]:
    """Let the properties of a group have no keyframes: they are read once, whatever the current frame is."""
    given: Any
    for given in kind.__annotations__.values():
        given.keywords.setdefault("options", set())
    return kind


def registration(classes: Sequence[type]) -> tuple[Callable[[], None], Callable[[], None]]:
    """Functions that register the classes in their order, and take them back."""
    return bpy.utils.register_classes_factory(classes)  # pyright: ignore[reportReturnType]  # The stub has no result.
