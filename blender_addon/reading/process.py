"""A file that another Python reads: Blender's own, which has numpy. A window goes on meanwhile."""

import io
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import bpy

from ...model_core.body import Body
from ...model_core.child_python import OWN_PROCESS, clean_environment, command
from ...model_core.errors import InputError
from ...model_core.recordings import Recording
from ...model_core.worker import messages
from ..i18n.messages import message, temporary_refusal

SCRIPT = Path(messages.__file__).with_name("worker.py")


class Reading:
    """A file that is being read. ``finished`` says when its ``recording`` or ``body`` is there."""

    def __init__(self, path: Path | None, request: Mapping[str, object]) -> None:
        """``request`` as ``worker.reading`` takes it; ``path`` None: the body that comes with Threepoint.

        Raises ``InputError`` where the other Python cannot be asked.
        """
        self.name = path.name if path is not None else "body"
        try:
            self._folder = tempfile.TemporaryDirectory(prefix="threepoint-reading-", dir=bpy.app.tempdir or None)
        except OSError as error:
            raise InputError(temporary_refusal(bpy.app.tempdir, error)) from None
        asked, answer, log = (Path(self._folder.name) / name for name in ("request.json", "answer", "log.txt"))
        try:
            asked.write_text(json.dumps({**request, "path": str(path.resolve()) if path is not None else None}))
        except OSError as error:
            self._folder.cleanup()
            raise InputError(temporary_refusal(asked, error)) from None
        try:
            with open(asked, "rb") as source, open(answer, "wb") as target, open(log, "wb") as said:
                self._process = subprocess.Popen(
                    command(sys.executable, SCRIPT, "--read"), stdin=source, stdout=target, stderr=said,
                    cwd=self._folder.name, env=clean_environment(), **OWN_PROCESS,
                )  # fmt: skip
        except OSError as error:
            self._folder.cleanup()
            raise self._refusal(error.strerror or str(error)) from None

    def finished(self) -> bool:
        """Whether there is an answer, or will be none."""
        return self._process.poll() is not None

    def recording(self) -> Recording:
        """The recording. Raises ``InputError`` where there is none."""
        return messages.read_recording_answer(*self._answer())

    def body(self) -> Body:
        """The body. Raises ``InputError`` where there is none."""
        return messages.read_body_answer(*self._answer())

    def cancel(self) -> None:
        """Stop it."""
        self._process.kill()
        self._process.wait()
        self._folder.cleanup()

    def _answer(self) -> tuple[messages.Header, messages.Arrays]:
        status, folder = self._process.wait(), Path(self._folder.name)
        try:
            content, log = (folder / "answer").read_bytes(), (folder / "log.txt").read_text("utf-8", "replace")
        except OSError as error:  # Somebody has tidied up meanwhile.
            raise self._refusal(str(error)) from None
        finally:
            self._folder.cleanup()
        if status != 0 or not content:
            raise self._refusal(log.strip().splitlines()[-1] if log.strip() else str(status))
        return messages.unpack(io.BytesIO(content))

    def _refusal(self, reason: str) -> InputError:
        return InputError(message("{file}: cannot be read ({reason})", file=self.name, reason=reason))


def recording_request(run: int | None, options: Mapping[str, object]) -> dict[str, object]:
    """The request for a recording, or for one ``run`` of it; ``options`` as ``recordings.read`` takes them."""
    given = {name: str(value) if isinstance(value, Path) else value for name, value in options.items()}
    return {"kind": "recording", "run": run, "options": given}
