"""A program that is killed while it records leaves all but the last moment behind, in a recording that reads."""

import subprocess
import sys

import numpy as np
import pytest

from threepoint.model_core.child_python import clean_environment, command
from threepoint.model_core.live.frames import PATIENCE
from threepoint.model_core.recordings import read
from threepoint.model_core.recordings.formats import plain

RECORD = """
import sys
from pathlib import Path
from threepoint.model_core.live.sources.replay import moments_of
from threepoint.model_core.live.taking import Take
from threepoint.model_core.recordings import read
recording, take = read(Path(sys.argv[1])), Take(sys.argv[2], "grip")
for moment in moments_of(recording):
    take.add(moment.time, {name.partition(":")[2]: pose for name, pose in moment.poses.items()})
    print(moment.time, flush=True)
    if moment.time > float(sys.argv[3]):
        sys.stdin.read()  # Until it is killed.
"""


@pytest.mark.parametrize("second", [0.1, 0.73])
def test_a_program_that_is_killed_leaves_its_take_whole(make_recording, tmp_path, second):
    recording, before, taken = make_recording(1.0, 90.0), tmp_path / "me.csv", tmp_path / "take.csv"
    plain.write(before, recording)
    program = command(sys.executable, "-c", RECORD, before, taken, str(second))
    with subprocess.Popen(
        program, env=clean_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        told = 0.0
        for line in process.stdout:
            told = float(line)
            if told > second:
                break
        process.kill()
        process.wait()
    found = read(taken)
    assert told > second and found.time[-1] >= told - PATIENCE - 0.02, "whole up to the last tenth of a second"
    np.testing.assert_array_equal(found.time, recording.time[: len(found.time)])
    for role, track in found.tracks.items():
        np.testing.assert_array_equal(track.position, recording.tracks[role].position[: len(found.time)])
