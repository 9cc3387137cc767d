"""Recordings that are made to try ``batch`` on can be read, but for as many as are broken."""

import numpy as np
import pytest

from threepoint.model_core.errors import InputError
from threepoint.model_core.recordings import read
from threepoint.model_core.recordings.formats import plain
from threepoint.tools import simulate
from threepoint.tools.batching.sources import find_sources, opened

COUNT, BROKEN = 40, 5


@pytest.fixture(scope="module")
def made(tmp_path_factory, make_recording):
    folder = tmp_path_factory.mktemp("made")
    plain.write(folder / "source.csv", make_recording(3.0))
    words = [str(folder / "source.csv"), "-o", str(folder / "takes"), "--seconds", "0.5:1", "--seed", "3"]
    assert simulate.run(["recordings", *words, "--count", str(COUNT), "--broken", str(BROKEN)]) == 0
    return folder / "takes"


def test_all_but_the_broken_ones_can_be_read(made):
    sources, refused, lengths = find_sources([str(made)], "folder").sources, [], []
    for source in sources:
        with opened(source) as path:
            try:
                lengths.append(read(path).duration)
            except InputError as error:
                refused.append(str(error))
    assert len(sources) == COUNT and len(refused) == len(set(refused)) == BROKEN
    assert 0.45 < min(lengths) and max(lengths) < 1.05 and np.ptp(lengths) > 0.2
    assert {source.path[-5:] for source in sources} >= {".bsor"} and any(source.member for source in sources)
    assert len({source.player for source in sources}) == COUNT // 8


def test_an_output_that_is_not_empty_is_refused(made):
    with pytest.raises(InputError, match="no empty folder"):
        simulate.run(["recordings", "-o", str(made)])
