"""XROR: the same session as its BSOR."""

import numpy as np
import pytest

from threepoint.model_core.recordings import read
from threepoint.model_core.geometry.rotations import quaternion_to_matrix
from threepoint.tests.same_recording import ROLES


def test_the_real_xror_equals_its_bsor(shared):
    pytest.importorskip("fpzip")
    first = read(shared / "hmd" / "xror" / "sample1.xror")
    second = read(shared / "hmd" / "bsor" / "xror_sample1.bsor")
    np.testing.assert_allclose(first.time, second.time, atol=1e-4)
    assert first.device == second.device == "saber"
    for role in ROLES:
        np.testing.assert_allclose(first.tracks[role].position, second.tracks[role].position, atol=1e-4)
        np.testing.assert_allclose(
            quaternion_to_matrix(first.tracks[role].rotation),
            quaternion_to_matrix(second.tracks[role].rotation),
            atol=1e-4,
        )
