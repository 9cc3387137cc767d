"""The one kind of error that a user can cause and mend."""

from .shown import one_line


class InputError(ValueError):
    """Bad input. Its message is one line for the user: what, where, and what would have been right.

    Whatever a file says that is quoted in it is escaped and shortened, so that it can be shown anywhere. In place of
    the line it may carry a ``Note`` or a message of the add-on, which becomes one where it is shown.
    """

    def __init__(self, message: object = "") -> None:
        super().__init__(one_line(message) if isinstance(message, str) else message)


class Cancelled(Exception):
    """The user asked for the work to stop. Raised by a progress callback, caught by whoever started the work."""


class UnforeseenError(InputError):
    """A file is wrong in a way that its reader did not foresee. Users get a line as of any other; its ``__cause__`` is
    what the reader stumbled over, a fault of the reader's that ``python3 tools fuzz`` counts as one."""
