"""Single frames of true clips, as FLAG's experiments see and score them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ....model_core.evaluation.methods import observe_truth
from ....model_core.evaluation.metrics import UPPER
from ....model_core.flag.evidence import Evidence, gather_evidence
from ....model_core.flag.model import Flag
from ....model_core.geometry.kinematics import forward_kinematics
from ....model_core.geometry.skeleton import PELVIS
from ....model_core.mocap.clips import Clip
from ....model_core.sage.inference import predict
from ....model_core.sage.model import Sage

CM = 100.0


@dataclass(frozen=True)
class Frames:
    """N frames, head and both hands seen as they truly are. Tensors, the model's frame, metres.

    ``rotations`` (N, 3, 3, 3) and ``positions`` (N, 3, 3) of head and wrists, ``local`` (N, 22, 3, 3) and ``joints``
    (N, 22, 3) of the true body, ``sage`` (N, 22, 3, 3) local rotations that SAGE predicts, ``rest_joints`` (22, 3).
    """

    rotations: torch.Tensor
    positions: torch.Tensor
    local: torch.Tensor
    joints: torch.Tensor
    sage: torch.Tensor
    rest_joints: torch.Tensor

    def __len__(self) -> int:
        return len(self.joints)

    def some(self, count: int) -> "Frames":
        """At most ``count`` of the frames, evenly chosen."""
        chosen = torch.linspace(0, len(self) - 1, min(count, len(self))).long()
        return Frames(
            self.rotations[chosen],
            self.positions[chosen],
            self.local[chosen],
            self.joints[chosen],
            self.sage[chosen],
            self.rest_joints,
        )

    def evidence(self, flag: Flag) -> Evidence:
        """``evidence.Evidence`` as a model of either mode wants it."""
        valid = torch.ones(len(self), 3)
        pelvis = self.joints[:, PELVIS] if flag.config.mode == "pelvis" else None
        return gather_evidence(flag, self.rotations, self.positions, valid, self.rest_joints, pelvis)

    def codes(self, flag: Flag, evidence: Evidence) -> tuple[torch.Tensor, torch.Tensor]:
        """The true poses (N, 66) as the flow's x, and their oracle latent codes z* (N, 66)."""
        x = flag.pose.encode(self.local, evidence.heading)
        return x, flag.flow.inverse(x, evidence.context)[0]

    def errors(self, flag: Flag, x: torch.Tensor, evidence: Evidence) -> torch.Tensor:
        """Distance (N, 22) in cm of the joints of poses x from the true ones, pelvises together, as in the paper."""
        local = flag.pose.decode(x, evidence.heading)
        _, joints = forward_kinematics(local, torch.zeros(len(self), 3), self.rest_joints)
        true = self.joints - self.joints[:, PELVIS, None]
        return CM * (joints - joints[:, PELVIS, None] - true).norm(dim=-1)

    def score(self, flag: Flag, x: torch.Tensor, evidence: Evidence) -> dict[str, float]:
        """Upper and full MPJPE in cm."""
        errors = self.errors(flag, x, evidence)
        return {"upper": float(errors[:, list(UPPER)].mean()), "full": float(errors.mean())}


def frames_of(clips: Sequence[Clip], every: int, sage: Sage) -> Frames:
    """``Frames``: every so many of each clip's, with what ``sage`` makes of the whole clip."""
    parts = []
    for clip in clips:
        observation, shown = observe_truth(clip), slice(None, None, every)
        predicted = predict(sage, observation, clip.rest_joints).rotations.cpu()
        arrays = observation.rotations, observation.positions, clip.rotations(), clip.world()[1], predicted.numpy()
        parts.append([torch.from_numpy(np.asarray(array[shown], np.float32)) for array in arrays])
    rest_joints = torch.from_numpy(clips[0].rest_joints).float()
    rotations, positions, local, joints, sage_local = (torch.cat(values) for values in zip(*parts, strict=True))
    return Frames(rotations, positions, local, joints, sage_local, rest_joints)
