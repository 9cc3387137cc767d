"""What a command was told of a motion, as the pipeline's ``Options``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...model_core.pipeline import Options


def pipeline_options(options: argparse.Namespace) -> Options:
    """The command's options as the pipeline's."""
    from ...model_core.body import load_body
    from ...model_core.calibration import load
    from ...model_core.pipeline import KnownPose, Options

    return Options(
        body=load_body(options.body), stature=options.stature, floor=options.floor, preset=options.controllers,
        pose=KnownPose(*options.pose) if options.pose else None,
        calibration=load(options.calibration) if options.calibration else None,
        device=options.device, seed=options.seed, refinement=options.refinement,
    ).validate()  # fmt: skip
