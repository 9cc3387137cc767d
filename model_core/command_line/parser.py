"""An argument parser whose mistakes are ``InputError``, and types of arguments that several commands take."""

import argparse
from typing import NoReturn

from ..errors import InputError


class CommandParser(argparse.ArgumentParser):
    """An ``ArgumentParser`` that raises ``InputError`` where argparse would end the process."""

    def error(self, message: str) -> NoReturn:
        """Refuse the arguments in one line."""
        raise InputError(f"{self.prog}: {message} (--help shows the options)")


def frame_rate(text: str) -> float:
    """Frames per second, fractions included."""
    number = float(text)
    if not 1 <= number <= 1000:
        raise argparse.ArgumentTypeError(f"{text} is not between 1 and 1000")
    return number


def fraction(text: str) -> float:
    """A number from 0 to 1."""
    number = float(text)
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return number


def positive_count(text: str) -> int:
    """A whole number from 1 on."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not 1 or more")
    return number


def time_range(text: str) -> tuple[float, float]:
    """``10:16`` -> seconds from the recording's start."""
    begin_text, _, end_text = text.partition(":")
    begin, end = float(begin_text), float(end_text)
    if not 0 <= begin < end:
        raise argparse.ArgumentTypeError(f"{text} is not BEGIN:END with 0 <= BEGIN < END")
    return begin, end
