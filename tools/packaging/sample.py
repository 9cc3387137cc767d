"""Cut the extension's sample: ``.venv/bin/python -m threepoint.tools.packaging.sample grabRight.json``.

The file is ``examples/recordings/grabRight.json`` of the npm package aframe-motion-capture-components 0.2.7. What is
kept of it is an A-Frame capture as well: ``model_core/recordings/formats/aframe.py`` says what is in one.
"""

import json
import sys
from pathlib import Path
from typing import Any

from ...blender_addon.sample import SAMPLE
from ...model_core.whole_files import write_whole

BEGIN, END = 0.6, 10.6
"""Seconds, counted from the first pose: the headset is on, and the hands hold their controllers."""
EVERY = 2
"""Of some 90 poses a second every second one is kept, so that the file stays small."""
AXIS_DECIMALS = {"position": 4, "rotation": 4}
"""Of metres and of degrees."""
TIME_DECIMALS = 1
"""Of milliseconds."""


def cut(capture: dict[str, Any]) -> dict[str, Any]:
    """An A-Frame capture from ``BEGIN`` to ``END`` without its buttons; its time counts from 0."""
    first = min(entity["poses"][0]["timestamp"] for entity in capture.values()) + 1000 * BEGIN
    return {key: {"poses": _cut_poses(entity["poses"], first)} for key, entity in capture.items()}


def _cut_poses(poses: list[dict[str, Any]], first: float) -> list[dict[str, Any]]:
    inside = [pose for pose in poses if 0 <= pose["timestamp"] - first <= 1000 * (END - BEGIN)]
    return [_rounded(pose, first) for pose in inside[::EVERY]]


def _rounded(pose: dict[str, Any], first: float) -> dict[str, Any]:
    vectors = {
        key: {axis: round(pose[key][axis], decimals) for axis in "xyz"} for key, decimals in AXIS_DECIMALS.items()
    }
    return vectors | {"timestamp": round(pose["timestamp"] - first, TIME_DECIMALS)}


if __name__ == "__main__":
    shortened = cut(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    write_whole(SAMPLE, json.dumps(shortened, separators=(",", ":")) + "\n")
