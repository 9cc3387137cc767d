"""Command-line words, with mistakes told in one line."""

import argparse

from threepoint.model_core.errors import InputError


class CommandParser(argparse.ArgumentParser):
    """An ``ArgumentParser`` for ``python3 tools COMMAND`` that raises ``InputError`` where argparse would exit."""

    def __init__(self, command, description, **more):
        super().__init__(prog=f"python3 tools {command}", description=description, **more)

    def error(self, message):
        """Refuse the words."""
        raise InputError(f"{self.prog}: {message} (--help shows the options)")
