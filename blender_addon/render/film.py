"""A film is one call of Blender's, deaf until its end: here it tells of its frames, and stops between two."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import bpy

from ..bpy_types import Scene

STOPS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def frame_by_frame(stage: Scene, count: int, progress: Callable[[float], None] | None) -> Iterator[None]:
    """While ``stage``'s film of ``count`` frames is rendered, tell ``progress`` after each the fraction done.

    A signal that Python answers, such as Ctrl-C, ends the film after the frame that is being drawn; its answer
    follows then. So does what ``progress`` raises.
    """
    rendered, caught, asked = 0, [], []

    def after_frame(*_: object) -> None:
        nonlocal rendered
        rendered += 1
        try:
            if progress is not None and not asked:
                progress(min(1.0, rendered / count))
        except BaseException as error:  # noqa: BLE001 - Blender would print it and go on; it is raised below.
            caught.append(error)
        if asked or caught:
            stage.frame_current = stage.frame_end  # Blender counts on from here, and so is done.

    def remember(number: int, frame: FrameType | None) -> None:
        asked.append((number, frame))

    answers = {number: signal.getsignal(number) for number in STOPS} if _is_main_thread() else {}
    answers = {number: answer for number, answer in answers.items() if callable(answer)}
    for number in answers:
        signal.signal(number, remember)
    bpy.app.handlers.render_post.append(after_frame)
    try:
        yield
    finally:
        bpy.app.handlers.render_post.remove(after_frame)
        for number, answer in answers.items():
            signal.signal(number, answer)
    for number, frame in asked[:1]:
        answers[number](number, frame)
    for error in caught[:1]:
        raise error


def _is_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
