"""One frame of head and wrists in, the body that meets them out: SAGE's stream, then arms and feet in closed form."""

from dataclasses import dataclass

import numpy as np
import torch

from ..body.foot_contacts import foot_rest_heights
from ..geometry.kinematics import forward_kinematics
from ..geometry.skeleton import ANKLES, BODY_JOINT_COUNT
from ..observation import Observation
from ..refinement.closed_form.legs import LEG_JOINTS, bent_legs
from ..sage.inference import Prediction
from ..sage.model import Sage
from ..sage.streaming import SageStream
from .arms import LiveArms
from .feet import LiveFeet
from .head import LiveHead


@dataclass(frozen=True)
class BodyFrame:
    """Local ``rotations`` (22, 3, 3) and the pelvis' ``translation`` (3,) in the model's frame with the floor at y = 0;
    ``contacts`` (4,) as in ``motion.Motion``; the person's ``rest_joints`` (22, 3)."""

    rotations: np.ndarray
    translation: np.ndarray
    contacts: np.ndarray
    rest_joints: np.ndarray

    @property
    def joints(self) -> np.ndarray:
        """The joints' positions (22, 3) metres."""
        return forward_kinematics(self.rotations, self.translation, self.rest_joints)[1]


class LiveBody:
    """A body of one person, frame by frame at ``FPS``."""

    def __init__(self, sage: Sage, rest_joints: np.ndarray) -> None:
        """``rest_joints`` (22 or 24, 3) of the person; ``sage`` may be on any device."""
        self._rest = np.asarray(rest_joints, np.float32)[:BODY_JOINT_COUNT]
        self._stream = SageStream(sage, self._rest)
        self._arms, self._feet = LiveArms(self._rest), LiveFeet(self._rest, foot_rest_heights(self._rest))
        self._head = LiveHead()

    def change_person(self, rest_joints: np.ndarray) -> None:
        """Go on with another person's rest joints (22 or 24, 3)."""
        self._rest = np.asarray(rest_joints, np.float32)[:BODY_JOINT_COUNT]
        self._stream.change_person(self._rest)
        self._arms.change_person(self._rest)
        self._feet.change_person(self._rest, foot_rest_heights(self._rest))

    @torch.inference_mode()
    def step(self, rotations: np.ndarray, positions: np.ndarray, valid: np.ndarray) -> BodyFrame:
        """The next frame, of head and wrists, (3, 3, 3), (3, 3) and (3,) bool, as in ``observation.Observation``."""
        rotations, positions = self._head.step(
            np.asarray(rotations, np.float32), np.asarray(positions, np.float32), bool(valid[0])
        )
        local, translation = self._stream.step(rotations, positions, valid)
        world, joints = self._stream.world.astype(np.float64), self._stream.joints.astype(np.float64)
        solved = self._arms.step(local.numpy(), world, joints, rotations, positions, valid)
        # Arms and head, which were turned, move no foot: legs are where the stream has them.
        places, turned = self._feet.step(joints, world[list(ANKLES)], self._stream.contacts)
        solved[LEG_JOINTS] = np.concatenate(bent_legs(world[None], joints[None], places[None], turned[None]), 1)[0]
        return BodyFrame(solved.astype(np.float32), translation.numpy(), self._stream.contacts.copy(), self._rest)


def follow(sage: Sage, observation: Observation, rest_joints: np.ndarray) -> Prediction:
    """The body of a whole ``Observation`` as it would have been live, each frame from those before it; on the CPU."""
    body = LiveBody(sage, rest_joints)
    frames = zip(observation.rotations, observation.positions, observation.valid, strict=True)
    found = [body.step(*frame) for frame in frames]
    parts = ([getattr(frame, name) for frame in found] for name in ("rotations", "translation", "contacts"))
    return Prediction(*(torch.from_numpy(np.stack(part)) for part in parts))
