"""How OpenMP's threads wait for each other; standard library only, for it has to be settled before torch is loaded."""

import os

SPIN_COUNT = "5000"
"""How long a thread waits actively. OpenMP's own choice, sixty times as long, makes torch ten times slower when other
programs want the cores."""

THREAD_COUNTS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
"""What libraries of linear algebra ask for how many threads they may have."""


def wait_politely() -> None:
    """Let the threads of this process, once torch is loaded, give a core away that they only wait on.

    What the user's environment says goes first.
    """
    os.environ.setdefault("GOMP_SPINCOUNT", SPIN_COUNT)


def compute_on_one_core() -> None:
    """Let numpy and torch, once they are loaded, compute on one core: a single frame is too little work to share.

    What the user's environment says goes first.
    """
    for name in THREAD_COUNTS:
        os.environ.setdefault(name, "1")
