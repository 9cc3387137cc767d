"""Read a recording as the options of ``animate`` say."""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ..errors import InputError
from ..geometry.filters import low_pass
from ..geometry.rotations import make_continuous, normalize
from ..notes import Note
from ..recordings import Recording, read
from ..recordings.checks import check, fix
from ..recordings.formats.table import load_table
from ..recordings.tables.layouts import user_layouts
from ..recordings.tables.options import TableOptions
from .animate_arguments import ALL_FINDINGS


def read_recording(path: Path, arguments: argparse.Namespace, **options: object) -> Recording:
    """The recording in ``path``, as ``--run``, ``--part``, ``--table`` and ``--trackers`` say.

    ``options`` go to its reader.

    ``--keep-table`` remembers what ``--table`` says. What ``--fix`` names is not corrected here: see ``fixed``.
    """
    if arguments.keep_table and not arguments.table:
        raise InputError("animate: --keep-table keeps what --table says, and that says nothing")
    options = {**options, **arguments.table}
    recording = read(path, user_layouts(), arguments.run, arguments.part, **options)
    if arguments.keep_table:
        saved = user_layouts().save(load_table(path).names, TableOptions(**arguments.table))
        print(f"kept for tables with this header: {saved}")
    recording = in_roles(recording, arguments.trackers)
    return recording if arguments.smooth is None else smoothed(recording, arguments.smooth)


def smoothed(recording: Recording, cutoff: float) -> Recording:
    """The recording without what its trackers do faster than ``cutoff`` in Hz; lost ones stay lost."""
    tracks = {}
    for role, track in recording.tracks.items():
        seen, position, rotation = track.valid, track.position.copy(), track.rotation.copy()
        if seen.any():
            position[seen] = low_pass(position[seen], recording.time[seen], cutoff)
            turned = low_pass(make_continuous(rotation[seen]), recording.time[seen], cutoff)
            rotation[seen] = normalize(turned)
        tracks[role] = replace(track, position=position, rotation=rotation)
    return replace(recording, tracks=tracks).validate()


def in_roles(recording: Recording, trackers: Mapping[str, str]) -> Recording:
    """The recording with the trackers ``trackers`` (the file's name by role) in those roles."""
    for name in trackers.values():
        if name not in recording.tracks:
            raise InputError(f"{recording.source}: has no tracker '{name}'; it has: {', '.join(recording.tracks)}")
    others = {name: track for name, track in recording.tracks.items() if name not in trackers.values()}
    chosen = {role: recording.tracks[name] for role, name in trackers.items()}
    return replace(recording, tracks={**others, **chosen}).validate()


def fixed(recording: Recording, names: Sequence[str]) -> Recording:
    """The recording with the findings of these ``names`` corrected; its warnings say so."""
    found = [finding.check for finding in check(recording)] if names else []
    unknown = [name for name in names if name not in (*found, ALL_FINDINGS)]
    if unknown:
        raise InputError(f"{recording.source}: nothing to fix by the name '{unknown[0]}'; "
                         f"found: {', '.join(found) or 'nothing wrong'}")  # fmt: skip
    if not found:
        return recording
    refused = () if ALL_FINDINGS in names else tuple(name for name in found if name not in names)
    recording, applied = fix(recording, refused)
    corrected = (Note("corrected", {"finding": str(note)}) for note in applied)
    return replace(recording, warnings=(*recording.warnings, *corrected))
