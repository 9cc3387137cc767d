"""One word for each thing in the code as well: names, options and files use the glossary's terms."""

import ast
import functools
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

from threepoint.tools.support.checkout import ROOT

NOT = {
    "recording": ("capture_file", "take_file"),
    "tracker": ("sensor", "tracking_point"),
    "role": ("tracker_kind", "tracker_type"),
    "dropout": ("outage", "blackout", "tracking_loss", "hand_gap", "hand_gaps", "tracking_gap"),
    "person": ("actor", "performer"),
    "stature": ("person_height", "body_height"),
    "offset": ("extrinsic", "extrinsics"),
    "betas": ("shape_parameters", "shape_params", "shape_coefficients"),
    "rest pose": ("bind_pose", "neutral_pose"),
    "rotation": ("orient", "orientation", "attitude", "quat", "quats"),
    "position": ("pos",),
    "predict": ("infer", "inferred", "reconstruct"),
    "take": ("take_variation", "take_variant"),
    "refinement": ("fine_tune", "finetune", "post_process", "postprocess"),
    "window": ("motion_chunk", "clip_window"),
    "sigma": ("std", "stds", "stdev", "std_dev", "standard_deviation"),
    "contact": ("footfall", "foot_plant", "footplant", "planted", "foot_lock"),
    "sliding": ("skating", "foot_slip"),
    "uncertainty": ("certainty", "sureness", "unsureness"),
    "engine": ("backend", "inference_server"),
    "avatar": ("dummy", "puppet", "mannequin"),
    "character": ("target_rig", "target_armature", "retarget_rig"),
    "keyframe": ("key_frame", "key_frames"),
    "shape key": ("blend_shape", "blendshape", "morph", "morph_key"),
    "pin": ("anchor_joint", "nail"),
    "live": ("realtime", "real_time"),
    "true": ("gt", "ground_truth"),
}
"""The word that the code has for a thing -> words for it that it has not, as parts of a name."""
NOT_OURS = {
    "sensor_fit": "Blender's camera",
    "_reconstruct_object": "pickle's own function",
    "latent_std": "what files of SAGE's weights call it",
    "gt_floor_pen": "a column of published tables",
    "gt_jitter": "a column of published tables",
    "gt_skate": "a column of published tables",
}
"""Names that are another's -> whose."""
FOLDERS = ("model_core", "blender_addon", "tools", "tests")
WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+")
HERE = Path(__file__).resolve()
FILES = [
    ROOT / "__init__.py",
    *(path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py")) if path != HERE),
]


@functools.cache
def refused(name: str) -> str | None:
    """The word in a name that the code does not have, None where there is none."""
    if name in NOT_OURS:
        return None
    parts = "_".join(word.lower() for word in WORDS.findall(name))
    return next((word for words in NOT.values() for word in words if f"_{word}_" in f"_{parts}_"), None)


def names_in(text: str) -> Iterator[str]:
    """What a module names: functions, classes, arguments, variables, attributes, operators and options."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if not node.name.startswith("test_"):  # A sentence.
                yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr
        elif isinstance(node, ast.alias) and node.asname:
            yield node.asname
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if re.fullmatch(r"--[a-z][a-z-]+|threepoint\.\w+", node.value):
                yield node.value


def test_names_in_the_code_are_the_glossarys_words():
    found = [f"{path.relative_to(ROOT)}: the file's name" for path in FILES if refused(path.stem)]
    for path in FILES:
        names = {name for name in names_in(path.read_text(encoding="utf-8")) if refused(name)}
        found += [f"{path.relative_to(ROOT)}: {name}: {refused(name)}" for name in sorted(names)]
    assert found == []


def test_other_words_are_found_in_names_of_all_kinds():
    text = """
    class SensorPose:
        rest_std: float = 0.0
        def turn_by(self, root_orient, *, quat=None):
            self.backend = left_footfall = 1
            parser.add_argument("--hand-gap")
            bl_idname = "threepoint.infer"
    from engines import server as inference_server
    """
    found = {name for name in names_in(textwrap.dedent(text)) if refused(name)}
    assert found == {"SensorPose", "rest_std", "root_orient", "quat", "backend", "left_footfall", "--hand-gap",
                     "threepoint.infer", "inference_server"}  # fmt: skip
    assert not any(map(refused, ("sensory", "standing", "positions", "quaternion", "sensor_fit")))


def test_the_words_for_things_are_the_glossarys():
    glossary = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").lower()
    assert [word for word in NOT if word not in glossary] == []
