"""The one kind of error that a user can cause and mend."""


class InputError(ValueError):
    """Bad input. Its message is one line for the user: what, where, and what would have been right."""


class Cancelled(Exception):
    """The user asked for the work to stop. Raised by a progress callback, caught by whoever started the work."""
