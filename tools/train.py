"""Train SAGE, FLAG or the posture network on prepared motion (train sage --help and so on show the options)."""

import importlib

from .support.arguments import choose_subcommand

MODELS = ("sage", "flag", "posture")


def run(arguments: list[str]) -> int:
    """Pass the remaining arguments to the trainer that the first one names."""
    name = choose_subcommand("train", MODELS, arguments, __doc__)
    return importlib.import_module(f".training.{name}", __package__).run(arguments[1:]) if name else 0
