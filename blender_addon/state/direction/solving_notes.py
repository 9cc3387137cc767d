"""What solving a motion has to say of pins, seats and of who seems to need one: in frames, and in the panel's words."""

from typing import TYPE_CHECKING, Any

from ....model_core.motion import Motion
from ...animation.timing import seconds_to_frames
from ...bpy_types import Scene
from ...i18n.messages import Message, message
from ..pins.properties import LABELS

if TYPE_CHECKING:
    from ..properties import THREEPOINT_PG_person


def solving_notes(motion: Motion, person: "THREEPOINT_PG_person", scene: Scene) -> list[Message]:
    """What is to be told after a prediction, a motion around pins or one of a range."""
    said = []
    for note in motion.notes:
        values: dict[str, Any] = dict(note.values)
        second = values.pop("second", values.pop("first", 0.0))
        values["frame"] = float(seconds_to_frames(motion.start + float(second), scene))
        if note.code == "pin_out_of_reach":
            values["joint"] = Message(LABELS[str(values.pop("role")).replace(" ", "_")])
            said.append(
                message("{joint}: its pin is out of reach; at frame {frame:.0f}, where it lies farthest, the body "
                        "stays {cm:.0f} cm from it", **values)
            )  # fmt: skip
        elif note.code == "seat_out_of_reach":
            said.append(
                message("{person}: a seat is out of reach; at frame {frame:.0f}, where it lies farthest, the pelvis "
                        "stays {cm:.0f} cm from where it would be", person=person.name, **values)
            )  # fmt: skip
        elif note.code == "seems_to_sit":
            said.append(
                message("{person}: seems to sit for {seconds:.1f} s, first at frame {frame:.0f}, on something about "
                        "{cm:.0f} cm high; Sit Here says how high it is", person=person.name, **values)
            )  # fmt: skip
        elif note.code == "head_near_the_floor":
            said.append(
                message("{person}: the head is near the floor for {seconds:.1f} s, first at frame {frame:.0f}; of "
                        "somebody who crouches or lies the legs are a guess", person=person.name, **values)
            )  # fmt: skip
    return said
