"""What is said to a live job while it runs: messages that wait for it."""

import queue

from . import messages

MOST_CONTROLS = 256
"""Messages that wait to be heeded; of more the oldest are left out."""


class Controls:
    """Messages for the session that runs, from the thread that listens; bounded, the newest win."""

    def __init__(self) -> None:
        self._queue: queue.Queue[tuple[messages.Header, messages.Arrays]] = queue.Queue(MOST_CONTROLS)

    def put(self, header: messages.Header, arrays: messages.Arrays) -> None:
        """Add a message."""
        while True:
            try:
                self._queue.put_nowait((header, arrays))
                return
            except queue.Full:
                self.take(0.0)

    def take(self, wait: float) -> tuple[messages.Header, messages.Arrays] | None:
        """The oldest message; None where none comes within ``wait`` seconds."""
        try:
            return self._queue.get(timeout=wait) if wait > 0 else self._queue.get_nowait()
        except queue.Empty:
            return None
