"""What an uncertainty table says of every vertex of the mesh, written out in numpy."""

import numpy as np

from threepoint.model_core.motion import Uncertainty


def at_vertices(uncertainty: Uncertainty, frame: int) -> np.ndarray:
    """(V,) metres of one frame."""
    return (uncertainty.probes[frame][uncertainty.index] * uncertainty.weight).sum(-1)
