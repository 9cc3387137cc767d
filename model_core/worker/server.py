"""The pipeline behind a pipe: Blender starts ``worker`` in the engine's own Python and exchanges ``messages`` with it.

The engine begins with ``hello``: ``torch``, ``python``, ``device``, ``device_name``, ``memory``. Requests are

========= =============================================================================================================
type      header beside ``job``, a number that every answer repeats
========= =============================================================================================================
animate   ``recording``, with its arrays (``messages.recording_message``); ``options``: stature, floor, preset, pose
          ({"kind": "t" or "a", "second": from the first sample, or null to look for a T-pose}), device, seed, take,
          take_part, refinement, uncertainty, lost_hands, pins, contacts, ground, seats, as ``options_to_json`` has
          those of ``pipeline.Options``, each of which may be left out; ``calibration`` or null
          (``calibration_to_json``), taken where it is given; ``body``, the path of a body's file, or null; ``start``,
          which may be left out: the motion, as in an answer, that pins and parts of takes change, in place of one
          that is predicted; the names of its arrays begin with "start/"
calibrate the same; nothing is predicted
live      tracks until it is cancelled: ``source``, as ``live.sources.opening`` names them, or null where poses are fed;
          ``options``: stature, floor, preset, each of which may be left out; ``calibration`` and ``body`` as above;
          ``trackers``, role -> name, and ``quaternions``, one of ``vmc.LAYOUTS``, may be left out; a job that is fed is
          fed the roles of ``trackers`` beside head and hands
poses     to a live job that is fed: ``time`` in seconds; arrays ``positions`` (3, 3) metres, ``rotations`` (3, 4)
          ``wxyz`` and ``valid`` (3,) of head, left and right hand in OpenXR's frame
ready     to a live job: one of its frames was taken in; while two were not none is sent, and the newest one then
t_pose    to a live job: the person stands in a T-pose now
record    to a live job: ``path`` of a new recording of what comes from now on, null to end it
cancel    stops the job at its next step
========= =============================================================================================================

A request is answered by any number of ``progress`` (``fraction``, ``stage``), a live one besides by any number of
``frame`` (``time``, and ``arrival`` of its last tracker by the machine's monotonic clock; arrays ``rotations`` (22, 4)
local ``wxyz``, ``translation`` (3,) of the pelvis in the room along the model's axes, ``contacts`` (4,)) and ``state``
(``note``, ``rate`` frames a second, ``latency`` ms, ``samples`` of the recording or null, ``trackers``, whose names
have come, and ``calibration`` where it is another), and then by one of

========== ============================================================================================================
type       header beside ``job``
========== ============================================================================================================
done       of animate: ``motion``, with its arrays (``messages.read_motion``), and the ``calibration`` that was used
calibrated of calibrate: ``calibration``
stopped    of live: ``calibration``, or null where the person was not yet known
cancelled
refused    ``message``: the input is bad
failed     ``message``: anything else went wrong; the engine goes on
========== ============================================================================================================

A message that is framed well but asks for nothing that is known is answered by ``failed``; after one that is not, the
engine says so in its log and ends, for nobody knows where the next one begins. It ends when its standard input does, so
that it never outlives Blender.
"""

import os
import queue
import sys
import threading
import traceback
from collections.abc import Callable
from typing import BinaryIO, Protocol

from ..calibration import Calibration, calibration_to_json
from ..errors import Cancelled, InputError
from ..motion import Motion
from ..progress import Progress
from ..shown import one_line, printable
from ..threads import keep_freed_memory, wait_politely
from . import messages
from .controls import Controls

PROGRESS_STEP = 0.002
"""Progress is reported when it has grown by this much, or when the stage is another one."""

REQUESTS = ("animate", "calibrate", "live", "cancel")
CONTROLS = ("poses", "ready", "t_pose", "record")
"""What is said to a live job while it runs."""
BROKEN = 4
"""Exit status of an engine that was sent something else than messages."""

Send = Callable[[messages.Header, messages.Arrays], None]


class Session(Protocol):
    """What answers requests: ``session.EngineSession``, which needs torch; errors are raised."""

    def hello(self) -> messages.Header: ...
    def calibrate(self, header: messages.Header, arrays: messages.Arrays, progress: Progress) -> Calibration: ...
    def animate(
        self, header: messages.Header, arrays: messages.Arrays, progress: Progress
    ) -> tuple[Motion, Calibration]: ...
    def live(
        self, header: messages.Header, controls: Controls, stopped: Callable[[], bool], send: "Send"
    ) -> Calibration | None: ...


def serve(source: BinaryIO, target: BinaryIO, open_session: Callable[[], Session]) -> None:
    """Answer messages from ``source`` on ``target`` until ``source`` ends; ``open_session`` may take long."""
    wait_politely()
    keep_freed_memory()
    lock = threading.Lock()

    def send(header: messages.Header, arrays: messages.Arrays) -> None:
        data = messages.pack(header, arrays)
        with lock:
            target.write(data)
            target.flush()

    jobs: queue.SimpleQueue[tuple[messages.Header, messages.Arrays]] = queue.SimpleQueue()
    cancelled: set[int] = set()
    controls = Controls()
    threading.Thread(target=_listen, args=(source, jobs, cancelled, controls, send), daemon=True).start()
    session = open_session()
    send({"type": "hello", **session.hello()}, {})
    while True:
        header, arrays = jobs.get()
        _answer(header, arrays, send, cancelled, controls, session)


def _listen(source: BinaryIO, jobs: queue.SimpleQueue, cancelled: set[int], controls: Controls, send: Send) -> None:
    """Take in messages until they end, and end the process then, whatever it is at."""
    try:
        while True:
            header, arrays = messages.unpack(source)
            job = messages.job_of(header)
            if job is None or header["type"] not in (*REQUESTS, *CONTROLS):
                kind, number = printable(header["type"]), printable(header.get("job"))
                unknown = f"a request of the type '{kind}' and the job {number} is not known"
                send({"type": "failed", "job": job, "message": unknown}, {})
            elif header["type"] == "cancel":
                cancelled.add(job)
            elif header["type"] in CONTROLS:
                controls.put(header, arrays)
            else:
                jobs.put((header, arrays))
    except EOFError:
        os._exit(0)  # Blender is gone: whatever is being computed is for nobody.
    except BaseException as error:  # Without this thread the engine would be deaf, and outlive Blender.
        print(f"the pipe holds something else than messages: {one_line(error)}", file=sys.stderr, flush=True)
        os._exit(BROKEN)


def _answer(
    header: messages.Header,
    arrays: messages.Arrays,
    send: Send,
    cancelled: set[int],
    controls: Controls,
    session: Session,
) -> None:
    job, reported = header["job"], (-1.0, "")

    def progress(fraction: float, stage: str) -> None:
        nonlocal reported
        if job in cancelled:
            raise Cancelled
        if stage != reported[1] or fraction - reported[0] >= PROGRESS_STEP:
            reported = fraction, stage
            send({"type": "progress", "job": job, "fraction": fraction, "stage": stage}, {})

    try:
        progress(0.0, "starting")
        if header["type"] == "live":
            found = session.live(header, controls, lambda: job in cancelled, send)
            known = None if found is None else calibration_to_json(found)
            answer, content = {"type": "stopped", "calibration": known}, {}
        else:
            answer, content = _work(header, arrays, progress, session)
        send({"job": job, **answer}, content)
    except Cancelled:
        send({"type": "cancelled", "job": job}, {})
    except InputError as error:
        send({"type": "refused", "job": job, "message": str(error)}, {})
    except Exception as error:  # Whatever goes wrong is reported; the engine lives on for the next request.
        traceback.print_exc()
        send({"type": "failed", "job": job, "message": _in_one_line(error)}, {})


def _work(
    header: messages.Header, arrays: messages.Arrays, progress: Progress, session: Session
) -> tuple[messages.Header, messages.Arrays]:
    """Do what is asked; the answer's header and arrays."""
    if header["type"] == "calibrate":
        calibration = session.calibrate(header, arrays, progress)
        return {"type": "calibrated", "calibration": calibration_to_json(calibration)}, {}
    motion, calibration = session.animate(header, arrays, progress)
    about, content = messages.motion_message(motion)
    return {"type": "done", "motion": about, "calibration": calibration_to_json(calibration)}, content


def _in_one_line(error: Exception) -> str:
    """An unexpected error for the user."""
    text = str(error).strip().splitlines()
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return "not enough memory on this device; choose the CPU, or a shorter frame range"
    return f"{type(error).__name__}: {text[0] if text else 'no message'}"
