"""Clips of SMPL motion in one npz: what ``prepare`` writes, training reads and evaluation scores."""

import json
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError
from ..geometry.kinematics import forward_kinematics
from ..geometry.rotations import axis_angle_to_matrix
from ..geometry.skeleton import BODY_JOINT_COUNT
from ..observation import FPS
from .clip_storage import pack, unpack

NEUTRAL_SOLE = -1.163
"""y of the lowest vertex of SMPL's neutral body at rest, in metres: where a clip file does not say."""


@dataclass(frozen=True)
class Clip:
    """One clip at 60 Hz in the model's frame, floor at y = 0.

    ``poses`` (T, 66) axis-angle, the global orient first; ``translation`` (T, 3) of the pelvis joint; ``rest_joints``
    (22, 3); ``sole`` the y of the lowest point of the body at rest; ``meta``: name, subject, activity, source, split,
    skeleton, flags.
    """

    name: str
    poses: np.ndarray
    translation: np.ndarray
    rest_joints: np.ndarray
    sole: float
    meta: dict[str, Any]

    def __len__(self) -> int:
        return len(self.translation)

    def rotations(self) -> np.ndarray:
        """Local rotations (T, 22, 3, 3), float64."""
        return axis_angle_to_matrix(self.poses.reshape(-1, BODY_JOINT_COUNT, 3).astype(np.float64))

    def world(self) -> tuple[np.ndarray, np.ndarray]:
        """World rotations (T, 22, 3, 3) and joint positions (T, 22, 3), float64."""
        return forward_kinematics(self.rotations(), self.translation.astype(np.float64), self.rest_joints)


@dataclass(frozen=True)
class Clips:
    """Many clips on one skeleton. Arrays of all clips one after the other: see ``Clip``; ``starts`` (C,)."""

    poses: np.ndarray
    translation: np.ndarray
    starts: np.ndarray
    rest_joints: np.ndarray
    sole: float
    meta: tuple[dict[str, Any], ...]

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, index: int) -> Clip:
        start = int(self.starts[index])
        end = int(self.starts[index + 1]) if index + 1 < len(self) else len(self.poses)
        meta = self.meta[index]
        return Clip(meta["name"], self.poses[start:end], self.translation[start:end], self.rest_joints, self.sole, meta)

    def __iter__(self) -> Iterator[Clip]:
        return (self[index] for index in range(len(self)))

    def every(self, step: int) -> "Clips":
        """Every ``step``-th clip, from the first on."""
        chosen = [self[index] for index in range(0, len(self), step)]
        return Clips(
            np.concatenate([clip.poses for clip in chosen]),
            np.concatenate([clip.translation for clip in chosen]),
            np.cumsum([0] + [len(clip) for clip in chosen])[:-1],
            self.rest_joints,
            self.sole,
            tuple(clip.meta for clip in chosen),
        )

    @property
    def minutes(self) -> float:
        return len(self.poses) / FPS / 60


def save_clips(path: Path, clips: Sequence[Clip]) -> None:
    """Write clips that share one skeleton, compactly: joints come back within a tenth of a millimetre."""
    starts = np.cumsum([0] + [len(clip) for clip in clips])[:-1].astype(np.int64)
    poses = np.concatenate([clip.poses for clip in clips])
    translation = np.concatenate([clip.translation for clip in clips])
    np.savez_compressed(
        path,
        names=np.array([clip.name for clip in clips]),
        starts=starts,
        fps=np.int64(FPS),
        rest_joints=clips[0].rest_joints.astype(np.float32),
        sole=np.float32(clips[0].sole),
        meta=np.frombuffer(json.dumps([clip.meta for clip in clips]).encode(), np.uint8),
        **pack(poses, translation, starts),
    )


def load_clips(path: Path) -> Clips:
    """Read a file of clips, compact or with plain arrays ``poses`` and ``trans``; ``InputError`` where it is none."""
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file of clips; `python3 tools prepare` writes them")
    try:
        with np.load(path, allow_pickle=False) as data:
            names, fps = [str(name) for name in data["names"]], float(data["fps"])
            meta = json.loads(bytes(data["meta"]).decode()) if "meta" in data else [{"name": name} for name in names]
            sole = float(data["sole"]) if "sole" in data else NEUTRAL_SOLE
            starts, rest_joints = data["starts"], data["rest_joints"].astype(np.float64)
            motion = unpack(data, starts) if "steps" in data else (data["poses"], data["trans"])
            clips = Clips(*motion, starts, rest_joints, sole, tuple(meta))
    except (OSError, ValueError, IndexError, KeyError, zipfile.BadZipFile, EOFError) as error:
        raise InputError(f"{path}: not a file of clips as `python3 tools prepare` writes them: {error}") from error
    if fps != FPS or clips.poses.shape[1:] != (3 * BODY_JOINT_COUNT,) or len(clips.poses) != len(clips.translation):
        shape = f"poses (N, {3 * BODY_JOINT_COUNT}) and trans (N, 3)"
        raise InputError(f"{path}: clips should be at {FPS:g} Hz with {shape}")
    return clips
