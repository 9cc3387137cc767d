"""Motions on every character of a folder and on made-up ones: a table of what was measured, and a picture of each, with
hands as its size has them preset.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from ....blender_addon.animation.curves import make_action, use_action
from ....blender_addon.bpy_types import ArmatureObject, Scene
from ....blender_addon.characters.bones.finding import find_bones
from ....blender_addon.characters.channels import Placement
from ....blender_addon.characters.choices import ON_HIPS, PLAYER, ROTATIONS, SCALED, Choices
from ....blender_addon.characters.files import SUFFIXES, humanoid_in, import_character
from ....blender_addon.characters.putting import carry, fitting_choice, write_carried
from ....blender_addon.characters.reading import read_rest
from ....blender_addon.quiet import quiet
from ....blender_addon.state.new_file import empty_file
from ....model_core.body import Body
from ....model_core.errors import InputError
from ....model_core.motion import Motion
from ....model_core.progress import Progress
from .made_up_rigs import WORST, make_rig
from .measuring import blender_difference, measure
from .pictures import draw_character
from .rigify import GENERATED, METARIG, make_rigify

FPS = 30
COLUMNS = {
    "hands": "cm, worst distance of a hand from its goal where that is within reach and the arm has the time for it",
    "reachable": "%, goals within reach",
    "passing": "%, goals within reach that are missed by 1 cm or more, since the arm would have to turn too fast",
    "passed": "cm, worst distance of a hand from these",
    "hands_scaled": "cm, the same with hands in the character's scale",
    "slide": "cm/s, how much faster standing feet move than the player's",
    "sole": "cm, worst distance of a standing sole from the floor, rotations only left out",
    "sole_rotations": "cm, the same of the lower one with rotations only, where no foot of the player's is under it",
    "other_rotations": "cm, the same of all with rotations only, where directions count more",
    "sunk_rotations": "cm, furthest that any sole is below the floor with rotations only",
    "directions": "degrees, worst angle of a limb with rotations only",
    "flip": "degrees a frame, most that a bone turns beyond the player's fastest joint, in all that is preset",
    "flip_player": "degrees a frame, the same with hands as the player's, preset for those of their size alone",
    "blender": "cm, worst difference of hands and feet in Blender from what was computed",
}
"""What the table shows: name -> unit and meaning."""


@dataclass(frozen=True)
class Subject:
    """A character in a scene of its own: its armature, and what its file says of its bones."""

    name: str
    armature: ArmatureObject
    humanoid: dict[str, str]
    scene: Scene


def _files_in(folder: Path) -> dict[str, Path]:
    """The characters' files below a folder, by the name of their own folder, with the suffix where it has several, or
    by their path where that is another's name, too.
    """
    found = {}
    for path in sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES):
        several = sum(other.suffix.lower() in SUFFIXES for other in path.parent.iterdir()) > 1
        name = path.parent.name + (path.suffix if several else "")
        found[str(path.relative_to(folder)) if name in found else name] = path
    return found


def check_names(folder: Path, only: Sequence[str]) -> None:
    """Raise ``InputError`` where there is no character of one of these names."""
    names = (*_files_in(folder), METARIG, GENERATED, *WORST)
    for name in only:
        if name not in names:
            raise InputError(f"evaluate: --only {name}: there is no such character; there are: {', '.join(names)}")


def subjects_in(folder: Path, only: Sequence[str] = ()) -> Iterator[tuple[str, Subject | None]]:
    """Every character of a folder by name: files, then Rigify's, then made-up ones; or ``only`` those named.

    None in place of Rigify's where this Blender has no Rigify.
    """
    files = _files_in(folder)
    for name in (*files, METARIG, GENERATED, *WORST):
        if only and name not in only:
            continue
        scene, humanoid = empty_file(FPS), {}
        with quiet():
            if name in files:
                armature, humanoid = import_character(files[name], scene), humanoid_in(files[name])
            else:
                armature = make_rig(WORST[name], name, scene) if name in WORST else make_rigify(name)
        bpy.context.view_layer.update()  # pyright: ignore[reportOptionalMemberAccess]
        yield name, None if armature is None else Subject(name, armature, humanoid, scene)


def evaluate_characters(
    folder: Path, motions: Sequence[tuple[str, Motion]], body: Body, progress: Progress, pictures: Path | None,
    only: Sequence[str] = (),
) -> list[dict[str, Any]]:  # fmt: skip
    """A row for each character, or of those named by ``only``, and motion."""
    rows = []
    for number, (character, subject) in enumerate(subjects_in(folder, only)):
        progress(min(number / 32, 0.99), character)
        for name, motion in motions:
            row: dict[str, Any] = {"character": character, "motion": name}
            try:
                if subject is None:
                    raise InputError("this Blender has no Rigify")
                picture = None if pictures is None else pictures / f"{subject.name}_{name}.png"
                row |= _row(subject, motion, body, picture)
            except InputError as error:
                row["refused"] = str(error)
            rows.append(row)
    return rows


def _row(subject: Subject, motion: Motion, body: Body, picture: Path | None) -> dict[str, float]:
    bones, found = find_bones(read_rest(subject.armature), subject.humanoid), {}
    for hands in (ROTATIONS, SCALED, PLAYER):
        choices = Choices(hands, ON_HIPS)
        carried = carry(motion, body, subject.armature, bones, subject.scene, choices, Placement())
        figures = measure(carried, hands)
        if hands == SCALED:
            found["hands_scaled"] = figures["hands"]
        found["slide"] = max(found.get("slide", -100.0), figures["slide"])
        preset = fitting_choice(body.rest_joints(motion.betas), carried.character)
        if hands in (ROTATIONS, SCALED, preset):
            found["flip"] = max(found.get("flip", 0.0), figures["flip"])
        if hands == ROTATIONS:
            found |= {"directions": figures["directions"], "sole_rotations": figures["lower"],
                      "other_rotations": figures["sole"], "sunk_rotations": figures["sunk"]}  # fmt: skip
        else:
            found["sole"] = max(found.get("sole", 0.0), figures["sole"])
        if hands == PLAYER:
            found |= {name: figures[name] for name in ("hands", "reachable", "passing", "passed")}
            found["flip_player"] = figures["flip"]
        if hands in (PLAYER, preset):
            action = make_action(subject.armature, "evaluated").action
            write_carried(subject.armature, action, carried)
            use_action(subject.armature, action)
            found["blender"] = max(
                found.get("blender", 0.0), blender_difference(subject.armature, carried, subject.scene)
            )
            if picture is not None and hands == preset:
                with quiet():
                    draw_character(picture, subject.armature, carried, subject.scene)
            subject.armature.animation_data.action = None
            bpy.data.actions.remove(action)
    return {name: found[name] for name in COLUMNS}


def format_rows(rows: Iterable[dict[str, Any]]) -> str:
    """The table as text, with what its columns mean below."""
    lines = [f"{'character':<30}{'motion':<12}" + "".join(f"{name:>15}" for name in COLUMNS)]
    for row in rows:
        start = f"{row['character'][:29]:<30}{row['motion'][:11]:<12}"
        if "refused" in row:
            lines.append(start + f"  refused: {row['refused']}")
        else:
            lines.append(start + "".join(f"{row[name]:>15.2f}" for name in COLUMNS))
    return "\n".join([*lines, "", *(f"{name}: {meaning}" for name, meaning in COLUMNS.items())])
