"""Recordings to rows: read and calibrated one by one, solved together, so that short ones fill a batch.

What is wrong with a recording becomes its row; nothing that a recording holds raises.
"""

import argparse
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ...model_core.amass_writer import OWN_BODY, write_amass
from ...model_core.batches.rows import ERROR, BatchRow
from ...model_core.body import Body, load_body
from ...model_core.calibration import Calibration
from ...model_core.command_line import reading
from ...model_core.command_line.animate_arguments import SCENE_SUFFIX
from ...model_core.errors import InputError
from ...model_core.evaluation.plausibility import LIMITS, plausibility
from ...model_core.geometry.hand import FINGER_COUNT, HANDS
from ...model_core.geometry.rotations import quaternion_to_axis_angle, quaternion_to_matrix
from ...model_core.motion import Motion
from ...model_core.observation import FPS, Observation
from ...model_core.pipeline import Networks, calibrate, load_networks, model_frame, observe, solve_all
from ...model_core.pipeline.player import Player, calibrate_as, find_player
from ...model_core.recordings import Recording
from ...model_core.recordings.model_frame import ModelFrameRecording
from ...model_core.shown import one_line
from ...model_core.whole_files import Outputs
from ..support.animate_options import pipeline_options
from ..support.person import Person, finger_rotations
from .sources import Source, opened

FRAMES_TOGETHER = 18_000
"""Frames of recordings that are solved together at most: bounds the memory. A longer recording is solved alone."""
FORMATS = ("parquet", "npz", "blend")
"""What motions are written as: in the rows themselves, or a file each beside them."""


@dataclass(frozen=True)
class _Ready:
    """A recording that is ready to be solved."""

    source: Source
    recording: Recording
    calibration: Calibration
    observation: Observation


class Animator:
    """Makes rows of recordings; keeps both networks and the body loaded. ``options`` are those of ``batch``."""

    def __init__(self, options: argparse.Namespace, networks: Networks | None = None) -> None:
        self.options = options
        self.choices = replace(pipeline_options(options), uncertainty=options.uncertainty)
        self.networks = networks or load_networks(options.device)
        self.body: Body = self.choices.body or load_body()

    def player(self, sources: Sequence[Source]) -> Player | None:
        """What recordings of one player share; None of recordings that are not grouped by players."""
        if not sources[0].player:
            return None
        return find_player(self._readable(sources), self.choices, self.networks)

    def rows(self, sources: Sequence[Source], player: Player | None = None) -> Iterator[BatchRow]:
        """A row of each source, in any order. Files that rows name are written before their rows are given."""
        waiting: list[_Ready] = []
        for source in sources:
            ready = self._ready(source, player)
            if isinstance(ready, BatchRow):
                yield ready
                continue
            frames = sum(one.observation.frame_count for one in waiting)
            if waiting and frames + ready.observation.frame_count > FRAMES_TOGETHER:
                yield from self._solved(waiting)
                waiting = []
            waiting.append(ready)
        if waiting:
            yield from self._solved(waiting)

    def _readable(self, sources: Sequence[Source]) -> Iterator[ModelFrameRecording]:
        """The recordings of sources that can be read, in the model's frame."""
        for source in sources:
            try:
                yield model_frame(self._read(source))
            except Exception:  # What is wrong with it becomes its row where it is read to be solved.
                continue

    def _read(self, source: Source) -> Recording:
        with opened(source) as path:
            return reading.fixed(reading.read_recording(path, self.options), self.options.fix)

    def _ready(self, source: Source, player: Player | None) -> _Ready | BatchRow:
        """A recording read, calibrated and observed, or the row that says why it cannot be."""
        try:
            recording = self._read(source)
            placed = model_frame(recording)
            if player is None:
                calibration = calibrate(placed, self.choices, self.networks)
            else:
                calibration = calibrate_as(placed, player, self.choices, self.networks)
            return _Ready(source, recording, calibration, observe(placed, calibration))
        except Exception as error:
            return failed(source, error)

    def _solved(self, ready: Sequence[_Ready]) -> Iterator[BatchRow]:
        """The rows of recordings that are solved together; where that fails, each is solved alone to find out which."""
        try:
            observations, calibrations = [one.observation for one in ready], [one.calibration for one in ready]
            motions = solve_all(observations, calibrations, self.choices, self.networks)
        except Exception as error:
            if len(ready) == 1:
                yield failed(ready[0].source, error)
            else:
                for one in ready:
                    yield from self._solved([one])
            return
        for one, motion in zip(ready, motions, strict=True):
            try:
                yield self._row(one, motion)
            except Exception as error:
                yield failed(one.source, error)

    def _row(self, ready: _Ready, motion: Motion) -> BatchRow:
        row = BatchRow(
            id=ready.source.id,
            player=ready.source.player,
            seconds=motion.frame_count / FPS,
            calibration=replace(ready.calibration, notes=()),
            figures=figures_of(motion, self.body),
            notes=tuple(str(note) for note in (*ready.recording.warnings, *motion.notes)),
        )
        if self.options.format == "parquet":
            fingers = finger_rotations(ready.recording, motion, self.body)
            return replace(row, motion=motion, finger_poses=_finger_poses(fingers, motion.frame_count))
        file = file_name(ready.source.id, "." + self.options.format)
        target = self.options.output / file
        target.parent.mkdir(parents=True, exist_ok=True)
        with Outputs() as outputs:
            path = outputs.path_for(target)
            if target.suffix == SCENE_SUFFIX:
                self._write_scene(path, ready, motion)
            else:
                fingers = finger_rotations(ready.recording, motion, self.body)
                body_model = self.options.body.stem if self.options.body else OWN_BODY
                write_amass(path, motion, self.body, body_model, fingers=fingers)
        return replace(row, file=file)

    def _write_scene(self, path: Path, ready: _Ready, motion: Motion) -> None:
        from ..support.scene_file import build_file, save_scene, scene_properties

        person = Person(Path(ready.source.id).stem, ready.recording, ready.calibration, [motion])
        with scene_properties():
            build_file([person], self.options, lambda fraction, stage: None)
            save_scene(path)


def failed(source: Source, error: Exception | str) -> BatchRow:
    """The row of a recording of which nothing came, and why."""
    known = isinstance(error, InputError | str)
    said = str(error) if known else f"not foreseen: {type(error).__name__}: {error}"
    return BatchRow(source.id, source.player, ERROR, one_line(said))


def figures_of(motion: Motion, body: Body) -> dict[str, float]:
    """How human the motion looks: the numbers of ``plausibility.LIMITS``."""
    rest, sole = body.rest_joints(motion.betas), float(body.sole(motion.betas))
    rotations = quaternion_to_matrix(motion.rotations.astype(np.float64))
    found = plausibility(rotations, motion.translation, rest, sole, motion.fps)
    return {name: found[name] for name in LIMITS}


def file_name(name: str, suffix: str) -> str:
    """The file, below the output's folder, of the recording with an id: ``files/``, the id and the suffix.

    Where the id holds what no file name should, or leads out of the folder, that is left out and a hash tells it from
    others.
    """
    parts = [re.sub(r"[^\w.()+ -]", "_", part) for part in name.split("/") if part not in ("", ".", "..")]
    changed = "/".join(parts) != name
    mark = "-" + hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:8] if changed else ""
    return "/".join(["files", *parts]) + mark + suffix


def _finger_poses(fingers: dict[str, np.ndarray], frames: int) -> np.ndarray | None:
    """Axis-angles (T, 90) of the fingers, left hand first; None of none."""
    if not fingers:
        return None
    poses = np.zeros((frames, len(HANDS), FINGER_COUNT, 3), np.float32)
    for hand, turned in fingers.items():
        poses[:, HANDS.index(hand)] = quaternion_to_axis_angle(turned)
    return poses.reshape(frames, -1)
