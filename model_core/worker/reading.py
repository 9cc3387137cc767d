"""A file read for Blender in a process of its own, so that no window stands still for it: recordings and bodies.

``worker.py --read`` takes a request as JSON on its standard input: ``kind`` "recording" (``path``, ``run`` or null,
``options`` of ``recordings.read``) or "body" (``path`` or null). The answer is one message on its standard output:
``messages.read_recording_answer`` and ``messages.read_body_answer`` read it. Needs no torch.
"""

from typing import Any

from ..body import load_body
from ..errors import InputError
from ..notes import Note
from ..recordings import read
from ..recordings.tables.layouts import user_layouts
from . import messages


def answer(request: dict[str, Any]) -> bytes:
    """The bytes of the message that answers a request."""
    try:
        if request["kind"] == "body":
            header, arrays = messages.body_answer(load_body(request["path"]))
        else:
            recording = read(request["path"], user_layouts(), run=request["run"], **request["options"])
            header, arrays = messages.recording_answer(recording)
    except InputError as error:
        said = error.args[0]
        header, arrays = {"type": "refused", "message": said.to_json() if isinstance(said, Note) else str(said)}, {}
    return messages.pack(header, arrays)
