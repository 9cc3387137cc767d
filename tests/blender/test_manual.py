"""The manual says what the buttons say: every name in it is one of the interface, or of Blender's own."""

import re
from pathlib import Path

import bpy
import pytest

from threepoint.blender_addon.animation import timing
from threepoint.blender_addon.avatar import correctives
from threepoint.blender_addon.engine import torch_builds
from threepoint.blender_addon.i18n.translations import LANGUAGES
from threepoint.blender_addon.operators import first_steps, importing, ranges
from threepoint.blender_addon.operators.predicting import KINDS
from threepoint.model_core.geometry.hand import FINGER_COUNT
from threepoint.model_core.geometry.skeleton import BODY_JOINT_COUNT, JOINT_COUNT

ROOT = Path(__file__).resolve().parent.parent.parent
OF_BLENDER = {
    "Auto IK", "Color: Attribute", "Copy Location", "Copy Rotation", "Copy Transforms", "File > Import > FBX",
    "Marker > Show Pose Markers", "Object > Relations > Make Local > All", "Object Properties > Viewport Display",
    "Only Deform Bones", "Preferences > Add-ons > Threepoint", "Stash", "Tool", "glTF", "Humanoid",
}  # fmt: skip
"""What other programs call something, and a way to what Threepoint's texts name."""
ELSEWHERE = {"Threepoint", "File > Import > Headset Recording", "Bone Names: Rigify", "VRM Humanoid", "Male Base Mesh"}
"""The tab, which is no text of a panel; texts that are the same in every language; a model's title."""
IN_OTHER_WORDS = {
    "Copy Calibration", "Find Bones", "Import Headset Recording", "Keep Bones", "Range at Playhead",
    "Range from Preview", "Threepoint: Help",
}  # fmt: skip
"""Buttons that are icons or have a text of their own, which the manual describes; the bones' are in characters.md."""


def manual(name):
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def names_in(text):
    """What stands between single asterisks."""
    text = re.sub(r"`[^`]*`", "", re.sub(r"```.*?```", "", text, flags=re.DOTALL)).replace("**", "\0")
    return {" ".join(found.split()) for found in re.findall(r"(?<![*\w])\*([^*\0]+?)\*(?![*\w])", text)}


@pytest.mark.parametrize("name", ["blender.md", "characters.md", "exports.md"])
def test_every_name_in_the_manual_is_one_of_the_interface(name):
    found = names_in(manual(name))
    assert len(found) > 4 and sorted(found - set(LANGUAGES["zh_HANS"]) - OF_BLENDER - ELSEWHERE) == []


def test_every_button_of_the_sidebar_is_in_the_manual():
    text = manual("blender.md") + manual("live.md")
    kinds = [getattr(bpy.types, name) for name in dir(bpy.types) if name.startswith("THREEPOINT_OT_")]
    labels = {kind.bl_label for kind in kinds} | {label for _, label, _ in KINDS}
    told = names_in(text) | set(re.findall(r"\*\*([^*]+)\*\*", text))
    assert sorted(labels - told - IN_OTHER_WORDS) == []


def test_numbers_in_the_manual_are_those_of_the_code():
    text = " ".join(manual("blender.md").split())
    for words in (
        f"files up to {importing.LARGEST_LOOKED_INTO >> 20} MB",
        f"the way in { {6: 'six'}[sum(str(said)[0].isdigit() for said in first_steps.WAY)] } steps",
        f"edges that blend over { {8: 'eight'}[timing.EDGE_FRAMES] } frames",
        f"{ {1.0: 'a second'}[ranges.AROUND_SECONDS] } on either side of the playhead",
        f"{JOINT_COUNT} bones that point along the limbs",
        f"{2 * FINGER_COUNT} bones more",
        f"up to {len(correctives.ENTRIES) * (BODY_JOINT_COUNT - 1)} driven shape keys",
        f"driver {torch_builds.CUDA_13_DRIVER} or newer | CUDA 13.0 (`{torch_builds.CUDA_13}`)",
        f"CUDA 12.6 (`{torch_builds.CUDA_12}`); a Blackwell with an older driver CUDA 12.8 "
        f"(`{torch_builds.CUDA_12_BLACKWELL}`)",
        f"(`{torch_builds.ROCM}`)",
    ):
        assert words in text, words
