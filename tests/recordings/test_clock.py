"""How long a recording lasts: by its motion, whatever its stamps say."""

from dataclasses import replace

import numpy as np
import pytest

from threepoint.model_core.errors import InputError
from threepoint.model_core.recordings import read
from threepoint.model_core.recordings.checks import fix
from threepoint.model_core.recordings.clock import (
    LONGEST_PAUSE,
    PAUSES_PER_MOTION,
    SHORT_PAUSE,
    SLOWEST,
    check_rate,
    put_in_order,
)
from threepoint.model_core.recordings.formats import plain


@pytest.mark.parametrize("seed", range(40))
def test_no_stamps_make_a_recording_longer_than_its_motion_allows(seed):
    rng = np.random.default_rng(seed)
    steps = np.full(int(rng.integers(2, 400)), 1 / 60)
    pauses = rng.random(len(steps)) < rng.uniform(0, 1)
    length = 10.0 ** rng.uniform(0, 12) if seed % 2 else 10.0 ** rng.uniform(0, 12, pauses.sum())
    steps[pauses] = length * rng.uniform(1 - 1e-12, 1 + 1e-12, pauses.sum())
    clock = put_in_order(np.cumsum(steps), "wild", [])
    motion = steps[1:][steps[1:] <= SHORT_PAUSE].sum()
    allowed = max(LONGEST_PAUSE, PAUSES_PER_MOTION * motion)
    assert clock.time[-1] - clock.time[0] <= motion + allowed + SHORT_PAUSE * pauses.sum() + 1e-3


def test_pauses_of_one_length_are_all_cut_or_none():
    steps = np.tile([1 / 60] * 9 + [100.0], 10)
    steps[steps == 100] += np.linspace(-1e-9, 1e-9, 10)
    clock = put_in_order(np.cumsum(steps), "even", [])
    assert set(np.round(np.diff(clock.time), 3)) == {round(1 / 60, 3), SHORT_PAUSE}
    assert clock.time[-1] - clock.time[0] == pytest.approx(89 / 60 + 10 * SHORT_PAUSE, abs=0.2)


def test_milliseconds_in_our_own_csv_are_refused_in_a_line(make_recording, tmp_path):
    recording = make_recording(2.0, 30.0)
    plain.write(tmp_path / "own.csv", recording)
    head, names, *rows = (tmp_path / "own.csv").read_text().splitlines()
    scaled = [f"{1000 * float(row.split(',', 1)[0])!r},{row.split(',', 1)[1]}" for row in rows]
    (tmp_path / "ms.csv").write_text("\n".join([head, names, *scaled]))
    with pytest.raises(InputError, match=r"ms.csv: its samples are usually 33.3 s apart.*another unit"):
        read(tmp_path / "ms.csv")


def test_a_slow_logger_with_pauses_is_read():
    steps = np.tile([0.5, 0.5, 0.5, 30.0], 20)
    clock = put_in_order(np.cumsum(steps), "slow", [])
    check_rate(clock, "slow")
    assert clock.usual_step == pytest.approx(0.5) and clock.usual_step < SLOWEST


def test_nobody_makes_a_recording_with_a_gap_of_hours(make_recording):
    recording = make_recording(2.0, 30.0)
    time = np.where(np.arange(len(recording.time)) >= 20, recording.time + 1e9, recording.time)
    with pytest.raises(InputError, match=r"between samples 20 and 21 lie 1e\+09 s"):
        replace(recording, time=time).validate()


def test_a_corrected_clock_makes_no_recording_endless(make_recording):
    recording = make_recording(2.0, 30.0)
    time = 0.001 * recording.time
    time[20:] += 500
    with pytest.raises(InputError, match=r"samples 20 and 21 lie 5e\+05 s"):
        fix(replace(recording, time=time))
