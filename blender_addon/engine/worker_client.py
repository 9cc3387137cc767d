"""The engine seen from Blender: a process of its own, asked through threads that never touch ``bpy``."""

import contextlib
import itertools
import queue
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...model_core.child_python import OWN_PROCESS, clean_environment, command
from ...model_core.worker import messages

WORKER = Path(__file__).resolve().parent.parent.parent / "model_core" / "worker" / "worker.py"
LOG_TAIL = 4000
END_SECONDS = 2.0
"""An engine that has closed its pipe, or puts something else than messages into it, gets this long to end."""


class WorkerClient:
    """A running engine. ``poll`` gives what it said; when it ends, ``dead`` is said in its name.

    ``python`` is the engine's interpreter, ``log`` the file that takes whatever it prints; ``arguments`` as ``script``,
    by default ``worker.worker``, takes them.
    """

    def __init__(
        self, python: str | Path, log: str | Path, script: str | Path = WORKER, arguments: Sequence[str] = ()
    ) -> None:
        self.python, self.log = Path(python), Path(log)
        self.about, self.stopped = None, False
        self._death: tuple[dict, dict[str, np.ndarray]] | None = None
        self._numbers = itertools.count(1)
        self._incoming = queue.SimpleQueue()
        self._outgoing = queue.SimpleQueue()
        with open(self.log, "wb") as log_file:
            self.process = subprocess.Popen(
                command(python, "-u", script, *arguments),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log_file,
                env=clean_environment(),
                cwd=self.log.parent,
                **OWN_PROCESS,
            )
        assert self.process.stdin is not None and self.process.stdout is not None
        self._to_engine: Any = self.process.stdin
        self._from_engine: Any = self.process.stdout
        threading.Thread(target=self._read_messages, daemon=True).start()
        threading.Thread(target=self._write_messages, daemon=True).start()

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def ask(self, header: Mapping[str, object], arrays: Mapping[str, np.ndarray] | None = None) -> int:
        """Send a request; return the number of the job."""
        job = next(self._numbers)
        self._outgoing.put(({**header, "job": job}, arrays))
        return job

    def tell(self, header: Mapping[str, object], arrays: Mapping[str, np.ndarray] | None = None) -> None:
        """Send a message about a job that runs, which it has the number of."""
        self._outgoing.put((dict(header), arrays))

    def cancel(self, job: int) -> None:
        """Ask the engine to stop a job at its next step."""
        self.tell({"type": "cancel", "job": job})

    def poll(self) -> list[tuple[dict, dict[str, np.ndarray]]]:
        """All (header, arrays) that were received since the last call, without waiting; of a dead engine its death."""
        received = [] if self._death is None else [self._death]  # Whoever asks later waits for it too.
        while not self._incoming.empty():
            received.append(self._incoming.get())
            if received[-1][0]["type"] == "hello":
                self.about = received[-1][0]
            if received[-1][0]["type"] == "dead":
                self._death = received[-1]
        return received

    def stop(self) -> None:
        """End the process now."""
        self.stopped = True
        self._outgoing.put(None)
        self.process.kill()
        self.process.wait()

    def last_line(self) -> str:
        """The last line that the engine printed, for a message about its death."""
        if not self.log.is_file():
            return ""
        lines = self.log.read_bytes()[-LOG_TAIL:].decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else ""

    def _read_messages(self) -> None:
        try:
            while True:
                self._incoming.put(messages.unpack(self._from_engine))
        except Exception as error:  # Whatever came: who waits for the engine is told that it is no more.
            status = self._end()
            self._incoming.put(({"type": "dead", "status": status, "message": str(error)}, {}))
            self._from_engine.close()

    def _end(self) -> int:
        try:
            return self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def _write_messages(self) -> None:
        if hasattr(signal, "pthread_sigmask"):
            # Blender does not ignore this signal as Python does: it would end with an engine that it writes to.
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGPIPE})
        while (message := self._outgoing.get()) is not None:
            try:
                data = messages.pack(*message)
            except (TypeError, ValueError, RecursionError, MemoryError) as error:
                reason = f"the request cannot be sent to the engine ({error})"
                self._incoming.put(({"type": "refused", "job": message[0].get("job"), "message": reason}, {}))
                continue
            try:
                self._to_engine.write(data)
                self._to_engine.flush()
            except (OSError, ValueError):
                self._end()  # One that hears no more is of no use; the listening thread reports its end.
                break
        with contextlib.suppress(OSError):  # What is still to be written goes nowhere.
            self._to_engine.close()
