"""How threads wait for each other and share memory; standard library only, for it is settled before torch is loaded."""

import ctypes
import os
import sys

SPIN_COUNT = "5000"
"""How long a thread waits actively. OpenMP's own choice, sixty times as long, makes torch ten times slower when other
programs want the cores."""

THREAD_COUNTS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
"""What libraries of linear algebra ask for how many threads they may have."""

MALLOPT = {-8: 1, -3: 32 << 20, -1: 128 << 20}
"""By glibc's numbers: M_ARENA_MAX, pools of memory; M_MMAP_THRESHOLD, the bytes from which a block is taken from the
system by itself; M_TRIM_THRESHOLD, those that are free at a pool's end before they are given back."""


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


def keep_freed_memory() -> None:
    """Let what tensors have freed be there for the next ones, whichever thread asks.

    By glibc's own choice each thread has a pool of its own, which gives megabytes back to the system, and asks for them
    again page by page, at every step of an optimisation. Elsewhere than on glibc nothing is done, and what the user's
    environment says goes first.
    """
    if not sys.platform.startswith("linux") or any(
        name.startswith(("MALLOC_", "GLIBC_TUNABLES")) for name in os.environ
    ):
        return
    library = ctypes.CDLL(None)
    if hasattr(library, "gnu_get_libc_version"):
        for option, value in MALLOPT.items():
            library.mallopt(option, value)
