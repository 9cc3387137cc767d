"""ASF/AMC motion capture, CMU's own pair: head and wrists are derived, as of BVH (numpy only)."""

from pathlib import Path

from ...body import Body
from ...errors import InputError
from ...retargeting.asf_amc import read_asf_amc
from ..recording import Recording
from ..text import head_text
from .bvh import capture_recording

NAME = "ASF/AMC"
SUFFIXES = (".amc",)
OPTIONS = ("body", "fps")
SKELETON = (":bonedata", ":hierarchy", ":version")


def recognises(head: bytes, path: Path) -> bool:
    """Whether a file that begins with ``head`` is an ``.amc``, or the ``.asf`` that goes with one."""
    text = head_text(head)[:4000].lower()
    return ":fully-specified" in text or (text.lstrip().startswith(("#", ":")) and any(key in text for key in SKELETON))


def read(path: Path, body: Body | None = None, fps: float | None = None) -> Recording:
    """An ``.amc`` with its ``.asf`` beside it -> ``Recording``; ``fps`` where it is not CMU's 120."""
    with open(path, "rb") as file:
        text = head_text(file.read(4000)).lower()
    if ":fully-specified" not in text:
        raise InputError(f"{path.name}: is a skeleton (.asf); name the motion (.amc) that lies beside it")
    return capture_recording(*read_asf_amc(path, fps), path, body)
