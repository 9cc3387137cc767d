"""In which order a table's numbers make a rotation: four of a quaternion, or angles; guessed where names do not say.

The guess is made from the motion, noted, and can be overruled. numpy only.
"""

from collections.abc import Mapping

import numpy as np

from ...notes import Note
from ..conventions import euler_to_quaternion, to_openxr
from ..guessing import EULER_ORDERS, LEAST_EVIDENCE, LEAST_LESS_ROLL, SAMPLES, convention_scores, rotate
from .columns import Columns, DeviceColumns
from .options import TableOptions
from .parsing import Table

FULL_TURN = 2 * np.pi
QUATERNION_ORDERS = ("wxyz", "xyzw")
"""The usual one of numbered columns first."""


def rotations_of(
    table: Table,
    columns: Columns | None,
    devices: Mapping[str, DeviceColumns],
    positions: Mapping[str, np.ndarray],
    options: TableOptions,
    notes: list[Note],
) -> dict[str, np.ndarray]:
    """role -> quaternions ``wxyz`` (N, 4) in the table's axes; ``positions`` role -> (N, 3) in metres."""
    rotations = {role: table.values[:, device.rotation] for role, device in devices.items()}
    numbered = [role for role, device in devices.items() if device.numbered]
    if numbered:
        order = options.quaternion_order or _quaternion_order(positions, rotations, options.convention, notes)
        places = [order.index(letter) for letter in "wxyz"]
        rotations |= {role: rotations[role][:, places] for role in numbered}
    angles = {role: rotation for role, rotation in rotations.items() if rotation.shape[1] == 3}
    if not angles:
        return rotations
    given = options.angle_unit or (columns.angle_unit if columns else None)
    largest = max((np.nanmax(np.abs(angle)) for angle in angles.values() if np.isfinite(angle).any()), default=0.0)
    unit = given or ("degrees" if largest > FULL_TURN else "radians")
    angles = {role: angle * (1.0 if unit == "degrees" else 180 / np.pi) for role, angle in angles.items()}
    order = options.euler_order or _euler_order(positions, angles, options.convention)
    if not (options.euler_order and given):
        notes.append(Note("angles_guessed", {"unit": unit, "order": order}))
    return rotations | {role: euler_to_quaternion(angle, order) for role, angle in angles.items()}


def _quaternion_order(positions, rotations, convention, notes):
    """The order under which the motion looks most like a person's."""
    scores = {}
    for order in QUATERNION_ORDERS:
        turned = {role: value[:, [order.index(x) for x in "wxyz"]] for role, value in rotations.items()}
        scores[order] = _best(positions, turned, convention)[0]
    usual, other = QUATERNION_ORDERS
    order = other if scores[other] > scores[usual] + LEAST_EVIDENCE else usual
    notes.append(Note("quaternions_guessed", {"order": order}))
    return order


def _euler_order(positions, angles, convention):
    """The order by which the head rolls least, in whatever axes then make a person of the motion.

    People nod and turn about, but hardly roll their heads; a rarer order must roll much less to be believed.
    """
    if set(angles) != set(positions):
        return EULER_ORDERS[0]
    step = max(1, len(positions["head"]) // SAMPLES)
    angles = {role: angle[::step] for role, angle in angles.items()}
    positions = {role: position[::step] for role, position in positions.items()}
    best, least = EULER_ORDERS[0], np.inf
    for order in EULER_ORDERS:
        turned = {role: euler_to_quaternion(angle, order) for role, angle in angles.items()}
        name = convention or _best(positions, turned, None)[1]
        _, head = to_openxr(positions["head"], turned["head"], name)
        sideways = rotate(head, np.array([1.0, 0, 0]))[:, 1]
        sideways = sideways[np.isfinite(sideways)]
        roll = float((sideways**2).mean() ** 0.5) if len(sideways) else 0.0
        if roll < LEAST_LESS_ROLL * least:
            best, least = order, roll
    return best


def _best(positions, rotations, convention):
    """Score and name of the convention that explains the motion best, or of the one that is given."""
    names = {} if convention is None else {"names": (convention,)}
    with np.errstate(all="ignore"):
        scores = convention_scores(positions, rotations, **names)
    name = max(scores, key=lambda name: scores[name])
    return scores[name], name
