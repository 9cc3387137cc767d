"""How OpenMP's threads wait for each other; standard library only, for it has to be settled before torch is loaded."""

import os

SPIN_COUNT = "5000"
"""How long a thread waits actively. OpenMP's own choice, sixty times as long, makes torch ten times slower when other
programs want the cores."""


def wait_politely() -> None:
    """Let the threads of this process, once torch is loaded, give a core away that they only wait on.

    What the user's environment says goes first.
    """
    os.environ.setdefault("GOMP_SPINCOUNT", SPIN_COUNT)
