"""What a column says of whether a tracker was seen: numbers, words, and words that nobody knows (numpy only)."""

import numpy as np

from ...notes import Note
from .columns import DeviceColumns
from .parsing import Table

SEEN = {
    "true", "yes", "y", "t", "high", "tracked", "valid", "ok", "good", "on", "visible", "active", "seen", "normal",
    "full",
    "running", "running_ok", "present", "connected", "fullytracked", "positionandrotation", "medium", "tracking", "1",
    "istracked", "success", "enabled", "inview", "reliable", "fair", "excellent", "all", "1.0",
}  # fmt: skip
UNSEEN = {
    "false", "no", "n", "f", "low", "nottracked", "untracked", "lost", "invalid", "off", "none", "bad", "notracking",
    "inactive", "missing", "occluded", "hidden", "outofrange", "running_outofrange", "notvalid", "unavailable", "0",
    "disconnected", "absent", "inferred", "trackinglost", "poor", "notvisible", "unseen", "notseen", "disabled",
    "outofview", "unreliable", "error", "fail", "failed", "uninitialized", "calibrating", "0.0", "unknown", "limited",
}  # fmt: skip
OPENVR_SEEN, OPENVR_STATES = 200, {1, 100, 101, 200, 201, 300}
"""OpenVR's results of tracking, of which one means that all is well."""
BASIC_STATES = {-1.0, 0.0}
"""True is -1 in Basic and what descends from it."""
LEAST_CONFIDENCE = 0.1
"""Of a confidence from 0 to 1, what is nearly none."""


def read_flag(table: Table, device: DeviceColumns, role: str, notes: list[Note]) -> np.ndarray | None:
    """Whether the tracker was seen (N,) by its flag; None where it has none. What is not understood counts as seen."""
    if device.tracked is None:
        return None
    column = table.values[:, device.tracked]
    if device.tracked in table.words:
        seen = _by_words(column, table.words[device.tracked], table.names[device.tracked], device.lost, notes)
    else:
        seen = _by_numbers(column, device.lost)
    if not seen.any() and _alive(table.values[:, device.position]):
        notes.append(Note("flag_contradicts", {"column": table.names[device.tracked], "tracker": role}))
        return None
    return seen


def _by_words(column, texts, name, lost, notes):
    meaning = np.ones(len(texts), bool)
    unknown = []
    for index, text in enumerate(texts):
        plain = "".join(letter for letter in text.lower() if letter.isalnum() or letter == ".")
        if plain in {word.replace("_", "") for word in UNSEEN}:
            meaning[index] = lost
        elif plain in {word.replace("_", "") for word in SEEN}:
            meaning[index] = not lost
        else:
            unknown.append(text)
    if lost:
        # A column called "lost" whose words are states, not yes or no, is read as the states say.
        states = {text.lower() for text in texts}
        if states & {"tracked", "high", "low", "nottracked", "lost", "valid", "invalid"}:
            meaning = ~meaning
            for text in unknown:
                meaning[texts.index(text)] = True
    if unknown:
        shown = ", ".join(repr(text[:20]) for text in unknown[:4])
        notes.append(Note("flag_unknown", {"column": name, "words": shown}))
    known = np.isfinite(column)
    seen = np.ones(len(column), bool)
    seen[known] = meaning[column[known].astype(int)]
    return seen


def _by_numbers(column, lost):
    with np.errstate(invalid="ignore"):
        states = set(np.unique(column[np.isfinite(column)][:5000]).tolist())
        if OPENVR_SEEN in states and states <= OPENVR_STATES:
            seen = column == OPENVR_SEEN
        elif states <= BASIC_STATES:
            seen = (column != 0) != lost
        else:
            # A confidence has all values between; of a flag, and of a state that counts up, only 0 means no.
            least = LEAST_CONFIDENCE if max(states) <= 1 and len(states) > 2 else 0.0
            seen = ~(column > least) if lost else column > least
    return np.where(np.isfinite(column), seen, True)


def _alive(position):
    """Whether positions change as those of a tracker that is seen do."""
    with np.errstate(invalid="ignore"):
        return bool((np.diff(position, axis=0) != 0).any(-1).mean() > 0.5)
