"""The road behind a pipe: Blender starts this file in the engine's own Python and speaks ``messages`` with it.

Asked ``animate`` it answers any number of ``progress`` and then one of ``done``, ``cancelled``, ``refused`` (bad input)
and ``failed``; each names the ``job`` that it belongs to. ``cancel`` stops a job at its next step. It ends when its
standard input does, so that it never outlives Blender. Started with ``--check`` it only prints its hello as a line of
JSON; where the Python will not do, the last line on standard error says why. Any Python 3 can read this file.
"""

import json
import os
import queue
import sys
import threading
import traceback
from pathlib import Path

OLDEST_PYTHON, OLDEST_TORCH = (3, 11), (2, 6)
PROGRESS_STEP = 0.002
"""Progress is told when it has grown by this much, or when the stage is another one."""


def load_package():
    """Make ``import threepoint`` mean the folder that this file lies in (its name may be any)."""
    import importlib.util

    root = Path(__file__).resolve().parent.parent.parent
    spec = importlib.util.spec_from_file_location(
        "threepoint", root / "__init__.py", submodule_search_locations=[str(root)]
    )
    sys.modules["threepoint"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules["threepoint"])


class EngineSession:
    """``pipeline.animate`` for messages, with the networks and bodies kept between calls."""

    def __init__(self):
        self.networks = {}
        self.bodies = {}

    def hello(self):
        """What this engine is: the header of the first message. Ends the process where its Python will not do."""
        check_version("Python", sys.version.split()[0], OLDEST_PYTHON)
        import torch

        check_version("torch", torch.__version__, OLDEST_TORCH)
        from threepoint.model_core.pipeline import choose_device

        device = choose_device()
        name = torch.cuda.get_device_name() if device == "cuda" else device
        return {
            "torch": torch.__version__, "python": sys.version.split()[0], "device": device, "device_name": name,
            "memory": memory_of(device),
        }  # fmt: skip

    def animate(self, header, arrays, progress):
        """A request -> the ``Motion``."""
        from threepoint.model_core.worker import messages
        from threepoint.model_core import pipeline
        from threepoint.model_core.body import load_body

        recording = messages.read_recording(header["recording"], arrays)
        calibration = None
        if header.get("calibration"):
            calibration = messages.read_calibration(header["calibration"], arrays)
        path = header.get("body")
        if path not in self.bodies:
            self.bodies[path] = load_body(path)
        device = pipeline.choose_device(header["options"].get("device", "auto"))
        if device not in self.networks:
            progress(0.0, "loading the models")
            self.networks[device] = pipeline.load_networks(device)
        options = pipeline.Options(
            **{**header["options"], "body": self.bodies[path], "calibration": calibration, "device": device}
        )
        return pipeline.animate(recording, options, progress, self.networks[device])


def check_version(name, version, oldest):
    """End the process with a line where ``version`` (a text) is older than ``oldest`` (major, minor)."""
    if tuple(int(part) for part in version.split(".")[:2]) < oldest:
        sys.exit("{} {} is too old; {}.{} or newer is needed".format(name, version, *oldest))


def memory_of(device):
    """Bytes that a device has in all; None where nothing tells."""
    import torch

    if device == "cuda":
        return torch.cuda.get_device_properties(0).total_memory
    if "SC_PHYS_PAGES" not in getattr(os, "sysconf_names", ()):
        return None
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def serve(source, target, road):
    """Answer messages from ``source`` on ``target`` (binary streams) until ``source`` ends."""
    from threepoint.model_core.worker import messages
    from threepoint.model_core.threads import wait_politely

    wait_politely()
    lock = threading.Lock()

    def send(header, arrays=None):
        data = messages.pack(header, arrays)
        with lock:
            target.write(data)
            target.flush()

    jobs, cancelled = queue.SimpleQueue(), set()
    threading.Thread(target=_listen, args=(source, jobs, cancelled), daemon=True).start()
    send({"type": "hello", **road.hello()})
    for request in iter(jobs.get, None):
        _answer(*request, send, cancelled, road)


def _listen(source, jobs, cancelled):
    from threepoint.model_core.worker import messages

    try:
        while True:
            header, arrays = messages.unpack(source)
            if header["type"] == "cancel":
                cancelled.add(header["job"])
            else:
                jobs.put((header, arrays))
    except EOFError:
        os._exit(0)  # Blender is gone: whatever is being computed is for nobody.


def _answer(header, arrays, send, cancelled, road):
    from threepoint.model_core.worker import messages
    from threepoint.model_core.errors import Cancelled, InputError

    job, told = header["job"], [-1.0, ""]

    def progress(fraction, stage):
        if job in cancelled:
            raise Cancelled
        if stage != told[1] or fraction - told[0] >= PROGRESS_STEP:
            told[:] = fraction, stage
            send({"type": "progress", "job": job, "fraction": fraction, "stage": stage})

    try:
        progress(0.0, "starting")
        about, content = messages.motion_message(road.animate(header, arrays, progress))
        send({"type": "done", "job": job, "motion": about}, content)
    except Cancelled:
        send({"type": "cancelled", "job": job})
    except InputError as error:
        send({"type": "refused", "job": job, "message": str(error)})
    except Exception as error:  # Whatever goes wrong is told; the engine lives on for the next request.
        traceback.print_exc()
        send({"type": "failed", "job": job, "message": _explain(error)})


def _explain(error):
    """One line for the user."""
    text = str(error).strip().splitlines()
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return "not enough memory on this device; choose the CPU, or a shorter frame range"
    return f"{type(error).__name__}: {text[0] if text else 'no message'}"


def protocol_streams():
    """Standard input and output for the protocol alone: what libraries print goes to standard error from here on."""
    target = os.fdopen(os.dup(1), "wb")
    source = os.fdopen(os.dup(0), "rb")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return source, target


if __name__ == "__main__":
    streams = protocol_streams()
    load_package()
    if "--check" in sys.argv[1:]:
        streams[1].write(json.dumps(EngineSession().hello()).encode())
        streams[1].flush()
    else:
        serve(*streams, EngineSession())
