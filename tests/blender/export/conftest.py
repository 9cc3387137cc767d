"""One avatar in every format, written once for all tests of a folder."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest


@pytest.fixture(scope="session")
def exported(tmp_path_factory):
    """``files`` by kind of a take at 29.97 frames a second that begins later than the scene, whose avatar stands
    somewhere else, turned and larger; ``fps``; ``joints`` (T, 24, 3), where the world has them, and ``own`` (T, 24, 3),
    where the person has them; ``skin`` (T, 2, 3), the mesh's bounds; ``uncertainty`` (T,), its mean in centimetres."""
    from bodies import animated_avatar, wild_motion
    from exports_made import BEGINS, RATE, SCENE_ENDS, SECONDS, looked_at, written

    from threepoint.blender_addon.avatar.uncertainty import mean_centimetres, read_uncertainty
    from threepoint.blender_addon.export.process import AvatarCopy
    from threepoint.blender_addon.state.new_file import empty_file
    from threepoint.model_core.body import load_body
    from threepoint.model_core.body.probes import choose_probes
    from threepoint.model_core.motion import Uncertainty

    folder = Path(tmp_path_factory.mktemp("exports"))
    scene = empty_file(60)
    scene.render.fps, scene.render.fps_base = RATE
    fps = RATE[0] / RATE[1]
    body = load_body()
    _, index, weight = choose_probes(body, 32)
    frames = round(SECONDS * 60) + 1
    waves = 0.07 + 0.06 * np.sin(2 * np.arange(frames)[:, None] / 60 + np.arange(32) / 5)
    motion = replace(
        wild_motion(frames, start=BEGINS / fps), uncertainty=Uncertainty(waves.astype(np.float32), index, weight)
    )
    avatar = animated_avatar(motion, body, "walker", scene)
    action = avatar.armature.animation_data.action
    armature = avatar.armature
    armature.location, armature.rotation_euler, armature.scale = (1.0, -2.0, 0.3), (0, 0, 0.7), (1.2, 1.2, 1.2)
    scene.frame_end = SCENE_ENDS
    first, last = (round(edge) for edge in action.frame_range)
    joints, own, skin = looked_at(avatar, range(first, last + 1))
    found = read_uncertainty(avatar.mesh, np.arange(first, last + 1))
    copy = AvatarCopy(armature, avatar.mesh, action, motion.betas, "")
    return SimpleNamespace(
        files=written(copy, scene, folder), fps=fps, joints=joints, own=own, skin=skin, frames=len(joints),
        title=action.name, uncertainty=mean_centimetres(found, found.probes), betas=motion.betas,
    )  # fmt: skip
