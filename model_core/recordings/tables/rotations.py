"""How a table's numbers make rotations, and in which axes: all possible readings compared on the motion (numpy only).

A reading is an order of quaternions that are only numbered, an order of angles, and a convention of axes. They are
judged together, for each is only right with the others.
"""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from ...notes import Note
from ..conventions import CONVENTIONS, euler_to_quaternion
from ..evidence import log_likelihoods, observe, probabilities, roll, stretches
from ..guessing import EULER_ORDERS, guess_note
from .columns import DeviceColumns
from .options import TableOptions

FULL_TURN = 2 * np.pi
QUATERNION_ORDERS = ("wxyz", "xyzw")
QUATERNION_PRIOR = {"wxyz": 0.0, "xyzw": 0.0}
VECTOR_PRIOR = {"wxyz": -1.5, "xyzw": 0.0}
"""Vectors in one cell are mostly written x, y, z, w."""
USUAL_ORDERS = {
    "openxr": ("YXZ", "XYZ"), "unity": ("YXZ",), "gltf": ("YXZ", "XYZ"), "unreal": ("ZYX",), "ros": ("ZYX",),
    "z_up": ("ZYX", "ZXY"), "blender": ("ZYX", "ZXY"),
}  # fmt: skip
PER_JUMP, MOST_JUMPS = 6.0, 6
"""Evidence against a reading for each step in which a tracker turns farther than anybody could."""
SURE_ORDER = 0.985
"""Probability from which an order of angles is called sure: heads that hardly roll tell little of it."""
SECOND_ORDER, RARE_ORDER = -1.0, -4.5
"""Log-likelihoods of a convention's second usual order, and of one that is not usual with it."""
TURNS = {
    "openxr": "xyz", "unity": "xyz", "gltf": "xyz", "unreal": "yzx", "ros": "yzx", "z_up": "xzy", "blender": "xzy",
}  # fmt: skip
"""About which axes pitch, yaw and roll go."""
TURN_SIGNS = {"unreal": (-1.0, 1.0, -1.0)}
"""Unreal's pitch looks up and its roll leans right."""
TURN_ORDERS = {"xyz": ("YXZ",), "yzx": ("ZYX",), "xzy": ("ZXY",)}
"""Yaw, then pitch, then roll."""


@dataclass(frozen=True)
class Reading:
    """One way to read a table's rotations."""

    quaternions: str
    angles: str
    convention: str


def read_rotations(
    values: Mapping[str, np.ndarray],
    devices: Mapping[str, DeviceColumns],
    times: Mapping[str, np.ndarray],
    positions: Mapping[str, np.ndarray],
    options: TableOptions,
    angle_unit: str | None,
    notes: list[Note],
    vectors: bool = False,
) -> tuple[dict[str, np.ndarray], str]:
    """role -> quaternions ``wxyz`` (N, 4) in the table's axes, and the name of the convention of these.

    ``values`` role -> (N, 4) or (N, 3) numbers as the table has them, ``positions`` in metres, ``times`` in seconds.
    ``vectors``: numbered quaternions came out of single cells.
    """
    layouts = {device.layout for device in devices.values()}
    given = options.angle_unit or angle_unit
    values, unit = in_degrees(values, devices, given)
    scores = reading_scores(values, devices, times, positions, options, vectors)
    best = _choose(scores, layouts, options, unit, bool(given), notes)
    read = {
        role: to_quaternions(values[role], device.layout, best.quaternions, best.angles, best.convention)
        for role, device in devices.items()
    }
    return read, best.convention


def in_degrees(
    values: Mapping[str, np.ndarray], devices: Mapping[str, DeviceColumns], given: str | None
) -> tuple[dict[str, np.ndarray], str]:
    """The values with angles in degrees, and the unit that they were in: ``given``, or found by their size."""
    angles = [role for role, device in devices.items() if device.layout in ("xyz", "turns")]
    unit = _angle_unit({role: values[role] for role in angles}, given) if angles else ""
    if unit != "radians":
        return dict(values), unit
    return dict(values) | {role: np.degrees(values[role]) for role in angles}, unit


def reading_scores(
    values: Mapping[str, np.ndarray],
    devices: Mapping[str, DeviceColumns],
    times: Mapping[str, np.ndarray],
    positions: Mapping[str, np.ndarray],
    options: TableOptions,
    vectors: bool = False,
) -> dict[Reading, float]:
    """The log-likelihood of each possible ``Reading``; of ``values`` angles are in degrees."""
    layouts = {device.layout for device in devices.values()}
    angles = layouts & {"xyz", "turns"}
    rows = {role: stretches(len(positions[role])) for role in devices}
    head = rows["head"]
    # Trackers with clocks of their own are looked at where the head was seen, as near as their samples come.
    near = {role: head if len(positions[role]) == len(positions["head"]) else _nearest(times[role], times["head"][head])
            for role in devices}  # fmt: skip
    scores: dict[Reading, float] = {}
    for quaternions, order, names in _choices(layouts, options):
        turned = {}
        for role, device in devices.items():
            turned[role] = to_quaternions(values[role][near[role]], device.layout, quaternions, order, names[0])
        with np.errstate(all="ignore"):
            seen = observe(times["head"][head], {r: positions[r][near[r]] for r in devices}, turned)
        if seen is None:
            continue
        prior = (VECTOR_PRIOR if vectors else QUATERNION_PRIOR)[quaternions] if "numbered" in layouts else 0.0
        for name, score in log_likelihoods(seen, names).items():
            score += prior + seen.fit - PER_JUMP * min(seen.jumps, MOST_JUMPS)
            if angles:
                score += roll(seen, name) + _usual(order, name)
            scores[Reading(quaternions, order, name)] = score
    return scores


def _usual(order, name):
    usual = USUAL_ORDERS[name]
    if order not in usual:
        return RARE_ORDER
    return SECOND_ORDER * usual.index(order)


def _nearest(time, at):
    found = np.clip(np.searchsorted(time, at), 1, max(len(time) - 1, 1))
    left = time[np.maximum(found - 1, 0)]
    right = time[np.minimum(found, len(time) - 1)]
    return np.where(np.abs(at - left) < np.abs(right - at), found - 1, np.minimum(found, len(time) - 1))


def _choices(layouts, options: TableOptions) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """(order of quaternions, order of angles, conventions) of the readings to compare."""
    names = (options.convention,) if options.convention else tuple(CONVENTIONS)
    quaternions = QUATERNION_ORDERS if "numbered" in layouts else ("wxyz",)
    if options.quaternion_order:
        quaternions = (options.quaternion_order,)
    if "turns" in layouts:
        groups = {}
        for name in names:
            groups.setdefault((TURNS[name], TURN_SIGNS.get(name)), []).append(name)
        for (axes, _), group in groups.items():
            orders = (options.euler_order.upper(),) if options.euler_order else TURN_ORDERS[axes]
            yield from ((q, order, tuple(group)) for q, order in itertools.product(quaternions, orders))
        return
    orders = EULER_ORDERS if "xyz" in layouts else ("YXZ",)
    if options.euler_order:
        orders = (options.euler_order.upper(),)
    yield from ((q, order, names) for q, order in itertools.product(quaternions, orders))


def to_quaternions(values: np.ndarray, layout: str, quaternions: str, order: str, convention: str) -> np.ndarray:
    """Numbers (N, 4) or degrees (N, 3) of a layout -> quaternions ``wxyz`` (N, 4)."""
    if layout == "numbered":
        return values[:, [quaternions.index(letter) for letter in "wxyz"]]
    if layout == "xyz":
        return euler_to_quaternion(values, order)
    if layout == "turns":
        degrees = np.zeros_like(values)
        for column, axis in enumerate(TURNS[convention]):
            degrees[:, "xyz".index(axis)] = values[:, column] * TURN_SIGNS.get(convention, (1.0, 1.0, 1.0))[column]
        return euler_to_quaternion(degrees, order)
    return values


def _angle_unit(angles, given):
    largest = max((np.nanmax(np.abs(angle)) for angle in angles.values() if np.isfinite(angle).any()), default=0.0)
    return given or ("degrees" if largest > FULL_TURN * 1.01 else "radians")


def _choose(scores, layouts, options, unit, unit_given, notes):
    """The likeliest reading, and notes of what was guessed for it."""
    if not scores:
        return Reading(
            options.quaternion_order or "wxyz", (options.euler_order or "YXZ").upper(), options.convention or "openxr"
        )
    best = max(scores, key=lambda reading: scores[reading])
    if "numbered" in layouts and not options.quaternion_order:
        _, note = guess_note("quaternions", _marginal(scores, "quaternions"), "quaternion_order")
        notes.append(note)
    if layouts & {"xyz", "turns"}:
        orders = _marginal(scores, "angles")
        if not (options.euler_order and unit_given):
            sure = {best.angles: 0.0} if "turns" in layouts or options.euler_order else orders
            notes.append(guess_note("angles", _leading(sure, best.angles), "euler_order", SURE_ORDER, unit=unit)[1])
    if not options.convention:
        notes.append(guess_note("axes", _leading(_marginal(scores, "convention"), best.convention), "convention")[1])
    return best


def _marginal(scores, part):
    """Log-likelihood of each value of a part of the readings, over all values of the others."""
    grouped = {}
    for reading, probability in probabilities(scores).items():
        value = getattr(reading, part)
        grouped[value] = grouped.get(value, 0.0) + probability
    return {value: float(np.log(max(total, 1e-12))) for value, total in grouped.items()}


def _leading(scores, chosen):
    """The scores with the value that is taken first, even where single readings and sums of them disagree."""
    top = max(scores.values())
    return scores if scores[chosen] == top else scores | {chosen: top + 1e-9}
