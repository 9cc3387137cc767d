"""What every test needs: the package under its name, and the material outside the repository where it is at hand."""

import os
import sys
from pathlib import Path

import pytest

# The tests' tensors are small: one thread is faster than several that wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")

sys.path.insert(0, str(Path(__file__).resolve().parent))  # Where what several tests share lies.

from threepoint.tools.support.checkout import SHARED  # noqa: E402


def pytest_collection_modifyitems(items):
    """Slow tests come last: a mistake that a quick one finds is seen at once."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is not None)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """Commands that a test runs in this process set torch's threads, which the next test must not inherit: two that
    wait for each other on a core that another suite needs take ten times as long."""
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))


@pytest.fixture(scope="session")
def shared():
    """Folder of mocap and recordings beside the checkout; tests that need it skip without it."""
    if not SHARED.is_dir():
        pytest.skip(f"needs the folder {SHARED.name} beside the checkout")
    return SHARED


@pytest.fixture(scope="session")
def make_clip():
    """``make_clip(frames)``: a person on the default body who sways, bends the knees, turns and waves on still feet."""
    import numpy as np

    from threepoint.model_core.body import load_body
    from threepoint.model_core.geometry.kinematics import forward_kinematics
    from threepoint.model_core.geometry.rotations import axis_angle_to_matrix
    from threepoint.model_core.mocap.clips import Clip

    def make(frames):
        body = load_body()
        rest, sole = body.rest_joints(np.zeros(10))[:22], float(body.sole(np.zeros(10)))
        phase = np.linspace(0, 2 * np.pi * frames / 120, frames)
        poses = np.zeros((frames, 22, 3))
        bend = 0.3 * (1 - np.cos(phase))
        for hip, knee, ankle in ((1, 4, 7), (2, 5, 8)):
            poses[:, hip, 0], poses[:, knee, 0], poses[:, ankle, 0] = -bend, 2 * bend, -bend
        poses[:, 3, 1], poses[:, 6, 0], poses[:, 15, 1] = 0.2 * np.sin(phase), 0.1 * np.sin(phase), -0.3 * np.sin(phase)
        poses[:, 16, 2], poses[:, 17, 2] = -1.2 + 0.4 * np.sin(phase), 1.2
        poses[:, 18, 1], poses[:, 19, 1] = -0.6 - 0.5 * np.sin(2 * phase), 0.4
        poses[:, 20, 0], poses[:, 21, 0] = 0.4 * np.sin(phase), -0.2
        _, positions = forward_kinematics(axis_angle_to_matrix(poses), np.zeros((frames, 3)), rest)
        translation = rest[7] - [0, sole, 0] - positions[:, 7]
        meta = {"name": "swaying", "subject": 7, "activity": "sway", "source": "made up", "split": "train", "flags": []}
        poses = poses.reshape(frames, 66).astype(np.float32)
        return Clip("swaying", poses, translation.astype(np.float32), rest, sole, meta)

    return make


@pytest.fixture(scope="session")
def make_recording():
    """``make_recording(seconds, fps)``: head and hands of a person of 1.75 m who looks about, in OpenXR's frame.

    ``turn`` degrees about the vertical and ``move`` metres place the person elsewhere in the room.
    """
    import numpy as np

    from threepoint.model_core.geometry.rotations import (
        axis_angle_to_quaternion,
        quaternion_multiply,
        quaternion_to_matrix,
    )
    from threepoint.model_core.recordings import Recording, Track

    def make(seconds=2.0, fps=72.0, turn=0.0, move=(0.0, 0.0, 0.0), device="grip"):
        time = np.arange(round(seconds * fps) + 1) / fps
        rng = np.random.default_rng(5)

        def sway(amounts, rate):
            # Living hands are never still: a slow swing and a tremor of a tenth of a millimetre.
            swing = np.sin(rate * time[:, None] + np.arange(3)) * np.array(amounts)
            return swing + rng.normal(0, 1e-4, (len(time), 3))

        places = {"head": (0.0, 1.62, 0.0), "left_hand": (-0.18, 1.25, -0.28), "right_hand": (0.18, 1.25, -0.28)}
        around = axis_angle_to_quaternion(np.array([0, np.radians(turn), 0]))
        tracks = {}
        for number, (role, place) in enumerate(places.items()):
            amount = 0.02 if role == "head" else 0.08
            position = np.array(place) + sway([amount] * 3, 1.3 + 0.2 * number)
            rotation = axis_angle_to_quaternion(sway([0.15, 0.3, 0.1], 0.9 + 0.3 * number))
            position = position @ quaternion_to_matrix(around).T + np.array(move)
            rotation = quaternion_multiply(np.broadcast_to(around, rotation.shape), rotation)
            tracks[role] = Track(position, rotation, np.ones(len(time), bool))
        return Recording(time, tracks, "made up", device).validate()

    return make


@pytest.fixture(scope="session")
def networks():
    """The networks that come with Threepoint, on the CPU, read once for all tests, none of which may change them."""
    from threepoint.model_core.pipeline import load_networks

    return load_networks("cpu")


@pytest.fixture(scope="session")
def body():
    """The default body."""
    from threepoint.model_core.body import load_body

    return load_body()
