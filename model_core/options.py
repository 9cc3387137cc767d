"""Everything that a user can say about a motion, in one value."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from .body import Body
from .calibration import ARMS_DOWN, OTHER_PRESETS, PRESETS, Calibration
from .direction.contacts import GivenContact, contacts_from_json, contacts_to_json, validate_contacts
from .direction.ground import Ground, ground_from_json, ground_to_json
from .direction.seats import Seat, seats_from_json, seats_to_json, validate_seats
from .errors import InputError
from .pins import Pin, pins_from_json, pins_to_json, validate_pins
from .shown import printable
from .untrusted.values import FLOOR, FRACTION, SECONDS, SEED, STATURE, TAKE, choice, mapping, number, vector, whole

DEVICES = ("auto", "cpu", "cuda", "mps")
"""Where networks can run."""

PRIOR, HOLD, HANG = LOST_HANDS = "prior", "hold", "hang"
"""What a hand does while no tracker sees it: what the networks find likely, or it holds where it was seen last, or it
hangs."""


@dataclass(frozen=True)
class KnownPose:
    """A pose that the person holds in the recording: ``kind`` is "t" or "a" (T-pose, A-pose), ``second`` counts from
    the recording's first sample; None: a T-pose is looked for."""

    kind: str = "t"
    second: float | None = None


@dataclass(frozen=True)
class Options:
    """Choices a user has; what is None is found.

    ``body``: None is the default body. ``stature`` metres; ``floor``, its height in metres in the recording's space;
    ``preset``, how the hands hold their devices: a name of ``calibration.PRESETS``, "hand" or "joints"; None is the
    recording's own. ``pose``: a known pose gives the trackers' offsets. ``calibration``: one that was found before,
    which makes the four before it say nothing.
    ``device`` is one of ``DEVICES``. ``seed`` decides what is drawn: takes, and the samples that uncertainty is
    estimated from. ``take`` 0 is the mean motion, every other number one plausible motion of many; with a
    ``take_part``, first and last second counted from the motion's first frame, it is so there alone and goes over into
    the mean motion, or the one that is started from. ``refinement`` is how far every joint and the pelvis go from
    SAGE's prediction (0) to the refined motion (1), which alone meets head and hands exactly. ``uncertainty`` False
    leaves it out. ``lost_hands`` is one of ``LOST_HANDS``. ``pins`` hold joints, which refinement brings to them;
    ``contacts`` say when a foot stands or is free, in place of what refinement decides. ``ground`` is what the person
    stands on, None is a flat floor; ``seats`` what they sit on, and when.
    """

    body: Body | None = None
    stature: float | None = None
    floor: float | None = None
    preset: str | None = None
    pose: KnownPose | None = None
    calibration: Calibration | None = None
    device: str = "auto"
    seed: int = 0
    take: int = 0
    take_part: tuple[float, float] | None = None
    refinement: float = 1.0
    uncertainty: bool = True
    lost_hands: str = PRIOR
    pins: tuple[Pin, ...] = ()
    contacts: tuple[GivenContact, ...] = ()
    ground: Ground | None = None
    seats: tuple[Seat, ...] = ()

    def validate(self) -> "Options":
        """Return self, or raise ``InputError`` naming what is wrong."""
        if self.stature is not None:
            number(self.stature, "the stature", STATURE)
        if self.floor is not None:
            number(self.floor, "the floor", FLOOR)
        if self.preset is not None:
            choice(self.preset, "device preset", (*PRESETS, *OTHER_PRESETS))
        if self.pose is not None:
            choice(self.pose.kind, "pose", tuple(ARMS_DOWN))
            if self.pose.second is not None:
                number(self.pose.second, "the pose's second", SECONDS)
            elif self.pose.kind != "t":
                raise InputError("only a T-pose can be looked for; name the second of another pose")
        choice(self.device, "device", DEVICES)
        number(self.refinement, "the refinement", FRACTION)
        choice(self.lost_hands, "what lost hands do,", LOST_HANDS)
        whole(self.seed, "the seed", SEED)
        whole(self.take, "the take", TAKE)
        if self.take_part is not None:
            first, last = vector(self.take_part, "the part of the take", 2, SECONDS)
            if first >= last:
                raise InputError(f"the part of the take begins at {first:g} s and ends at {last:g} s; "
                                 "expected its end after its beginning")  # fmt: skip
        if not isinstance(self.uncertainty, bool):
            raise InputError(f"uncertainty is {printable(self.uncertainty)}; expected true or false")
        if validate_pins(self.pins) and self.refinement == 0:
            raise InputError("pins are met by refinement, and the refinement is 0; expected more than 0")
        if validate_contacts(self.contacts) and self.refinement == 0:
            raise InputError("contacts are met by refinement, and the refinement is 0; expected more than 0")
        if validate_seats(self.seats) and self.refinement == 0:
            raise InputError("seats are met by refinement, and the refinement is 0; expected more than 0")
        if self.ground is not None:
            if not isinstance(self.ground, Ground):
                raise InputError(f"the ground is {printable(self.ground, 40)}; expected a Ground")
            self.ground.validate()
            if self.refinement == 0:
                raise InputError("feet find the ground by refinement, and the refinement is 0; expected more than 0")
        return self


SAID_IN_JSON = tuple(field.name for field in fields(Options) if field.name not in ("body", "calibration"))
"""The fields of ``Options`` that a worker's request has under ``options``."""


def options_to_json(options: Options) -> dict[str, Any]:
    """``Options`` as values that JSON holds, without ``body`` and ``calibration``, which travel by themselves."""
    content = {name: getattr(options, name) for name in SAID_IN_JSON}
    pose = options.pose
    kept = None if pose is None else {"kind": pose.kind, "second": pose.second}
    said: dict[str, Any] = {"pins": pins_to_json(options.pins), "contacts": contacts_to_json(options.contacts)}
    said |= {"ground": ground_to_json(options.ground), "seats": seats_to_json(options.seats)}
    return content | {"pose": kept} | said


def options_from_json(
    content: Mapping[str, Any], body: Body | None = None, calibration: Calibration | None = None
) -> Options:
    """The inverse of ``options_to_json``; what is left out has its default. Raises ``InputError``."""
    unknown = [name for name in mapping(content, "options") if name not in SAID_IN_JSON]
    if unknown:
        raise InputError(f"no option '{unknown[0]}'; there are {', '.join(SAID_IN_JSON)}")
    given = dict(content)
    given["pins"] = pins_from_json(given.get("pins", []))
    if isinstance(given.get("take_part"), list):
        given["take_part"] = tuple(given["take_part"])
    given["contacts"] = contacts_from_json(given.get("contacts", []))
    given["ground"] = ground_from_json(given.get("ground"))
    given["seats"] = seats_from_json(given.get("seats", []))
    pose = given.pop("pose", None)
    if isinstance(pose, dict):
        second = pose.get("second")
        pose = KnownPose(pose.get("kind", "t"), second)
    elif pose is not None:
        raise InputError(f"the pose is {printable(pose)}; expected its kind and second")
    return Options(body=body, calibration=calibration, pose=pose, **given).validate()
