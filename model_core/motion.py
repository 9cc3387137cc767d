"""The result of the pipeline: a person's motion in the model's frame, and how sure it is (numpy only)."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .errors import InputError
from .geometry.rotations import slerp
from .geometry.skeleton import BODY_JOINT_COUNT, FEET
from .notes import Note

BETA_COUNT = 10


@dataclass(frozen=True)
class Uncertainty:
    """Distance in metres by which the body may be off, at some vertices of the mesh over time.

    ``probes`` (T, P) float32 are the values at P vertices; every vertex v of the mesh mixes four of them:
    ``sum_k weight[v, k] * probes[t, index[v, k]]`` with ``index`` (V, 4) int32 and ``weight`` (V, 4) float32.
    """

    probes: np.ndarray
    index: np.ndarray
    weight: np.ndarray


@dataclass(frozen=True)
class Motion:
    """A body's motion in the model's frame (+Y up, metres, floor at y = 0).

    ``rotations`` (T, 22, 4): unit ``wxyz``, the pelvis's global orient first, then each joint relative to its parent.
    ``translation`` (T, 3): position of the pelvis joint. ``fps`` frames a second; frame 0 is at ``start`` seconds of
    the recording's clock. ``betas`` (10,): SMPL shape. ``floor``: height in metres, in the recording's space, of the
    floor that is at y = 0 here. ``contacts`` (T, 4) float32: the probability that each of ``skeleton.FEET`` stands
    still on the floor, as refinement took it; None where nothing says so. ``provenance``: what made it (seed, take,
    ...), values that JSON holds. ``notes``: what calibration found.
    """

    fps: float
    rotations: np.ndarray
    translation: np.ndarray
    betas: np.ndarray
    start: float = 0.0
    floor: float = 0.0
    uncertainty: Uncertainty | None = None
    provenance: dict[str, Any] = field(default_factory=dict)
    contacts: np.ndarray | None = None
    notes: tuple[Note, ...] = ()

    @property
    def frame_count(self) -> int:
        return len(self.translation)

    @property
    def duration(self) -> float:
        """Seconds from the first frame to the last."""
        return (self.frame_count - 1) / self.fps

    def at(self, seconds: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """Rotations (n, 22, 4), translation (n, 3) and contacts (n, 4) or None at ``seconds`` (n,) of the clock.

        Between frames on the sphere and on the line; before the first frame and after the last one holds.
        """
        position = np.clip((np.asarray(seconds) - self.start) * self.fps, 0, self.frame_count - 1)
        before = np.floor(position).astype(int)
        after = np.minimum(before + 1, self.frame_count - 1)
        part = position - before
        rotations = slerp(self.rotations[before].astype(np.float64), self.rotations[after], part[:, None])

        def between(values: np.ndarray) -> np.ndarray:
            return values[before] + part[:, None] * (values[after].astype(np.float64) - values[before])

        contacts = None if self.contacts is None else between(self.contacts)
        return rotations, between(self.translation), contacts

    def validate(self) -> "Motion":
        """Return self, or raise ``InputError`` naming what is wrong."""
        frames = self.frame_count
        if frames < 1 or self.rotations.shape != (frames, BODY_JOINT_COUNT, 4) or self.translation.shape != (frames, 3):
            raise InputError(
                f"motion: rotations {self.rotations.shape} and translation {self.translation.shape} "
                f"should be (T, {BODY_JOINT_COUNT}, 4) and (T, 3)"
            )
        if self.betas.shape != (BETA_COUNT,):
            raise InputError(f"motion: betas {self.betas.shape} should be ({BETA_COUNT},)")
        if not self.fps > 0:
            raise InputError(f"motion: fps is {self.fps}, should be positive")
        if self.contacts is not None and self.contacts.shape != (frames, len(FEET)):
            raise InputError(f"motion: contacts {self.contacts.shape} should be ({frames}, {len(FEET)})")
        if not (np.isfinite(self.rotations).all() and np.isfinite(self.translation).all()):
            raise InputError("motion: has values that are not finite")
        return self
