"""What operators that ask the engine have in common."""

from collections.abc import Iterator

import bpy

from ...model_core.errors import InputError
from ..bpy_types import Context
from ..engine.client import Job
from ..i18n.messages import Message, message
from ..state.people import people_of
from ..state.polls import has_head, is_idle
from ..state.properties import THREEPOINT_PG_person, require_person
from ..steps import Steps
from .stepped import Phase, SteppedOperator, Work, looking


class EngineOperator(SteppedOperator):
    """An operator that asks the engine about people; a subclass says what for, and what comes of it."""

    _job: Job | None = None

    def people(self, context: Context) -> list[THREEPOINT_PG_person]:
        """Whom the engine is asked about, one after the other."""
        return [require_person(context)]

    def __init_subclass__(cls) -> None:
        """Refuse an operator that lacks a part."""
        super().__init_subclass__()
        for part in ("ask", "finish"):
            if issubclass(cls, bpy.types.Operator) and getattr(cls, part) is getattr(EngineOperator, part):
                raise TypeError(f"{cls.__name__} is an EngineOperator without '{part}'")

    def ask(self, context: Context, person: THREEPOINT_PG_person) -> Steps[Job]:
        """Ask the engine, in steps that change nothing. Every operator has its own."""
        raise NotImplementedError

    def finish(self, context: Context, person: THREEPOINT_PG_person, job: Job) -> Iterator[None]:
        """Bring the answer into the scene, in steps between which the window is drawn; ``tell`` what came of it.

        Every operator has its own.
        """
        raise NotImplementedError

    @classmethod
    def poll(cls, context: Context) -> bool:
        """Whether the engine is idle and there is something to ask about."""
        return is_idle(cls, context) and has_head(cls, context)

    def working(self, context: Context) -> Work[None]:
        """Ask about everybody, one after the other, and bring each answer into the scene."""
        asked = self.people(context)
        scene, numbers = context.scene.session_uid, [person.root.session_uid for person in asked]
        for place, number in enumerate(numbers):
            person = asked[0] if place == 0 else person_again(context, scene, number)
            job = self._job = yield from looking(self.ask(context, person))
            try:
                while not job.poll():
                    yield Phase.WAITING
            except GeneratorExit:
                job.cancel()
                raise
            yield from self.finish(context, person_again(context, scene, number), job)
            self._job, self._finished = None, True

    def progress(self) -> tuple[float, Message]:
        """How far the engine is."""
        if self._job is None:
            return 0.0, message("Reading head and hands")
        return self._job.fraction, progress_message(self._job)


def person_again(context: Context, scene: int, number: int) -> THREEPOINT_PG_person:
    """The person of a root by its number of this session, where the scene of that number is still the open one."""
    person = next((one for one in people_of(context.scene) if one.root.session_uid == number), None)
    if person is None or context.scene.session_uid != scene:
        raise InputError(message("The person is not in this scene any more; nothing was changed"))
    return person


def progress_message(job: Job) -> Message:
    """What a job is doing, how far it is and how long it may take."""
    said = message("{stage} {percent:.0f}%", stage=message(job.stage), percent=100 * job.fraction)
    left = job.seconds_left
    if left is None:
        return said
    return message("{progress}, {minutes}:{seconds:02d} left", progress=said, minutes=int(left // 60),
                   seconds=int(left % 60))  # fmt: skip
