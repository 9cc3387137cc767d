"""Pictures and films of avatars: their uncertainty colours, the tracked points, a floor, a camera that follows.

Everything that only the picture needs lives in a scene of its own, removed afterwards; the animator's scene is left as
it was. Workbench draws it: a fraction of a second a frame, without a GPU or a screen. Light, floor and colours are
those of a photographer's studio: clay before an even background, lit from the left front, with soft shadows.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import bpy
import numpy as np
from mathutils import Matrix

from ...model_core.geometry.filters import gaussian_smooth
from ...model_core.geometry.rotations import quaternion_to_matrix
from ...model_core.geometry.skeleton import PELVIS
from ..animation.curves import CONSTANT, fcurves_of, keyframes_of, new_action, values_at, write_vector
from ..animation.timing import scene_fps
from ..avatar.armature import Avatar
from ..avatar.bake import root_channels
from ..avatar.bone_names import names_of
from ..avatar.uncertainty import modifier_of
from ..avatar.uncertainty_colours import HIGH_CENTIMETRES, LOW_CENTIMETRES, RAMP
from ..bpy_types import ArmatureObject, MeshObject, Scene, current_context, current_scene
from ..trackers.empties import COLOURS, OTHER_COLOUR, VALID_PATH
from . import ground
from . import preview_objects as props
from .clothes import dressed
from .film import frame_by_frame
from .framing import FIELD_OF_VIEW, FRAMING, Framing, top_of

WIDTH, HEIGHT = 640, 360
FASTEST_FPS = 30.0
"""Films take every n-th frame of the scene, so that they play at real time with no more frames a second than this."""
DOWN_ANGLE = np.radians(10.0)
"""From how much above the camera looks."""
FLOOR_MARGIN = 7.0
FOLLOW_SECONDS = 0.6
"""Standard deviation of the Gaussian that smooths the person's path into the camera's."""
STUDIO_LIGHT = "studio.sl"
"""One of those that come with Blender: a key light, a fill light and a rim light."""
FLOOR_SHADE = (0.2375, 0.2413, 0.2495)
"""How light Workbench draws what faces upwards under it, which makes the background meet the floor unseen."""
BALLS, TRAIL_SHRINK = 24, 0.8
"""Of the trail behind a tracked point: how many, and how much smaller than the first the last one is."""
LABEL_SIZE, LABEL_HEIGHT = 0.045, -0.47
LEGEND_WIDTH, LEGEND_TEXT, LEGEND_MARGIN = 0.255, 0.03, 0.055
"""Sizes of labels and legend, and the labels' height above the middle, in heights of the picture."""


@dataclass(frozen=True)
class Subject:
    """One body in the picture, the tracked points that belong to it by role, and the label below it.

    ``meshes``: what is shown in the avatar's place, such as a character's; () shows the points alone, None the avatar.
    ``trail``: seconds of their past that the points draw behind them.
    """

    avatar: Avatar
    trackers: dict[str, bpy.types.Object] = field(default_factory=dict)
    label: str = ""
    meshes: tuple[MeshObject, ...] | None = None
    trail: float = 0.0

    @property
    def shown(self) -> tuple[MeshObject, ...]:
        """The meshes in the picture."""
        return (self.avatar.mesh,) if self.meshes is None else self.meshes


def render_still(
    path: str | Path,
    subjects: Sequence[Subject],
    frame: int | None = None,
    size: tuple[int, int] = (WIDTH, HEIGHT),
    framing: Framing | None = None,
) -> None:
    """Write a PNG of ``subjects`` (list of ``Subject``) at a frame of the current scene, by default the present one."""
    source = current_scene()
    frame = source.frame_current if frame is None else frame
    with _stage(subjects, np.array([frame]), size, fine=True, framing=framing) as stage:
        stage.render.image_settings.file_format = "PNG"
        stage.frame_set(frame)
        _render(stage, path, animation=False)


def render_film(
    path: str | Path,
    subjects: Sequence[Subject],
    first: int | None = None,
    last: int | None = None,
    size: tuple[int, int] = (WIDTH, HEIGHT),
    progress: Callable[[float], None] | None = None,
) -> None:
    """Write an MP4 of ``subjects`` in real time over scene frames ``first``..``last``, by default the scene's range.

    ``progress`` is told after every frame which fraction is done; a signal such as Ctrl-C is answered between two.
    """
    source = current_scene()
    first = source.frame_start if first is None else first
    last = source.frame_end if last is None else last
    with _stage(subjects, np.arange(first, last + 1), size, fine=False) as stage:
        stage.frame_start, stage.frame_end = first, last
        stage.frame_step = max(1, int(np.ceil(scene_fps(source) / FASTEST_FPS - 1e-3)))
        stage.render.fps = source.render.fps
        stage.render.fps_base = source.render.fps_base * stage.frame_step
        if hasattr(stage.render.image_settings, "media_type"):  # From Blender 5.0 on films are a kind of their own.
            settings = cast(Any, stage.render.image_settings)
            settings.media_type = "VIDEO"
        settings: Any = stage.render.image_settings
        settings.file_format = "FFMPEG"
        film: Any = stage.render.ffmpeg
        film.format, film.codec, film.constant_rate_factor = "MPEG4", "H264", "MEDIUM"
        count = len(range(first, last + 1, stage.frame_step))
        with frame_by_frame(stage, count, progress):
            _render(stage, path, animation=True)


def render_frames(
    folder: Path,
    subjects: Sequence[Subject],
    frames: range,
    size: tuple[int, int] = (WIDTH, HEIGHT),
    framing: Framing | None = None,
) -> list[Path]:
    """Write a PNG into ``folder`` for each of these frames of the current scene; their paths, in this order."""
    with _stage(subjects, np.arange(frames[0], frames[-1] + 1), size, fine=True, framing=framing) as stage:
        stage.render.image_settings.file_format = "PNG"
        stage.frame_start, stage.frame_end, stage.frame_step = frames[0], frames[-1], frames.step
        _render(stage, folder / "######", animation=True)
    return [folder / f"{frame:06}" for frame in frames]


def _render(stage: Scene, path: str | Path, animation: bool) -> None:
    path = Path(path).resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    stage.render.filepath = str(path)
    stage.render.use_file_extension = False
    with current_context().temp_override(
        scene=stage
    ):  # A scene that is merely named is drawn at the current one's frame.
        bpy.ops.render.render(animation=animation, write_still=not animation, scene=stage.name)


@contextmanager
def _stage(
    subjects: Sequence[Subject], frames: np.ndarray, size: tuple[int, int], fine: bool, framing: Framing | None = None
) -> Iterator[Scene]:
    """A scene for the picture, removed with everything that was made for it; without ``framing`` there is room for
    raised hands."""
    kinds = ("objects", "meshes", "actions", "collections", "cameras", "worlds", "curves", "fonts", "node_groups")
    before = {kind: set(getattr(bpy.data, kind)) for kind in kinds}
    stage = cast(Scene, bpy.data.scenes.new("Threepoint preview"))
    try:
        set_up_studio(stage, size, fine)
        path, facing = _path_of(subjects[0].avatar.armature, frames)
        height = subjects[0].avatar.armature.matrix_world.translation.z  # Avatars stand on their recording's floor.
        if framing is None:
            trackers = [tracker for subject in subjects for tracker in subject.trackers.values()]
            framing = FRAMING.with_room_for(top_of(trackers, frames) - height)
        subjects = [_dressed(subject) for subject in subjects]
        camera, target = _place_camera(stage, frames, path, facing, height, framing)
        _place_subjects(stage, subjects, camera, frames, framing)
        _add_legend(stage, subjects, camera, size, framing)
        _add_floor(stage, subjects, camera, frames, target, framing)
        yield stage
    finally:
        bpy.data.scenes.remove(stage)
        bpy.data.batch_remove([item for kind in kinds for item in set(getattr(bpy.data, kind)) - before[kind]])


def _dressed(subject: Subject) -> Subject:
    """The subject with its avatar, where that is shown and shows no uncertainty, in clothes."""
    avatar = subject.avatar
    if modifier_of(avatar.mesh):
        return subject
    shown = tuple(dressed(avatar.armature, mesh) if mesh == avatar.mesh else mesh for mesh in subject.shown)
    return replace(subject, meshes=shown)


def set_up_studio(stage: Scene, size: tuple[int, int], fine: bool = True) -> None:
    """Let Workbench draw a scene in the studio's light, before its background; ``fine``: with smooth edges."""
    render: Any = stage.render
    render.engine = "BLENDER_WORKBENCH"
    stage.render.resolution_x, stage.render.resolution_y = size
    stage.render.resolution_percentage = 100
    render.dither_intensity = 0.0  # Noise does not pack.
    view: Any = stage.view_settings
    view.view_transform = "Standard"
    shading = stage.display.shading
    shading.light, shading.color_type = "STUDIO", "VERTEX"
    shading.studio_light = STUDIO_LIGHT
    shading.show_specular_highlight = False  # Clay is dull.
    # Many samples make a picture better and, without a GPU, twice as slow.
    stage.display.render_aa = "5" if fine else "FXAA"
    stage.world = bpy.data.worlds.new("Threepoint preview")
    stage.world.color = [shade * channel for shade, channel in zip(FLOOR_SHADE, ground.COLOUR, strict=True)]


def _path_of(armature: ArmatureObject, frames: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """World positions of the pelvis (n, 3) at ``frames`` (n,), and the mean direction (2,) that the person faces."""
    bone = armature.data.bones[names_of(armature)[PELVIS]]
    location, rotation = root_channels(armature, frames)
    axes = np.array(bone.matrix_local.to_3x3())
    world = np.array(armature.matrix_world)
    local = location @ axes.T + np.array(bone.head_local)
    turned = world[:3, :3] @ axes @ quaternion_to_matrix(rotation) @ axes.T
    facing = (turned @ [0.0, -1.0, 0.0])[:, :2].mean(0)
    return local @ world[:3, :3].T + world[:3, 3], facing


def _place_camera(
    stage: Scene, frames: np.ndarray, path: np.ndarray, facing: np.ndarray, floor: float, framing: Framing
) -> tuple[bpy.types.Object, np.ndarray]:
    """A camera that looks at the person's front and follows the smoothed path over the floor, and that path (n, 3)."""
    data = bpy.data.cameras.new("camera")
    data.sensor_fit, data.angle_y = "VERTICAL", FIELD_OF_VIEW
    camera = bpy.data.objects.new("camera", data)
    stage.collection.objects.link(camera)
    stage.camera = camera
    heading = np.arctan2(facing[1], facing[0]) + framing.side
    back = np.array([np.cos(heading) * np.cos(DOWN_ANGLE), np.sin(heading) * np.cos(DOWN_ANGLE), np.sin(DOWN_ANGLE)])
    right = np.array([-np.sin(heading), np.cos(heading), 0.0])
    camera.rotation_euler = Matrix(np.stack([right, np.cross(back, right), back], 1).tolist()).to_euler()
    target = gaussian_smooth(path, FOLLOW_SECONDS * scene_fps(current_scene()))
    target[:, 2] = floor + framing.centre
    write_vector(new_action(camera, "camera"), "location", frames, target + back * framing.distance)
    return camera, target


def _shifts(count: int, framing: Framing) -> list[float]:
    """By how many metres each of so many subjects is shown to the right of where it is."""
    return [(index - (count - 1) / 2) * framing.spacing for index in range(count)]


def _add_floor(
    stage: Scene,
    subjects: Sequence[Subject],
    camera: bpy.types.Object,
    frames: np.ndarray,
    path: np.ndarray,
    framing: Framing,
) -> None:
    """A floor below ``path`` (n, 3) that goes along and takes the subjects' shadows, and lines that stay."""
    shifts = _shifts(len(subjects), framing)
    bodies = [(mesh, shift) for subject, shift in zip(subjects, shifts, strict=True) for mesh in subject.shown]
    floor = ground.ground(bodies, max(shifts))
    height = subjects[0].avatar.armature.matrix_world.translation.z
    floor.rotation_euler.z = camera.rotation_euler.z
    write_vector(new_action(floor, "floor"), "location", frames, path * [1, 1, 0] + [0, 0, height])
    stage.collection.objects.link(floor)
    lines = ground.lines(path.min(0)[:2] - FLOOR_MARGIN, path.max(0)[:2] + FLOOR_MARGIN, floor)
    lines.location.z = height
    stage.collection.objects.link(lines)


def _place_subjects(
    stage: Scene, subjects: Sequence[Subject], camera: bpy.types.Object, frames: np.ndarray, framing: Framing
) -> None:
    """Show each subject as an instance, beside the one before; the animator's objects do not move."""
    right = np.array(camera.rotation_euler.to_matrix().col[0])
    for shift, subject in zip(_shifts(len(subjects), framing), subjects, strict=True):
        group = bpy.data.collections.new("subject")
        for mesh in subject.shown:
            group.objects.link(mesh)
        for role, tracker in subject.trackers.items():
            group.objects.link(_marker_of(role, tracker))
            for ball in _trail_of(role, tracker, subject.trail, frames):
                group.objects.link(ball)
        stand: Any = bpy.data.objects.new("subject", None)
        stand.instance_type, stand.instance_collection = "COLLECTION", group
        stand.location = right * shift
        stage.collection.objects.link(stand)
        if subject.label:
            text = props.text("label", subject.label, LABEL_SIZE * framing.height)
            _fix_to_camera(stage, camera, text, framing, shift, LABEL_HEIGHT * framing.height)


def _marker_of(role: str, tracker: bpy.types.Object) -> bpy.types.Object:
    """A marker that moves with a tracker and is not there while the device was not seen."""
    marker = props.marker(f"marker {role}", COLOURS.get(role, OTHER_COLOUR))
    marker.parent = tracker
    marker.show_in_front = True
    for fcurve in fcurves_of(tracker):
        if fcurve.data_path == VALID_PATH:
            frame, valid = keyframes_of(fcurve).T
            # Scaled to nothing, because whether an instance is hidden cannot be animated.
            scales = np.repeat(valid[:, None], 3, 1)
            write_vector(new_action(marker, "marker"), "scale", frame, scales, interpolation=CONSTANT)
    return marker


def _trail_of(role: str, tracker: bpy.types.Object, seconds: float, frames: np.ndarray) -> list[bpy.types.Object]:
    """Balls that are where a tracker was, the further back the smaller; none where it draws no trail."""
    curves = {fcurve.array_index: fcurve for fcurve in fcurves_of(tracker) if fcurve.data_path == "location"}
    if not seconds or len(curves) < 3:
        return []
    balls, late = [], seconds * scene_fps(current_scene()) / BALLS
    for number in range(1, BALLS + 1):
        ball = props.ball(f"trail {role}", COLOURS.get(role, OTHER_COLOUR), 1 - TRAIL_SHRINK * number / BALLS)
        ball.parent, ball.matrix_parent_inverse = tracker.parent, tracker.matrix_parent_inverse
        past = np.stack([values_at(curves[axis], frames - number * late) for axis in range(3)], 1)
        write_vector(new_action(ball, "trail"), "location", frames, past)
        balls.append(ball)
    return balls


def _fix_to_camera(
    stage: Scene, camera: bpy.types.Object, item: bpy.types.Object, framing: Framing, across: float, up: float
) -> None:
    """Put a flat thing where the framed person is, ``across`` and ``up`` metres from the picture's middle."""
    item.parent = camera
    item.location = (across, up, -framing.distance)
    item.show_in_front = True
    stage.collection.objects.link(item)


def _add_legend(
    stage: Scene, subjects: Sequence[Subject], camera: bpy.types.Object, size: tuple[int, int], framing: Framing
) -> None:
    """The colours of the first subject that has any, with their range in centimetres."""
    if not any(modifier_of(subject.avatar.mesh) for subject in subjects):
        return
    low, high = LOW_CENTIMETRES, HIGH_CENTIMETRES
    width, letters, margin = (part * framing.height for part in (LEGEND_WIDTH, LEGEND_TEXT, LEGEND_MARGIN))
    left, top = margin + width / 2 - framing.height / 2 * size[0] / size[1], framing.height / 2 - margin
    _fix_to_camera(stage, camera, props.legend(RAMP, width, width / 12), framing, left, top)
    for content, across in ((f"{low:g}", -0.5), (f"{high:g} cm", 0.5)):
        text = props.text("legend", content, letters)
        _fix_to_camera(stage, camera, text, framing, left + across * width, top - 1.6 * letters)
