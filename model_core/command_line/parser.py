"""An argument parser whose mistakes are ``InputError``, and types of arguments that several commands take."""

import argparse
from collections.abc import Callable
from typing import NoReturn, TypeVar

from ..errors import InputError
from ..untrusted.values import FRACTION, FRAME_RATE, SECONDS, Bounds, number, typed, whole

COUNT = Bounds(1, 10**9)
Kind = TypeVar("Kind")


class CommandParser(argparse.ArgumentParser):
    """An ``ArgumentParser`` that raises ``InputError`` where argparse would end the process."""

    def error(self, message: str) -> NoReturn:
        """Refuse the arguments in one line."""
        raise InputError(f"{self.prog}: {message} (--help shows the options)")


def argument(convert: Callable[[str], Kind]) -> Callable[[str], Kind]:
    """A ``type`` of an argument whose ``InputError`` is told with the argument's name."""

    def convert_argument(text: str) -> Kind:
        try:
            return convert(text)
        except InputError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return convert_argument


def frame_rate(text: str) -> float:
    """Frames per second, fractions included."""
    return argument(typed(number, "it", FRAME_RATE))(text)


def fraction(text: str) -> float:
    """A number from 0 to 1."""
    return argument(typed(number, "it", FRACTION))(text)


def positive_count(text: str) -> int:
    """A whole number from 1 on."""
    return argument(typed(whole, "it", COUNT))(text)


def time_range(text: str) -> tuple[float, float]:
    """``10:16`` -> seconds from the recording's start."""
    begin_text, _, end_text = text.partition(":")
    begin, end = (argument(typed(number, "a second", SECONDS))(part) for part in (begin_text, end_text))
    if not 0 <= begin < end:
        raise argparse.ArgumentTypeError(f"{text} is not BEGIN:END with 0 <= BEGIN < END")
    return begin, end
