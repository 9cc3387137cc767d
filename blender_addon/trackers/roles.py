"""Words for trackers' roles and for why one was lost, as messages that can be translated."""

from ..i18n.messages import Message, message

_LABELS = {
    "head": message("head"),
    "left_hand": message("left hand"),
    "right_hand": message("right hand"),
    "waist": message("waist"),
    "chest": message("chest"),
    "left_foot": message("left foot"),
    "right_foot": message("right foot"),
    "left_knee": message("left knee"),
    "right_knee": message("right knee"),
    "left_elbow": message("left elbow"),
    "right_elbow": message("right elbow"),
    "left_shoulder": message("left shoulder"),
    "right_shoulder": message("right shoulder"),
}
REASON_LABELS = {
    "missing": message("no values"),
    "zeroed": message("zeros in the file"),
    "bad rotation": message("impossible rotations"),
    "frozen": message("stood still"),
    "teleport": message("leapt away and back"),
    "untracked": message("the device says so"),
}
"""``Dropout.reason`` -> how it is shown."""


def role_label(role: str) -> Message | str:
    """How a tracker's role is shown; other trackers have the name that their file gave them."""
    return _LABELS.get(role, role.replace("_", " "))


def reasons_label(reasons: str) -> Message | str:
    """How it is shown why a tracker was lost: each ``Dropout.reason``, with commas between; "" where none is known."""
    said: Message | str = ""
    for reason in filter(None, reasons.split(",")):
        label = REASON_LABELS.get(reason, reason)
        said = message("{reason}, {other}", reason=said, other=label) if said else label
    return said
